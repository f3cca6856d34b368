//! What an image is, by the repository that it comes from.
//!
//! A repository of the product's own maker is certain; the last component of any other path is a guess.

use crate::measure::image::{Image, Part};

/// The repository with its registry written out: `docker.io/library/postgres` of `postgres:16`.
pub fn full_name(image: &Image<'_>) -> Option<String> {
    let Part::Known(_) = image.repository else { return None };
    let repository = image.part(&image.repository)?;
    let registry = match &image.registry {
        Part::Absent => "docker.io",
        Part::Known(_) => match image.part(&image.registry)? {
            "index.docker.io" | "registry-1.docker.io" => "docker.io",
            other => other,
        },
        Part::Unknown(_) => return None,
    };
    Some(if registry == "docker.io" && !repository.contains('/') {
        format!("docker.io/library/{repository}")
    } else {
        format!("{registry}/{repository}")
    })
}
