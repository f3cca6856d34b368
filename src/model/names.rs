//! Finding the object that a name means.
//!
//! A name resolves inside its unit and namespace. A bearer of the name elsewhere does not answer, but it makes the answer
//! unknown; so does one whose own name or namespace is filled in later.

use rustc_hash::FxHashMap;

use super::{Model, link};
use crate::fact::Reason;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;

/// Objects by kind and name; those whose name is only known at run time stand under no name too.
#[derive(Debug, Default)]
pub struct Names {
    by_name: FxHashMap<u64, Vec<u32>>,
}

/// What a name leads to.
#[derive(Clone, Debug)]
pub enum Sought {
    /// This object.
    Found(u32),
    /// Nothing that we saw.
    Missing,
    /// It cannot be known, for this reason.
    Perhaps(Reason),
}

/// The objects of this kind that bear this name, in any unit, whatever their group.
pub fn bearers(model: &Model<'_>, kind: &str, name: &str) -> Vec<u32> {
    let index = model.index.names.get_or_init(|| {
        let mut by_name: FxHashMap<_, Vec<u32>> = FxHashMap::default();
        for (id, entry) in model.objects.iter().enumerate() {
            let object = &entry.object;
            by_name.entry(link::pair(object.kind, object.name)).or_default().push(id as u32);
            if read::is_filled_in_later(object.name) {
                by_name.entry(link::pair(object.kind, "")).or_default().push(id as u32);
            }
        }
        Names { by_name }
    });
    let is_meant = |id: &u32| {
        let object = &model.objects[*id as usize].object;
        object.kind == kind && (object.name == name || name.is_empty())
    };
    index.by_name.get(&link::pair(kind, name)).into_iter().flatten().copied().filter(is_meant).collect()
}

/// Seeks the object of a kind and name that the object `from` means. `group` says which API groups may be meant.
pub fn seek(model: &Model<'_>, from: u32, group: impl Fn(&str) -> bool, kind: &str, name: &str) -> Sought {
    let unit = model.objects[from as usize].unit;
    let mut perhaps = None;
    for id in bearers(model, kind, name).into_iter().filter(|_| !name.is_empty()) {
        let entry = &model.objects[id as usize];
        if !group(entry.object.group()) {
            continue;
        }
        match (link::same_namespace(model, from, id), entry.unit == unit) {
            (Match::Yes, true) => return Sought::Found(id),
            (Match::No, _) => {}
            (Match::Perhaps, true) => {
                perhaps.get_or_insert_with(|| Reason::new("a namespace is only known at run time"));
            }
            (_, false) => {
                let unit = &model.units[entry.unit as usize].name;
                perhaps.get_or_insert_with(|| Reason::new(format!("the one in `{unit}` may be meant")));
            }
        }
    }
    if let Some(reason) = perhaps {
        return Sought::Perhaps(reason);
    }
    let nameless = || bearers(model, kind, "").iter().any(|id| model.objects[*id as usize].unit == unit);
    if name.is_empty() || read::is_filled_in_later(name) || nameless() {
        return Sought::Perhaps(Reason::new("a name is only known at run time"));
    }
    Sought::Missing
}

/// Things by the namespace that they go to, for joins in which a namespace is all that two things share.
#[derive(Debug, Default)]
pub struct Dwellers {
    by_namespace: FxHashMap<(u32, u64), Vec<u32>>,
    /// Those of a unit of which no namespace is known.
    homeless: FxHashMap<u32, Vec<u32>>,
    by_unit: FxHashMap<u32, Vec<u32>>,
}

impl Dwellers {
    /// An index of things, each with its object.
    pub fn new(model: &Model<'_>, things: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut index = Self::default();
        for (id, object) in things {
            let unit = model.objects[object as usize].unit;
            index.by_unit.entry(unit).or_default().push(id);
            match link::namespace(model, object) {
                Some(namespace) => {
                    index.by_namespace.entry((unit, link::pair("", namespace))).or_default().push(id)
                }
                None => index.homeless.entry(unit).or_default().push(id),
            }
        }
        index
    }

    /// Those that may go to the namespace of an object of the same unit, in order; whether they do is still to be asked.
    pub fn near(&self, model: &Model<'_>, object: u32) -> Vec<u32> {
        let unit = model.objects[object as usize].unit;
        let Some(namespace) = link::namespace(model, object) else {
            return self.by_unit.get(&unit).cloned().unwrap_or_default();
        };
        let named = self.by_namespace.get(&(unit, link::pair("", namespace)));
        let mut found: Vec<u32> =
            named.into_iter().chain(self.homeless.get(&unit)).flatten().copied().collect();
        found.sort_unstable();
        found
    }
}
