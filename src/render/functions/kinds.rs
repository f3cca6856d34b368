//! What a value is, in Go's words, and whether two are the same.

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, kind, text};
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[
    ("typeOf", type_of),
    ("typeIs", type_is),
    ("typeIsLike", type_is_like),
    ("kindOf", kind_of),
    ("kindIs", kind_is),
    ("deepEqual", deep_equal),
];

/// How deep values are compared; what contains itself is deeper than any.
const DEPTH: usize = 200;

fn type_of(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("typeOf", values)?;
    derived_text(call, value.data.type_name(), values)
}

fn type_is(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, value] = exactly("typeIs", values)?;
    let is = text(name)?.as_str() == value.data.type_name();
    Ok(derived(call, Data::Bool(is), &values[1..]))
}

fn type_is_like(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, value] = exactly("typeIsLike", values)?;
    let (wanted, is) = (text(name)?.as_str(), value.data.type_name());
    let is = wanted == is || is.strip_prefix('*') == Some(wanted);
    Ok(derived(call, Data::Bool(is), &values[1..]))
}

fn kind_of(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("kindOf", values)?;
    derived_text(call, kind(&value.data), values)
}

fn kind_is(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [name, value] = exactly("kindIs", values)?;
    let is = text(name)?.as_str() == kind(&value.data);
    Ok(derived(call, Data::Bool(is), &values[1..]))
}

fn deep_equal(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [left, right] = exactly("deepEqual", values)?;
    let same = same(call, left, right)?;
    Ok(derived(call, Data::Bool(same), values))
}

/// `reflect.DeepEqual`.
pub(super) fn same(call: &mut Call<'_>, left: &Value, right: &Value) -> Result<bool, String> {
    compare(call, &left.data, &right.data, DEPTH)
}

fn compare(call: &mut Call<'_>, left: &Data, right: &Data, depth: usize) -> Result<bool, String> {
    let depth = depth.checked_sub(1).ok_or("the values are nested too deeply to be compared")?;
    call.budget.work(1)?;
    Ok(match (left, right) {
        (Data::Nil, Data::Nil) => true,
        (Data::Bool(left), Data::Bool(right)) => left == right,
        (Data::Int(left), Data::Int(right)) => left == right,
        (Data::Float(left), Data::Float(right)) => left == right,
        (Data::Text(left), Data::Text(right)) => left == right,
        (Data::Bytes(left), Data::Bytes(right)) => left == right,
        (Data::List(left), Data::List(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !compare(call, &left.data, &right.data, depth)? {
                    return Ok(false);
                }
            }
            true
        }
        (Data::Map(left), Data::Map(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            if left.len() != right.len() {
                return Ok(false);
            }
            for ((name, left), (other, right)) in left.iter().zip(right.iter()) {
                if name != other || !compare(call, &left.value.data, &right.value.data, depth)? {
                    return Ok(false);
                }
            }
            true
        }
        (Data::Object(left), Data::Object(right)) if left.type_name() == right.type_name() => {
            match (left.plain(), right.plain()) {
                (Some(left), Some(right)) => compare(call, &left.data, &right.data, depth)?,
                _ => std::rc::Rc::ptr_eq(left, right),
            }
        }
        _ => false,
    })
}
