//! Finding the Kubernetes objects in a tree: what they are, what they are called.

use crate::fact::Fact;
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef, Tree};

/// One object, wherever it stood: a document of its own, or an item of a `List`.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The whole object.
    pub node: NodeRef<'a>,
    /// `apps/v1`; `apps/` where the version cannot be known.
    pub api_version: &'a str,
    /// `Deployment`.
    pub kind: &'a str,
    /// Its name; empty where it has none (`generateName`) or where it cannot be known.
    pub name: &'a str,
    /// Its namespace, if it is written.
    pub namespace: Option<&'a str>,
}

impl<'a> Object<'a> {
    /// The API group: `apps`; empty for the core group.
    pub fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version within the group: `v1`; empty where it cannot be known.
    pub fn version(&self) -> &'a str {
        self.api_version.split_once('/').map_or(self.api_version, |(_, version)| version)
    }

    /// Its name as a fact.
    pub fn name_fact(&self) -> Fact<'a, &'a str> {
        let name = read::text(self.node, "metadata.name");
        let name = if name.is_absent() { read::text(self.node, "metadata.generateName") } else { name };
        if name.is_absent() { Fact::unknown("it has no name") } else { name }
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<NodeRef<'a>> {
        self.node.at("metadata.annotations")?.get(name)
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<NodeRef<'a>> {
        self.node.at("metadata.labels")?.get(name)
    }
}

/// The objects of a tree, in order. Items of a `List` count each for itself.
pub fn objects<'a>(tree: &'a Tree) -> impl Iterator<Item = Object<'a>> {
    let mut queue: Vec<NodeRef<'a>> = tree.roots().collect();
    queue.reverse();
    std::iter::from_fn(move || {
        while let Some(node) = queue.pop() {
            if node.kind() == NodeKind::List {
                // A JSON file may hold a bare array of objects.
                let items: Vec<_> = node.items().collect();
                queue.extend(items.into_iter().rev());
                continue;
            }
            let Some(object) = object(node) else { continue };
            if object.kind.ends_with("List")
                && let Some(list) = node.get("items").filter(|n| n.kind() == NodeKind::List)
            {
                let items: Vec<_> = list.items().collect();
                queue.extend(items.into_iter().rev());
                continue;
            }
            return Some(object);
        }
        None
    })
}

/// Kinds whose name says which API they belong to, as a chart leaves it to a template that is missing to say it. A name that
/// other APIs have, too (`Service`, `NetworkPolicy`), is not among them; nor is one of which nobody asks the cluster's version.
const UNMISTAKABLE: [(&str, &str); 9] = [
    ("CronJob", "batch/"),
    ("DaemonSet", "apps/"),
    ("Deployment", "apps/"),
    ("HorizontalPodAutoscaler", "autoscaling/"),
    ("Ingress", "networking.k8s.io/"),
    ("Job", "batch/"),
    ("PodDisruptionBudget", "policy/"),
    ("ReplicaSet", "apps/"),
    ("StatefulSet", "apps/"),
];

fn object(node: NodeRef<'_>) -> Option<Object<'_>> {
    let kind = node.get("kind").filter(|kind| kind.kind() == NodeKind::Text)?.text();
    let version = node.get("apiVersion")?;
    let api_version = match version.kind() {
        NodeKind::Text => version.text(),
        NodeKind::Unknown => UNMISTAKABLE.iter().find(|(known, _)| *known == kind)?.1,
        _ => return None,
    };
    if api_version.is_empty() || kind.is_empty() {
        return None;
    }
    let known = |node: &NodeRef<'_>| {
        !matches!(node.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null | NodeKind::Unknown)
    };
    let name = node.at("metadata.name").filter(known).map_or("", NodeRef::text);
    let namespace =
        node.at("metadata.namespace").filter(known).map(NodeRef::text).filter(|text| !text.is_empty());
    Some(Object { node, api_version, kind, name, namespace })
}
