//! What rules see: a fact of any type.
//!
//! A [`Val`] is a [`Fact`] over a [`Datum`], so absence, default and unknown mean the same thing to a rule as to the code
//! that computed the fact. Units are no part of a value: they are known when a rule is loaded.

use std::borrow::Cow;
use std::rc::Rc;

use crate::fact::{Fact, Reason, Spots, State};
use crate::syntax::tree::NodeRef;

use super::Thing;

/// A fact as a rule's expression meets it.
pub type Val<'a> = Fact<'a, Datum<'a>>;

/// A value of any type.
#[derive(Clone, Debug)]
pub enum Datum<'a> {
    /// A truth value.
    Bool(bool),
    /// A number in its base unit: seconds, bytes, cores, points of percent, or none.
    Num(f64),
    /// A number of which only a lower bound is known: the size of an open list.
    AtLeast(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Rc<List<'a>>),
    /// Values by name.
    Map(Rc<Vec<(Cow<'a, str>, Val<'a>)>>),
    /// A subject, or a part of one.
    Thing(Thing),
    /// A piece of a manifest.
    Node(NodeRef<'a>),
}

/// A list in the order of path and offset.
#[derive(Clone, Debug, Default)]
pub struct List<'a> {
    /// What we saw.
    pub items: Vec<Val<'a>>,
    /// Why there may be more, if there may.
    pub open: Option<Reason>,
}

/// Turns typed facts into what rules see.
pub trait IntoDatum<'a> {
    /// The value as a datum.
    fn datum(self) -> Datum<'a>;
}

impl<'a> IntoDatum<'a> for bool {
    fn datum(self) -> Datum<'a> {
        Datum::Bool(self)
    }
}

impl<'a> IntoDatum<'a> for f64 {
    fn datum(self) -> Datum<'a> {
        Datum::Num(self)
    }
}

impl<'a> IntoDatum<'a> for usize {
    fn datum(self) -> Datum<'a> {
        Datum::Num(self as f64)
    }
}

impl<'a> IntoDatum<'a> for &'a str {
    fn datum(self) -> Datum<'a> {
        Datum::Text(Cow::Borrowed(self))
    }
}

impl<'a> IntoDatum<'a> for String {
    fn datum(self) -> Datum<'a> {
        Datum::Text(Cow::Owned(self))
    }
}

impl<'a> IntoDatum<'a> for Cow<'a, str> {
    fn datum(self) -> Datum<'a> {
        Datum::Text(self)
    }
}

impl<'a> IntoDatum<'a> for Thing {
    fn datum(self) -> Datum<'a> {
        Datum::Thing(self)
    }
}

impl<'a> IntoDatum<'a> for NodeRef<'a> {
    fn datum(self) -> Datum<'a> {
        Datum::Node(self)
    }
}

impl<'a> IntoDatum<'a> for Vec<Thing> {
    fn datum(self) -> Datum<'a> {
        let items = self.into_iter().map(|thing| Fact::plain(Datum::Thing(thing))).collect();
        Datum::List(Rc::new(List { items, open: None }))
    }
}

impl<'a> IntoDatum<'a> for List<'a> {
    fn datum(self) -> Datum<'a> {
        Datum::List(Rc::new(self))
    }
}

impl<'a> IntoDatum<'a> for Vec<(Cow<'a, str>, Val<'a>)> {
    fn datum(self) -> Datum<'a> {
        Datum::Map(Rc::new(self))
    }
}

impl<'a, T: IntoDatum<'a>> From<Fact<'a, T>> for Val<'a> {
    fn from(fact: Fact<'a, T>) -> Self {
        fact.map(IntoDatum::datum)
    }
}

/// A list of things, closed: all of them were seen.
pub fn things<'a>(things: impl IntoIterator<Item = Thing>) -> Val<'a> {
    Fact::plain(things.into_iter().collect::<Vec<_>>().datum())
}

/// A list of things that may hold more than was seen, for this reason if there is one.
pub fn open_things<'a>(things: impl IntoIterator<Item = Thing>, open: Option<Reason>) -> Val<'a> {
    let items = things.into_iter().map(|thing| Fact::plain(Datum::Thing(thing))).collect();
    Fact::plain(Datum::List(Rc::new(List { items, open })))
}

/// How many neighbours a list of them shows; where there are more, the list is open.
pub const NEIGHBOURS: usize = 50;

/// The first neighbours of those that there are.
pub fn few<'m>(mut all: impl Iterator<Item = Thing>) -> Val<'m> {
    let first: Vec<Thing> = all.by_ref().take(NEIGHBOURS).collect();
    let more = all.next().map(|_| Reason::new("there are many more"));
    open_things(first, more)
}

/// A list of values, closed.
pub fn list<'a, T: IntoDatum<'a>>(items: impl IntoIterator<Item = Fact<'a, T>>) -> Val<'a> {
    let items = items.into_iter().map(Val::from).collect();
    Fact::plain(Datum::List(Rc::new(List { items, open: None })))
}

/// A thing that is there, or is not, or cannot be known.
pub fn thing<'a>(fact: Fact<'a, Thing>) -> Val<'a> {
    fact.into()
}

/// An unknown value of any type.
pub fn unknown<'a>(reason: Reason, spots: Spots<'a>) -> Val<'a> {
    Fact { state: State::Unknown(reason), spots, confidence: crate::fact::Confidence::High }
}
