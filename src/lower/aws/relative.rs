//! Paths that a file names relative to its own folder: modules of Terraform, nested stacks.

use camino::{Utf8Path, Utf8PathBuf};

/// The path that is meant; none where it leads out of the project.
pub(super) fn resolve(folder: &Utf8Path, named: &str) -> Option<Utf8PathBuf> {
    let mut path = folder.to_owned();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." if path.as_str().is_empty() || path.ends_with("..") => return None,
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    Some(path)
}
