//! Running a compiled expression over the model: three-valued, every value with its places.
//!
//! Unknown is never false: an answer is unknown only where an unknown could change it. A comparison with something absent
//! is the rule author's mistake and says so; nothing is swallowed. Steps are counted, so no rule runs for ever.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use super::compile::{Op, Program, Step, TextMethod};
use super::expr::{Binary, Fold};
use crate::fact::{Confidence, Fact, Reason, Spots, State};
use crate::model::Thing;
use crate::model::value::{Datum, List, Val};
use crate::model::vocabulary::FactDef;
use crate::syntax::tree::{NodeKind, NodeRef};
use smallvec::{SmallVec, smallvec};

use super::memo::Memo;
use super::show;

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
            Step::Has(inner) => {
                let value = self.look(inner)?;
                rest_on(places, &value.spots);
                match &value.state {
                    State::Absent => Truth::False,
                    State::Unknown(reason) => Truth::Unknown(reason.clone()),
                    State::Written(_) | State::Default(_) => Truth::True,
                }
            }
            Step::Declared(inner) => {
                let value = self.look(inner)?;
                rest_on(places, &value.spots);
                // Somebody wrote what cannot be known.
                truth(matches!(value.state, State::Written(_) | State::Unknown(_)))
            }
            Step::Not(inner) => match self.answer(inner, places)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                unknown => unknown,
            },
            Step::And(a, b) => self.both(a, b, Truth::False, places)?,
            Step::Or(a, b) => self.both(a, b, Truth::True, places)?,
            Step::Compare(operator @ (Binary::Equal | Binary::NotEqual), a, b) => {
                let a_value = self.look(a)?;
                let same = match Literal::of(b) {
                    Some(literal) => {
                        rest_on(places, &a_value.spots);
                        literal.equals(&a_value)
                    }
                    None => {
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
                let b_value = self.look(b)?;
                order(*operator, (&a_value, a.ordinal), (&b_value, b.ordinal), places)?
            }
            Step::In(item, range) => {
                let item = self.look(item)?;
                match &range.step {
                    Step::List(options) => self.among(&item, options, places)?,
                    _ => {
                        let range_value = self.look(range)?;
                        contains(&item, &range_value, range.ordinal, places)?
                    }
                }
            }
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
            Step::Fact(base, fact) => {
                let value = self.fact_of(base, fact)?;
                rest_on(places, &value.spots);
                as_truth(&value, op.ordinal)?
            }
            _ => {
                let value = self.run(op)?;
                rest_on(places, &value.spots);
                as_truth(&value, op.ordinal)?
            }
        })
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

    fn fact(&mut self, fact: &'static FactDef, thing: Thing) -> Seen<'a> {
        if self.memo.model().is_overlaid(thing) && !STAYS.contains(&fact.name) {
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

    /// Whether a value is one of those that the expression lists; no list is made of them for that.
    fn among(
        &mut self,
        item: &Val<'a>,
        options: &'a [Op],
        places: Option<&mut Spots<'a>>,
    ) -> Result<Truth, Trouble> {
        let mut answer = Truth::False;
        for option in options {
            let same = match Literal::of(option) {
                Some(_) if answer == Truth::True => continue,
                Some(literal) => literal.equals(item),
                None => equal(item, &*self.look(option)?),
            };
            match same {
                Truth::False => {}
                Truth::True => answer = Truth::True,
                unknown if answer == Truth::False => answer = unknown,
                Truth::Unknown(_) => {}
            }
        }
        rest_on(places, &item.spots);
        Ok(answer)
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

    /// `all`, `exists` and `exists_one`.
    fn quantified(
        &mut self,
        kind: Fold,
        (value, list_at): (&Val<'a>, u32),
        slot: usize,
        (condition, body): (Option<&'a Op>, &'a Op),
        mut places: Option<&mut Spots<'a>>,
    ) -> Result<Truth, Trouble> {
        let list = match as_list(value) {
            Ok(list) => list,
            Err(State::Unknown(reason)) => {
                rest_on(places, &value.spots);
                return Ok(Truth::Unknown(reason));
            }
            Err(_) => return Err(absent(list_at)),
        };
        let mut yes = 0_usize;
        let mut open = list.open.clone();
        let mut maybe: Option<Reason> = None;
        for item in &list.items {
            self.set(slot, item.clone());
            match self.taken(condition)? {
                Truth::True => {}
                Truth::False => continue,
                Truth::Unknown(reason) => {
                    open.get_or_insert(reason);
                    continue;
                }
            }
            let mut own = Spots::new();
            let answer = self.answer(body, places.is_some().then_some(&mut own))?;
            match (answer, kind) {
                (answer @ Truth::True, Fold::Exists) | (answer @ Truth::False, Fold::All) => {
                    if let Some(places) = places.as_deref_mut() {
                        places.extend(if own.is_empty() { item.spots.clone() } else { own });
                    }
                    return Ok(answer);
                }
                (Truth::True, _) => yes += 1,
                (Truth::False, _) => {}
                (Truth::Unknown(reason), _) => {
                    maybe.get_or_insert(reason);
                }
            }
        }
        rest_on(places, &value.spots);
        Ok(match (kind, maybe.or(open)) {
            (Fold::ExistsOne, _) if yes > 1 => Truth::False,
            (_, Some(reason)) => Truth::Unknown(reason),
            (Fold::ExistsOne, None) => truth(yes == 1),
            (_, None) => truth(kind == Fold::All),
        })
    }

    /// `map` and `filter`.
    fn gathered(
        &mut self,
        kind: Fold,
        (value, list_at): (&Val<'a>, u32),
        slot: usize,
        (condition, body): (Option<&'a Op>, &'a Op),
    ) -> Result<Val<'a>, Trouble> {
        let list = match as_list(value) {
            Ok(list) => list,
            Err(State::Unknown(reason)) => return Ok(unknown(reason, value.spots.clone())),
            Err(_) => return Err(absent(list_at)),
        };
        let mut open = list.open.clone();
        let mut items = Vec::new();
        for item in &list.items {
            self.set(slot, item.clone());
            let taken = match (self.taken(condition)?, kind) {
                (Truth::True, Fold::Filter) => self.answer(body, None)?,
                (taken, _) => taken,
            };
            match taken {
                Truth::True if kind == Fold::Filter => items.push(item.clone()),
                Truth::True => items.push(self.run(body)?),
                Truth::False => {}
                // An element that may belong to the result makes the result open.
                Truth::Unknown(reason) => {
                    open.get_or_insert(reason);
                }
            }
        }
        Ok(plain(Datum::List(Rc::new(List { items, open }))))
    }

    /// Whether a loop looks at the element that was put into its slot.
    fn taken(&mut self, condition: Option<&'a Op>) -> Result<Truth, Trouble> {
        condition.map_or(Ok(Truth::True), |condition| self.answer(condition, None))
    }

    fn total(
        &mut self,
        list: Val<'a>,
        at: u32,
        start: f64,
        add: impl Fn(f64, f64) -> f64,
    ) -> Result<Val<'a>, Trouble> {
        let spots = list.spots.clone();
        let list = match as_list(&list) {
            Ok(list) => list,
            Err(State::Unknown(reason)) => return Ok(unknown(reason, spots)),
            Err(_) => return Err(absent(at)),
        };
        if let Some(reason) = &list.open {
            return Ok(unknown(reason.clone(), spots));
        }
        let mut total: Val<'a> = Fact { spots, ..plain(Datum::Num(start)) };
        let mut any = false;
        for item in &list.items {
            let item = number(item.clone(), at)?;
            any = true;
            total = number(total, at)?.with(item, |a, b| Datum::Num(add(a, b)));
        }
        if !any && !start.is_finite() {
            return Err(Trouble {
                ordinal: at,
                message: "an empty list has no smallest or largest".to_owned(),
            });
        }
        Ok(total)
    }
}

fn plain<'a>(datum: Datum<'a>) -> Val<'a> {
    Fact::plain(datum)
}

fn truth_value<'a>(answer: bool, spots: Spots<'a>) -> Val<'a> {
    Fact { state: State::Written(Datum::Bool(answer)), spots, confidence: Confidence::High }
}

fn unknown<'a>(reason: Reason, spots: Spots<'a>) -> Val<'a> {
    Fact { state: State::Unknown(reason), spots, confidence: Confidence::High }
}

fn absent(ordinal: u32) -> Trouble {
    Trouble { ordinal, message: "this is absent here; ask `has(…)` first".to_owned() }
}

fn odd(ordinal: u32, what: &str) -> Trouble {
    Trouble { ordinal, message: format!("this is not {what} here") }
}

fn join_spots<'a>(mut a: Spots<'a>, b: Spots<'a>) -> Spots<'a> {
    a.extend(b);
    a
}

fn truth(answer: bool) -> Truth {
    if answer { Truth::True } else { Truth::False }
}

fn rest_on<'a>(places: Option<&mut Spots<'a>>, spots: &Spots<'a>) {
    if let Some(places) = places {
        places.extend(spots.iter().cloned());
    }
}

fn rest_on_both<'a>(places: Option<&mut Spots<'a>>, a: &Spots<'a>, b: &Spots<'a>) {
    if let Some(places) = places {
        places.extend(a.iter().chain(b).cloned());
    }
}

fn as_truth(value: &Val<'_>, ordinal: u32) -> Result<Truth, Trouble> {
    match &value.state {
        State::Written(Datum::Bool(answer)) | State::Default(Datum::Bool(answer)) => Ok(truth(*answer)),
        State::Written(Datum::Node(node)) | State::Default(Datum::Node(node)) => match node.as_bool() {
            Some(true) => Ok(Truth::True),
            Some(false) => Ok(Truth::False),
            None => Ok(Truth::Unknown(Reason::new("it is neither true nor false"))),
        },
        State::Unknown(reason) => Ok(Truth::Unknown(reason.clone())),
        State::Absent => Err(absent(ordinal)),
        _ => Err(odd(ordinal, "true or false")),
    }
}

/// A number; what a manifest spells as something else cannot be known.
fn number<'a>(value: Val<'a>, ordinal: u32) -> Result<Fact<'a, f64>, Trouble> {
    let state = figure(&value, ordinal)?;
    Ok(Fact { state, spots: value.spots, confidence: value.confidence })
}

/// A number without its places.
fn figure(value: &Val<'_>, ordinal: u32) -> Result<State<f64>, Trouble> {
    let read = |datum: &Datum<'_>| -> Result<Result<f64, Reason>, Trouble> {
        match datum {
            Datum::Num(n) => Ok(Ok(*n)),
            Datum::AtLeast(_) => Ok(Err(Reason::new("there may be more than we saw"))),
            Datum::Node(node) => Ok(node.as_number().ok_or_else(|| Reason::new("it is not a number"))),
            _ => Err(odd(ordinal, "a number")),
        }
    };
    Ok(match &value.state {
        State::Written(datum) => match read(datum)? {
            Ok(n) => State::Written(n),
            Err(reason) => State::Unknown(reason),
        },
        State::Default(datum) => match read(datum)? {
            Ok(n) => State::Default(n),
            Err(reason) => State::Unknown(reason),
        },
        State::Unknown(reason) => State::Unknown(reason.clone()),
        State::Absent => return Err(absent(ordinal)),
    })
}

fn text<'a>(value: &Val<'a>, ordinal: u32) -> Result<Result<Cow<'a, str>, Reason>, Trouble> {
    match &value.state {
        State::Written(datum) | State::Default(datum) => match datum {
            Datum::Text(text) => Ok(Ok(text.clone())),
            Datum::Node(node) if node.is_unknown() => Ok(Err(Reason::new("it is only known at run time"))),
            Datum::Node(node) => Ok(Ok(Cow::Borrowed(node.text()))),
            _ => Err(odd(ordinal, "text")),
        },
        State::Unknown(reason) => Ok(Err(reason.clone())),
        State::Absent => Err(absent(ordinal)),
    }
}

fn as_list<'a>(value: &Val<'a>) -> Result<Rc<List<'a>>, State<Datum<'a>>> {
    match &value.state {
        State::Written(Datum::List(list)) | State::Default(Datum::List(list)) => Ok(Rc::clone(list)),
        State::Written(Datum::Map(map)) | State::Default(Datum::Map(map)) => {
            let items = map.iter().map(|(name, _)| plain(Datum::Text(name.clone()))).collect();
            Ok(Rc::new(List { items, open: None }))
        }
        State::Written(Datum::Node(node)) | State::Default(Datum::Node(node)) => match node.kind() {
            NodeKind::List => Ok(Rc::new(List { items: node.items().map(from_node).collect(), open: None })),
            NodeKind::Map => {
                let items = node.entries().map(|(key, _)| plain(Datum::Text(Cow::Borrowed(key)))).collect();
                Ok(Rc::new(List { items, open: None }))
            }
            _ => Err(State::Unknown(Reason::new("it is not a list"))),
        },
        // A list that nobody wrote is an empty one, as in every API.
        State::Absent => Ok(Rc::new(List::default())),
        other => Err(other.clone()),
    }
}

fn from_node<'a>(node: NodeRef<'a>) -> Val<'a> {
    Fact::written(node, crate::fact::Spot::value(node)).unless_hidden().map(Datum::Node)
}

fn field<'a>(base: &Val<'a>, name: &str) -> Val<'a> {
    let absent = |spots| Fact { state: State::Absent, spots, confidence: base.confidence };
    match &base.state {
        State::Written(Datum::Node(node)) | State::Default(Datum::Node(node)) => match node.get(name) {
            Some(child) if child.is_null() => absent(base.spots.clone()),
            Some(child) => from_node(child),
            None if node.kind() == NodeKind::Map => absent(Spots::One(crate::fact::Spot::key(*node))),
            None => unknown(Reason::new("it is not a mapping"), base.spots.clone()),
        },
        State::Unknown(reason) => unknown(reason.clone(), base.spots.clone()),
        _ => absent(base.spots.clone()),
    }
}

fn at_index<'a>(base: Val<'a>, index: Val<'a>) -> Val<'a> {
    let spots = base.spots.clone();
    let by_name = match index.value() {
        Some(Datum::Text(name)) => Some(name.clone()),
        Some(Datum::Node(node)) if node.kind() == NodeKind::Text => Some(Cow::Borrowed(node.text())),
        _ => None,
    };
    let by_number = match index.value() {
        Some(Datum::Num(n)) => Some(*n as usize),
        Some(Datum::Node(node)) => node.as_number().map(|n| n as usize),
        _ => None,
    };
    let found = match (base.state, by_name, by_number) {
        (State::Unknown(reason), _, _) => return unknown(reason, spots),
        (State::Written(Datum::Map(map)) | State::Default(Datum::Map(map)), Some(name), _) => {
            map.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        }
        (State::Written(Datum::List(list)) | State::Default(Datum::List(list)), _, Some(at)) => {
            let item = list.items.get(at).cloned();
            match (item, &list.open) {
                (None, Some(reason)) => return unknown(reason.clone(), spots),
                (item, _) => item,
            }
        }
        (State::Written(Datum::Node(node)) | State::Default(Datum::Node(node)), Some(name), _) => {
            if node.kind() != NodeKind::Map {
                return unknown(Reason::new("it is not a mapping"), spots);
            }
            node.get(&name).map(from_node)
        }
        (State::Written(Datum::Node(node)) | State::Default(Datum::Node(node)), _, Some(at)) => {
            if node.kind() != NodeKind::List {
                return unknown(Reason::new("it is not a list"), spots);
            }
            node.items().nth(at).map(from_node)
        }
        _ => None,
    };
    found.unwrap_or(Fact { state: State::Absent, spots, confidence: Confidence::High })
}

fn size<'a>(value: &Val<'a>, ordinal: u32) -> Result<Val<'a>, Trouble> {
    if let Some(Datum::Text(text)) = value.value() {
        return Ok(plain(Datum::Num(text.chars().count() as f64)));
    }
    let spots = value.spots.clone();
    if let Some(Datum::Node(node)) = value.value()
        && node.kind() == NodeKind::Text
    {
        let count = node.text().chars().count() as f64;
        return Ok(Fact { spots, ..plain(Datum::Num(count)) });
    }
    Ok(match as_list(value) {
        Ok(list) => {
            let count = list.items.len() as f64;
            let spots = if spots.is_empty() {
                list.items.iter().filter_map(|item| item.spots.first().cloned()).collect()
            } else {
                spots
            };
            let datum = if list.open.is_some() { Datum::AtLeast(count) } else { Datum::Num(count) };
            Fact { spots, ..plain(datum) }
        }
        Err(State::Unknown(reason)) => unknown(reason, spots),
        Err(_) => return Err(absent(ordinal)),
    })
}

/// Comparisons of numbers. Of an open list's size only that is decided which one more element could not change.
fn order<'a>(
    operator: Binary,
    (a, a_at): (&Val<'a>, u32),
    (b, b_at): (&Val<'a>, u32),
    places: Option<&mut Spots<'a>>,
) -> Result<Truth, Trouble> {
    let compare = |operator: Binary, a: f64, b: f64| match operator {
        Binary::Less => a < b,
        Binary::LessOrEqual => a <= b,
        Binary::Greater => a > b,
        _ => a >= b,
    };
    let mirrored = match operator {
        Binary::Less => Binary::Greater,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::Greater => Binary::Less,
        _ => Binary::LessOrEqual,
    };
    let (bound, other, other_at, operator) = match (a.value(), b.value()) {
        (Some(Datum::AtLeast(bound)), _) => (*bound, b, b_at, operator),
        (_, Some(Datum::AtLeast(bound))) => (*bound, a, a_at, mirrored),
        _ => {
            let numbers = (figure(a, a_at)?, figure(b, b_at)?);
            rest_on_both(places, &a.spots, &b.spots);
            return Ok(match numbers {
                (State::Unknown(reason), _) | (_, State::Unknown(reason)) => Truth::Unknown(reason),
                (State::Written(a) | State::Default(a), State::Written(b) | State::Default(b)) => {
                    truth(compare(operator, a, b))
                }
                (State::Absent, _) => return Err(absent(a_at)),
                (_, State::Absent) => return Err(absent(b_at)),
            });
        }
    };
    let more = || Truth::Unknown(Reason::new("there may be more than we saw"));
    let (State::Written(other) | State::Default(other)) = figure(other, other_at)? else {
        return Ok(more());
    };
    let now = compare(operator, bound, other);
    let stays = matches!(operator, Binary::Greater | Binary::GreaterOrEqual) == now;
    Ok(if stays { truth(now) } else { more() })
}

/// A value that a page spells out: what most values are compared with, so no fact is made of it for that.
#[derive(Clone, Copy)]
enum Literal<'e> {
    Bool(bool),
    Num(f64),
    Text(&'e str),
}

impl<'e> Literal<'e> {
    fn of(op: &'e Op) -> Option<Self> {
        match &op.step {
            Step::Bool(literal) => Some(Self::Bool(*literal)),
            Step::Num(literal) => Some(Self::Num(*literal)),
            Step::Text(literal) => Some(Self::Text(literal)),
            _ => None,
        }
    }

    /// Whether a value is this one. What is absent equals nothing.
    fn equals(self, value: &Val<'_>) -> Truth {
        match &value.state {
            State::Absent => Truth::False,
            State::Unknown(reason) => Truth::Unknown(reason.clone()),
            State::Written(datum) | State::Default(datum) => self.is(datum),
        }
    }

    fn is(self, datum: &Datum<'_>) -> Truth {
        match (self, datum) {
            (Self::Num(n), Datum::AtLeast(low)) if n < *low => Truth::False,
            (Self::Num(_), Datum::AtLeast(_)) => Truth::Unknown(Reason::new("there may be more than we saw")),
            (Self::Num(a), Datum::Num(b)) => truth(a == *b),
            (Self::Num(n), Datum::Node(node)) => truth(node.as_number() == Some(n)),
            (Self::Bool(a), Datum::Bool(b)) => truth(a == *b),
            (Self::Bool(answer), Datum::Node(node)) => truth(node.as_bool() == Some(answer)),
            (Self::Text(a), Datum::Text(b)) => truth(a == b),
            (Self::Text(_), Datum::Node(node)) if node.is_unknown() => {
                Truth::Unknown(Reason::new("it is only known at run time"))
            }
            (Self::Text(text), Datum::Node(node)) => truth(node.text() == text),
            _ => Truth::False,
        }
    }
}

/// Whether two values are the same. What is absent equals nothing.
fn equal(a: &Val<'_>, b: &Val<'_>) -> Truth {
    let (a, b) = match (&a.state, &b.state) {
        (State::Absent, _) | (_, State::Absent) => return Truth::False,
        (State::Unknown(reason), _) | (_, State::Unknown(reason)) => return Truth::Unknown(reason.clone()),
        (State::Written(a) | State::Default(a), State::Written(b) | State::Default(b)) => (a, b),
    };
    let same = match (a, b) {
        (Datum::Bool(literal), other) | (other, Datum::Bool(literal)) => {
            return Literal::Bool(*literal).is(other);
        }
        (Datum::Num(literal), other) | (other, Datum::Num(literal)) => {
            return Literal::Num(*literal).is(other);
        }
        (Datum::Text(literal), other) | (other, Datum::Text(literal)) => {
            return Literal::Text(literal).is(other);
        }
        (Datum::Thing(a), Datum::Thing(b)) => a == b,
        (Datum::Node(a), Datum::Node(b)) => match (a.kind(), b.kind()) {
            (NodeKind::Unknown, _) | (_, NodeKind::Unknown) => {
                return Truth::Unknown(Reason::new("it is only known at run time"));
            }
            (NodeKind::Map | NodeKind::List, _) | (_, NodeKind::Map | NodeKind::List) => same_tree(*a, *b),
            _ => a.text() == b.text(),
        },
        (Datum::List(a), Datum::List(b)) => {
            if a.open.is_some() || b.open.is_some() {
                return Truth::Unknown(Reason::new("there may be more than we saw"));
            }
            if a.items.len() != b.items.len() {
                return Truth::False;
            }
            for (a, b) in a.items.iter().zip(&b.items) {
                match equal(a, b) {
                    Truth::True => {}
                    other => return other,
                }
            }
            true
        }
        _ => false,
    };
    truth(same)
}

fn same_tree(a: NodeRef<'_>, b: NodeRef<'_>) -> bool {
    let mut queue = vec![(a, b)];
    while let Some((a, b)) = queue.pop() {
        match (a.kind(), b.kind()) {
            (NodeKind::Map, NodeKind::Map) => {
                if a.children().count() != b.children().count() {
                    return false;
                }
                for (key, value) in a.entries() {
                    let Some(other) = b.get(key) else { return false };
                    queue.push((value, other));
                }
            }
            (NodeKind::List, NodeKind::List) => {
                if a.children().count() != b.children().count() {
                    return false;
                }
                queue.extend(a.children().zip(b.children()));
            }
            (NodeKind::Map | NodeKind::List, _) | (_, NodeKind::Map | NodeKind::List) => return false,
            _ if a.text() != b.text() => return false,
            _ => {}
        }
    }
    true
}

fn contains<'a>(
    item: &Val<'a>,
    range: &Val<'a>,
    range_at: u32,
    places: Option<&mut Spots<'a>>,
) -> Result<Truth, Trouble> {
    if let Some(places) = places {
        places.extend(item.spots.iter().chain(&range.spots).cloned());
    }
    let list = match as_list(range) {
        Ok(list) => list,
        Err(State::Unknown(reason)) => return Ok(Truth::Unknown(reason)),
        Err(_) => return Err(absent(range_at)),
    };
    let mut maybe = list.open.clone();
    for candidate in &list.items {
        match equal(item, candidate) {
            Truth::True => return Ok(Truth::True),
            Truth::False => {}
            Truth::Unknown(reason) => {
                maybe.get_or_insert(reason);
            }
        }
    }
    Ok(maybe.map_or(Truth::False, Truth::Unknown))
}
