//! Workflow commands, which GitHub Actions shows as annotations on a pull request.
//!
//! A step may make ten annotations of a level; what is beyond is dropped by GitHub without a word. So the gravest become
//! annotations, the others a folded part of the log, and a last line says so. Names come from files that anybody may
//! have written: nothing in them becomes a command.

use std::io::{self, Write};

use super::view::{Located, View};
use super::words::{count, visible};
use super::{NAME, concise};
use crate::finding::Severity;

/// GitHub's limit of annotations of a level in a step.
const MOST: usize = 10;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (mut shown, mut folded) = (Vec::new(), Vec::new());
    let mut room = [(Severity::Error, MOST), (Severity::Warning, MOST), (Severity::Info, MOST - 1)];
    let mut place = |severity: Severity, command: &dyn Fn() -> String, line: &dyn Fn() -> String| match room
        .iter_mut()
        .find(|(of, left)| *of == severity && *left > 0)
    {
        Some((_, left)) => {
            *left -= 1;
            shown.push(command());
        }
        None => folded.push(line()),
    };
    for at in view.gravest_first() {
        let finding = &view.outcome.findings[at];
        let command = || {
            let at = view.located(finding.primary.place);
            self::command(finding.severity, &at.path, Some(&at), &finding.rule, &view.told(finding))
        };
        place(finding.severity, &command, &|| concise::line(view, finding));
    }
    for diagnostic in view.outcome.diagnostics.iter().filter(|_| !view.options.quiet) {
        let command = || {
            let (path, at) = view.file_of(diagnostic).unwrap_or_default();
            let help = diagnostic.help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
            let text = format!("{}{help}", diagnostic.message);
            self::command(diagnostic.severity, &path, at.as_ref(), diagnostic.about.word(), &text)
        };
        place(diagnostic.severity, &command, &|| concise::line_of_diagnostic(view, diagnostic));
    }
    for command in &shown {
        writeln!(out, "{command}")?;
    }
    if !folded.is_empty() {
        let more = format!(
            "{} not shown as an annotation: GitHub takes {MOST} of a level",
            count(folded.len(), "more line")
        );
        writeln!(out, "::notice title={NAME}::{}; the log has them all", text(&more))?;
        writeln!(out, "::group::{}", text(&count(folded.len(), "more line")))?;
        for line in &folded {
            writeln!(out, "{}", inert(line))?;
        }
        writeln!(out, "::endgroup::")?;
    }
    Ok(())
}

fn command(severity: Severity, path: &str, at: Option<&Located>, rule: &str, told: &str) -> String {
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    if !path.is_empty() {
        properties.push(format!("file={}", property(path)));
    }
    if let Some(at) = at {
        properties.push(format!("line={},endLine={}", at.line, at.line));
        if at.end_column > at.column {
            properties.push(format!("col={},endColumn={}", at.column, at.end_column));
        }
    }
    properties.push(format!("title={}", property(&format!("{NAME} ({rule})"))));
    let told: Vec<_> = told.lines().map(visible).collect();
    format!("::{level} {}::{}", properties.join(","), text(&told.join("\n")))
}

fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log that the runner does not take for a command: neither of today's form, which starts a line, nor of
/// the old one, which it seeks anywhere.
fn inert(line: &str) -> String {
    let line = line.replace("##[", "# #[");
    if line.trim_start().starts_with("::") { format!("'{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let at = Located { path: "a,b:c%.yaml".into(), line: 3, column: 5, end_column: 9 };
        let command =
            command(Severity::Error, &at.path, Some(&at), "a/b", "50 % of it\nhelp: do, or: do not");
        assert_eq!(
            command,
            "::error file=a%2Cb%3Ac%25.yaml,line=3,endLine=3,col=5,endColumn=9,title=steadfast (a/b)\
             ::50 %25 of it%0Ahelp: do, or: do not"
        );
    }

    #[test]
    fn an_empty_span_has_no_columns() {
        let at = Located { path: "a".into(), line: 3, column: 5, end_column: 5 };
        assert_eq!(
            command(Severity::Info, "a", Some(&at), "r", "m"),
            "::notice file=a,line=3,endLine=3,title=steadfast (r)::m"
        );
    }

    #[test]
    fn names_are_no_commands() {
        assert_eq!(inert("::set-env name=a::b"), "'::set-env name=a::b");
        assert_eq!(inert("  ::stop-commands::x"), "'  ::stop-commands::x");
        assert_eq!(inert("a ##[error]b"), "a # #[error]b");
        assert!(!command(Severity::Info, "", None, "r", "a\r::error::b").contains('\r'));
    }
}
