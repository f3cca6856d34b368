//! A line a finding, `path:line:col: severity[rule] message`: for grep, editors and problem matchers.
//!
//! No frame, no colour, no summary. The rest of what there is to say has the same form, under a word that is no rule.

use std::io::{self, Write};

use super::view::View;
use super::words::visible;
use crate::finding::{Diagnostic, Finding};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &view.outcome.findings {
        writeln!(out, "{}", line(view, finding))?;
    }
    if !view.options.quiet {
        for diagnostic in &view.outcome.diagnostics {
            writeln!(out, "{}", line_of_diagnostic(view, diagnostic))?;
        }
    }
    Ok(())
}

/// One finding.
pub(super) fn line(view: &View<'_>, finding: &Finding) -> String {
    let at = view.located(finding.primary.place);
    let Finding { severity, rule, message, .. } = finding;
    format!("{}:{}:{}: {severity}[{rule}] {}", visible(&at.path), at.line, at.column, visible(message))
}

/// One diagnostic.
pub(super) fn line_of_diagnostic(view: &View<'_>, diagnostic: &Diagnostic) -> String {
    let what =
        format!("{}[{}] {}", diagnostic.severity, diagnostic.about.word(), visible(&diagnostic.message));
    match view.file_of(diagnostic) {
        None => what,
        Some((path, None)) => format!("{}: {what}", visible(&path)),
        Some((path, Some(at))) => format!("{}:{}:{}: {what}", visible(&path), at.line, at.column),
    }
}
