//! Configurations that ConfigMaps and Secrets hold as text: each becomes a tree of its own, whose places are those of the object's
//! file. Which texts are worth it is told by a few lines that they must have; what they mean is told elsewhere.

use std::sync::Arc;

use rayon::prelude::*;

use crate::render::base64;
use crate::syntax::tree::{NodeKind, NodeRef, Style, Tree};
use crate::syntax::{self, Syntax};

/// No file holds more of them.
const MOST: usize = 50;

/// No text that is longer is read.
const LONGEST: usize = 4 << 20;

/// The keys at the top of what is worth reading: of Envoy, Alertmanager, Prometheus' rules, Prometheus.
const SIGNS: [&[&str]; 4] =
    [&["static_resources"], &["route", "receivers"], &["groups"], &["scrape_configs"]];

/// How many trees one thread looks at together.
const PIECE: usize = 64;

/// Adds the configurations that objects hold as text. What an overlay or a chart is made of is left alone: `is_ingredient`.
pub fn unfold(trees: &mut Vec<Tree>, is_ingredient: impl Fn(&Tree) -> bool + Sync) {
    let may_hold = |tree: &&Tree| {
        (tree.text.contains("ConfigMap") || tree.text.contains("Secret")) && !is_ingredient(tree)
    };
    // To start threads for a few files takes longer than to do without.
    let found: Vec<Tree> = if trees.len() < PIECE {
        trees.iter().filter(may_hold).flat_map(of_one).collect()
    } else {
        trees.par_iter().with_min_len(PIECE).filter(may_hold).flat_map_iter(of_one).collect()
    };
    trees.extend(found);
}

fn of_one(tree: &Tree) -> impl Iterator<Item = Tree> {
    tree.roots().flat_map(texts).filter_map(|(node, encoded)| held(node, encoded)).take(MOST)
}

/// The texts of an object, and whether they are in base64.
fn texts(root: NodeRef<'_>) -> impl Iterator<Item = (NodeRef<'_>, bool)> {
    let lists: &[(&str, bool)] = match root.get("kind").map(NodeRef::text) {
        Some("ConfigMap") => &[("data", false)],
        Some("Secret") => &[("stringData", false), ("data", true)],
        _ => &[],
    };
    let all = lists.iter().flat_map(move |(key, encoded)| {
        root.get(key).into_iter().flat_map(NodeRef::children).map(move |node| (node, *encoded))
    });
    all.filter(|(node, _)| node.kind() == NodeKind::Text && node.text().len() <= LONGEST)
}

fn held(node: NodeRef<'_>, encoded: bool) -> Option<Tree> {
    if encoded {
        // Nearly everything in a Secret is a password.
        let key = node.key()?;
        if ![".yaml", ".yml", ".json"].iter().any(|ending| key.ends_with(ending)) {
            return None;
        }
        let text = String::from_utf8(base64::decode(node.text()).ok()?).ok()?;
        return whole(node, &text);
    }
    let syntax = told(node.text())?;
    if node.style() == Style::Block { Some(alone(node, syntax)) } else { whole(node, node.text()) }
}

/// The syntax of a text that is worth reading.
fn told(text: &str) -> Option<Syntax> {
    // Definitions of RabbitMQ.
    if text.starts_with('{') {
        return text.contains("\"queues\"").then_some(Syntax::Json);
    }
    let is_at_top = |key: &&str| {
        text.lines().any(|line| {
            let rest = line.trim_start_matches('"').strip_prefix(*key);
            rest.is_some_and(|rest| rest.trim_start_matches('"').starts_with(':'))
        })
    };
    SIGNS.iter().any(|keys| keys.iter().all(is_at_top)).then_some(Syntax::Yaml)
}

/// A text of which the file does not spell the bytes: all of it stands where its scalar does.
fn whole(node: NodeRef<'_>, text: &str) -> Option<Tree> {
    let tree = syntax::parse(told(text)?, node.tree().file, Arc::from(text)).tree;
    Some(tree.held_by(node))
}

/// The text of a block scalar as a document, everything around it blank: so its bytes stay where they are.
fn alone(block: NodeRef<'_>, syntax: Syntax) -> Tree {
    let (text, span) = (&block.tree().text, block.span().range());
    let header = text[span.clone()].find('\n').map_or(span.len(), |at| at + 1);
    let inside = span.start + header..span.end;
    let mut bytes = vec![b' '; inside.end];
    for (at, byte) in text.bytes().enumerate().take(inside.end) {
        if byte == b'\n' || inside.contains(&at) {
            bytes[at] = byte;
        }
    }
    let blank = String::from_utf8(bytes).unwrap_or_default();
    let mut tree = syntax::parse(syntax, block.tree().file, blank.into()).tree;
    tree.duplicates.clear();
    tree.embedded = true;
    tree
}
