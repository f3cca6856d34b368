//! Field specs: which fields of which kinds a transformer writes, and how it gets there.

use super::Problem;
use super::node::{Node, Value};
use super::resource::Gvk;
use super::trail::From;
use std::rc::Rc;

/// A path in resources of some kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FieldSpec {
    pub(super) gvk: Gvk,
    pub(super) path: Rc<str>,
    pub(super) create: bool,
}

/// What is made where the last key of a path is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    Nothing,
    Map,
    Scalar,
}

impl FieldSpec {
    pub(super) fn new(path: &str, create: bool) -> Self {
        Self { gvk: Gvk::default(), path: Rc::from(path), create }
    }

    pub(super) fn read(node: &Node) -> Self {
        Self {
            gvk: Gvk::read(node),
            path: Rc::from(node.str("path").unwrap_or_default()),
            create: node.get("create").is_some_and(Node::is_true),
        }
    }

    /// Calls `change` with each value that the path leads to; `from` is where a created one comes from.
    pub(super) fn visit(
        &self,
        resource: &mut Node,
        gvk: &Gvk,
        make: Make,
        from: From,
        change: &mut dyn FnMut(&mut Node) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if !gvk.is_selected(&self.gvk) {
            return Ok(());
        }
        let make = if self.create { make } else { Make::Nothing };
        let path = split(&self.path, '/');
        walk(resource, &path, make, from, change)
    }
}

fn walk(
    node: &mut Node,
    path: &[String],
    make: Make,
    from: From,
    change: &mut dyn FnMut(&mut Node) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let Some((step, rest)) = path.split_first() else { return change(node) };
    if node.is_null() {
        return Ok(());
    }
    match &node.value {
        Value::List(items) => {
            // What is not there is not changed, and what is shared stays shared.
            if make == Make::Nothing && !items.iter().any(|item| leads(item, path)) {
                return Ok(());
            }
            node.items_mut().iter_mut().try_for_each(|item| walk(item, path, make, from, change))
        }
        Value::Map(_) => {
            let (key, is_list) = match step.strip_suffix("[]") {
                Some(key) => (key, true),
                None => (step.as_str(), false),
            };
            if key.is_empty() {
                return Err(Problem::new("a path of a field has an empty part", from));
            }
            let made = match make {
                Make::Nothing => None,
                _ if is_list => None,
                Make::Map => Some(Node::map(Vec::new(), from)),
                Make::Scalar if rest.is_empty() => Some(Node::text("", from)),
                Make::Scalar => Some(Node::map(Vec::new(), from)),
            };
            match (node.get(key), made) {
                (None, None) => return Ok(()),
                (Some(there), None) if there.is_null() && is_list => {
                    let from = there.from;
                    node.set(key, from, Node::list(Vec::new(), from));
                    return Ok(());
                }
                (None, Some(made)) => node.set(key, from, made),
                (Some(there), Some(made)) if there.is_null() => node.set(key, from, made),
                (Some(there), None) if make == Make::Nothing && !rest.is_empty() && !leads(there, rest) => {
                    return Ok(());
                }
                (Some(_), _) => {}
            }
            match node.get_mut(key) {
                Some(child) => walk(child, rest, make, from, change),
                None => Ok(()),
            }
        }
        Value::Scalar(_) => {
            Err(Problem::new(format!("`{step}` is looked for in a value that is no map"), node.from))
        }
    }
}

/// Whether there may be anything at the end of a path; also true where looking would be an error.
fn leads(node: &Node, path: &[String]) -> bool {
    let Some((step, rest)) = path.split_first() else { return true };
    match &node.value {
        Value::List(items) => items.iter().any(|item| leads(item, path)),
        Value::Map(_) => {
            let key = step.strip_suffix("[]").unwrap_or(step);
            node.get(key).is_some_and(|child| leads(child, rest) || child.is_null() && step.ends_with("[]"))
        }
        Value::Scalar(_) => !node.is_null(),
    }
}

/// The parts of a path; a backslash before the delimiter keeps it.
pub(super) fn split(path: &str, delimiter: char) -> Vec<String> {
    let mut raw: Vec<&str> = path.split(delimiter).collect();
    if raw.len() > 1 && raw[0].is_empty() {
        raw.remove(0);
    }
    let mut parts: Vec<String> = Vec::new();
    for part in raw {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}
