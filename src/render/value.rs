//! What templates compute with: Go's `interface{}` as charts meet it, each value with its origin.
//!
//! Numbers from values files are floats, literals in templates are whole numbers, and charts can tell. Maps are shared and
//! changeable, because `set` and `merge` change them for everybody who holds them.

use std::cell::RefCell;
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::origin::{Origin, Origins};
use super::text::Text;

/// A map, shared. Keys are in the order of their bytes, as Go's templates walk them.
pub type Map = Rc<RefCell<Entries>>;

/// A list, shared.
pub type List = Rc<RefCell<Items>>;

/// What a map holds. Templates can nest maps and lists deeper than the stack is, so they are taken apart one by one.
#[derive(Clone, Debug, Default)]
pub struct Entries(BTreeMap<Rc<str>, Entry>);

/// What a list holds; as [`Entries`].
#[derive(Clone, Debug, Default)]
pub struct Items(Vec<Value>);

impl Deref for Entries {
    type Target = BTreeMap<Rc<str>, Entry>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl IntoIterator for Entries {
    type Item = (Rc<str>, Entry);
    type IntoIter = btree_map::IntoIter<Rc<str>, Entry>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut self.0).into_iter()
    }
}

impl Deref for Items {
    type Target = Vec<Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Items {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        take_apart(self.0.values_mut().filter_map(|entry| entry.value.data.take_nested()).collect());
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        take_apart(self.0.iter_mut().filter_map(|value| value.data.take_nested()).collect());
    }
}

/// Drops maps and lists, and those in them, without recursion.
fn take_apart(mut nested: Vec<Data>) {
    while let Some(data) = nested.pop() {
        match data {
            Data::Map(map) => {
                let Ok(entries) = Rc::try_unwrap(map) else { continue };
                let mut entries = entries.into_inner();
                nested.extend(entries.values_mut().filter_map(|entry| entry.value.data.take_nested()));
            }
            Data::List(list) => {
                let Ok(items) = Rc::try_unwrap(list) else { continue };
                let mut items = items.into_inner();
                nested.extend(items.iter_mut().filter_map(|value| value.data.take_nested()));
            }
            _ => {}
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Value {
    /// The value.
    pub data: Data,
    /// Where it came from.
    pub origin: Origin,
}

/// What stands under a key: the value, and where the key itself was written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's origin.
    pub key: Origin,
    /// The value.
    pub value: Value,
}

/// Data without an origin.
#[derive(Clone, Debug)]
pub enum Data {
    /// Go's nil: nothing, or a key that is not there.
    Nil,
    /// A truth value.
    Bool(bool),
    /// `int`, or `int64`: written in a template, computed, or from `--set`.
    Int(i64),
    /// `float64`: every number of a values file.
    Float(f64),
    /// `string`.
    Text(Text),
    /// `[]byte`, as `.Files.Get` gives it inside `range`.
    Bytes(Rc<[u8]>),
    /// `[]interface {}`.
    List(List),
    /// `map[string]interface {}`.
    Map(Map),
    /// Something with methods or fields of Go: `.Files`, `.Capabilities.APIVersions`, a version.
    Object(Rc<dyn Object>),
}

impl Data {
    /// Takes what holds further values, and leaves nothing in its place.
    fn take_nested(&mut self) -> Option<Self> {
        matches!(self, Self::List(_) | Self::Map(_)).then(|| std::mem::replace(self, Self::Nil))
    }

    /// The name of its type, as Go spells it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            Self::Object(object) => object.type_name(),
        }
    }
}

/// Something with fields and methods of Go that charts can reach.
pub trait Object: fmt::Debug {
    /// Its type as `typeOf` prints it.
    fn type_name(&self) -> &'static str;
    /// A field, or a method without arguments; none where it has no such name.
    fn field(&self, name: &str) -> Option<Value>;
    /// A method with arguments; none where it has no such name. The error is Go's sentence.
    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>>;
    /// What ranging over it gives: keys and values, in order.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        None
    }
    /// As plain data, for `toYaml` and printing.
    fn plain(&self) -> Option<Value> {
        None
    }
}

impl Value {
    /// This data, from here.
    pub fn new(data: Data, origin: Origin) -> Self {
        Self { data, origin }
    }

    /// The same, from elsewhere: text of one origin too.
    pub fn from_origin(&self, origin: Origin) -> Self {
        let data = match &self.data {
            Data::Text(text) => Data::Text(text.from_origin(origin)),
            data => data.clone(),
        };
        Self { data, origin }
    }

    /// The same, if it is all of a literal's text: each line from its own place.
    pub fn by_line(self, origins: &mut Origins) -> Self {
        match &self.data {
            Data::Text(text) => Self { data: Data::Text(text.by_line(origins)), ..self },
            _ => self,
        }
    }

    /// Nothing.
    pub fn nil(origin: Origin) -> Self {
        Self { data: Data::Nil, origin }
    }

    /// Text of one origin.
    pub fn text(text: impl Into<Rc<str>>, origin: Origin) -> Self {
        Self { data: Data::Text(Text::of(text, origin)), origin }
    }

    /// A map of these entries.
    pub fn map(entries: impl IntoIterator<Item = (Rc<str>, Entry)>, origin: Origin) -> Self {
        Self { data: Data::Map(Rc::new(RefCell::new(Entries(entries.into_iter().collect())))), origin }
    }

    /// A list of these.
    pub fn list(values: impl IntoIterator<Item = Value>, origin: Origin) -> Self {
        Self { data: Data::List(Rc::new(RefCell::new(Items(values.into_iter().collect())))), origin }
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// What stands under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<Value> {
        match &self.data {
            Data::Map(map) => map.borrow().get(key).map(|entry| entry.value.clone()),
            _ => None,
        }
    }

    /// Go's truth: nothing, false, zero, and what is empty are false.
    pub fn is_true(&self) -> bool {
        match &self.data {
            Data::Nil => false,
            Data::Bool(value) => *value,
            Data::Int(value) => *value != 0,
            Data::Float(value) => *value != 0.0,
            Data::Text(text) => !text.is_empty(),
            Data::Bytes(bytes) => !bytes.is_empty(),
            Data::List(list) => !list.borrow().is_empty(),
            Data::Map(map) => !map.borrow().is_empty(),
            Data::Object(object) => object.entries().is_none_or(|entries| !entries.is_empty()),
        }
    }
}
