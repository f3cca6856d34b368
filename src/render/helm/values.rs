//! Who wins where several say a value: as Helm 3.16 has it, and the losers are remembered.
//!
//! What stands in a values file of the user wins over the parent's `values.yaml`, and this over the chart's own. Maps are
//! merged, everything else replaces, and `null` takes a key away.

use std::rc::Rc;

use super::super::origin::{Origin, Origins, Source};
use super::super::value::{Data, Entry, Map, Value};
use super::load::Chart;
use super::metadata::place;
use super::warning;
use crate::finding::Diagnostic;

/// The key whose values every chart below sees.
const GLOBAL: &str = "global";

/// Merges values; what is odd about them is said once, where somebody listens.
#[derive(Debug)]
pub(super) struct Merge<'r> {
    pub(super) origins: &'r mut Origins,
    /// Whether `null` is kept, because it has still to win over something.
    pub(super) keeps_null: bool,
    /// What is odd; none where the same is merged once more later.
    pub(super) warnings: Option<&'r mut Vec<Diagnostic>>,
}

/// A copy that shares nothing with the value.
pub(super) fn copy(value: &Value) -> Value {
    let data = match &value.data {
        Data::Map(map) => {
            let entries = map.borrow();
            let entries = entries.iter().map(|(key, entry)| (key.clone(), copy_entry(entry)));
            return Value::map(entries, value.origin);
        }
        Data::List(list) => return Value::list(list.borrow().iter().map(copy), value.origin),
        data => data.clone(),
    };
    Value { data, origin: value.origin }
}

fn copy_entry(entry: &Entry) -> Entry {
    Entry { key: entry.key, value: copy(&entry.value) }
}

fn entry(value: Value) -> Entry {
    Entry { key: value.origin, value }
}

/// The map that a value is.
pub(super) fn table(value: &Value) -> Option<Map> {
    match &value.data {
        Data::Map(map) => Some(map.clone()),
        _ => None,
    }
}

/// A map without entries.
pub(super) fn empty() -> Value {
    Value::map([], Origin::NONE)
}

/// The map at a path of keys.
pub(super) fn table_at(values: &Value, path: &str) -> Option<Value> {
    let found = path.split('.').try_fold(values.clone(), |value, key| value.get(key))?;
    matches!(found.data, Data::Map(_)).then_some(found)
}

/// What stands at a path of keys and is no map.
pub(super) fn scalar_at(values: &Value, path: &str) -> Option<Value> {
    let found = path.split('.').try_fold(values.clone(), |value, key| value.get(key))?;
    (!matches!(found.data, Data::Map(_))).then_some(found)
}

/// The values of a chart and of those below it, merged below `values`.
pub(super) fn coalesce(chart: &Chart, values: &Value, merge: &mut Merge<'_>) -> Result<Value, Diagnostic> {
    let merged = copy(values);
    let map = table(&merged).unwrap_or_default();
    merge.chart(chart, &map, "")?;
    Ok(Value { data: Data::Map(map), origin: merged.origin })
}

/// Two files of values: the second wins.
pub(super) fn overlay(below: &Value, above: &Value, origins: &mut Origins) -> Value {
    let (Some(low), Some(high)) = (table(below), table(above)) else { return above.clone() };
    let mut out = low.borrow().clone();
    for (key, entry) in high.borrow().iter() {
        let mut entry = entry.clone();
        if let Some(lower) = out.get(key) {
            let both = matches!((&lower.value.data, &entry.value.data), (Data::Map(_), Data::Map(_)));
            if both {
                entry.value = overlay(&lower.value, &entry.value, origins);
            } else {
                loses(origins, &mut entry.value, lower.value.origin);
            }
        }
        out.insert(key.clone(), entry);
    }
    Value { data: Data::Map(Rc::new(out.into())), origin: above.origin }
}

/// Remembers that `loser` had been written before.
pub(super) fn loses(origins: &mut Origins, winner: &mut Value, loser: Origin) {
    if loser != Origin::NONE && loser != winner.origin {
        winner.origin = behind(origins, winner.origin, loser, 0);
    }
}

fn behind(origins: &mut Origins, winner: Origin, loser: Origin, depth: usize) -> Origin {
    let Source::Node { place: at, path, before } = origins.get(winner).clone() else { return winner };
    if place(origins, loser) == Some(at) || depth > 8 {
        return winner;
    }
    let behind_it = if before == Origin::NONE { loser } else { behind(origins, before, loser, depth + 1) };
    if behind_it == before {
        winner
    } else {
        origins.add(Source::Node { place: at, path, before: behind_it })
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Merge<'_> {
    fn warn(&mut self, at: Origin, message: String, label: &str) {
        let place = place(self.origins, at);
        if let Some(warnings) = &mut self.warnings {
            warnings.push(warning(place, message, label));
        }
    }

    fn chart(&mut self, chart: &Chart, into: &Map, path: &str) -> Result<(), Diagnostic> {
        self.own(chart, into, path);
        for needed in &chart.dependencies {
            let name: Rc<str> = needed.metadata.name.as_str().into();
            let known = into.borrow().get(&name).map(|entry| entry.value.clone());
            let value = match known {
                Some(value) if matches!(value.data, Data::Map(_)) => value,
                Some(value) => {
                    let message = format!(
                        "`{}` is no map, and the chart `{name}` takes its values from there",
                        join(path, &name)
                    );
                    return Err(super::error(place(self.origins, value.origin), message, "not a map"));
                }
                None => {
                    let value = empty();
                    into.borrow_mut().insert(name.clone(), entry(value.clone()));
                    value
                }
            };
            if let Some(map) = table(&value) {
                let path = join(path, &name);
                self.globals(&map, into, &path);
                self.chart(needed, &map, &path)?;
            }
        }
        Ok(())
    }

    /// Gives a chart the globals of the one above it, which win.
    fn globals(&mut self, into: &Map, from: &Map, path: &str) {
        let (here, above) = (into.borrow().get(GLOBAL).cloned(), from.borrow().get(GLOBAL).cloned());
        let odd = [&here, &above].into_iter().flatten().find(|entry| table(&entry.value).is_none());
        if let Some(odd) = odd {
            self.warn(
                odd.value.origin,
                format!("`{}` is no map, so nothing of it is global", join(path, GLOBAL)),
                "here",
            );
            return;
        }
        let here = here.unwrap_or_else(|| entry(empty()));
        let (Some(own), above) = (table(&here.value), above.as_ref().and_then(|entry| table(&entry.value)))
        else {
            return;
        };
        for (key, global) in above.iter().flat_map(|map| map.borrow().clone()) {
            let known = own.borrow().get(&key).map(|entry| entry.value.clone());
            let known_table = known.as_ref().and_then(table);
            match (table(&global.value), known, known_table) {
                (Some(map), None, _) => {
                    let copy = Value {
                        data: Data::Map(Rc::new(map.borrow().clone().into())),
                        origin: global.value.origin,
                    };
                    own.borrow_mut().insert(key, Entry { key: global.key, value: copy });
                }
                (Some(map), Some(_), Some(known)) => {
                    let merged = Rc::new(map.borrow().clone().into());
                    let keeps_null = std::mem::replace(&mut self.keeps_null, true);
                    self.tables(&merged, &known, &join(path, &key));
                    self.keeps_null = keeps_null;
                    let value = Value { data: Data::Map(merged), origin: global.value.origin };
                    own.borrow_mut().insert(key, Entry { key: global.key, value });
                }
                (Some(_), Some(known), None) => {
                    self.warn(
                        known.origin,
                        format!("the global `{key}` is a map above and none here"),
                        "here",
                    );
                }
                (None, _, Some(_)) => {}
                (None, known, None) => {
                    let mut global = global;
                    if let Some(known) = known {
                        loses(self.origins, &mut global.value, known.origin);
                    }
                    own.borrow_mut().insert(key, global);
                }
            }
        }
        into.borrow_mut().insert(GLOBAL.into(), here);
    }

    /// Merges the chart's own defaults below `into`.
    fn own(&mut self, chart: &Chart, into: &Map, path: &str) {
        let Some(own) = table(&chart.values) else { return };
        for (key, default) in own.borrow().iter() {
            let written = into.borrow().get(key).map(|entry| entry.value.clone());
            match written {
                None => drop(into.borrow_mut().insert(key.clone(), copy_entry(default))),
                Some(Value { data: Data::Nil, .. }) if !self.keeps_null => {
                    into.borrow_mut().remove(key);
                }
                Some(Value { data: Data::Map(map), origin }) => match &default.value.data {
                    Data::Map(_) => {
                        if let Some(defaults) = table(&copy(&default.value)) {
                            self.tables(&map, &defaults, &join(path, key));
                        }
                    }
                    Data::Nil => {}
                    _ => self.warn(
                        origin,
                        format!(
                            "`{}` is no map in the chart's values.yaml, and is one here",
                            join(path, key)
                        ),
                        "a map",
                    ),
                },
                Some(_) => self.replaces(into, key, default.value.origin),
            }
        }
    }

    /// The value under a key stays, and remembers whom it beat.
    fn replaces(&mut self, into: &Map, key: &Rc<str>, loser: Origin) {
        if let Some(entry) = into.borrow_mut().get_mut(key) {
            loses(self.origins, &mut entry.value, loser);
        }
    }

    /// Merges `from` below `into`.
    pub(super) fn tables(&mut self, into: &Map, from: &Map, path: &str) {
        if Rc::ptr_eq(into, from) {
            return;
        }
        for (key, lower) in from.borrow().iter() {
            let written = into.borrow().get(key).map(|entry| entry.value.clone());
            let lower_table = table(&lower.value);
            match (written, lower_table) {
                (None, _) => drop(into.borrow_mut().insert(key.clone(), lower.clone())),
                (Some(Value { data: Data::Nil, .. }), _) if !self.keeps_null => {
                    into.borrow_mut().remove(key);
                }
                (Some(Value { data: Data::Map(map), .. }), Some(lower)) => {
                    self.tables(&map, &lower, &join(path, key));
                }
                (Some(value), Some(_)) => {
                    if !matches!(value.data, Data::Nil) {
                        let message =
                            format!("`{}` is a map in the chart's values, and none here", join(path, key));
                        self.warn(value.origin, message, "not a map");
                    }
                }
                (Some(Value { data: Data::Map(_), origin }), None) => {
                    if !matches!(lower.value.data, Data::Nil) {
                        let message =
                            format!("`{}` is no map in the chart's values, and is one here", join(path, key));
                        self.warn(origin, message, "a map");
                    }
                }
                (Some(_), None) => self.replaces(into, key, lower.value.origin),
            }
        }
    }
}
