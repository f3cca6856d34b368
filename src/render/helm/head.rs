//! What Helm looks at in a document that a template printed: whether it is a manifest, its kind, and when it is applied.
//!
//! The tree that rules judge later answers that, so a document is parsed once. Only where Helm could read a document in
//! another way than that tree does (aliases, tags, odd keys and numbers, or what is no YAML at all), it is read as Helm does.

use super::super::Role;
use super::super::value::{Data, Value};
use super::super::yaml::load::{first_refused, load_plain};
use super::metadata::scalar_text;
use crate::syntax::Parsed;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Hooks that Helm knows; `test-success` is an old name of `test`.
const HOOKS: [&str; 10] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// What Helm looks at.
#[derive(Debug)]
pub(super) struct Head {
    /// The kind; empty where there is none.
    pub(super) kind: String,
    /// None for a hook that Helm does not know, which it drops.
    pub(super) role: Option<Role>,
}

/// The head of a document; or where, and why, it has none.
pub(super) fn head(parsed: &Parsed) -> Result<Head, (usize, String)> {
    if let Some(root) = plainly_read(parsed) {
        let text = |node: NodeRef<'_>| node.text().to_owned();
        let kind = root.get("kind").map(text).unwrap_or_default();
        return Ok(of(kind, root.at("metadata.annotations").and_then(hook).map(text)));
    }
    let value = load_plain(&parsed.tree.text)
        .map_err(|problem| (problem.span.start as usize, format!("is no YAML: {}", problem.message)))?;
    let kind = match &value.data {
        Data::Nil => String::new(),
        Data::Map(_) => value.get("kind").as_ref().and_then(scalar_text).unwrap_or_default(),
        _ => return Err((0, "is no map, so no manifest".to_owned())),
    };
    let annotations = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let hook: Option<Value> = annotations.and_then(|annotations| annotations.get(HOOK));
    Ok(of(kind, hook.as_ref().and_then(scalar_text)))
}

const HOOK: &str = "helm.sh/hook";

fn hook(annotations: NodeRef<'_>) -> Option<NodeRef<'_>> {
    annotations.get(HOOK)
}

fn of(kind: String, hook: Option<String>) -> Head {
    let Some(hook) = hook else { return Head { kind, role: Some(Role::Resource) } };
    let mut role = Some(Role::Hook);
    for event in hook.split(',').map(|event| event.trim().to_lowercase()) {
        if !HOOKS.contains(&event.as_str()) {
            role = None;
        } else if event.starts_with("test") {
            role = role.map(|_| Role::Test);
        }
    }
    Head { kind, role }
}

/// The top of a document that Helm reads just as its tree has it.
fn plainly_read(parsed: &Parsed) -> Option<NodeRef<'_>> {
    let tree = &parsed.tree;
    let [document] = tree.documents.as_slice() else { return None };
    if !parsed.problems.is_empty() || !tree.duplicates.is_empty() || first_refused(&tree.text).is_some() {
        return None;
    }
    let root = tree.node(document.root?);
    let is_text = |node: NodeRef<'_>| node.kind() == NodeKind::Text;
    let is_plain = root.kind() == NodeKind::Map
        && root.walk().all(is_plain)
        && root.get("kind").is_none_or(is_text)
        && root.at("metadata.annotations").and_then(hook).is_none_or(is_text);
    is_plain.then_some(root)
}

fn is_plain(node: NodeRef<'_>) -> bool {
    let is_odd_key = |key: &str| {
        // Helm refuses nothing at all as a key, and numbers that are too large.
        key.is_empty()
            || key == "~"
            || key.eq_ignore_ascii_case("null")
            || key.len() > 18 && key.as_bytes()[0].is_ascii_digit()
    };
    !node.is_copied()
        && !node.is_merged()
        && node.tag().is_none()
        && !node.key().is_some_and(is_odd_key)
        && (node.kind() != NodeKind::Float || node.as_number().is_some_and(f64::is_finite))
}
