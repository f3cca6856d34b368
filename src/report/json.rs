//! Everything a run knows, for programs: versioned, and described by docs/report.schema.json.
//!
//! Within a version keys are added and never change their meaning. Lines and columns count from 1, columns in characters,
//! an end is exclusive. No times: the same run gives the same bytes.

use std::io;

use serde::Serialize;

use super::view::View;
use super::{HOME, NAME, VERSION, rows};
use crate::finding::{About, Confidence, Finding, Label, Severity, SubjectName};
use crate::outcome::Undecided;
use crate::source::Place;

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    rows::write(out, &Report::new(view), 2)
}

/// The version of this form.
const FORM: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    tool: Tool,
    findings: Vec<Found<'a>>,
    diagnostics: Vec<Said<'a>>,
    suppressed: Vec<Taken<'a>>,
    undecided: Vec<Open<'a>>,
    summary: Numbers<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Found<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    subject: &'a SubjectName,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also: &'a [SubjectName],
    unit: &'a str,
    location: Location,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    related: Vec<Related<'a>>,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    seen_with: &'a [String],
    url: Option<&'a str>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Fix<'a> {
    applicability: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    file: String,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Said<'a> {
    about: About,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    file: Option<String>,
    location: Option<Location>,
}

#[derive(Serialize)]
struct Taken<'a> {
    by: &'a str,
    reason: &'a str,
    finding: Found<'a>,
}

#[derive(Serialize)]
struct Open<'a> {
    rule: &'a str,
    subject: &'a str,
    at: String,
    reason: &'a str,
    applies: bool,
}

#[derive(Serialize)]
struct Numbers<'a> {
    files: usize,
    documents: usize,
    objects: usize,
    subjects: usize,
    rules: usize,
    skipped: Vec<Skipped<'a>>,
    by_severity: BySeverity,
    suppressed: usize,
    undecided: usize,
    hidden: usize,
    failed: bool,
}

#[derive(Serialize)]
struct Skipped<'a> {
    count: usize,
    what: &'a str,
}

#[derive(Serialize)]
struct BySeverity {
    error: usize,
    warning: usize,
    info: usize,
}

impl<'a> Report<'a> {
    fn new(view: &View<'a>) -> Self {
        let outcome = view.outcome;
        let summary = &outcome.summary;
        let counts = view.counts();
        let of = |severity| counts.iter().find(|(of, _)| *of == severity).map_or(0, |(_, count)| *count);
        Self {
            version: FORM,
            tool: Tool { name: NAME, version: VERSION, url: HOME },
            findings: outcome.findings.iter().map(|finding| found(view, finding)).collect(),
            diagnostics: (outcome.diagnostics.iter())
                .map(|diagnostic| Said {
                    about: diagnostic.about,
                    severity: diagnostic.severity,
                    message: &diagnostic.message,
                    help: diagnostic.help.as_deref(),
                    file: view.file_of(diagnostic).map(|(file, _)| file),
                    location: diagnostic.place.as_ref().map(|label| location(view, label.place)),
                })
                .collect(),
            suppressed: (outcome.suppressed.iter())
                .map(|taken| Taken {
                    by: taken.by,
                    reason: &taken.reason,
                    finding: found(view, &taken.finding),
                })
                .collect(),
            undecided: outcome.undecided.iter().map(|open| undecided(view, open)).collect(),
            summary: Numbers {
                files: summary.files,
                documents: summary.documents,
                objects: summary.objects,
                subjects: summary.subjects,
                rules: summary.rules,
                skipped: (summary.skipped.iter())
                    .map(|(what, count)| Skipped { count: *count, what })
                    .collect(),
                by_severity: BySeverity {
                    error: of(Severity::Error),
                    warning: of(Severity::Warning),
                    info: of(Severity::Info),
                },
                suppressed: summary.suppressed,
                undecided: summary.undecided,
                hidden: summary.hidden,
                failed: outcome.failed,
            },
        }
    }
}

fn found<'a>(view: &View<'a>, finding: &'a Finding) -> Found<'a> {
    let rule = view.rule(&finding.rule);
    Found {
        rule: &finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        message: &finding.message,
        subject: &finding.subject,
        also: &finding.also,
        unit: &finding.unit,
        location: location(view, finding.primary.place),
        label: &finding.primary.message,
        related: finding.related.iter().map(|label| related(view, label)).collect(),
        help: finding.help.as_deref(),
        seen_with: &finding.seen_with,
        url: view.url(&finding.rule),
        fingerprint: finding.fingerprint(view.outcome.sources.path(finding.primary.place.file).as_str()),
        fix: rule.and_then(|rule| rule.fix.as_deref()).map(|applicability| Fix { applicability }),
    }
}

fn related<'a>(view: &View<'a>, label: &'a Label) -> Related<'a> {
    Related { message: &label.message, location: location(view, label.place) }
}

fn location(view: &View<'_>, place: Place) -> Location {
    let at = view.located(place);
    Location {
        file: at.path,
        start: Point { line: at.line, column: at.column },
        end: Point { line: at.line, column: at.end_column },
    }
}

fn undecided<'a>(view: &View<'a>, open: &'a Undecided) -> Open<'a> {
    Open {
        rule: &open.rule,
        subject: &open.subject,
        at: view.prefixed(&open.at),
        reason: &open.reason,
        applies: open.applies,
    }
}
