//! Under which circumstances a byte was printed: the templates that called each other, the branches and loops around it, and
//! what decided them; and what was left out, and why.
//!
//! Circumstances are noted in the order in which they came to pass, so of two in the same surroundings the greater came later.

use std::rc::Rc;

use super::super::origin::{Origin, Origins, Source};
use super::super::text::{Frame, Text};
use crate::source::Place;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A template was executed: a file, or what was called by `template`.
    Template(Rc<str>),
    /// A template was included.
    Include(Rc<str>),
    /// Text was taken for a template by `tpl`.
    Tpl,
    /// An `if` held.
    If,
    /// An `if` or `with` did not hold, or there was nothing to range over, and there is an `else`.
    Else,
    /// A `with` had something.
    With,
    /// A round of a loop, counted from 0.
    Range(u32),
    /// A part of the template was not executed. Here it stands, if it is in a file.
    LeftOut(Option<Place>),
    /// A value was printed that is empty.
    Empty,
    /// Nothing new: the surroundings go on behind something that was left out.
    Later,
    /// What was printed earlier, under those circumstances, was kept in a value and is printed again here.
    Printed(Frame),
}

/// One circumstance.
#[derive(Clone, Debug)]
pub struct Circumstance {
    /// The surroundings.
    pub parent: Frame,
    /// What happened.
    pub what: What,
    /// The action of the template.
    pub at: Origin,
    /// What decided it.
    pub condition: Origin,
}

impl Circumstance {
    /// The part of a file that was left out, if one was: an action that printed nothing is itself that part.
    pub fn left_out(&self, origins: &Origins) -> Option<Place> {
        match (&self.what, origins.get(self.at)) {
            (What::LeftOut(body), _) => *body,
            (What::Empty, Source::Literal(action)) => Some(*action),
            _ => None,
        }
    }
}

/// All circumstances of a rendering.
#[derive(Debug)]
pub struct Frames(Vec<Circumstance>);

impl Default for Frames {
    fn default() -> Self {
        Self(vec![Circumstance {
            parent: Frame(0),
            what: What::Later,
            at: Origin::NONE,
            condition: Origin::NONE,
        }])
    }
}

/// Something that was left out of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The offset in the text at which it would stand.
    pub offset: u32,
    /// The circumstance that says what and why: [`What::LeftOut`] or [`What::Empty`].
    pub frame: Frame,
}

impl Frames {
    pub(super) fn add(&mut self, circumstance: Circumstance) -> Frame {
        self.0.push(circumstance);
        Frame(self.0.len() as u32 - 1)
    }

    /// Surroundings that no template made, put in because of this.
    pub fn put_in(&mut self, condition: Origin) -> Frame {
        if condition == Origin::NONE {
            return Frame(0);
        }
        self.add(Circumstance { parent: Frame(0), what: What::If, at: Origin::NONE, condition })
    }

    /// Notes that something was left out without any template's doing.
    pub fn leave_out(&mut self, what: Place, at: Origin, condition: Origin) -> Frame {
        self.add(Circumstance { parent: Frame(0), what: What::LeftOut(Some(what)), at, condition })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The circumstance of a frame.
    pub fn get(&self, frame: Frame) -> &Circumstance {
        &self.0[frame.0 as usize]
    }

    /// A frame and its surroundings, from the inside out.
    pub fn around(&self, frame: Frame) -> impl Iterator<Item = (Frame, &Circumstance)> {
        std::iter::successors((frame != Frame(0)).then_some(frame), |frame| {
            Some(self.get(*frame).parent).filter(|parent| *parent != Frame(0))
        })
        .map(|frame| (frame, self.get(frame)))
    }

    /// What decided that something was printed: the conditions of the surroundings, also of those in which a value that was
    /// kept had been printed first.
    pub fn conditions(&self, frame: Frame) -> Vec<Origin> {
        self.conditions_within(frame, Frame(0))
    }

    /// The same, as far as they lie within `outer`.
    pub(super) fn conditions_within(&self, frame: Frame, outer: Frame) -> Vec<Origin> {
        let mut found = Vec::new();
        let mut open = vec![frame];
        while let Some(frame) = open.pop() {
            for (frame, circumstance) in self.around(frame) {
                if frame == outer {
                    break;
                }
                if circumstance.condition != Origin::NONE && !found.contains(&circumstance.condition) {
                    found.push(circumstance.condition);
                }
                if let What::Printed(kept) = circumstance.what {
                    open.push(kept);
                }
            }
        }
        found
    }

    /// Whether one frame lies in another, or is it.
    pub(super) fn lies_in(&self, frame: Frame, outer: Frame) -> bool {
        let mut at = frame;
        // Surroundings are always older than what happens in them.
        while at > outer {
            at = self.get(at).parent;
        }
        at == outer
    }

    /// What was left out of `text` since frame `since`, by offset.
    pub(super) fn left_out(&self, text: &Text, since: Frame) -> Vec<LeftOut> {
        let all = since.0..self.0.len() as u32;
        let left: Vec<Frame> = all
            .clone()
            .map(Frame)
            .filter(|frame| matches!(self.get(*frame).what, What::LeftOut(_) | What::Empty))
            .collect();
        if left.is_empty() {
            return Vec::new();
        }
        let mut moments = Moments { first: since.0, of: vec![Vec::new(); all.len()] };
        for frame in &left {
            for (surrounding, _) in self.around(self.get(*frame).parent) {
                if !moments.watch(surrounding) {
                    break;
                }
            }
        }
        let mut start = 0;
        for piece in text.pieces() {
            self.note(&mut moments, piece.frame, start, piece.end, 0);
            start = piece.end;
        }
        let mut found: Vec<LeftOut> =
            left.into_iter().map(|frame| LeftOut { offset: self.offset(&moments, frame), frame }).collect();
        found.sort_by_key(|left| left.offset);
        found
    }

    /// Notes for every watched surrounding of a piece when and where the piece was printed.
    fn note(&self, moments: &mut Moments, frame: Frame, start: u32, end: u32, depth: u32) {
        let mut moment = frame;
        for (surrounding, circumstance) in self.around(frame) {
            moments.note(surrounding, moment, start, end);
            if let (What::Printed(kept), true) = (&circumstance.what, depth < 8) {
                self.note(moments, *kept, start, end, depth + 1);
            }
            moment = surrounding;
        }
    }

    /// Where in the text something happened: behind what was printed before it in the same surroundings.
    fn offset(&self, moments: &Moments, frame: Frame) -> u32 {
        let mut moment = frame;
        loop {
            let surrounding = self.get(moment).parent;
            let Some(noted) = moments.get(surrounding) else { return 0 };
            if let Some(last) = noted.iter().rev().find(|noted| noted.when < moment) {
                return last.end;
            }
            if let Some(first) = noted.first() {
                return first.start;
            }
            moment = surrounding;
        }
    }
}

/// When and where the pieces of some surroundings were printed.
struct Moments {
    first: u32,
    of: Vec<Vec<Moment>>,
}

#[derive(Clone, Copy)]
struct Moment {
    when: Frame,
    start: u32,
    end: u32,
}

impl Moments {
    fn get(&self, frame: Frame) -> Option<&[Moment]> {
        let noted = self.of.get(frame.0.checked_sub(self.first)? as usize)?;
        Some(noted.get(1..).unwrap_or_default())
    }

    /// Watches a surrounding; false where it is watched already, or older than all of this.
    fn watch(&mut self, frame: Frame) -> bool {
        let Some(noted) = frame.0.checked_sub(self.first).and_then(|index| self.of.get_mut(index as usize))
        else {
            return false;
        };
        let new = noted.is_empty();
        if new {
            noted.push(Moment { when: frame, start: 0, end: 0 });
        }
        new
    }

    fn note(&mut self, frame: Frame, when: Frame, start: u32, end: u32) {
        let Some(noted) = frame.0.checked_sub(self.first).and_then(|index| self.of.get_mut(index as usize))
        else {
            return;
        };
        match noted.as_mut_slice() {
            [] => {}
            [_, .., last] if last.when == when && last.end == start => last.end = end,
            _ => noted.push(Moment { when, start, end }),
        }
    }
}
