//! The report for a person at a terminal: code frames, the numbers, what to do, and an end that says what was not judged.
//!
//! Findings stand in order of file and line, because that is how they are mended. A rule that speaks often is shown twice
//! in full and then line by line, all at its first place, so that forty of one kind do not bury the one that matters. Why
//! a rule speaks is said once. This is no format for programs: its words may change with every release.

use std::io::{self, Write};

use rustc_hash::{FxHashMap, FxHashSet};

use super::frame::{self, Mark};
use super::view::View;
use super::words::{count, listed, thousands, visible, width, wrapped};
use crate::finding::{About, Confidence, Diagnostic, Finding, Severity, SubjectName};

/// From so many of a kind on, they are grouped.
const OFTEN: usize = 5;
/// So many of a group are drawn in full.
const DRAWN: usize = 2;
/// So many of a group have a line of their own.
const LISTED: usize = 20;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pen = Pen { view };
    pen.findings(out)?;
    if !view.options.quiet {
        pen.diagnostics(out)?;
        pen.undecided(out)?;
        pen.statistics(out)?;
        pen.timings(out)?;
        pen.summary(out)?;
    }
    Ok(())
}

struct Pen<'v, 'a> {
    view: &'v View<'a>,
}

impl<'a> Pen<'_, 'a> {
    fn findings(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = &self.view.outcome.findings;
        let kind = |finding: &'a Finding| (finding.rule.as_str(), finding.severity);
        let mut groups: FxHashMap<(&str, Severity), Vec<&Finding>> = FxHashMap::default();
        for finding in findings {
            groups.entry(kind(finding)).or_default().push(finding);
        }
        let mut explained = FxHashSet::default();
        for finding in findings {
            let group = match groups.get(&kind(finding)) {
                Some(group) if group.len() >= OFTEN && !self.view.options.all => group,
                _ => {
                    self.finding(finding, explained.insert(finding.rule.as_str()), out)?;
                    continue;
                }
            };
            if !std::ptr::eq(group[0], finding) {
                continue;
            }
            for finding in &group[..DRAWN] {
                self.finding(finding, explained.insert(finding.rule.as_str()), out)?;
            }
            let rest = group.len() - DRAWN;
            let head =
                format!("{}[{}] {} more:", finding.severity, self.rule(&finding.rule), thousands(rest));
            writeln!(out, "{}", self.paint(tint(finding.severity), &head))?;
            self.list(group[DRAWN..].iter().copied(), out, |finding| {
                let at = self.view.located(finding.primary.place);
                (format!("{}:{}", visible(&at.path), at.line), called(&finding.subject))
            })?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn finding(&self, finding: &Finding, explain: bool, out: &mut dyn Write) -> io::Result<()> {
        let head = format!("{}[{}]", finding.severity, self.rule(&finding.rule));
        let head = self.paint(tint(finding.severity), &head);
        writeln!(out, "{head}{}", self.paint(BOLD, &format!(": {}", visible(&finding.message))))?;
        let primary = Mark { place: finding.primary.place, text: &finding.primary.message, primary: true };
        let related = finding.related.iter().map(|label| Mark {
            place: label.place,
            text: &label.message,
            primary: false,
        });
        let marks: Vec<Mark<'_>> = std::iter::once(primary).chain(related).collect();
        let mut frame = String::new();
        frame::draw(self.view, &marks, finding.severity, &mut frame);
        out.write_all(frame.as_bytes())?;
        if let Some(rule) = self.view.rule(&finding.rule).filter(|rule| explain && !rule.why.is_empty()) {
            self.note("why", &rule.why, out)?;
        }
        if let Some(help) = &finding.help {
            self.note("help", help, out)?;
        }
        if !finding.also.is_empty() {
            let also: Vec<String> = finding.also.iter().map(called).collect();
            self.note("also", &listed(&also, 4), out)?;
        }
        if finding.confidence < Confidence::High {
            self.note(
                "note",
                "the confidence is medium: there may be a reason for it that the files do not tell",
                out,
            )?;
        }
        if let Some(settings) = finding.seen_with_in_short() {
            writeln!(out, "  {}", visible(&format!("seen with: {settings}")))?;
        }
        writeln!(out)
    }

    fn diagnostics(&self, out: &mut dyn Write) -> io::Result<()> {
        let diagnostics = &self.view.outcome.diagnostics;
        let (unjudged, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            diagnostics.iter().partition(|diagnostic| diagnostic.about == About::NotJudged);
        let kind = |diagnostic: &Diagnostic| (diagnostic.about, diagnostic.severity);
        let mut shown = FxHashSet::default();
        for diagnostic in &others {
            let group: Vec<&Diagnostic> = match shown.contains(&kind(diagnostic)) {
                true => continue,
                false => others.iter().copied().filter(|other| kind(other) == kind(diagnostic)).collect(),
            };
            shown.insert(kind(diagnostic));
            let drawn = if group.len() >= OFTEN && !self.view.options.all { DRAWN } else { group.len() };
            for diagnostic in &group[..drawn] {
                self.diagnostic(diagnostic, out)?;
            }
            if drawn < group.len() {
                let head = format!(
                    "{}[{}] {} more:",
                    diagnostic.severity,
                    diagnostic.about.word(),
                    group.len() - drawn
                );
                writeln!(out, "{}", self.paint(tint(diagnostic.severity), &head))?;
                self.list(group[drawn..].iter().copied(), out, |other| self.listed(other))?;
                writeln!(out)?;
            }
        }
        if !unjudged.is_empty() {
            writeln!(out, "{}", self.paint(BOLD, "not judged:"))?;
            self.list(unjudged.iter().copied(), out, |other| self.listed(other))?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
        let head = self.paint(
            tint(diagnostic.severity),
            &format!("{}[{}]", diagnostic.severity, diagnostic.about.word()),
        );
        writeln!(out, "{head}{}", self.paint(BOLD, &format!(": {}", visible(&diagnostic.message))))?;
        match (&diagnostic.place, &diagnostic.file) {
            (Some(label), _) => {
                let mut frame = String::new();
                let mark = Mark { place: label.place, text: &label.message, primary: true };
                frame::draw(self.view, &[mark], diagnostic.severity, &mut frame);
                out.write_all(frame.as_bytes())?;
            }
            (None, Some(file)) => self.note("in", &self.view.prefixed(file), out)?,
            (None, None) => {}
        }
        let help = diagnostic.help.as_deref().unwrap_or_default();
        for (nth, line) in help.lines().enumerate() {
            self.note(if nth == 0 { "help" } else { "" }, line, out)?;
        }
        writeln!(out)
    }

    fn listed(&self, diagnostic: &Diagnostic) -> (String, String) {
        let at = match self.view.file_of(diagnostic) {
            None => String::new(),
            Some((path, None)) => visible(&path).into_owned(),
            Some((path, Some(at))) => format!("{}:{}", visible(&path), at.line),
        };
        (at, visible(&diagnostic.message).into_owned())
    }

    fn undecided(&self, out: &mut dyn Write) -> io::Result<()> {
        let undecided = &self.view.outcome.undecided;
        if undecided.is_empty() || !self.view.options.undecided {
            return Ok(());
        }
        writeln!(out, "{}", self.paint(BOLD, "undecided, because a value is only known at run time:"))?;
        let lines: Vec<(String, String)> = (undecided.iter())
            .map(|open| {
                let whether = if open.applies { "" } else { ", and so whether the rule applies" };
                let said = format!("{} of {}: {}{whether}", open.rule, open.subject, open.reason);
                (visible(&self.view.prefixed(&open.at)).into_owned(), visible(&said).into_owned())
            })
            .collect();
        self.table(&lines, out)?;
        writeln!(out)
    }

    fn statistics(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = &self.view.outcome.findings;
        if findings.is_empty() || !self.view.options.statistics {
            return Ok(());
        }
        let mut often: FxHashMap<(&str, Severity), usize> = FxHashMap::default();
        for finding in findings {
            *often.entry((finding.rule.as_str(), finding.severity)).or_default() += 1;
        }
        let mut often: Vec<((&str, Severity), usize)> = often.into_iter().collect();
        often.sort_by(|a, b| b.1.cmp(&a.1).then(b.0.1.cmp(&a.0.1)).then(a.0.0.cmp(b.0.0)));
        let digits = often.iter().map(|(_, n)| thousands(*n).len()).max().unwrap_or(1);
        let wide = often.iter().map(|((rule, _), _)| width(rule)).max().unwrap_or(0);
        for ((rule, severity), n) in often {
            let title = self.view.rule(rule).map_or("", |rule| rule.title.as_str());
            let pad = " ".repeat(wide - width(rule));
            let severity = self.paint(tint(severity), &format!("{:7}", severity.word()));
            let line = format!(
                "{:>digits$}  {severity}  {}{pad}  {}",
                thousands(n),
                self.rule(rule),
                visible(title)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)
    }

    fn timings(&self, out: &mut dyn Write) -> io::Result<()> {
        let timings = &self.view.outcome.timings;
        if timings.is_empty() || !self.view.options.timings {
            return Ok(());
        }
        let wide = timings.iter().map(|(phase, _)| width(phase)).max().unwrap_or(0);
        for (phase, time) in timings {
            let pad = " ".repeat(wide - width(phase));
            writeln!(out, "{phase}{pad}  {:8.2} ms", time.as_secs_f64() * 1e3)?;
        }
        writeln!(out)
    }

    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { view } = self;
        let summary = &view.outcome.summary;
        let counts = view.counts();
        if view.outcome.failed && summary.files == 0 && counts.is_empty() {
            // Nothing was judged, and what stands above says why.
            return Ok(());
        }
        let open = summary.undecided > 0
            || summary.hidden > 0
            || !summary.skipped.is_empty()
            || !view.outcome.diagnostics.is_empty();
        let found = if !counts.is_empty() {
            let counts =
                counts.iter().map(|(severity, n)| self.paint(tint(*severity), &count(*n, severity.word())));
            counts.collect::<Vec<String>>().join(", ")
        } else if view.outcome.failed {
            self.paint(tint(Severity::Error), "the run failed, with no findings")
        } else if summary.subjects == 0 {
            "nothing to judge".to_owned()
        } else if open {
            "no findings".to_owned()
        } else {
            self.paint(
                GREEN,
                if view.options.unicode { "✓ all clear: no findings" } else { "all clear: no findings" },
            )
        };
        let troubles = view.outcome.diagnostics.iter();
        let troubles = troubles.filter(|of| of.about == About::Input && of.severity > Severity::Info).count();
        let found = match troubles {
            0 => found,
            n => format!(
                "{found}, {} with the input",
                self.paint(tint(Severity::Warning), &count(n, "problem"))
            ),
        };
        let judged = format!(
            "{}, {} asked of {}",
            count(summary.objects, "object"),
            count(summary.rules, "rule"),
            count(summary.subjects, "subject")
        );
        let time =
            view.options.elapsed.map_or(String::new(), |time| format!(" in {:.2} s", time.as_secs_f64()));
        writeln!(out, "{found} in {} ({judged}){time}", count(summary.files, "file"))?;

        let mut rest = Vec::new();
        if !summary.skipped.is_empty() {
            let skipped =
                summary.skipped.iter().map(|(what, n)| format!("{} {}", thousands(*n), visible(what)));
            rest.push(format!("not judged: {}", skipped.collect::<Vec<String>>().join(", ")));
        }
        if summary.undecided > 0 {
            let see = if view.options.undecided { "" } else { ", see --undecided" };
            rest.push(format!(
                "undecided: {} (values only known at run time){see}",
                thousands(summary.undecided)
            ));
        }
        if summary.suppressed > 0 {
            rest.push(format!("suppressed: {}", thousands(summary.suppressed)));
        }
        if summary.hidden > 0 {
            rest.push(format!("not shown: {} (less grave, or in other files)", thousands(summary.hidden)));
        }
        if !rest.is_empty() {
            writeln!(out, "{}", rest.join(if view.options.unicode { " · " } else { "; " }))?;
        }
        match view.gravest_first().first().map(|at| view.outcome.findings[*at].rule.as_str()) {
            Some(rule) => writeln!(
                out,
                "{}",
                self.paint(DIM, &format!("more about a rule: {} explain {rule}", super::NAME))
            ),
            None => Ok(()),
        }
    }

    /// A word at the left, and prose beside it.
    fn note(&self, word: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let text = visible(text);
        let lines = wrapped(&text, self.view.options.width.saturating_sub(NOTE).max(24));
        for (nth, line) in lines.iter().enumerate() {
            let word = if nth == 0 { word } else { "" };
            let word = self.paint(BOLD, &format!("{word:<4}"));
            writeln!(out, "{}", format!("  {word}  {line}").trim_end())?;
        }
        Ok(())
    }

    /// Some lines of a group, and how many there are beside.
    fn list<T>(
        &self,
        group: impl ExactSizeIterator<Item = T>,
        out: &mut dyn Write,
        line: impl FnMut(T) -> (String, String),
    ) -> io::Result<()> {
        let all = group.len();
        let shown = if self.view.options.all { all } else { LISTED };
        let lines: Vec<(String, String)> = group.take(shown).map(line).collect();
        self.table(&lines, out)?;
        if lines.len() < all {
            writeln!(out, "  and {} more: --output concise has them all", thousands(all - lines.len()))?;
        }
        Ok(())
    }

    /// Places at the left, words at the right, in columns where the places are not too long for it.
    fn table(&self, lines: &[(String, String)], out: &mut dyn Write) -> io::Result<()> {
        let most = self.view.options.width / 2;
        let wide = lines.iter().map(|(at, _)| width(at)).filter(|wide| *wide <= most).max().unwrap_or(0);
        for (at, what) in lines {
            let pad = " ".repeat(wide.saturating_sub(width(at)));
            writeln!(out, "{}", format!("  {at}{pad}  {what}").trim_end())?;
        }
        Ok(())
    }

    /// A rule's id, as a link to its page.
    fn rule(&self, id: &str) -> String {
        match self.view.url(id).filter(|_| self.view.options.hyperlinks) {
            Some(url) => format!("\u{1b}]8;;{url}\u{1b}\\{id}\u{1b}]8;;\u{1b}\\"),
            None => id.to_owned(),
        }
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.view.options.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The columns before prose.
const NOTE: usize = 8;
const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";

fn tint(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Info => "1;36",
    }
}

/// A subject, as a person calls it: `Deployment shop/api`.
fn called(subject: &SubjectName) -> String {
    let SubjectName { kind, name, namespace } = subject;
    let name = match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.clone(),
    };
    visible(format!("{} {name}", in_words(kind)).trim()).into_owned()
}

/// A part's kind as words, `unknown field` for `unknownField`; an object's kind is a name, and stays.
fn in_words(kind: &str) -> String {
    if kind.starts_with(|first: char| first.is_ascii_uppercase()) {
        return kind.to_owned();
    }
    let mut words = String::with_capacity(kind.len() + 2);
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
