//! Markdown for a job summary or a comment on a merge request: the numbers, then a part for each rule, the gravest first.
//!
//! Errors are open, the rest is folded. GitHub drops a summary over 1 MiB whole, so it ends before that and says how much
//! is missing. Names come from files that anybody may have written: they are shown, and neither link nor tag.

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use super::sarif::encoded;
use super::view::{Located, View};
use super::words::{count, thousands, visible};
use crate::finding::{Finding, Severity};

/// The bytes that a summary may have, with some to spare for its end.
const BYTES: usize = 900_000;
/// So many findings of a rule have a row.
const ROWS: usize = 200;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = head(view);
    let mut left = 0;
    for findings in groups(view) {
        let part = part(view, &findings);
        if page.len() + part.len() > BYTES {
            left += findings.len();
        } else {
            page.push_str(&part);
        }
    }
    if left > 0 {
        page.push_str(&format!("{} more: this page may not be longer.\n\n", count(left, "finding")));
    }
    if !view.options.quiet {
        page.push_str(&foot(view, BYTES.saturating_sub(page.len())));
    }
    out.write_all(page.trim_end().as_bytes())?;
    out.write_all(b"\n")
}

fn head(view: &View<'_>) -> String {
    let summary = &view.outcome.summary;
    let counts: Vec<String> = view.counts().iter().map(|(severity, n)| count(*n, severity.word())).collect();
    let counts = match counts.is_empty() {
        true if view.outcome.failed => "the run failed".to_owned(),
        true => "no findings".to_owned(),
        false => counts.join(", "),
    };
    let judged = [
        count(summary.files, "file"),
        count(summary.objects, "object"),
        format!("{} asked of {}", count(summary.rules, "rule"), count(summary.subjects, "subject")),
    ];
    format!("### {}: {counts}\n\n{}\n\n", super::NAME, judged.join(" · "))
}

/// The findings of each rule and severity, the gravest first, then in the order of their first places.
fn groups<'a>(view: &View<'a>) -> Vec<Vec<&'a Finding>> {
    let mut known: FxHashMap<(&str, Severity), usize> = FxHashMap::default();
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in &view.outcome.findings {
        let at = *known.entry((&finding.rule, finding.severity)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(finding);
    }
    groups.sort_by_key(|findings| std::cmp::Reverse(findings[0].severity));
    groups
}

fn part(view: &View<'_>, findings: &[&Finding]) -> String {
    let Finding { rule: id, severity, .. } = findings[0];
    let rule = view.rule(id);
    let open = if *severity == Severity::Error { " open" } else { "" };
    let title = rule.map_or("", |rule| rule.title.as_str());
    let mark = match severity {
        Severity::Error => "🔴",
        Severity::Warning => "🟡",
        Severity::Info => "🔵",
    };
    let n = thousands(findings.len());
    let mut part = format!(
        "<details{open}>\n<summary>{mark} {severity} <code>{}</code> {} ({n})</summary>\n\n",
        html(id),
        html(title)
    );
    if let Some(rule) = rule {
        let more = if rule.url.is_empty() { String::new() } else { format!(" [More]({})", link(&rule.url)) };
        part.push_str(&format!("{}{more}\n\n", prose(&rule.why)));
    }
    part.push_str("| Where | What |\n|---|---|\n");
    for finding in findings.iter().take(ROWS) {
        let at = view.located(finding.primary.place);
        let mut what = prose(&finding.message);
        if !finding.primary.message.is_empty() {
            what.push_str(&format!("<br>here: {}", prose(&finding.primary.message)));
        }
        for label in &finding.related {
            let says = if label.message.is_empty() { "see here" } else { &label.message };
            what.push_str(&format!("<br>{}: {}", place(view, &view.located(label.place)), prose(says)));
        }
        if let Some(help) = &finding.help {
            what.push_str(&format!("<br>**help:** {}", prose(help)));
        }
        part.push_str(&format!("| {} | {what} |\n", place(view, &at)));
    }
    if findings.len() > ROWS {
        part.push_str(&format!("\nand {} more\n", thousands(findings.len() - ROWS)));
    }
    part.push_str("\n</details>\n\n");
    part
}

fn foot(view: &View<'_>, room: usize) -> String {
    let outcome = view.outcome;
    let summary = &outcome.summary;
    let mut foot = String::new();
    let mut rest = Vec::new();
    if !summary.skipped.is_empty() {
        let skipped = summary.skipped.iter().map(|(what, n)| format!("{} {}", thousands(*n), prose(what)));
        rest.push(format!("not judged: {}", skipped.collect::<Vec<String>>().join(", ")));
    }
    if summary.undecided > 0 {
        rest.push(format!("undecided: {} (values only known at run time)", thousands(summary.undecided)));
    }
    if summary.suppressed > 0 {
        rest.push(format!("suppressed: {}", thousands(summary.suppressed)));
    }
    if summary.hidden > 0 {
        rest.push(format!("not shown: {}", thousands(summary.hidden)));
    }
    if !rest.is_empty() {
        foot.push_str(&format!("{}\n\n", rest.join(" · ")));
    }
    if outcome.diagnostics.is_empty() {
        return foot;
    }
    let grave = outcome.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let n = count(outcome.diagnostics.len(), "note");
    foot.push_str(&format!(
        "<details{}>\n<summary>{n} about the run</summary>\n\n",
        if grave { " open" } else { "" }
    ));
    foot.push_str("| Where | What |\n|---|---|\n");
    for (nth, diagnostic) in outcome.diagnostics.iter().enumerate() {
        let at = match view.file_of(diagnostic) {
            None => String::new(),
            Some((path, None)) => code(&path),
            Some((_, Some(at))) => place(view, &at),
        };
        let line = format!("| {at} | {}: {} |\n", diagnostic.severity, prose(&diagnostic.message));
        if foot.len() + line.len() > room {
            foot.push_str(&format!("\nand {} more\n", thousands(outcome.diagnostics.len() - nth)));
            break;
        }
        foot.push_str(&line);
    }
    foot.push_str("\n</details>\n\n");
    foot
}

fn place(view: &View<'_>, at: &Located) -> String {
    let shown = code(&format!("{}:{}", at.path, at.line));
    match &view.options.browse {
        Some(browse) => {
            format!("[{shown}]({}/{}#L{})", link(browse.trim_end_matches('/')), encoded(&at.path), at.line)
        }
        None => shown,
    }
}

/// A URL that ends neither the link nor the cell of a table.
fn link(url: &str) -> String {
    url.replace(' ', "%20")
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('|', "%7C")
        .replace(['<', '>', '\n'], "")
}

/// Words of a rule or a finding: what stands in backticks stays code, all else loses its power over the page.
fn prose(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let mut out = String::with_capacity(text.len() + 16);
    for (nth, part) in parts.iter().enumerate() {
        if paired && nth % 2 == 1 {
            out.push_str(&code(part));
        } else {
            if !paired && nth > 0 {
                out.push_str("\\`");
            }
            for c in part.chars() {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '@' => out.extend(['\\', c]),
                    c => out.push(c),
                }
            }
        }
    }
    out
}

/// Text as code, fenced by more backticks than it has in a row; for a cell of a table.
fn code(text: &str) -> String {
    let text = visible(text);
    let run = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(run + 1);
    let pad = if run > 0 { " " } else { "" };
    if text.is_empty() {
        String::new()
    } else {
        format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
    }
}

fn html(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_power() {
        assert_eq!(
            prose("`a|b` <img onerror=x> [c](d) @team"),
            "`a\\|b` &lt;img onerror=x&gt; \\[c\\](d) \\@team"
        );
        assert_eq!(prose("an odd ` tick"), "an odd \\` tick");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(code("</code>"), "`</code>`");
        assert_eq!(link("https://a/b (c)|d"), "https://a/b%20%28c%29%7Cd");
    }
}
