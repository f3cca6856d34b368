//! Quoted text whose lines are indented too little.
//!
//! The grammar of YAML wants the further lines of a text in quotes deeper than its key. The parsers that Kubernetes uses
//! never cared, tools write such files, and kubectl applies them. Spaces at the start of these lines mean nothing, so a
//! document of that kind is read once more with spaces put in, and every span is moved back. Nothing else is mended.

use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Parser, ScanError};

use super::place::{document_end, find_token, is_quote};
use super::{At, Reader, options};
use crate::syntax::template;
use crate::syntax::tree::Mark;

/// How far a quote may be from the one that closes it, where that is guessed.
const FAR: usize = 1 << 16;

/// A document and the spaces that go into it.
pub(super) struct Mended<'s> {
    source: &'s str,
    /// How many spaces go in before a byte of the source.
    spaces: BTreeMap<usize, usize>,
}

/// A text with spaces put in: where each group of them ends in it, and how many there are up to there.
pub(super) type Shifts = Vec<(usize, usize)>;

/// The byte of the source that byte `at` of the mended text stands for.
pub(super) fn unshift(shifts: &Shifts, at: usize) -> usize {
    let passed = shifts.partition_point(|(behind, _)| *behind <= at);
    let inserted = passed.checked_sub(1).map_or(0, |last| shifts[last].1);
    // What was put in is where it was put in.
    let next = shifts.get(passed).map_or(usize::MAX, |(behind, total)| behind - total);
    (at - inserted).min(next)
}

impl Reader {
    /// Quoted text may go on at any indentation for the parsers that Kubernetes uses, but not for ours. Reads the document
    /// again with its lines indented; returns whether that helped.
    pub(super) fn mend(&mut self, source: &str, kind: &ErrorKind, at: usize) -> bool {
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

impl<'s> Mended<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, spaces: BTreeMap::new() }
    }

    /// The mended text.
    pub(super) fn text(&self) -> (String, Shifts) {
        let more: usize = self.spaces.values().sum();
        let mut text = String::with_capacity(self.source.len() + more);
        let mut shifts = Vec::with_capacity(self.spaces.len());
        let (mut from, mut total) = (0, 0);
        for (at, width) in &self.spaces {
            text.push_str(&self.source[from..*at]);
            text.extend(std::iter::repeat_n(' ', *width));
            total += width;
            shifts.push((text.len(), total));
            from = *at;
        }
        text.push_str(&self.source[from..]);
        (text, shifts)
    }

    /// Indents the quoted text that opens behind `seen` and holds byte `at`; returns whether that changed anything.
    pub(super) fn indent(&mut self, seen: usize, at: usize) -> bool {
        let Some(open) = find_token(self.source, seen as u32, at as u32, true, is_quote) else {
            return false;
        };
        let open = open as usize;
        let close = template::close_of(self.source, open);
        at < close && self.indent_lines(open, close)
    }

    /// Indents what looks like further texts of that kind. It may be wrong inside of a text block, so whoever reads the
    /// result looks whether a block was changed.
    pub(super) fn indent_alike(&mut self, from: usize) {
        let mut at = from;
        let mut block: Option<usize> = None;
        while let Some(start) = self.source[at..].find('\n').map(|found| at + found + 1) {
            at = start;
            let line = self.source[start..].split('\n').next().unwrap_or_default();
            let indent = line.len() - line.trim_start_matches(' ').len();
            if line.trim().is_empty() || block.is_some_and(|parent| indent > parent) {
                continue;
            }
            block = None;
            // Where the entry starts that the line opens last, and its value.
            let mut entry = indent;
            let mut rest = &line[indent..];
            while let Some(item) = rest.strip_prefix("- ") {
                rest = item.trim_start_matches(' ');
                entry = line.len() - rest.len();
            }
            let key =
                rest.find(|byte: char| !byte.is_ascii_alphanumeric() && !"-_./$".contains(byte)).unwrap_or(0);
            if let Some(value) = rest[key..].strip_prefix(':') {
                rest = value.trim_start_matches(' ');
            }
            if rest.starts_with(['|', '>']) {
                block = Some(entry);
            } else if rest.starts_with(['"', '\'']) {
                let open = start + line.len() - rest.len();
                let mut end = self.source.len().min(open + FAR);
                while !self.source.is_char_boundary(end) {
                    end -= 1;
                }
                let close = template::close_of(&self.source[..end], open);
                let after = self.source[close..].split('\n').next().unwrap_or_default().trim();
                let low = |line: &str| {
                    line.len() - line.trim_start_matches(' ').len() <= entry && !line.trim().is_empty()
                };
                if close < end
                    && (after.is_empty() || after.starts_with('#'))
                    && self.source[open..close].split('\n').skip(1).any(low)
                {
                    self.indent_lines(open, close);
                    at = close;
                }
            }
        }
    }

    fn indent_lines(&mut self, open: usize, close: usize) -> bool {
        let line = self.source[..open].rfind('\n').map_or(0, |at| at + 1);
        let width = open - line + 1;
        let lines: Vec<usize> =
            self.source[open..close].match_indices('\n').map(|(at, _)| open + at + 1).collect();
        if lines.len().saturating_mul(width) > 1 << 20 {
            return false;
        }
        let known = self.spaces.len();
        self.spaces.extend(lines.into_iter().map(|at| (at, width)));
        self.spaces.len() > known
    }
}

fn is_quote_indent(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation)
}
