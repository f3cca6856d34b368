//! JSON patches (RFC 6902): lists of operations on paths.

use super::Problem;
use super::load::DEPTH;
use super::node::{Node, Value};
use super::trail::{From, Trail};
use std::rc::Rc;

/// How many nodes `copy` and `add` may bring in over all patches of a project.
const SIZE: usize = 1 << 20;

/// Applies the operations in order. One that does not apply ends the patch.
pub(super) fn apply(
    mut document: Node,
    operations: &Node,
    trail: &mut Trail<'_>,
    work: &mut u64,
) -> Result<Node, Problem> {
    for operation in operations.items() {
        *work = work.saturating_sub(1);
        step(&mut document, operation, trail, work)?;
    }
    Ok(document)
}

/// Whether a document is a list of operations.
pub(super) fn is_patch(document: &Node) -> bool {
    document.is_list() && !document.is_empty() && document.items().iter().all(|item| item.get("op").is_some())
}

fn step(document: &mut Node, operation: &Node, trail: &mut Trail<'_>, work: &mut u64) -> Result<(), Problem> {
    let fail = |message: String| {
        Problem::new(message, operation.get("path").map_or(operation.from, |path| path.from))
    };
    let path = operation.get("path").ok_or_else(|| fail("the operation has no `path`".to_owned()))?;
    let pointer =
        parse(path.written()).ok_or_else(|| fail(format!("`{}` is no JSON pointer", path.written())))?;
    let missing = || fail(format!("there is nothing at `{}`", path.written()));
    let value = || {
        let value = operation.get("value").cloned();
        value.unwrap_or_else(|| Node::plain("null", operation.from))
    };
    match operation.str("op").unwrap_or_default() {
        "add" => add(document, &pointer, value(), path.from, trail, work).map_err(fail),
        "replace" => {
            let mut new = value();
            if let Some(old) = find(document, &pointer) {
                check(&pointer, &new, work).map_err(fail)?;
                new.from = trail.over(new.from, old.from);
                *old = new;
                return Ok(());
            }
            // The library that Kustomize uses adds a key that a map lacks.
            let above = pointer.split_last().and_then(|(_, above)| find(document, above));
            if !above.is_some_and(|above| above.is_map()) {
                return Err(missing());
            }
            add(document, &pointer, new, path.from, trail, work).map_err(fail)
        }
        "remove" => remove(document, &pointer).map(drop).ok_or_else(missing),
        "test" => {
            let found = find(document, &pointer);
            match (found, value()) {
                (None, wanted) if wanted.is_null() => Ok(()),
                (Some(found), wanted) if found.same(&wanted) => Ok(()),
                _ => {
                    Err(fail(format!("what stands at `{}` is not what the patch tests for", path.written())))
                }
            }
        }
        operator @ ("move" | "copy") => {
            let from = operation.get("from").ok_or_else(|| fail("the operation has no `from`".to_owned()))?;
            let there = || fail(format!("there is nothing at `{}`", from.written()));
            let source = parse(from.written()).ok_or_else(there)?;
            let node =
                if operator == "move" { remove(document, &source) } else { find(document, &source).cloned() };
            let node = node.ok_or_else(there)?;
            add(document, &pointer, node, path.from, trail, work).map_err(fail)
        }
        other => Err(fail(format!("`{other}` is no operation of a JSON patch"))),
    }
}

fn parse(pointer: &str) -> Option<Vec<String>> {
    let mut parts = pointer.split('/');
    parts.next()?;
    let parts: Vec<String> = parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    (!parts.is_empty()).then_some(parts)
}

fn find<'n>(document: &'n mut Node, pointer: &[String]) -> Option<&'n mut Node> {
    pointer.iter().try_fold(document, |node, part| match &node.value {
        Value::Map(_) => node.get_mut(part),
        Value::List(items) => {
            let at = index(part, items.len())?;
            node.items_mut().get_mut(at)
        }
        Value::Scalar(_) => None,
    })
}

/// A position in a list; a negative one counts from the end.
fn index(part: &str, len: usize) -> Option<usize> {
    let at: i64 = part.parse().ok()?;
    let at = if at < 0 { at.checked_add(len as i64)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn add(
    document: &mut Node,
    pointer: &[String],
    mut value: Node,
    key_from: From,
    trail: &mut Trail<'_>,
    work: &mut u64,
) -> Result<(), String> {
    check(pointer, &value, work)?;
    let shown = || format!("/{}", pointer.join("/"));
    let nowhere = || format!("there is nothing that could hold `{}`", shown());
    let (last, above) = pointer.split_last().ok_or_else(nowhere)?;
    let holder = find(document, above).ok_or_else(nowhere)?;
    match &mut holder.value {
        Value::Map(_) => {
            let before = holder.get(last).map_or(From::Nowhere, |old| old.from);
            value.from = trail.over(value.from, before);
            holder.set(last, key_from, value);
        }
        Value::List(items) => {
            let at = if last == "-" { Some(items.len()) } else { index(last, items.len() + 1) };
            let at = at.ok_or_else(|| format!("the list has no place for `{}`", shown()))?;
            Rc::make_mut(items).insert(at, value);
        }
        Value::Scalar(_) => return Err(nowhere()),
    }
    Ok(())
}

fn remove(document: &mut Node, pointer: &[String]) -> Option<Node> {
    let (last, above) = pointer.split_last()?;
    let holder = find(document, above)?;
    match &mut holder.value {
        Value::Map(_) => holder.remove(last).map(|entry| entry.node),
        Value::List(items) => {
            let at = index(last, items.len())?;
            Some(Rc::make_mut(items).remove(at))
        }
        Value::Scalar(_) => None,
    }
}

/// Whether a value may come in: patches that copy what they have copied would never end.
fn check(pointer: &[String], value: &Node, work: &mut u64) -> Result<(), String> {
    let size = value.size(SIZE);
    *work = work.saturating_sub(size as u64);
    if size >= SIZE || *work == 0 || pointer.len() + value.depth() > 2 * DEPTH {
        return Err("the patches of this project make more of a resource than is read here".to_owned());
    }
    Ok(())
}
