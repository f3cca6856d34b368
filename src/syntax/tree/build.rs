//! Building a tree from the events of a parser: anchors copied under a budget, merge keys and repeated keys settled, comments
//! found.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Comment, Document, Duplicate, Flags, NONE, Node, NodeId, NodeKind, NodeRef, Style, Tree, is_collection,
    sign,
};
use crate::source::{FileId, Span};

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

/// The start of a document that may have to be read once more.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    documents: usize,
    before: [usize; 5],
    document_start: u32,
}

impl Builder {
    /// A builder for the tree of `file`.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        let tree = Tree {
            file,
            documents: Vec::new(),
            comments: Vec::new(),
            duplicates: Vec::new(),
            embedded: None,
            to_come: Vec::new(),
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

    /// The place to which [`Builder::return_to`] goes back: the start of the document that is open.
    pub fn mark(&self) -> Mark {
        Mark {
            documents: self.tree.documents.len(),
            before: self.before,
            document_start: self.document_start,
        }
    }

    /// Forgets every document from a mark on, for they are read in another way; their comments too.
    pub fn return_to(&mut self, mark: &Mark) {
        self.tree.documents.truncate(mark.documents);
        self.before = mark.before;
        self.abandon_document();
        self.document_start = mark.document_start;
        while self.tree.comments.pop_if(|comment| comment.span.start >= mark.document_start).is_some() {}
        self.looked = (0, true);
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
        if in_map {
            self.tree.nodes[id as usize].sign = sign(self.tree.key_text(id));
        }
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
        let sign = self.tree.nodes[id as usize].sign;
        let mut child = self.tree.nodes[open.node as usize].a;
        while child != NONE {
            let node = &self.tree.nodes[child as usize];
            if node.sign == sign && !node.flags.has(Flags::LOST) && self.tree.key_text(child) == key {
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
