//! A rule's own examples, judged: each bad must give its finding, each good none, and neither may trouble the rule.
//!
//! What `cargo test` does with the built-in rules, `steadfast test` does with a user's own. Only the page's rule is asked.

use std::rc::Rc;
use std::sync::Arc;

use super::Rule;
use super::judge::{Fault, Verdict};
use super::memo::Memo;
use super::page::{Example, Page, PageError};
use super::parts::Saying;
use crate::model::{Model, Thing, World};
use crate::source::{FileId, SourceFile, Sources};
use crate::syntax::tree::{NodeId, NodeKind, Tree};
use crate::syntax::{self, Syntax};

/// The files of an example, read.
pub struct Bench {
    /// The files.
    pub sources: Sources,
    /// Their trees.
    pub trees: Vec<Tree>,
    /// What is known of the world.
    pub world: World,
}

impl Bench {
    /// Reads the files of an example. What cannot be parsed is an error in the page.
    pub fn new(example: &Example) -> Result<Bench, Vec<PageError>> {
        let mut errors = Vec::new();
        let mut sources = Vec::new();
        let mut trees = Vec::new();
        for file in &example.files {
            let text: Arc<str> = Arc::from(file.text.as_str());
            let id = FileId(sources.len() as u32);
            let syntax = match file.language.as_str() {
                "json" | "jsonc" => Syntax::Json,
                "toml" => Syntax::Toml,
                "hcl" => Syntax::Hcl,
                _ => Syntax::Yaml,
            };
            let parsed = syntax::parse(syntax, id, Arc::clone(&text));
            errors.extend(parsed.problems.into_iter().map(|problem| PageError {
                span: file.span,
                message: format!("this example cannot be read: {}", problem.message),
                help: problem.help,
            }));
            sources.push(SourceFile::new(file.name.clone(), text));
            trees.push(parsed.tree);
        }
        crate::lower::embedded::unfold(&mut trees, |_| false);
        let world = World {
            kubernetes: example.kubernetes.as_deref().and_then(crate::model::version),
            today: example.today.as_deref().and_then(|day| day.parse().ok()),
            ..World::default()
        };
        if errors.is_empty() {
            Ok(Bench { sources: Sources::new(sources), trees, world })
        } else {
            Err(errors)
        }
    }

    /// What troubles any of these rules here.
    fn troubles(&self, rules: &[Rule], changed: &str) -> Vec<String> {
        let model = Model::build(&self.trees, &self.sources, &self.world);
        let memo = Rc::new(Memo::new(&model));
        let mut found = Vec::new();
        for rule in rules {
            let subjects = rule.subjects(&model);
            if subjects.is_empty() {
                continue;
            }
            let Some(mut asking) = rule.asking(&memo) else { continue };
            for subject in subjects {
                asking.ask(subject, &mut |_, verdict| {
                    if let Verdict::Trouble(error) = verdict {
                        let line = rule.page.text[..error.span.start as usize].matches('\n').count() + 1;
                        found.push(format!("{}:{line}: {} ({changed})", rule.page.id, error.message));
                    }
                });
            }
        }
        found
    }

    /// What the rule says of these files.
    pub fn verdicts(&self, rule: &Rule) -> Verdicts {
        let model = Model::build(&self.trees, &self.sources, &self.world);
        let mut verdicts = Verdicts::default();
        let Some(mut asking) = rule.asking(&Rc::new(Memo::new(&model))) else { return verdicts };
        for subject in rule.subjects(&model) {
            asking.ask(subject, &mut |thing, verdict| match verdict {
                Verdict::Healthy => {}
                Verdict::Fault(fault) => verdicts.faults.push((thing, *fault)),
                Verdict::Undecided(reason, _) => verdicts.undecided.push(reason.0.into_owned()),
                Verdict::Trouble(error) => verdicts.troubles.push(error),
            });
        }
        verdicts
    }
}

/// What a rule says of an example.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Its findings.
    pub faults: Vec<(Thing, Fault)>,
    /// What it cannot decide.
    pub undecided: Vec<String>,
    /// Where the rule itself is wrong.
    pub troubles: Vec<PageError>,
}

/// Judges the examples of a page; everything that is not as it must be is an error in the page.
pub fn check(page: &Page) -> Vec<PageError> {
    let rest = match page.rest() {
        Ok(rest) => rest,
        Err(errors) => return errors,
    };
    let rule = match Rule::new(page.clone(), &[]) {
        Ok(rule) => rule,
        Err(errors) => return errors,
    };
    let (Ok(judgements), Ok(speech)) = (rule.judgements(), rule.speech()) else { return rule.mistakes() };
    let mut errors = Vec::new();
    let mut spoken = vec![false; judgements.len()];
    for example in &rest.examples {
        let error = |message: String| PageError { span: example.span, message, help: None };
        let mut bench = match Bench::new(example) {
            Ok(bench) => bench,
            Err(wrong) => {
                errors.extend(wrong);
                continue;
            }
        };
        let verdicts = bench.verdicts(&rule);
        errors.extend(verdicts.troubles);
        if example.bad && verdicts.undecided.is_empty() && !rest.fixes.is_empty() {
            errors.extend(mends(&rule, example, &rest.fixes));
        }
        if example.bad && verdicts.faults.is_empty() {
            let why = verdicts
                .undecided
                .first()
                .map(|reason| format!(" (undecided: {reason})"))
                .unwrap_or_default();
            errors.push(error(format!("missing: this bad example gives no finding{why}")));
        }
        if !example.bad
            && let Some((_, fault)) = verdicts.faults.first()
        {
            errors.push(error(format!("noisy: this good example gives a finding: {}", fault.message)));
        }
        for (_, fault) in &verdicts.faults {
            let spoke = judgements.iter().zip(&speech.sayings).position(|(judgement, saying)| {
                judgement.severity == fault.severity && speaks(saying, fault)
            });
            if let Some(at) = spoke {
                spoken[at] = true;
            }
        }
        errors.extend(bench.with_each_scalar_unknown(&rule, example));
    }
    for (at, judgement) in judgements.iter().enumerate() {
        if !spoken[at] {
            errors.push(PageError {
                span: judgement.raw.span,
                message: "no bad example makes this judgement speak".to_owned(),
                help: None,
            });
        }
    }
    errors
}

/// What troubles any of these rules in an example of whichever rule, as it stands and with any one value gone, unknown, or of a
/// kind that nobody expects there.
pub fn troubles(rules: &[Rule], example: &Example) -> Vec<String> {
    let Ok(mut bench) = Bench::new(example) else { return Vec::new() };
    let mut found = bench.troubles(rules, "as it stands");
    for file in 0..bench.trees.len() {
        for id in 0..bench.trees[file].len() as u32 {
            let node = bench.trees[file].node(NodeId(id));
            if node.parent().is_none() {
                continue;
            }
            let (path, was) = (node.path(), node.kind());
            let odd = if was == NodeKind::Text { NodeKind::Bool } else { NodeKind::Text };
            for kind in [NodeKind::Null, NodeKind::Unknown, odd] {
                bench.trees[file].set_kind(NodeId(id), kind);
                found.extend(bench.troubles(rules, &format!("with {kind:?} as `{path}`")));
            }
            bench.trees[file].set_kind(NodeId(id), was);
        }
    }
    found
}

/// A fix applied to a bad example silences the rule, applied twice changes nothing, and keeps comments.
fn mends(rule: &Rule, example: &Example, fixes: &[super::page::Fix]) -> Vec<PageError> {
    let mut errors = Vec::new();
    let error = |message: String| PageError { span: example.span, message, help: None };
    let mut mended = example.clone();
    for file in &mut mended.files {
        file.text = format!("# kept above\n{}# kept below\n", file.text);
    }
    for _ in 0..8 {
        let Ok(bench) = Bench::new(&mended) else {
            return vec![error("the fix makes this example unreadable".to_owned())];
        };
        let step = {
            let model = Model::build(&bench.trees, &bench.sources, &bench.world);
            first_mending(rule, &model, fixes)
        };
        match step {
            Step::Silent => {
                let model = Model::build(&bench.trees, &bench.sources, &bench.world);
                for (subject, holder) in every_subject(rule, &model) {
                    if let Some(Ok(again)) = rule.mend(&model, subject, holder, fixes)
                        && !again.edits.is_empty()
                        && example_subject(example, rule, subject)
                    {
                        errors.push(error("the fix changes what it has mended already".to_owned()));
                    }
                }
                let kept = |text: &str| text.starts_with("# kept above\n") && text.contains("# kept below\n");
                if mended.files.iter().any(|file| !kept(&file.text)) {
                    errors.push(error("the fix loses a comment".to_owned()));
                }
                return errors;
            }
            Step::None => return errors,
            Step::Refused(why) => return vec![error(format!("the fix cannot be applied: {why}"))],
            Step::Edits(file, edits) => {
                let at = file.0 as usize;
                match crate::fix::write(&mended.files[at].text, &edits) {
                    Ok(text) => mended.files[at].text = text,
                    Err(_) => return vec![error("the fix's edits overlap".to_owned())],
                }
            }
            Step::Stuck(message) => {
                return vec![error(format!("the fix does not silence the rule: {message}"))];
            }
        }
    }
    vec![error("the fix does not come to an end".to_owned())]
}

/// Whether the subject was one of those that the unmended example speaks of, at the same position.
fn example_subject(example: &Example, rule: &Rule, subject: Thing) -> bool {
    Bench::new(example)
        .is_ok_and(|bench| bench.verdicts(rule).faults.iter().any(|(thing, _)| *thing == subject))
}

enum Step {
    Silent,
    None,
    Refused(String),
    Edits(FileId, Vec<crate::fix::Edit>),
    Stuck(String),
}

/// The edits for the first subject that still has the fault.
fn first_mending<'a>(rule: &'a Rule, model: &'a Model<'a>, fixes: &[super::page::Fix]) -> Step {
    let Some(mut asking) = rule.asking(&Rc::new(Memo::new(model))) else { return Step::Silent };
    for (subject, holder) in rule.subjects(model) {
        let mut faults = Vec::new();
        asking.ask((subject, holder), &mut |thing, verdict| {
            if let Verdict::Fault(fault) = verdict {
                faults.push((thing, fault.message));
            }
        });
        if let Some((thing, message)) = faults.into_iter().next() {
            let holder = rule.list.is_some().then_some(holder).flatten();
            return match rule.mend(model, thing, holder, fixes) {
                None => Step::None,
                Some(Err(why)) => Step::Refused(why),
                Some(Ok(mending)) if mending.edits.is_empty() => Step::Stuck(message),
                Some(Ok(mending)) => Step::Edits(mending.file, mending.edits),
            };
        }
    }
    Step::Silent
}

/// Every subject with what holds it, list elements unfolded.
fn every_subject<'a>(rule: &Rule, model: &'a Model<'a>) -> Vec<(Thing, Option<Thing>)> {
    let mut all = Vec::new();
    for (subject, holder) in rule.subjects(model) {
        match rule.list {
            None => all.push((subject, holder)),
            Some((_, fact)) => {
                let list = (fact.read)(model, subject);
                if let Some(crate::model::value::Datum::List(items)) = list.value() {
                    all.extend(items.items.iter().filter_map(|item| match item.value() {
                        Some(crate::model::value::Datum::Thing(thing)) => Some((*thing, Some(subject))),
                        _ => None,
                    }));
                }
            }
        }
    }
    all
}

/// Whether a fault's sentence can come from this judgement: its fixed words occur in it.
fn speaks(saying: &Saying, fault: &Fault) -> bool {
    saying.message.pieces.iter().all(|(piece, _)| match piece {
        super::template::Piece::Text(range) => {
            let words =
                saying.message.raw.text[range.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
            fault.message.contains(&words)
        }
        super::template::Piece::Hole(_) => true,
    })
}

impl Bench {
    /// A good example stays silent with any one scalar made unknown, and a rule stays sound with any one value unknown, gone,
    /// or of a kind that nobody expects there.
    fn with_each_scalar_unknown(&mut self, rule: &Rule, example: &Example) -> Vec<PageError> {
        let mut errors = Vec::new();
        for file in 0..self.trees.len() {
            for id in 0..self.trees[file].len() as u32 {
                let node = self.trees[file].node(NodeId(id));
                let path = node.path();
                let identity = matches!(node.key(), Some("apiVersion" | "kind"));
                if node.parent().is_none()
                    || (identity && node.parent().is_some_and(|p| p.parent().is_none()))
                {
                    continue;
                }
                let scalar = !matches!(node.kind(), NodeKind::Map | NodeKind::List | NodeKind::Null);
                let was = self.trees[file].set_kind(NodeId(id), NodeKind::Null);
                let without = self.verdicts(rule);
                errors.extend(without.troubles.into_iter().map(|trouble| PageError {
                    help: Some(format!(
                        "with `{path}` absent, in the example at line {}",
                        line(&rule.page, example)
                    )),
                    ..trouble
                }));
                if scalar {
                    self.trees[file].set_kind(NodeId(id), NodeKind::Unknown);
                    let unknown = self.verdicts(rule);
                    errors.extend(unknown.troubles);
                    if !example.bad
                        && let Some((_, fault)) = unknown.faults.first()
                    {
                        errors.push(PageError {
                            span: example.span,
                            message: format!(
                                "noisy: with `{path}` unknown, this good example gives a finding: {}",
                                fault.message
                            ),
                            help: None,
                        });
                    }
                }
                let odd = if was == NodeKind::Text { NodeKind::Bool } else { NodeKind::Text };
                self.trees[file].set_kind(NodeId(id), odd);
                errors.extend(self.verdicts(rule).troubles.into_iter().map(|trouble| PageError {
                    help: Some(format!(
                        "with {odd:?} as `{path}`, in the example at line {}",
                        line(&rule.page, example)
                    )),
                    ..trouble
                }));
                self.trees[file].set_kind(NodeId(id), was);
            }
        }
        errors
    }
}

fn line(page: &Page, example: &Example) -> usize {
    page.text[..example.span.start as usize].matches('\n').count() + 1
}

/// The first bad example that the page's fix mends, after it: what a person gets.
pub fn mended(page: &Page) -> Option<String> {
    let rest = page.rest().ok()?;
    let rule = Rule::new(page.clone(), &[]).ok()?;
    for example in rest.examples.iter().filter(|example| example.bad) {
        let mut files = example.clone();
        let mut changed = false;
        while let Ok(bench) = Bench::new(&files) {
            let model = Model::build(&bench.trees, &bench.sources, &bench.world);
            let Step::Edits(file, edits) = first_mending(&rule, &model, &rest.fixes) else { break };
            let at = file.0 as usize;
            files.files[at].text = crate::fix::write(&files.files[at].text, &edits).ok()?;
            changed = true;
        }
        if changed {
            return Some(files.files.iter().map(|file| format!("{}:\n{}", file.name, file.text)).collect());
        }
    }
    None
}
