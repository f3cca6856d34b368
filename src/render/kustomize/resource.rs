//! A resource: its tree, the names that it had before, and what a generator asked for it.

use std::fmt;
use std::rc::Rc;

use super::node::{Node, Value};
use super::schema::Schema;
use super::trail::From;

/// Group, version and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Gvk {
    pub(super) group: Rc<str>,
    pub(super) version: Rc<str>,
    pub(super) kind: Rc<str>,
}

/// What a resource is known by. The scope is part of it: without a namespace, the name of one does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: Rc<str>,
    pub(super) namespace: Rc<str>,
}

/// A name that a resource had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    pub(super) name: Rc<str>,
    pub(super) namespace: Rc<str>,
    pub(super) kind: Rc<str>,
}

/// What becomes of a generated resource that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behavior {
    #[default]
    Create,
    Replace,
    Merge,
}

#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) node: Node,
    pub(super) previous: Vec<Previous>,
    pub(super) prefixes: Vec<Rc<str>>,
    pub(super) suffixes: Vec<Rc<str>>,
    pub(super) behavior: Behavior,
    pub(super) wants_hash: bool,
    /// A chart made it: its namespace is the chart's business.
    pub(super) is_of_chart: bool,
    /// Variables that take their value from it.
    pub(super) vars: Vec<Rc<str>>,
}

const NONE: &str = "";
/// The namespace of what has none.
const NOT_A_NAMESPACE: &str = "_non_namespaceable_";

impl Gvk {
    pub(super) fn new(api_version: &str, kind: Rc<str>) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or((NONE, api_version));
        Self { group: Rc::from(group), version: Rc::from(version), kind }
    }

    pub(super) fn of_kind(kind: &str) -> Self {
        Self { kind: Rc::from(kind), ..Self::default() }
    }

    /// Group, version and kind as a selector in a file names them.
    pub(super) fn read(node: &Node) -> Self {
        let part = |key| Rc::from(node.str(key).unwrap_or_default());
        Self { group: part("group"), version: part("version"), kind: part("kind") }
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether a selector that leaves parts open takes it.
    pub(super) fn is_selected(&self, selector: &Self) -> bool {
        let fits = |wanted: &Rc<str>, found: &Rc<str>| wanted.is_empty() || wanted == found;
        fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
            && fits(&selector.kind, &self.kind)
    }
}

impl Id {
    pub(super) fn is_cluster_scoped(&self, schema: &Schema) -> bool {
        // Most kinds are not even looked at twice.
        schema.may_be_cluster_scoped(&self.gvk.kind)
            && schema.is_cluster_scoped(&self.gvk.api_version(), &self.gvk.kind)
    }

    /// The namespace that counts: `default` where none is written.
    pub(super) fn effective_namespace(&self, schema: &Schema) -> &str {
        match &*self.namespace {
            _ if self.is_cluster_scoped(schema) => NOT_A_NAMESPACE,
            "" => "default",
            namespace => namespace,
        }
    }

    /// The same with the namespace that counts.
    pub(super) fn effective(&self, schema: &Schema) -> Self {
        let namespace = Rc::from(self.effective_namespace(schema));
        Self { gvk: self.gvk.clone(), name: Rc::clone(&self.name), namespace }
    }

    pub(super) fn equals(&self, other: &Self, schema: &Schema) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace(schema) == other.effective_namespace(schema)
    }

    /// Whether a selector that leaves parts open takes it. Neither knows its scope.
    pub(super) fn is_selected_by(&self, selector: &Self) -> bool {
        fn or_default(namespace: &str) -> &str {
            if namespace.is_empty() { "default" } else { namespace }
        }
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty()
                || or_default(&selector.namespace) == or_default(&self.namespace))
            && self.gvk.is_selected(&selector.gvk)
    }

    pub(super) fn read(node: &Node) -> Self {
        let part = |key| Rc::from(node.str(key).unwrap_or_default());
        Self { gvk: Gvk::read(node), name: part("name"), namespace: part("namespace") }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.gvk.kind, self.name)?;
        if !self.namespace.is_empty() {
            write!(f, " in namespace `{}`", self.namespace)?;
        }
        Ok(())
    }
}

impl Resource {
    pub(super) fn new(node: Node) -> Self {
        Self {
            node,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            wants_hash: false,
            is_of_chart: false,
            vars: Vec::new(),
        }
    }

    pub(super) fn kind(&self) -> Rc<str> {
        text(self.node.get("kind"))
    }

    pub(super) fn api_version(&self) -> Rc<str> {
        text(self.node.get("apiVersion"))
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk::new(&self.api_version(), self.kind())
    }

    pub(super) fn name(&self) -> Rc<str> {
        self.meta("name")
    }

    pub(super) fn namespace(&self) -> Rc<str> {
        self.meta("namespace")
    }

    fn meta(&self, key: &str) -> Rc<str> {
        text(self.node.at(&["metadata", key]).filter(|node| !node.is_null()))
    }

    /// What it is called now.
    pub(super) fn id(&self) -> Id {
        Id { gvk: self.gvk(), name: self.name(), namespace: self.namespace() }
    }

    /// What it was called when it was read.
    pub(super) fn original(&self) -> Id {
        self.previous.first().map_or_else(|| self.id(), |previous| self.as_previous(previous, &self.gvk()))
    }

    fn as_previous(&self, previous: &Previous, gvk: &Gvk) -> Id {
        Id {
            gvk: Gvk { kind: Rc::clone(&previous.kind), ..gvk.clone() },
            name: Rc::clone(&previous.name),
            namespace: Rc::clone(&previous.namespace),
        }
    }

    /// What it was called, from the first time on.
    pub(super) fn previous_ids(&self) -> Vec<Id> {
        let gvk = self.gvk();
        self.previous.iter().map(|previous| self.as_previous(previous, &gvk)).collect()
    }

    /// All that it was called, and is.
    pub(super) fn ids(&self) -> Vec<Id> {
        let mut ids = self.previous_ids();
        ids.push(self.id());
        ids
    }

    /// Whether it is called so, or was.
    pub(super) fn is_called(&self, name: &str) -> bool {
        *self.name() == *name || self.previous.iter().any(|previous| *previous.name == *name)
    }

    /// Remembers what it is called before that changes.
    pub(super) fn remember(&mut self, schema: &Schema) {
        let id = self.id();
        let namespace = Rc::from(id.effective_namespace(schema));
        self.previous.push(Previous { name: id.name, namespace, kind: id.gvk.kind });
    }

    /// The names and values of its labels or annotations.
    pub(super) fn marks<'a>(&'a self, which: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let entries = self.node.at(&["metadata", which]).map_or(&[][..], Node::entries);
        entries.iter().map(|entry| (&*entry.key, entry.node.written()))
    }

    /// Writes a key of its metadata.
    pub(super) fn set_meta(&mut self, key: &str, value: Node) {
        let from = value.from;
        if self.node.get("metadata").is_none_or(|metadata| !metadata.is_map()) {
            self.node.set("metadata", from, Node::map(Vec::new(), from));
        }
        if let Some(metadata) = self.node.get_mut("metadata") {
            metadata.set(key, from, value);
        }
    }

    /// Annotations become text, as everywhere in Kustomize, and vanish where there are none.
    pub(super) fn tidy_annotations(&mut self) {
        let Some(annotations) = self.node.at(&["metadata", "annotations"]) else { return };
        let fine = |node: &Node| {
            node.scalar().is_some_and(|scalar| scalar.kind == super::node::Kind::Text && !scalar.folded)
        };
        if annotations.is_empty() || !annotations.is_map() {
            if let Some(metadata) = self.node.get_mut("metadata") {
                metadata.remove("annotations");
            }
        } else if !annotations.entries().iter().all(|entry| fine(&entry.node)) {
            let mut entries = annotations.entries().to_vec();
            for entry in &mut entries {
                if !fine(&entry.node) {
                    entry.node = Node::text(entry.node.written(), entry.node.from);
                }
            }
            let from = annotations.from;
            if let Some(annotations) =
                self.node.get_mut("metadata").and_then(|node| node.get_mut("annotations"))
            {
                *annotations = Node { value: Value::Map(Rc::new(entries)), from };
            }
        }
    }

    /// Where it was written, for a message.
    pub(super) fn from(&self) -> From {
        self.node.from
    }
}

/// The text of a scalar, shared.
fn text(node: Option<&Node>) -> Rc<str> {
    node.and_then(Node::scalar).map_or_else(|| Rc::from(""), |scalar| Rc::clone(&scalar.text))
}
