//! Where nodes came from: the documents that they were written in, and what was done to them since.
//!
//! During a build this is one list for the whole project, so that what several overlays share is loaded once. When a
//! rendering is printed, what it uses is translated into [`Origins`] of its own.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::left_out::Stands;
use super::lines::Lines;

use crate::render::origin::{How, Origin, Origins, Source};
use crate::render::text::Piece;
use crate::render::{Document, Rendered};
use crate::source::{Place, Span};
use crate::syntax::tree::{NodeId, NodeKind, NodeRef, Style, Tree};

/// Where a node or a key came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum From {
    /// Nothing is known.
    #[default]
    Nowhere,
    /// This node of this document.
    Node(u32, u32),
    /// The key of this node of this document.
    Key(u32, u32),
    /// By position in the list of what was made.
    Made(u32),
}

#[derive(Debug)]
pub(super) enum Made {
    /// Bytes of a file that is no tree.
    At(Place),
    /// One that took the place of another.
    Over(From, From),
    /// Made of others.
    Of(How, SmallVec<[From; 4]>),
}

/// A tree, and how its places are turned into places of a file.
struct Written<'a> {
    tree: Held<'a>,
    within: Within,
}

enum Held<'a> {
    Borrowed(&'a Tree),
    Owned(Box<Tree>),
}

/// What the text of a tree is.
enum Within {
    /// A file.
    File,
    /// The text of a scalar of another tree: a patch written inside a kustomization. Its lines, if the file spells them out.
    Scalar(u32, NodeId, Option<Lines>),
    /// A document that another renderer made.
    Rendered(Rc<Rendered>, usize),
}

/// The documents and the changes of a project.
#[derive(Default)]
pub(super) struct Trail<'a> {
    written: Vec<Written<'a>>,
    made: Vec<Made>,
}

impl<'a> Trail<'a> {
    /// Takes in the tree of a file.
    pub(super) fn borrow(&mut self, tree: &'a Tree) -> u32 {
        self.push(Held::Borrowed(tree), Within::File)
    }

    /// Takes in the tree of a file that nobody else has read.
    pub(super) fn own(&mut self, tree: Tree) -> u32 {
        self.push(Held::Owned(Box::new(tree)), Within::File)
    }

    /// Takes in a document that another renderer made.
    pub(super) fn rendered(&mut self, tree: Tree, rendered: Rc<Rendered>, document: usize) -> u32 {
        self.push(Held::Owned(Box::new(tree)), Within::Rendered(rendered, document))
    }

    /// Takes in the tree of a scalar's text.
    pub(super) fn inside(&mut self, tree: Tree, outer: From) -> u32 {
        let From::Node(document, node) = outer else { return self.own(tree) };
        let lines = Lines::of(self.node(document, NodeId(node)));
        self.push(Held::Owned(Box::new(tree)), Within::Scalar(document, NodeId(node), lines))
    }

    fn push(&mut self, tree: Held<'a>, within: Within) -> u32 {
        self.written.push(Written { tree, within });
        self.written.len() as u32 - 1
    }

    pub(super) fn tree(&self, document: u32) -> &Tree {
        match &self.written[document as usize].tree {
            Held::Borrowed(tree) => tree,
            Held::Owned(tree) => tree,
        }
    }

    /// The rendering of a chart that a document is of, and which of its documents it is.
    pub(super) fn chart(&self, document: u32) -> Option<(Rc<Rendered>, usize)> {
        match &self.written[document as usize].within {
            Within::Rendered(rendered, at) => Some((Rc::clone(rendered), *at)),
            Within::File | Within::Scalar(..) => None,
        }
    }

    fn node(&self, document: u32, node: NodeId) -> NodeRef<'_> {
        self.tree(document).node(node)
    }

    /// Bytes of a file that is no tree.
    pub(super) fn at(&mut self, place: Place) -> From {
        self.make(Made::At(place))
    }

    /// What took the place of another.
    pub(super) fn over(&mut self, by: From, before: From) -> From {
        match (by, before) {
            (From::Nowhere, before) => before,
            (by, From::Nowhere) => by,
            (by, before) if by == before => by,
            _ => self.make(Made::Over(by, before)),
        }
    }

    /// Made of these, as far as they say anything.
    pub(super) fn of(&mut self, how: How, parts: &[From]) -> From {
        let parts: SmallVec<[From; 4]> =
            parts.iter().copied().filter(|part| *part != From::Nowhere).take(4).collect();
        match (parts.as_slice(), how) {
            ([], _) => From::Nowhere,
            ([one], How::Chosen | How::Joined) => *one,
            _ => self.make(Made::Of(how, parts)),
        }
    }

    /// The same for any number of parts.
    pub(super) fn of_all(&mut self, how: How, parts: &[From]) -> From {
        const EACH: usize = 4;
        if parts.len() <= EACH {
            return self.of(how, parts);
        }
        let groups: Vec<From> = parts.chunks(EACH).map(|group| self.of(how, group)).collect();
        self.of_all(how, &groups)
    }

    pub(super) fn made(&self, at: u32) -> &'_ Made {
        &self.made[at as usize]
    }

    fn make(&mut self, made: Made) -> From {
        self.made.push(made);
        From::Made(self.made.len() as u32 - 1)
    }

    /// The place that a person would look at, if it is in a file.
    pub(super) fn place(&self, from: From) -> Option<Place> {
        match from {
            From::Nowhere => None,
            From::Node(document, node) => self.map(document, self.node(document, NodeId(node)).span()),
            From::Key(document, node) => self.map(document, self.node(document, NodeId(node)).key_span()?),
            From::Made(at) => match &self.made[at as usize] {
                Made::At(place) => Some(*place),
                Made::Over(by, _) => self.place(*by),
                Made::Of(_, parts) => parts.iter().find_map(|part| self.place(*part)),
            },
        }
    }

    /// The bytes of a file that a span of a document stands for.
    pub(super) fn map(&self, document: u32, span: Span) -> Option<Place> {
        let written = &self.written[document as usize];
        match &written.within {
            Within::File => Some(Place { file: self.tree(document).file, span }),
            Within::Scalar(outer, node, lines) => {
                let outer_node = self.node(*outer, *node);
                let span = match lines {
                    _ if outer_node.style() != Style::Block => {
                        let len = outer_node.text().len();
                        outer_node.span_in_text((span.start as usize).min(len)..(span.end as usize).min(len))
                    }
                    Some(lines) => Span::new(lines.place(span.start), lines.place(span.end)),
                    None => outer_node.span(),
                };
                self.map(*outer, span)
            }
            Within::Rendered(rendered, at) => {
                let document = rendered.documents.get(*at)?;
                let origins = document.text.origins(span.start as usize, span.end as usize);
                origins.iter().find_map(|origin| first_place(&rendered.origins, *origin))
            }
        }
    }
}

/// The first place that an origin names.
fn first_place(origins: &Origins, origin: Origin) -> Option<Place> {
    match origins.get(origin) {
        Source::Literal(place) | Source::Node { place, .. } => Some(*place),
        Source::Unknown(_, place) => *place,
        Source::Missing { map, .. } => first_place(origins, *map),
        Source::Of(_, parts) => parts.iter().find_map(|part| first_place(origins, *part)),
        Source::Nothing | Source::Given(_) => None,
    }
}

/// Translates what one rendering uses.
pub(super) struct Export<'t, 'a> {
    pub(super) trail: &'t Trail<'a>,
    pub(super) origins: Origins,
    /// Where what is printed now stood in the document of a chart, where that matters.
    pub(super) stands: Option<Stands>,
    seen: FxHashMap<(From, Origin), Origin>,
    paths: FxHashMap<(u32, u32), Rc<str>>,
    /// What came in with the rendering of a chart, by the rendering's address.
    foreign: FxHashMap<(usize, Origin), Origin>,
}

impl<'t, 'a> Export<'t, 'a> {
    pub(super) fn new(trail: &'t Trail<'a>) -> Self {
        Self {
            trail,
            origins: Origins::default(),
            stands: None,
            seen: FxHashMap::default(),
            paths: FxHashMap::default(),
            foreign: FxHashMap::default(),
        }
    }

    /// The origin in the rendering's own list.
    pub(super) fn origin(&mut self, from: From) -> Origin {
        self.over(from, Origin::NONE)
    }

    /// What is printed up to `end` came from here.
    pub(super) fn stands(&mut self, from: From, end: usize) {
        let Some(stands) = &mut self.stands else { return };
        let start = match from {
            From::Key(document, node) => self.trail.node(document, NodeId(node)).key_span(),
            From::Node(document, node) => Some(self.trail.node(document, NodeId(node)).span()),
            From::Nowhere | From::Made(_) => None,
        };
        if let Some(start) = start {
            stands.note(from, start.start, end);
        }
    }

    /// The same for what took the place of `before`.
    pub(super) fn over(&mut self, from: From, before: Origin) -> Origin {
        if from == From::Nowhere {
            return before;
        }
        if let Some(origin) = self.seen.get(&(from, before)) {
            return *origin;
        }
        let trail = self.trail;
        let origin = match from {
            From::Nowhere => before,
            From::Node(document, node) => {
                self.node(document, node, trail.node(document, NodeId(node)).span(), before)
            }
            From::Key(document, node) => {
                let span = trail.node(document, NodeId(node)).key_span().unwrap_or_default();
                self.node(document, node, span, before)
            }
            From::Made(at) => match &trail.made[at as usize] {
                Made::At(place) => self.origins.add(Source::Node { place: *place, path: "".into(), before }),
                Made::Over(by, earlier) => {
                    let earlier = self.over(*earlier, before);
                    self.over(*by, earlier)
                }
                Made::Of(how, parts) => {
                    // The first part is what took the place of the other.
                    let earlier = |at| if at == 0 { before } else { Origin::NONE };
                    let all: SmallVec<[Origin; 4]> =
                        parts.iter().enumerate().map(|(at, part)| self.over(*part, earlier(at))).collect();
                    self.origins.of(*how, all)
                }
            },
        };
        self.seen.insert((from, before), origin);
        origin
    }

    pub(super) fn node(&mut self, document: u32, node: u32, span: Span, before: Origin) -> Origin {
        let trail = self.trail;
        if let Within::Rendered(rendered, at) = &trail.written[document as usize].within {
            let Some(Document { text, .. }) = rendered.documents.get(*at) else { return before };
            let pieces = text.pieces_in(span.start as usize, span.end as usize);
            let mut parts: SmallVec<[Origin; 4]> =
                pieces.map(|(first, piece)| self.piece(rendered, first, piece, span)).collect();
            parts.dedup();
            parts.push(before);
            return self.origins.of(How::Joined, parts);
        }
        let Some(place) = trail.map(document, span) else { return before };
        let path = self.path(document, node);
        self.origins.add(Source::Node { place, path: (&*path).into(), before })
    }

    /// The part of a piece that lies in `span`: of text that stands in its file as it was printed, that part alone.
    fn piece(&mut self, rendered: &Rc<Rendered>, first: usize, piece: Piece, span: Span) -> Origin {
        let first = first as u32;
        match rendered.origins.get(piece.origin) {
            Source::Literal(place) if place.span.len() == piece.end - first => {
                let at = |offset: u32| place.span.start + (offset.clamp(first, piece.end) - first);
                let span = Span::new(at(span.start), at(span.end));
                self.origins.add(Source::Literal(Place { file: place.file, span }))
            }
            _ => self.import(rendered, piece.origin),
        }
    }

    /// The origin in the rendering's own list of one in the list of a chart's rendering.
    pub(super) fn import(&mut self, rendered: &Rc<Rendered>, origin: Origin) -> Origin {
        let key = (Rc::as_ptr(rendered).cast::<()>() as usize, origin);
        if let Some(origin) = self.foreign.get(&key) {
            return *origin;
        }
        let source = match rendered.origins.get(origin).clone() {
            Source::Node { place, path, before } => {
                Source::Node { place, path, before: self.import(rendered, before) }
            }
            Source::Missing { map, key } => Source::Missing { map: self.import(rendered, map), key },
            Source::Of(how, parts) => {
                Source::Of(how, parts.into_iter().map(|part| self.import(rendered, part)).collect())
            }
            other => other,
        };
        let imported = self.origins.add(source);
        self.foreign.insert(key, imported);
        imported
    }

    /// The path of keys of a node in its document.
    fn path(&mut self, document: u32, node: u32) -> Rc<str> {
        if let Some(path) = self.paths.get(&(document, node)) {
            return Rc::clone(path);
        }
        let here = self.trail.node(document, NodeId(node));
        let path: Rc<str> = match here.parent() {
            None => Rc::from(""),
            Some(parent) => {
                let above = self.path(document, parent.id().0);
                match (here.key(), &*above) {
                    (Some(key), "") => Rc::from(key),
                    (Some(key), above) => Rc::from(format!("{above}.{key}")),
                    (None, above) => {
                        // All at once: to count for each of many elements would take its time.
                        for (index, child) in parent.children().enumerate() {
                            let path = Rc::from(format!("{above}{}", step(child, index)));
                            self.paths.insert((document, child.id().0), path);
                        }
                        return self.paths.get(&(document, node)).map_or_else(|| Rc::from(above), Rc::clone);
                    }
                }
            }
        };
        self.paths.insert((document, node), Rc::clone(&path));
        path
    }
}

/// An element of a list in a path: by its name, if it has one.
fn step(element: NodeRef<'_>, index: usize) -> String {
    let name = ["name", "key", "type"].iter().find_map(|key| {
        let value = element.get(key)?;
        matches!(value.kind(), NodeKind::Text | NodeKind::Int).then(|| value.text())
    });
    name.map_or_else(|| format!("[{index}]"), |name| format!("[{name}]"))
}
