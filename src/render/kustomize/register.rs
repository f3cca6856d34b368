//! Who is called what in a set, so that each of thousands of patches finds its resource without asking all of them.
//!
//! It is true only while everybody who changes names tells it: see [`super::set::Set::remember`].

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::resource::{Id, Resource};
use super::schema::Schema;

#[derive(Clone, Debug, Default)]
pub(super) struct Register {
    /// The positions of those that are called so, or were, in order. A name that is no longer anybody's may still be here.
    by_name: FxHashMap<Rc<str>, SmallVec<[usize; 1]>>,
    /// How many are called so.
    ids: FxHashMap<Id, usize>,
    /// How many are called what another one is called.
    doubles: usize,
}

impl Register {
    pub(super) fn of(list: &[Resource], schema: &Schema) -> Self {
        let mut this = Self::default();
        for (at, resource) in list.iter().enumerate().filter(|(_, resource)| !resource.node.is_empty()) {
            for previous in &resource.previous {
                this.name(at, &previous.name);
            }
            this.add(at, &resource.id(), schema);
        }
        this
    }

    /// Whether one is called so.
    pub(super) fn has(&self, id: &Id, schema: &Schema) -> bool {
        self.ids.contains_key(&id.effective(schema))
    }

    /// Whether two are called the same.
    pub(super) fn has_doubles(&self) -> bool {
        self.doubles > 0
    }

    /// Where those may stand that are or were called so.
    pub(super) fn called(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], |positions| positions)
    }

    /// The resource at a position is called so.
    pub(super) fn add(&mut self, at: usize, id: &Id, schema: &Schema) {
        self.name(at, &id.name);
        let count = self.ids.entry(id.effective(schema)).or_default();
        self.doubles += usize::from(*count > 0);
        *count += 1;
    }

    /// A resource is no longer called so.
    pub(super) fn remove(&mut self, id: &Id, schema: &Schema) {
        let id = id.effective(schema);
        let Some(count) = self.ids.get_mut(&id) else { return };
        *count -= 1;
        self.doubles -= usize::from(*count > 0);
        if *count == 0 {
            self.ids.remove(&id);
        }
    }

    fn name(&mut self, at: usize, name: &Rc<str>) {
        let positions = self.by_name.entry(Rc::clone(name)).or_default();
        if let Err(place) = positions.binary_search(&at) {
            positions.insert(place, at);
        }
    }
}
