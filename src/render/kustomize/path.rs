//! Field paths of replacements and variables: `spec.containers.[name=web].env.0.value`.

use super::fieldspec;
use super::load::DEPTH;
use super::node::{Node, Value};
use super::selector;
use super::trail::From;

/// The steps of a path; what stands in brackets is one step, dots and all.
pub(super) fn steps(path: &str) -> Vec<String> {
    let split = fieldspec::split(path, '.');
    let mut steps: Vec<String> = Vec::new();
    let mut at = 0;
    while at < split.len() {
        let part = &split[at];
        at += 1;
        if !part.starts_with('[') || part.ends_with(']') {
            steps.push(part.clone());
            continue;
        }
        let mut bracketed = part.clone();
        while at < split.len() {
            bracketed.push('.');
            bracketed.push_str(&split[at]);
            at += 1;
            if split[at - 1].ends_with(']') {
                break;
            }
        }
        let is_match = bracketed.contains('=');
        steps.push(if is_match { bracketed } else { bracketed.trim_matches(['[', ']']).to_owned() });
    }
    steps
}

/// The one value that a path leads to.
pub(super) fn lookup<'n>(node: &'n Node, steps: &[String]) -> Option<&'n Node> {
    steps.iter().map(|step| step.trim()).filter(|step| !step.is_empty()).try_fold(node, |node, step| {
        if let Ok(at) = step.parse::<usize>() {
            return node.items().get(at);
        }
        if step == "-" {
            return node.items().last();
        }
        match condition(step) {
            Some(("", value)) => node.items().iter().find(|item| item.written() == value),
            Some((key, value)) => {
                node.items().iter().find(|item| item.get(key).is_some_and(|found| found.written() == value))
            }
            None => node.get(step),
        }
    })
}

/// The one value that a path leads to, made where it is missing; none where the path leads nowhere and nothing can be made. What is
/// wrong with the path is the error.
pub(super) fn reach<'n>(
    node: &'n mut Node,
    steps: &[String],
    from: From,
) -> Result<Option<&'n mut Node>, String> {
    if steps.len() > DEPTH {
        return Err("the path is longer than is read here".to_owned());
    }
    let Some((step, rest)) = steps.split_first() else { return Ok(Some(node)) };
    if node.is_null() {
        return Ok(None);
    }
    let found = if let Some((key, value)) = condition(step) {
        let len = list_len(node, step)?;
        let found = node.items().iter().position(|item| {
            let found = if key.is_empty() { Some(item) } else { item.get(key) };
            found.is_some_and(|found| found.written() == value)
        });
        if found.is_none() {
            push(node, matched(key, value, from));
        }
        Some(found.unwrap_or(len))
    } else if step == "-" {
        list_len(node, step)?.checked_sub(1)
    } else if let Ok(at) = step.parse::<i64>() {
        let len = list_len(node, step)?;
        let at = usize::try_from(at).map_err(|_| format!("there is no element {at} in a list"))?;
        Some(at).filter(|at| *at < len)
    } else if step == "*" || step.starts_with('[') && step.ends_with(']') {
        return Err(format!("`{step}` is not of the form `[key=value]`"));
    } else if node.is_map() {
        if node.get(step).is_none() {
            node.set(step, from, empty(rest, Create::Scalar, from));
        }
        return node.get_mut(step).map_or(Ok(None), |child| reach(child, rest, from));
    } else {
        return Err(format!("`{step}` is looked for in a value that is no map"));
    };
    found.map_or(Ok(None), |at| reach(&mut node.items_mut()[at], rest, from))
}

/// What is made where a path ends in nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Create {
    No,
    Scalar,
    Map,
    List,
}

/// Calls `change` with every value that a path leads to, and says how many there were. What is wrong with the path is the error.
pub(super) fn visit(
    node: &mut Node,
    steps: &[String],
    create: Create,
    from: From,
    change: &mut dyn FnMut(&mut Node) -> Result<(), String>,
) -> Result<usize, String> {
    if steps.len() > DEPTH {
        return Err("the path is longer than is read here".to_owned());
    }
    let Some((step, rest)) = steps.split_first() else {
        change(node)?;
        return Ok(1);
    };
    if let Ok(at) = step.parse::<usize>() {
        let len = list_len(node, step)?;
        if at == len && create != Create::No {
            push(node, empty(rest, create, from));
        } else if at >= len {
            return Err(format!("there is no element {at} in a list of {len}"));
        }
        return visit(&mut node.items_mut()[at], rest, create, from, change);
    }
    if step == "*" {
        list_len(node, step)?;
        let mut count = 0;
        for item in node.items_mut() {
            count += visit(item, rest, create, from, change)?;
        }
        return Ok(count);
    }
    if let Some((key, value)) = condition(step) {
        return matching(node, (key, value), rest, create, from, change);
    }
    if step.starts_with('[') && step.ends_with(']') {
        return Err(format!("`{step}` is not of the form `[key=value]`"));
    }
    if node.is_null() {
        return Ok(0);
    }
    if !node.is_map() {
        return Err(format!("`{step}` is looked for in a value that is no map"));
    }
    if node.get(step).is_none() {
        if create == Create::No {
            return Ok(0);
        }
        node.set(step, from, empty(rest, create, from));
    }
    match node.get_mut(step) {
        Some(child) => visit(child, rest, create, from, change),
        None => Ok(0),
    }
}

fn matching(
    node: &mut Node,
    (key, value): (&str, &str),
    rest: &[String],
    create: Create,
    from: From,
    change: &mut dyn FnMut(&mut Node) -> Result<(), String>,
) -> Result<usize, String> {
    list_len(node, key)?;
    let pattern = selector::expression(value)?;
    let fits = |item: &Node| match key {
        "" => pattern.is_match(item.written()),
        key => {
            item.get(key).is_some_and(|found| found.scalar().is_some() && pattern.is_match(found.written()))
        }
    };
    if create != Create::No && !node.items().iter().any(fits) {
        push(node, matched(key, value, from));
    }
    let mut count = 0;
    for item in node.items_mut().iter_mut().filter(|item| fits(item)) {
        if key.is_empty() {
            change(item)?;
            count += 1;
        } else {
            count += visit(item, rest, create, from, change)?;
        }
    }
    Ok(count)
}

/// An element that `[key=value]` is true of.
fn matched(key: &str, value: &str, from: From) -> Node {
    let scalar = Node::plain(value, from);
    if key.is_empty() {
        return scalar;
    }
    let mut item = Node::map(Vec::new(), from);
    item.set(key, from, scalar);
    item
}

fn list_len(node: &mut Node, step: &str) -> Result<usize, String> {
    match &node.value {
        Value::List(items) => Ok(items.len()),
        _ if node.is_null() => {
            node.value = Node::list(Vec::new(), node.from).value;
            Ok(0)
        }
        _ => Err(format!("`{step}` is looked for in a value that is no list")),
    }
}

fn push(node: &mut Node, item: Node) {
    if let Value::List(items) = &mut node.value {
        std::rc::Rc::make_mut(items).push(item);
    }
}

/// What stands before the next step: a list for a position or a condition, else a map; at the end, what is wanted.
fn empty(rest: &[String], create: Create, from: From) -> Node {
    match (rest.first(), create) {
        (Some(step), _) if condition(step).is_some() || step.parse::<usize>().is_ok() => {
            Node::list(Vec::new(), from)
        }
        (Some(_), _) | (None, Create::Map) => Node::map(Vec::new(), from),
        (None, Create::List) => Node::list(Vec::new(), from),
        (None, _) => {
            let mut node = Node::text("", from);
            if let Value::Scalar(scalar) = &mut node.value {
                scalar.quoted = false;
            }
            node
        }
    }
}

/// `[key=value]`.
fn condition(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}
