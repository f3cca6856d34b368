//! Text that nobody wrote: what charts and overlays render to, and where each byte of it came from.
//!
//! A renderer reads files and gives [`Rendered`] documents: text, and for every byte an [`origin`]. What is rendered is parsed
//! and judged like any file; [`origin`]s turn the places of a finding back into places that a person can change. Nothing here
//! knows Kubernetes, the model or rules, and nothing is run or fetched.

pub mod origin;
pub mod template;
pub mod text;
pub mod trace;
pub mod value;

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::source::Place;
use origin::{Origin, Origins};
use text::{Piece, Text};

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
    /// Where the bytes came from.
    pub origins: Origins,
}

/// One rendered document.
#[derive(Debug)]
pub struct Document {
    /// The file that it is named after, as a person knows it: a template's path, or the overlay's folder.
    pub name: Utf8PathBuf,
    /// The text.
    pub text: Arc<str>,
    /// Where its bytes came from: pieces in order that cover it.
    pub pieces: Vec<Piece>,
    /// What a template could have printed and did not, in order of where it would stand.
    pub left_out: Vec<LeftOut>,
}

/// A part of a template that a condition or an empty loop left out.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The offset in the document at which it would stand.
    pub at: u32,
    /// The action that decided: `if`, `with`, `range`, or one that printed nothing.
    pub action: Place,
    /// What was left out.
    pub body: Place,
    /// What the condition was made of.
    pub cause: Origin,
}

impl Document {
    /// A document of this text.
    pub fn new(name: impl Into<Utf8PathBuf>, text: &Text, left_out: Vec<LeftOut>) -> Self {
        Self { name: name.into(), text: text.as_str().into(), pieces: text.pieces().collect(), left_out }
    }
}
