//! Where things stand in a text: lines, columns, colons and dashes, and the hand in which a file is written.
//!
//! Only questions are answered here; what is changed is said in `merge`.

use super::print::{self, Hand};
use crate::syntax::tree::{NodeKind, NodeRef, Style, Tree};

/// The line break that the text uses.
pub(super) fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the line that holds `at` ends, its line break left out.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    if end > at && text[..end].ends_with('\r') { end - 1 } else { end }
}

/// Where the line behind the one that holds `at` starts.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Where the line that holds `at` starts.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    if text[start..at].starts_with('\u{feff}') { start + '\u{feff}'.len_utf8() } else { start }
}

/// How many spaces the line that holds `at` begins with.
pub(super) fn indentation(text: &str, at: usize) -> usize {
    let line = &text[line_start(text, at)..line_end(text, at)];
    line.len() - line.trim_start_matches(' ').len()
}

/// The column of `at`, from 0, if nothing but spaces and dashes stands before it.
pub(super) fn column(text: &str, at: usize) -> Option<usize> {
    let start = line_start(text, at);
    text[start..at].bytes().all(|byte| matches!(byte, b' ' | b'-')).then_some(at - start)
}

/// Where a node really ends: blank lines behind it do not belong to it.
pub(super) fn end(node: NodeRef<'_>) -> usize {
    let span = node.span();
    let text = &node.tree().text[span.range()];
    if node.style() == Style::Flow || matches!(node.style(), Style::Single | Style::Double) {
        return span.end as usize;
    }
    span.start as usize + text.trim_end().len()
}

/// The byte behind the colon of a node's key.
pub(super) fn behind_colon(node: NodeRef<'_>) -> Option<usize> {
    let text = &node.tree().text;
    let key = node.key_span()?.end as usize;
    let rest = text.get(key..)?;
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[blank..].starts_with(':').then_some(key + blank + 1)
}

/// The dash before an element of a block list.
pub(super) fn dash(node: NodeRef<'_>) -> Option<usize> {
    let list = node.parent()?;
    let text: &str = &node.tree().text;
    let index = node.index();
    let start = match index.checked_sub(1).and_then(|before| list.items().nth(before)) {
        Some(before) if before.is_copied() => return None,
        Some(before) => end(before),
        None => {
            // The dash of the first element is where the list starts, or before it.
            let start = list.span().start as usize;
            if text[start..].starts_with('-') { start } else { line_start(text, start) }
        }
    };
    // Between the two stand comments, the dash, an anchor or a tag.
    let until = node.span().start as usize;
    let mut at = start;
    while at < until {
        let word = text[at..].find([' ', '\t', '\r', '\n']).map_or(text.len(), |end| at + end);
        match text.as_bytes()[at] {
            b'-' if word == at + 1 => return Some(at),
            b'#' => at = line_end(text, at).max(at + 1),
            _ => at = word.max(at + 1),
        }
    }
    None
}

/// The bracket that closes a flow collection. A pair in a list, `[a: b]`, is a mapping without any.
pub(super) fn closing(node: NodeRef<'_>) -> Option<usize> {
    let text = &node.tree().text[node.span().range()];
    let braces = text.len() > 1 && text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    braces.then(|| node.span().end as usize - 1)
}

/// Whether keys and texts are quoted here as in JSON.
pub(super) fn is_json(node: NodeRef<'_>) -> bool {
    let mut at = Some(node);
    while let Some(here) = at {
        if here.kind() == NodeKind::Map && here.style() == Style::Flow {
            let quoted = here
                .children()
                .filter(|child| !child.is_copied())
                .find_map(|child| Some(here.tree().text[child.key_span()?.range()].starts_with('"')));
            if let Some(quoted) = quoted {
                return quoted;
            }
        }
        at = here.parent();
    }
    false
}

/// Whether a node stands between braces or brackets.
pub(super) fn in_flow(node: NodeRef<'_>) -> bool {
    node.parent().is_some_and(|parent| parent.style() == Style::Flow)
}

/// How the file around a node is written, by what stands nearest.
pub(super) fn hand(node: NodeRef<'_>) -> Hand {
    let json = is_json(node);
    let mut step = None;
    let mut dash = None;
    let mut at = Some(node);
    while let Some(here) = at {
        if json {
            step = step.or_else(|| json_step(here));
        } else {
            look(here, &mut step, &mut dash);
        }
        at = here.parent();
    }
    if !json && (step.is_none() || dash.is_none()) {
        // Nothing above says it: the rest of the file may.
        for root in node.tree().roots() {
            for here in root.walk().take(2_000) {
                look(here, &mut step, &mut dash);
            }
        }
    }
    let step = step.unwrap_or(2);
    Hand { step, dash: dash.unwrap_or(step), json }
}

/// What a block mapping says about indentation below its keys.
fn look(map: NodeRef<'_>, step: &mut Option<usize>, dash_step: &mut Option<usize>) {
    if map.kind() != NodeKind::Map
        || map.style() == Style::Flow
        || map.is_copied()
        || (step.is_some() && dash_step.is_some())
    {
        return;
    }
    let text = &map.tree().text;
    for child in map.children().filter(|child| !child.is_copied() && print::is_block(*child)) {
        let Some(own) = child.key_span().and_then(|key| column(text, key.start as usize)) else { continue };
        let Some(inner) = child.children().find(|inner| !inner.is_copied()) else { continue };
        if child.kind() == NodeKind::Map {
            let below = inner.key_span().and_then(|key| column(text, key.start as usize));
            if let Some(by) = below.and_then(|below| below.checked_sub(own)).filter(|by| *by > 0) {
                step.get_or_insert(by);
            }
        } else if let Some(by) =
            dash(inner).and_then(|at| column(text, at)).and_then(|below| below.checked_sub(own))
        {
            dash_step.get_or_insert(by);
        }
    }
}

fn json_step(map: NodeRef<'_>) -> Option<usize> {
    let text = &map.tree().text;
    let child = map.children().next()?;
    let start = child.key_span().unwrap_or(child.span()).start as usize;
    let open = map.span().start as usize;
    if !text.get(open..start)?.contains('\n') {
        return None;
    }
    indentation(text, start).checked_sub(indentation(text, open)).filter(|by| *by > 0)
}

/// The last byte but white space and comments before `at`, and the byte behind it.
pub(super) fn content_before(tree: &Tree, at: usize) -> usize {
    let mut end = at;
    loop {
        end = tree.text[..end].trim_end().len();
        let before = tree.comments.partition_point(|comment| (comment.span.end as usize) < end);
        match tree.comments.get(before) {
            Some(comment) if comment.span.end as usize == end => end = comment.span.start as usize,
            _ => return end,
        }
    }
}

/// Whether a comment stands in these bytes.
pub(super) fn has_comment(tree: &Tree, from: usize, to: usize) -> bool {
    let first = tree.comments.partition_point(|comment| (comment.span.start as usize) < from);
    tree.comments.get(first).is_some_and(|comment| (comment.span.start as usize) < to)
}

/// A step down a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// How to come from the top of its document to a node.
pub(super) fn steps(node: NodeRef<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = node;
    while let Some(parent) = at.parent() {
        steps.push(match at.key() {
            Some(key) => Step::Key(key.to_owned()),
            None => Step::Item(at.index()),
        });
        at = parent;
    }
    steps.reverse();
    steps
}

/// The node at the end of these steps.
pub(super) fn follow<'t>(root: NodeRef<'t>, steps: &[Step]) -> Option<NodeRef<'t>> {
    steps.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Item(at) => node.items().nth(*at),
    })
}

/// Whether two trees are equal but for what lies at the end of these steps; `gone` says that it is not there any more.
pub(super) fn same_but(old: NodeRef<'_>, new: NodeRef<'_>, steps: &[Step], gone: bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return !gone };
    if old.kind() != new.kind() {
        return false;
    }
    let last = gone && rest.is_empty();
    match step {
        Step::Key(key) => {
            let count = old.entries().count();
            new.entries().count() == if last { count - 1 } else { count }
                && old.entries().all(|(name, before)| match new.get(name) {
                    Some(after) if name == key => !last && same_but(before, after, rest, gone),
                    Some(after) => print::same(before, after),
                    None => last && name == key,
                })
        }
        Step::Item(at) => {
            let mut after = new.items();
            old.items().enumerate().all(|(index, before)| {
                if index == *at && last {
                    return true;
                }
                match after.next() {
                    Some(after) if index == *at => same_but(before, after, rest, gone),
                    Some(after) => print::same(before, after),
                    None => false,
                }
            }) && after.next().is_none()
        }
    }
}
