//! From answers to a report: merging by place, severities by path, what was asked for, sorting and counting.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use super::Inputs;
use super::ask::{Asked, Fault};
use super::rules::Rules;
use crate::config::Config;
use crate::finding::{About, Diagnostic, Finding, Label, Occurrence, Severity};
use crate::model::Model;
use crate::outcome::{Outcome, Undecided};
use crate::rule::{Rule, judge};
use crate::source::{FileId, Place, SourceFile};

/// The findings of a run: one for each rule and primary place, in order of path, offset and rule.
pub(super) fn findings(
    config: &Config,
    model: &Model<'_>,
    rules: &[Arc<Rule>],
    faults: Vec<Fault>,
) -> Vec<Finding> {
    let mut merged: FxHashMap<(usize, Place), usize> = FxHashMap::default();
    let mut findings: Vec<Finding> = Vec::new();
    let mut settings: FxHashMap<usize, (BTreeSet<String>, usize)> = FxHashMap::default();
    let mut without_evidence: FxHashMap<usize, usize> = FxHashMap::default();
    let evidence: Vec<bool> =
        rules.iter().map(|rule| rule.evidence.is_none_or(|kind| !model.all(kind).is_empty())).collect();
    let mut tests: FxHashMap<FileId, bool> = FxHashMap::default();
    for mut fault in faults {
        let rule = &rules[fault.rule];
        let owned = evidence[fault.rule];
        let confidence = fault.confidence;
        let file = fault.primary.place.file;
        let path = model.sources.path(file);
        let trial = fault.trial.as_deref();
        let is_test = || {
            *tests.entry(file).or_insert_with(|| config.is_test(path))
                || trial.is_some_and(|values| config.is_test(values))
        };
        let judged = config.judge_there(&rule.page.id, (path, is_test), fault.severity, confidence);
        let Some(severity) = judged else { continue };
        // Where the project owns nothing of the kind that is missing, the rule speaks once for all, and softly.
        let severity = if owned { severity } else { Severity::Info };
        let member = occurrence(&mut fault, severity);
        if !owned {
            if let Some(at) = without_evidence.get(&fault.rule) {
                findings[*at].members.push(member);
                continue;
            }
            without_evidence.insert(fault.rule, findings.len());
        } else if let Some(at) = merged.get(&(fault.rule, fault.primary.place)) {
            findings[*at].members.push(member);
            seen(&mut settings, *at, fault.settings);
            continue;
        } else {
            merged.insert((fault.rule, fault.primary.place), findings.len());
        }
        seen(&mut settings, findings.len(), fault.settings);
        findings.push(Finding {
            rule: rule.page.id.clone(),
            severity,
            confidence,
            message: fault.message,
            help: fault.help,
            subject: fault.subject,
            also: Vec::new(),
            unit: fault.unit,
            primary: fault.primary,
            related: fault.related,
            path: fault.path,
            object: fault.object,
            members: vec![member],
            seen_with: Vec::new(),
        });
    }
    for (at, (settings, all)) in settings {
        if settings.len() < all {
            findings[at].seen_with = settings.into_iter().collect();
        }
    }
    // One that was never merged says already what its only member says.
    findings.iter_mut().filter(|finding| finding.members.len() > 1).for_each(Finding::settle);
    in_order(findings)
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
fn seen(
    settings: &mut FxHashMap<usize, (BTreeSet<String>, usize)>,
    finding: usize,
    under: Option<(String, usize)>,
) {
    if let Some((name, all)) = under {
        let name = if name.is_empty() { "defaults".to_owned() } else { name };
        settings.entry(finding).or_insert_with(|| (BTreeSet::new(), all)).0.insert(name);
    }
}

fn occurrence(fault: &mut Fault, severity: Severity) -> Occurrence {
    Occurrence {
        subject: fault.subject.clone(),
        severity,
        confidence: fault.confidence,
        message: fault.message.clone(),
        related: fault.related.clone(),
        grounds: std::mem::take(&mut fault.grounds),
        annotations: std::mem::take(&mut fault.annotations),
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
    config: &Config,
    model: &Model<'_>,
    rules: &[Arc<Rule>],
    asked: &Asked,
    written: &dyn Fn(Place) -> Place,
) -> Vec<Undecided> {
    let mut all: Vec<Undecided> = Vec::new();
    for open in &asked.undecided {
        let rule = &rules[open.rule];
        let place = judge::grounds(model, open.subject).first().copied().map(written);
        let path = place.map(|place| model.sources.path(place.file));
        let severity = rule.page.severity;
        if path.is_some_and(|path| {
            config.judge(&rule.page.id, path, None, severity, crate::fact::Confidence::High).is_none()
        }) {
            continue;
        }
        let at = place.map_or_else(String::new, |place| {
            let file = model.sources.get(place.file);
            format!("{}:{}", file.path, file.position(place.span.start).line)
        });
        let name = crate::model::naming::subject_name(model, open.subject);
        all.push(Undecided {
            rule: rule.page.id.clone(),
            subject: format!("{} {}", name.kind, name.name),
            at,
            reason: open.reason.clone(),
            applies: open.applies,
        });
    }
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
pub(super) fn troubles(
    model: &Model<'_>,
    rules: &Rules,
    asked: &Asked,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let _ = model;
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
