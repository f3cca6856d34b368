//! Running a compiled expression over the model: three-valued, every value with its places.
//!
//! Unknown is never false: an answer is unknown only where an unknown could change it. A comparison with something absent
//! is the rule author's mistake and says so; nothing is swallowed. Steps are counted, so no rule runs for ever.

mod compare;
mod fold;
mod value;

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use super::compile::{Op, Program, Step, TextMethod};
use super::expr::{Binary, Fold};
use crate::fact::{Confidence, Fact, Reason, Spots, State};
use crate::model::Thing;
use crate::model::value::{Datum, List, Val};
use crate::model::vocabulary::FactDef;
use crate::syntax::tree::NodeKind;
use smallvec::{SmallVec, smallvec};

use super::memo::Memo;
use super::show;
use compare::{Literal, among, contains, equal, order};
use value::{
    absent, as_truth, at_index, field, from_node, join_spots, number, plain, rest_on, rest_on_both, size,
    text, truth, truth_value, unknown,
};

/// The most steps that one expression may take.
const STEPS: u32 = 1_000_000;
/// What is said of one that takes more: its rule is asked no further.
pub const ENDLESS: &str = "this takes more than a million steps";

/// What a patch leaves as it is: a patch finds its object by these.
const STAYS: [&str; 5] = ["name", "kind", "object", "unit", "project"];

/// Something wrong with an expression that shows only when it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// The node of the expression.
    pub ordinal: u32,
    /// What happened.
    pub message: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// Yes.
    True,
    /// No.
    False,
    /// It depends on something that cannot be known.
    Unknown(Reason),
}

/// A value that is only looked at: what is kept anyway is not copied for that.
enum Seen<'a> {
    Kept(Rc<Val<'a>>),
    Own(Val<'a>),
}

impl<'a> Seen<'a> {
    fn into_own(self) -> Val<'a> {
        match self {
            Self::Kept(value) => Rc::unwrap_or_clone(value),
            Self::Own(value) => value,
        }
    }
}

impl<'a> Deref for Seen<'a> {
    type Target = Val<'a>;

    fn deref(&self) -> &Val<'a> {
        match self {
            Self::Kept(value) => value,
            Self::Own(value) => value,
        }
    }
}

/// A place where expressions of one rule run for one subject.
pub struct Scope<'a> {
    memo: Rc<Memo<'a>>,
    slots: Vec<Val<'a>>,
    lets: &'a [Program],
    /// The values of the lets that were read, each with the lowest confidence that it rests on.
    computed: Vec<Option<(Rc<Val<'a>>, Confidence)>>,
    steps: u32,
    /// The lowest confidence of the facts read since it was last set.
    pub confidence: Confidence,
}

impl<'a> Scope<'a> {
    /// A scope without values.
    pub fn new(memo: Rc<Memo<'a>>) -> Self {
        Self {
            memo,
            slots: Vec::new(),
            lets: &[],
            computed: Vec::new(),
            steps: 0,
            confidence: Confidence::High,
        }
    }

    /// The lets that expressions may read from now on.
    pub fn know(&mut self, lets: &'a [Program]) {
        self.lets = lets;
        self.computed.resize(lets.len(), None);
    }

    /// Forgets what was computed of the last subject; what was put into slots stays.
    pub fn renew(&mut self) {
        self.computed.fill(None);
        self.confidence = Confidence::High;
    }

    /// Puts a value into a slot.
    pub fn set(&mut self, slot: usize, value: Val<'a>) {
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, Fact::nothing);
        }
        self.slots[slot] = value;
    }

    /// Puts a thing into a slot.
    pub fn set_thing(&mut self, slot: usize, thing: Thing) {
        match self.slots.get_mut(slot).map(|value| &mut value.state) {
            Some(State::Written(Datum::Thing(known))) => *known = thing,
            _ => self.set(slot, plain(Datum::Thing(thing))),
        }
    }

    /// Asks a question.
    pub fn truth(&mut self, program: &'a Program) -> Result<Truth, Trouble> {
        self.steps = 0;
        self.answer(&program.op, None)
    }

    /// Computes a value.
    pub fn value(&mut self, program: &'a Program) -> Result<Val<'a>, Trouble> {
        self.steps = 0;
        self.run(&program.op)
    }

    fn count(&mut self, ordinal: u32) -> Result<(), Trouble> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Trouble { ordinal, message: ENDLESS.to_owned() });
        }
        Ok(())
    }

    /// Whether an expression is true. Nearly all answers are never shown, so the places that one rests on are gathered only
    /// where somebody wants them.
    fn answer(&mut self, op: &'a Op, places: Option<&mut Spots<'a>>) -> Result<Truth, Trouble> {
        self.count(op.ordinal)?;
        Ok(match &op.step {
            Step::Has(inner) => self.glance(inner, |value| {
                rest_on(places, &value.spots);
                match &value.state {
                    State::Absent => Truth::False,
                    State::Unknown(reason) => Truth::Unknown(reason.clone()),
                    State::Written(_) | State::Default(_) => Truth::True,
                }
            })?,
            Step::Declared(inner) => self.glance(inner, |value| {
                rest_on(places, &value.spots);
                // Somebody wrote what cannot be known.
                truth(matches!(value.state, State::Written(_) | State::Unknown(_)))
            })?,
            Step::Not(inner) => match self.answer(inner, places)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                unknown => unknown,
            },
            Step::And(a, b) => self.both(a, b, Truth::False, places)?,
            Step::Or(a, b) => self.both(a, b, Truth::True, places)?,
            Step::Compare(operator @ (Binary::Equal | Binary::NotEqual), a, b) => {
                let same = match Literal::of(b) {
                    Some(literal) => self.glance(a, |value| {
                        rest_on(places, &value.spots);
                        literal.equals(value)
                    })?,
                    None => {
                        let a_value = self.look(a)?;
                        let b_value = self.look(b)?;
                        rest_on_both(places, &a_value.spots, &b_value.spots);
                        equal(&a_value, &b_value)
                    }
                };
                match same {
                    Truth::Unknown(reason) => Truth::Unknown(reason),
                    same => truth((same == Truth::True) == (*operator == Binary::Equal)),
                }
            }
            Step::Compare(operator, a, b) => {
                let a_value = self.look(a)?;
                self.glance(b, |b_value| {
                    order(*operator, (&a_value, a.ordinal), (b_value, b.ordinal), places)
                })??
            }
            Step::In(item, range) => match &range.step {
                Step::List(options) if options.iter().all(|option| Literal::of(option).is_some()) => self
                    .glance(item, |item| {
                        rest_on(places, &item.spots);
                        among(item, options.iter().filter_map(Literal::of))
                    })?,
                _ => {
                    let item = self.look(item)?;
                    let range_value = self.look(range)?;
                    contains(&item, &range_value, range.ordinal, places)?
                }
            },
            Step::Fold(kind @ (Fold::All | Fold::Exists | Fold::ExistsOne), range, slot, body, condition) => {
                let list = self.look(range)?;
                self.quantified(*kind, (&list, range.ordinal), *slot, (condition.as_deref(), body), places)?
            }
            Step::Method(method, target, of) => {
                let value = self.look(target)?;
                let of_value = self.look(of)?;
                rest_on(places, &value.spots);
                match (text(&value, target.ordinal)?, text(&of_value, of.ordinal)?) {
                    (Ok(text), Ok(of)) => truth(match method {
                        TextMethod::StartsWith => text.starts_with(&*of),
                        TextMethod::EndsWith => text.ends_with(&*of),
                        TextMethod::Contains => text.contains(&*of),
                    }),
                    (Err(reason), _) | (_, Err(reason)) => Truth::Unknown(reason),
                }
            }
            Step::Fact(..) => self.glance(op, |value| {
                rest_on(places, &value.spots);
                as_truth(value, op.ordinal)
            })??,
            _ => {
                let value = self.run(op)?;
                rest_on(places, &value.spots);
                as_truth(&value, op.ordinal)?
            }
        })
    }

    /// What is true of a value. A fact of the subject or of what holds it, as nearly all are, is looked at where it is kept.
    fn glance<T>(&mut self, op: &'a Op, of: impl FnOnce(&Val<'a>) -> T) -> Result<T, Trouble> {
        if let Step::Fact(base, fact) = &op.step
            && let Step::Slot(slot) = &base.step
            && let Some(Datum::Thing(thing)) = self.slots[*slot].value()
            && !self.is_overlaid(fact, *thing)
        {
            let thing = *thing;
            self.count(op.ordinal)?;
            let (answer, confidence) = self.memo.look(fact, thing, |value| (of(value), value.confidence));
            self.confidence = self.confidence.min(confidence);
            return Ok(answer);
        }
        Ok(of(&*self.look(op)?))
    }

    /// A value to look at.
    fn look(&mut self, op: &'a Op) -> Result<Seen<'a>, Trouble> {
        match &op.step {
            Step::Fact(base, fact) => {
                self.count(op.ordinal)?;
                self.fact_of(base, fact)
            }
            Step::Let(number) => {
                self.count(op.ordinal)?;
                self.let_of(*number).map(Seen::Kept)
            }
            _ => self.run(op).map(Seen::Own),
        }
    }

    fn let_of(&mut self, number: usize) -> Result<Rc<Val<'a>>, Trouble> {
        if let Some((value, confidence)) = &self.computed[number] {
            self.confidence = self.confidence.min(*confidence);
            return Ok(Rc::clone(value));
        }
        let before = std::mem::replace(&mut self.confidence, Confidence::High);
        let lets = self.lets;
        let value = Rc::new(self.run(&lets[number].op)?);
        self.computed[number] = Some((Rc::clone(&value), self.confidence));
        self.confidence = self.confidence.min(before);
        Ok(value)
    }

    /// A field of a manifest. On the way to it only the tree is looked at: of the mappings in between nobody asks for a value.
    fn field_of(&mut self, base: &'a Op, name: &'a str) -> Result<Val<'a>, Trouble> {
        let mut path: SmallVec<[&'a str; 8]> = smallvec![name];
        let mut base = base;
        while let Step::Field(above, name) = &base.step {
            self.count(base.ordinal)?;
            path.push(name);
            base = above;
        }
        let base = self.look(base)?;
        let mut passed = None;
        if let Some(Datum::Node(top)) = base.value() {
            let mut here = *top;
            while let [_, .., next] = path.as_slice()
                && let Some(child) = here.get(next)
                && matches!(child.kind(), NodeKind::Map | NodeKind::List)
            {
                path.pop();
                here = child;
                passed = Some(child);
            }
        }
        let mut value = match (passed, path.pop()) {
            (Some(node), Some(next)) => field(&from_node(node), next),
            (None, Some(next)) => field(&base, next),
            (_, None) => base.into_own(),
        };
        while let Some(next) = path.pop() {
            value = field(&value, next);
        }
        Ok(value)
    }

    fn run(&mut self, op: &'a Op) -> Result<Val<'a>, Trouble> {
        self.count(op.ordinal)?;
        Ok(match &op.step {
            Step::Bool(value) => plain(Datum::Bool(*value)),
            Step::Num(value) => plain(Datum::Num(*value)),
            Step::Text(value) => plain(Datum::Text(Cow::Borrowed(value))),
            Step::Slot(slot) => self.slots[*slot].clone(),
            Step::Let(number) => Rc::unwrap_or_clone(self.let_of(*number)?),
            Step::Fact(base, fact) => self.fact_of(base, fact)?.into_own(),
            Step::Field(base, name) => self.field_of(base, name)?,
            Step::Has(_)
            | Step::Declared(_)
            | Step::Not(_)
            | Step::And(..)
            | Step::Or(..)
            | Step::Compare(..)
            | Step::In(..)
            | Step::Method(..)
            | Step::Fold(Fold::All | Fold::Exists | Fold::ExistsOne, ..) => {
                let mut spots = Spots::new();
                match self.answer(op, Some(&mut spots))? {
                    Truth::True => truth_value(true, spots),
                    Truth::False => truth_value(false, spots),
                    Truth::Unknown(reason) => unknown(reason, spots),
                }
            }
            Step::Negate(inner) => {
                let value = self.run(inner)?;
                number(value, inner.ordinal)?.map(|n| Datum::Num(-n))
            }
            Step::Arithmetic(operator, a, b) => {
                let a_value = self.run(a)?;
                let b_value = self.run(b)?;
                self.arithmetic(op.ordinal, *operator, (a_value, a.ordinal), (b_value, b.ordinal))?
            }
            Step::Condition(condition, yes, no) => {
                let mut spots = Spots::new();
                match self.answer(condition, Some(&mut spots))? {
                    Truth::True => self.run(yes)?,
                    Truth::False => self.run(no)?,
                    Truth::Unknown(reason) => unknown(reason, spots),
                }
            }
            Step::Index(base, index) => {
                let base = self.run(base)?;
                let index = self.run(index)?;
                at_index(base, index)
            }
            Step::List(items) => {
                let items = items.iter().map(|item| self.run(item)).collect::<Result<_, _>>()?;
                plain(Datum::List(Rc::new(List { items, open: None })))
            }
            Step::Fold(kind, range, slot, body, condition) => {
                let list = self.look(range)?;
                self.gathered(*kind, (&list, range.ordinal), *slot, (condition.as_deref(), body))?
            }
            Step::Size(inner) => {
                let value = self.look(inner)?;
                size(&value, inner.ordinal)?
            }
            Step::Key(inner) => {
                let spots = self.run(inner)?.spots;
                match spots.spelling() {
                    Some(key) => Fact { spots, ..plain(Datum::Text(Cow::Borrowed(key))) },
                    None => Fact::nothing(),
                }
            }
            Step::Lower(inner) => {
                let value = self.run(inner)?;
                let spots = value.spots.clone();
                match text(&value, inner.ordinal)? {
                    Ok(text) => Fact { spots, ..plain(Datum::Text(Cow::Owned(text.to_ascii_lowercase()))) },
                    Err(reason) => unknown(reason, spots),
                }
            }
            Step::Count(inner, word) => {
                let value = self.run(inner)?;
                let value = if matches!(value.value(), Some(Datum::List(_))) {
                    size(&value, inner.ordinal)?
                } else {
                    value
                };
                number(value, inner.ordinal)?.map(|n| Datum::Text(Cow::Owned(show::count(n, word))))
            }
            Step::Sum(inner) => {
                let value = self.run(inner)?;
                self.total(value, inner.ordinal, 0.0, |a, b| a + b)?
            }
            Step::Extreme(largest, items) => {
                let pick = if *largest { f64::max } else { f64::min };
                let start = if *largest { f64::NEG_INFINITY } else { f64::INFINITY };
                match items.as_slice() {
                    [list] => {
                        let value = self.run(list)?;
                        self.total(value, list.ordinal, start, pick)?
                    }
                    items => {
                        let values: Vec<_> =
                            items.iter().map(|item| self.run(item)).collect::<Result<_, _>>()?;
                        let list = plain(Datum::List(Rc::new(List { items: values, open: None })));
                        self.total(list, op.ordinal, start, pick)?
                    }
                }
            }
            Step::Round(up, inner) => {
                let value = self.run(inner)?;
                // 0.29 * 100 is 28.999999999999996: what is nearly whole is whole.
                let round = |n: f64| {
                    let whole = n.round();
                    if (n - whole).abs() < 1e-9 {
                        whole
                    } else if *up {
                        n.ceil()
                    } else {
                        n.floor()
                    }
                };
                number(value, inner.ordinal)?.map(|n| Datum::Num(round(n)))
            }
            Step::Join(list, separator) => {
                let value = self.run(list)?;
                let separator_value = self.run(separator)?;
                let separator = text(&separator_value, separator.ordinal)?.unwrap_or_default();
                let Some(Datum::List(items)) = value.value() else {
                    return Ok(match value.state {
                        State::Unknown(reason) => unknown(reason, value.spots),
                        _ => return Err(absent(list.ordinal)),
                    });
                };
                let mut parts = Vec::new();
                for item in &items.items {
                    match text(item, list.ordinal)? {
                        Ok(part) => parts.push(part.into_owned()),
                        Err(reason) => return Ok(unknown(reason, value.spots.clone())),
                    }
                }
                plain(Datum::Text(Cow::Owned(parts.join(&separator))))
            }
            Step::Show(inner, ty) => {
                let value = self.run(inner)?;
                match &value.state {
                    State::Unknown(reason) => unknown(reason.clone(), value.spots),
                    State::Absent => return Err(absent(inner.ordinal)),
                    State::Written(datum) | State::Default(datum) => {
                        let text = show::bare(datum, ty);
                        Fact { spots: value.spots, ..plain(Datum::Text(Cow::Owned(text))) }
                    }
                }
            }
        })
    }

    /// A fact, apart from any expression.
    pub fn read(&self, fact: &'static FactDef, thing: Thing) -> Rc<Val<'a>> {
        self.memo.read(fact, thing)
    }

    fn fact_of(&mut self, base: &'a Op, fact: &'static FactDef) -> Result<Seen<'a>, Trouble> {
        // Most facts are read of the subject itself or of what holds it.
        if let Step::Slot(slot) = &base.step
            && let Some(Datum::Thing(thing)) = self.slots[*slot].value()
        {
            return Ok(self.fact(fact, *thing));
        }
        let base = self.look(base)?;
        if let Some(Datum::Thing(thing)) = base.value() {
            return Ok(self.fact(fact, *thing));
        }
        let base = base.into_own();
        Ok(Seen::Own(match base.state {
            State::Unknown(reason) => unknown(reason, base.spots),
            _ => Fact { state: State::Absent, spots: base.spots, confidence: base.confidence },
        }))
    }

    /// Whether an overlay changes what this fact says.
    fn is_overlaid(&self, fact: &'static FactDef, thing: Thing) -> bool {
        self.memo.model().is_overlaid(thing) && !STAYS.contains(&fact.name)
    }

    fn fact(&mut self, fact: &'static FactDef, thing: Thing) -> Seen<'a> {
        if self.is_overlaid(fact, thing) {
            let places = self.memo.grip(thing);
            return Seen::Own(unknown(Reason::new("Kustomize changes it before it is applied"), places));
        }
        let value = self.memo.read(fact, thing);
        self.confidence = self.confidence.min(value.confidence);
        Seen::Kept(value)
    }

    /// `&&` and `||`: the second side is asked only where it can still change the answer.
    fn both(
        &mut self,
        a: &'a Op,
        b: &'a Op,
        decides: Truth,
        mut places: Option<&mut Spots<'a>>,
    ) -> Result<Truth, Trouble> {
        let start = places.as_deref().map_or(0, Spots::len);
        let first = self.answer(a, places.as_deref_mut())?;
        if first == decides {
            return Ok(first);
        }
        let middle = places.as_deref().map_or(0, Spots::len);
        let second = self.answer(b, places.as_deref_mut())?;
        if second == decides {
            // The first side had no part in the answer.
            if let Some(places) = places {
                places.cut(start..middle);
            }
            return Ok(second);
        }
        Ok(if matches!(first, Truth::Unknown(_)) { first } else { second })
    }

    fn arithmetic(
        &mut self,
        ordinal: u32,
        operator: Binary,
        (a, a_at): (Val<'a>, u32),
        (b, b_at): (Val<'a>, u32),
    ) -> Result<Val<'a>, Trouble> {
        let is_text = |value: &Val<'_>| matches!(value.value(), Some(Datum::Text(_)));
        if operator == Binary::Add && (is_text(&a) || is_text(&b)) {
            let spots = join_spots(a.spots.clone(), b.spots.clone());
            return Ok(match (text(&a, a_at)?, text(&b, b_at)?) {
                (Ok(a), Ok(b)) => Fact { spots, ..plain(Datum::Text(Cow::Owned(format!("{a}{b}")))) },
                (Err(reason), _) | (_, Err(reason)) => unknown(reason, spots),
            });
        }
        let (a, b) = (number(a, a_at)?, number(b, b_at)?);
        if matches!(operator, Binary::Divide | Binary::Modulo) && b.value() == Some(&0.0) {
            return Err(Trouble { ordinal, message: "this divides by zero".to_owned() });
        }
        Ok(a.with(b, |a, b| {
            Datum::Num(match operator {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply if a == 0.0 || b == 0.0 => 0.0,
                Binary::Multiply => a * b,
                Binary::Divide => a / b,
                _ => a % b,
            })
        }))
    }
}
