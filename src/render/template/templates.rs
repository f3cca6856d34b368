//! The templates of a chart by name, and which of several of one name counts.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::text::Text;
use super::error::{Error, Step};
use super::parse::{self, Broken, Words};
use super::tree::{Tree, Written};
use crate::source::{FileId, Place, Span};

/// Parsed templates. They can be rendered any number of times, with different values.
#[derive(Debug, Default)]
pub struct Templates {
    named: FxHashMap<Rc<str>, Template>,
    sources: u32,
}

/// A template and where its text comes from.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub tree: Rc<Tree>,
    pub source: Source,
}

/// Where a template's text comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file, the so-manieth of the set.
    File(FileId, u32),
    /// A value, given to `tpl`.
    Value(Text),
}

/// A file of templates, parsed: what does not change from one set of values to the next.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    file: FileId,
    trees: Rc<[Rc<Tree>]>,
}

impl ParsedFile {
    /// Parses a file.
    fn read(name: &str, file: FileId, text: &str, words: &mut Words) -> Result<Self, Error> {
        let (name, text): (Rc<str>, Rc<str>) = (name.into(), text.into());
        let trees = parse::parse(&name, &text, words).map_err(|broken| {
            let at = broken.at as u32;
            not_parsed(&name, broken, Some(Place { file, span: Span { start: at, end: at } }))
        })?;
        Ok(Self { file, trees: trees.into_iter().map(Rc::new).collect() })
    }
}

/// Texts of templates that were parsed, each once, however many files hold it: charts bring along copies of the same charts.
#[derive(Debug, Default)]
pub struct Shelf {
    known: FxHashMap<Rc<str>, Rc<[Rc<Tree>]>>,
    words: Words,
    bytes: usize,
}

/// How many bytes of text a shelf holds.
const SHELF: usize = 4 << 20;

impl Shelf {
    /// A file, parsed now or before.
    pub fn file(&mut self, name: &str, file: FileId, text: &str) -> Result<ParsedFile, Error> {
        if let Some(trees) = self.known.get(text).and_then(|trees| called(trees, name)) {
            return Ok(ParsedFile { file, trees });
        }
        let parsed = ParsedFile::read(name, file, text, &mut self.words)?;
        if let Some(tree) = parsed.trees.last() {
            self.bytes += text.len();
            if self.bytes > SHELF {
                self.known.clear();
                self.words.clear();
                self.bytes = text.len();
            }
            self.known.insert(tree.written.text.clone(), parsed.trees.clone());
        }
        Ok(parsed)
    }
}

/// The trees of a text as those of a file of this name; none where a template that the text defines has that name, or had
/// the name of the file that the text was read from.
fn called(trees: &Rc<[Rc<Tree>]>, name: &str) -> Option<Rc<[Rc<Tree>]>> {
    let (own, defined) = trees.split_last()?;
    let written = &own.written;
    let is_whole = own.root.range.start == 0 && own.root.range.end as usize == written.text.len();
    if !is_whole || own.name != written.name || defined.iter().any(|tree| &*tree.name == name) {
        return None;
    }
    if &*written.name == name {
        return Some(Rc::clone(trees));
    }
    let name: Rc<str> = name.into();
    let written =
        Rc::new(Written { name: Rc::clone(&name), text: Rc::clone(&written.text), parts: written.parts });
    let again = |tree: &Rc<Tree>, name: &Rc<str>| {
        Rc::new(Tree { name: Rc::clone(name), written: Rc::clone(&written), root: Rc::clone(&tree.root) })
    };
    let defined = defined.iter().map(|tree| again(tree, &tree.name));
    Some(defined.chain(std::iter::once(again(own, &name))).collect())
}

impl Templates {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses a file and adds it and what it defines.
    pub fn add(&mut self, name: &str, file: FileId, text: &str) -> Result<(), Error> {
        self.add_parsed(&ParsedFile::read(name, file, text, &mut Words::default())?);
        Ok(())
    }

    /// Adds a file and what it defines. What is added later replaces what has the same name, unless the later one is empty.
    pub fn add_parsed(&mut self, parsed: &ParsedFile) {
        let source = Source::File(parsed.file, self.sources);
        self.sources += 1;
        for tree in parsed.trees.iter() {
            let old = self.named.get(&tree.name);
            if replaces(tree, old.is_some()) {
                let template = Template { tree: tree.clone(), source: source.clone() };
                self.named.insert(tree.name.clone(), template);
            }
        }
    }

    /// Whether there is a template of this name.
    pub fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Template> {
        self.named.get(name)
    }

    pub(super) fn sources(&self) -> usize {
        self.sources as usize
    }
}

/// An empty template replaces nothing.
fn replaces(new: &Tree, old: bool) -> bool {
    !old || !new.root.is_empty(&new.written.text)
}

pub(super) fn not_parsed(name: &Rc<str>, broken: Broken, place: Option<Place>) -> Error {
    let mut error = Error::new(broken.message);
    error.steps.push(Step {
        place,
        file: name.clone(),
        line: broken.line,
        column: None,
        executing: None,
        lead: String::new(),
    });
    *error
}

/// The templates that the text of a `tpl` defines, before those around it.
#[derive(Debug)]
pub(super) struct Inner {
    pub named: FxHashMap<Rc<str>, Template>,
    pub outer: Names,
}

/// The templates that can be called from some place, apart from those of the chart.
pub(super) type Names = Option<Rc<Inner>>;

/// Looks a template up, from the inside out.
pub(super) fn find<'t>(names: &'t Names, all: &'t Templates, name: &str) -> Option<&'t Template> {
    let mut at = names;
    while let Some(inner) = at {
        if let Some(found) = inner.named.get(name) {
            return Some(found);
        }
        at = &inner.outer;
    }
    all.get(name)
}

/// What can be called from inside a text that defines these.
pub(super) fn nest(names: &Names, all: &Templates, defined: &[Template]) -> Names {
    let mut named = FxHashMap::default();
    for template in defined {
        if replaces(&template.tree, find(names, all, &template.tree.name).is_some()) {
            named.insert(template.tree.name.clone(), template.clone());
        }
    }
    if named.is_empty() { names.clone() } else { Some(Rc::new(Inner { named, outer: names.clone() })) }
}
