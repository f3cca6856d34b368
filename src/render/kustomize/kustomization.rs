//! A kustomization file: finding it in its folder, what it may say, and the old names of things.

use camino::{Utf8Path, Utf8PathBuf};

use super::node::{Entry, Node};
use super::trail::From;
use super::{Problem, fields};

/// The names that the file may have.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization and where it is.
#[derive(Clone, Debug)]
pub(super) struct Kustomization {
    pub(super) folder: Utf8PathBuf,
    pub(super) node: Node,
    /// What Kustomize would refuse to read.
    faults: Vec<Problem>,
}

impl Kustomization {
    pub(super) fn new(folder: &Utf8Path, node: Node) -> Self {
        let (node, faults) = fields::read(node);
        Self { folder: folder.to_owned(), node, faults }
    }

    /// Whether it is a component: it changes what its user has, instead of making something of its own.
    pub(super) fn is_component(&self) -> bool {
        self.node.str("kind") == Some("Component")
    }

    /// What Kustomize would refuse to read.
    pub(super) fn faults(&self) -> Vec<Problem> {
        let mut faults = self.faults.clone();
        let says_something = |entry: &Entry| {
            let is_empty = entry.node.scalar().is_some() && entry.node.written().is_empty();
            !matches!(&*entry.key, "apiVersion" | "kind") && !entry.node.is_null() && !is_empty
        };
        if !self.node.entries().iter().any(says_something) {
            faults.push(Problem::new("the kustomization is empty", self.node.from));
        }
        let kind = self.node.str("kind").unwrap_or("Kustomization");
        let (version, known) = match kind {
            "Component" => ("kustomize.config.k8s.io/v1alpha1", true),
            _ => ("kustomize.config.k8s.io/v1beta1", kind == "Kustomization"),
        };
        let at = |key: &str| self.node.get(key).map_or(From::Nowhere, |node| node.from);
        if !known {
            faults.push(Problem::new(format!("`{kind}` is no kind that Kustomize builds"), at("kind")));
        } else if let Some(found) = self.node.str("apiVersion").filter(|found| *found != version) {
            let message = format!("`{found}` is not the version of {kind}");
            faults
                .push(Problem::new(message, at("apiVersion")).help(format!("write `apiVersion: {version}`")));
        }
        faults
    }

    /// The namespace that it gives.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.node.str("namespace").filter(|namespace| !namespace.is_empty())
    }

    /// The elements of a list, if there is one.
    pub(super) fn items(&self, key: &str) -> &[Node] {
        self.node.get(key).map_or(&[], Node::items)
    }

    /// Resources, and bases behind them.
    pub(super) fn resources(&self) -> impl Iterator<Item = &Node> {
        self.items("resources").iter().chain(self.items("bases"))
    }
}

/// Whether a tree is Kustomize's, and not Flux's object of the same kind.
pub(super) fn is_kustomize(node: &Node) -> bool {
    let version = node.str("apiVersion").unwrap_or_default();
    version.is_empty() || version.starts_with("kustomize.config.k8s.io/")
}
