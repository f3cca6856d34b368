//! Text that nobody wrote: what charts and overlays render to, and where each byte of it came from.
//!
//! A renderer reads files and gives [`Rendered`] documents: text, and for every byte an [`origin`]. What is rendered is parsed
//! and judged like any file; [`origin`]s turn the places of a finding back into places that a person can change. Nothing here
//! knows Kubernetes, the model or rules, and nothing is run or fetched.

mod action;
pub mod base64;
pub mod float;
pub mod functions;
pub mod helm;
pub mod kustomize;
pub mod number;
pub mod origin;
pub mod provenance;
pub mod template;
pub mod text;
pub mod trace;
pub mod value;
pub mod yaml;

use camino::Utf8PathBuf;

use origin::Origins;
use template::frame::{Frames, LeftOut};
use text::{Frame, Text};

use crate::syntax::Parsed;

/// What one chart with one set of values, or one overlay, renders to.
#[derive(Debug)]
pub struct Rendered {
    /// The folder of the chart or of the overlay.
    pub folder: Utf8PathBuf,
    /// In what it differs from the other renderings of the same folder: the values file, the release. Empty where there is
    /// but one.
    pub settings: String,
    /// The documents, in the order in which they are applied.
    pub documents: Vec<Document>,
    /// What was left out beside the documents: whole objects, behind a condition that does not hold.
    pub left_out: Vec<Omission>,
    /// Where the bytes came from.
    pub origins: Origins,
    /// Under which circumstances they were printed.
    pub frames: Frames,
}

/// One rendered document.
#[derive(Debug)]
pub struct Document {
    /// The file that it is named after, as a person knows it: a template's path, or the overlay's folder.
    pub name: Utf8PathBuf,
    /// What the program that would render it calls it: `chart/templates/x.yaml`.
    pub called: String,
    /// The text and its origins.
    pub text: Text,
    /// The text as a tree that belongs to no file yet, where it had to be read to be rendered.
    pub parsed: Option<Parsed>,
    /// What it is there for.
    pub role: Role,
    /// What is not in it, by offset.
    pub left_out: Vec<LeftOut>,
    /// Where it came in with the rendering of a chart: what that knew it as.
    pub of_chart: Option<OfChart>,
}

/// What a document was in a rendering that went into a greater one.
#[derive(Clone, Debug)]
pub struct OfChart {
    /// Which of the renderings.
    pub nth: usize,
    /// The template's path.
    pub name: Utf8PathBuf,
}

/// Something that a template left out beside its documents.
#[derive(Clone, Debug)]
pub struct Omission {
    /// The template's path.
    pub name: Utf8PathBuf,
    /// Which of several renderings it came in with.
    pub nth: usize,
    /// The circumstance that says what and why.
    pub frame: Frame,
    /// Whether the whole chart is switched off that it belongs to.
    pub with_its_chart: bool,
}

/// What a document is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It is applied and stays.
    #[default]
    Resource,
    /// It runs once, when a release is installed, upgraded or removed.
    Hook,
    /// It runs when somebody tests a release.
    Test,
    /// It defines kinds, and is applied before everything else.
    Definition,
}
