//! Maps: made, asked and changed.
//!
//! `set` and `unset` change the map for everybody who holds it, as in Go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, at_least, chosen, exactly, list, map, text};
use super::spell::strval;
use crate::render::origin::{How, Source};
use crate::render::template::function::Call;
use crate::render::value::{Data, Entry, Value};

pub(super) const TABLE: Table = &[
    ("dict", dict),
    ("get", get),
    ("set", set),
    ("unset", unset),
    ("hasKey", has_key),
    ("pluck", pluck),
    ("keys", keys),
    ("values", values_of),
    ("pick", pick),
    ("omit", omit),
    ("dig", dig),
    ("deepCopy", deep_copy),
    ("mustDeepCopy", deep_copy),
];

/// How deep a value is copied.
const DEPTH: usize = 200;

fn dict(call: &mut Call<'_>, values: &[Value]) -> Answer {
    call.budget.work(values.len())?;
    let mut entries = BTreeMap::new();
    for pair in values.chunks(2) {
        let key = strval(call, &pair[0])?;
        let value = match pair.get(1) {
            Some(value) => value.clone(),
            None => Value::text("", call.at),
        };
        entries.insert(Rc::from(key.as_str()), Entry { key: pair[0].origin, value });
    }
    Ok(Value::map(entries, call.at))
}

/// The value of a key that is not there, whose origin says that it could be.
fn missing(call: &mut Call<'_>, value: Value, map: &Value, key: &str) -> Value {
    let missing = call.origins.add(Source::Missing { map: map.origin, key: key.into() });
    chosen(call, &value, [missing])
}

fn get(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [dict, key] = exactly("get", values)?;
    let (entries, key) = (map(dict)?, text(key)?.as_str());
    let found = entries.borrow().get(key).map(|entry| entry.value.clone());
    Ok(found.unwrap_or_else(|| {
        let empty = Value::text("", call.at);
        missing(call, empty, dict, key)
    }))
}

fn set(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [dict, key, value] = exactly("set", values)?;
    call.budget.work(1)?;
    let name = Rc::from(text(key)?.as_str());
    map(dict)?.borrow_mut().insert(name, Entry { key: key.origin, value: value.clone() });
    Ok(dict.clone())
}

fn unset(_: &mut Call<'_>, values: &[Value]) -> Answer {
    let [dict, key] = exactly("unset", values)?;
    map(dict)?.borrow_mut().remove(text(key)?.as_str());
    Ok(dict.clone())
}

fn has_key(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [dict, key] = exactly("hasKey", values)?;
    let (entries, key) = (map(dict)?, text(key)?.as_str());
    let found = entries.borrow().get(key).map(|entry| entry.value.origin);
    Ok(match found {
        Some(origin) => {
            let origin = call.origins.of(How::Derived, [origin]);
            Value::new(Data::Bool(true), origin)
        }
        None => {
            let no = Value::new(Data::Bool(false), crate::render::origin::Origin::NONE);
            missing(call, no, dict, key)
        }
    })
}

fn pluck(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([key], dicts) = at_least("pluck", values)?;
    let key = text(key)?.as_str();
    let mut found = Vec::new();
    for dict in dicts {
        found.extend(map(dict)?.borrow().get(key).map(|entry| entry.value.clone()));
    }
    list(call, found, dicts)
}

fn keys(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let mut keys = Vec::new();
    for dict in values {
        keys.extend(map(dict)?.borrow().iter().map(|(key, entry)| Value::text(Rc::clone(key), entry.key)));
    }
    list(call, keys, values)
}

fn values_of(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [dict] = exactly("values", values)?;
    let found = map(dict)?.borrow().values().map(|entry| entry.value.clone()).collect();
    list(call, found, values)
}

fn names(keys: &[Value]) -> Result<Vec<&str>, String> {
    keys.iter().map(|key| text(key).map(|text| text.as_str())).collect()
}

fn pick(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([dict], keys) = at_least("pick", values)?;
    call.budget.work(keys.len())?;
    let entries = map(dict)?;
    let entries = entries.borrow();
    let picked = names(keys)?.into_iter().filter_map(|key| entries.get_key_value(key));
    Ok(Value::map(picked.map(|(key, entry)| (Rc::clone(key), entry.clone())), dict.origin))
}

fn omit(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let ([dict], keys) = at_least("omit", values)?;
    let keys = names(keys)?;
    let entries = map(dict)?;
    let entries = entries.borrow();
    call.budget.work(entries.len())?;
    let left = entries.iter().filter(|(key, _)| !keys.contains(&&***key));
    Ok(Value::map(left.map(|(key, entry)| (Rc::clone(key), entry.clone())), dict.origin))
}

fn dig(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [keys @ .., default, dict] = values else {
        return Err("dig needs at least three arguments".to_owned());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".to_owned());
    }
    let converted = |value: &Value, wanted: &str| {
        let is = value.data.type_name();
        let is = if matches!(value.data, Data::Nil) { "nil" } else { is };
        format!("interface conversion: interface {{}} is {is}, not {wanted}")
    };
    let mut at = dict.clone();
    if map(&at).is_err() {
        return Err(converted(&at, "map[string]interface {}"));
    }
    if let Some(key) = keys.iter().find(|key| text(key).is_err()) {
        return Err(converted(key, "string"));
    }
    for key in names(keys)? {
        let Ok(entries) = map(&at) else { return Err(converted(&at, "map[string]interface {}")) };
        let found = entries.borrow().get(key).map(|entry| entry.value.clone());
        match found {
            Some(found) => at = found,
            None => return Ok(missing(call, default.clone(), &at, key)),
        }
    }
    Ok(at)
}

fn deep_copy(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("deepCopy", values)?;
    if let Data::Nil = value.data {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    copied(call, value, DEPTH)
}

fn copied(call: &mut Call<'_>, value: &Value, depth: usize) -> Answer {
    let depth = depth.checked_sub(1).ok_or("the value is nested too deeply to be copied")?;
    call.budget.work(1)?;
    Ok(match &value.data {
        Data::List(list) => {
            let items =
                list.borrow().iter().map(|item| copied(call, item, depth)).collect::<Result<Vec<_>, _>>()?;
            Value::list(items, value.origin)
        }
        Data::Map(map) => {
            let mut entries = BTreeMap::new();
            for (key, entry) in map.borrow().iter() {
                let value = copied(call, &entry.value, depth)?;
                entries.insert(Rc::clone(key), Entry { key: entry.key, value });
            }
            Value::map(entries, value.origin)
        }
        _ => value.clone(),
    })
}
