//! What functions share: taking arguments as Go does, and giving results with an origin.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::render::origin::{How, Origin, Origins, Source};
use crate::render::template::function::Call;
use crate::render::text::{Text, Writer};
use crate::render::value::{Data, Map, Value};

/// What a function gives.
pub(super) type Answer = Result<Value, String>;

/// What Go says where nothing is used as something.
pub(super) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Exactly so many arguments.
pub(super) fn exactly<'v, const N: usize>(name: &str, values: &'v [Value]) -> Result<&'v [Value; N], String> {
    values.try_into().map_err(|_| format!("wrong number of args for {name}: want {N} got {}", values.len()))
}

/// So many arguments, and whatever follows.
pub(super) fn at_least<'v, const N: usize>(
    name: &str,
    values: &'v [Value],
) -> Result<(&'v [Value; N], &'v [Value]), String> {
    values
        .split_first_chunk::<N>()
        .ok_or_else(|| format!("wrong number of args for {name}: want at least {N} got {}", values.len()))
}

/// Go's kind of a value.
pub(super) fn kind(data: &Data) -> &'static str {
    match data {
        Data::Nil => "invalid",
        Data::Bytes(_) | Data::List(_) => "slice",
        Data::Map(_) => "map",
        Data::Object(object) => match object.type_name() {
            name if name.starts_with("[]") || name.ends_with(".VersionSet") => "slice",
            name if name.starts_with("map[") || name.ends_with(".Values") || name == "engine.files" => "map",
            name if name.starts_with('*') => "ptr",
            _ => "struct",
        },
        data => data.type_name(),
    }
}

fn wrong(expected: &str, value: &Value) -> String {
    let got = if matches!(value.data, Data::Nil) { "interface {}" } else { value.data.type_name() };
    format!("wrong type for value; expected {expected}; got {got}")
}

/// A `string`.
pub(super) fn text(value: &Value) -> Result<&Text, String> {
    match &value.data {
        Data::Text(text) => Ok(text),
        _ => Err(wrong("string", value)),
    }
}

/// A `string` with the origins of its bytes, for what moves them about.
pub(super) fn rope(call: &mut Call<'_>, value: &Value) -> Result<Text, String> {
    Ok(text(value)?.owned(value.origin, call.origins))
}

/// An `int`.
pub(super) fn int(value: &Value) -> Result<i64, String> {
    match value.data {
        Data::Int(number) => Ok(number),
        _ => Err(wrong("int", value)),
    }
}

/// A `float64`; a whole number written in a template is one too.
pub(super) fn float(value: &Value) -> Result<f64, String> {
    match value.data {
        Data::Float(number) => Ok(number),
        Data::Int(number) => Ok(number as f64),
        _ => Err(wrong("float64", value)),
    }
}

/// A `bool`.
pub(super) fn truth(value: &Value) -> Result<bool, String> {
    match value.data {
        Data::Bool(truth) => Ok(truth),
        _ => Err(wrong("bool", value)),
    }
}

/// A `map[string]interface {}`.
pub(super) fn map(value: &Value) -> Result<Map, String> {
    match &value.data {
        Data::Map(map) => Ok(Rc::clone(map)),
        Data::Object(object) => match object.plain().map(|plain| plain.data) {
            Some(Data::Map(map)) if kind(&value.data) == "map" => Ok(map),
            _ => Err(wrong("map[string]interface {}", value)),
        },
        _ => Err(wrong("map[string]interface {}", value)),
    }
}

/// The elements of a list, or of bytes; none for what has none.
pub(super) fn items(value: &Value) -> Option<Vec<Value>> {
    match &value.data {
        Data::List(list) => Some(list.borrow().to_vec()),
        Data::Bytes(bytes) => {
            Some(bytes.iter().map(|byte| Value::new(Data::Int(i64::from(*byte)), value.origin)).collect())
        }
        Data::Object(object) if kind(&value.data) == "slice" => {
            object.entries().map(|entries| entries.into_iter().map(|(_, value)| value).collect())
        }
        _ => None,
    }
}

/// The elements of a list, for a function that does something with it; the error is sprig's.
pub(super) fn items_to(verb: &str, value: &Value) -> Result<Vec<Value>, String> {
    match items(value) {
        Some(items) => Ok(items),
        None if matches!(value.data, Data::Nil) => Err(NIL_POINTER.to_owned()),
        None => Err(format!("Cannot {verb} type {}", kind(&value.data))),
    }
}

/// Where values come from: they themselves, and what they are made of, as far as that is not very much.
pub(super) fn origins(values: &[Value]) -> SmallVec<[Origin; 8]> {
    let mut found = SmallVec::new();
    let mut left = LOOKED_AT;
    for value in values {
        collect(value, &mut found, &mut left);
    }
    found
}

/// How many parts of values are looked at for where they come from.
const LOOKED_AT: usize = 256;

fn collect(value: &Value, found: &mut SmallVec<[Origin; 8]>, left: &mut usize) {
    let mut note = |origin: Origin| {
        *left = left.saturating_sub(1);
        if origin != Origin::NONE && !found.contains(&origin) {
            found.push(origin);
        }
        *left > 0
    };
    if !note(value.origin) {
        return;
    }
    match &value.data {
        Data::Text(text) => drop(text.pieces().all(|piece| note(piece.origin))),
        Data::List(list) => {
            for item in list.borrow().iter() {
                collect(item, found, left);
                if *left == 0 {
                    break;
                }
            }
        }
        Data::Map(map) => {
            for entry in map.borrow().values() {
                collect(&entry.value, found, left);
                if *left == 0 {
                    break;
                }
            }
        }
        _ => {}
    }
}

fn unknown_part(value: &Value, origins: &Origins) -> Option<Origin> {
    let Data::Text(text) = &value.data else { return None };
    text.pieces().map(|piece| piece.origin).find(|origin| origins.unknown(*origin).is_some())
}

/// A value that was chosen with the help of others.
pub(super) fn chosen(call: &mut Call<'_>, value: &Value, others: impl IntoIterator<Item = Origin>) -> Value {
    let origin = call.origins.of(How::Chosen, std::iter::once(value.origin).chain(others));
    value.from_origin(origin)
}

/// A value that was computed from others.
pub(super) fn derived(call: &mut Call<'_>, data: Data, from: &[Value]) -> Value {
    let mut parts = origins(from);
    // However much there is, it must not be forgotten that some of it is unknown.
    if call.origins.has_unknown() {
        parts.extend(from.iter().find_map(|value| unknown_part(value, call.origins)));
    }
    let origin = call.origins.of(How::Derived, parts);
    Value::new(data, if origin == Origin::NONE { call.at } else { origin })
}

/// Text that was computed from others.
pub(super) fn derived_text(call: &mut Call<'_>, text: impl Into<Rc<str>>, from: &[Value]) -> Answer {
    let text = text.into();
    call.budget.bytes(text.len())?;
    let mut value = derived(call, Data::Nil, from);
    value.data = Data::Text(Text::of(text, value.origin));
    Ok(value)
}

/// Text whose bytes stand beside each other in it, or stay what they were.
pub(super) fn joined(call: &mut Call<'_>, out: Writer, from: &[Value]) -> Answer {
    joined_text(call, out.finish(), from)
}

/// The same for a finished text.
pub(super) fn joined_text(call: &mut Call<'_>, text: Text, from: &[Value]) -> Answer {
    call.budget.bytes(text.len())?;
    let origin = call.origins.of(How::Joined, origins(from));
    Ok(Value::new(Data::Text(text), origin))
}

/// A list that was made of these, in some way.
pub(super) fn list(call: &mut Call<'_>, items: Vec<Value>, from: &[Value]) -> Answer {
    call.budget.work(items.len())?;
    let origin = call.origins.of(How::Joined, origins(from));
    Ok(Value::list(items, if origin == Origin::NONE { call.at } else { origin }))
}

/// The place of the action that calls.
pub(super) fn place(call: &Call<'_>) -> Option<crate::source::Place> {
    match call.origins.get(call.at) {
        Source::Literal(place) | Source::Node { place, .. } => Some(*place),
        _ => None,
    }
}

/// An origin for what only running tells.
pub(super) fn unknown(call: &mut Call<'_>, why: &'static str) -> Origin {
    let place = place(call);
    call.origins.add(Source::Unknown(why, place))
}

/// Text that only running tells, and a stand-in for it.
pub(super) fn unknown_text(call: &mut Call<'_>, why: &'static str, text: impl Into<Rc<str>>) -> Answer {
    let text = text.into();
    call.budget.bytes(text.len())?;
    let origin = unknown(call, why);
    Ok(Value::text(text, origin))
}

/// The last place at or before a byte where a character starts; Go would cut it in two.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
