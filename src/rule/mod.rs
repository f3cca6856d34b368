//! Rules: pages of Markdown, read, checked against the vocabulary, compiled, and asked.
//!
//! No rule is known here by its name. A built-in rule and a user's own take the same way: [`page`] reads the file,
//! [`compile`] checks its expressions, [`judge`] asks them of subjects.

pub mod builtin;
pub mod compile;
pub mod eval;
pub mod examples;
pub mod expr;
pub mod judge;
pub mod memo;
pub mod mend;
pub mod page;
mod parts;
pub mod schema;
pub mod show;
pub mod template;

use std::borrow::Cow;
use std::sync::Arc;

use crate::finding::{Confidence, Severity};
use crate::model::Kind;
use crate::model::vocabulary::{FactDef, Ty, kind, kinds};
use crate::outcome::RuleInfo;
use crate::source::Span;
use crate::spelling::nearest;

use compile::{Names, Program, Type};
use page::{Page, PageError, Raw};

/// A rule, ready to be asked.
#[derive(Debug)]
pub struct Rule {
    /// The page that it was made from.
    pub page: Arc<Page>,
    /// What it looks at.
    pub subject: Kind,
    /// For a rule on a list: the kind that has it, and the list.
    pub list: Option<(Kind, &'static FactDef)>,
    /// The names of what holds the subject, with their slots: only those that the rule reads.
    owners: Vec<(Kind, usize)>,
    /// Where the element stands while a related place is described.
    it: usize,
    params: Vec<(usize, Setting)>,
    /// The names of the subject, of what holds it and of the parameters.
    names: Names,
    parts: parts::Parts,
    /// What the project must have for the rule to speak of each subject.
    pub evidence: Option<Kind>,
    versions: Vec<(String, Bound)>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A truth value.
    Bool(bool),
    /// A number in its base unit.
    Num(f64),
    /// Text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// A bound on a version: `>= 1.28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    least: bool,
    version: (u16, u16),
}

impl Rule {
    /// Makes a rule of a page, all of which is checked. `settings` are the parameters that a team has set, by name.
    pub fn new(page: impl Into<Arc<Page>>, settings: &[(String, Setting)]) -> Result<Rule, Vec<PageError>> {
        let rule = Self::unchecked(page, settings)?;
        let mistakes = rule.mistakes();
        if mistakes.is_empty() { Ok(rule) } else { Err(mistakes) }
    }

    /// Makes a rule of a page whose expressions are known to be right: they are compiled when they are needed.
    pub fn unchecked(
        page: impl Into<Arc<Page>>,
        settings: &[(String, Setting)],
    ) -> Result<Rule, Vec<PageError>> {
        let page = page.into();
        let mut errors = Vec::new();
        let subject = match subject_of(&page.on) {
            Ok(subject) => subject,
            Err(error) => return Err(vec![error]),
        };
        let mut names = Names::default();
        names.slot("self", Type::Thing(subject.0));
        let mut owners: Vec<(Kind, usize)> = Vec::new();
        let holder =
            subject.1.iter().flat_map(|(holder, _)| std::iter::once(holder).chain(holder.def().owners));
        for owner in holder.chain(subject.0.def().owners) {
            if !owners.iter().any(|(known, _)| known == owner) {
                owners.push((*owner, names.slot(owner.word(), Type::Thing(*owner))));
            }
        }
        let mut params = Vec::new();
        for param in &page.params {
            match setting(&param.default) {
                Ok((default, ty)) => {
                    let slot = names.slot(&compile::param(&param.name.text), ty);
                    let set = settings.iter().find(|(name, _)| *name == param.name.text);
                    params.push((slot, set.map_or(default, |(_, value)| value.clone())));
                }
                Err(error) => errors.push(error),
            }
        }
        let read = parts::reads(&page);
        owners.retain(|(kind, _)| read.contains(&kind.word()));
        let evidence = page.evidence.as_ref().and_then(|raw| match kind(raw.text.trim()) {
            Some(def) => Some(def.kind),
            None => {
                errors.push(PageError {
                    span: raw.span,
                    message: format!("there is no subject `{}`", raw.text.trim()),
                    help: nearest(raw.text.trim(), kinds().map(|def| def.name))
                        .map(|near| format!("did you mean `{near}`?")),
                });
                None
            }
        });
        let mut versions = Vec::new();
        for (platform, raw) in &page.versions {
            match bound(&raw.text) {
                Some(bound) => versions.push((platform.text.clone(), bound)),
                None => errors.push(PageError {
                    span: raw.span,
                    message: "a version is bounded by `>= 1.28` or `< 1.28`".to_owned(),
                    help: None,
                }),
            }
        }
        let it = names.slots;
        let (subject, list) = subject;
        let parts = parts::Parts::default();
        let rule = Rule { page, subject, list, owners, it, params, names, parts, evidence, versions };
        if errors.is_empty() {
            return Ok(rule);
        }
        errors.extend(rule.mistakes());
        errors.sort_by_key(|error| error.span);
        Err(errors)
    }

    /// Whether it speaks without being asked: error or warning, with confidence high.
    pub fn is_default(page: &Page) -> bool {
        page.judgements.iter().any(|judgement| speaks_by_default(judgement.severity, judgement.confidence))
    }
}

/// On by default: error and warning with confidence high.
pub fn speaks_by_default(severity: Severity, confidence: Confidence) -> bool {
    severity >= Severity::Warning && confidence == Confidence::High
}

/// What a person wants to know of a rule.
pub fn info(page: &Page) -> RuleInfo {
    let rest = page.rest().unwrap_or_default();
    let severity = page.judgements.iter().map(|judgement| judgement.severity).max().unwrap_or(page.severity);
    let confidence =
        page.judgements.iter().map(|judgement| judgement.confidence).max().unwrap_or(page.confidence);
    let fix = rest.fixes.iter().map(|fix| if fix.safe { "safe" } else { "unsafe" }).min();
    RuleInfo {
        id: page.id.clone(),
        family: page.family().to_owned(),
        severity,
        confidence,
        default: Rule::is_default(page),
        title: page.title.clone(),
        why: page.why_sentence.clone(),
        subject: page.on.text.clone(),
        fix: fix.map(str::to_owned),
        // A team's own rule is in no repository that we know.
        url: builtin::get(&page.id).map_or_else(String::new, |_| {
            format!("{}/blob/main/rules/{}.md", env!("CARGO_PKG_REPOSITORY"), page.id)
        }),
        page: page.text.to_string(),
        references: rest.references,
    }
}

/// An error in a page as a file of its own path, for drawing.
pub fn diagnostics_of(
    file: crate::source::FileId,
    errors: Vec<PageError>,
) -> Vec<crate::finding::Diagnostic> {
    errors
        .into_iter()
        .map(|error| crate::finding::Diagnostic {
            about: crate::finding::About::Rule,
            severity: Severity::Error,
            message: error.message,
            help: error.help,
            place: Some(crate::finding::Label {
                place: crate::source::Place { file, span: error.span },
                message: String::new(),
            }),
            file: None,
        })
        .collect()
}

type Subject = (Kind, Option<(Kind, &'static FactDef)>);

/// `workload`, or `workload.volumes`.
fn subject_of(on: &Raw) -> Result<Subject, PageError> {
    let error = |message: String, help: Option<String>| PageError { span: on.span, message, help };
    let (name, list) =
        on.text.trim().split_once('.').map_or((on.text.trim(), None), |(name, list)| (name, Some(list)));
    let Some(def) = kind(name) else {
        let help = nearest(name, kinds().map(|def| def.name)).map(|near| format!("did you mean `{near}`?"));
        return Err(error(format!("there is no subject `{name}`"), help));
    };
    let Some(list) = list else {
        if def.all.is_none() {
            return Err(error(format!("a {name} is always part of something else"), None));
        }
        return Ok((def.kind, None));
    };
    let Some(fact) = def.fact(list) else {
        let help =
            nearest(list, def.facts().map(|fact| fact.name)).map(|near| format!("did you mean `{near}`?"));
        return Err(error(format!("a {name} has no fact `{list}`"), help));
    };
    match fact.ty {
        Ty::List(Ty::Thing(item)) => Ok((*item, Some((def.kind, fact)))),
        _ => Err(error(format!("`{list}` is no list of things"), None)),
    }
}

/// The default of a parameter: `90 day`, `12`, `[critical, page]`, `"text"`.
fn setting(raw: &Raw) -> Result<(Setting, Type), PageError> {
    let error = |message: &str| PageError { span: raw.span, message: message.to_owned(), help: None };
    read_setting(&raw.text)
        .ok_or_else(|| error("a default is a number with an optional unit, a text, or a list of texts"))
}

/// Reads a parameter's value as people write it, and its type.
pub fn read_setting(text: &str) -> Option<(Setting, Type)> {
    let text = text.trim();
    if let Some(items) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let unquoted = |item: &str| item.trim().trim_matches(['"', '\'']).to_owned();
        let items = items.split(',').map(unquoted).filter(|item| !item.is_empty()).collect();
        return Some((Setting::Texts(items), Type::List(Box::new(Type::Text))));
    }
    match text {
        "true" => return Some((Setting::Bool(true), Type::Bool)),
        "false" => return Some((Setting::Bool(false), Type::Bool)),
        "" => return None,
        _ => {}
    }
    let (number, unit) =
        text.split_once(' ').map_or((text, None), |(number, unit)| (number, Some(unit.trim())));
    if let Ok(number) = number.parse::<f64>() {
        return match unit {
            None => Some((Setting::Num(number), Type::Num(Some(crate::model::vocabulary::Unit::None)))),
            Some(unit) => match compile::compile(&format!("{number} * {unit}"), &Names::default()) {
                Ok(Program { ty: ty @ Type::Num(_), .. }) => {
                    let factor = compile::constant(unit)?;
                    Some((Setting::Num(number * factor), ty))
                }
                _ => None,
            },
        };
    }
    Some((Setting::Text(text.trim_matches(['"', '\'']).to_owned()), Type::Text))
}

fn bound(text: &str) -> Option<Bound> {
    let text = text.trim().trim_matches(['"', '\'']);
    let (least, version) = match text.strip_prefix(">=") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('<')?),
    };
    let (major, minor) = version.trim().split_once('.')?;
    Some(Bound { least, version: (major.parse().ok()?, minor.parse().ok()?) })
}

/// What a platform's bound says of a world.
pub(crate) enum Applies {
    /// The rule holds.
    Yes,
    /// The rule does not hold.
    No,
    /// The version is not known: one confidence lower, and these words.
    Unsure(String),
}

impl Rule {
    /// Whether the rule holds for the versions in use.
    pub(crate) fn applies(&self, world: &crate::model::World) -> Applies {
        for (platform, bound) in &self.versions {
            let version = if platform == "kubernetes" { world.kubernetes } else { None };
            match version {
                Some(version) if (version >= bound.version) != bound.least => return Applies::No,
                Some(_) => {}
                None => {
                    let mut chars = platform.chars();
                    let name = chars
                        .next()
                        .map(|c| c.to_ascii_uppercase())
                        .into_iter()
                        .chain(chars)
                        .collect::<String>();
                    let (major, minor) = bound.version;
                    let words = if bound.least { "or later" } else { "is the first without it" };
                    return Applies::Unsure(format!("{name} {major}.{minor} {words}"));
                }
            }
        }
        Applies::Yes
    }
}

/// A rule file: its id, its path for people, its text.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// `family/rule`.
    pub id: String,
    /// The path that errors name.
    pub path: String,
    /// The text.
    pub text: Cow<'static, str>,
}

impl RuleFile {
    /// Reads the page.
    pub fn page(&self) -> Result<Page, Vec<PageError>> {
        Page::read(&self.id, Arc::from(&*self.text))
    }

    /// The subject that its page names, found without reading the page: the first word of `on:`.
    pub fn subject(&self) -> Option<Kind> {
        let on = page::subject(&self.text)?;
        kind(on.split('.').next()?).map(|def| def.kind)
    }
}

/// The whole span of a page, for errors without a better place.
pub fn whole(page: &Page) -> Span {
    Span::new(0, page.text.lines().next().map_or(0, |line| line.len() as u32))
}
