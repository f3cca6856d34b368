//! A string that knows where its bytes came from: text in pieces, each with an origin and the frame that printed it.
//!
//! Slicing, joining and inserting keep the pieces. Most strings have one piece and cost no more than that.

use std::fmt;
use std::rc::Rc;

use super::origin::{How, Origin, Origins, Source};
use crate::source::{Place, Span};

/// The template call, branch or loop that printed a piece, by its position in the list of the rendering; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame(pub u32);

/// A run of bytes of one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The offset behind its last byte.
    pub end: u32,
    /// Where it came from.
    pub origin: Origin,
    /// What printed it.
    pub frame: Frame,
}

/// Text and its origins.
#[derive(Clone, Default)]
pub struct Text {
    text: Rc<str>,
    pieces: Pieces,
}

#[derive(Clone, Default)]
enum Pieces {
    /// No byte says where it came from, or all are of one origin.
    #[default]
    None,
    One(Origin, Frame),
    Many(Rc<[Piece]>),
}

impl Text {
    /// Text of one origin.
    pub fn of(text: impl Into<Rc<str>>, origin: Origin) -> Self {
        let pieces = if origin == Origin::NONE { Pieces::None } else { Pieces::One(origin, Frame(0)) };
        Self { text: text.into(), pieces }
    }

    /// The same, if it is of one origin and not printed yet, from `origin`; text of several pieces keeps theirs.
    pub fn from_origin(&self, origin: Origin) -> Self {
        let pieces = match &self.pieces {
            Pieces::None | Pieces::One(_, Frame(0)) if origin != Origin::NONE => {
                Pieces::One(origin, Frame(0))
            }
            pieces => pieces.clone(),
        };
        Self { text: self.text.clone(), pieces }
    }

    /// The bytes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// The pieces, in order, covering the whole text.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> + '_ {
        self.pieces_from(0)
    }

    /// How many pieces there are.
    pub fn count(&self) -> usize {
        match &self.pieces {
            Pieces::None | Pieces::One(..) => 1,
            Pieces::Many(pieces) => pieces.len(),
        }
    }

    /// The pieces, in order, from the one in which byte `start` lies.
    fn pieces_from(&self, start: usize) -> impl Iterator<Item = Piece> + '_ {
        let end = self.text.len() as u32;
        let (one, many): (Option<Piece>, &[Piece]) = match &self.pieces {
            _ if start >= self.text.len() => (None, &[]),
            Pieces::None => (Some(Piece { end, origin: Origin::NONE, frame: Frame(0) }), &[]),
            Pieces::One(origin, frame) => (Some(Piece { end, origin: *origin, frame: *frame }), &[]),
            Pieces::Many(pieces) => {
                (None, &pieces[pieces.partition_point(|piece| piece.end as usize <= start)..])
            }
        };
        one.into_iter().chain(many.iter().copied())
    }

    /// The piece in which a byte lies; none behind the end.
    pub fn piece_at(&self, offset: usize) -> Option<Piece> {
        self.pieces_from(offset).next()
    }

    /// The pieces in which bytes `start..end` lie, each with the offset of its own first byte.
    pub fn pieces_in(&self, start: usize, end: usize) -> impl Iterator<Item = (usize, Piece)> + '_ {
        let mut first = match &self.pieces {
            Pieces::Many(pieces) => {
                let at = pieces.partition_point(|piece| piece.end as usize <= start);
                at.checked_sub(1).map_or(0, |before| pieces[before].end as usize)
            }
            Pieces::None | Pieces::One(..) => 0,
        };
        let pieces = self.pieces_from(start).map(move |piece| {
            let own = first;
            first = piece.end as usize;
            (own, piece)
        });
        pieces.take_while(move |(first, _)| *first < end)
    }

    /// Bytes `start..end` with their origins.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let mut out = Writer::default();
        out.push_slice(self, start, end);
        out.finish()
    }

    /// The same text, each piece from elsewhere.
    pub fn from_origins(&self, mut origin: impl FnMut(Piece) -> Origin) -> Self {
        let mut out = Writer::default();
        let mut start = 0;
        for piece in self.pieces() {
            out.push(&self.text[start..piece.end as usize], origin(piece), piece.frame);
            start = piece.end as usize;
        }
        out.finish()
    }

    /// The same, if it is all of a literal's text: each line from its own place, so that the line is known wherever it goes.
    pub fn by_line(&self, origins: &mut Origins) -> Self {
        // A longer text is data, and nobody points into it.
        const MOST: usize = 4096;
        let Pieces::One(origin, Frame(0)) = self.pieces else { return self.clone() };
        let Source::Literal(place) = *origins.get(origin) else { return self.clone() };
        let is_whole = place.span.len() as usize == self.len();
        if !is_whole || self.text.matches('\n').nth(MOST).is_some() {
            return self.clone();
        }
        let (mut out, mut start) = (Writer::default(), place.span.start);
        for line in self.text.split_inclusive('\n') {
            let content = line.trim();
            let first = start + (line.len() - line.trim_start().len()) as u32;
            let span = Span::new(first, first + content.len() as u32);
            let of_line = Source::Literal(Place { file: place.file, span });
            out.push(line, if content.is_empty() { origin } else { origins.add(of_line) }, Frame(0));
            start += line.len() as u32;
        }
        out.finish()
    }

    /// The text without every occurrence of `part`.
    pub fn without(&self, part: &str) -> Self {
        if part.is_empty() || !self.text.contains(part) {
            return self.clone();
        }
        let mut out = Writer::default();
        let mut start = 0;
        for (found, _) in self.text.match_indices(part) {
            out.push_slice(self, start, found);
            start = found + part.len();
        }
        out.push_slice(self, start, self.text.len());
        out.finish()
    }

    /// This text as that of a value of this origin: bytes that do not say where they come from come from there, and what
    /// helped to choose the value is said by each of its bytes.
    pub fn owned(&self, origin: Origin, origins: &mut Origins) -> Self {
        if !matches!(self.pieces, Pieces::Many(_) | Pieces::One(_, Frame(1..))) {
            return self.from_origin(origin);
        }
        let chosen = matches!(origins.get(origin), Source::Of(How::Chosen, _));
        if !chosen && self.pieces().all(|piece| piece.origin != Origin::NONE) {
            return self.clone();
        }
        self.from_origins(|piece| match piece.origin {
            Origin::NONE => origin,
            own if chosen => origins.of(How::Chosen, [own, origin]),
            own => own,
        })
    }

    /// The origins of bytes `start..end`, in order, each once in a row.
    pub fn origins(&self, start: usize, end: usize) -> Vec<Origin> {
        let mut found: Vec<Origin> = self.slice(start, end).pieces().map(|piece| piece.origin).collect();
        found.dedup();
        found
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Builds a [`Text`].
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    pieces: Vec<Piece>,
}

impl Writer {
    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What there is so far.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds bytes of one origin.
    pub fn push(&mut self, text: &str, origin: Origin, frame: Frame) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let end = self.text.len() as u32;
        match self.pieces.last_mut() {
            Some(last) if last.origin == origin && last.frame == frame => last.end = end,
            _ => self.pieces.push(Piece { end, origin, frame }),
        }
    }

    /// Adds text with its own origins.
    pub fn push_text(&mut self, text: &Text) {
        self.push_slice(text, 0, text.len());
    }

    /// Adds bytes `start..end` of `text` with their origins.
    pub fn push_slice(&mut self, text: &Text, start: usize, end: usize) {
        let end = end.min(text.len());
        let mut at = start;
        for piece in text.pieces_from(start) {
            if at >= end {
                break;
            }
            let to = (piece.end as usize).min(end);
            self.push(&text.as_str()[at..to], piece.origin, piece.frame);
            at = to;
        }
    }

    /// Takes trailing bytes back, down to `len`.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.text.len() {
            return;
        }
        self.text.truncate(len);
        while self.pieces.len() > 1 && self.pieces[self.pieces.len() - 2].end as usize >= len {
            self.pieces.pop();
        }
        match self.pieces.last_mut() {
            Some(_) if len == 0 => self.pieces.clear(),
            Some(last) => last.end = len as u32,
            None => {}
        }
    }

    /// The text.
    pub fn finish(self) -> Text {
        let pieces = match self.pieces.as_slice() {
            [] => Pieces::None,
            [one] if one.origin == Origin::NONE && one.frame == Frame(0) => Pieces::None,
            [one] => Pieces::One(one.origin, one.frame),
            _ => Pieces::Many(self.pieces.into()),
        };
        Text { text: self.text.into(), pieces }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &Text) -> Vec<(u32, u32)> {
        text.pieces().map(|piece| (piece.end, piece.origin.0)).collect()
    }

    #[test]
    fn slices_and_joins_keep_origins() {
        let mut out = Writer::default();
        out.push("image: ", Origin(1), Frame(0));
        out.push_text(&Text::of("nginx:1.27", Origin(2)));
        out.push("\n", Origin(1), Frame(0));
        let text = out.finish();
        assert_eq!(text.as_str(), "image: nginx:1.27\n");
        assert_eq!(of(&text), [(7, 1), (17, 2), (18, 1)]);
        assert_eq!(of(&text.slice(5, 9)), [(2, 1), (4, 2)]);
        assert_eq!(text.origins(7, 17), [Origin(2)]);
    }

    #[test]
    fn truncating_keeps_what_stays() {
        let mut out = Writer::default();
        out.push("a", Origin(1), Frame(0));
        out.push("bc", Origin(2), Frame(0));
        out.truncate(2);
        out.push("d", Origin(1), Frame(0));
        assert_eq!(of(&out.finish()), [(1, 1), (2, 2), (3, 1)]);
        let mut out = Writer::default();
        out.push("abc", Origin(1), Frame(0));
        out.truncate(0);
        assert!(out.finish().is_empty());
    }
}
