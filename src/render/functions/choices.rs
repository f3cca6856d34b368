//! Choosing between values: what is empty, and what stands in for it.
//!
//! The value that is chosen is handed over as it is; its origin says what helped to choose it.

use super::Table;
use super::arguments::{Answer, at_least, chosen, derived, exactly, origins, truth};
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[
    ("default", default),
    ("empty", empty),
    ("coalesce", coalesce),
    ("all", all),
    ("any", any),
    ("ternary", ternary),
];

/// sprig's notion of empty; a struct never is.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

fn default(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([fallback], given) = at_least("default", values)?;
    match given.first() {
        Some(given) if !is_empty(given) => Ok(given.clone()),
        Some(given) => Ok(chosen(call, fallback, [given.origin])),
        None => Ok(fallback.clone()),
    }
}

fn empty(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("empty", values)?;
    Ok(derived(call, Data::Bool(is_empty(value)), values))
}

fn coalesce(call: &mut Call<'_>, values: &[Value]) -> Answer {
    match values.iter().position(|value| !is_empty(value)) {
        Some(0) => Ok(values[0].clone()),
        Some(at) => Ok(chosen(call, &values[at], origins(&values[..at]))),
        None => Ok(derived(call, Data::Nil, values)),
    }
}

fn all(call: &mut Call<'_>, values: &[Value]) -> Answer {
    Ok(derived(call, Data::Bool(!values.iter().any(is_empty)), values))
}

fn any(call: &mut Call<'_>, values: &[Value]) -> Answer {
    Ok(derived(call, Data::Bool(!values.iter().all(is_empty)), values))
}

fn ternary(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [yes, no, condition] = exactly("ternary", values)?;
    let value = if truth(condition)? { yes } else { no };
    Ok(chosen(call, value, [condition.origin]))
}
