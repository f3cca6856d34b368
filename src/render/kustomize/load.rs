//! From the trees of [`crate::syntax`] to trees that can be changed, as Kustomize reads YAML.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Problem;
use super::node::{Entry, Kind, Node, Scalar, Value};
use super::trail::{From, Trail};
use crate::syntax::tree::{NodeKind, NodeRef, Style};

/// How deep collections may be nested. What lies deeper is cut off, and said so.
pub(super) const DEPTH: usize = 200;

/// The documents of a tree that hold something, and whether something in them was nested too deep.
pub(super) fn documents(trail: &Trail<'_>, document: u32) -> (Vec<Node>, bool) {
    let mut cut = false;
    let nodes = trail.tree(document).roots().map(|root| node(document, root, DEPTH, &mut cut)).collect();
    (nodes, cut)
}

fn node(document: u32, node: NodeRef<'_>, depth: usize, cut: &mut bool) -> Node {
    let from = From::Node(document, node.id().0);
    let value = match node.kind() {
        NodeKind::Map | NodeKind::List if depth == 0 => {
            *cut = true;
            let (text, kind) = (Rc::from(""), Kind::Null);
            Value::Scalar(Scalar { text, kind, quoted: false, folded: false, parts: None })
        }
        NodeKind::Map => Value::Map(Rc::new(
            node.children()
                .map(|child| Entry {
                    key: Rc::from(child.key().unwrap_or_default()),
                    from: From::Key(document, child.id().0),
                    node: self::node(document, child, depth - 1, cut),
                })
                .collect(),
        )),
        NodeKind::List => Value::List(Rc::new(
            node.children().map(|child| self::node(document, child, depth - 1, cut)).collect(),
        )),
        kind => Value::Scalar(scalar(node, kind)),
    };
    Node { value, from }
}

fn scalar(node: NodeRef<'_>, kind: NodeKind) -> Scalar {
    let (text, quoted) = (node.text(), node.style() != Style::Plain);
    let kind = match kind {
        NodeKind::Null => Kind::Null,
        NodeKind::Int => Kind::Int,
        NodeKind::Float => Kind::Float,
        NodeKind::Bool if !quoted => Kind::of(text),
        NodeKind::Bool => Kind::Bool,
        _ => Kind::Text,
    };
    let source = || node.tree().text.get(node.span().range());
    let folded = node.style() == Style::Block && source().is_some_and(|source| source.starts_with('>'));
    Scalar { text: Rc::from(text), kind, quoted, folded, parts: None }
}

/// The objects in documents: lists are taken apart, what is empty is left out, and what is no object is a problem.
pub(super) fn objects(documents: &[Node]) -> (Vec<Node>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut queue: VecDeque<Node> = match documents {
        [one] if matches!(one.str("kind"), Some("List" | "ResourceList")) && one.get("items").is_some() => {
            one.get("items").map_or(&[][..], Node::items).iter().cloned().collect()
        }
        _ => documents.iter().cloned().collect(),
    };
    let mut objects = Vec::new();
    while let Some(node) = queue.pop_front() {
        if node.is_empty() {
            continue;
        }
        let kind = node.str("kind").unwrap_or_default();
        if !node.is_map() || kind.is_empty() {
            problems.push(Problem::new("this is no resource: it has no `kind`", node.from));
        } else if kind.ends_with("List") {
            match node.get("items") {
                Some(items) if items.is_list() => queue.extend(items.items().iter().cloned()),
                Some(items) if items.is_null() => {}
                _ => objects.push(node),
            }
        } else if node.at(&["metadata", "name"]).and_then(Node::as_str).is_none_or(str::is_empty) {
            let message = format!("this {kind} has no `metadata.name`");
            problems
                .push(Problem::new(message, node.from).help("Kustomize builds no resource without a name"));
        } else {
            objects.push(node);
        }
    }
    (objects, problems)
}
