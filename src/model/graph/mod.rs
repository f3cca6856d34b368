//! The graph of a project: what requests pass and where messages end, and what is missing there. Plain data, to be drawn by whoever likes.
//!
//! Each kind of way has a module that adds its part, so that another one is a line in [`PARTS`].

mod calls;
mod queues;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::{Model, Thing};
use crate::syntax::tree::NodeRef;

/// What adds to the graph.
const PARTS: [fn(&mut Draft<'_, '_>); 2] = [calls::draw, queues::draw];

/// A graph.
#[derive(Debug, Default, Serialize)]
pub struct Graph {
    /// The stations, in order of path and offset.
    pub nodes: Vec<Node>,
    /// What leads from one to another.
    pub edges: Vec<Edge>,
}

/// A station.
#[derive(Debug, Serialize)]
pub struct Node {
    /// Its name in the graph.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// What people call it.
    pub name: String,
    /// Who does the work there, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What is deployed together with it.
    pub unit: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is known of it.
    pub notes: Vec<Note>,
}

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// It passes requests on.
    Proxy,
    /// It answers.
    Server,
    /// It keeps messages.
    Queue,
    /// It watches.
    Alarm,
    /// Nobody knows what comes there.
    Unknown,
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub struct Place {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
}

/// Something known of a station.
#[derive(Debug, Serialize)]
pub struct Note {
    /// In a few words.
    pub text: String,
    /// Whether it is something that is not there.
    pub missing: bool,
}

/// What leads from one station to another.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// Whether one step of it is a guess.
    pub guessed: bool,
}

impl Graph {
    /// Keeps the stations that stand below one of these paths, and what they are joined with. All, where there are no paths.
    pub fn keep_below(&mut self, paths: &[Utf8PathBuf]) {
        if paths.is_empty() {
            return;
        }
        let below = |node: &Node| {
            let path = node.place.as_ref().map(|place| Utf8Path::new(&place.path));
            path.is_some_and(|path| paths.iter().any(|wanted| path.starts_with(wanted)))
        };
        let named: FxHashSet<String> =
            self.nodes.iter().filter(|node| below(node)).map(|node| node.id.clone()).collect();
        self.edges.retain(|edge| named.contains(&edge.from) || named.contains(&edge.to));
        let mut joined = named;
        joined.extend(self.edges.iter().flat_map(|edge| [edge.from.clone(), edge.to.clone()]));
        self.nodes.retain(|node| joined.contains(&node.id));
    }
}

impl Note {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), missing: false }
    }

    fn missing(text: impl Into<String>) -> Self {
        Self { text: text.into(), missing: true }
    }
}

/// A graph that is being drawn.
struct Draft<'m, 'a> {
    model: &'m Model<'a>,
    graph: Graph,
    known: FxHashMap<Thing, String>,
}

impl Draft<'_, '_> {
    /// The name of a thing in the graph, made at first use.
    fn node(&mut self, thing: Thing, make: impl FnOnce(&mut Self, String) -> Node) -> String {
        if let Some(id) = self.known.get(&thing) {
            return id.clone();
        }
        let id = format!("{}{}", thing.kind.word(), thing.id);
        let node = make(self, id.clone());
        self.graph.nodes.push(node);
        self.known.insert(thing, id.clone());
        id
    }

    fn edge(&mut self, from: String, to: String, guessed: bool) {
        let edge = Edge { from, to, guessed };
        if !self.graph.edges.contains(&edge) {
            self.graph.edges.push(edge);
        }
    }

    fn place(&self, node: NodeRef<'_>) -> Place {
        let place = crate::fact::Spot::value(node).place();
        let line = self.model.sources.get(place.file).position(place.span.start).line;
        Place { path: self.model.sources.path(place.file).to_string(), line }
    }

    fn unit(&self, object: Option<u32>) -> String {
        object.map_or_else(
            || ".".to_owned(),
            |id| self.model.units[self.model.objects[id as usize].unit as usize].name.clone(),
        )
    }
}

/// The graph of a model.
pub fn of(model: &Model<'_>) -> Graph {
    let mut draft = Draft { model, graph: Graph::default(), known: FxHashMap::default() };
    for draw in PARTS {
        draw(&mut draft);
    }
    draft.graph
}
