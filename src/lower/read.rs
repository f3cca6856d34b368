//! Reading a node as a fact: absent, unknown and wrong types told apart in one place.
//!
//! A null is absent, as every API server has it. Text that a later tool fills in (`${VAR}`) is unknown.

use crate::fact::{Fact, Spot, State};
use crate::syntax::tree::{NodeKind, NodeRef, first_step};

/// The node at a path of keys, as a fact.
pub fn node<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, NodeRef<'a>> {
    let mut here = base;
    let mut rest = path;
    loop {
        let (key, tail) = first_step(rest);
        match here.get(key) {
            Some(child) if child.is_unknown() => return hidden(child),
            Some(child) if child.is_null() => return Fact::absent(Spot::key(child)),
            Some(child) => here = child,
            None => return Fact::absent(Spot::missing(here, key)),
        }
        match tail {
            Some(tail) => rest = tail,
            None => return Fact::written(here, Spot::value(here)),
        }
    }
}

/// The text at a path.
pub fn text<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, &'a str> {
    node(base, path).text()
}

/// The number at a path.
pub fn number<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, f64> {
    node(base, path).number()
}

/// The truth value at a path.
pub fn truth<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, bool> {
    node(base, path).truth()
}

/// Whether a text is filled in by another tool before it is applied (Flux, envsubst, Argo CD).
pub fn is_filled_in_later(text: &str) -> bool {
    // Nearly no text holds any of these, and one look at its bytes is quicker than four searches.
    holds_any(text.as_bytes())
        && (text.contains("${")
            || text.contains("{{")
            || text.contains("$(")
            || crate::measure::placeholder::first(text).is_some())
}

/// Whether one of the bytes occurs of which a text is that something else fills in: eight are looked at together, since every value
/// of every file is asked.
fn holds_any(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const SIGNS: [u8; 3] = [b'$', b'{', b'_'];
    // A byte that is 0 borrows from the bit above it; one that is not leaves it, or had it set.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7) != 0;
    let (words, rest) = text.as_chunks::<8>();
    words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .any(|word| SIGNS.iter().any(|sign| zero(word ^ ONES.wrapping_mul((*sign).into()))))
        || rest.iter().any(|byte| SIGNS.contains(byte))
}

fn hidden<'a, T>(node: NodeRef<'a>) -> Fact<'a, T> {
    let text = node.text();
    let shown = if text.is_empty() || text.len() > 60 || text.contains('\n') {
        "its value is only known at run time".to_owned()
    } else {
        format!("`{text}` is only known at run time")
    };
    Fact::unknown_at(shown, Spot::value(node))
}

impl<'a> Fact<'a, NodeRef<'a>> {
    /// As text. Numbers and truth values are read as they are spelt.
    pub fn text(self) -> Fact<'a, &'a str> {
        self.read(|node| match node.kind() {
            NodeKind::List | NodeKind::Map => None,
            _ => Some(node.text()),
        })
    }

    /// The node itself, unless its value is only known at run time.
    pub fn unless_hidden(self) -> Self {
        match self.value() {
            Some(node) if node.is_unknown() => hidden(*node),
            Some(node)
                if !matches!(node.kind(), NodeKind::List | NodeKind::Map)
                    && is_filled_in_later(node.text()) =>
            {
                hidden(*node)
            }
            _ => self,
        }
    }

    /// As a number.
    pub fn number(self) -> Fact<'a, f64> {
        self.read(NodeRef::as_number)
    }

    /// As true or false.
    pub fn truth(self) -> Fact<'a, bool> {
        self.read(NodeRef::as_bool)
    }

    /// As whatever `f` makes of it; what is not of the right form cannot be known.
    pub fn read<T>(self, f: impl FnOnce(NodeRef<'a>) -> Option<T>) -> Fact<'a, T> {
        match self.state {
            State::Written(node) | State::Default(node) => {
                let later =
                    !matches!(node.kind(), NodeKind::List | NodeKind::Map) && is_filled_in_later(node.text());
                match f(node) {
                    _ if later => hidden(node),
                    Some(value) => {
                        Fact { state: State::Written(value), spots: self.spots, confidence: self.confidence }
                    }
                    None => {
                        Fact::unknown_at("it is not of the type that the platform expects", Spot::value(node))
                    }
                }
            }
            State::Absent => Fact { state: State::Absent, spots: self.spots, confidence: self.confidence },
            State::Unknown(reason) => {
                Fact { state: State::Unknown(reason), spots: self.spots, confidence: self.confidence }
            }
        }
    }
}
