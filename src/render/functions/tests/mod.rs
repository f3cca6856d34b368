//! The functions against Helm's, by tables whose answers are those of Helm 3.16; and what Helm does not have: origins.

mod budget;
mod origins;
mod tables;

use super::super::origin::{Origin, Origins};
use super::super::template::{Error, Options, Output, Rendering, Templates};
use super::super::value::{Entry, Value};
use super::super::yaml::load::load;
use super::Helm;
use crate::source::FileId;

/// The values that the tables read.
const VALUES: &str = include_str!("values.yaml");

/// Renders a template over values, and gives everything to look at.
fn look<T>(template: &str, values: &str, look: impl FnOnce(&Rendering<'_>, Result<Output, Error>) -> T) -> T {
    let mut origins = Origins::default();
    let values = load(values, FileId(9), &mut origins).expect("values.yaml is YAML");
    let root = Value::map([("Values".into(), Entry { key: Origin::NONE, value: values })], Origin::NONE);
    let mut templates = Templates::new();
    let parsed = templates.add("a.yaml", FileId(0), template);
    let mut rendering = Rendering::new(&templates, &Helm, origins, Options::default());
    let output = parsed.and_then(|()| rendering.execute("a.yaml", root));
    look(&rendering, output)
}
