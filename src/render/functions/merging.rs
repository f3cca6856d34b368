//! Maps brought together, as `mergo` does it: into the first one, which changes.

use std::rc::Rc;

use super::Table;
use super::arguments::{Answer, at_least, map};
use super::choices::is_empty;
use crate::render::template::function::Call;
use crate::render::value::{Data, Entry, Map, Value};

pub(super) const TABLE: Table = &[
    ("merge", merge),
    ("mustMerge", merge),
    ("mergeOverwrite", merge_overwrite),
    ("mustMergeOverwrite", merge_overwrite),
];

/// How deep maps are merged.
const DEPTH: usize = 200;

fn merge(call: &mut Call<'_>, values: &[Value]) -> Answer {
    merged(call, "merge", values, false)
}

fn merge_overwrite(call: &mut Call<'_>, values: &[Value]) -> Answer {
    merged(call, "mergeOverwrite", values, true)
}

fn merged(call: &mut Call<'_>, name: &str, values: &[Value], overwrite: bool) -> Answer {
    let ([target], sources) = at_least(name, values)?;
    let into = map(target)?;
    for source in sources {
        let source = map(source)?;
        bring(call, &into, &source, overwrite, DEPTH)?;
    }
    Ok(target.clone())
}

/// Brings what one map holds into another.
fn bring(call: &mut Call<'_>, into: &Map, from: &Map, overwrite: bool, depth: usize) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("the maps are nested too deeply to be merged")?;
    if Rc::ptr_eq(into, from) {
        return Ok(());
    }
    // What is brought in may be part of what it is brought into.
    let entries: Vec<(Rc<str>, Entry)> =
        from.borrow().iter().map(|(key, entry)| (Rc::clone(key), entry.clone())).collect();
    call.budget.work(entries.len())?;
    for (key, entry) in entries {
        let present = into.borrow().get(&key).map(|entry| entry.value.clone());
        let nothing = matches!(entry.value.data, Data::Nil);
        let Some(present) = present else {
            if nothing && !overwrite {
                continue;
            }
            into.borrow_mut().insert(key, entry);
            continue;
        };
        match (&entry.value.data, &present.data) {
            (Data::Map(inner), Data::Map(target)) => {
                bring(call, target, inner, overwrite, depth)?;
                // A map that stays empty takes the other one's place, and both are one from then on.
                if target.borrow().is_empty() {
                    into.borrow_mut().insert(key, entry);
                }
            }
            _ if overwrite || is_empty(&present) && !nothing => {
                into.borrow_mut().insert(key, entry);
            }
            _ => {}
        }
    }
    Ok(())
}
