//! The words that rules may use: subjects, their facts, the types and units of these.
//!
//! Each module of the model declares the facts of its subjects in a table beside the code that computes them; this module
//! gives the tables their form and finds things in them. A rule that reads anything else does not load.

use super::value::Val;
use super::{Kind, Model, Thing};
use crate::syntax::tree::NodeRef;

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: a count or a ratio.
    None,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Processor cores.
    Cores,
    /// Percent, in points.
    Percent,
}

impl Unit {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "number",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Cores => "cores",
            Self::Percent => "percent",
        }
    }
}

/// The type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A truth value.
    Bool,
    /// A number with its unit.
    Num(Unit),
    /// Text.
    Text,
    /// A list.
    List(&'static Ty),
    /// Values by name.
    Map(&'static Ty),
    /// A subject or a part of one.
    Thing(Kind),
    /// A piece of a manifest, of whatever type it has.
    Node,
    /// A quantity whose unit depends on the object: it goes with numbers of any unit.
    Quantity,
}

impl Ty {
    /// As `steadfast vocabulary` prints it.
    pub fn text(self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Num(unit) => unit.word().to_owned(),
            Self::Text => "text".to_owned(),
            Self::List(Ty::Thing(kind)) => format!("list of {}", kind.word()),
            Self::List(item) => format!("list of {}", item.text()),
            Self::Map(item) => format!("map of {}", item.text()),
            Self::Thing(kind) => kind.word().to_owned(),
            Self::Node => "manifest".to_owned(),
            Self::Quantity => "quantity".to_owned(),
        }
    }
}

/// One fact of a subject.
pub struct FactDef {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// One sentence.
    pub doc: &'static str,
    /// Computes it.
    pub read: for<'a> fn(&'a Model<'a>, Thing) -> Val<'a>,
}

/// One kind of thing that rules may look at or go through.
pub struct KindDef {
    /// The kind.
    pub kind: Kind,
    /// Its name in rules.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Its facts: one table for each module that knows some.
    pub tables: &'static [&'static [FactDef]],
    /// All of them, if rules may look at them directly (`on: workload`); in order of path and offset.
    pub all: Option<fn(&Model<'_>) -> Vec<Thing>>,
    /// What holds it.
    pub owner: fn(&Model<'_>, Thing) -> Option<Thing>,
    /// The part of a file that it is; a person points at its key or its name.
    pub node: for<'a> fn(&'a Model<'a>, Thing) -> Option<NodeRef<'a>>,
    /// The kinds that may hold it, nearest first: names that its rules may use.
    pub owners: &'static [Kind],
    /// The API types of the node that its fact `manifest` gives, each with a path into it where it is a part: `apps/v1
    /// Deployment`, `v1 Pod spec.containers`. Paths in rules are checked against all of them; none: unchecked.
    pub schema: &'static [&'static str],
}

impl KindDef {
    /// A fact by name.
    pub fn fact(&self, name: &str) -> Option<&'static FactDef> {
        self.facts().find(|fact| fact.name == name)
    }

    /// All its facts.
    pub fn facts(&self) -> impl Iterator<Item = &'static FactDef> + Clone + use<> {
        self.tables.iter().flat_map(|table| table.iter())
    }
}

/// Declares a table of facts: `"name": type, "one sentence" => |model, thing| value;`
macro_rules! facts {
    ($($name:literal: $ty:expr, $doc:literal => $read:expr;)*) => {
        &[$($crate::model::vocabulary::FactDef { name: $name, ty: $ty, doc: $doc, read: $read }),*]
    };
}
pub(crate) use facts;

/// A number without a unit.
pub const NUMBER: Ty = Ty::Num(Unit::None);
/// Seconds.
pub const SECONDS: Ty = Ty::Num(Unit::Seconds);
/// Bytes.
pub const BYTES: Ty = Ty::Num(Unit::Bytes);
/// Cores.
pub const CORES: Ty = Ty::Num(Unit::Cores);
/// Percent.
pub const PERCENT: Ty = Ty::Num(Unit::Percent);

/// All kinds, in the order in which they are documented.
pub fn kinds() -> impl Iterator<Item = &'static KindDef> {
    Kind::ALL.iter().map(|kind| kind.def())
}

/// A kind by its name in rules.
pub fn kind(name: &str) -> Option<&'static KindDef> {
    kinds().find(|def| def.name == name)
}
