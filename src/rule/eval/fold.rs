//! Questions about every element of a list, and lists and figures that are made of them. An open list answers only what one more
//! element could not change.

use std::rc::Rc;

use super::value::{absent, as_list, number, plain, rest_on, truth, unknown};
use super::{Scope, Trouble, Truth};
use crate::fact::{Fact, Reason, Spots, State};
use crate::model::value::{Datum, List, Val};
use crate::rule::compile::Op;
use crate::rule::expr::Fold;

impl<'a> Scope<'a> {
    /// `all`, `exists` and `exists_one`.
    pub(super) fn quantified(
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
    pub(super) fn gathered(
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

    pub(super) fn total(
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
