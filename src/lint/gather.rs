//! From answers to a report: merging by place, severities by path, what was asked for, sorting and counting.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use camino::Utf8Path;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Inputs;
use super::ask::{Asked, Fault, Faults, Open};
use super::rules::Rules;
use crate::config::Config;
use crate::fact::Confidence;
use crate::finding::{About, Diagnostic, Finding, Label, Members, Occurrence, Severity, Standing};
use crate::model::Model;
use crate::outcome::{Outcome, Undecided};
use crate::rule::{Rule, judge};
use crate::source::{FileId, Place, SourceFile, Sources};

/// Below this many one thread is quicker than two.
const FEW: usize = 500;

/// How many are looked at together.
const PIECE: usize = 64;

/// The findings of a run: one for each rule and primary place, in order of path, offset and rule.
pub(super) fn findings(
    by_path: &ByPath<'_>,
    evidence: &[bool],
    rules: &[Arc<Rule>],
    faults: Faults,
) -> Vec<Finding> {
    let mut merged: FxHashMap<(usize, Place), usize> = FxHashMap::default();
    let mut findings: Vec<Finding> = Vec::with_capacity(faults.len());
    let mut settings: FxHashMap<usize, (BTreeSet<String>, usize)> = FxHashMap::default();
    let mut without_evidence: FxHashMap<usize, usize> = FxHashMap::default();
    let judged = of_each(&faults, |fault| {
        let lowers = || fault.is_replaced || fault.trial.as_deref().is_some_and(|path| by_path.is_test(path));
        let file = fault.primary.place.file;
        by_path.judge(&rules[fault.rule], (file, lowers), fault.severity, fault.confidence)
    });
    for (fault, severity) in faults.into_iter().zip(judged) {
        let Some(severity) = severity else { continue };
        let rule = &rules[fault.rule];
        let owned = evidence[fault.rule];
        // Where the project owns nothing of the kind that is missing, the rule speaks once for all, and softly.
        let severity = if owned { severity } else { Severity::Info };
        let next = findings.len();
        let at = if owned {
            *merged.entry((fault.rule, fault.primary.place)).or_insert(next)
        } else {
            *without_evidence.entry(fault.rule).or_insert(next)
        };
        if owned || at == next {
            seen(&mut settings, at, &fault);
        } else {
            // The one that speaks for all was seen with its own settings, the others with theirs.
            settings.remove(&at);
        }
        match findings.get_mut(at) {
            Some(finding) => finding.join(occurrence(*fault, severity)),
            None => findings.push(finding(rule, *fault, severity)),
        }
    }
    for (at, (settings, all)) in settings {
        if settings.len() < all {
            findings[at].seen_with = settings.into_iter().collect();
        }
    }
    findings.iter_mut().for_each(Finding::settle);
    in_order(findings)
}

/// For each rule, whether the project owns anything of the kind that the rule misses.
pub(super) fn evidence(model: &Model<'_>, rules: &[Arc<Rule>]) -> Vec<bool> {
    rules.iter().map(|rule| rule.evidence.is_none_or(|kind| !model.all(kind).is_empty())).collect()
}

/// What the settings say of the files of a run. Whether one is a test is asked once a file.
pub(super) struct ByPath<'r> {
    config: &'r Config,
    sources: &'r Sources,
    tests: Vec<OnceLock<bool>>,
}

impl<'r> ByPath<'r> {
    /// Nothing is asked yet.
    pub(super) fn new(config: &'r Config, sources: &'r Sources) -> Self {
        Self { config, sources, tests: sources.iter().map(|_| OnceLock::new()).collect() }
    }

    /// Whether a path holds tests or examples.
    fn is_test(&self, path: &Utf8Path) -> bool {
        self.config.is_test(path)
    }

    /// How grave a fault is in a file; nothing where the rule is not asked there. `lowers` says whether it is less grave than
    /// others in the file.
    fn judge(
        &self,
        rule: &Rule,
        (file, lowers): (FileId, impl FnOnce() -> bool),
        severity: Severity,
        confidence: Confidence,
    ) -> Option<Severity> {
        let path = self.sources.path(file);
        let ask = || self.config.is_test(path);
        let is_test =
            || self.tests.get(file.0 as usize).map_or_else(ask, |known| *known.get_or_init(ask)) || lowers();
        self.config.judge(&rule.page.id, (path, is_test), severity, confidence)
    }
}

/// What is true of each of many, in their order. To start threads for a few takes longer than to do without.
fn of_each<T: Sync, U: Send>(all: &[T], of: impl Fn(&T) -> U + Sync + Send) -> Vec<U> {
    if all.len() < FEW {
        all.iter().map(of).collect()
    } else {
        all.par_iter().with_min_len(PIECE).map(of).collect()
    }
}

/// Findings in order of place, rule and message. Few share a place, so few texts are compared; and a finding is too large to be
/// moved about while it is sorted.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_cached_key(|finding| finding.primary.place);
    for beside in findings.chunk_by_mut(|a, b| a.primary.place == b.primary.place) {
        beside.sort_by(|a, b| (&a.rule, &a.message).cmp(&(&b.rule, &b.message)));
    }
    findings
}

/// Notes under which settings of a chart a fault was seen: it is told where it was not seen under all.
fn seen(settings: &mut FxHashMap<usize, (BTreeSet<String>, usize)>, finding: usize, fault: &Fault) {
    if let Some((name, all)) = &fault.settings {
        let name = if name.is_empty() { "defaults" } else { name };
        settings.entry(finding).or_insert_with(|| (BTreeSet::new(), *all)).0.insert(name.to_owned());
    }
}

fn finding(rule: &Rule, fault: Fault, severity: Severity) -> Finding {
    Finding {
        rule: rule.page.id.clone(),
        severity,
        confidence: fault.confidence,
        message: fault.message,
        help: fault.help,
        subject: fault.subject,
        also: Vec::new(),
        unit: fault.unit,
        primary: fault.primary,
        related: fault.related,
        path: fault.path,
        object: fault.object,
        members: Members::One(Standing { grounds: fault.grounds, annotations: fault.annotations }),
        seen_with: Vec::new(),
    }
}

fn occurrence(fault: Fault, severity: Severity) -> Occurrence {
    Occurrence {
        subject: fault.subject,
        severity,
        confidence: fault.confidence,
        message: fault.message,
        related: fault.related,
        standing: Standing { grounds: fault.grounds, annotations: fault.annotations },
    }
}

/// All annotations that suppress, whether their objects have findings or not.
pub(super) fn annotations(model: &Model<'_>) -> Vec<(Place, String)> {
    (0..model.objects.len())
        .flat_map(|id| judge::annotations(model, crate::model::Thing::new(crate::model::Kind::Object, id)))
        .collect()
}

/// Questions without an answer, sorted.
pub(super) fn undecided(
    by_path: &ByPath<'_>,
    model: &Model<'_>,
    rules: &[Arc<Rule>],
    asked: &Asked,
    written: &(dyn Fn(Place) -> Place + Sync),
) -> Vec<Undecided> {
    let told = |open: &Open| {
        let rule = &rules[open.rule];
        let place = judge::grounds(model, open.subject).first().copied().map(written);
        let severity = rule.page.severity;
        if place.is_some_and(|place| {
            by_path.judge(rule, (place.file, || false), severity, Confidence::High).is_none()
        }) {
            return None;
        }
        let at = place.map_or_else(String::new, |place| {
            let file = model.sources.get(place.file);
            format!("{}:{}", file.path, file.position(place.span.start).line)
        });
        let name = crate::model::naming::subject_name(model, open.subject);
        Some(Undecided {
            rule: rule.page.id.clone(),
            subject: format!("{} {}", name.kind, name.name),
            at,
            reason: open.reason.clone(),
            applies: open.applies,
        })
    };
    let mut all: Vec<Undecided> = of_each(&asked.undecided, told).into_iter().flatten().collect();
    all.sort();
    all.dedup();
    all
}

/// Numbers that need the model.
pub(super) fn summarise(model: &Model<'_>, rules: &[Arc<Rule>], asked: &Asked, outcome: &mut Outcome) {
    outcome.summary.objects = model.objects.len() + model.messaging.handles as usize;
    let overlaid = model.objects.iter().filter(|entry| entry.overlaid).count() + model.patches;
    if overlaid > 0 {
        let words = if overlaid == 1 {
            "object that Kustomize changes or leaves out"
        } else {
            "objects that Kustomize changes or leaves out"
        };
        outcome.summary.skipped.push((words.to_owned(), overlaid));
    }
    outcome.summary.subjects = asked.subjects;
    outcome.summary.rules = rules.len();
}

/// Mistakes of rules that show only when they run, and panics; whether there are any of the former.
pub(super) fn troubles(rules: &Rules, asked: &Asked, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    for (rule, error) in &asked.troubles {
        if seen.insert((*rule, error.span, error.message.clone())) {
            let file = &rules.ready[*rule].page;
            let source = SourceFile::new(rules.path_of(&file.id), file.text.clone());
            let position = source.position(error.span.start);
            diagnostics.push(Diagnostic {
                about: About::Rule,
                severity: Severity::Error,
                message: format!("{}:{}:{}: {}", source.path, position.line, position.column, error.message),
                help: error.help.clone(),
                place: None,
                // A rule of ours is in no file of the project.
                file: rules.is_own(&file.id).then(|| source.path.to_string()),
            });
        }
    }
    let mut panics: Vec<_> =
        asked.panics.iter().map(|(rule, file, what)| (&rules.ready[*rule].page.id, file, what)).collect();
    panics.sort();
    panics.dedup_by_key(|(rule, file, _)| (*rule, *file));
    for (rule, file, what) in &panics {
        let says =
            format!("steadfast failed while it asked {rule} of {file}: {what}; everything else was judged");
        diagnostics.push(Diagnostic { file: Some((*file).clone()), ..Diagnostic::bug(says) });
    }
    !seen.is_empty()
}

/// Keeps what was asked for, and counts.
pub(super) fn report(config: &Config, inputs: &Inputs, findings: Vec<Finding>, outcome: &mut Outcome) {
    let named = |label: &Label| inputs.cover(outcome.sources.path(label.place.file));
    // What is wrong with other files is said when they are asked about. Settings, rules and bugs concern every run.
    let is_asked = |diagnostic: &Diagnostic| match (diagnostic.about, &diagnostic.place, &diagnostic.file) {
        (About::Config | About::Rule | About::Bug, ..) | (_, None, None) => true,
        (_, Some(label), _) => named(label),
        (_, None, Some(file)) => inputs.cover(Utf8Path::new(file)),
    };
    let mut diagnostics = std::mem::take(&mut outcome.diagnostics);
    diagnostics.retain(is_asked);
    let before = findings.len();
    let kept: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| finding.severity >= config.min_severity)
        .filter(|finding| named(&finding.primary) || finding.related.iter().any(named))
        .collect();
    outcome.diagnostics = diagnostics;
    outcome.summary.hidden = before - kept.len();
    outcome.summary.errors = kept.iter().filter(|finding| finding.severity == Severity::Error).count();
    outcome.summary.warnings = kept.iter().filter(|finding| finding.severity == Severity::Warning).count();
    outcome.summary.infos = kept.iter().filter(|finding| finding.severity == Severity::Info).count();
    outcome.summary.suppressed = outcome.suppressed.len();
    outcome.summary.undecided = outcome.undecided.len();
    outcome.findings = kept;
}
