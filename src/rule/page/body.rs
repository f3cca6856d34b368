//! Title, reason and judgements of a page; and what a fence is.

use std::ops::Range;

use super::{
    CONFIDENCES, Judgement, Line, Lines, Page, PageError, Raw, SEVERITIES, check_holes, did_you_mean, error,
    span,
};
use crate::source::Span;

/// A fence: its first line, its words, what stands in it.
pub(super) struct Fence {
    pub(super) line: Line,
    pub(super) words: Vec<Range<usize>>,
    pub(super) content: Range<usize>,
}

impl Fence {
    pub(super) fn word<'t>(&self, text: &'t str, at: usize) -> &'t str {
        self.words.get(at).map_or("", |range| &text[range.clone()])
    }

    pub(super) fn content(&self, text: &str) -> Raw {
        Raw { text: text[self.content.clone()].to_owned(), span: span(self.content.start, self.content.end) }
    }
}

pub(super) fn is_fence(text: &str) -> bool {
    text.starts_with("```")
}

/// Reads the fence that starts with `line`, which was taken already.
pub(super) fn fence(lines: &mut Lines<'_>, line: Line, errors: &mut Vec<PageError>) -> Fence {
    let text = lines.text;
    let opening = line.of(text);
    let ticks = opening.len() - opening.trim_start_matches('`').len();
    let words = words(text, line.start + ticks, line.end);
    let start = lines.at;
    let mut end = text.len();
    let mut closed = false;
    for inner in lines.by_ref() {
        let content = inner.of(text);
        if content.len() >= ticks && content.bytes().all(|byte| byte == b'`') {
            end = inner.start;
            closed = true;
            break;
        }
    }
    if !closed {
        errors.push(error(
            line.span(),
            "this fence has no end",
            format!("close it with a line `{}`", "`".repeat(ticks)),
        ));
    }
    Fence { line, words, content: start.min(end)..end }
}

/// Words between white space; a part in double quotes belongs to its word.
fn words(text: &str, start: usize, end: usize) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut quoted = false;
    let mut open: Option<usize> = None;
    for (at, letter) in text[start..end].char_indices() {
        if letter == '"' {
            quoted = !quoted;
        }
        if letter.is_whitespace() && !quoted {
            if let Some(from) = open.take() {
                words.push(from..start + at);
            }
        } else {
            open.get_or_insert(start + at);
        }
    }
    words.extend(open.map(|from| from..end));
    words
}

pub(super) struct BodyReader<'t> {
    lines: Lines<'t>,
    pub(super) errors: Vec<PageError>,
}

impl<'t> BodyReader<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { lines: Lines { text, at }, errors: Vec::new() }
    }

    pub(super) fn read(&mut self, page: &mut Page) {
        let text = self.lines.text;
        let mut has_title = false;
        let mut has_why = false;
        // The judgement that waits for its message: the line of its fence.
        let mut waiting: Option<(Span, Judgement)> = None;
        page.rest = text.len();
        while let Some(line) = self.lines.peek() {
            let content = line.of(text);
            if content.starts_with("## ") || content == "##" {
                page.rest = line.start;
                break;
            }
            self.lines.at = line.next;
            if content.is_empty() {
                continue;
            }
            if let Some(title) = content.strip_prefix("# ") {
                let title = title.trim();
                if has_title {
                    self.errors.push(error(line.span(), "a page has one title", None));
                } else {
                    page.title = title.to_owned();
                    page.title_span = line.span();
                    self.no_full_stop(title, line.end, "title");
                }
                has_title = true;
                continue;
            }
            if !has_title {
                let help =
                    "below the front matter stands `# ` and what goes wrong, in a few words".to_owned();
                self.errors.push(error(line.span(), "the title is missing", help));
                page.title_span = line.span();
                has_title = true;
            }
            if content.starts_with('#') {
                let help =
                    "headings are `# title`, `## Bad`, `## Good`, `## Fix` and `## References`".to_owned();
                self.errors.push(error(line.span(), "this heading does not belong here", help));
            } else if is_fence(content) {
                self.unanswered(&mut waiting, page);
                waiting = self.judgement(line, page, has_why);
            } else if content.starts_with('>') {
                let (message, help) = self.message(line);
                match waiting.take() {
                    Some((_, mut judgement)) => {
                        judgement.message = message;
                        judgement.help = help;
                        page.judgements.push(judgement);
                    }
                    None => self.errors.push(error(
                        line.span(),
                        "this message belongs to no judgement",
                        "a message stands directly below its `cel` fence".to_owned(),
                    )),
                }
            } else {
                if waiting.is_some() {
                    self.unanswered(&mut waiting, page);
                }
                let paragraph = self.paragraph(line);
                if !has_why {
                    page.why_sentence = first_sentence(&paragraph).to_owned();
                    page.why = paragraph;
                    has_why = true;
                }
            }
        }
        self.unanswered(&mut waiting, page);
        if !has_title {
            page.title_span = span(self.lines.at.min(text.len()), self.lines.at.min(text.len()));
            self.errors.push(error(page.title_span, "the title is missing", None));
        }
        if !has_why && has_title {
            let help =
                "a paragraph below the title says what happens and to whom; reports print its first sentence";
            self.errors.push(error(page.title_span, "the reason is missing", help.to_owned()));
        }
        if page.judgements.is_empty() && self.errors.is_empty() {
            let help = "say in a ```cel fence what is healthy, and below it, behind `>`, what to say where it is not";
            self.errors.push(error(page.title_span, "the judgement is missing", help.to_owned()));
        }
    }

    fn no_full_stop(&mut self, text: &str, end: usize, what: &str) {
        if text.ends_with('.') && !text.ends_with("..") {
            self.errors.push(error(span(end - 1, end), format!("a {what} ends without a full stop"), None));
        }
    }

    fn unanswered(&mut self, waiting: &mut Option<(Span, Judgement)>, page: &mut Page) {
        if let Some((place, judgement)) = waiting.take() {
            let help = "below the fence stands `> ` and the sentence to say where it is false".to_owned();
            self.errors.push(error(place, "this judgement has no message", help));
            page.judgements.push(judgement);
        }
    }

    fn judgement(&mut self, line: Line, page: &Page, has_why: bool) -> Option<(Span, Judgement)> {
        let text = self.lines.text;
        let fence = fence(&mut self.lines, line, &mut self.errors);
        if fence.word(text, 0) != "cel" {
            let help = "examples stand below `## Bad` and `## Good`, a judgement is a `cel` fence".to_owned();
            self.errors.push(error(line.span(), "this fence does not belong here", help));
            return None;
        }
        if !has_why {
            self.errors.push(error(line.span(), "the reason comes before the judgement", None));
        }
        let mut severity = None;
        let mut confidence = None;
        for word in fence.words.iter().skip(1) {
            let place = span(word.start, word.end);
            let word = &text[word.clone()];
            if let Some((_, value)) = SEVERITIES.iter().find(|(name, _)| *name == word) {
                if severity.replace(*value).is_some() {
                    self.errors.push(error(place, "a judgement has one severity", None));
                }
            } else if let Some((_, value)) = CONFIDENCES.iter().find(|(name, _)| *name == word) {
                if confidence.replace(*value).is_some() {
                    self.errors.push(error(place, "a judgement has one confidence", None));
                }
            } else {
                let known: Vec<&str> = SEVERITIES
                    .iter()
                    .map(|pair| pair.0)
                    .chain(CONFIDENCES.iter().map(|pair| pair.0))
                    .collect();
                let help = did_you_mean(word, known);
                self.errors.push(error(
                    place,
                    format!("`{word}` is neither a severity nor a confidence"),
                    help,
                ));
            }
        }
        let severity = severity.unwrap_or(page.severity);
        if let Some(before) = page.judgements.last()
            && severity > before.severity
        {
            let help =
                "the first judgement that is false is the finding, so the gravest comes first".to_owned();
            let message = format!(
                "a judgement of severity {severity} stands below one of severity {}",
                before.severity
            );
            self.errors.push(error(line.span(), message, help));
        }
        let content = &text[fence.content.clone()];
        let start = fence.content.start + (content.len() - content.trim_start().len());
        let expr = content.trim();
        if expr.is_empty() {
            self.errors.push(error(line.span(), "this judgement is empty", None));
        }
        let judgement = Judgement {
            expr: Raw { text: expr.to_owned(), span: span(start, start + expr.len()) },
            severity,
            confidence: confidence.unwrap_or(page.confidence),
            message: Raw::default(),
            help: None,
        };
        Some((line.span(), judgement))
    }

    /// The block quote that starts with `line`: message and help, one line each.
    fn message(&mut self, line: Line) -> (Raw, Option<Raw>) {
        let text = self.lines.text;
        let mut paragraphs: Vec<Raw> = Vec::new();
        let mut open = false;
        let mut next = Some(line);
        while let Some(line) = next {
            let content = &line.of(text)[1..];
            let trimmed = content.trim_start();
            if trimmed.is_empty() {
                open = false;
            } else {
                let start = line.end - trimmed.len();
                let place = span(start, line.end);
                if open {
                    let help =
                        "join it with the line above; a line `>` between them starts the help".to_owned();
                    self.errors.push(error(place, "a message is one line", help));
                } else if paragraphs.len() == 2 {
                    self.errors.push(error(
                        place,
                        "a message has one line and its help another; this is a third",
                        None,
                    ));
                } else {
                    self.no_full_stop(
                        trimmed,
                        line.end,
                        if paragraphs.is_empty() { "message" } else { "help" },
                    );
                    let raw = Raw { text: trimmed.to_owned(), span: place };
                    check_holes(&mut self.errors, &raw);
                    paragraphs.push(raw);
                }
                open = true;
            }
            next = self.lines.peek().filter(|line| line.of(text).starts_with('>'));
            if let Some(line) = next {
                self.lines.at = line.next;
            }
        }
        let mut paragraphs = paragraphs.into_iter();
        match paragraphs.next() {
            Some(message) => (message, paragraphs.next()),
            None => {
                self.errors.push(error(line.span(), "this message is empty", None));
                (Raw::default(), None)
            }
        }
    }

    fn paragraph(&mut self, line: Line) -> String {
        let text = self.lines.text;
        let mut paragraph = line.of(text).trim().to_owned();
        while let Some(line) = self.lines.peek() {
            let content = line.of(text);
            if content.is_empty() || content.starts_with(['#', '>']) || is_fence(content) {
                break;
            }
            self.lines.at = line.next;
            paragraph.push(' ');
            paragraph.push_str(content.trim());
        }
        paragraph
    }
}

/// To the first full stop (or `!` or `?`) behind which a sentence starts.
pub(super) fn first_sentence(paragraph: &str) -> &str {
    let mut in_code = false;
    for (at, letter) in paragraph.char_indices() {
        match letter {
            '`' => in_code = !in_code,
            '.' | '!' | '?' if !in_code => {
                let after = &paragraph[at + 1..];
                let start = after.trim_start();
                let ends = start.is_empty()
                    || (start.len() < after.len()
                        && start.starts_with(|first: char| !first.is_lowercase())
                        && !is_abbreviation(&paragraph[..at]));
                if ends {
                    return &paragraph[..=at];
                }
            }
            _ => {}
        }
    }
    paragraph
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(' ').next().unwrap_or_default();
    matches!(word, "e.g" | "i.e" | "cf" | "vs" | "etc" | "approx" | "No")
}
