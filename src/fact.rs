//! A value that knows what it rests on.
//!
//! Front ends read nodes into facts, the model joins facts into further ones, rules judge them. A fact is written, or a
//! platform's default, or absent, or unknown: four different things that nothing here confuses. It carries its places:
//! the one that decides first, then those that it rests on. This module knows neither Kubernetes nor rules.

mod spots;

use std::borrow::Cow;
use std::fmt;

use crate::source::{Place, Span};
use crate::syntax::tree::{NodeKind, NodeRef};

pub use spots::Spots;

/// One place that a fact rests on, with a few words about it.
#[derive(Clone, Debug)]
pub struct Spot<'a> {
    /// The node, or the nearest one that exists.
    pub node: NodeRef<'a>,
    /// Which part of it.
    pub part: Part,
    /// What stands there.
    pub says: Says,
}

/// The part of a node that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its value; of a large collection, its key or its first line.
    Value,
    /// Its key.
    Key,
    /// A part of a scalar's text.
    Within(Span),
    /// These bytes of its file.
    Bytes(Span),
    /// A key that is not there; the node is the nearest that is.
    Missing(&'static str),
}

/// A few words about a place; turned into text only when a finding is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// Nothing: the value speaks for itself.
    Nothing,
    /// These words.
    Words(Cow<'static, str>),
    /// A percentage of a number, and how it was rounded.
    Share {
        /// In points.
        percent: f64,
        /// Of what.
        of: f64,
        /// Rounded up, or down.
        up: bool,
    },
    /// A setting that is not there, by its path as this technology spells it.
    Unset(&'static str),
    /// A setting that is not there, and what the platform takes instead; its path, where one default has several spellings.
    Default(&'static Note, Option<&'static str>),
}

/// A platform's default: the value, and how a person is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Default<T> {
    /// The value.
    pub value: T,
    /// The words.
    pub note: Note,
}

/// The words for a default that nobody wrote: "no `timeoutSeconds`: Kubernetes uses 1 s".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The key that is not there.
    pub key: &'static str,
    /// Whose default it is.
    pub whose: &'static str,
    /// The value, as a person writes it.
    pub value: &'static str,
}

impl<T> Default<T> {
    /// A default of `whose`.
    pub const fn of(whose: &'static str, key: &'static str, value: T, text: &'static str) -> Self {
        Self { value, note: Note { key, whose, value: text } }
    }
}

impl Says {
    /// Whether there is nothing to say.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing | Self::Unset(_))
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing | Self::Unset(_) => Ok(()),
            Self::Words(words) => f.write_str(words),
            Self::Share { percent, of, up } => {
                write!(f, "{percent} % of {of}, rounded {}", if *up { "up" } else { "down" })
            }
            Self::Default(Note { key, whose, value }, path) => {
                let key = path.and_then(|path| path.rsplit('.').next()).unwrap_or(key);
                write!(f, "no `{key}`: {whose} uses {value}")
            }
        }
    }
}

impl<'a> Spot<'a> {
    /// The value of a node.
    pub fn value(node: NodeRef<'a>) -> Self {
        Self { node, part: Part::Value, says: Says::Nothing }
    }

    /// The key of a node.
    pub fn key(node: NodeRef<'a>) -> Self {
        Self { node, part: Part::Key, says: Says::Nothing }
    }

    /// Bytes `range` of a scalar's text.
    pub fn within(node: NodeRef<'a>, range: std::ops::Range<usize>) -> Self {
        Self {
            node,
            part: Part::Within(Span::new(range.start as u32, range.end as u32)),
            says: Says::Nothing,
        }
    }

    /// Where `key` would be written, if it were.
    pub fn missing(node: NodeRef<'a>, key: &'static str) -> Self {
        Self { node, part: Part::Missing(key), says: Says::Nothing }
    }

    /// Where a setting would be written, if it were: a path below a node, as the technology spells it.
    pub fn unset(node: NodeRef<'a>, path: &'static str) -> Self {
        let key = path.rsplit('.').next().unwrap_or(path);
        Self { node, part: Part::Missing(key), says: Says::Unset(path) }
    }

    /// The same place, with these words.
    pub fn saying(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.says = Says::Words(words.into());
        self
    }

    /// The key that it is written under, or would be.
    fn spelling(&self) -> Option<&'a str> {
        match (&self.says, &self.part) {
            (Says::Unset(path) | Says::Default(_, Some(path)), _) => Some(path),
            (Says::Default(note, None), _) => Some(note.key),
            (_, Part::Missing(key)) => Some(key),
            _ => std::iter::successors(Some(self.node), |node| node.parent()).find_map(NodeRef::key),
        }
    }

    /// The bytes to underline. A collection over several lines is shown by its key, or else by its first line.
    pub fn span(&self) -> Span {
        let node = self.node;
        match self.part {
            Part::Value => one_line(node),
            Part::Key | Part::Missing(_) => node.key_span().unwrap_or_else(|| one_line(node)),
            Part::Within(span) => node.span_in_text(span.start as usize..span.end as usize),
            Part::Bytes(span) => span,
        }
    }

    /// The same, in its file.
    pub fn place(&self) -> Place {
        self.node.tree().place(self.span())
    }
}

fn one_line(node: NodeRef<'_>) -> Span {
    let span = node.span();
    let text = &node.tree().text[span.range()];
    match text.find('\n') {
        // An element of a list goes by its name, however it is written.
        _ if node.kind() == NodeKind::Map && node.key_span().is_none() && node.parent().is_some() => {
            grip(node)
        }
        _ if span.is_empty() && node.key_span().is_some() => node.key_span().unwrap_or(span),
        None => span,
        Some(_) if matches!(node.kind(), NodeKind::List | NodeKind::Map) && node.key_span().is_some() => {
            node.key_span().unwrap_or(span)
        }
        Some(_) if node.kind() == NodeKind::Map => grip(node),
        Some(end) => {
            let line = text[..end].trim_end();
            Span::new(span.start, span.start + line.len() as u32)
        }
    }
}

/// The value by which a person would point at a mapping: its name.
fn grip(node: NodeRef<'_>) -> Span {
    let name =
        node.at("metadata.name").or_else(|| node.get("name")).filter(|name| name.kind() == NodeKind::Text);
    match name {
        Some(name) => name.span(),
        None => node.children().next().map_or(node.span(), |first| {
            let key = first.key_span().unwrap_or(first.span());
            if first.span().start > key.start
                && !node.tree().text[key.start as usize..first.span().end as usize].contains('\n')
            {
                Span::new(key.start, first.span().end)
            } else {
                key
            }
        }),
    }
}

/// Why a value cannot be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub Cow<'static, str>);

impl Reason {
    /// This reason.
    pub fn new(words: impl Into<Cow<'static, str>>) -> Self {
        Self(words.into())
    }
}

/// How far a fact can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// One step of it is a guess, for example from an image's name.
    Medium,
    /// It follows from what is written and from documented behaviour.
    High,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum State<T> {
    /// Somebody wrote it.
    Written(T),
    /// Nobody wrote it, and the platform fills it in.
    Default(T),
    /// There is no such thing.
    Absent,
    /// It cannot be known before it runs.
    Unknown(Reason),
}

/// A value, what is known of it, where it comes from, and how sure it is.
#[derive(Clone, Debug)]
pub struct Fact<'a, T> {
    /// What is known.
    pub state: State<T>,
    /// Where it comes from.
    pub spots: Spots<'a>,
    /// How sure it is.
    pub confidence: Confidence,
}

impl<'a, T> Fact<'a, T> {
    /// Somebody wrote it, here.
    pub fn written(value: T, spot: Spot<'a>) -> Self {
        Self { state: State::Written(value), spots: Spots::One(spot), confidence: Confidence::High }
    }

    /// It follows from the objects as they are; no single place says it.
    pub fn plain(value: T) -> Self {
        Self { state: State::Written(value), spots: Spots::new(), confidence: Confidence::High }
    }

    /// The platform's default, at the place where another value would be written.
    pub fn default(value: T, spot: Spot<'a>) -> Self {
        Self { state: State::Default(value), spots: Spots::One(spot), confidence: Confidence::High }
    }

    /// There is no such thing; the spot is the nearest thing that exists.
    pub fn absent(spot: Spot<'a>) -> Self {
        Self { state: State::Absent, spots: Spots::One(spot), confidence: Confidence::High }
    }

    /// It cannot be known, and this is the place that hides it.
    pub fn unknown_at(reason: impl Into<Cow<'static, str>>, spot: Spot<'a>) -> Self {
        Self {
            state: State::Unknown(Reason::new(reason)),
            spots: Spots::One(spot),
            confidence: Confidence::High,
        }
    }

    /// There is no such thing, and no place to show.
    pub fn nothing() -> Self {
        Self { state: State::Absent, spots: Spots::new(), confidence: Confidence::High }
    }

    /// It cannot be known.
    pub fn unknown(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { state: State::Unknown(Reason::new(reason)), spots: Spots::new(), confidence: Confidence::High }
    }

    /// The value, written or default.
    pub fn value(&self) -> Option<&T> {
        match &self.state {
            State::Written(value) | State::Default(value) => Some(value),
            State::Absent | State::Unknown(_) => None,
        }
    }

    /// The value, written or default.
    pub fn into_value(self) -> Option<T> {
        match self.state {
            State::Written(value) | State::Default(value) => Some(value),
            State::Absent | State::Unknown(_) => None,
        }
    }

    /// Whether there is none.
    pub fn is_absent(&self) -> bool {
        matches!(self.state, State::Absent)
    }

    /// Whether it cannot be known.
    pub fn is_unknown(&self) -> bool {
        matches!(self.state, State::Unknown(_))
    }

    /// Whether somebody wrote it.
    pub fn is_written(&self) -> bool {
        matches!(self.state, State::Written(_))
    }

    /// The value through a function.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<'a, U> {
        let state = match self.state {
            State::Written(value) => State::Written(f(value)),
            State::Default(value) => State::Default(f(value)),
            State::Absent => State::Absent,
            State::Unknown(reason) => State::Unknown(reason),
        };
        Fact { state, spots: self.spots, confidence: self.confidence }
    }

    /// The value through a function that may have no answer: then it is unknown, for this reason.
    pub fn try_map<U>(self, reason: &'static str, f: impl FnOnce(T) -> Option<U>) -> Fact<'a, U> {
        let Fact { state, spots, confidence } = self;
        let state = match state {
            State::Written(value) => f(value).map_or(State::Unknown(Reason::new(reason)), State::Written),
            State::Default(value) => f(value).map_or(State::Unknown(Reason::new(reason)), State::Default),
            State::Absent => State::Absent,
            State::Unknown(unknown) => State::Unknown(unknown),
        };
        Fact { state, spots, confidence }
    }

    /// A value computed from two. It is written if either is; absent if either is; this one's places come first.
    pub fn with<U, V>(self, other: Fact<'a, U>, f: impl FnOnce(T, U) -> V) -> Fact<'a, V> {
        let written = self.is_written() || other.is_written();
        let Fact { state, mut spots, confidence } = self;
        let state = match (state, other.state) {
            (State::Unknown(reason), _) | (_, State::Unknown(reason)) => State::Unknown(reason),
            (State::Absent, _) | (_, State::Absent) => State::Absent,
            (State::Written(a) | State::Default(a), State::Written(b) | State::Default(b)) => {
                if written {
                    State::Written(f(a, b))
                } else {
                    State::Default(f(a, b))
                }
            }
        };
        spots.extend(other.spots);
        Fact { state, spots, confidence: confidence.min(other.confidence) }
    }

    /// This fact, or a default where it is absent. The place stays: it is where the value would be written.
    pub fn or_default(self, default: &'static Default<T>) -> Self
    where
        T: Copy,
    {
        self.filled_in(default.value, &default.note)
    }

    fn filled_in(self, value: T, note: &'static Note) -> Self {
        if !self.is_absent() {
            return self;
        }
        let mut spots = self.spots;
        let unset = spots.iter().enumerate().find_map(|(at, spot)| match spot.says {
            Says::Unset(path) => Some((at, path)),
            _ => None,
        });
        if let Some(spot) = spots.get_mut(unset.map_or(0, |(at, _)| at)) {
            spot.says = Says::Default(note, unset.map(|(_, path)| path));
        }
        Fact { state: State::Default(value), spots, confidence: self.confidence }
    }

    /// With one more place that it rests on.
    pub fn resting_on(mut self, spot: Spot<'a>) -> Self {
        self.spots.push(spot);
        self
    }

    /// With these words at the place that decides, unless it has words already.
    pub fn saying(mut self, says: Says) -> Self {
        if let Some(spot) = self.spots.first_mut().filter(|spot| spot.says.is_nothing()) {
            spot.says = says;
        }
        self
    }

    /// One step of it is a guess.
    pub fn guessed(mut self) -> Self {
        self.confidence = Confidence::Medium;
        self
    }
}

impl<'a> Fact<'a, &'a str> {
    /// [`Fact::or_default`] for text, whose default lives longer than the file.
    pub fn or_default_text(self, default: &'static Default<&'static str>) -> Self {
        self.filled_in(default.value, &default.note)
    }
}
