//! Text that nobody wrote: what charts and overlays render to, and where each byte of it came from.
//!
//! A renderer reads files and gives [`Rendered`] documents: text, and for every byte an [`origin`]. What is rendered is parsed
//! and judged like any file; [`origin`]s turn the places of a finding back into places that a person can change. Nothing here
//! knows Kubernetes, the model or rules, and nothing is run or fetched.

pub mod base64;
pub mod float;
pub mod functions;
pub mod number;
pub mod origin;
pub mod template;
pub mod text;
pub mod value;
pub mod yaml;

use camino::Utf8PathBuf;

use origin::Origins;
use text::Text;

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
    /// The text and its origins.
    pub text: Text,
}
