//! Reading a rule's page: front matter, title, reason, judgements; and on demand its examples, fixes and references.
//!
//! The grammar is small and fixed, so no Markdown or YAML crate is asked: reading a page takes a few microseconds and
//! every part knows its bytes. What it does not allow is an error at the place that is wrong. Expressions are handed on
//! as they stand in the file; this module does not know what they mean, nor which subjects and facts exist.

mod body;
mod front;
mod rest;

use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Confidence, Severity};
use crate::fix::Operation;
use crate::rule::template;
use crate::source::Span;
use crate::spelling::nearest;

use body::BodyReader;
use front::FrontReader;
use rest::RestReader;

/// A piece of a page as it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// The text.
    pub text: String,
    /// Where it stands, so that byte `k` of the text is byte `span.start + k` of the page.
    pub span: Span,
}

impl Raw {
    /// Where a part of the text stands. (Of a quoted text with escapes only the whole is known.)
    pub fn part(&self, range: Range<usize>) -> Span {
        if self.text.len() != self.span.len() as usize || range.end > self.text.len() {
            return self.span;
        }
        Span::new(self.span.start + range.start as u32, self.span.start + range.end as u32)
    }
}

/// What a run needs of a rule's page. The rest is read by [`Page::rest`].
#[derive(Clone, Debug)]
pub struct Page {
    /// The path below the rules' folder, without its ending: `family/rule`.
    pub id: String,
    /// The whole page.
    pub text: Arc<str>,
    /// The subject, or one of its lists: `workload.volumes`.
    pub on: Raw,
    /// How grave a finding is, unless a judgement says otherwise.
    pub severity: Severity,
    /// How sure a finding is, unless a judgement says otherwise.
    pub confidence: Confidence,
    /// Whether the rule applies to a subject.
    pub when: Option<Raw>,
    /// Names that the other expressions share.
    pub lets: Vec<(Raw, Raw)>,
    /// The fact whose place is the line to change.
    pub at: Option<Raw>,
    /// Other places to show.
    pub related: Vec<Related>,
    /// What the project must own for the rule to speak of each subject.
    pub evidence: Option<Raw>,
    /// Platforms and the versions of them for which the rule holds.
    pub versions: Vec<(Raw, Raw)>,
    /// What a team may set.
    pub params: Vec<Param>,
    /// The headline.
    pub title: String,
    /// The first paragraph.
    pub why: String,
    /// Its first sentence.
    pub why_sentence: String,
    /// What is healthy, the strictest first.
    pub judgements: Vec<Judgement>,
    title_span: Span,
    rest: usize,
}

/// A place to show beside the primary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// A path to a fact.
    pub at: Raw,
    /// What to say there.
    pub says: Option<Raw>,
}

/// Something that a team may set in steadfast.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Read as `param.name`.
    pub name: Raw,
    /// Its value where nobody sets it.
    pub default: Raw,
    /// What it is, in words.
    pub says: String,
}

/// What is healthy, and what to say where it is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The expression.
    pub expr: Raw,
    /// How grave it is when this is false.
    pub severity: Severity,
    /// How sure it is then.
    pub confidence: Confidence,
    /// The sentence, with holes.
    pub message: Raw,
    /// What to do, with holes.
    pub help: Option<Raw>,
}

/// Examples, fixes and references of a page.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// What is wrong and what is right, in the order of the page.
    pub examples: Vec<Example>,
    /// How to mend it.
    pub fixes: Vec<Fix>,
    /// Where it is written, one line each.
    pub references: Vec<String>,
}

/// One case: files that the rule must, or must not, complain about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the heading calls it; empty where the heading says `Bad` or `Good` alone.
    pub case: String,
    /// The heading.
    pub span: Span,
    /// Whether it must give a finding.
    pub bad: bool,
    /// The files; one named `steadfast.toml` holds settings.
    pub files: Vec<ExampleFile>,
    /// The date on which it is judged.
    pub today: Option<String>,
    /// The version of Kubernetes for which it is judged.
    pub kubernetes: Option<String>,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path; `example.yaml` and the like where the page gives none.
    pub name: String,
    /// The first word of the fence.
    pub language: String,
    /// What it holds.
    pub text: String,
    /// Where that stands in the page.
    pub span: Span,
}

/// A way to mend the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The language of the files that it mends.
    pub language: String,
    /// Whether it cannot change what the system does otherwise.
    pub safe: bool,
    /// What is done with the text.
    pub operation: Operation,
    /// The kind of thing that it is for, where technologies differ.
    pub target: Option<String>,
    /// The text, with holes.
    pub template: Raw,
}

/// A mistake in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// Where.
    pub span: Span,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The subject of a page, found quickly and without checking anything: enough to know whether the page is needed.
pub fn subject(text: &str) -> Option<&str> {
    let front = text.strip_prefix("---")?;
    let mut rest = front;
    while let Some(at) = rest.find('\n') {
        rest = &rest[at + 1..];
        if let Some(value) = rest.strip_prefix("on:") {
            let line = value.split('\n').next().unwrap_or_default();
            return Some(without_comment(line).trim());
        }
        if rest.starts_with("---") {
            return None;
        }
    }
    None
}

/// All mistakes of a page, the examples' included, in the order of the page.
pub fn check(id: &str, text: Arc<str>) -> Vec<PageError> {
    let (page, mut errors) = read_all(id, text);
    errors.extend(page.rest().err().unwrap_or_default());
    errors.sort_by_key(|error| error.span);
    errors
}

impl Page {
    /// Reads a page as far as a run needs it.
    pub fn read(id: &str, text: Arc<str>) -> Result<Page, Vec<PageError>> {
        let (page, errors) = read_all(id, text);
        if errors.is_empty() { Ok(page) } else { Err(errors) }
    }

    /// The family: the first part of the id.
    pub fn family(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// Reads examples, fixes and references.
    pub fn rest(&self) -> Result<Rest, Vec<PageError>> {
        let mut reader = RestReader::new(&self.text, self.rest);
        reader.read();
        reader.missing(self);
        let RestReader { mut errors, rest, .. } = reader;
        errors.sort_by_key(|error| error.span);
        if errors.is_empty() { Ok(rest) } else { Err(errors) }
    }
}

const KEYS: [&str; 10] =
    ["on", "severity", "confidence", "when", "let", "at", "related", "evidence", "versions", "params"];
const SEVERITIES: [(&str, Severity); 3] =
    [("error", Severity::Error), ("warning", Severity::Warning), ("info", Severity::Info)];
const CONFIDENCES: [(&str, Confidence); 2] = [("high", Confidence::High), ("medium", Confidence::Medium)];
const HEADINGS: [&str; 4] = ["Bad", "Good", "Fix", "References"];

fn read_all(id: &str, text: Arc<str>) -> (Page, Vec<PageError>) {
    let whole = Arc::clone(&text);
    let mut page = Page {
        id: id.to_owned(),
        text,
        on: Raw::default(),
        severity: Severity::Warning,
        confidence: Confidence::High,
        when: None,
        lets: Vec::new(),
        at: None,
        related: Vec::new(),
        evidence: None,
        versions: Vec::new(),
        params: Vec::new(),
        title: String::new(),
        why: String::new(),
        why_sentence: String::new(),
        judgements: Vec::new(),
        title_span: Span::default(),
        rest: whole.len(),
    };
    let mut front = FrontReader::new(&whole);
    let body = front.read(&mut page);
    let mut errors = front.errors;
    if let Some(body) = body {
        let mut reader = BodyReader::new(&whole, body);
        reader.read(&mut page);
        errors.extend(reader.errors);
    }
    (page, errors)
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

fn error(span: Span, message: impl Into<String>, help: impl Into<Option<String>>) -> PageError {
    PageError { span, message: message.into(), help: help.into() }
}

fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<String> {
    match nearest(word, known.clone()) {
        Some(right) => Some(format!("did you mean `{right}`?")),
        None => {
            let all: Vec<String> = known.into_iter().map(|word| format!("`{word}`")).collect();
            Some(format!("known are {}", all.join(", ")))
        }
    }
}

/// A line: its first byte, the byte after its last (line break and trailing white space left out), the next line's first.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    end: usize,
    next: usize,
}

impl Line {
    fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }

    fn span(&self) -> Span {
        span(self.start, self.end)
    }
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
}

impl Lines<'_> {
    fn peek(&self) -> Option<Line> {
        if self.at >= self.text.len() {
            return None;
        }
        let rest = &self.text[self.at..];
        let (line, next) = match rest.find('\n') {
            Some(end) => (&rest[..end], self.at + end + 1),
            None => (rest, self.text.len()),
        };
        Some(Line { start: self.at, end: self.at + line.trim_end().len(), next })
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let line = self.peek()?;
        self.at = line.next;
        Some(line)
    }
}

/// What stands before a ` #`; for values that are single words.
fn without_comment(text: &str) -> &str {
    if text.trim_start().starts_with('#') {
        return "";
    }
    text.find(" #").map_or(text, |at| &text[..at])
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn check_holes(errors: &mut Vec<PageError>, raw: &Raw) {
    if let Err(unclosed) = template::holes(&raw.text) {
        errors.push(error(raw.part(unclosed.range), unclosed.message, None));
    }
}

#[cfg(test)]
mod tests;
