//! reviewdog's diagnostic format, through which Gerrit, Bitbucket, Gitea and others are reached.
//!
//! reviewdog refuses keys that it does not know, and knew none for related places for long, so they stand in the message.
//! Its columns count bytes.

use std::io;

use serde::Serialize;

use super::view::{Slice, View};
use super::{HOME, NAME, rows};
use crate::finding::{Finding, Severity};

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let diagnostics = view.outcome.findings.iter().map(|finding| diagnostic(view, finding)).collect();
    rows::write(out, &Result { source: Source { name: NAME, url: HOME }, diagnostics }, 2)
}

#[derive(Serialize)]
struct Result<'a> {
    source: Source,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code<'a>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

fn diagnostic<'a>(view: &View<'a>, finding: &'a Finding) -> Diagnostic<'a> {
    let place = finding.primary.place;
    let slice = Slice::new(view.outcome.sources.get(place.file), place.span);
    let position = |at: usize| Position { line: slice.line + 1, column: at - slice.bounds.start + 1 };
    Diagnostic {
        message: view.told(finding),
        location: Location {
            path: view.path(place.file),
            range: Range { start: position(slice.span.start), end: position(slice.span.end) },
        },
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        code: Code { value: &finding.rule, url: view.url(&finding.rule) },
    }
}
