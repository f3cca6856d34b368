//! What a rendering prints, under which circumstances, and what it leaves out.

use super::super::origin::{How, Origin, Source as OriginSource};
use super::super::text::{Frame, Piece, Text};
use super::super::value::{Data, Value};
use super::frame::{Circumstance, What};
use super::print;
use super::rendering::{NO_VALUE, Rendering, Result};
use super::templates::Source;
use super::tree::{Id, Lines, List, Range};

/// The surroundings, the same later, and whether something was left out since.
pub(super) type Surroundings = (Frame, Frame, bool);

impl Rendering<'_> {
    /// Begins new surroundings.
    pub(super) fn enter(&mut self, what: What, at: Origin, condition: Origin) -> Surroundings {
        let parent = self.base;
        let frame = self.frames.add(Circumstance { parent, what, at, condition });
        let outer = (self.base, self.now, self.stale);
        (self.base, self.now, self.stale) = (frame, frame, false);
        outer
    }

    /// Goes back to the surroundings around.
    pub(super) fn leave(&mut self, outer: Surroundings) {
        (self.base, self.now, self.stale) = outer;
    }

    /// The frame of what is printed now.
    pub(super) fn frame(&mut self) -> Frame {
        if self.stale {
            let (what, parent) = (What::Later, self.base);
            self.now =
                self.frames.add(Circumstance { parent, what, at: Origin::NONE, condition: Origin::NONE });
            self.stale = false;
        }
        self.now
    }

    pub(super) fn left_out(&mut self, what: What, at: Origin, condition: Origin) {
        self.frames.add(Circumstance { parent: self.base, what, at, condition });
        self.stale = true;
    }

    /// Notes what decided about the text that is being made.
    pub(super) fn influence(&mut self, origin: Origin) {
        const ENOUGH: usize = 128;
        if origin != Origin::NONE && self.influences.len() < ENOUGH && !self.influences.contains(&origin) {
            self.influences.push(origin);
        }
    }

    pub(super) fn text(&mut self, lines: &Lines) -> Result<()> {
        let Some(template) = &self.state.template else { return Ok(()) };
        let written = template.tree.written.clone();
        let value = match &template.source {
            Source::Value(text) => Some(text.clone()),
            Source::File(..) => None,
        };
        self.spend_bytes((lines.range.end - lines.range.start) as usize)?;
        let frame = self.frame();
        if let Some(text) = value {
            let part = text.slice(lines.range.start as usize, lines.range.end as usize);
            self.print_kept(&part, frame);
            return Ok(());
        }
        let mut start = lines.range.start;
        for (index, line) in lines.range.of(&written.text).split_inclusive('\n').enumerate() {
            let range = Range { start, end: start + line.len() as u32 };
            let origin = self.literal(Id(lines.first.0 + index as u32), range);
            self.out.push(line, origin, frame);
            start = range.end;
        }
        Ok(())
    }

    /// Prints a value, as an action does.
    pub(super) fn print(&mut self, value: &Value) -> Result<()> {
        let before = self.out.len();
        let frame = self.frame();
        match &value.data {
            Data::Nil => {
                self.out.push(NO_VALUE, value.origin, frame);
            }
            Data::Text(text) => {
                self.spend_bytes(text.len() + text.count() * size_of::<Piece>())?;
                let mut pieces = text.pieces();
                let first = pieces.next();
                let single = pieces.next().is_none();
                drop(pieces);
                let chosen = matches!(self.origins.get(value.origin), OriginSource::Of(How::Chosen, _));
                match first {
                    Some(piece) if single && piece.frame == Frame(0) => {
                        let origin = if value.origin == Origin::NONE { piece.origin } else { value.origin };
                        self.out.push(text.as_str(), origin, frame);
                    }
                    Some(_) if chosen => {
                        self.influence(value.origin);
                        let (parent, what, at) = (frame, What::Later, Origin::NONE);
                        let condition = value.origin;
                        let frame = self.frames.add(Circumstance { parent, what, at, condition });
                        self.print_kept(text, frame);
                    }
                    Some(_) => self.print_kept(text, frame),
                    None => {}
                }
            }
            _ => {
                let at = self.action();
                let out = std::mem::take(&mut self.out);
                let mut printer =
                    print::Printer::new(out, &mut self.origins, &mut self.budget, at, frame).into_output();
                let printed = printer.spaced(std::slice::from_ref(value));
                let text = std::mem::take(&mut printer.out);
                self.out = text;
                if let Err(error) = printed {
                    return self.fail(error);
                }
            }
        }
        let printed = &self.out.as_str()[before..];
        if value.origin != Origin::NONE
            && (matches!(value.data, Data::Nil)
                || matches!(printed.trim(), "" | "{}" | "[]" | "null" | "\"\"" | "''"))
        {
            self.influence(value.origin);
            let at = self.action();
            self.left_out(What::Empty, at, value.origin);
        }
        Ok(())
    }

    /// Prints text that may have been printed before, elsewhere, in surroundings that it keeps.
    fn print_kept(&mut self, text: &Text, frame: Frame) {
        let mut start = 0;
        let mut last = (Frame(0), frame);
        for piece in text.pieces() {
            let end = piece.end as usize;
            let printed = if piece.frame == Frame(0) {
                frame
            } else if piece.frame == last.0 {
                last.1
            } else if self.frames.lies_in(piece.frame, self.base) && frame == self.now {
                piece.frame
            } else {
                let what = What::Printed(piece.frame);
                self.frames.add(Circumstance {
                    parent: frame,
                    what,
                    at: Origin::NONE,
                    condition: Origin::NONE,
                })
            };
            if piece.frame != Frame(0) {
                last = (piece.frame, printed);
            }
            self.out.push(&text.as_str()[start..end], piece.origin, printed);
            start = end;
        }
    }

    pub(super) fn leave_out(&mut self, list: Option<&List>, at: Origin, condition: Origin) {
        if let Some(list) = list.filter(|list| !list.nodes.is_empty()) {
            let place = self.place(list.range);
            self.left_out(What::LeftOut(place), at, condition);
        }
    }
}
