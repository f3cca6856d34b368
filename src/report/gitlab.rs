//! GitLab Code Quality: a list of issues in the form of Code Climate, each with a fingerprint of its own.
//!
//! GitLab shows neither the name of a check nor two issues with one fingerprint, so the rule stands in the description,
//! and the second finding at one place has a number behind its fingerprint.

use std::io;

use serde::Serialize;

use super::rows;
use super::view::View;
use super::words::visible;
use crate::finding::Severity;

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let findings = view.outcome.findings.iter().zip(view.fingerprints());
    let issues = findings.map(|(finding, (print, nth))| {
        let at = view.located(finding.primary.place);
        Issue {
            kind: "issue",
            description: format!("{}: {}", finding.rule, visible(&finding.message)),
            check_name: &finding.rule,
            content: Content { body: view.told(finding) },
            categories: ["Bug Risk"],
            fingerprint: if nth == 0 { print } else { format!("{print}-{}", nth + 1) },
            severity: match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Info => "info",
            },
            location: Location { path: at.path, lines: Lines { begin: at.line, end: at.line } },
        }
    });
    rows::write(out, &issues.collect::<Vec<Issue<'_>>>(), 1)
}

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    description: String,
    check_name: &'a str,
    content: Content,
    categories: [&'static str; 1],
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Content {
    body: String,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}
