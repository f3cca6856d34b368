//! JUnit XML, which every build server reads: a suite a file, a case a finding.
//!
//! Errors and warnings are failures. Infos are cases that passed and have something to say, because a build server fails
//! a build for any failure. What could not be read is an error, what was not judged is skipped, and a clean run has one
//! case that passed, because a report without cases is taken for a broken one. No times: the same run, the same bytes. A
//! case has no `file` and no `line`, which some readers know, because the schema by which Jenkins refuses a report has none.

use std::borrow::Cow;
use std::io::{self, Write};

use super::NAME;
use super::view::View;
use super::words::count;
use crate::finding::{About, Diagnostic, Finding, Severity};
use crate::source::FileId;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = view.outcome;
    let mut suites: Vec<(FileId, Vec<&Finding>)> = Vec::new();
    for finding in &outcome.findings {
        let file = finding.primary.place.file;
        match suites.last_mut() {
            Some((last, findings)) if *last == file => findings.push(finding),
            _ => suites.push((file, vec![finding])),
        }
    }
    let said: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(|_| !view.options.quiet).collect();
    let clean = suites.is_empty();
    let failures = outcome.findings.iter().filter(|finding| fails(finding)).count();
    let errors = said.iter().filter(|diagnostic| broken(diagnostic)).count();
    let tests = outcome.findings.len() + said.len() + usize::from(clean);

    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="{NAME}" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    for (file, findings) in &suites {
        let path = view.path(*file);
        let failures = findings.iter().filter(|finding| fails(finding)).count();
        let name = attribute(&path);
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{}" failures="{failures}" errors="0" file="{name}">"#,
            findings.len()
        )?;
        for finding in findings {
            case(view, finding, &name, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    if clean || !said.is_empty() {
        let tests = said.len() + usize::from(clean);
        let skipped = said.iter().filter(|diagnostic| diagnostic.about == About::NotJudged).count();
        writeln!(
            out,
            r#"  <testsuite name="{NAME}" tests="{tests}" failures="0" errors="{errors}" skipped="{skipped}">"#
        )?;
        if clean {
            let name = format!("No findings in {}", count(outcome.summary.files, "file"));
            writeln!(out, r#"    <testcase classname="{NAME}" name="{name}"/>"#)?;
        }
        for diagnostic in said {
            case_of_diagnostic(view, diagnostic, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(view: &View<'_>, finding: &Finding, suite: &str, out: &mut dyn Write) -> io::Result<()> {
    let at = view.located(finding.primary.place);
    let name = attribute(&format!("{} at {}:{}", finding.rule, at.line, at.column)).into_owned();
    let mut told = format!("{}:{}:{}: {}", at.path, at.line, at.column, view.told(finding));
    if let Some(url) = view.url(&finding.rule) {
        told.push_str(&format!("\n{url}"));
    }
    let told = content(&told);
    writeln!(out, r#"    <testcase classname="{suite}" name="{name}">"#)?;
    if fails(finding) {
        let message = attribute(&finding.message);
        writeln!(out, r#"      <failure type="{}" message="{message}">{told}</failure>"#, finding.severity)?;
    } else {
        writeln!(out, "      <system-out>{told}</system-out>")?;
    }
    writeln!(out, "    </testcase>")
}

fn case_of_diagnostic(view: &View<'_>, diagnostic: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    let at = match view.file_of(diagnostic) {
        None => diagnostic.about.word().to_owned(),
        Some((path, None)) => path,
        Some((path, Some(at))) => format!("{path}:{}:{}", at.line, at.column),
    };
    let (about, message) = (diagnostic.about.word(), attribute(&diagnostic.message));
    writeln!(out, r#"    <testcase classname="{NAME}.{about}" name="{}">"#, attribute(&at))?;
    let help = content(diagnostic.help.as_deref().unwrap_or_default());
    if broken(diagnostic) {
        writeln!(out, r#"      <error type="{about}" message="{message}">{help}</error>"#)?;
    } else if diagnostic.about == About::NotJudged {
        writeln!(out, r#"      <skipped message="{message}"/>"#)?;
    } else {
        writeln!(out, "      <system-out>{}</system-out>", content(&diagnostic.message))?;
    }
    writeln!(out, "    </testcase>")
}

fn fails(finding: &Finding) -> bool {
    finding.severity > Severity::Info
}

fn broken(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error && diagnostic.about != About::NotJudged
}

fn attribute(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

fn content(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// Text for XML 1.0, which has no form at all for most control characters: a mark stands for them.
fn escaped(text: &str, attribute: bool) -> Cow<'_, str> {
    let special = |c: char| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' if attribute => Some("&quot;"),
        '\n' if attribute => Some("&#10;"),
        '\t' if attribute => Some("&#9;"),
        '\r' => Some("&#13;"),
        '\t' | '\n' => None,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => Some("\u{fffd}"),
        _ => None,
    };
    if !text.chars().any(|c| special(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match special(c) {
            Some(instead) => out.push_str(instead),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(attribute("a < b & \"c\" ]]>\n"), "a &lt; b &amp; &quot;c&quot; ]]&gt;&#10;");
        assert_eq!(content("a\u{0}b\u{1b}[31mc\n\t\u{ffff}"), "a\u{fffd}b\u{fffd}[31mc\n\t\u{fffd}");
        assert_eq!(content("ü 漢 🚀"), "ü 漢 🚀");
    }
}
