//! What nobody can know of rendered text: values that are made up, and settings that whoever installs a chart has yet to say.

use crate::render::template::GAP;
use crate::render::trace::{Page, Trail};
use crate::source::{Place, Sources, Span};
use crate::syntax::tree::{NodeId, NodeKind, NodeRef, Tree};

/// Kinds of objects that hold what others ask for by keys, and where.
const HOLDERS: [&str; 2] = ["ConfigMap", "Secret"];
const DATA: [&str; 3] = ["data", "binaryData", "stringData"];

/// Makes unknown, in the tree of a page, what nobody can know.
pub(super) fn forget(tree: &mut Tree, trail: &Trail, page: &Page, sources: &Sources) {
    forget_unknown(tree, trail, page);
    forget_unsaid(tree, trail, page, sources);
    expect_keys(tree, trail, page, sources);
}

/// Settings that are nowhere and that a template prints all the same are unknown to rules: whoever installs the chart says them.
fn forget_unsaid(tree: &mut Tree, trail: &Trail, page: &Page, sources: &Sources) {
    let unsaid: Vec<(u32, Place)> = trail.to_be_said(page).collect();
    if unsaid.is_empty() {
        return;
    }
    for id in 0..tree.len() as u32 {
        let node = tree.node(NodeId(id));
        // Whatever it will be, it is the same for all that ask for it; and without one they go where the release goes.
        if node.key() == Some("namespace") && node.parent().is_some_and(|of| of.key() == Some("metadata")) {
            continue;
        }
        let (span, is_text) = match node.kind() {
            NodeKind::Null => {
                // What stands for nothing may stand before or behind the blanks.
                let Some(key) = node.key_span() else { continue };
                let rest = page.text.get(key.end as usize..).unwrap_or_default();
                let line = rest.find('\n').unwrap_or(rest.len());
                (Span::new(key.end, key.end + line as u32), false)
            }
            NodeKind::Text => (node.span(), true),
            _ => continue,
        };
        let first = unsaid.partition_point(|(at, _)| *at < span.start);
        let mut here = unsaid[first..].iter().take_while(|(at, _)| *at <= span.end);
        if here.any(|(_, action)| !is_text || shares_its_line(*action, sources)) {
            tree.set_kind(NodeId(id), NodeKind::Unknown);
        }
    }
}

/// Whether something else stands on the line of an action. What has a line of its own prints lines, and no part of a text that
/// ends where it would begin.
fn shares_its_line(action: Place, sources: &Sources) -> bool {
    let text = &sources.get(action.file).text;
    let before = text[..action.span.start as usize].rsplit('\n').next().unwrap_or_default();
    let after = text[action.span.end as usize..].split('\n').next().unwrap_or_default();
    let is_more = |part: &str| !part.trim_matches(['{', '}', '-', ' ', '\t', '\r']).is_empty();
    is_more(before) || is_more(after)
}

/// Values that are made up while rendering, such as a random password, are unknown to rules.
fn forget_unknown(tree: &mut Tree, trail: &Trail, page: &Page) {
    if !trail.has_unknown(page) {
        return;
    }
    for id in 0..tree.len() as u32 {
        let node = tree.node(NodeId(id));
        let is_unknown = match node.kind() {
            NodeKind::List | NodeKind::Null => false,
            // Which entries a missing template would have printed, nobody knows.
            NodeKind::Map => node.get(GAP).is_some(),
            _ => trail.unknown(page, node.span()).is_some(),
        };
        if is_unknown {
            tree.set_kind(NodeId(id), NodeKind::Unknown);
        }
    }
}

/// Keys that a template would add once a setting has a value are still to come.
fn expect_keys(tree: &mut Tree, trail: &Trail, page: &Page, sources: &Sources) {
    let mut left_out = trail.for_want_of_a_value(page, sources).peekable();
    if left_out.peek().is_none() {
        return;
    }
    let is_holder = |root: &NodeRef<'_>| root.get("kind").is_some_and(|kind| HOLDERS.contains(&kind.text()));
    let parts: Vec<(u32, NodeId)> = tree
        .roots()
        .filter(is_holder)
        .flat_map(|root| DATA.map(|part| root.get(part)))
        .flatten()
        .filter_map(|part| Some((part.key_span()?.start, part.id())))
        .collect();
    let mut to_come = Vec::new();
    for (at, body) in left_out {
        let part = parts.iter().filter(|(start, _)| *start <= at).max();
        let Some((_, part)) = part else { continue };
        let text = sources.get(body.file).text.get(body.span.range()).unwrap_or_default();
        let keys = text.lines().filter_map(|line| line.split_once(':'));
        let keys = keys.map(|(key, _)| key.trim().trim_matches(['"', '\'']).to_owned());
        to_come.extend(keys.map(|key| (*part, key)));
    }
    tree.to_come = to_come;
}
