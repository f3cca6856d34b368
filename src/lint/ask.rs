//! Asking all rules of all subjects, in parallel, each answer for itself.
//!
//! Work is cut by subjects, so that a subject's facts are warm while all rules of its kind are asked. Answers come out in
//! the order of the subjects, whatever the number of threads. A panic is an answer, too: the rest is still asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8PathBuf;
use rayon::prelude::*;

use crate::fact::Confidence;
use crate::finding::{Label, Severity, SubjectName};
use crate::model::{Kind, Model, Thing};
use crate::rule::Rule;
use crate::rule::eval::ENDLESS;
use crate::rule::judge::{self, Asking, Verdict};
use crate::rule::memo::Memo;
use crate::rule::page::PageError;
use crate::source::Place;

/// All answers that are not "healthy".
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) faults: Faults,
    pub(super) undecided: Vec<Open>,
    pub(super) troubles: Vec<(usize, PageError)>,
    pub(super) panics: Vec<(usize, String, String)>,
    pub(super) subjects: usize,
}

/// Faults, each by itself: they are large, and handed on several times.
pub(super) type Faults = Vec<Box<Fault>>;

/// A false judgement, in owned data.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) rule: usize,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) primary: Label,
    pub(super) related: Vec<Label>,
    pub(super) object: String,
    pub(super) path: String,
    /// Keys that are not there, and that the rule asks for.
    pub(super) missing: Arc<[String]>,
    pub(super) unit: String,
    /// The settings under which a chart showed it, and how many settings that chart was rendered with, if with several.
    pub(super) settings: Option<(String, usize)>,
    /// The file of values with which a chart's authors tried it, if that showed it.
    pub(super) trial: Option<Utf8PathBuf>,
    /// Whether it is one of a chart's defaults that a file of values beside them replaces.
    pub(super) is_replaced: bool,
    pub(super) subject: SubjectName,
    pub(super) grounds: Vec<Place>,
    pub(super) annotations: Vec<(Place, String)>,
}

/// A question without an answer.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) rule: usize,
    pub(super) subject: Thing,
    pub(super) reason: String,
    pub(super) applies: bool,
}

/// A subject with what holds it, as a rule enumerates them.
type Subject = (Thing, Option<Thing>);

/// How many subjects one piece of work has.
const PIECE: usize = 64;

/// How many pieces one thread takes at once: of more, the last to end would keep the others waiting.
const AT_ONCE: usize = 8;

/// Below this many questions one thread is quicker than two.
const FEW: usize = 1000;

/// Asks every rule of every subject that it looks at.
pub(super) fn all<'a>(model: &'a Model<'a>, rules: &'a [Arc<Rule>]) -> Asked {
    // Rules by what they enumerate, so that each list of subjects is walked once.
    let mut groups: Vec<(Vec<Subject>, Vec<usize>)> = Vec::new();
    let mut by_kind = rustc_hash::FxHashMap::default();
    for (at, rule) in rules.iter().enumerate() {
        let kind = rule.list.map_or((rule.subject, false), |(holder, _)| (holder, true));
        let group = *by_kind.entry(kind).or_insert_with(|| {
            groups.push((rule.subjects(model), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(at);
    }
    let pieces: Vec<(&[Subject], &[usize])> = groups
        .iter()
        .flat_map(|(subjects, rules)| subjects.chunks(PIECE).map(move |piece| (piece, rules.as_slice())))
        .collect();
    let order = side_by_side(&groups);
    let endless: Vec<AtomicBool> = rules.iter().map(|_| AtomicBool::new(false)).collect();
    let memo = || Rc::new(Memo::new(model));
    let questions: usize = pieces.iter().map(|(subjects, asked)| subjects.len() * asked.len()).sum();
    let answer = |memo: &mut Rc<Memo<'a>>, at: &usize| {
        let (subjects, asked) = pieces[*at];
        (*at, piece(memo, rules, &endless, subjects, asked))
    };
    let mut answers: Vec<(usize, Asked)> = if questions < FEW {
        let mut memo = memo();
        order.iter().map(|at| answer(&mut memo, at)).collect()
    } else {
        crate::model::link::prepare(model);
        order.par_iter().with_max_len(AT_ONCE).map_init(memo, answer).collect()
    };
    answers.sort_unstable_by_key(|(at, _)| *at);
    // The project is there also where there is nothing in it.
    let is_project = |subjects: &[Subject]| subjects.first().is_some_and(|(it, _)| it.kind == Kind::Project);
    let counted = groups.iter().filter(|(subjects, _)| !is_project(subjects));
    let mut all = Asked { subjects: counted.map(|(subjects, _)| subjects.len()).sum(), ..Asked::default() };
    for (_, answer) in answers {
        all.faults.extend(answer.faults);
        all.undecided.extend(answer.undecided);
        all.troubles.extend(answer.troubles);
        all.panics.extend(answer.panics);
    }
    // A rule that was not asked to the end says nothing, whatever some thread heard of it before.
    let asked_to_the_end = |rule: usize| !endless[rule].load(Ordering::Relaxed);
    all.faults.retain(|fault| asked_to_the_end(fault.rule));
    all.undecided.retain(|open| asked_to_the_end(open.rule));
    all.troubles.retain(|(rule, error)| asked_to_the_end(*rule) || error.message == ENDLESS);
    all
}

/// The positions of the pieces in the order in which they are asked: what stands in the same files comes together, whatever its
/// kind, so that these files' trees are read while they are near. Every list is in the order of the files.
fn side_by_side(groups: &[(Vec<Subject>, Vec<usize>)]) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> = Vec::new();
    for (subjects, _) in groups {
        let first = order.len();
        let share = |piece: usize| (piece * PIECE) as f64 / subjects.len() as f64;
        order.extend((0..subjects.len().div_ceil(PIECE)).map(|piece| (share(piece), first + piece)));
    }
    order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    order.into_iter().map(|(_, at)| at).collect()
}

fn piece<'a>(
    memo: &Rc<Memo<'a>>,
    rules: &'a [Arc<Rule>],
    endless: &[AtomicBool],
    subjects: &[Subject],
    asked: &[usize],
) -> Asked {
    let model = memo.model();
    let mut answers = Asked::default();
    let mut askings: Vec<(usize, Asking<'_>)> =
        asked.iter().filter_map(|at| Some((*at, rules[*at].asking(memo)?))).collect();
    for subject in subjects {
        for (at, asking) in &mut askings {
            if endless[*at].load(Ordering::Relaxed) {
                continue;
            }
            let result = catch_unwind(AssertUnwindSafe(|| {
                let mut told = Vec::new();
                asking.ask(*subject, &mut |thing, verdict| {
                    if !matches!(verdict, Verdict::Healthy) {
                        told.push((thing, verdict));
                    }
                });
                told
            }));
            match result {
                Ok(told) => {
                    for (thing, verdict) in told {
                        if matches!(&verdict, Verdict::Trouble(error) if error.message == ENDLESS) {
                            endless[*at].store(true, Ordering::Relaxed);
                        }
                        answers.take(model, *at, thing, verdict);
                    }
                }
                Err(panic) => {
                    let what = panic
                        .downcast_ref::<String>()
                        .map(String::as_str)
                        .or_else(|| panic.downcast_ref::<&str>().copied())
                        .unwrap_or("it panicked")
                        .to_owned();
                    let file =
                        judge::grounds(model, subject.0).first().map(|place| model.sources.path(place.file));
                    answers.panics.push((*at, file.map(ToString::to_string).unwrap_or_default(), what));
                }
            }
        }
    }
    answers
}

impl Asked {
    fn take(&mut self, model: &Model<'_>, rule: usize, thing: Thing, verdict: Verdict) {
        // What an overlay changes is judged when it is built, not as it stands in its base.
        if model.is_overlaid(thing) {
            return;
        }
        match verdict {
            Verdict::Healthy => {}
            Verdict::Undecided(reason, applies) => {
                self.undecided.push(Open { rule, subject: thing, reason: reason.0.into_owned(), applies });
            }
            Verdict::Trouble(error) => self.troubles.push((rule, error)),
            Verdict::Fault(fault) => {
                let fault = *fault;
                let unit = judge::above(model, thing, crate::model::Kind::Unit)
                    .map(|unit| model.units[unit.id as usize].name.clone())
                    .or_else(|| crate::model::messaging::system(model, thing).map(str::to_owned))
                    .unwrap_or_else(|| ".".to_owned());
                self.faults.push(Box::new(Fault {
                    rule,
                    severity: fault.severity,
                    confidence: fault.confidence,
                    message: fault.message,
                    help: fault.help,
                    primary: fault.primary,
                    related: fault.related,
                    object: fault.object,
                    path: fault.path,
                    missing: fault.missing,
                    unit,
                    settings: None,
                    trial: None,
                    is_replaced: false,
                    subject: crate::model::naming::subject_name(model, thing),
                    grounds: judge::grounds(model, thing),
                    annotations: judge::annotations(model, thing),
                }));
            }
        }
    }
}
