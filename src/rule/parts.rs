//! The parts of a rule, each compiled when it is first needed.
//!
//! Of the rules whose subject occurs many never get beyond their `when`, and few have anything to say. Names come before
//! judgements, judgements before sentences and places; whoever wants to know all mistakes of a page asks for all parts.

use std::sync::{Arc, OnceLock};

use super::Rule;
use super::compile::{self, Names, Program, Type};
use super::expr::{self, Fault};
use super::page::{Page, PageError, Raw};
use super::template::{self, Piece};
use crate::finding::{Confidence, Severity};

/// A part, or what is wrong with it.
type Part<T> = OnceLock<Result<T, Vec<PageError>>>;

/// What of a rule is compiled so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    lets: Part<Lets>,
    when: Part<Option<Program>>,
    judgements: Part<Vec<Judgement>>,
    speech: Part<Speech>,
}

/// The values that a page names.
#[derive(Debug, Default)]
pub(super) struct Lets {
    pub(super) programs: Vec<Program>,
    /// All names that the page's expressions may use.
    pub(super) names: Names,
}

/// A judgement, ready to be asked.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) healthy: Program,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// Where the expression stands in the page.
    pub(crate) raw: Raw,
    /// The last names of what it asks for with `has`.
    pub(crate) asks_for: Arc<[String]>,
}

/// What a rule says and shows where a judgement is false.
#[derive(Debug)]
pub(super) struct Speech {
    /// The path whose first place is the line to change.
    pub(super) at: Option<Program>,
    pub(super) related: Vec<(Program, Option<Text>)>,
    /// One for each judgement.
    pub(super) sayings: Vec<Saying>,
}

/// What is said where one judgement is false.
#[derive(Debug)]
pub(super) struct Saying {
    /// The only path that it reads, where the rule names no place.
    pub(super) at: Option<Program>,
    pub(super) message: Text,
    pub(super) help: Option<Text>,
}

/// A sentence with holes.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) raw: Raw,
    pub(crate) pieces: Vec<(Piece, Option<Program>)>,
}

/// The keys of a manifest that an expression asks for with `has`. The name of a fact is none, even where a manifest may have such
/// a key: a target's `servicePort` is a port that it leads to, and the `servicePort` of an Ingress the number of one.
fn asked_for(expression: &str) -> impl Iterator<Item = String> {
    let asked = expression.split("has(").skip(1).filter_map(|rest| rest.split(')').next());
    let keys = asked.filter_map(|path| path.rsplit_once('.')).filter(|(above, _)| {
        above.split('.').any(|step| matches!(step.trim(), "manifest" | "pod" | "spec" | "metadata"))
    });
    keys.map(|(_, key)| key.trim().to_owned())
}

/// Compiles a part at first use.
fn part<T>(
    cell: &Part<T>,
    make: impl FnOnce(&mut Vec<PageError>) -> Option<T>,
) -> Result<&T, &Vec<PageError>> {
    cell.get_or_init(|| {
        let mut errors = Vec::new();
        match make(&mut errors) {
            Some(part) if errors.is_empty() => Ok(part),
            _ => Err(errors),
        }
    })
    .as_ref()
}

impl Rule {
    /// All mistakes in the expressions of the page, in its order.
    pub(super) fn mistakes(&self) -> Vec<PageError> {
        let mut errors: Vec<PageError> = Vec::new();
        errors.extend(self.lets().err().into_iter().flatten().cloned());
        errors.extend(self.when().err().into_iter().flatten().cloned());
        errors.extend(self.judgements().err().into_iter().flatten().cloned());
        errors.extend(self.speech().err().into_iter().flatten().cloned());
        if errors.is_empty() {
            errors.extend(unused_lets(&self.page));
        }
        errors.sort_by_key(|error| error.span);
        errors.dedup();
        errors
    }

    pub(super) fn lets(&self) -> Result<&Lets, &Vec<PageError>> {
        part(&self.parts.lets, |errors| {
            let mut lets = Lets { programs: Vec::new(), names: self.names.clone() };
            for (name, raw) in &self.page.lets {
                if let Some(program) = note(errors, raw, compile::compile(&raw.text, &lets.names)) {
                    lets.names.define(&name.text, lets.programs.len(), program.ty.clone());
                    lets.programs.push(program);
                }
            }
            Some(lets)
        })
    }

    /// The values that the page names, if anything that was asked needed them.
    pub(super) fn known_lets(&self) -> &[Program] {
        match self.parts.lets.get() {
            Some(Ok(lets)) => &lets.programs,
            _ => &[],
        }
    }

    pub(super) fn when(&self) -> Result<Option<&Program>, &Vec<PageError>> {
        let Some(raw) = &self.page.when else { return Ok(None) };
        if let Some(known) = self.parts.when.get() {
            return known.as_ref().map(Option::as_ref);
        }
        let named = |word: &str| self.page.lets.iter().any(|(name, _)| name.text == word);
        let names = if expr::words(&raw.text).any(named) { &self.lets()?.names } else { &self.names };
        part(&self.parts.when, |errors| Some(note(errors, raw, compile::compile_truth(&raw.text, names))))
            .map(Option::as_ref)
    }

    pub(crate) fn judgements(&self) -> Result<&[Judgement], &Vec<PageError>> {
        let names = &self.lets()?.names;
        part(&self.parts.judgements, |errors| {
            let mut compiled = Vec::new();
            for page in &self.page.judgements {
                let healthy = compile::compile_truth(&page.expr.text, names);
                if let Some(healthy) = note(errors, &page.expr, healthy) {
                    let raw = page.expr.clone();
                    let (severity, confidence) = (page.severity, page.confidence);
                    let asks_for = asked_for(&raw.text).collect();
                    compiled.push(Judgement { healthy, severity, confidence, raw, asks_for });
                }
            }
            Some(compiled)
        })
        .map(Vec::as_slice)
    }

    pub(super) fn speech(&self) -> Result<&Speech, &Vec<PageError>> {
        let names = &self.lets()?.names;
        let judgements = self.judgements()?;
        part(&self.parts.speech, |errors| {
            let at = self.page.at.as_ref().and_then(|raw| path(errors, raw, names));
            let mut sayings = Vec::new();
            for (judgement, page) in judgements.iter().zip(&self.page.judgements) {
                let own_place = if self.page.at.is_some() { None } else { judgement.healthy.only_path() };
                let message = text(&page.message, names, errors);
                let help = page.help.as_ref().and_then(|raw| text(raw, names, errors));
                sayings.extend(message.map(|message| Saying { at: own_place, message, help }));
            }
            let mut related = Vec::new();
            for place in &self.page.related {
                let compiled = compile::compile(&place.at.text, names);
                let Some(program) = note(errors, &place.at, compiled) else { continue };
                let says = place.says.as_ref().and_then(|raw| {
                    let mut with_it = names.clone();
                    let item = match &program.ty {
                        Type::List(item) => (**item).clone(),
                        other => other.clone(),
                    };
                    with_it.slot("it", item);
                    text(raw, &with_it, errors)
                });
                related.push((program, says));
            }
            Some(Speech { at, related, sayings })
        })
    }
}

/// The names that the expressions of a page read.
pub(super) fn reads(page: &Page) -> Vec<&str> {
    let mut read = Vec::new();
    let places = page.related.iter().map(|place| &place.at);
    let expressions = page.lets.iter().map(|(_, raw)| raw).chain(&page.when).chain(&page.at).chain(places);
    for raw in expressions.chain(page.judgements.iter().map(|judgement| &judgement.expr)) {
        read.extend(expr::words(&raw.text));
    }
    let messages = page
        .judgements
        .iter()
        .flat_map(|judgement| std::iter::once(&judgement.message).chain(&judgement.help));
    for raw in messages.chain(page.related.iter().filter_map(|place| place.says.as_ref())) {
        for piece in template::holes(&raw.text).unwrap_or_default() {
            if let Piece::Hole(range) = piece {
                read.extend(expr::words(&raw.text[range]));
            }
        }
    }
    read
}

fn unused_lets(page: &Page) -> Vec<PageError> {
    // A fix may be the only one to read a name; its text is not compiled before it is needed.
    let fixes = page.text.split_once("\n## Fix").map_or("", |(_, fixes)| fixes);
    let read = reads(page);
    let unused = page
        .lets
        .iter()
        .filter(|(name, _)| !read.contains(&name.text.as_str()) && !fixes.contains(&name.text));
    unused
        .map(|(name, _)| PageError {
            span: name.span,
            message: format!("nothing reads `{}`", name.text),
            help: None,
        })
        .collect()
}

fn note(errors: &mut Vec<PageError>, raw: &Raw, result: Result<Program, Fault>) -> Option<Program> {
    result.map_err(|fault| errors.push(in_page(raw, fault))).ok()
}

/// A path to a fact, and so to a place.
fn path(errors: &mut Vec<PageError>, raw: &Raw, names: &Names) -> Option<Program> {
    let program = note(errors, raw, compile::compile(&raw.text, names))?;
    if !program.is_path() {
        errors.push(PageError {
            span: raw.span,
            message: "a place is a path to a fact, not a computation".to_owned(),
            help: Some("give it a name with `let`".to_owned()),
        });
    }
    Some(program)
}

fn text(raw: &Raw, names: &Names, errors: &mut Vec<PageError>) -> Option<Text> {
    let pieces = match template::holes(&raw.text) {
        Ok(pieces) => pieces,
        Err(unclosed) => {
            errors.push(PageError {
                span: raw.part(unclosed.range),
                message: unclosed.message.to_owned(),
                help: None,
            });
            return None;
        }
    };
    let mut compiled = Vec::new();
    for piece in pieces {
        let program = match &piece {
            Piece::Text(_) => None,
            Piece::Hole(range) => match compile::compile(&raw.text[range.clone()], names) {
                Ok(program) => Some(program),
                Err(fault) => {
                    let at = range.start + fault.range.start..range.start + fault.range.end;
                    errors.push(PageError { span: raw.part(at), message: fault.message, help: fault.help });
                    return None;
                }
            },
        };
        compiled.push((piece, program));
    }
    Some(Text { raw: raw.clone(), pieces: compiled })
}

fn in_page(raw: &Raw, fault: Fault) -> PageError {
    PageError { span: raw.part(fault.range), message: fault.message, help: fault.help }
}
