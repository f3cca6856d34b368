//! The functions that Go's templates have of themselves.

use super::super::origin::{How, Origin};
use super::super::value::{Data, Value};
use super::escape;
use super::function::Call;
use super::print;

/// A function of the language. `and` and `or` are not among them: they do not evaluate all that they are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
}

impl Builtin {
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "call" => Self::Call,
            "eq" => Self::Eq,
            "ge" => Self::Ge,
            "gt" => Self::Gt,
            "html" => Self::Html,
            "index" => Self::Index,
            "js" => Self::Js,
            "le" => Self::Le,
            "len" => Self::Len,
            "lt" => Self::Lt,
            "ne" => Self::Ne,
            "not" => Self::Not,
            "print" => Self::Print,
            "printf" => Self::Printf,
            "println" => Self::Println,
            "slice" => Self::Slice,
            "urlquery" => Self::Urlquery,
            _ => return None,
        })
    }

    /// The least and greatest number of arguments.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::Html | Self::Js | Self::Print | Self::Println | Self::Urlquery => (0, usize::MAX),
            Self::Call | Self::Eq | Self::Index | Self::Printf | Self::Slice => (1, usize::MAX),
            Self::Len | Self::Not => (1, 1),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (2, 2),
        }
    }
}

type Answer = Result<Value, String>;

/// Calls a builtin with as many arguments as its arity says.
pub(super) fn call(builtin: Builtin, call: &mut Call<'_>, values: &[Value]) -> Answer {
    match (builtin, values) {
        (Builtin::Eq, [first, rest @ ..]) => equals(first, rest).map(|truth| decided(call, truth, values)),
        (Builtin::Ne, [first, rest @ ..]) => equals(first, rest).map(|truth| decided(call, !truth, values)),
        (Builtin::Lt, [a, b]) => less(a, b).map(|truth| decided(call, truth, values)),
        (Builtin::Le, [a, b]) => less_or_equal(a, b).map(|truth| decided(call, truth, values)),
        (Builtin::Gt, [a, b]) => less_or_equal(a, b).map(|truth| decided(call, !truth, values)),
        (Builtin::Ge, [a, b]) => less(a, b).map(|truth| decided(call, !truth, values)),
        (Builtin::Not, [value]) => Ok(decided(call, !value.is_true(), values)),
        (Builtin::Len, [value]) => length(value).map(|length| {
            let origin = call.origins.of(How::Derived, [value.origin]);
            Value::new(Data::Int(length as i64), origin)
        }),
        (Builtin::Index, [item, keys @ ..]) => index(call, item, keys),
        (Builtin::Slice, [item, indexes @ ..]) => slice(call, item, indexes),
        (Builtin::Call, [Value { data: Data::Nil, .. }, ..]) => Err("call of nil".to_owned()),
        (Builtin::Call, [value, ..]) => {
            Err(format!("non-function {} of type {}", print::plain(value), value.data.type_name()))
        }
        (Builtin::Print, _) => print::print(call, values),
        (Builtin::Println, _) => print::println(call, values),
        (Builtin::Printf, [format, rest @ ..]) => print::printf(call, format, rest),
        (Builtin::Html, _) => escaped(call, values, escape::html),
        (Builtin::Js, _) => escaped(call, values, escape::js),
        (Builtin::Urlquery, _) => escaped(call, values, escape::url_query),
        _ => Err("wrong number of arguments".to_owned()),
    }
}

/// Go's sentence about an argument of the wrong type.
pub(super) fn wrong_type(expected: &str, got: &Data) -> String {
    match got {
        Data::Nil => format!("wrong type for value; expected {expected}; got interface {{}}"),
        got => format!("wrong type for value; expected {expected}; got {}", got.type_name()),
    }
}

fn decided(call: &mut Call<'_>, truth: bool, values: &[Value]) -> Value {
    let origin = call.origins.of(How::Derived, values.iter().map(|value| value.origin));
    Value::new(Data::Bool(truth), origin)
}

/// What Go compares by: numbers, truths and texts, and all else not at all.
#[derive(Clone, Copy, PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'v str),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    match &value.data {
        Data::Bool(value) => Some(Basic::Bool(*value)),
        Data::Int(value) => Some(Basic::Int(*value)),
        Data::Float(value) => Some(Basic::Float(*value)),
        Data::Text(text) => Some(Basic::Text(text.as_str())),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    let (a, b) = (a.data.type_name(), b.data.type_name());
    format!("incompatible types for comparison: {a} and {b}")
}

fn equals(first: &Value, others: &[Value]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        let equal = match (basic(first), basic(other)) {
            (Some(a), Some(b)) if std::mem::discriminant(&a) == std::mem::discriminant(&b) => a == b,
            (None, None) => equal_unless_comparable(first, other)?,
            _ if matches!(first.data, Data::Nil) || matches!(other.data, Data::Nil) => false,
            _ => return Err(incompatible(first, other)),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of values that are no numbers, truths or texts, only nothing is comparable.
fn equal_unless_comparable(a: &Value, b: &Value) -> Result<bool, String> {
    match (&a.data, &b.data) {
        (Data::Nil, Data::Nil) => Ok(true),
        (Data::Nil, _) | (_, Data::Nil) => Ok(false),
        (Data::Object(a), Data::Object(b)) => {
            Ok(std::ptr::addr_eq(std::rc::Rc::as_ptr(a), std::rc::Rc::as_ptr(b)))
        }
        (a_data, b_data) => {
            let (a_kind, b_kind) = (a_data.type_name(), b_data.type_name());
            let same = matches!(
                (a_data, b_data),
                (Data::Map(_), Data::Map(_))
                    | (Data::List(_) | Data::Bytes(_), Data::List(_) | Data::Bytes(_))
            );
            Err(if same {
                format!("non-comparable type {}: {b_kind}", print::plain_text(b))
            } else {
                let (a, b) = (print::plain_text(a), print::plain(b));
                format!("non-comparable types {a}: {a_kind}, {b_kind}: {b}")
            })
        }
    }
}

fn less(a: &Value, b: &Value) -> Result<bool, String> {
    const BAD: &str = "invalid type for comparison";
    match (basic(a).ok_or(BAD)?, basic(b).ok_or(BAD)?) {
        (Basic::Int(a), Basic::Int(b)) => Ok(a < b),
        (Basic::Float(a), Basic::Float(b)) => Ok(a < b),
        (Basic::Text(a), Basic::Text(b)) => Ok(a < b),
        (Basic::Bool(_), Basic::Bool(_)) => Err(BAD.to_owned()),
        _ => Err(incompatible(a, b)),
    }
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(less(a, b)? || equals(a, std::slice::from_ref(b))?)
}

fn length(value: &Value) -> Result<usize, String> {
    match &value.data {
        Data::Text(text) => Ok(text.len()),
        Data::Bytes(bytes) => Ok(bytes.len()),
        Data::List(list) => Ok(list.borrow().len()),
        Data::Map(map) => Ok(map.borrow().len()),
        Data::Nil => Err("len of nil pointer".to_owned()),
        Data::Object(object) => match object.entries() {
            Some(entries) => Ok(entries.len()),
            None => Err(format!("len of type {}", object.type_name())),
        },
        other => Err(format!("len of type {}", other.type_name())),
    }
}

/// An index into something of this length, which it may be itself.
fn position(index: &Value, length: usize) -> Result<usize, String> {
    match &index.data {
        Data::Int(position) => match usize::try_from(*position) {
            Ok(position) if position <= length => Ok(position),
            _ => Err(format!("index out of range: {position}")),
        },
        Data::Nil => Err("cannot index slice/array with nil".to_owned()),
        other => Err(format!("cannot index slice/array with type {}", other.type_name())),
    }
}

fn index(call: &mut Call<'_>, item: &Value, keys: &[Value]) -> Answer {
    if let Data::Nil = item.data {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for key in keys {
        item = match &item.data {
            Data::Nil => return Err("index of nil pointer".to_owned()),
            Data::Map(map) => {
                let key = match &key.data {
                    Data::Text(key) => key,
                    Data::Nil => return Err("value is nil; should be of type string".to_owned()),
                    other => return Err(format!("value has type {}; should be string", other.type_name())),
                };
                let found = map.borrow().get(key.as_str()).map(|entry| entry.value.clone());
                found.unwrap_or_else(|| {
                    let source =
                        super::super::origin::Source::Missing { map: item.origin, key: key.as_str().into() };
                    Value::nil(call.origins.add(source))
                })
            }
            Data::List(list) => {
                let list = list.borrow();
                let at = position(key, list.len())?;
                list.get(at).cloned().ok_or("reflect: slice index out of range")?
            }
            Data::Text(text) => {
                let at = position(key, text.len())?;
                let byte = *text.as_str().as_bytes().get(at).ok_or("reflect: string index out of range")?;
                Value::new(Data::Int(i64::from(byte)), item.origin)
            }
            Data::Bytes(bytes) => {
                let at = position(key, bytes.len())?;
                let byte = *bytes.get(at).ok_or("reflect: slice index out of range")?;
                Value::new(Data::Int(i64::from(byte)), item.origin)
            }
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
        item = item.from_origin(chosen_by(call, item.origin, key.origin));
    }
    Ok(item)
}

/// The origin of what was chosen by a key, which counts unless it is a constant.
fn chosen_by(call: &mut Call<'_>, origin: Origin, key: Origin) -> Origin {
    match call.origins.get(key) {
        super::super::origin::Source::Literal(_) | super::super::origin::Source::Nothing => origin,
        _ => call.origins.of(How::Chosen, [origin, key]),
    }
}

fn slice(call: &mut Call<'_>, item: &Value, indexes: &[Value]) -> Answer {
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match &item.data {
        Data::Nil => return Err("slice of untyped nil".to_owned()),
        Data::Text(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Data::Text(text) => text.len(),
        Data::List(list) => list.borrow().len(),
        Data::Bytes(bytes) => bytes.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut ends = [0, length, length];
    for (end, index) in ends.iter_mut().zip(indexes) {
        *end = position(index, length)?;
    }
    let [start, end, capacity] = ends;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if indexes.len() == 3 && end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}"));
    }
    let data = match &item.data {
        Data::Text(text) if text.as_str().is_char_boundary(start) && text.as_str().is_char_boundary(end) => {
            Data::Text(text.slice(start, end))
        }
        Data::Text(text) => {
            let cut = String::from_utf8_lossy(&text.as_str().as_bytes()[start..end]).into_owned();
            return Ok(Value::text(cut, item.origin));
        }
        Data::List(list) => {
            return Ok(Value::list(list.borrow()[start..end].iter().cloned(), item.origin));
        }
        Data::Bytes(bytes) => Data::Bytes(bytes[start..end].into()),
        _ => Data::Nil,
    };
    let origins = indexes.iter().map(|index| index.origin).collect::<Vec<_>>();
    let mut origin = item.origin;
    for index in origins {
        origin = chosen_by(call, origin, index);
    }
    Ok(Value::new(data, origin))
}

/// The text of the arguments, escaped; nothing prints as it does in a template.
fn escaped(call: &mut Call<'_>, values: &[Value], escape: fn(&str) -> String) -> Answer {
    let shown: Vec<Value> = values
        .iter()
        .map(|value| match value.data {
            // Not text: `print` puts spaces around nothing, but `html` asks for what it would print.
            Data::Nil => Value::text(super::rendering::NO_VALUE, value.origin),
            _ => value.clone(),
        })
        .collect();
    let printed = print::print(call, &shown)?;
    let text = escape(printed.as_str().unwrap_or_default());
    call.budget.bytes(text.len())?;
    let unchanged = printed.as_str() == Some(text.as_str());
    if unchanged {
        return Ok(printed);
    }
    let origin = call.origins.of(How::Derived, [printed.origin]);
    Ok(Value::text(text, origin))
}
