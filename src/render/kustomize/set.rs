//! The resources of a build, in order, no two of one name.

use rustc_hash::FxHashSet;

use super::resource::{Behavior, Id, Resource};
use super::schema::Schema;
use super::selector::Selector;

#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub(super) list: Vec<Resource>,
    /// What all of them are called, while nothing but [`Set::append`] changes the list.
    names: Option<FxHashSet<Id>>,
}

impl Set {
    /// Adds resources; gives back those whose name is taken.
    pub(super) fn append(&mut self, more: Vec<Resource>, schema: &Schema) -> Vec<Resource> {
        let mut now = None;
        let known = match &mut self.names {
            Some(names) => names,
            None => now.insert(names(&self.list, schema)),
        };
        let mut refused = Vec::new();
        for resource in more {
            if known.insert(resource.id().effective(schema)) {
                self.list.push(resource);
            } else {
                refused.push(resource);
            }
        }
        refused
    }

    /// Remembers names from now on: many files are added one after the other, and nothing is renamed between them.
    pub(super) fn remember_names(&mut self, schema: &Schema) {
        self.names = Some(names(&self.list, schema));
    }

    /// Forgets them, for now they will change.
    pub(super) fn forget_names(&mut self) {
        self.names = None;
    }

    /// Takes in what a generator made, as it wishes.
    pub(super) fn absorb(
        &mut self,
        mut new: Resource,
        schema: &Schema,
        merge: impl FnOnce(&mut Resource, &Resource),
    ) -> Result<(), String> {
        let id = new.id();
        let found: Vec<usize> = self.by_any_id(|other| other.equals(&id, schema));
        match (&found[..], new.behavior) {
            ([], Behavior::Create) => self.list.push(new),
            ([], _) => return Err(format!("{id} is to be merged or replaced, but there is none")),
            ([_], Behavior::Create) => {
                return Err(format!(
                    "{id} is there already; to change it, set `behavior` to merge or replace"
                ));
            }
            ([at], _) => {
                merge(&mut new, &self.list[*at]);
                self.list[*at] = new;
            }
            _ => return Err(format!("several resources could be meant by {id}")),
        }
        Ok(())
    }

    /// The positions of resources that are or were called so.
    pub(super) fn by_any_id(&self, mut fits: impl FnMut(&Id) -> bool) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, resource) in self.list.iter().enumerate() {
            if fits(&resource.id()) || resource.previous_ids().iter().any(&mut fits) {
                found.push(at);
            }
        }
        found
    }

    /// The positions of the resources that a selector takes.
    pub(super) fn select(&self, selector: &Selector, schema: &Schema) -> Vec<usize> {
        let taken = self.list.iter().enumerate().filter(|(_, resource)| selector.takes(resource, schema));
        taken.map(|(at, _)| at).collect()
    }

    /// A resource whose name another one has, too. Those that a patch has just deleted have none.
    pub(super) fn first_double(&self, schema: &Schema) -> Option<&Resource> {
        let mut known: FxHashSet<Id> = FxHashSet::default();
        let mut there = self.list.iter().filter(|resource| !resource.node.is_null());
        there.find(|resource| !known.insert(resource.id().effective(schema)))
    }
}

fn names(list: &[Resource], schema: &Schema) -> FxHashSet<Id> {
    list.iter().map(|resource| resource.id().effective(schema)).collect()
}
