//! Which rules are asked: built-in ones and a team's own, as far as they are selected and their subject occurs.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use crate::config::{Config, ParamValue, Problem, Selected};
use crate::finding::{About, Diagnostic, Severity};
use crate::model::Kind;
use crate::outcome::{AskedRule, IdleRule, Outcome, RuleInfo};
use crate::rule::page::{Page, PageError};
use crate::rule::{self, Rule, RuleFile, Setting, builtin, examples};
use crate::source::{SourceFile, Sources};

/// The rules of a run.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Those that are asked.
    pub(super) ready: Vec<Rule>,
    /// Those that are selected, or may be, and have nothing to look at; and whether they are selected by name.
    idle: Vec<(RuleFile, bool)>,
    /// The ids of all that there are, asked or not.
    pub(super) ids: Vec<String>,
    broken: Vec<(RuleFile, Vec<PageError>)>,
    problems: Vec<Diagnostic>,
    /// What is wrong with the settings of rules.
    pub(super) misset: Vec<Problem>,
    paths: rustc_hash::FxHashMap<String, String>,
}

/// Rules that were tried on their own examples.
#[derive(Debug, Default)]
pub struct Tested {
    /// How many rules.
    pub rules: usize,
    /// How many examples.
    pub examples: usize,
    /// What went wrong.
    pub failures: Vec<Diagnostic>,
    /// The rule files that the failures point into.
    pub sources: Sources,
}

/// Loads the rules that are selected and have something to look at. In a project of many files by all threads.
pub(super) fn load(config: &Config, occurs: impl Fn(Kind) -> bool + Sync, many: bool) -> Rules {
    let mut rules = Rules::default();
    let mut selected = Vec::new();
    for (file, own) in files(config, &mut rules.problems) {
        rules.ids.push(file.id.clone());
        if own {
            rules.paths.insert(file.id.clone(), file.path.clone());
        }
        match config.selected(&file.id) {
            Selected::Off => {}
            how => selected.push((file, own, how)),
        }
    }
    let mut kinds: Vec<Kind> = selected.iter().filter_map(|(file, ..)| file.subject()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    // A page whose subject is nowhere need not even be read; but a team's own is always checked.
    let absent: Vec<Kind> = match many {
        // Kinds that are found by one look stand side by side, so one thread takes them.
        true => {
            let half = kinds.len().div_ceil(2);
            kinds.into_par_iter().with_min_len(half).filter(|kind| !occurs(*kind)).collect()
        }
        false => kinds.into_iter().filter(|kind| !occurs(*kind)).collect(),
    };
    let (selected, idle): (Vec<_>, Vec<_>) = selected
        .into_iter()
        .partition(|(file, own, _)| *own || file.subject().is_none_or(|kind| !absent.contains(&kind)));
    rules.idle.extend(idle.into_iter().map(|(file, _, how)| (file, how == Selected::All)));
    let load = |(file, own, how)| Loaded::of(config, file, own, how);
    let loaded: Vec<Loaded> = match many {
        true => selected.into_par_iter().map(load).collect(),
        false => selected.into_iter().map(load).collect(),
    };
    for Loaded { rule, misset, broken } in loaded {
        rules.ready.extend(rule);
        rules.misset.extend(misset);
        rules.broken.extend(broken);
    }
    rules
}

/// What becomes of a rule file.
#[derive(Default)]
struct Loaded {
    rule: Option<Rule>,
    misset: Vec<Problem>,
    broken: Option<(RuleFile, Vec<PageError>)>,
}

impl Loaded {
    fn of(config: &Config, file: RuleFile, own: bool, selected: Selected) -> Self {
        let page = match file.page() {
            Ok(page) => page,
            Err(errors) => return Self { broken: Some((file, errors)), ..Self::default() },
        };
        let settings = settings(config, &file.id);
        if selected == Selected::Default && !Rule::is_default(&page) && !own {
            return Self::default();
        }
        let misset = unknown_params(config, &page).into_iter().collect();
        // The built-in pages are checked when steadfast is built; a team's own may hold any mistake.
        match if own { Rule::new(page, &settings) } else { Rule::unchecked(page, &settings) } {
            Ok(rule) => Self { rule: Some(rule), misset, broken: None },
            Err(errors) => Self { rule: None, misset, broken: Some((file, errors)) },
        }
    }
}

/// What a person wants to know of each rule, in order of id.
pub(super) fn infos(config: &Config) -> Result<Vec<RuleInfo>, Box<Outcome>> {
    let mut outcome = Outcome::default();
    let mut infos = Vec::new();
    let mut rules = Rules::default();
    for (file, _) in files(config, &mut rules.problems) {
        match file.page() {
            Ok(page) => infos.push(rule::info(&page)),
            Err(errors) => rules.broken.push((file, errors)),
        }
    }
    if rules.report(&mut outcome) {
        return Err(Box::new(outcome));
    }
    infos.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(infos)
}

/// Tries the rules in these folders on their examples.
pub fn test(_config: &Config, folders: &[Utf8PathBuf]) -> Tested {
    let mut tested = Tested::default();
    let mut problems = Vec::new();
    for folder in folders {
        for file in files_in(folder, &mut problems) {
            tested.rules += 1;
            let errors = match file.page() {
                Ok(page) => {
                    tested.examples += page.rest().map_or(0, |rest| rest.examples.len());
                    examples::check(&page)
                }
                Err(errors) => errors,
            };
            if !errors.is_empty() {
                let at = tested.sources.push(SourceFile::new(file.path.clone(), &*file.text));
                tested.failures.extend(rule::diagnostics_of(at, errors));
            }
        }
    }
    tested.failures.extend(problems);
    tested
}

impl Rules {
    /// Whether a rule was asked of everything, so that its silence means something.
    pub(super) fn asked_in_full(&self, config: &Config, rule: &str) -> bool {
        let asked = match config.selected(rule) {
            Selected::Off => false,
            Selected::All => self.ids.iter().any(|id| id == rule),
            Selected::Default => self.speaks_by_default(rule),
        };
        asked && !self.broken.iter().any(|(file, _)| file.id == rule)
    }

    /// Whether a rule speaks without being asked; seldom needed, so its page is read again.
    fn speaks_by_default(&self, rule: &str) -> bool {
        match builtin::get(rule) {
            Some(text) => Page::read(rule, Arc::from(text)).is_ok_and(|page| Rule::is_default(&page)),
            None => self.is_own(rule),
        }
    }

    /// What reports may want to know of those that were asked, and of those that had nothing to look at.
    pub(super) fn asked(self) -> (Vec<AskedRule>, Vec<IdleRule>) {
        let pages = self.ready.into_iter().map(|rule| rule.page);
        let asked = pages.map(|page| AskedRule::new(page.id.clone(), move || rule::info(&page)));
        let idle = self.idle.into_iter().map(|(file, by_name)| {
            IdleRule::new(by_name, move || file.page().ok().map(|page| rule::info(&page)))
        });
        (asked.collect(), idle.collect())
    }

    /// Whether a rule is in a folder of the user's.
    pub(super) fn is_own(&self, id: &str) -> bool {
        self.paths.contains_key(id)
    }

    /// The path that errors of a rule name.
    pub(super) fn path_of(&self, id: &str) -> String {
        self.paths.get(id).cloned().unwrap_or_else(|| format!("rules/{id}.md"))
    }

    /// Adds what is wrong with the rule files; returns whether anything is.
    pub(super) fn report(&self, outcome: &mut Outcome) -> bool {
        let wrong = !self.broken.is_empty()
            || self.problems.iter().any(|problem| problem.severity == Severity::Error);
        for (file, errors) in &self.broken {
            let at = outcome.sources.push(SourceFile::new(file.path.clone(), &*file.text));
            outcome.diagnostics.extend(rule::diagnostics_of(at, errors.clone()));
        }
        outcome.diagnostics.extend(self.problems.iter().cloned());
        wrong
    }
}

/// All rule files: built-in ones, then own ones (true), each id once.
fn files(config: &Config, problems: &mut Vec<Diagnostic>) -> Vec<(RuleFile, bool)> {
    let mut all: Vec<(RuleFile, bool)> = builtin::files().map(|file| (file, false)).collect();
    for folder in &config.rules {
        for file in files_in(folder, problems) {
            if builtin::get(&file.id).is_some() || all.iter().any(|(other, own)| *own && other.id == file.id)
            {
                problems.push(problem(
                    format!("the rule `{}` exists already", file.id),
                    Some("give the file another name: its path is the rule's id".to_owned()),
                    &file.path,
                ));
                continue;
            }
            all.push((file, true));
        }
    }
    all
}

/// The rule files below a folder; their ids are the paths below it.
fn files_in(folder: &Utf8Path, problems: &mut Vec<Diagnostic>) -> Vec<RuleFile> {
    let mut found = Vec::new();
    let walk = ignore::WalkBuilder::new(folder).standard_filters(false).sort_by_file_path(Ord::cmp).build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                problems.push(problem(
                    format!("cannot read the rules in `{folder}`: {error}"),
                    None,
                    folder.as_str(),
                ));
                continue;
            }
        };
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        if !path.is_file() || path.extension() != Some("md") || path.file_stem() == Some("README") {
            continue;
        }
        let id = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        match std::fs::read_to_string(path) {
            Ok(text) => found.push(RuleFile {
                id: id.as_str().replace('\\', "/"),
                path: path.to_string(),
                text: text.into(),
            }),
            Err(error) => {
                problems.push(problem(format!("cannot read the rule `{path}`: {error}"), None, path.as_str()))
            }
        }
    }
    if found.is_empty() && problems.is_empty() {
        problems.push(problem(format!("there is no rule in `{folder}`"), None, folder.as_str()));
    }
    found
}

fn problem(message: String, help: Option<String>, file: &str) -> Diagnostic {
    Diagnostic {
        about: About::Rule,
        severity: Severity::Error,
        message,
        help,
        place: None,
        file: Some(file.to_owned()),
    }
}

/// The parameters that the settings give to a rule.
fn settings(config: &Config, id: &str) -> Vec<(String, Setting)> {
    let text = |value: &ParamValue| match value {
        ParamValue::Text(text) => text.clone(),
        ParamValue::Number(number) => number.to_string(),
        ParamValue::Bool(answer) => answer.to_string(),
        ParamValue::List(_) => String::new(),
    };
    config
        .params(id)
        .filter_map(|param| {
            let value = match &param.value {
                ParamValue::Bool(answer) => Setting::Bool(*answer),
                ParamValue::Number(number) => Setting::Num(*number),
                ParamValue::Text(text) => rule::read_setting(text).map(|(setting, _)| setting)?,
                ParamValue::List(items) => Setting::Texts(items.iter().map(|(item, _)| text(item)).collect()),
            };
            Some((param.name.clone(), value))
        })
        .collect()
}

/// Parameters in the settings that a rule does not have, or that are of another type.
fn unknown_params(config: &Config, page: &Page) -> Vec<Problem> {
    let mut problems = Vec::new();
    for param in config.params(&page.id) {
        let known = page.params.iter().find(|known| known.name.text == param.name);
        let problem = match known {
            None => {
                let names: Vec<&str> = page.params.iter().map(|known| known.name.text.as_str()).collect();
                let has = if names.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has {}", names.join(", "))
                };
                let message = format!("`{}` has no parameter `{}`; {has}", page.id, param.name);
                Problem::error(Some(param.name_span), message, "not known")
            }
            Some(known) => {
                let default = rule::read_setting(&known.default.text).map(|(_, ty)| ty);
                let given = match &param.value {
                    ParamValue::Text(text) => rule::read_setting(text).map(|(_, ty)| ty),
                    ParamValue::Number(number) => rule::read_setting(&number.to_string()).map(|(_, ty)| ty),
                    ParamValue::Bool(answer) => rule::read_setting(&answer.to_string()).map(|(_, ty)| ty),
                    ParamValue::List(_) => rule::read_setting("[a]").map(|(_, ty)| ty),
                };
                if default == given {
                    continue;
                }
                let message = format!(
                    "`{}` of `{}` is written like its default: {}",
                    param.name, page.id, known.default.text
                );
                Problem::error(Some(param.span), message, "of another type")
            }
        };
        problems.push(problem);
    }
    problems
}
