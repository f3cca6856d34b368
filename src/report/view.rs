//! What every format asks of an outcome: the rule behind a finding, where a place is, what a finding is known by.
//!
//! It answers questions and writes nothing.

use std::cell::Cell;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::Options;
use crate::finding::{Diagnostic, Finding, Severity};
use crate::outcome::{Outcome, RuleInfo};
use crate::source::{FileId, Place, SourceFile, Span};

/// An outcome and how it is to be shown.
pub(super) struct View<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) options: &'a Options,
    rules: FxHashMap<&'a str, usize>,
    /// The last offset whose column was counted, so that a file of one endless line is counted once, not once a finding.
    counted: Cell<(FileId, usize, usize, u32)>,
}

/// A place as people and machines are told it: lines and columns from 1, columns in characters, the end exclusive, and
/// all of it on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_column: u32,
}

/// A span cut to the line on which it starts, at whole characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The line, from 0.
    pub(super) line: usize,
    /// The bytes of the line without its break.
    pub(super) bounds: Range<usize>,
    /// The bytes of the span.
    pub(super) span: Range<usize>,
}

impl Slice {
    /// A span as it lies in a file; whatever is beyond the end is at the end of the last line that has a text.
    pub(super) fn new(file: &SourceFile, span: Span) -> Self {
        let text = &*file.text;
        let mut start = (span.start as usize).min(text.len());
        if start == text.len() && text.ends_with('\n') {
            start -= 1;
        }
        let (line, bounds) = file.line_around(start as u32);
        let bounds = bounds.range();
        let start = floor(text, start).clamp(bounds.start, bounds.end);
        let end = ceil(text, (span.end as usize).min(bounds.end)).max(start);
        Self { line, bounds, span: start..end }
    }
}

impl<'a> View<'a> {
    pub(super) fn new(outcome: &'a Outcome, options: &'a Options) -> Self {
        let rules = outcome.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect();
        Self { outcome, options, rules, counted: Cell::new((FileId(0), 0, 0, 0)) }
    }

    /// The position of a rule in the outcome's list.
    pub(super) fn rule_index(&self, id: &str) -> Option<usize> {
        self.rules.get(id).copied()
    }

    /// What is known of a rule.
    pub(super) fn rule(&self, id: &str) -> Option<&'a RuleInfo> {
        self.rule_index(id).map(|at| self.outcome.rules[at].info())
    }

    /// The page of a rule, if it has one.
    pub(super) fn url(&self, id: &str) -> Option<&'a str> {
        self.rule(id).map(|rule| rule.url.as_str()).filter(|url| !url.is_empty())
    }

    /// The path of a file as the reader knows it.
    pub(super) fn path(&self, file: FileId) -> String {
        self.prefixed(self.outcome.sources.path(file).as_str())
    }

    /// A path as the reader knows it.
    pub(super) fn prefixed(&self, path: &str) -> String {
        format!("{}{path}", self.options.prefix)
    }

    /// Where a place is.
    pub(super) fn located(&self, place: Place) -> Located {
        let file = self.outcome.sources.get(place.file);
        let slice = Slice::new(file, place.span);
        let column = self.column(place.file, slice.bounds.start, slice.span.start);
        let end_column = column + file.text[slice.span.clone()].chars().count() as u32;
        Located { path: self.path(place.file), line: slice.line as u32 + 1, column, end_column }
    }

    /// A finding in plain lines: the sentence, what is to be seen where, what to do.
    pub(super) fn told(&self, finding: &Finding) -> String {
        let mut told = finding.message.clone();
        if !finding.primary.message.is_empty() {
            told.push_str(&format!("\nhere: {}", finding.primary.message));
        }
        for label in &finding.related {
            let at = self.located(label.place);
            let says = if label.message.is_empty() { "see here" } else { &label.message };
            told.push_str(&format!("\n{}:{}: {says}", at.path, at.line));
        }
        if let Some(help) = &finding.help {
            told.push_str(&format!("\nhelp: {help}"));
        }
        if let Some(settings) = finding.seen_with_in_short() {
            told.push_str(&format!("\nseen with: {settings}"));
        }
        told
    }

    /// The file of a diagnostic, with its place if it has one.
    pub(super) fn file_of(&self, diagnostic: &Diagnostic) -> Option<(String, Option<Located>)> {
        match &diagnostic.place {
            Some(label) => {
                let located = self.located(label.place);
                Some((located.path.clone(), Some(located)))
            }
            None => diagnostic.file.as_deref().map(|file| (self.prefixed(file), None)),
        }
    }

    /// For every finding what it is known by, and how many findings before it are known by the same.
    pub(super) fn fingerprints(&self) -> Vec<(String, usize)> {
        let mut seen: FxHashMap<String, usize> = FxHashMap::default();
        let known = |finding: &Finding| {
            let print = finding.fingerprint(self.outcome.sources.path(finding.primary.place.file).as_str());
            let times = seen.entry(print.clone()).or_default();
            *times += 1;
            (print, *times - 1)
        };
        self.outcome.findings.iter().map(known).collect()
    }

    /// Positions in the list of findings, the gravest and surest first, else in the list's own order.
    pub(super) fn gravest_first(&self) -> Vec<usize> {
        let findings = &self.outcome.findings;
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse((findings[*at].severity, findings[*at].confidence)));
        order
    }

    /// The numbers of findings, the gravest first, without those that are 0.
    pub(super) fn counts(&self) -> Vec<(Severity, usize)> {
        let mut counts = vec![(Severity::Error, 0), (Severity::Warning, 0), (Severity::Info, 0)];
        for finding in &self.outcome.findings {
            for (severity, count) in &mut counts {
                *count += usize::from(*severity == finding.severity);
            }
        }
        counts.retain(|(_, count)| *count > 0);
        counts
    }

    fn column(&self, file: FileId, line_start: usize, offset: usize) -> u32 {
        let (of, line, from, before) = self.counted.get();
        let (from, before) = if of == file && line == line_start && (line..=offset).contains(&from) {
            (from, before)
        } else {
            (line_start, 0)
        };
        let text = &self.outcome.sources.get(file).text;
        let before = before + text[from..offset].chars().count() as u32;
        self.counted.set((file, line_start, offset, before));
        before + 1
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ceil(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
