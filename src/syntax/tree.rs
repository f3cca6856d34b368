//! The one tree: nodes with a kind, a text and a span, in one flat list a file.
//!
//! It is not a document object model to be edited; edits are text edits at spans. A node is 36 bytes and its text is a
//! range of the source wherever the source spells it out, so ten thousand manifests fit in a few dozen megabytes. Aliases
//! and merge keys are expanded by the parser, under a budget: whoever reads a tree never meets one.

mod build;
mod scalar;

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::source::{FileId, Place, Span};

pub use build::{Builder, CopyError, Mark, Scalar};
pub use scalar::{parse_float, parse_int, resolve};

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
    /// What most other keys do not have in common with this one's.
    sign: u8,
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
            sign: 0,
            span,
            key: Span::default(),
            parent: NONE,
            next: NONE,
            a,
            b,
        }
    }
}

/// A byte that tells most keys apart: a search for one need not look at the text of the others.
fn sign(key: &str) -> u8 {
    let bytes = key.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let ends = at(0).wrapping_mul(31) ^ at(bytes.len().wrapping_sub(1)).wrapping_mul(17);
    ends ^ at(bytes.len() / 2).wrapping_mul(7) ^ (bytes.len() as u8).wrapping_mul(59)
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
    /// If it is what a scalar of another tree says: the namespace of the object there, or nothing.
    pub embedded: Option<String>,
    /// Keys that mappings may get later, from somebody who says more.
    pub to_come: Vec<(NodeId, String)>,
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

    /// This tree as what a scalar of another file says: each of its places is that scalar.
    #[must_use]
    pub fn held_by(mut self, scalar: NodeRef<'_>) -> Self {
        let span = scalar.span();
        for id in 0..self.nodes.len() {
            let flags = self.nodes[id].flags;
            if flags.has(Flags::KEYED) {
                let start = self.cooked.len() as u32;
                let key = self.key_text(id as u32).to_owned();
                self.cooked.push_str(&key);
                self.cooked_keys.insert(id as u32, Span::new(start, self.cooked.len() as u32));
            }
            let node = &mut self.nodes[id];
            if flags.has(Flags::KEYED) {
                node.flags.set(Flags::KEY_COOKED);
                node.flags.clear(Flags::KEY_QUOTED);
                node.key = span;
            }
            if !is_collection(node.kind) && !flags.has(Flags::COOKED) {
                let start = self.cooked.len() as u32;
                let range = node.a as usize..node.b as usize;
                self.cooked.push_str(self.text.get(range).unwrap_or_default());
                (node.a, node.b) = (start, self.cooked.len() as u32);
                node.flags.set(Flags::COOKED);
            }
            node.flags.clear(Flags::TAGGED);
            node.span = span;
        }
        self.documents.iter_mut().for_each(|document| document.span = span);
        self.comments.clear();
        self.duplicates.clear();
        self.tags.clear();
        Self { file: scalar.tree().file, text: Arc::clone(&scalar.tree().text), ..self }
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

    /// Whether a node stands under this key.
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

    /// Whether somebody may add this key later.
    pub fn may_get(self, key: &str) -> bool {
        self.tree.to_come.iter().any(|(map, other)| *map == self.id && other == key)
    }

    /// The key under which it stands in a mapping.
    pub fn key(self) -> Option<&'a str> {
        let raw = self.raw();
        raw.flags.has(Flags::KEYED).then(|| self.tree.key_text(self.id.0))
    }

    /// Whether it stands under this key.
    pub fn is_under(self, key: &str) -> bool {
        self.tree.is_under(self.id.0, key)
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
        let tree = self.tree;
        let raw = self.raw();
        if raw.kind != NodeKind::Map {
            return None;
        }
        let sign = sign(key);
        let mut at = raw.a;
        while let Some(node) = tree.nodes.get(at as usize) {
            if node.sign == sign && tree.is_under(at, key) {
                return Some(NodeRef { tree, id: NodeId(at) });
            }
            at = node.next;
        }
        None
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
            NodeKind::Int => scalar::whole(self.text()).map(|number| number as f64),
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
        self.path_below(None)
    }

    /// The same path from a node that holds this one.
    pub fn path_below(self, top: Option<NodeRef<'a>>) -> String {
        let mut steps: SmallVec<[NodeRef<'a>; 16]> = SmallVec::new();
        let mut node = self;
        while let Some(parent) = node.parent().filter(|_| Some(node) != top) {
            steps.push(node);
            node = parent;
        }
        let mut path = String::with_capacity(16 * steps.len());
        for step in steps.into_iter().rev() {
            match step.key() {
                Some(key) => {
                    if !path.is_empty() && !key.starts_with('[') {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                None => {
                    let name = ["name", "key", "type"].iter().find_map(|key| {
                        let value = step.get(key)?;
                        matches!(value.kind(), NodeKind::Text | NodeKind::Int).then(|| value.text())
                    });
                    path.push('[');
                    match name {
                        Some(name) => path.push_str(name),
                        None => path.push_str(&step.index().to_string()),
                    }
                    path.push(']');
                }
            }
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
