//! The resources of a build, in order, no two of one name.

use rustc_hash::FxHashSet;

use super::register::Register;
use super::resource::{Behavior, Id, Resource};
use super::schema::Schema;
use super::selector::Selector;

#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub(super) list: Vec<Resource>,
    /// What all of them are called, while nothing changes that but [`Set::append`], [`Set::absorb`] and [`Set::change`].
    register: Option<Register>,
}

impl Set {
    /// Adds resources; gives back those whose name is taken.
    pub(super) fn append(&mut self, more: Vec<Resource>, schema: &Schema) -> Vec<Resource> {
        let mut now = None;
        let register = match &mut self.register {
            Some(register) => register,
            None => now.insert(Register::of(&self.list, schema)),
        };
        let mut refused = Vec::new();
        for resource in more {
            let id = resource.id();
            if register.has(&id, schema) {
                refused.push(resource);
            } else {
                register.add(self.list.len(), &id, schema);
                self.list.push(resource);
            }
        }
        refused
    }

    /// Remembers what all are called from now on, for many are looked for one after the other.
    pub(super) fn remember(&mut self, schema: &Schema) {
        self.register = Some(Register::of(&self.list, schema));
    }

    /// Forgets it, for now others will change what is in the list.
    pub(super) fn forget(&mut self) {
        self.register = None;
    }

    /// Changes one resource.
    pub(super) fn change<T>(
        &mut self,
        at: usize,
        schema: &Schema,
        change: impl FnOnce(&mut Resource) -> T,
    ) -> T {
        let resource = &mut self.list[at];
        let Some(register) = &mut self.register else { return change(resource) };
        let (id, was_there) = (resource.id(), !resource.node.is_empty());
        let done = change(resource);
        let (new, is_there) = (resource.id(), !resource.node.is_empty());
        if id != new || was_there != is_there {
            if was_there {
                register.remove(&id, schema);
            }
            if is_there {
                register.add(at, &new, schema);
            }
        }
        done
    }

    /// Takes in what a generator made, as it wishes.
    pub(super) fn absorb(
        &mut self,
        mut new: Resource,
        schema: &Schema,
        merge: impl FnOnce(&mut Resource, &Resource),
    ) -> Result<(), String> {
        let id = new.id();
        let found: Vec<usize> = self.called(Some(&id.name), |other| other.equals(&id, schema));
        match (&found[..], new.behavior) {
            ([], Behavior::Create) => {
                if let Some(register) = &mut self.register {
                    register.add(self.list.len(), &id, schema);
                }
                self.list.push(new);
            }
            ([], _) => return Err(format!("{id} is to be merged or replaced, but there is none")),
            ([_], Behavior::Create) => {
                return Err(format!(
                    "{id} is there already; to change it, set `behavior` to merge or replace"
                ));
            }
            ([at], _) => {
                merge(&mut new, &self.list[*at]);
                self.change(*at, schema, |old| *old = new);
            }
            _ => return Err(format!("several resources could be meant by {id}")),
        }
        Ok(())
    }

    /// The positions of resources that fit by a name that they have or had: by this one, or for no name by any.
    pub(super) fn called(&self, name: Option<&str>, mut fits: impl FnMut(&Id) -> bool) -> Vec<usize> {
        let mut fits = |id: &Id| name.is_none_or(|name| *id.name == *name) && fits(id);
        let mut found = self.candidates(name);
        found.retain(|at| {
            let resource = &self.list[*at];
            fits(&resource.id()) || resource.previous_ids().iter().any(&mut fits)
        });
        found
    }

    /// The positions of the resources that a selector takes.
    pub(super) fn select(&self, selector: &Selector, schema: &Schema) -> Vec<usize> {
        let mut found = self.candidates(selector.name());
        found.retain(|at| selector.takes(&self.list[*at], schema));
        found
    }

    /// The positions of resources that may be or have been called so; of all that are there, for no name.
    pub(super) fn candidates(&self, name: Option<&str>) -> Vec<usize> {
        let is_there = |at: &usize| !self.list[*at].node.is_empty();
        match (name, &self.register) {
            (Some(name), Some(register)) => register.called(name).iter().copied().filter(is_there).collect(),
            (Some(name), None) => {
                let all = (0..self.list.len()).filter(is_there);
                all.filter(|at| self.list[*at].is_called(name)).collect()
            }
            (None, _) => (0..self.list.len()).filter(is_there).collect(),
        }
    }

    /// A resource whose name another one has, too. Those that a patch has just deleted have none.
    pub(super) fn first_double(&self, schema: &Schema) -> Option<&Resource> {
        if self.register.as_ref().is_some_and(|register| !register.has_doubles()) {
            return None;
        }
        let mut known: FxHashSet<Id> = FxHashSet::default();
        let mut there = self.list.iter().filter(|resource| !resource.node.is_null());
        there.find(|resource| !known.insert(resource.id().effective(schema)))
    }
}
