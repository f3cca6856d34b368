//! What a value is, looked at as the language does: as a truth, a number, a text, a list; its fields and its size.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Trouble, Truth};
use crate::fact::{Confidence, Fact, Reason, Spots, State};
use crate::model::value::{Datum, List, Val};
use crate::syntax::tree::{NodeKind, NodeRef};

pub(super) fn plain<'a>(datum: Datum<'a>) -> Val<'a> {
    Fact::plain(datum)
}

pub(super) fn truth_value<'a>(answer: bool, spots: Spots<'a>) -> Val<'a> {
    Fact { state: State::Written(Datum::Bool(answer)), spots, confidence: Confidence::High }
}

pub(super) fn unknown<'a>(reason: Reason, spots: Spots<'a>) -> Val<'a> {
    Fact { state: State::Unknown(reason), spots, confidence: Confidence::High }
}

pub(super) fn absent(ordinal: u32) -> Trouble {
    Trouble { ordinal, message: "this is absent here; ask `has(…)` first".to_owned() }
}

fn odd(ordinal: u32, what: &str) -> Trouble {
    Trouble { ordinal, message: format!("this is not {what} here") }
}

pub(super) fn join_spots<'a>(mut a: Spots<'a>, b: Spots<'a>) -> Spots<'a> {
    a.extend(b);
    a
}

pub(super) fn truth(answer: bool) -> Truth {
    if answer { Truth::True } else { Truth::False }
}

pub(super) fn rest_on<'a>(places: Option<&mut Spots<'a>>, spots: &Spots<'a>) {
    if let Some(places) = places {
        places.extend(spots.iter().cloned());
    }
}

pub(super) fn rest_on_both<'a>(places: Option<&mut Spots<'a>>, a: &Spots<'a>, b: &Spots<'a>) {
    if let Some(places) = places {
        places.extend(a.iter().chain(b).cloned());
    }
}

pub(super) fn as_truth(value: &Val<'_>, ordinal: u32) -> Result<Truth, Trouble> {
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
pub(super) fn number<'a>(value: Val<'a>, ordinal: u32) -> Result<Fact<'a, f64>, Trouble> {
    let state = figure(&value, ordinal)?;
    Ok(Fact { state, spots: value.spots, confidence: value.confidence })
}

/// A number without its places.
pub(super) fn figure(value: &Val<'_>, ordinal: u32) -> Result<State<f64>, Trouble> {
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

pub(super) fn text<'a>(value: &Val<'a>, ordinal: u32) -> Result<Result<Cow<'a, str>, Reason>, Trouble> {
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

pub(super) fn as_list<'a>(value: &Val<'a>) -> Result<Rc<List<'a>>, State<Datum<'a>>> {
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

pub(super) fn from_node<'a>(node: NodeRef<'a>) -> Val<'a> {
    Fact::written(node, crate::fact::Spot::value(node)).unless_hidden().map(Datum::Node)
}

pub(super) fn field<'a>(base: &Val<'a>, name: &str) -> Val<'a> {
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

pub(super) fn at_index<'a>(base: Val<'a>, index: Val<'a>) -> Val<'a> {
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

pub(super) fn size<'a>(value: &Val<'a>, ordinal: u32) -> Result<Val<'a>, Trouble> {
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
