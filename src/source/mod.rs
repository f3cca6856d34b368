//! Bytes and where they stand: files, spans, lines and columns.
//!
//! Everything above speaks of text by [`Place`]: a file and a byte range. Lines and columns are computed only when a
//! person is shown something. This module knows no syntax.

pub mod discover;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

/// A file of the run, by its position in the list of all files (which is sorted by path).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open byte range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Its length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `offset` lies inside.
    pub fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Whether `other` lies inside.
    pub fn covers(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A byte range of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// What a file is to the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It is judged as it stands.
    #[default]
    Plain,
    /// It is judged only through what is rendered from it.
    Ingredient,
    /// Nobody wrote it: a chart or an overlay renders to it.
    Rendered(Arc<Bundle>),
}

/// What a chart or an overlay renders to: it is deployed together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bundle {
    /// Its folder, and its settings where there are several.
    pub name: String,
    /// How much of what is deployed it is.
    pub extent: Extent,
}

/// How much of what is deployed is there to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// What its makers deliver. What it names and does not bring, such as a password, is for its users to make.
    Package,
    /// A part: the rest lies on another machine, or could not be rendered.
    Part,
}

/// One file that was read: its path relative to the project root, with `/`, and its text.
#[derive(Debug)]
pub struct SourceFile {
    /// The path that people see.
    pub path: Utf8PathBuf,
    /// The whole text.
    pub text: Arc<str>,
    /// What it is to the model.
    pub role: Role,
    lines: OnceLock<Vec<u32>>,
}

/// Files up to so many bytes have no index of their lines unless somebody wants all lines.
const SMALL: usize = 4096;

impl SourceFile {
    /// A file with this text.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into(), role: Role::Plain, lines: OnceLock::new() }
    }

    /// The offsets at which lines start; computed once, when somebody asks.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at as u32 + 1)).collect()
        })
    }

    /// The line (from 0) that holds `offset`.
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_at(offset as usize).0
    }

    /// The same, and the line's span without its break.
    pub fn line_around(&self, offset: u32) -> (usize, Span) {
        let (line, start) = self.line_at(offset as usize);
        if !self.is_counted() {
            return (line, self.line_span(line));
        }
        let rest = &self.text.as_bytes()[start..];
        let end =
            rest.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |length| start + length);
        (line, self.unbroken(start, end))
    }

    /// Whether lines are counted each time: in a small file that is quicker than to keep them.
    fn is_counted(&self) -> bool {
        self.text.len() <= SMALL && self.lines.get().is_none()
    }

    /// The line (from 0) that holds `offset`, and where it starts.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        if self.is_counted() {
            let before = &self.text.as_bytes()[..offset.min(self.text.len())];
            let line = breaks(before);
            return (line, before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start as usize <= offset).saturating_sub(1);
        (line, starts[line] as usize)
    }

    fn unbroken(&self, start: usize, end: usize) -> Span {
        Span::new(start as u32, (start + self.text[start..end].trim_end_matches('\r').len()) as u32)
    }

    /// Line and column of `offset`; an offset beyond the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let (line, start) = self.line_at(offset);
        let end = (start..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(start);
        Position { line: line as u32 + 1, column: self.text[start..end].chars().count() as u32 + 1 }
    }

    /// The span of line `index` (from 0) without its line break.
    pub fn line_span(&self, index: usize) -> Span {
        let starts = self.line_starts();
        let start = starts[index];
        let end = starts.get(index + 1).map_or(self.text.len() as u32, |next| next - 1);
        self.unbroken(start as usize, end as usize)
    }
}

/// How many line breaks there are. Counted in bytes as far as these go, many are counted at once.
fn breaks(text: &[u8]) -> usize {
    let few = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    text.chunks(usize::from(u8::MAX)).map(|part| usize::from(few(part))).sum()
}

/// All files of a run.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// These files; a [`FileId`] is the position in this list.
    pub fn new(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    /// The file behind an id.
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut SourceFile> {
        self.files.iter_mut()
    }

    /// The file behind an id, to be changed.
    pub fn get_mut(&mut self, id: FileId) -> &mut SourceFile {
        &mut self.files[id.0 as usize]
    }

    /// Its path.
    pub fn path(&self, id: FileId) -> &Utf8Path {
        &self.get(id).path
    }

    /// Adds a file, for example a rule file whose own error is to be shown.
    pub fn push(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// Ids and files, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
