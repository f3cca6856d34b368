//! Go's `text/template`, for templates that print text and know where each byte of it came from.
//!
//! [`Templates`] are parsed once; a [`Rendering`] executes them with a value as dot. Functions beyond the language's own are
//! given from outside through [`function::Functions`]; nothing here knows charts.

mod builtin;
mod call;
mod error;
mod escape;
mod eval;
mod exec;
mod format;
pub mod frame;
pub mod function;
mod lex;
pub(super) mod literal;
mod output;
mod parse;
pub(super) mod print;
mod rendering;
mod templates;
mod tree;

pub use error::{Error, Step};
pub use rendering::{GAP, MISSING_TEMPLATE, Notice, Options, Output, Rendering};
pub use templates::{ParsedFile, Shelf, Templates};

#[cfg(test)]
mod tests;
