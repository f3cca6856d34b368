//! Folded texts (`>`) as Kustomize has them: it prints a resource and reads that again, for a JSON patch and in the end, and its
//! printer gets the lines that are indented more wrong. What was written anew in the meantime is no longer folded.
//!
//! A line break becomes two, which stand for one between ordinary lines; but before a line that is indented more, and at the end
//! of a text that keeps its breaks, both count. In a text that begins indented, none is doubled, and lines run together.

use std::rc::Rc;

use super::node::{Node, Scalar, Value};

/// Changes the folded texts of a resource that Kustomize prints and reads.
pub(super) fn reread(node: &mut Node) {
    each(node, &|scalar| {
        let text = again(&scalar.text);
        if *text != *scalar.text {
            scalar.text = text.into();
        }
    });
}

/// Takes folded texts for such as they are, for they came in as JSON.
pub(super) fn forget(node: &mut Node) {
    each(node, &|_| {});
}

fn each(node: &mut Node, change: &dyn Fn(&mut Scalar)) {
    if !holds_folded(node) {
        return;
    }
    match &mut node.value {
        Value::Map(entries) => {
            Rc::make_mut(entries).iter_mut().for_each(|entry| each(&mut entry.node, change));
        }
        Value::List(items) => Rc::make_mut(items).iter_mut().for_each(|item| each(item, change)),
        Value::Scalar(scalar) => {
            scalar.folded = false;
            change(scalar);
        }
    }
}

fn holds_folded(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| holds_folded(&entry.node)),
        Value::List(items) => items.iter().any(holds_folded),
        Value::Scalar(scalar) => scalar.folded,
    }
}

fn again(text: &str) -> String {
    let is_indented = |line: &str| line.starts_with([' ', '\t']);
    let doubles = !is_indented(text.trim_start_matches('\n'));
    let start = text.len() - text.trim_start_matches('\n').len();
    let mut read = text[..start].to_owned();
    let mut rest = &text[start..];
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
        read.push_str(line);
        rest = after.trim_start_matches('\n');
        let breaks = after.len() - rest.len();
        let printed = breaks + usize::from(breaks > 0 && doubles && !is_indented(line));
        let count = match breaks {
            1 if rest.is_empty() => 1,
            _ if rest.is_empty() || is_indented(line) || is_indented(rest) => printed,
            _ => printed - 1,
        };
        match count {
            0 if !rest.is_empty() => read.push(' '),
            _ => read.extend(std::iter::repeat_n('\n', count)),
        }
    }
    read
}
