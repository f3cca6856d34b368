//! YAML to tree, read as Kubernetes reads it.
//!
//! A parser of events does the grammar; here stands who reads which document in which way, and below what the parser leaves
//! open: which bytes a collection covers, what a plain scalar means, what aliases and merge keys stand for, what a person is
//! told about text that is no YAML. A document that cannot be read is one [`Problem`], and the others of its file are kept.
//! This is neither a validator nor an emitter.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScanError};

use super::template;
use super::tree::{Builder, NodeId};
use super::{Parsed, Problem};
use crate::source::{FileId, Span};

mod build;
mod explain;
mod mend;
mod place;
pub(crate) mod usual;

use mend::{Shifts, unshift};
use place::{find_token, is_quote, next_document};
use usual::{Odd, Usual};

/// How many nodes aliases and merge keys may bring into one file.
const COPIES: usize = 100_000;

/// How many broken documents of a file are reported one by one.
const PROBLEMS: usize = 1_000;

/// How many bytes of a file are read again because of quoted text that is indented too little.
const AGAIN: usize = 64 << 20;

/// Reads text that is no template, whatever it looks like: what was rendered, and what a kustomization takes in as it is.
pub fn parse_plain(file: FileId, text: Arc<str>) -> Parsed {
    let source = Arc::clone(&text);
    let mut reader = Reader::new(file, text);
    reader.read(&source, 0..source.len());
    reader.finish()
}

/// Reads the same with the parser proper alone: what the quicker way must agree with.
pub fn parse_thoroughly(file: FileId, text: Arc<str>) -> Parsed {
    let source = Arc::clone(&text);
    let mut reader = Reader::new(file, text);
    reader.read_thoroughly(&source, 0..source.len());
    reader.finish()
}

/// Reads a file of any number of documents.
pub fn parse(file: FileId, text: Arc<str>) -> Parsed {
    if !template::may_be_templated(&text) {
        return parse_plain(file, text);
    }
    let source = Arc::clone(&text);
    let mut reader = Reader::new(file, text);
    let whole = 0..source.len();
    let pieces: Vec<(Range<usize>, template::Look)> =
        pieces(&source).into_iter().map(|piece| (piece.clone(), template::look(&source[piece]))).collect();
    let absolute = |piece: &Range<usize>, span: Span| {
        Span::new(span.start + piece.start as u32, span.end + piece.start as u32)
    };
    if pieces.iter().any(|(_, look)| look.decides.is_some() && look.unbalanced) {
        // A condition spans documents: what it holds cannot be told apart.
        reader
            .templates
            .extend(pieces.iter().find_map(|(piece, look)| look.decides.map(|span| absolute(piece, span))));
        reader.comments_of(&source, whole);
        return reader.finish();
    }
    for (piece, look) in pieces {
        match look.decides {
            Some(marker) => {
                reader.templates.push(absolute(&piece, marker));
                reader.comments_of(&source, piece);
            }
            None => reader.read(&source, piece),
        }
    }
    reader.finish()
}

/// Cuts a text at the lines that start a document; what belongs to the document but stands before its `---`, a directive,
/// stays with it.
fn pieces(source: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut from = 0;
    let mut directive = false;
    while from < source.len() {
        let end = source[from..].find('\n').map_or(source.len(), |at| from + at + 1);
        let line = source[from..end].trim_start_matches('\u{feff}');
        let is_start =
            line.strip_prefix("---").is_some_and(|rest| rest.trim_start() != rest || rest.is_empty());
        if is_start && from > start && !directive {
            pieces.push(start..from);
            start = from;
        }
        if line.starts_with('%') {
            directive = true;
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            directive = false;
        }
        from = end;
    }
    pieces.push(start..source.len());
    pieces
}

struct Reader {
    builder: Builder,
    problems: Vec<Problem>,
    templates: Vec<Span>,
    /// Nodes that may still be copied.
    budget: usize,
    /// The nodes behind the document's anchors, and the number of the first of them.
    anchors: Vec<Option<NodeId>>,
    first_anchor: usize,
    /// The depth at which the value of a merge key is built, and that value.
    merges: Vec<(usize, NodeId)>,
    /// A merge key waits for its value.
    merging: bool,
    /// The brackets that are open.
    flows: Vec<u32>,
    /// A pair in a list in brackets, whose key is not yet seen.
    pair: Option<At>,
    /// How many events are left of a pair that is none.
    skip: u8,
    /// Where the last event that stands for text ended.
    last: u32,
    /// Where the last event ended in the text that the parser sees.
    seen: usize,
    /// The document is given up; its remaining events are not looked at.
    given_up: bool,
    /// How many bytes may still be read again.
    again: usize,
    /// Where the piece starts that the parser sees.
    base: usize,
    /// The spaces that were put into it.
    shifts: Shifts,
    /// Some of them went into a text block.
    spoiled: bool,
}

/// Where an event stands in the text that is cut into events, and its tag.
#[derive(Clone)]
struct At {
    bytes: Range<usize>,
    tag: Option<Range<usize>>,
}

impl At {
    fn of(span: &granit_parser::Span) -> Self {
        let tag = span.tag_span().map(|tag| tag.byte_range().unwrap_or_default());
        Self { bytes: span.byte_range().unwrap_or_default(), tag }
    }
}

/// Why a document is given up.
struct GiveUp(Problem);

type Step = Result<(), Box<GiveUp>>;

impl Reader {
    fn new(file: FileId, text: Arc<str>) -> Self {
        Self {
            builder: Builder::new(file, text),
            problems: Vec::new(),
            templates: Vec::new(),
            budget: COPIES,
            anchors: Vec::new(),
            first_anchor: 0,
            merges: Vec::new(),
            merging: false,
            flows: Vec::new(),
            pair: None,
            skip: 0,
            last: 0,
            seen: 0,
            given_up: false,
            again: AGAIN,
            base: 0,
            shifts: Vec::new(),
            spoiled: false,
        }
    }

    fn finish(self) -> Parsed {
        Parsed { tree: self.builder.finish(), problems: self.problems, templates: self.templates }
    }

    /// Reads the documents of a piece of the source.
    fn read(&mut self, source: &str, piece: Range<usize>) {
        if let Some(from) = self.read_usual(source, piece.clone()) {
            self.read_thoroughly(source, from..piece.end);
        }
    }

    /// Reads them with the parser proper.
    fn read_thoroughly(&mut self, source: &str, piece: Range<usize>) {
        let mut from = piece.start;
        while let Some(next) = self.read_until_mended(source, from..piece.end) {
            from = next;
        }
    }

    /// Reads documents as long as they are written as usual; returns where the others begin.
    fn read_usual(&mut self, source: &str, piece: Range<usize>) -> Option<usize> {
        let Some(mut usual) = Usual::of(&source[piece.clone()]) else { return Some(piece.start) };
        self.base = piece.start;
        self.seen = 0;
        self.begin(piece.start as u32);
        loop {
            let from = piece.start + usual.next();
            let is_document = match usual.document() {
                Ok(is_document) => is_document,
                Err(Odd) => return Some(from),
            };
            for (event, bytes) in usual.events() {
                self.see(source, event, &At { bytes, tag: None });
            }
            if !is_document {
                return None;
            }
        }
    }

    /// Reads documents up to one that has to be read in another way; returns where that one ends.
    fn read_until_mended(&mut self, source: &str, piece: Range<usize>) -> Option<usize> {
        self.base = piece.start;
        self.seen = 0;
        self.begin(piece.start as u32);
        let mut parser = Parser::new_from_str_with_options(&source[piece.clone()], options());
        loop {
            match parser.next_event()? {
                Ok((event, span)) => self.see(source, event, &At::of(&span)),
                Err(error) => {
                    let at = self.place(&error);
                    if self.mend(source, error.kind(), at) {
                        // The parser would look for the next document inside of the quotes.
                        self.builder.abandon_document();
                        let next = next_document(source, at) as usize;
                        return (at < next && next < piece.end).then_some(next);
                    }
                    self.explain(source, &error);
                    self.builder.abandon_document();
                    match parser.proceed_next_document() {
                        Ok(true) => self.begin(self.builder.document_start().max(next_document(source, at))),
                        _ => return None,
                    }
                }
            }
        }
    }

    fn place(&self, error: &ScanError) -> usize {
        self.offset(error.marker().byte_offset().unwrap_or_default()) as usize
    }

    /// Says why the document that is open cannot be read, unless that was said.
    fn explain(&mut self, source: &str, error: &ScanError) {
        let at = self.place(error);
        match template::on_line(source, at) {
            _ if self.given_up => {}
            Some(marker) => self.templates.push(marker),
            // To explain is work, and nobody reads so many explanations.
            None if self.problems.len() > PROBLEMS => {}
            None => {
                let context = self.context(source, at);
                self.fail(explain::explain(source, &context, error.kind(), at));
            }
        }
    }

    fn context(&self, source: &str, at: usize) -> explain::Context {
        let (from, to) = (self.offset(self.seen), (at + 1).min(source.len()) as u32);
        explain::Context {
            document: self.builder.document_start() as usize,
            bracket: self.flows.last().copied(),
            quote: find_token(source, from, to, true, is_quote),
        }
    }

    fn begin(&mut self, start: u32) {
        self.builder.begin_document(start);
        self.merges.clear();
        self.merging = false;
        self.flows.clear();
        self.pair = None;
        self.skip = 0;
        self.given_up = false;
    }

    fn offset(&self, at: usize) -> u32 {
        let at = if self.shifts.is_empty() { at } else { unshift(&self.shifts, at) };
        (self.base + at) as u32
    }

    fn span(&self, span: &At) -> Span {
        Span::new(self.offset(span.bytes.start), self.offset(span.bytes.end))
    }

    fn fail(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(problem);
        } else if self.problems.len() == PROBLEMS {
            let message = "this and further documents of the file cannot be read either".to_owned();
            self.problems.push(Problem { span: problem.span, message, help: None });
        }
    }

    /// Comments on lines of their own in text that is not parsed: one of them may speak to us.
    fn comments_of(&mut self, source: &str, piece: Range<usize>) {
        let mut from = piece.start;
        while from < piece.end {
            let end = source[from..piece.end].find('\n').map_or(piece.end, |at| from + at);
            let line = source[from..end].trim_end();
            let text = line.trim_start();
            if text.starts_with('#') {
                self.builder
                    .comment(Span::new((from + line.len() - text.len()) as u32, (from + line.len()) as u32));
            }
            from = end + 1;
        }
    }

    fn see(&mut self, source: &str, event: Event<'_>, span: &At) {
        if !matches!(event, Event::Comment(..)) {
            self.seen = span.bytes.end.max(self.seen);
        }
        let step = match event {
            Event::Comment(..) => {
                let span = self.span(span);
                self.builder.comment(span);
                return;
            }
            Event::DocumentStart(explicit, _) => {
                let here = self.span(span);
                let start = if explicit { here.start } else { self.builder.document_start() };
                self.begin(start);
                // Without a `---`, the span is that of what comes first.
                self.last = if explicit { here.end } else { start };
                self.anchors.clear();
                return;
            }
            Event::DocumentEnd => {
                let end = self.span(span).end;
                if self.given_up {
                    self.builder.abandon_document();
                    self.begin(end);
                } else {
                    self.builder.end_document(end);
                }
                return;
            }
            _ if self.given_up => return,
            _ if self.skip > 0 => {
                self.skip -= 1;
                return;
            }
            event => self.node(source, event, span),
        };
        if let Err(reason) = step {
            self.given_up = true;
            self.fail(reason.0);
        }
    }
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
    }
}
