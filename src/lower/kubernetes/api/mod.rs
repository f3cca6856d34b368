//! The Kubernetes API as data: which fields exist, and which kinds and versions are on their way out.
//!
//! It knows names and shapes only. What a field means, which value it may take and what it defaults to is no business of
//! this folder.

pub mod deprecations;
pub mod fields;
pub mod suggest;
pub mod walk;
