//! Lists: made, grown, and what stands at their ends. A list that is given is never changed.

use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, at_least, derived, exactly, items_to, list};
use super::choices::is_empty;
use super::kinds::same;
use super::spell::spelled;
use super::strings::texts;
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::value::{Data, Object, Value};

pub(super) const TABLE: Table = &[
    ("list", list_of),
    ("tuple", list_of),
    ("append", append),
    ("push", append),
    ("mustAppend", append),
    ("mustPush", append),
    ("prepend", prepend),
    ("mustPrepend", prepend),
    ("concat", concat),
    ("first", first),
    ("mustFirst", first),
    ("last", last),
    ("mustLast", last),
    ("reverse", reverse),
    ("mustReverse", reverse),
    ("compact", compact),
    ("mustCompact", compact),
    ("uniq", uniq),
    ("mustUniq", uniq),
    ("without", without),
    ("mustWithout", without),
    ("has", has),
    ("mustHas", has),
    ("sortAlpha", sort_alpha),
];

/// A list of Go that was never made: empty like any other, but JSON and YAML say `null`.
#[derive(Debug)]
struct NilList;

impl Object for NilList {
    fn type_name(&self) -> &'static str {
        "[]interface {}"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn call(&self, name: &str, _: &[Value]) -> Option<Result<Value, String>> {
        (name == "String").then(|| Ok(Value::text("[]", Origin::NONE)))
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        Some(Vec::new())
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::nil(Origin::NONE))
    }
}

/// A list, which is nil where there is nothing in it.
pub(super) fn list_or_nil(call: &mut Call<'_>, items: Vec<Value>, from: &[Value]) -> Answer {
    if !items.is_empty() {
        return list(call, items, from);
    }
    let origin = derived(call, Data::Nil, from).origin;
    Ok(Value::new(Data::Object(Rc::new(NilList)), origin))
}

fn list_of(call: &mut Call<'_>, values: &[Value]) -> Answer {
    call.budget.work(values.len())?;
    Ok(Value::list(values.to_vec(), call.at))
}

fn append(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [into, value] = exactly("append", values)?;
    let mut items = items_to("push on", into)?;
    items.push(value.clone());
    list(call, items, values)
}

fn prepend(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [into, value] = exactly("prepend", values)?;
    let mut items = items_to("prepend on", into)?;
    items.insert(0, value.clone());
    list(call, items, values)
}

fn concat(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let mut all = Vec::new();
    for value in values {
        all.extend(
            items_to("concat", value).map_err(|error| {
                if error.starts_with("Cannot") { format!("{error} as list") } else { error }
            })?,
        );
        call.budget.work(all.len())?;
    }
    list_or_nil(call, all, values)
}

/// What is found at an end of a list; nothing where it is empty.
fn end(call: &mut Call<'_>, value: &Value, found: Option<Value>) -> Value {
    found.unwrap_or_else(|| derived(call, Data::Nil, std::slice::from_ref(value)))
}

fn first(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("first", values)?;
    let found = items_to("find first on", value)?.into_iter().next();
    Ok(end(call, value, found))
}

fn last(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("last", values)?;
    let found = items_to("find last on", value)?.pop();
    Ok(end(call, value, found))
}

fn reverse(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("reverse", values)?;
    let mut items = items_to("find reverse on", value)?;
    items.reverse();
    list(call, items, values)
}

/// What is left of a list. What was dropped has a part in it, too.
fn left(call: &mut Call<'_>, whole: &Value, kept: Vec<Value>, dropped: Vec<Value>) -> Answer {
    let mut from = vec![whole.clone()];
    from.extend(dropped);
    list(call, kept, &from)
}

fn compact(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("compact", values)?;
    let (kept, dropped) = items_to("compact on", value)?.into_iter().partition(|item| !is_empty(item));
    left(call, value, kept, dropped)
}

fn contains(call: &mut Call<'_>, items: &[Value], wanted: &Value) -> Result<bool, String> {
    for item in items {
        if same(call, item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("uniq", values)?;
    let (mut kept, mut dropped): (Vec<Value>, Vec<Value>) = Default::default();
    for item in items_to("find uniq on", value)? {
        if contains(call, &kept, &item)? { &mut dropped } else { &mut kept }.push(item);
    }
    left(call, value, kept, dropped)
}

fn without(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([value], unwanted) = at_least("without", values)?;
    let (mut kept, mut dropped) = (Vec::new(), unwanted.to_vec());
    for item in items_to("find without on", value)? {
        if contains(call, unwanted, &item)? { &mut dropped } else { &mut kept }.push(item);
    }
    left(call, value, kept, dropped)
}

fn has(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [wanted, value] = exactly("has", values)?;
    let found = match value.data {
        Data::Nil => false,
        _ => {
            let items = items_to("find has on", value)?;
            contains(call, &items, wanted)?
        }
    };
    Ok(derived(call, Data::Bool(found), values))
}

fn to_text(call: &mut Call<'_>, value: &Value) -> Answer {
    let text = spelled(call, value)?;
    Ok(Value::new(Data::Text(text), value.origin))
}

fn sort_alpha(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("sortAlpha", values)?;
    let mut texts = match value.data {
        // Nothing is left out of a list, but not here.
        Data::Nil => vec![to_text(call, value)?],
        _ => texts(call, value)?,
    };
    call.budget.work(texts.len())?;
    texts.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    list(call, texts, values)
}
