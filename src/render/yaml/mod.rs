//! YAML and JSON as Helm reads and writes them: the rules of YAML 1.1 as Go's `yaml.v2` has them, by way of JSON.
//!
//! What is linted is read by [`crate::syntax`]; here texts become [values](super::value) for templates, and values become
//! text again, byte for byte as Helm prints it, with the origin of every byte.

mod ground;
pub mod json;
pub mod load;
mod order;

pub mod print;
mod scalar;

/// How deep values may be nested that are read or printed.
pub(super) const DEPTH: usize = 500;

#[cfg(test)]
mod tests;
