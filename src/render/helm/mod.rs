//! Helm charts: loading, values, dependencies, and rendering as `helm template` does, with the origin of every byte.
//!
//! [`charts`] is the way in for a whole project, [`render`] for one chart with one set of values. Which values a chart is
//! rendered with is for those above to say; nothing here knows rules, and nothing is fetched.

mod archive;
mod capabilities;
mod chart_files;
pub mod charts;
mod context;
mod dependencies;
pub mod files;
pub mod filled;
mod glob;
mod head;
mod ignore;
mod load;
mod manifest;
mod metadata;
pub mod read;
mod record;
pub mod render;
mod said;
mod schema;
pub mod set;
mod values;

#[cfg(test)]
mod tests;

pub use capabilities::KUBERNETES;

use crate::finding::{About, Diagnostic, Label, Severity};
use crate::source::Place;

fn error(place: Option<Place>, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic {
        about: About::Input,
        severity: Severity::Error,
        message: message.into(),
        help: None,
        place: place.map(|place| Label { place, message: label.into() }),
        file: None,
    }
}

fn warning(place: Option<Place>, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..error(place, message, label) }
}

/// Something that is fine where it is, and keeps a part of a chart from being judged.
fn not_judged(place: Option<Place>, message: impl Into<String>) -> Diagnostic {
    Diagnostic { about: About::NotJudged, severity: Severity::Info, ..error(place, message, "") }
}

fn with_help(problem: Diagnostic, help: impl Into<String>) -> Diagnostic {
    Diagnostic { help: Some(help.into()), ..problem }
}
