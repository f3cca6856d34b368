//! Asking a rule of a subject, and making a finding of a false answer.
//!
//! What comes out belongs to one subject: merging, suppression and severity overrides are done by `lint`, over all.

use std::rc::Rc;
use std::sync::Arc;

use super::compile::{Program, Type};
use super::eval::{Scope, Trouble, Truth};
use super::memo::Memo;
use super::page::{PageError, Raw};
use super::parts::{Judgement, Text};
use super::show;
use super::template::Piece;
use super::{Applies, Rule, Setting};
use crate::fact::{Confidence, Fact, Part, Reason, Says, Spot, Spots, State};
use crate::finding::{Label, Severity};
use crate::model::value::{Datum, List, Val};
use crate::model::{Kind, Model, Thing};
use crate::syntax::tree::{NodeKind, NodeRef};

/// What a rule says of a subject.
#[derive(Debug)]
pub enum Verdict {
    /// It has nothing to say.
    Healthy,
    /// It is false.
    Fault(Box<Fault>),
    /// It depends on something that cannot be known; whether that is already the question if the rule applies.
    Undecided(Reason, bool),
    /// The rule itself is wrong.
    Trouble(PageError),
}

/// A false judgement of one subject.
#[derive(Debug)]
pub struct Fault {
    /// The subject.
    pub subject: Thing,
    /// How grave.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The line to change.
    pub primary: Label,
    /// The other places.
    pub related: Vec<Label>,
    /// The identity of the object in whose document the primary place lies.
    pub object: String,
    /// The path of the primary place within that object.
    pub path: String,
    /// Keys that are not there, and that the judgement asks for: the primary place's own, or else those in its expression.
    pub missing: Arc<[String]>,
}

impl Rule {
    /// The subjects that the rule looks at, each with what holds it where the rule is about a list.
    pub fn subjects(&self, model: &Model<'_>) -> Vec<(Thing, Option<Thing>)> {
        match self.list {
            None => model.all(self.subject).iter().map(|thing| (*thing, None)).collect(),
            Some((holder, _)) => model.all(holder).iter().map(|thing| (*thing, Some(*thing))).collect(),
        }
    }

    /// The rule, ready to be asked of many subjects of a model; none where it does not hold for the versions in use.
    pub fn asking<'a>(&'a self, memo: &Rc<Memo<'a>>) -> Option<Asking<'a>> {
        let unsure = match self.applies(memo.model().world) {
            Applies::Yes => None,
            Applies::No => return None,
            Applies::Unsure(words) => Some(words),
        };
        let scope = self.scope(Rc::clone(memo));
        Some(Asking { rule: self, model: memo.model(), scope, when: None, judgements: None, unsure })
    }

    /// A place for the rule's expressions in which its parameters are set.
    pub(super) fn scope<'a>(&'a self, memo: Rc<Memo<'a>>) -> Scope<'a> {
        let mut scope = Scope::new(memo);
        for (slot, value) in &self.params {
            scope.set(*slot, Fact::plain(value.datum()));
        }
        scope
    }

    /// Sets the values that the names stand for; false where something that the rule names does not hold the subject.
    pub(super) fn bind(
        &self,
        scope: &mut Scope<'_>,
        model: &Model<'_>,
        subject: Thing,
        holder: Option<Thing>,
    ) -> bool {
        scope.renew();
        scope.set_thing(0, subject);
        self.owners.iter().all(|(kind, slot)| {
            let owner = holder
                .and_then(|holder| above(model, holder, *kind))
                .or_else(|| above(model, subject, *kind).filter(|owner| *owner != subject));
            owner.map(|owner| scope.set_thing(*slot, owner)).is_some()
        })
    }

    fn fault<'a>(
        &'a self,
        model: &'a Model<'a>,
        scope: &mut Scope<'a>,
        subject: Thing,
        (at, judgement): (usize, &'a Judgement),
        confidence: Confidence,
        unsure: Option<&str>,
    ) -> Result<Fault, PageError> {
        let speech = self.speech().map_err(|mistakes| first(self, mistakes))?;
        let Some(saying) = speech.sayings.get(at) else { return Err(first(self, &[])) };
        let place = match (&speech.at, &saying.at) {
            (Some(at), _) => {
                let raw = self.page.at.as_ref().unwrap_or(&judgement.raw);
                scope.value(at).map_err(|trouble| in_page(raw, trouble))?
            }
            (None, Some(at)) => scope.value(at).map_err(|trouble| in_page(&judgement.raw, trouble))?,
            (None, None) => Fact::plain(Datum::Thing(subject)),
        };
        let mut spots = spots_of(model, &place);
        if spots.is_empty() {
            spots = spots_of(model, &Fact::plain(Datum::Thing(subject)));
        }
        let Some(first) = spots.first().cloned().or_else(|| any_spot(model)) else {
            return Err(PageError {
                span: super::whole(&self.page),
                message: "there is no place to show".to_owned(),
                help: None,
            });
        };
        let primary = Label { place: first.place(), message: first.says.to_string() };
        let mut related: Vec<Label> = Vec::new();
        let mut add = |label: Label| {
            let known = related.iter().any(|other| other.place == label.place)
                || (label.place == primary.place
                    && (label.message == primary.message || label.message.is_empty()));
            if !known {
                related.push(label);
            }
        };
        if speech.related.is_empty() {
            for spot in spots.iter().skip(1) {
                add(Label { place: spot.place(), message: spot.says.to_string() });
            }
        }
        for ((program, says), page) in speech.related.iter().zip(&self.page.related) {
            let value = scope.value(program).map_err(|trouble| in_page(&page.at, trouble))?;
            if value.is_absent() && says.is_none() && value.spots.iter().all(|spot| spot.says.is_nothing()) {
                continue;
            }
            let elements = match value.value() {
                Some(Datum::List(list)) => list.items.clone(),
                _ if value.is_absent() => continue,
                _ => vec![value],
            };
            for element in elements {
                let said = match says {
                    None => None,
                    Some(says) => {
                        scope.set(self.it, element.clone());
                        fill(scope, says, None)?
                    }
                };
                for (at, spot) in spots_of(model, &element).into_iter().enumerate() {
                    let own = spot.says.to_string();
                    let message = match &said {
                        Some(said) if at == 0 => said.clone(),
                        _ => own,
                    };
                    add(Label { place: spot.place(), message });
                    if said.is_some() {
                        break;
                    }
                }
            }
        }
        let mut message = fill(scope, &saying.message, Some("…"))?.unwrap_or_default();
        if let Some(words) = unsure {
            message.push_str(&format!(" ({words})"));
        }
        let help = match &saying.help {
            Some(help) => fill(scope, help, None)?,
            None => None,
        };
        let (object, path) = logical_path(&first);
        Ok(Fault {
            subject,
            severity: judgement.severity,
            confidence,
            message,
            help,
            primary,
            related,
            object,
            path,
            missing: missing_key(&first)
                .map_or_else(|| Arc::clone(&judgement.asks_for), |key| Arc::from([key.to_owned()])),
        })
    }
}

/// A rule that is asked of one subject after the other.
pub struct Asking<'a> {
    rule: &'a Rule,
    model: &'a Model<'a>,
    scope: Scope<'a>,
    /// The rule's `when`, with its text, once it was needed.
    when: Option<Option<(&'a Program, &'a Raw)>>,
    /// Its judgements, once they were needed.
    judgements: Option<&'a [Judgement]>,
    /// Why nobody knows whether the rule holds for the versions in use.
    unsure: Option<String>,
}

impl<'a> Asking<'a> {
    /// Asks the rule of one of [`Rule::subjects`]; for a list, of each of its elements.
    pub fn ask(&mut self, subject: (Thing, Option<Thing>), tell: &mut impl FnMut(Thing, Verdict)) {
        match (subject, self.rule.list) {
            ((_, Some(holder)), Some((_, fact))) => {
                let list = self.scope.read(fact, holder);
                match &list.state {
                    State::Written(Datum::List(items)) | State::Default(Datum::List(items)) => {
                        for item in items.items.iter().filter_map(Fact::value) {
                            if let Datum::Thing(thing) = item {
                                tell(*thing, self.judge(*thing, Some(holder)));
                            }
                        }
                    }
                    State::Unknown(reason) => tell(holder, Verdict::Undecided(reason.clone(), true)),
                    _ => {}
                }
            }
            ((thing, _), _) => tell(thing, self.judge(thing, None)),
        }
    }

    fn judge(&mut self, subject: Thing, holder: Option<Thing>) -> Verdict {
        let Self { rule, model, scope, when, judgements, unsure } = self;
        let rule: &'a Rule = rule;
        if !rule.bind(scope, model, subject, holder) {
            return Verdict::Healthy;
        }
        let when = match when {
            Some(when) => *when,
            None => match rule.when() {
                Ok(compiled) => {
                    scope.know(rule.known_lets());
                    *when.insert(compiled.zip(rule.page.when.as_ref()))
                }
                Err(mistakes) => return Verdict::Trouble(first(rule, mistakes)),
            },
        };
        if let Some((when, raw)) = when {
            match scope.truth(when) {
                Ok(Truth::True) => {}
                Ok(Truth::False) => return Verdict::Healthy,
                Ok(Truth::Unknown(reason)) => return Verdict::Undecided(reason, true),
                Err(trouble) => return Verdict::Trouble(in_page(raw, trouble)),
            }
        }
        let judgements = match judgements {
            Some(judgements) => *judgements,
            None => match rule.judgements() {
                Ok(compiled) => {
                    scope.know(rule.known_lets());
                    *judgements.insert(compiled)
                }
                Err(mistakes) => return Verdict::Trouble(first(rule, mistakes)),
            },
        };
        // What decided that the rule applies counts for every judgement.
        let applies = scope.confidence;
        let mut undecided = None;
        for (at, judgement) in judgements.iter().enumerate() {
            scope.confidence = applies;
            match scope.truth(&judgement.healthy) {
                Ok(Truth::True) => {}
                Ok(Truth::Unknown(reason)) => {
                    undecided.get_or_insert(reason);
                }
                Err(trouble) => return Verdict::Trouble(in_page(&judgement.raw, trouble)),
                Ok(Truth::False) => {
                    let mut confidence = judgement.confidence.min(scope.confidence);
                    if unsure.is_some() {
                        confidence = Confidence::Medium;
                    }
                    let false_one = (at, judgement);
                    return match rule.fault(model, scope, subject, false_one, confidence, unsure.as_deref()) {
                        Ok(fault) => Verdict::Fault(Box::new(fault)),
                        Err(error) => Verdict::Trouble(error),
                    };
                }
            }
        }
        undecided.map_or(Verdict::Healthy, |reason| Verdict::Undecided(reason, false))
    }
}

impl Setting {
    fn datum<'a>(&self) -> Datum<'a> {
        match self {
            Setting::Bool(value) => Datum::Bool(*value),
            Setting::Num(value) => Datum::Num(*value),
            Setting::Text(value) => Datum::Text(value.clone().into()),
            Setting::Texts(values) => {
                let items =
                    values.iter().map(|value| Fact::plain(Datum::Text(value.clone().into()))).collect();
                Datum::List(Rc::new(List { items, open: None }))
            }
        }
    }
}

/// The thing of this kind that holds `thing`, or is it.
pub fn above(model: &Model<'_>, thing: Thing, kind: Kind) -> Option<Thing> {
    let mut here = thing;
    loop {
        if here.kind == kind {
            return Some(here);
        }
        here = (here.kind.def().owner)(model, here)?;
    }
}

/// The parts of files on which a suppression counts for a thing: itself and what holds it.
pub fn grounds(model: &Model<'_>, thing: Thing) -> Vec<crate::source::Place> {
    let mut places = Vec::new();
    let mut here = Some(thing);
    while let Some(thing) = here {
        if matches!(thing.kind, Kind::Unit | Kind::Project) {
            break;
        }
        if let Some(node) = (thing.kind.def().node)(model, thing) {
            let mut span = node.span();
            if let Some(key) = node.key_span() {
                span.start = span.start.min(key.start);
            }
            let place = node.tree().place(span);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        here = (thing.kind.def().owner)(model, thing);
    }
    places
}

/// The reasons that annotations `steadfast.dev/ignore` give, on the object and on its pod template.
pub fn annotations(model: &Model<'_>, thing: Thing) -> Vec<(crate::source::Place, String)> {
    let Some(object) = model.object_of(thing) else { return Vec::new() };
    let node = model.objects[object as usize].object.node;
    if !model.is_addressing(node.tree().file) {
        return Vec::new();
    }
    [
        "metadata.annotations",
        "spec.template.metadata.annotations",
        "spec.jobTemplate.spec.template.metadata.annotations",
    ]
    .iter()
    .filter_map(|path| node.at(path)?.get("steadfast.dev/ignore"))
    .filter(|value| value.kind() == NodeKind::Text)
    .map(|value| (value.place(), value.text().to_owned()))
    .collect()
}

/// Where a value comes from. A thing without a place of its own is shown by its name.
pub(super) fn spots_of<'a>(model: &'a Model<'a>, value: &Val<'a>) -> Spots<'a> {
    if !value.spots.is_empty() && !matches!(value.value(), Some(Datum::List(_))) {
        return value.spots.clone();
    }
    match value.value() {
        Some(Datum::Thing(thing)) => {
            (thing.kind.def().node)(model, *thing).map(Spot::value).into_iter().collect()
        }
        Some(Datum::Node(node)) => std::iter::once(Spot::value(*node)).collect(),
        Some(Datum::List(list)) if value.spots.is_empty() => {
            list.items.iter().filter_map(|item| spots_of(model, item).into_iter().next()).collect()
        }
        _ => value.spots.clone(),
    }
}

/// Something to point at when a project as a whole is meant.
fn any_spot<'a>(model: &'a Model<'a>) -> Option<Spot<'a>> {
    model.objects.first().map(|entry| Spot::value(entry.object.node))
}

/// The key that a spot would have, were it there.
fn missing_key(spot: &Spot<'_>) -> Option<&'static str> {
    match (&spot.part, &spot.says) {
        (Part::Missing(key), _) => Some(*key),
        (_, Says::Default(note, _)) => Some(note.key),
        _ => None,
    }
}

/// Whether a mapping is an object. One with very many keys is a list of things by name, and not worth a search.
fn is_object(node: NodeRef<'_>) -> bool {
    let says = |wanted: &str| node.children().take(100).any(|child| child.is_under(wanted));
    node.kind() == NodeKind::Map && says("apiVersion") && says("kind")
}

/// The identity of the object that a spot belongs to, `Deployment shop/api`, and the path behind it: `spec.replicas`.
fn logical_path(spot: &Spot<'_>) -> (String, String) {
    let mut top = spot.node;
    while let Some(parent) = top.parent().filter(|_| !is_object(top)) {
        top = parent;
    }
    let part = |path: &str| top.at(path).filter(|node| node.kind() == NodeKind::Text).map(NodeRef::text);
    let identity = match (part("kind"), part("metadata.namespace"), part("metadata.name")) {
        (None, ..) => String::new(),
        (Some(kind), None, name) => [kind, " ", name.unwrap_or_default()].concat(),
        (Some(kind), Some(namespace), name) => [kind, " ", namespace, "/", name.unwrap_or_default()].concat(),
    };
    let below = spot.node.path_below(Some(top));
    let inner = below.trim_start_matches('.');
    let path = match missing_key(spot) {
        Some(key) if inner.is_empty() => key.to_owned(),
        Some(key) => [inner, ".", key].concat(),
        None => inner.to_owned(),
    };
    (identity, path)
}

/// Fills the holes of a sentence. What is absent is shown by `absent`; without that, there is no sentence.
fn fill<'a>(
    scope: &mut Scope<'a>,
    text: &'a Text,
    absent: Option<&str>,
) -> Result<Option<String>, PageError> {
    let mut sentence = String::with_capacity(text.raw.text.len() + 16);
    for (piece, program) in &text.pieces {
        match (piece, program) {
            (Piece::Text(range), _) => sentence.push_str(&text.raw.text[range.clone()]),
            (Piece::Hole(range), Some(program)) => {
                let value = scope.value(program).map_err(|trouble| {
                    let at = super::expr::locate(&program.text, trouble.ordinal);
                    let span = text.raw.part(range.start + at.start..range.start + at.end);
                    PageError { span, message: trouble.message, help: None }
                })?;
                match &value.state {
                    State::Written(datum) | State::Default(datum) => {
                        sentence.push_str(&shown(datum, &program.ty))
                    }
                    // What cannot be known is shown as it is written.
                    State::Unknown(_) => {
                        let text = value.spots.first().map_or("", |spot| spot.node.text());
                        sentence.push_str(if text.is_empty() { "…" } else { text });
                    }
                    State::Absent => match absent {
                        Some(absent) => sentence.push_str(absent),
                        None => return Ok(None),
                    },
                }
            }
            (Piece::Hole(_), None) => {}
        }
    }
    Ok(Some(on_one_line(sentence)))
}

/// A sentence without the line breaks of its page.
fn on_one_line(sentence: String) -> String {
    let mut before = ' ';
    let is_so = sentence.chars().all(|c| {
        let breaks = c.is_whitespace() && (c != ' ' || before == ' ');
        before = c;
        !breaks
    });
    if is_so && before != ' ' {
        return sentence;
    }
    sentence.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(datum: &Datum<'_>, ty: &Type) -> String {
    show::sentence(datum, ty)
}

/// The first of a rule's mistakes.
fn first(rule: &Rule, mistakes: &[PageError]) -> PageError {
    mistakes.first().cloned().unwrap_or_else(|| PageError {
        span: super::whole(&rule.page),
        message: "this page cannot be compiled".to_owned(),
        help: None,
    })
}

fn in_page(raw: &Raw, trouble: Trouble) -> PageError {
    PageError {
        span: raw.part(super::expr::locate(&raw.text, trouble.ordinal)),
        message: trouble.message,
        help: None,
    }
}

/// Fills a fix's holes: bare numbers, texts, mappings.
pub fn filling(value: &Val<'_>, program: &Program) -> super::template::Filling {
    use super::template::Filling;
    match value.value() {
        None => Filling::Absent,
        Some(Datum::Num(n)) => Filling::Bare(show::bare(&Datum::Num(*n), &Type::Num(None))),
        Some(Datum::Bool(answer)) => Filling::Bare(answer.to_string()),
        Some(Datum::Node(node)) => match node.kind() {
            NodeKind::Map | NodeKind::List => Filling::Lines(crate::fix::print::lines(*node)),
            NodeKind::Text | NodeKind::Unknown => Filling::Text(node.text().to_owned()),
            _ => Filling::Bare(node.text().to_owned()),
        },
        Some(datum) => Filling::Text(show::bare(datum, &program.ty)),
    }
}
