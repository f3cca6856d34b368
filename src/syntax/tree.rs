//! The one tree: nodes with a kind, a text and a span, in one flat list a file.
//!
//! It is not a document object model to be edited; edits are text edits at spans. A node is 36 bytes and its text is a
//! range of the source wherever the source spells it out, so ten thousand manifests fit in a few dozen megabytes. Aliases
//! and merge keys are expanded by the parser, under a budget: whoever reads a tree never meets one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::source::{FileId, Place, Span};

const NONE: u32 = u32::MAX;

/// A node of a tree, by its position in the tree's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// What a node is. Scalars are resolved as Kubernetes reads them (YAML 1.1 booleans and octals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Nothing, `~` or `null`.
    Null,
    /// A truth value.
    Bool,
    /// A whole number.
    Int,
    /// Any other number.
    Float,
    /// Text.
    Text,
    /// A sequence.
    List,
    /// A mapping.
    Map,
    /// Something whose value cannot be known before it runs.
    Unknown,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A block scalar, `|` or `>`.
    Block,
    /// A collection in brackets or braces.
    Flow,
}

/// Small truths about a node, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags(u8);

impl Flags {
    /// The text differs from the source and stands in [`Tree::cooked`].
    const COOKED: u8 = 1;
    /// The node was copied from an anchor.
    const COPIED: u8 = 2;
    /// The node came in through a merge key.
    const MERGED: u8 = 4;
    /// The node stands under a key.
    const KEYED: u8 = 8;
    /// The key's span holds quotes around the key's text.
    const KEY_QUOTED: u8 = 16;
    /// The key's text differs from the source and stands in [`Tree::cooked_keys`].
    const KEY_COOKED: u8 = 32;
    /// The node has a tag, in [`Tree::tags`].
    const TAGGED: u8 = 64;
    /// A later entry with the same key took its place.
    const LOST: u8 = 128;

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    fn set(&mut self, bit: u8) {
        self.0 |= bit;
    }

    fn clear(&mut self, bits: u8) {
        self.0 &= !bits;
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: NodeKind,
    style: Style,
    flags: Flags,
    span: Span,
    key: Span,
    parent: u32,
    next: u32,
    /// First child of a collection, start of a scalar's text.
    a: u32,
    /// Last child of a collection, end of a scalar's text.
    b: u32,
}

impl Node {
    fn new(kind: NodeKind, style: Style, span: Span) -> Self {
        let (a, b) = if is_collection(kind) { (NONE, NONE) } else { (0, 0) };
        Self {
            kind,
            style,
            flags: Flags::default(),
            span,
            key: Span::default(),
            parent: NONE,
            next: NONE,
            a,
            b,
        }
    }
}

fn is_collection(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::List | NodeKind::Map)
}

/// One document of a file.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// Its top node; none where the document is empty.
    pub root: Option<NodeId>,
    /// From its first byte, the `---` before it included, to where its end was seen.
    pub span: Span,
}

/// A comment, from its `#` (or `//`) to the end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
    /// Whether nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// A key that a mapping has twice; the later one counts.
#[derive(Clone, Copy, Debug)]
pub struct Duplicate {
    /// The mapping.
    pub map: NodeId,
    /// The entry that counts.
    pub kept: NodeId,
    /// The key that is lost.
    pub lost: Span,
}

/// The tree of one file.
pub struct Tree {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: Arc<str>,
    /// Its documents, in order.
    pub documents: Vec<Document>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
    /// Keys that occur twice in one mapping, in order.
    pub duplicates: Vec<Duplicate>,
    nodes: Vec<Node>,
    /// Texts that the source does not spell out, one after the other.
    cooked: String,
    /// Keys that the source does not spell out, as ranges of `cooked`.
    cooked_keys: FxHashMap<u32, Span>,
    tags: FxHashMap<u32, Span>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("file", &self.file).field("nodes", &self.nodes.len()).finish()
    }
}

impl Tree {
    /// A node of this tree.
    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { tree: self, id }
    }

    /// The top nodes of all documents that have one.
    pub fn roots(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.documents.iter().filter_map(|document| document.root).map(|id| self.node(id))
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the tree holds no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes that count, in the order of the documents; what a later equal key replaced is left out.
    pub fn all(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.roots().flat_map(NodeRef::walk)
    }

    /// Makes a node something else, unknown or gone for example, to see what becomes of an answer; returns what it was.
    pub fn set_kind(&mut self, id: NodeId, kind: NodeKind) -> NodeKind {
        std::mem::replace(&mut self.nodes[id.0 as usize].kind, kind)
    }

    /// The place in a file of a person's that a span of this tree stands for.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    fn key_text(&self, id: u32) -> &str {
        let node = &self.nodes[id as usize];
        if node.flags.has(Flags::KEY_COOKED) {
            return self
                .cooked_keys
                .get(&id)
                .and_then(|span| self.cooked.get(span.range()))
                .unwrap_or_default();
        }
        let quote = usize::from(node.flags.has(Flags::KEY_QUOTED));
        self.text.get(node.key.start as usize + quote..node.key.end as usize - quote).unwrap_or_default()
    }

    /// Whether a node stands under this key: what every lookup asks of every sibling, so most are told by their length.
    fn is_under(&self, id: u32, wanted: &str) -> bool {
        let node = &self.nodes[id as usize];
        if !node.flags.has(Flags::KEYED) {
            return false;
        }
        if node.flags.has(Flags::KEY_COOKED) {
            return self.key_text(id) == wanted;
        }
        let quote = usize::from(node.flags.has(Flags::KEY_QUOTED));
        let start = node.key.start as usize + quote;
        node.key.end as usize == start + wanted.len() + quote
            && self.text.as_bytes().get(start..start + wanted.len()) == Some(wanted.as_bytes())
    }
}

/// The first key of a path, and the rest of it. Paths are short: looking at each byte is quicker than a search.
pub fn first_step(path: &str) -> (&str, Option<&str>) {
    match path.bytes().position(|byte| byte == b'.') {
        Some(at) => (&path[..at], Some(&path[at + 1..])),
        None => (path, None),
    }
}

/// A node together with its tree; cheap to copy.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    tree: &'a Tree,
    id: NodeId,
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind(), self.path())
    }
}

impl PartialEq for NodeRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id == other.id
    }
}

impl Eq for NodeRef<'_> {}

impl<'a> NodeRef<'a> {
    fn raw(self) -> &'a Node {
        &self.tree.nodes[self.id.0 as usize]
    }

    /// The tree it belongs to.
    pub fn tree(self) -> &'a Tree {
        self.tree
    }

    /// Its id in that tree.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// What it is.
    pub fn kind(self) -> NodeKind {
        self.raw().kind
    }

    /// How it is written.
    pub fn style(self) -> Style {
        self.raw().style
    }

    /// Whether it stands here by an alias or a merge key; its span is then the anchor's.
    pub fn is_copied(self) -> bool {
        self.raw().flags.has(Flags::COPIED)
    }

    /// Whether it came in through a merge key; its key then stands at the anchor, too.
    pub fn is_merged(self) -> bool {
        self.raw().flags.has(Flags::MERGED)
    }

    /// The tag before it as written: `!Ref`, `!!str`.
    pub fn tag(self) -> Option<&'a str> {
        if !self.raw().flags.has(Flags::TAGGED) {
            return None;
        }
        self.tree.tags.get(&self.id.0).and_then(|span| self.tree.text.get(span.range()))
    }

    /// The bytes of the value, quotes included; of a collection, from its first to its last byte.
    pub fn span(self) -> Span {
        self.raw().span
    }

    /// Where that is.
    pub fn place(self) -> Place {
        self.tree.place(self.span())
    }

    /// The key under which it stands in a mapping.
    pub fn key(self) -> Option<&'a str> {
        let raw = self.raw();
        raw.flags.has(Flags::KEYED).then(|| self.tree.key_text(self.id.0))
    }

    /// The bytes of that key, quotes included.
    pub fn key_span(self) -> Option<Span> {
        let raw = self.raw();
        raw.flags.has(Flags::KEYED).then_some(raw.key)
    }

    /// The text of a scalar, quotes and escapes resolved; of a collection, nothing.
    pub fn text(self) -> &'a str {
        let raw = self.raw();
        if is_collection(raw.kind) {
            return "";
        }
        let from = if raw.flags.has(Flags::COOKED) { self.tree.cooked.as_str() } else { &self.tree.text };
        from.get(raw.a as usize..raw.b as usize).unwrap_or_default()
    }

    /// Where byte `offset` of [`Self::text`] stands in the source, if the source spells the text out.
    pub fn span_in_text(self, range: std::ops::Range<usize>) -> Span {
        let raw = self.raw();
        if raw.flags.has(Flags::COOKED) {
            // The text of a block scalar is in the source but for its indentation; find the piece there.
            let needle = self.text().get(range.clone()).unwrap_or_default();
            let source = &self.tree.text[raw.span.range()];
            let nth = self.text()[..range.start].matches(needle).count();
            return match source.match_indices(needle).nth(nth) {
                Some((at, _)) if !needle.is_empty() => {
                    Span::new(raw.span.start + at as u32, raw.span.start + (at + needle.len()) as u32)
                }
                _ => raw.span,
            };
        }
        Span::new(raw.a + range.start as u32, raw.a + range.end as u32)
    }

    /// The node that holds it.
    pub fn parent(self) -> Option<NodeRef<'a>> {
        let parent = self.raw().parent;
        (parent != NONE).then_some(NodeRef { tree: self.tree, id: NodeId(parent) })
    }

    /// The values of a mapping or the elements of a list, in order.
    pub fn children(self) -> Children<'a> {
        let raw = self.raw();
        Children { tree: self.tree, next: if is_collection(raw.kind) { raw.a } else { NONE } }
    }

    /// The node and everything below it, in order.
    pub fn walk(self) -> Walk<'a> {
        Walk { top: self, next: Some(self) }
    }

    /// The elements of a list; nothing for anything else.
    pub fn items(self) -> Children<'a> {
        if self.kind() == NodeKind::List { self.children() } else { Children { tree: self.tree, next: NONE } }
    }

    /// Keys and values of a mapping; nothing for anything else.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, NodeRef<'a>)> {
        let children = if self.kind() == NodeKind::Map {
            self.children()
        } else {
            Children { tree: self.tree, next: NONE }
        };
        children.map(|child| (child.key().unwrap_or_default(), child))
    }

    /// The value under `key`.
    pub fn get(self, key: &str) -> Option<NodeRef<'a>> {
        if self.kind() != NodeKind::Map {
            return None;
        }
        self.children().find(|child| child.tree.is_under(child.id.0, key))
    }

    /// The value at a path of keys separated by dots. A part that is a number selects from a list.
    pub fn at(self, path: &str) -> Option<NodeRef<'a>> {
        let mut node = self;
        let mut rest = Some(path);
        while let Some((part, tail)) = rest.map(first_step) {
            node = match node.kind() {
                NodeKind::List => node.items().nth(part.parse().ok()?)?,
                _ => node.get(part)?,
            };
            rest = tail;
        }
        Some(node)
    }

    /// The deepest node on that path that exists, and whether it is the whole path.
    pub fn nearest(self, path: &str) -> (NodeRef<'a>, bool) {
        let mut node = self;
        for part in path.split('.') {
            let next = match node.kind() {
                NodeKind::List => part.parse().ok().and_then(|at| node.items().nth(at)),
                _ => node.get(part),
            };
            match next {
                Some(child) => node = child,
                None => return (node, false),
            }
        }
        (node, true)
    }

    /// Whether it is a null, written or by an empty value.
    pub fn is_null(self) -> bool {
        self.kind() == NodeKind::Null
    }

    /// Whether its value cannot be known.
    pub fn is_unknown(self) -> bool {
        self.kind() == NodeKind::Unknown
    }

    /// A truth value.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == NodeKind::Bool).then(|| {
            matches!(self.text().as_bytes().first(), Some(b't' | b'T' | b'y' | b'Y')) || self.is_on()
        })
    }

    fn is_on(self) -> bool {
        self.text().eq_ignore_ascii_case("on")
    }

    /// A number; whole numbers as YAML 1.1 spells them.
    pub fn as_number(self) -> Option<f64> {
        match self.kind() {
            NodeKind::Int => whole(self.text()).map(|number| number as f64),
            NodeKind::Float => parse_float(self.text()),
            _ => None,
        }
    }

    /// The position among its siblings.
    pub fn index(self) -> usize {
        self.parent().map_or(0, |parent| parent.children().position(|child| child == self).unwrap_or(0))
    }

    /// The path from the document's top, as people and fingerprints write it: `spec.template.spec.containers[app].image`.
    /// An element of a list goes by its `name` (or `key`, or `type`) where it has one, so that the path survives insertions.
    pub fn path(self) -> String {
        let mut parts = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            parts.push(match node.key() {
                Some(key) => key.to_owned(),
                None => {
                    let name = ["name", "key", "type"].iter().find_map(|key| {
                        let value = node.get(key)?;
                        matches!(value.kind(), NodeKind::Text | NodeKind::Int).then(|| value.text())
                    });
                    name.map_or_else(|| format!("[{}]", node.index()), |name| format!("[{name}]"))
                }
            });
            node = parent;
        }
        parts.reverse();
        let mut path = String::new();
        for part in parts {
            if !path.is_empty() && !part.starts_with('[') {
                path.push('.');
            }
            path.push_str(&part);
        }
        path
    }
}

/// The children of a collection.
#[derive(Clone)]
pub struct Children<'a> {
    tree: &'a Tree,
    next: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = NodeRef<'a>;

    fn next(&mut self) -> Option<NodeRef<'a>> {
        if self.next == NONE {
            return None;
        }
        let node = NodeRef { tree: self.tree, id: NodeId(self.next) };
        self.next = node.raw().next;
        Some(node)
    }
}

/// A node and everything below it.
#[derive(Clone)]
pub struct Walk<'a> {
    top: NodeRef<'a>,
    next: Option<NodeRef<'a>>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = NodeRef<'a>;

    fn next(&mut self) -> Option<NodeRef<'a>> {
        let node = self.next?;
        let tree = node.tree;
        let at = |id: u32| (id != NONE).then_some(NodeRef { tree, id: NodeId(id) });
        let raw = node.raw();
        self.next = if is_collection(raw.kind) && raw.a != NONE {
            at(raw.a)
        } else {
            let mut from = node;
            loop {
                if from == self.top {
                    break None;
                }
                if let Some(sibling) = at(from.raw().next) {
                    break Some(sibling);
                }
                match at(from.raw().parent) {
                    Some(parent) => from = parent,
                    None => break None,
                }
            }
        };
        Some(node)
    }
}

/// A whole number as YAML 1.1 reads it: decimal, `0x`, `0o`, `0b`, a leading zero for octal, `_` between digits.
pub fn parse_int(text: &str) -> Option<i64> {
    whole(text)?.try_into().ok()
}

/// A whole number that Go's `strconv` takes for a signed or unsigned one of 64 bits, once underscores are gone.
fn whole(text: &str) -> Option<i128> {
    let plain: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => (Some(true), &plain[1..]),
        b'+' => (Some(false), &plain[1..]),
        _ => (None, &*plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| (byte as char).is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let number = if sign == Some(true) { -magnitude } else { magnitude };
    // Go reads what does not fit into a signed number as an unsigned one, and those have no sign.
    (sign.is_none() || i64::try_from(number).is_ok()).then_some(number)
}

/// Any other number as YAML 1.1 reads it.
pub fn parse_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    // Underscores are dropped, except in what starts with a point.
    let plain: Cow<'_, str> = if text.contains('_') && !text.starts_with('.') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    let shape = plain.strip_prefix(['+', '-']).unwrap_or(&plain).as_bytes();
    if !shape.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
        || !shape.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
    {
        return None;
    }
    // What is too large for a double is text.
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

/// What a plain scalar is to Kubernetes: the table of go-yaml, which is YAML 1.1 without sexagesimal numbers and with
/// timestamps as text.
pub fn resolve(text: &str) -> NodeKind {
    match text.as_bytes().first() {
        None => NodeKind::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if whole(text).is_some() {
                NodeKind::Int
            } else if parse_float(text).is_some() {
                NodeKind::Float
            } else {
                NodeKind::Text
            }
        }
        Some(b'.') => {
            if parse_float(text).is_some() {
                NodeKind::Float
            } else {
                NodeKind::Text
            }
        }
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" | "n" | "N"
            | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => NodeKind::Bool,
            "~" | "null" | "Null" | "NULL" => NodeKind::Null,
            _ => NodeKind::Text,
        },
        _ => NodeKind::Text,
    }
}

/// A scalar, as a parser hands it over.
#[derive(Debug)]
pub struct Scalar<'s> {
    /// What it is.
    pub kind: NodeKind,
    /// How it is written.
    pub style: Style,
    /// Its bytes, quotes included.
    pub span: Span,
    /// Its text; borrowed from the source where the source spells it out.
    pub text: Cow<'s, str>,
}

/// A mapping of more entries than this finds its keys by hash.
const SMALL: u32 = 24;

/// Why an anchor could not be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// The anchor's node is still open: it would contain itself.
    Cyclic,
    /// More nodes than the budget allows.
    Budget,
    /// A merge key can only bring in a mapping.
    NotAMap,
}

/// The key that waits for its value.
#[derive(Clone, Copy)]
struct Key {
    span: Span,
    flags: u8,
    cooked: Span,
}

/// A collection whose end has not come yet.
struct Open {
    node: u32,
    is_map: bool,
    /// The last byte that was written in it so far.
    end: u32,
    /// How many entries it has.
    entries: u32,
    /// Whether an entry lost to a later one with the same key.
    lost: bool,
    /// Hash of each key to its entry, once there are many. Hashes are seeded: whoever writes the file chooses the keys.
    index: Option<HashMap<u64, u32>>,
}

/// Builds a [`Tree`] from the events of a parser, without recursion.
///
/// Events in a senseless order never panic: a value without a key gets the key it would have had with empty text, a
/// second top node is kept out of the document, what is left open is closed.
pub struct Builder {
    tree: Tree,
    open: Vec<Open>,
    key: Option<Key>,
    detach: bool,
    seed: Option<RandomState>,
    document_start: u32,
    root: Option<NodeId>,
    /// How many nodes, cooked bytes, duplicates, cooked keys and tags there were before the document that is open.
    before: [usize; 5],
    /// Up to where lines were looked at for comments, and whether that line is blank so far.
    looked: (usize, bool),
}

impl Builder {
    /// A builder for the tree of `file`.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        let tree = Tree {
            file,
            documents: Vec::new(),
            comments: Vec::new(),
            duplicates: Vec::new(),
            nodes: Vec::with_capacity(text.len() / 20),
            cooked: String::new(),
            cooked_keys: FxHashMap::default(),
            tags: FxHashMap::default(),
            text,
        };
        Self {
            tree,
            open: Vec::new(),
            key: None,
            detach: false,
            seed: None,
            document_start: 0,
            root: None,
            before: [0; 5],
            looked: (0, true),
        }
    }

    /// The text that is parsed.
    pub fn text(&self) -> &Arc<str> {
        &self.tree.text
    }

    /// How many collections are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// How many nodes there are already.
    pub fn len(&self) -> usize {
        self.tree.nodes.len()
    }

    /// Whether there is no node yet.
    pub fn is_empty(&self) -> bool {
        self.tree.nodes.is_empty()
    }

    /// A node that was built already.
    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        self.tree.node(id)
    }

    /// Starts a document at this byte.
    pub fn begin_document(&mut self, start: u32) {
        self.close_all();
        self.forget_open();
        self.document_start = start;
        let tree = &self.tree;
        self.before = [
            tree.nodes.len(),
            tree.cooked.len(),
            tree.duplicates.len(),
            tree.cooked_keys.len(),
            tree.tags.len(),
        ];
    }

    /// Where the open document started.
    pub fn document_start(&self) -> u32 {
        self.document_start
    }

    /// Ends the document at this byte.
    pub fn end_document(&mut self, end: u32) {
        self.close_all();
        let span = Span::new(self.document_start, end);
        self.tree.documents.push(Document { root: self.root.take(), span });
        self.begin_document(end);
    }

    /// Forgets the document that is open: it could not be read.
    pub fn abandon_document(&mut self) {
        let [nodes, cooked, duplicates, keys, tags] = self.before;
        self.tree.nodes.truncate(nodes);
        self.tree.cooked.truncate(cooked);
        self.tree.duplicates.truncate(duplicates);
        if self.tree.cooked_keys.len() > keys {
            self.tree.cooked_keys.retain(|id, _| (*id as usize) < nodes);
        }
        if self.tree.tags.len() > tags {
            self.tree.tags.retain(|id, _| (*id as usize) < nodes);
        }
        self.forget_open();
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close(None);
        }
    }

    fn forget_open(&mut self) {
        self.root = None;
        self.open.clear();
        self.key = None;
        self.detach = false;
    }

    /// The key of the next value; `span` covers it with its quotes.
    pub fn key(&mut self, span: Span, text: Cow<'_, str>) {
        let source: &str = &self.tree.text;
        let quoted =
            matches!(source.as_bytes().get(span.start as usize), Some(b'"' | b'\'')) && span.len() >= 2;
        let spelled = |from: u32, to: u32| {
            (to - from) as usize == text.len()
                && source
                    .get(from as usize..to as usize)
                    .is_some_and(|spelled| std::ptr::eq(spelled.as_ptr(), text.as_ptr()) || spelled == text)
        };
        let (flags, cooked) = if quoted && spelled(span.start + 1, span.end - 1) {
            (Flags::KEY_QUOTED, Span::default())
        } else if spelled(span.start, span.end) {
            (0, Span::default())
        } else {
            (Flags::KEY_COOKED, self.cook(&text))
        };
        self.key = Some(Key { span, flags, cooked });
    }

    /// Whether the innermost open collection is a mapping that waits for a key.
    pub fn wants_key(&self) -> bool {
        self.key.is_none() && !self.detach && self.open.last().is_some_and(|open| open.is_map)
    }

    /// Whether a key waits for its value.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Keeps the next node out of the tree. It can still be copied and merged.
    pub fn detach_next(&mut self) {
        self.key = None;
        self.detach = true;
    }

    /// A scalar value.
    pub fn scalar(&mut self, scalar: Scalar<'_>) -> NodeId {
        let mut node = Node::new(scalar.kind, scalar.style, scalar.span);
        if is_collection(scalar.kind) {
            return self.push(node);
        }
        let source: &str = &self.tree.text;
        let at = (scalar.text.as_ptr() as usize).wrapping_sub(source.as_ptr() as usize);
        let inside = at <= source.len() && at + scalar.text.len() <= source.len();
        if matches!(scalar.text, Cow::Borrowed(_)) && inside {
            (node.a, node.b) = (at as u32, (at + scalar.text.len()) as u32);
        } else if source.get(scalar.span.range()) == Some(scalar.text.as_ref()) {
            (node.a, node.b) = (scalar.span.start, scalar.span.end);
        } else {
            let cooked = self.cook(&scalar.text);
            (node.a, node.b) = (cooked.start, cooked.end);
            node.flags.set(Flags::COOKED);
        }
        self.push(node)
    }

    /// Opens a list or a mapping.
    pub fn open(&mut self, kind: NodeKind, style: Style, start: u32) -> NodeId {
        let kind = if is_collection(kind) { kind } else { NodeKind::Map };
        let id = self.push(Node::new(kind, style, Span::new(start, start)));
        self.open.push(Open {
            node: id.0,
            is_map: kind == NodeKind::Map,
            end: start,
            entries: 0,
            lost: false,
            index: None,
        });
        id
    }

    /// Closes the innermost collection. Without `end`, it ends with the last thing written in it.
    pub fn close(&mut self, end: Option<u32>) {
        let Some(open) = self.open.pop() else { return };
        self.key = None;
        if open.lost {
            self.unlink_lost(open.node);
        }
        let node = &mut self.tree.nodes[open.node as usize];
        let end = end.unwrap_or(open.end).min(self.tree.text.len() as u32);
        node.span = Span::new(node.span.start, end);
        let Span { start, end } = node.span;
        let parent = node.parent;
        self.begin_at(parent, start);
        self.reach(end);
    }

    /// A collection starts no later than what is written in it; tables of TOML come in pieces.
    fn begin_at(&mut self, collection: u32, start: u32) {
        if let Some(node) = self.tree.nodes.get_mut(collection as usize) {
            node.span.start = node.span.start.min(start);
        }
    }

    /// Something that makes no node of its own, such as an alias, ends at this byte in the innermost collection.
    pub fn reach(&mut self, end: u32) {
        if let Some(open) = self.open.last_mut() {
            open.end = open.end.max(end);
        }
    }

    /// The tag that a node has.
    pub fn tag(&mut self, id: NodeId, span: Span) {
        if let Some(node) = self.tree.nodes.get_mut(id.0 as usize) {
            node.flags.set(Flags::TAGGED);
            self.tree.tags.insert(id.0, span);
        }
    }

    /// A comment.
    pub fn comment(&mut self, span: Span) {
        let text: &str = &self.tree.text;
        let start = (span.start as usize).min(text.len());
        let (from, blank) = if self.looked.0 <= start { self.looked } else { (0, true) };
        let before = text.get(from..start).unwrap_or_default();
        let own_line = match before.rfind('\n') {
            Some(at) => before[at..].trim().is_empty(),
            None => blank && before.trim_start_matches('\u{feff}').trim().is_empty(),
        };
        self.looked = (span.end as usize, false);
        self.tree.comments.push(Comment { span, own_line });
    }

    /// Forgets the comments from this byte on; the text there is read again.
    pub fn forget_comments(&mut self, from: u32) {
        while self.tree.comments.pop_if(|comment| comment.span.start >= from).is_some() {}
        self.looked = (0, true);
    }

    /// Copies the subtree of an anchor as the next value, at most `budget` nodes; returns how many it took.
    pub fn copy(&mut self, target: NodeId, budget: usize) -> Result<usize, CopyError> {
        if self.open.iter().any(|open| open.node == target.0) {
            return Err(CopyError::Cyclic);
        }
        // A subtree lies in one piece: everything between its opening and its closing.
        let mut last = target.0;
        loop {
            let node = &self.tree.nodes[last as usize];
            if !is_collection(node.kind) || node.b == NONE {
                break;
            }
            last = node.b;
        }
        let taken = (last - target.0) as usize + 1;
        if taken > budget {
            return Err(CopyError::Budget);
        }
        let mut top = self.tree.nodes[target.0 as usize];
        top.flags.clear(Flags::KEYED | Flags::KEY_QUOTED | Flags::KEY_COOKED | Flags::MERGED | Flags::LOST);
        top.flags.set(Flags::COPIED);
        (top.parent, top.next) = (NONE, NONE);
        let first = self.tree.nodes.len() as u32;
        let moved = |id: u32| if id == NONE { NONE } else { first + (id - target.0) };
        if is_collection(top.kind) {
            (top.a, top.b) = (moved(top.a), moved(top.b));
        }
        self.push(top);
        self.tree.nodes.reserve(taken - 1);
        for id in target.0 + 1..=last {
            let mut node = self.tree.nodes[id as usize];
            node.flags.set(Flags::COPIED);
            // What a duplicate or a merge left behind points nowhere inside, and nobody points at it.
            (node.parent, node.next) = (moved(node.parent), moved(node.next));
            if is_collection(node.kind) {
                (node.a, node.b) = (moved(node.a), moved(node.b));
            }
            self.tree.nodes.push(node);
        }
        for id in target.0..=last {
            let flags = self.tree.nodes[id as usize].flags;
            if flags.has(Flags::TAGGED)
                && let Some(tag) = self.tree.tags.get(&id).copied()
            {
                self.tree.tags.insert(moved(id), tag);
            }
            if id != target.0
                && flags.has(Flags::KEY_COOKED)
                && let Some(key) = self.tree.cooked_keys.get(&id).copied()
            {
                self.tree.cooked_keys.insert(moved(id), key);
            }
        }
        Ok(taken)
    }

    /// Puts the entries of mapping `target` into the innermost open mapping, except for keys that it has already: a merge
    /// key. Returns how many nodes it took.
    pub fn merge(&mut self, target: NodeId, budget: usize) -> Result<usize, CopyError> {
        self.key = None;
        let into = match self.open.last() {
            Some(open) if open.is_map => self.open.len() - 1,
            _ => return Err(CopyError::NotAMap),
        };
        if self.open.iter().any(|open| open.node == target.0) {
            return Err(CopyError::Cyclic);
        }
        if !self.is_map(target.0) {
            return Err(CopyError::NotAMap);
        }
        let mut taken = 0;
        let mut child = self.tree.nodes[target.0 as usize].a;
        while child != NONE {
            // Looking at a key costs as much as taking it.
            taken += 1;
            if taken > budget {
                return Err(CopyError::Budget);
            }
            let node = self.tree.nodes[child as usize];
            if self.find(into, child).is_none() {
                let cooked = self.tree.cooked_keys.get(&child).copied().unwrap_or_default();
                let flags = node.flags.0 & (Flags::KEY_QUOTED | Flags::KEY_COOKED) | Flags::MERGED;
                self.key = Some(Key { span: node.key, flags, cooked });
                taken += self.copy(NodeId(child), budget - taken)?;
            }
            child = node.next;
        }
        Ok(taken)
    }

    /// The finished tree.
    pub fn finish(mut self) -> Tree {
        if !self.tree.comments.is_sorted_by_key(|comment| comment.span) {
            self.tree.comments.sort_by_key(|comment| comment.span);
        }
        if self.tree.nodes.capacity() > 2 * self.tree.nodes.len() {
            self.tree.nodes.shrink_to_fit();
        }
        self.tree
    }

    fn is_map(&self, id: u32) -> bool {
        self.tree.nodes.get(id as usize).is_some_and(|node| node.kind == NodeKind::Map)
    }

    fn cook(&mut self, text: &str) -> Span {
        let start = self.tree.cooked.len() as u32;
        self.tree.cooked.push_str(text);
        Span::new(start, self.tree.cooked.len() as u32)
    }

    fn push(&mut self, mut node: Node) -> NodeId {
        let id = self.tree.nodes.len() as u32;
        let detached = std::mem::take(&mut self.detach);
        let key = self.key.take();
        let parent = if detached { None } else { self.open.last().map(|open| (open.node, open.is_map)) };
        let Some((parent, in_map)) = parent else {
            self.tree.nodes.push(node);
            if !detached && self.open.is_empty() {
                self.root.get_or_insert(NodeId(id));
            }
            return NodeId(id);
        };
        let mut reached = if node.flags.has(Flags::COPIED) { 0 } else { node.span.end };
        if in_map {
            let here = Span::new(node.span.start, node.span.start);
            let key = key.unwrap_or(Key { span: here, flags: 0, cooked: Span::default() });
            node.key = key.span;
            node.flags.set(Flags::KEYED | key.flags);
            if key.flags & Flags::KEY_COOKED != 0 {
                self.tree.cooked_keys.insert(id, key.cooked);
            }
            if key.flags & Flags::MERGED == 0 {
                reached = reached.max(key.span.end);
                self.begin_at(parent, key.span.start);
            }
        }
        node.parent = parent;
        self.tree.nodes.push(node);
        let earlier = if in_map { self.find(self.open.len() - 1, id) } else { None };
        let last = std::mem::replace(&mut self.tree.nodes[parent as usize].b, id);
        match last {
            NONE => self.tree.nodes[parent as usize].a = id,
            last => self.tree.nodes[last as usize].next = id,
        }
        if let Some(earlier) = earlier {
            self.lose(parent, earlier, id);
        }
        self.reach(reached);
        if in_map {
            self.enter(id);
        }
        NodeId(id)
    }

    /// The entry of the open mapping number `at` that has the same key as node `id`.
    fn find(&self, at: usize, id: u32) -> Option<u32> {
        let open = &self.open[at];
        let key = self.tree.key_text(id);
        if let (Some(index), Some(seed)) = (&open.index, &self.seed) {
            return index.get(&seed.hash_one(key)).copied().filter(|found| self.tree.key_text(*found) == key);
        }
        let mut child = self.tree.nodes[open.node as usize].a;
        while child != NONE {
            let node = &self.tree.nodes[child as usize];
            if !node.flags.has(Flags::LOST) && self.tree.key_text(child) == key {
                return Some(child);
            }
            child = node.next;
        }
        None
    }

    /// Remembers the key of a new entry of the innermost mapping, once that is worth it.
    fn enter(&mut self, id: u32) {
        let Some(open) = self.open.last_mut() else { return };
        open.entries += 1;
        if open.entries <= SMALL {
            return;
        }
        let seed = self.seed.get_or_insert_with(RandomState::new);
        if let Some(index) = &mut open.index {
            index.insert(seed.hash_one(self.tree.key_text(id)), id);
            return;
        }
        let mut index = HashMap::with_capacity(4 * SMALL as usize);
        let mut child = self.tree.nodes[open.node as usize].a;
        while child != NONE {
            if !self.tree.nodes[child as usize].flags.has(Flags::LOST) {
                index.insert(seed.hash_one(self.tree.key_text(child)), child);
            }
            child = self.tree.nodes[child as usize].next;
        }
        open.index = Some(index);
    }

    /// The later of two equal keys counts, as in every decoder that Kubernetes uses; the earlier is remembered. It leaves
    /// the list when the mapping closes.
    fn lose(&mut self, map: u32, earlier: u32, later: u32) {
        let node = &mut self.tree.nodes[earlier as usize];
        node.flags.set(Flags::LOST);
        // What a merge key brought in gives way silently: that is what it is for.
        if !node.flags.has(Flags::MERGED) {
            let lost = node.key;
            self.tree.duplicates.push(Duplicate { map: NodeId(map), kept: NodeId(later), lost });
        }
        if let Some(open) = self.open.last_mut() {
            open.lost = true;
        }
    }

    fn unlink_lost(&mut self, map: u32) {
        let mut child = self.tree.nodes[map as usize].a;
        let (mut first, mut last) = (NONE, NONE);
        while child != NONE {
            let node = &self.tree.nodes[child as usize];
            let next = node.next;
            if !node.flags.has(Flags::LOST) {
                match last {
                    NONE => first = child,
                    last => self.tree.nodes[last as usize].next = child,
                }
                last = child;
            }
            child = next;
        }
        if last != NONE {
            self.tree.nodes[last as usize].next = NONE;
        }
        (self.tree.nodes[map as usize].a, self.tree.nodes[map as usize].b) = (first, last);
    }
}
