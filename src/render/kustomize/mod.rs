//! Kustomize overlays, built as `kustomize build` builds them, every byte with its origin.
//!
//! Resources are loaded from the trees of [`crate::syntax`] into trees that can be changed ([`node`]); whoever changes a node
//! leaves a [`trail`]. Overlays that no other overlay uses are built ([`roots`]); each gives one [`Rendered`]. Nothing is
//! fetched and no program is run: what lies on another machine, and what other programs would make, is noted and left out.
//!
//! Where Kustomize would stop with an error, the error is noted, the step that failed is left out, and the rest is built:
//! what can be judged is judged.

mod build;
mod charts;
mod config;
mod crds;
mod fields;
mod fieldspec;
mod files;
mod folded;
mod generators;
mod hash;
mod iam_policy;
mod images;
mod json_patch;
mod kustomization;
mod left_out;
mod lines;
mod load;
mod marks;
mod merge;
mod names;
mod namespace;
mod node;
mod openapi;
mod order;
mod patches;
mod path;
mod plugins;
mod print;
mod references;
mod register;
mod replacements;
mod replicas;
mod resource;
mod roots;
mod schema;
mod selector;
mod set;
mod trail;
mod value_add;
mod vars;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use crate::render::Rendered;
use crate::source::{FileId, Place};
use crate::syntax::tree::Tree;

pub use charts::{Chart, Meet};
pub use kustomization::NAMES;
use trail::From;

/// The files that overlays may use.
pub struct Project<'a> {
    /// What was read and parsed: YAML and JSON, by path from the top of the project, with `/`.
    pub trees: &'a [(&'a Utf8Path, &'a Tree)],
    /// Gives any other file; nothing where there is none.
    pub read: &'a dyn Fn(&Utf8Path) -> Option<(FileId, Content)>,
    /// Whether a file that is not here is made by somebody where it is needed: the project says that it is not kept.
    pub made: &'a dyn Fn(&Utf8Path) -> bool,
    /// Renders a chart that a kustomization names; nothing where it cannot.
    pub chart: &'a dyn Fn(&Chart) -> Option<Rendered>,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text.
    Text(Arc<str>),
    /// Anything else.
    Bytes(Arc<[u8]>),
}

/// What the overlays of a project come to.
#[derive(Debug, Default)]
pub struct Built {
    /// One for each overlay that no other uses, in the order of their folders.
    pub overlays: Vec<Overlay>,
    /// What is to be said about them.
    pub notes: Vec<Note>,
    /// Files that are parts of builds: resources, patches, kustomizations and what configures them. They mean nothing on
    /// their own. Data that generators put into config maps is not among them.
    pub covered: FxHashSet<FileId>,
}

/// A built overlay.
#[derive(Debug)]
pub struct Overlay {
    /// What it renders to.
    pub rendered: Rendered,
    /// Some of it is not known: it lies on another machine, another program makes it, or a step failed. Something that is
    /// not there may be there.
    pub is_partial: bool,
}

/// How grave a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// `kustomize build` stops with an error.
    Error,
    /// It would not build as it is usually called.
    Warning,
    /// A part cannot be known here.
    Info,
}

/// Something to be said about an overlay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    /// How grave it is.
    pub gravity: Gravity,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do, if there is something better to say than "mend it".
    pub help: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// The folder of the kustomization that it came up in.
    pub folder: Utf8PathBuf,
}

/// Why a step cannot be done.
#[derive(Clone, Debug)]
struct Problem {
    gravity: Gravity,
    message: String,
    help: Option<String>,
    from: From,
}

impl Problem {
    fn new(message: impl Into<String>, from: From) -> Self {
        Self { gravity: Gravity::Error, message: message.into(), help: None, from }
    }

    /// What lies on another machine is not fetched, and what lies there is no fault.
    fn remote(path: &str, from: From) -> Self {
        let problem = Self::new(format!("`{path}` is on another machine and is not fetched"), from);
        Self {
            gravity: Gravity::Info,
            ..problem.help("what it holds, and what depends on that, is not known here")
        }
    }

    /// What is made where it is needed is not here, and that is no fault either.
    fn made(path: &str, from: From) -> Self {
        let problem = Self::new(format!("`{path}` is not here, and `.gitignore` names it"), from);
        Self {
            gravity: Gravity::Info,
            ..problem.help("what it holds, and what depends on that, is not known here")
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Builds all overlays of a project that no other uses.
pub fn build(project: &Project<'_>) -> Built {
    roots::build(project)
}

/// Builds the kustomization in one folder; each document is byte for byte as `kustomize build` prints it.
pub fn build_one(project: &Project<'_>, folder: &Utf8Path) -> Built {
    roots::build_one(project, folder)
}
