//! Comparing values: order, equality, whether one is among others.

use super::value::{absent, as_list, figure, rest_on_both, truth};
use super::{Trouble, Truth};
use crate::fact::{Reason, Spots, State};
use crate::model::value::{Datum, Val};
use crate::rule::compile::{Op, Step};
use crate::rule::expr::Binary;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Comparisons of numbers. Of an open list's size only that is decided which one more element could not change.
pub(super) fn order<'a>(
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
pub(super) enum Literal<'e> {
    Bool(bool),
    Num(f64),
    Text(&'e str),
}

impl<'e> Literal<'e> {
    pub(super) fn of(op: &'e Op) -> Option<Self> {
        match &op.step {
            Step::Bool(literal) => Some(Self::Bool(*literal)),
            Step::Num(literal) => Some(Self::Num(*literal)),
            Step::Text(literal) => Some(Self::Text(literal)),
            _ => None,
        }
    }

    /// Whether a value is this one. What is absent equals nothing.
    pub(super) fn equals(self, value: &Val<'_>) -> Truth {
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

/// Whether a value is one of those that a page lists; no list is made of them for that.
pub(super) fn among<'e>(item: &Val<'_>, options: impl Iterator<Item = Literal<'e>>) -> Truth {
    let mut answer = Truth::False;
    for option in options {
        match option.equals(item) {
            Truth::False => {}
            Truth::True => return Truth::True,
            unknown if answer == Truth::False => answer = unknown,
            Truth::Unknown(_) => {}
        }
    }
    answer
}

/// Whether two values are the same. What is absent equals nothing.
pub(super) fn equal(a: &Val<'_>, b: &Val<'_>) -> Truth {
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

pub(super) fn contains<'a>(
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
