//! Go's `text/template`, for templates that print text and know where each byte of it came from.
//!
//! Templates are parsed once and executed with a value as dot. Functions beyond the language's own are given from outside
//! through [`function::Functions`]; nothing here knows charts.

pub mod function;
