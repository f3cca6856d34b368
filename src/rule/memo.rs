//! What was read of the model lately.
//!
//! The rules of a subject read the same facts one after the other, and a fact costs far more to compute than to copy. A fact
//! depends on nothing but the model and its thing, so what was read once is true for the whole run: nothing is ever
//! outdated, only displaced by something newer in the same place.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use crate::fact::{Spot, Spots};
use crate::model::value::Val;
use crate::model::vocabulary::FactDef;
use crate::model::{Model, Thing};

/// How many facts are kept: some more than all rules read of one subject.
const PLACES: usize = 256;

/// Facts that were read lately, for one thread.
pub struct Memo<'a> {
    model: &'a Model<'a>,
    places: RefCell<Vec<Option<Known<'a>>>>,
}

struct Known<'a> {
    fact: &'static FactDef,
    thing: Thing,
    value: Rc<Val<'a>>,
}

impl<'a> Memo<'a> {
    /// A memory of nothing yet.
    pub fn new(model: &'a Model<'a>) -> Self {
        let mut places = Vec::new();
        places.resize_with(PLACES, || None);
        Self { model, places: RefCell::new(places) }
    }

    /// The model.
    pub fn model(&self) -> &'a Model<'a> {
        self.model
    }

    /// A fact of a thing. An absent one without a place is shown at the thing.
    pub fn read(&self, fact: &'static FactDef, thing: Thing) -> Rc<Val<'a>> {
        let at = place(fact, thing);
        if let Some(known) = &self.places.borrow()[at]
            && std::ptr::eq(known.fact, fact)
            && known.thing == thing
        {
            return Rc::clone(&known.value);
        }
        let mut value = (fact.read)(self.model, thing);
        if value.spots.is_empty() && value.is_absent() {
            value.spots = self.grip(thing);
        }
        let value = Rc::new(value);
        self.places.borrow_mut()[at] = Some(Known { fact, thing, value: Rc::clone(&value) });
        value
    }

    /// Where a thing stands.
    pub fn grip(&self, thing: Thing) -> Spots<'a> {
        (thing.kind.def().node)(self.model, thing).map(Spot::value).into_iter().collect()
    }
}

fn place(fact: &'static FactDef, thing: Thing) -> usize {
    let mut hasher = rustc_hash::FxHasher::default();
    (std::ptr::from_ref(fact).addr(), thing.id, thing.part).hash(&mut hasher);
    hasher.finish() as usize % PLACES
}
