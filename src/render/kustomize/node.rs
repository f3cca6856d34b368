//! The tree that transformers change: maps in their written order, lists, and scalars, each with where it came from.
//!
//! The trees of [`crate::syntax`] cannot be edited and know one file only. Collections are shared until somebody changes
//! them, so that a definition of ten thousand lines which passes through five overlays exists once.

use std::rc::Rc;

use super::trail::From;
use crate::syntax::tree::{NodeKind, resolve};

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) from: From,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Rc<Vec<Entry>>),
    List(Rc<Vec<Node>>),
    Scalar(Scalar),
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Rc<str>,
    /// Where the key was written.
    pub(super) from: From,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: Rc<str>,
    pub(super) kind: Kind,
    /// It was written with quotes or as a block: what takes its place becomes text, whatever it looks like.
    pub(super) quoted: bool,
    /// It was written with `>`.
    pub(super) folded: bool,
    /// Where its parts came from, if not all from the same place.
    pub(super) parts: Option<Rc<[Part]>>,
}

/// A run of bytes of a scalar's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// The offset behind its last byte.
    pub(super) end: usize,
    pub(super) from: From,
}

/// What a scalar is to Kustomize, which reads YAML 1.2: `yes` and `on` are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Text,
}

impl Kind {
    /// What a plain scalar with this text is.
    pub(super) fn of(text: &str) -> Self {
        match resolve(text) {
            NodeKind::Null => Self::Null,
            NodeKind::Int => Self::Int,
            NodeKind::Float => Self::Float,
            NodeKind::Bool if matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") => {
                Self::Bool
            }
            _ => Self::Text,
        }
    }
}

impl Node {
    pub(super) fn map(entries: Vec<Entry>, from: From) -> Self {
        Self { value: Value::Map(Rc::new(entries)), from }
    }

    pub(super) fn list(items: Vec<Self>, from: From) -> Self {
        Self { value: Value::List(Rc::new(items)), from }
    }

    /// Text, whatever it looks like.
    pub(super) fn text(text: impl Into<Rc<str>>, from: From) -> Self {
        let scalar =
            Scalar { text: text.into(), kind: Kind::Text, quoted: false, folded: false, parts: None };
        Self { value: Value::Scalar(scalar), from }
    }

    /// A plain scalar: what it is follows from its text.
    pub(super) fn plain(text: impl Into<Rc<str>>, from: From) -> Self {
        let text = text.into();
        let scalar = Scalar { kind: Kind::of(&text), text, quoted: false, folded: false, parts: None };
        Self { value: Value::Scalar(scalar), from }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.kind == Kind::Null)
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Null, or a collection with nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        match &self.value {
            Value::Map(entries) => entries.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Scalar(scalar) => scalar.kind == Kind::Null,
        }
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar as written; of a collection, nothing.
    pub(super) fn written(&self) -> &str {
        self.scalar().map_or("", |scalar| &scalar.text)
    }

    /// The text of a scalar that is not null.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.scalar().filter(|scalar| scalar.kind != Kind::Null).map(|scalar| &*scalar.text)
    }

    /// A truth value.
    pub(super) fn is_true(&self) -> bool {
        self.scalar().is_some_and(|scalar| {
            scalar.kind == Kind::Bool && scalar.text.eq_ignore_ascii_case("true")
                || scalar.kind == Kind::Text && !scalar.quoted && matches!(&*scalar.text, "yes" | "on" | "y")
        })
    }

    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.value {
            Value::List(items) => Rc::make_mut(items).as_mut_slice(),
            _ => &mut [],
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let at = self.entries().iter().position(|entry| &*entry.key == key)?;
        match &mut self.value {
            Value::Map(entries) => Some(&mut Rc::make_mut(entries)[at].node),
            _ => None,
        }
    }

    /// The text under a key, if it is a scalar and not null.
    pub(super) fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// Puts a value under a key: in its place, or at the end.
    pub(super) fn set(&mut self, key: &str, key_from: From, node: Self) {
        match self.get_mut(key) {
            Some(there) => *there = node,
            None => {
                if let Value::Map(entries) = &mut self.value {
                    Rc::make_mut(entries).push(Entry { key: key.into(), from: key_from, node });
                }
            }
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries().iter().position(|entry| &*entry.key == key)?;
        match &mut self.value {
            Value::Map(entries) => Some(Rc::make_mut(entries).remove(at)),
            _ => None,
        }
    }

    /// The value at these keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Makes it a scalar with another text that keeps its style: quoted, it stays text.
    pub(super) fn retext(&mut self, text: impl Into<Rc<str>>, from: From, parts: Option<Rc<[Part]>>) {
        let text = text.into();
        let quoted = self.scalar().is_some_and(|scalar| scalar.quoted);
        let kind = if quoted { Kind::Text } else { Kind::of(&text) };
        *self = Self { value: Value::Scalar(Scalar { text, kind, quoted, folded: false, parts }), from };
    }

    /// How many nodes it holds, itself included, counted up to `limit`.
    pub(super) fn size(&self, limit: usize) -> usize {
        let mut size = 1;
        let children: &mut dyn Iterator<Item = &Self> = match &self.value {
            Value::Map(entries) => &mut entries.iter().map(|entry| &entry.node),
            Value::List(items) => &mut items.iter(),
            Value::Scalar(_) => return 1,
        };
        for child in children {
            if size >= limit {
                break;
            }
            size += child.size(limit - size);
        }
        size
    }

    /// How deep its collections are nested.
    pub(super) fn depth(&self) -> usize {
        match &self.value {
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.node.depth()).max().unwrap_or(0),
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Scalar(_) => 0,
        }
    }

    /// Whether both hold the same data, wherever it came from. Maps have no order.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Map(one), Value::Map(two)) => {
                one.len() == two.len()
                    && one.iter().all(|entry| other.get(&entry.key).is_some_and(|node| entry.node.same(node)))
            }
            (Value::List(one), Value::List(two)) => {
                one.len() == two.len() && one.iter().zip(two.iter()).all(|(one, two)| one.same(two))
            }
            (Value::Scalar(one), Value::Scalar(two)) => {
                one.kind == two.kind && (one.kind == Kind::Null || one.text == two.text) || one.number_is(two)
            }
            _ => false,
        }
    }
}

impl Scalar {
    fn number_is(&self, other: &Self) -> bool {
        let number = |scalar: &Self| match scalar.kind {
            Kind::Int | Kind::Float => scalar.text.parse::<f64>().ok(),
            _ => None,
        };
        matches!((number(self), number(other)), (Some(one), Some(two)) if one == two)
    }
}
