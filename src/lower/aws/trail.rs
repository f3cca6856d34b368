//! The borders that a value came over: calls of modules, and resources that nest a template. What is passed there, or left out, is
//! what somebody changes; the module that reads it may have other callers.

use std::cell::RefCell;

use crate::fact::{Spot, Spots};
use crate::syntax::tree::NodeRef;

/// The borders of the value that is being followed, the nearest to the reader first.
#[derive(Debug, Default)]
pub struct Trail<'a>(RefCell<Vec<Border<'a>>>);

#[derive(Clone, Debug)]
enum Border<'a> {
    /// An argument says it.
    Passed(NodeRef<'a>),
    /// The call leaves the argument out, and this default counts.
    LeftOut(NodeRef<'a>, String, NodeRef<'a>),
    /// No border: what is computed is computed of this, or here.
    Used(NodeRef<'a>),
}

impl<'a> Trail<'a> {
    /// Begins anew.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// An argument was read.
    pub fn passed(&self, argument: NodeRef<'a>) {
        self.0.borrow_mut().push(Border::Passed(argument));
    }

    /// A default was read, because the call does not have the argument.
    pub fn left_out(&self, call: NodeRef<'a>, name: &str, default: NodeRef<'a>) {
        self.0.borrow_mut().push(Border::LeftOut(call, name.to_owned(), default));
    }

    /// A value was computed here, or of what stands here.
    pub fn used(&self, operand: NodeRef<'a>) {
        self.0.borrow_mut().push(Border::Used(operand));
    }

    /// What the value was computed of, the outermost first.
    pub fn operands(&self) -> Vec<NodeRef<'a>> {
        let used = |border: &Border<'a>| match border {
            Border::Used(operand) => Some(*operand),
            Border::Passed(_) | Border::LeftOut(..) => None,
        };
        self.0.borrow().iter().rev().filter_map(used).collect()
    }

    /// Follows what only selects among values: its borders are not those of the value.
    pub fn aside<T>(&self, follow: impl FnOnce() -> T) -> T {
        let before = self.0.borrow().len();
        let answer = follow();
        self.0.borrow_mut().truncate(before);
        answer
    }

    /// The places of the borders, the one that decides first.
    pub fn spots(&self) -> Spots<'a> {
        let mut spots = Spots::new();
        for border in self.0.borrow().iter().rev() {
            match border {
                Border::Passed(argument) => spots.push(Spot::value(*argument).saying("passed here")),
                Border::LeftOut(call, name, default) => {
                    spots.push(Spot::key(*call).saying(format!("leaves `{name}` out")));
                    spots.push(Spot::value(*default).saying("so its default counts"));
                }
                Border::Used(_) => {}
            }
        }
        spots
    }
}
