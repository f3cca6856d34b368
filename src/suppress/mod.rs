//! Suppressions: a person has looked at a finding and says, beside the configuration, why it may stay.
//!
//! ```yaml
//! # steadfast: ignore[family/rule, probes] the batch may restart at any time
//! # steadfast: snooze[rollout] until=2027-01-31 moves to the new chart in January
//! # steadfast: ignore-file[jobs] generated; mended upstream
//! ```
//!
//! A comment counts on its line or above the next line that holds something. The line is the primary place's, or the first
//! line (or that of `kind`, `metadata`, `name`) of a subject's object or container: its grounds. It never counts at a merely
//! related place, and takes from a merged finding only the subject that it stands on. What has no reason, or is malformed,
//! does not count; that, and what is unused, unknown or expired, is said in a [`Diagnostic`].
//!
//! This module reads comments and annotations. It finds no files and prints nothing; [`write`] adds comments to a text.

mod directive;
mod lines;
pub mod write;

#[cfg(test)]
mod tests;

use camino::Utf8Path;
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

pub use directive::ANNOTATION;
use directive::{Effect, Parsed, Slip};

use crate::config::{Names, covers};
use crate::finding::{About, Diagnostic, Finding, Label, Severity};
use crate::outcome::{Suppressed, Undecided};
use crate::source::{FileId, Place, SourceFile, Sources, Span};
use crate::syntax::tree::{Comment, Tree};

/// All suppressions of a run.
#[derive(Debug, Default)]
pub struct Suppressions {
    directives: Vec<Directive>,
    problems: Vec<Diagnostic>,
    by_line: FxHashMap<(FileId, usize), Vec<usize>>,
    by_file: FxHashMap<FileId, Vec<usize>>,
    by_annotation: FxHashMap<Place, Vec<usize>>,
    /// Files that have any comment of ours.
    files: FxHashSet<FileId>,
}

#[derive(Debug)]
struct Directive {
    place: Place,
    until: Option<Date>,
    names: Vec<Name>,
    reason: String,
}

#[derive(Debug)]
struct Name {
    text: String,
    place: Place,
    used: bool,
}

/// What is known of the run when suppressions are judged themselves.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The date of the run.
    pub today: Date,
    /// All rules that there are.
    pub names: &'a Names,
    /// Whether a rule was asked in full: only then its suppression can be unused.
    pub ran: &'a dyn Fn(&str) -> bool,
    /// What could not be decided: a suppression of it is not unused.
    pub undecided: &'a [Undecided],
    /// Whether the findings of a file are looked at as they are: in tests and examples some are not.
    pub judged: &'a dyn Fn(&Utf8Path) -> bool,
    /// Where a person wrote what stands at a place: one comment of a template may be rendered many times.
    pub written: &'a dyn Fn(Place) -> Place,
}

impl Suppressions {
    /// Takes the comments of a file that is judged.
    pub fn read(&mut self, tree: &Tree, source: &SourceFile) {
        self.read_comments(tree.file, source, &tree.comments);
    }

    /// The same, for whatever has comments.
    pub fn read_comments(&mut self, file: FileId, source: &SourceFile, comments: &[Comment]) {
        for comment in comments {
            let Some(text) = source.text.get(comment.span.range()) else { continue };
            let place = Place { file, span: comment.span };
            match directive::comment(text) {
                None => {}
                Some(Ok(parsed)) => {
                    let at = self.directives.len();
                    self.files.insert(file);
                    match parsed.effect {
                        Effect::File => self.by_file.entry(file).or_default().push(at),
                        Effect::Here => {
                            if let Some(line) = lines::target(source, *comment) {
                                self.by_line.entry((file, line)).or_default().push(at);
                            }
                        }
                    }
                    let place_of = |name: &str, at: usize| {
                        let start = comment.span.start + at as u32;
                        Place { file, span: Span::new(start, start + name.len() as u32) }
                    };
                    self.take(place, parsed, place_of);
                }
                Some(Err(slip)) => self.problems.push(slip.diagnostic(place)),
            }
        }
    }

    /// Takes the annotation [`ANNOTATION`] of an object, whether it has findings or not. `place` is where its value stands;
    /// findings refer to it by that.
    pub fn read_annotation(&mut self, place: Place, text: &str) {
        if self.by_annotation.contains_key(&place) {
            return;
        }
        let mut taken = Vec::new();
        for entry in directive::annotation(text) {
            match entry {
                Ok(parsed) => {
                    taken.push(self.directives.len());
                    self.take(place, parsed, |_, _| place);
                }
                Err(slip) => self.problems.push(slip.diagnostic(place)),
            }
        }
        self.by_annotation.insert(place, taken);
    }

    /// Takes suppressed findings, and suppressed subjects of merged findings, away.
    ///
    /// To be called with all findings of the run, before paths, severities or a baseline keep any out of the report.
    pub fn apply(
        &mut self,
        findings: Vec<Finding>,
        sources: &Sources,
        today: Date,
    ) -> (Vec<Finding>, Vec<Suppressed>) {
        let annotated = |finding: &Finding| {
            let mut standings = (0..finding.members.count()).filter_map(|at| finding.members.standing(at));
            standings.any(|standing| !standing.annotations.is_empty())
        };
        if self.directives.is_empty() && !findings.iter().any(annotated) {
            return (findings, Vec::new());
        }
        let mut kept = Vec::with_capacity(findings.len());
        let mut suppressed = Vec::new();
        for mut finding in findings {
            if let Some((by, reason)) = self.at_primary(&finding, sources, today) {
                suppressed.push(Suppressed { finding, by, reason });
                continue;
            }
            let mut gone = Vec::new();
            for at in 0..finding.members.count() {
                gone.extend(
                    self.on_subject(&finding, at, sources, today).map(|(by, reason)| (at, by, reason)),
                );
            }
            match gone.as_slice() {
                [] => kept.push(finding),
                [(_, by, reason), ..] if gone.len() == finding.members.count() => {
                    let (by, reason) = (*by, reason.clone());
                    suppressed.push(Suppressed { finding, by, reason });
                }
                _ => {
                    for (at, by, reason) in gone.into_iter().rev() {
                        let part = finding.part(at);
                        suppressed.extend(part.map(|finding| Suppressed { finding, by, reason }));
                    }
                    finding.settle();
                    kept.push(finding);
                }
            }
        }
        (kept, suppressed)
    }

    /// What is wrong with the suppressions themselves, after [`Self::apply`], in order of their places.
    pub fn diagnostics(&self, world: World<'_>) -> Vec<Diagnostic> {
        let mut all = self.problems.clone();
        let names = self.directives.iter().flat_map(|directive| &directive.names);
        let used: FxHashSet<(Place, &str)> = names
            .filter(|name| name.used)
            .map(|name| ((world.written)(name.place), name.text.as_str()))
            .collect();
        for directive in &self.directives {
            for name in &directive.names {
                if !world.names.knows(&name.text) {
                    let help = match world.names.nearest(&name.text) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`steadfast rules` lists them all".to_owned(),
                    };
                    let message = format!("unknown rule or family `{}`", name.text);
                    all.push(warning(name.place, message, "no rule has this name", &help));
                } else if let Some(until) = directive.until
                    && world.today > until
                {
                    let help = if name.used {
                        "mend the finding, or set a later date and say why"
                    } else {
                        "it would find nothing anyway: remove it"
                    };
                    all.push(warning(
                        directive.place,
                        format!("this suppression ended on {until}"),
                        "expired",
                        help,
                    ));
                } else if !used.contains(&((world.written)(name.place), name.text.as_str()))
                    && self.could_tell(directive, name, world)
                {
                    let message = format!("`{}` finds nothing here", name.text);
                    all.push(warning(name.place, message, "suppresses nothing", "remove it"));
                }
            }
        }
        all.sort_by(|a, b| (a.place.as_ref(), &a.message).cmp(&(b.place.as_ref(), &b.message)));
        all.dedup();
        all
    }

    /// Whether the run would have shown that the name is of use.
    fn could_tell(&self, directive: &Directive, name: &Name, world: World<'_>) -> bool {
        let path = world.sources.path(directive.place.file);
        if !(world.judged)(path) {
            return false;
        }
        let path = path.as_str();
        let undecided = world.undecided.iter().any(|undecided| {
            covers(&name.text, &undecided.rule)
                && undecided
                    .at
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        !undecided && world.names.rules_of(&name.text).all(|rule| (world.ran)(rule))
    }

    fn take(&mut self, place: Place, parsed: Parsed<'_>, place_of: impl Fn(&str, usize) -> Place) {
        let names = parsed.names.iter().map(|(text, at)| Name {
            text: (*text).to_owned(),
            place: place_of(text, *at),
            used: false,
        });
        let names = names.collect();
        self.directives.push(Directive {
            place,
            until: parsed.until,
            names,
            reason: parsed.reason.to_owned(),
        });
    }

    /// A comment at the line to change, or for its whole file.
    fn at_primary(
        &mut self,
        finding: &Finding,
        sources: &Sources,
        today: Date,
    ) -> Option<(&'static str, String)> {
        let place = finding.primary.place;
        if !self.files.contains(&place.file) {
            return None;
        }
        let source = sources.get(place.file);
        let line = source.line_index(place.span.start);
        let here = self.on_lines(place.file, lines::with_block_header(source, line), &finding.rule, today);
        here.or_else(|| self.on_file(place.file, &finding.rule, today))
    }

    /// A comment on the object or container of one subject, for its file, or an annotation.
    fn on_subject(
        &mut self,
        finding: &Finding,
        at: usize,
        sources: &Sources,
        today: Date,
    ) -> Option<(&'static str, String)> {
        let rule = &finding.rule;
        let standing = finding.members.standing(at)?;
        let mut answer = None;
        for ground in &standing.grounds {
            if self.files.contains(&ground.file) {
                let heads = lines::heads(sources.get(ground.file), ground.span);
                let here = self.on_lines(ground.file, heads, rule, today);
                answer = answer.or(here);
                let file = self.on_file(ground.file, rule, today);
                answer = answer.or(file);
            }
        }
        for (place, text) in &standing.annotations {
            self.read_annotation(*place, text);
            let indices = self.by_annotation.get(place).cloned().unwrap_or_default();
            let here = self.using(&indices, rule, today).map(|reason| ("annotation", reason));
            answer = answer.or(here);
        }
        answer
    }

    fn on_lines(
        &mut self,
        file: FileId,
        lines: impl IntoIterator<Item = usize>,
        rule: &str,
        today: Date,
    ) -> Option<(&'static str, String)> {
        let mut answer = None;
        for line in lines {
            let indices = self.by_line.get(&(file, line)).cloned().unwrap_or_default();
            let snoozed = indices.iter().any(|at| {
                let directive = &self.directives[*at];
                directive.until.is_some() && directive.names.iter().any(|name| covers(&name.text, rule))
            });
            let here = self.using(&indices, rule, today);
            answer = answer.or(here.map(|reason| (if snoozed { "snooze" } else { "comment" }, reason)));
        }
        answer
    }

    fn on_file(&mut self, file: FileId, rule: &str, today: Date) -> Option<(&'static str, String)> {
        let indices = self.by_file.get(&file).cloned().unwrap_or_default();
        self.using(&indices, rule, today).map(|reason| ("file", reason))
    }

    /// Marks the names that cover the rule as used; the reason of the first directive that still counts.
    fn using(&mut self, indices: &[usize], rule: &str, today: Date) -> Option<String> {
        let mut reason = None;
        for at in indices {
            let directive = &mut self.directives[*at];
            let mut hit = false;
            for name in directive.names.iter_mut().filter(|name| covers(&name.text, rule)) {
                name.used = true;
                hit = true;
            }
            let counts = directive.until.is_none_or(|until| today <= until);
            if hit && counts && reason.is_none() {
                reason = Some(directive.reason.clone());
            }
        }
        reason
    }
}

impl Slip {
    fn diagnostic(self, place: Place) -> Diagnostic {
        warning(place, self.message, "does not count", &self.help)
    }
}

fn warning(place: Place, message: String, label: &str, help: &str) -> Diagnostic {
    Diagnostic {
        about: About::Suppression,
        severity: Severity::Warning,
        message,
        help: Some(help.to_owned()),
        place: Some(Label { place, message: label.to_owned() }),
        file: None,
    }
}
