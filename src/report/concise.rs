//! A line a finding, `path:line:col: severity[rule] message`: for grep, editors and problem matchers.
//!
//! No frame, no colour, no summary. The rest of what there is to say has the same form, under a word that is no rule.

use std::io::{self, Write};

use super::view::View;
use super::words::visible;
use crate::finding::{Diagnostic, Finding};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &view.outcome.findings {
        let mut line = line(view, finding);
        line.push('\n');
        out.write_all(line.as_bytes())?;
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
    let (path, message) = (visible(&at.path), visible(message));
    // There may be thousands of these, and to put them together by hand takes a third of the time.
    let mut line = String::with_capacity(path.len() + rule.len() + message.len() + 40);
    line.push_str(&path);
    for number in [at.line, at.column] {
        line.push(':');
        push_number(&mut line, number);
    }
    line.push_str(": ");
    line.push_str(severity.word());
    line.push('[');
    line.push_str(rule);
    line.push_str("] ");
    line.push_str(&message);
    line
}

fn push_number(line: &mut String, number: u32) {
    if number >= 10 {
        push_number(line, number / 10);
    }
    line.push(char::from(b'0' + (number % 10) as u8));
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
