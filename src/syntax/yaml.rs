//! YAML to tree, read as Kubernetes reads it.
//!
//! A parser of events does the grammar; here stands what it leaves open: which bytes a collection covers, what a plain
//! scalar means, what aliases and merge keys stand for, what a person is told about text that is no YAML. A document that
//! cannot be read is one [`Problem`], and the others of its file are kept. This is neither a validator nor an emitter.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use super::template;
use super::tree::{
    Builder, CopyError, Mark, NodeId, NodeKind, Scalar, Style, parse_float, parse_int, resolve,
};
use super::{Parsed, Problem};
use crate::source::{FileId, Span};

mod explain;
mod mend;
pub(crate) mod usual;

use mend::{Mended, Shifts, unshift};
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

    /// An event that builds a node.
    fn node(&mut self, source: &str, event: Event<'_>, span: &At) -> Step {
        if let Some(pair) = self.pair.take() {
            match event {
                Event::Scalar(_, ScalarStyle::Plain, ..) if self.ends_in_colon(source, span) => self.skip = 2,
                _ => self.open(source, NodeKind::Map, StructureStyle::Flow, 0, false, &pair)?,
            }
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(source, text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(source, NodeKind::List, style, anchor, tag.is_some(), span)
            }
            Event::MappingStart(StructureStyle::Flow, ..)
                if !source[self.span(span).start as usize..].starts_with('{') =>
            {
                self.pair = Some(span.clone());
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open(source, NodeKind::Map, style, anchor, tag.is_some(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                let problem = Problem {
                    span: self.span(span),
                    message: format!("`*{name}` is an alias, but no `&{name}` stands before it"),
                    help: Some("put it in quotes if it is text".to_owned()),
                };
                Err(Box::new(GiveUp(problem)))
            }
            _ => Ok(()),
        }
    }

    /// Whether the colon behind a plain scalar in brackets is its last character. `[fd00::, b:]` holds two texts for the parsers
    /// that Kubernetes uses; for YAML 1.2 it holds two pairs.
    fn ends_in_colon(&self, source: &str, at: &At) -> bool {
        let span = self.span(at);
        !self.flows.is_empty()
            && !span.is_empty()
            && matches!(source.as_bytes()[span.end as usize..], [b':', b']' | b'}' | b',', ..])
    }

    fn scalar(
        &mut self,
        source: &str,
        mut text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: &At,
    ) -> Step {
        let mut span = self.span(at);
        if style == ScalarStyle::Plain && self.ends_in_colon(source, at) {
            span.end += 1;
            text.to_mut().push(':');
        }
        let before = std::mem::replace(&mut self.last, span.end);
        let is_key = self.builder.wants_key() && !self.merging;
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let missing = style == Style::Plain && span.is_empty();
        if missing {
            text = Cow::Borrowed("");
        }
        if style == Style::Block {
            let bytes = &at.bytes;
            let next = self.shifts.partition_point(|(behind, _)| *behind <= bytes.start);
            if self.shifts.get(next).is_some_and(|(behind, _)| *behind <= bytes.end) {
                self.spoiled = true;
                self.given_up = true;
                return Ok(());
            }
            span = block_span(source, before, span, &text);
            let ends = |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            if source.as_bytes()[span.end as usize..].iter().copied().all(ends)
                && ends_in_text(&source[span.start as usize..], &text)
            {
                // The parser ends every line; this one ends with the file.
                text.to_mut().pop();
            }
        } else if missing && self.builder.has_key() {
            span = missing_span(source, span.start);
        }
        if missing && tag.is_none() && anchor == 0 && self.builder.depth() == 0 && !self.merging {
            // A document with nothing in it.
            return Ok(());
        }
        let kind = match kind_of(&text, style, tag) {
            Ok(kind) => kind,
            Err(wanted) => {
                return give_up(
                    span,
                    format!("`{}` cannot be read as `!!{wanted}`", excerpt(&text)),
                    Some("drop the tag, or write a value that it fits"),
                );
            }
        };
        if is_key {
            if missing {
                return give_up(span, "a key is missing here", Some("write the key before its `:`"));
            }
            if anchor != 0 {
                self.builder.detach_next();
                let id = self.builder.scalar(Scalar { kind, style, span, text: Cow::Borrowed(&text) });
                self.anchor(anchor, id);
            }
            if style == Style::Plain && text == "<<" && tag.is_none_or(|tag| tag.suffix() == "merge") {
                self.merging = true;
                self.builder.reach(span.end);
            } else {
                self.builder.key(span, key_text(text, kind));
            }
            return Ok(());
        }
        if self.merging {
            return self.no_map(span);
        }
        let id = self.builder.scalar(Scalar { kind, style, span, text });
        if tag.is_some() {
            self.tag(id, at);
        }
        self.anchor(anchor, id);
        Ok(())
    }

    fn tag(&mut self, id: NodeId, at: &At) {
        if let Some(tag) = &at.tag {
            self.builder.tag(id, Span::new(self.offset(tag.start), self.offset(tag.end)));
        }
    }

    fn anchor(&mut self, anchor: usize, id: NodeId) {
        if anchor == 0 {
            return;
        }
        // Numbers go up by one, also from document to document.
        if self.anchors.is_empty() {
            self.first_anchor = anchor;
        }
        let at = anchor.saturating_sub(self.first_anchor);
        if self.anchors.len() <= at {
            self.anchors.resize(at + 1, None);
        }
        self.anchors[at] = Some(id);
    }

    fn open(
        &mut self,
        source: &str,
        kind: NodeKind,
        style: StructureStyle,
        anchor: usize,
        tagged: bool,
        at: &At,
    ) -> Step {
        let mut span = self.span(at);
        if kind == NodeKind::List && style == StructureStyle::Block && self.builder.has_key() {
            // Of a list that is indented like its key, the parser gives the first item; it starts at the dash before.
            let dash = find_token(source, self.last, span.start, false, |bytes| {
                matches!(bytes, [b'-'] | [b'-', b' ' | b'\t' | b'\n' | b'\r', ..])
            });
            span = dash.map_or(span, |dash| Span::new(dash, dash + 1));
        }
        self.last = span.end;
        if self.merging {
            self.merging = false;
            self.builder.detach_next();
            self.merges.push((self.builder.depth(), NodeId(self.builder.len() as u32)));
        } else if self.builder.wants_key() {
            let first = source[span.start as usize..].chars().next().map_or(0, char::len_utf8);
            let end = span.end.max(span.start + first as u32);
            let what = if kind == NodeKind::Map { "a mapping" } else { "a list" };
            return give_up(
                Span::new(span.start, end),
                format!("a key must be text, and this one is {what}"),
                Some("put the key in quotes if the brackets are meant literally"),
            );
        }
        let style = match style {
            StructureStyle::Flow => {
                self.flows.push(span.start);
                Style::Flow
            }
            StructureStyle::Block => Style::Plain,
        };
        let id = self.builder.open(kind, style, span.start);
        if tagged {
            self.tag(id, at);
        }
        self.anchor(anchor, id);
        Ok(())
    }

    fn close(&mut self, at: &At) -> Step {
        let span = self.span(at);
        // The end of a block, or of a pair in a flow sequence without braces, is only known by what it holds.
        let ends = !span.is_empty();
        self.builder.close(ends.then_some(span.end));
        if ends {
            self.last = span.end;
            self.flows.pop();
        }
        match self.merges.last().copied() {
            Some((depth, id)) if depth == self.builder.depth() => {
                self.merges.pop();
                self.merge(id, self.builder.node(id).span())
            }
            _ => Ok(()),
        }
    }

    fn alias(&mut self, anchor: usize, at: &At) -> Step {
        let span = self.span(at);
        self.last = span.end;
        let target =
            anchor.checked_sub(self.first_anchor).and_then(|at| self.anchors.get(at)).copied().flatten();
        let Some(target) = target else { return Ok(()) };
        if self.merging {
            self.merging = false;
            self.builder.reach(span.end);
            return self.merge(target, span);
        }
        if self.builder.wants_key() {
            let node = self.builder.node(target);
            if matches!(node.kind(), NodeKind::List | NodeKind::Map) {
                return give_up(span, "a key must be text, and this alias stands for more", None);
            }
            let text = node.text().to_owned();
            self.builder.key(span, Cow::Owned(text));
            return Ok(());
        }
        let taken = self.builder.copy(target, self.budget);
        self.builder.reach(span.end);
        self.count(taken, span)
    }

    /// Brings the entries of a mapping, or of each mapping in a list, into the innermost mapping.
    fn merge(&mut self, target: NodeId, span: Span) -> Step {
        let node = self.builder.node(target);
        let targets: Vec<NodeId> = match node.kind() {
            NodeKind::Map => vec![target],
            NodeKind::List => node.items().map(|item| item.id()).collect(),
            _ => return self.no_map(span),
        };
        for target in targets {
            if self.builder.node(target).kind() != NodeKind::Map {
                return self.no_map(span);
            }
            let taken = self.builder.merge(target, self.budget);
            self.count(taken, span)?;
        }
        Ok(())
    }

    fn count(&mut self, taken: Result<usize, CopyError>, span: Span) -> Step {
        match taken {
            Ok(taken) => {
                self.budget -= taken.min(self.budget);
                Ok(())
            }
            Err(CopyError::Cyclic) => give_up(span, "this alias stands inside of what it stands for", None),
            Err(CopyError::Budget) => give_up(
                span,
                format!("the aliases of this file expand to more than {COPIES} values"),
                Some("write the values out, or split the file"),
            ),
            Err(CopyError::NotAMap) => self.no_map(span),
        }
    }

    fn no_map(&mut self, span: Span) -> Step {
        give_up(span, "`<<` needs a mapping, an alias of one, or a list of them", None)
    }

    /// Quoted text may go on at any indentation for the parsers that Kubernetes uses, but not for ours. Reads the document
    /// again with its lines indented; returns whether that helped.
    fn mend(&mut self, source: &str, kind: &ErrorKind, at: usize) -> bool {
        if self.given_up || !self.shifts.is_empty() || !is_quote_indent(kind) {
            return false;
        }
        let start = self.builder.document_start() as usize;
        let document = &source[start..document_end(source, at)];
        let (seen, base, problems) = (self.seen, self.base, self.problems.len());
        let behind = (self.offset(seen) as usize).saturating_sub(start);
        let mark = self.builder.mark();
        self.base = start;
        let mut helped = false;
        for alike in [true, false] {
            let mut mended = Mended::new(document);
            let (mut behind, mut bad) = (behind, at - start);
            if alike {
                mended.indent_alike(bad);
            }
            while mended.indent(behind, bad) && document.len() <= self.again {
                self.again -= document.len();
                self.problems.truncate(problems);
                let error = self.read_mended(source, &mended, &mark);
                match error {
                    None => helped = !self.spoiled,
                    Some(error) if is_quote_indent(error.kind()) => {
                        behind = unshift(&self.shifts, self.seen);
                        bad = unshift(&self.shifts, error.marker().byte_offset().unwrap_or_default());
                        continue;
                    }
                    // Where nothing was guessed, what else is wrong is what a person has to hear of.
                    Some(error) if !alike && !self.spoiled => {
                        self.explain(source, &error);
                        helped = true;
                    }
                    Some(_) => {}
                }
                break;
            }
            if helped {
                break;
            }
            self.problems.truncate(problems);
            self.builder.return_to(&mark);
        }
        self.base = base;
        self.seen = seen;
        self.shifts.clear();
        helped
    }

    /// Reads a mended document as the one that is open; returns the error that ends it.
    fn read_mended(&mut self, source: &str, mended: &Mended<'_>, mark: &Mark) -> Option<ScanError> {
        self.builder.return_to(mark);
        self.begin(self.base as u32);
        self.seen = 0;
        self.spoiled = false;
        let text;
        (text, self.shifts) = mended.text();
        let mut parser = Parser::new_from_str_with_options(&text, options());
        loop {
            match parser.next_event()? {
                Ok((event, span)) => self.see(source, event, &At::of(&span)),
                Err(error) => return Some(error),
            }
        }
    }
}

fn is_quote_indent(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation)
}

/// Where the document starts that follows the one that holds byte `at`.
fn next_document(source: &str, at: usize) -> u32 {
    let end = document_end(source, at);
    let start = match source[end..].find('\n') {
        Some(line) if source[end..].starts_with("...") => end + line + 1,
        None if end == source.len() => at,
        _ => end,
    };
    start as u32
}

/// Where the document ends that holds byte `at`.
fn document_end(source: &str, at: usize) -> usize {
    let mut from = source[..at].rfind('\n').unwrap_or(0);
    while let Some(line) = source[from..].find('\n').map(|found| from + found + 1) {
        let rest = &source[line..];
        let ends = rest.strip_prefix("---").or_else(|| rest.strip_prefix("..."));
        if ends.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])) {
            return line;
        }
        from = line;
    }
    source.len()
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
    }
}

fn give_up(span: Span, message: impl Into<String>, help: Option<&str>) -> Step {
    Err(Box::new(GiveUp(Problem { span, message: message.into(), help: help.map(str::to_owned) })))
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// What a scalar is, by its tag or by how it is written; the name of the tag that it does not fit.
fn kind_of<'t>(text: &str, style: Style, tag: Option<&'t Tag>) -> Result<NodeKind, &'t str> {
    let Some(tag) = tag else {
        return Ok(if style == Style::Plain { resolve(text) } else { NodeKind::Text });
    };
    let Some(wanted) = tag.core_suffix() else { return Ok(NodeKind::Text) };
    let found = resolve(text);
    match (wanted, found) {
        ("str", _) => Ok(NodeKind::Text),
        ("int", NodeKind::Int) | ("bool", NodeKind::Bool) | ("null", NodeKind::Null) => Ok(found),
        ("float", NodeKind::Int | NodeKind::Float) => Ok(NodeKind::Float),
        ("int" | "bool" | "null" | "float", _) => Err(wanted),
        _ => Ok(NodeKind::Text),
    }
}

/// Keys become text on the way to JSON. The truth values of YAML 1.1 beyond `true` and `false` keep their spelling: who
/// writes `on:` or `y:` means that word, and most readers of YAML take it so.
fn key_text(text: Cow<'_, str>, kind: NodeKind) -> Cow<'_, str> {
    match kind {
        NodeKind::Int => match parse_int(&text).map(|number| number.to_string()) {
            Some(number) if number != text => Cow::Owned(number),
            _ => text,
        },
        NodeKind::Float => match parse_float(&text).map(float_key) {
            Some(number) if number != text => Cow::Owned(number),
            _ => text,
        },
        NodeKind::Bool if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
            Cow::Owned(text.to_ascii_lowercase())
        }
        _ => text,
    }
}

/// A float as a key of JSON, as the conversion for Kubernetes writes it: the shortest form of a single.
fn float_key(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Where the value that is not written would stand: behind the colon, if there is one.
fn missing_span(source: &str, at: u32) -> Span {
    let rest = source.get(at as usize..).unwrap_or_default();
    let colon = rest.trim_start_matches([' ', '\t']);
    let at = if colon.starts_with(':') { at + (rest.len() - colon.len()) as u32 + 1 } else { at };
    Span::new(at, at)
}

/// The first or last byte between two tokens that is accepted; comments, tags and anchors are passed over.
fn find_token(source: &str, from: u32, to: u32, first: bool, accepts: impl Fn(&[u8]) -> bool) -> Option<u32> {
    let bytes = source.as_bytes();
    let (mut at, to) = (from as usize, to as usize);
    let mut found = None;
    let mut spaced = true;
    while at < to {
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match bytes[at] {
            b'#' if spaced => {
                while at < to && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
                continue;
            }
            b'!' | b'&' => {
                while at < to && !is_blank(bytes[at]) {
                    at += 1;
                }
                spaced = false;
                continue;
            }
            _ if accepts(&bytes[at..]) => {
                found = Some(at as u32);
                if first {
                    break;
                }
            }
            _ => {}
        }
        spaced = is_blank(bytes[at]);
        at += 1;
    }
    found
}

fn is_quote(bytes: &[u8]) -> bool {
    matches!(bytes, [b'"' | b'\'', ..])
}

/// Whether the last line of a text block, which no line break ends, belongs to its text: it is indented as deep as the others.
fn ends_in_text(raw: &str, text: &str) -> bool {
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let first = |text: &str, skip: usize| {
        text.split(['\n', '\r']).skip(skip).find(|line| blanks(line) < line.len()).map(blanks)
    };
    let last = raw.rsplit(['\n', '\r']).next().unwrap_or_default();
    let breaks = |kind: char| raw.matches(kind).count();
    text.ends_with('\n')
        && !last.is_empty()
        && match first(raw, 1).zip(first(text, 0)) {
            Some((written, read)) => {
                let indent = written.saturating_sub(read);
                last.len() > indent && blanks(last) >= indent
            }
            // Nothing but blanks: the parser ends the only line, and any that is deeper than the text.
            None => text.ends_with(" \n") || breaks('\n').max(breaks('\r')) == 1,
        }
}

/// The bytes of a text block, from its `|` or `>` to the end of its last line. The parser says where the first line's text
/// starts and where the next token may be.
fn block_span(source: &str, before: u32, content: Span, text: &str) -> Span {
    let header = find_token(source, before, content.start, true, |bytes| matches!(bytes, [b'|' | b'>', ..]));
    let header = header.unwrap_or(content.start) as usize;
    let raw = &source[header..content.end as usize];
    let keeps = raw.split(['\n', '\r', '#']).next().is_some_and(|header| header.contains('+'));
    let line = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    let blank = !line.is_empty() && line.trim_matches([' ', '\t']).is_empty();
    let end = if keeps || blank {
        // Blank lines belong to the text; the indentation of what follows does not.
        let tail = raw.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let at_end = content.end as usize == source.len();
        let follows = !(blank && at_end) && raw[tail..].trim_matches([' ', '\t']).is_empty();
        let whole = if follows { &raw[..tail] } else { raw };
        let whole = whole.strip_suffix('\n').unwrap_or(whole);
        whole.strip_suffix('\r').unwrap_or(whole).len()
    } else {
        // Blanks at the end of the last line are text.
        let trailing = line.len() - line.trim_end_matches([' ', '\t']).len();
        (raw.trim_end_matches([' ', '\t', '\r', '\n']).len() + trailing).min(raw.len())
    };
    Span::new(header as u32, (header + end) as u32)
}
