//! What was read of the model lately.
//!
//! The rules of a subject read the same facts one after the other, and a fact costs far more to compute than to copy. A fact
//! depends on nothing but the model and its thing, so what was read once is true for the whole run: nothing is ever
//! outdated, only displaced by something newer in the same place.

use std::cell::RefCell;
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
    places: RefCell<Box<[Option<Known<'a>>; PLACES]>>,
}

struct Known<'a> {
    fact: &'static FactDef,
    thing: Thing,
    value: Rc<Val<'a>>,
}

impl Known<'_> {
    fn is(&self, fact: &'static FactDef, thing: Thing) -> bool {
        std::ptr::eq(self.fact, fact) && self.thing == thing
    }
}

impl<'a> Memo<'a> {
    /// A memory of nothing yet.
    pub fn new(model: &'a Model<'a>) -> Self {
        Self { model, places: RefCell::new(Box::new([const { None }; PLACES])) }
    }

    /// The model.
    pub fn model(&self) -> &'a Model<'a> {
        self.model
    }

    /// A fact of a thing. An absent one without a place is shown at the thing.
    pub fn read(&self, fact: &'static FactDef, thing: Thing) -> Rc<Val<'a>> {
        let at = place(fact, thing);
        if let Some(known) = &self.places.borrow()[at]
            && known.is(fact, thing)
        {
            return Rc::clone(&known.value);
        }
        self.compute(fact, thing)
    }

    /// What is true of a fact of a thing: it is looked at where it lies.
    pub fn look<T>(&self, fact: &'static FactDef, thing: Thing, of: impl FnOnce(&Val<'a>) -> T) -> T {
        if let Some(known) = &self.places.borrow()[place(fact, thing)]
            && known.is(fact, thing)
        {
            return of(&known.value);
        }
        of(&self.compute(fact, thing))
    }

    fn compute(&self, fact: &'static FactDef, thing: Thing) -> Rc<Val<'a>> {
        let mut value = (fact.read)(self.model, thing);
        if value.spots.is_empty() && value.is_absent() {
            value.spots = self.grip(thing);
        }
        match &mut self.places.borrow_mut()[place(fact, thing)] {
            // What nobody holds any more makes room for what is new.
            Some(known) => {
                (known.fact, known.thing) = (fact, thing);
                match Rc::get_mut(&mut known.value) {
                    Some(old) => *old = value,
                    None => known.value = Rc::new(value),
                }
                Rc::clone(&known.value)
            }
            empty => Rc::clone(&empty.insert(Known { fact, thing, value: Rc::new(value) }).value),
        }
    }

    /// Where a thing stands.
    pub fn grip(&self, thing: Thing) -> Spots<'a> {
        (thing.kind.def().node)(self.model, thing).map(Spot::value).into_iter().collect()
    }
}

fn place(fact: &'static FactDef, thing: Thing) -> usize {
    let fact = std::ptr::from_ref(fact).addr() / size_of::<FactDef>();
    // Facts stand side by side in tables, and so do things in lists: a few odd factors keep them apart.
    let mixed = (fact as u32)
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(thing.id.wrapping_mul(0x85eb_ca6b))
        .wrapping_add(thing.part.wrapping_mul(0xc2b2_ae35));
    (mixed >> (u32::BITS - PLACES.ilog2())) as usize
}
