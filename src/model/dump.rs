//! The model and its vocabulary, printed for people who write rules.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::naming::subject_name;
use super::value::{Datum, Val};
use super::vocabulary::{KindDef, Ty, kind, kinds};
use super::{Model, Thing};
use crate::fact::State;
use crate::syntax::tree::{NodeKind, NodeRef};

/// How deep parts of things are followed.
const DEPTH: usize = 2;

/// A thing with all its facts.
pub fn thing(model: &Model<'_>, thing: Thing) -> Value {
    facts(model, thing, DEPTH)
}

/// What rules can say about a subject, or about all; the names of the subjects if there is no such one.
pub fn vocabulary(subject: Option<&str>) -> Result<String, Vec<String>> {
    let mut text = String::new();
    match subject {
        Some(name) => match kind(name) {
            Some(def) => describe(&mut text, def),
            None => return Err(kinds().map(|def| def.name.to_owned()).collect()),
        },
        None => {
            for (at, def) in kinds().enumerate() {
                if at > 0 {
                    text.push('\n');
                }
                describe(&mut text, def);
            }
        }
    }
    Ok(text)
}

fn describe(text: &mut String, def: &KindDef) {
    let part = if def.all.is_some() { "" } else { " (part of another)" };
    let _ = writeln!(text, "{}{part}: {}", def.name, def.doc);
    if !def.owners.is_empty() {
        let owners: Vec<_> = def.owners.iter().map(|owner| owner.word()).collect();
        let _ = writeln!(text, "  held by: {}", owners.join(", "));
    }
    let facts: Vec<_> = def.facts().collect();
    let name = facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    let types: Vec<_> = facts.iter().map(|fact| fact.ty.text()).collect();
    let ty = types.iter().map(String::len).max().unwrap_or(0);
    for (fact, shown) in facts.iter().zip(&types) {
        let _ = writeln!(text, "  {:name$}  {shown:ty$}  {}", fact.name, fact.doc);
    }
}

fn facts(model: &Model<'_>, thing: Thing, depth: usize) -> Value {
    let mut map = Map::new();
    for fact in thing.kind.def().facts() {
        if matches!(fact.ty, Ty::Node) && fact.name == "manifest" {
            continue;
        }
        let value = (fact.read)(model, thing);
        map.insert(fact.name.to_owned(), shown(model, &value, depth));
    }
    Value::Object(map)
}

fn shown(model: &Model<'_>, value: &Val<'_>, depth: usize) -> Value {
    match &value.state {
        State::Written(datum) => plain(model, datum, depth),
        State::Default(datum) => json!({ "default": plain(model, datum, depth) }),
        State::Absent => Value::Null,
        State::Unknown(reason) => json!({ "unknown": reason.0 }),
    }
}

fn plain(model: &Model<'_>, datum: &Datum<'_>, depth: usize) -> Value {
    match datum {
        Datum::Bool(answer) => json!(answer),
        Datum::Num(n) if n.is_finite() => json!(n),
        Datum::Num(_) => json!("unlimited"),
        Datum::AtLeast(n) => json!({ "atLeast": n }),
        Datum::Text(text) => json!(text),
        Datum::Node(node) => tree(*node),
        Datum::Map(map) => Value::Object(
            map.iter().map(|(name, value)| (name.to_string(), shown(model, value, depth))).collect(),
        ),
        Datum::List(list) => {
            let mut items: Vec<Value> = list.items.iter().map(|item| shown(model, item, depth)).collect();
            if let Some(reason) = &list.open {
                items.push(json!({ "perhapsMore": reason.0 }));
            }
            Value::Array(items)
        }
        // A subject of its own is named, not repeated.
        Datum::Thing(thing) if thing.kind.def().all.is_some() || depth == 0 => {
            let name = subject_name(model, *thing);
            json!(format!("{} {}", name.kind, name.name))
        }
        Datum::Thing(thing) => facts(model, *thing, depth - 1),
    }
}

fn tree(node: NodeRef<'_>) -> Value {
    match node.kind() {
        NodeKind::Map => {
            Value::Object(node.entries().map(|(key, value)| (key.to_owned(), tree(value))).collect())
        }
        NodeKind::List => Value::Array(node.items().map(tree).collect()),
        NodeKind::Null => Value::Null,
        NodeKind::Bool => json!(node.as_bool()),
        NodeKind::Int | NodeKind::Float => node.as_number().map_or(Value::Null, |n| json!(n)),
        NodeKind::Text => json!(node.text()),
        NodeKind::Unknown => json!({ "unknown": node.text() }),
    }
}
