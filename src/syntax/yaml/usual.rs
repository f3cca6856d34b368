//! YAML as nearly everybody writes it, cut into the events of a parser without a parser's ceremony.
//!
//! Blocks, brackets, plain and quoted scalars, text blocks and comments: that is most of what is ever read, and reading it so
//! takes a fraction of the time. What is not certain to mean the same for the parser proper (tags, anchors, tabs, odd
//! characters, anything that may be wrong) is left to it, from the document on in which it stands. This knows no trees.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Placement, ScalarStyle, StructureStyle};

mod flow;
mod scalar;
#[cfg(test)]
mod tests;

use scalar::Key;

/// How deep collections may lie in each other.
const DEPTH: usize = 40;

/// Cuts documents one after the other.
#[derive(Debug)]
pub(crate) struct Usual<'t> {
    text: &'t str,
    at: usize,
    /// How far the line is indented whose content starts at `at`; none at the end of a document.
    column: Option<usize>,
    depth: usize,
    events: Vec<Cut>,
    /// The texts of scalars that do not stand in the source like that, in order.
    made: Vec<String>,
}

/// One event, and its bytes.
#[derive(Clone, Copy, Debug)]
struct Cut {
    what: What,
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Start {
        explicit: bool,
    },
    End,
    Comment,
    Map(StructureStyle),
    MapEnd,
    List(StructureStyle),
    ListEnd,
    /// A scalar whose text stands in the source.
    Scalar(ScalarStyle),
    /// A scalar whose text is the next that was made.
    Made(ScalarStyle),
    Missing,
}

/// What is left to the parser.
#[derive(Debug)]
pub(crate) struct Odd;

type Step<T = ()> = Result<T, Odd>;

impl<'t> Usual<'t> {
    /// None where nothing of a text can be cut.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        (!has_odd_characters(text)).then(|| Self {
            text,
            at: 0,
            column: Some(0),
            depth: 0,
            events: Vec::new(),
            made: Vec::new(),
        })
    }

    /// Where the next document begins.
    pub(crate) fn next(&self) -> usize {
        self.at
    }

    /// Cuts the next document; false where there is none. Where something is odd, the text from where this call began is
    /// left to the parser.
    pub(crate) fn document(&mut self) -> Step<bool> {
        self.events.clear();
        self.made.clear();
        self.depth = 0;
        self.lines();
        let start = self.at;
        let explicit = self.column.is_none() && self.rest().starts_with(b"---");
        if self.column.is_none() && !explicit {
            return if start == self.text.len() { Ok(false) } else { Err(Odd) };
        }
        let mut empty_at = start;
        if explicit {
            self.at += 3;
            empty_at = self.at;
            self.push(What::Start { explicit }, start, self.at);
            self.end_of_line()?;
            self.lines();
        } else {
            self.push(What::Start { explicit }, start, start);
        }
        match self.column {
            None => {
                self.push(What::Missing, empty_at, empty_at);
                self.push(What::End, empty_at, empty_at);
            }
            Some(column) => {
                let end = self.root(column)?;
                if self.column.is_some() {
                    return Err(Odd);
                }
                let end = end.unwrap_or(self.at);
                self.push(What::End, end, end);
            }
        }
        // What ends a document of its own accord is an event of the parser's with a place.
        if self.rest().starts_with(b"...") { Err(Odd) } else { Ok(true) }
    }

    /// The events of the document that was cut last.
    pub(crate) fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        let mut made = self.made.iter();
        self.events.iter().map(move |cut| {
            let bytes = cut.start as usize..cut.end as usize;
            let event = match cut.what {
                What::Start { explicit } => Event::DocumentStart(explicit, None),
                What::End => Event::DocumentEnd,
                What::Comment => {
                    Event::Comment(Cow::Borrowed(&self.text[bytes.start + 1..bytes.end]), Placement::Above)
                }
                What::Map(style) => Event::MappingStart(style, 0, None),
                What::MapEnd => Event::MappingEnd,
                What::List(style) => Event::SequenceStart(style, 0, None),
                What::ListEnd => Event::SequenceEnd,
                What::Scalar(style) => {
                    let inner = if style == ScalarStyle::Plain {
                        bytes.clone()
                    } else {
                        bytes.start + 1..bytes.end - 1
                    };
                    Event::Scalar(Cow::Borrowed(&self.text[inner]), style, 0, None)
                }
                What::Made(style) => {
                    let text = made.next().map_or("", String::as_str);
                    Event::Scalar(Cow::Borrowed(text), style, 0, None)
                }
                What::Missing => Event::Scalar(Cow::Borrowed("~"), ScalarStyle::Plain, 0, None),
            };
            (event, bytes)
        })
    }

    fn push(&mut self, what: What, start: usize, end: usize) {
        self.events.push(Cut { what, start: start as u32, end: end as u32 });
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether nothing follows at an offset that belongs to a word: a space, the end of the line, or of the text.
    fn is_apart(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    fn skip_spaces(&mut self) {
        while self.byte(self.at) == Some(b' ') {
            self.at += 1;
        }
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        rest.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |at| from + at)
    }

    /// From the start of a line to what stands on it or on a later one, over blank lines and comments.
    fn lines(&mut self) {
        loop {
            let start = self.at;
            self.skip_spaces();
            match self.byte(self.at) {
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.comment(),
                None => return self.column = None,
                Some(_) => {
                    let column = self.at - start;
                    let rest = self.rest();
                    let is_end = column == 0
                        && (rest.starts_with(b"---") || rest.starts_with(b"..."))
                        && matches!(rest.get(3), None | Some(b' ' | b'\n' | b'\t'));
                    return self.column = (!is_end).then_some(column);
                }
            }
        }
    }

    /// A comment, to the start of the next line.
    fn comment(&mut self) {
        let end = self.line_end(self.at);
        self.push(What::Comment, self.at, end);
        self.at = (end + 1).min(self.text.len());
    }

    /// Over what may follow a value on its line, to the start of the next one.
    fn end_of_line(&mut self) -> Step {
        let before = self.at;
        self.skip_spaces();
        match self.byte(self.at) {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(b'#') if self.at > before => self.comment(),
            Some(_) => return Err(Odd),
        }
        Ok(())
    }

    /// A document's value; where it ends, if that is not where the next one begins.
    fn root(&mut self, column: usize) -> Step<Option<usize>> {
        match self.byte(self.at) {
            Some(b'-') if self.is_apart(self.at + 1) => self.list(column, false)?,
            Some(b'[' | b'{') => {
                self.flow(column)?;
                let end = self.at;
                self.end_of_line()?;
                self.lines();
                return Ok(Some(end));
            }
            _ => match self.key()? {
                Some(key) => self.map(column, key)?,
                None => return Err(Odd),
            },
        }
        Ok(None)
    }

    /// What starts at `column`, below something that starts at `outer`. Ends at the start of what follows.
    fn node(&mut self, column: usize, outer: usize) -> Step {
        if self.byte(self.at) == Some(b'-') && self.is_apart(self.at + 1) {
            return self.list(column, false);
        }
        match self.key()? {
            Some(key) => self.map(column, key),
            None => self.flat(outer),
        }
    }

    /// A map whose first key was seen.
    fn map(&mut self, column: usize, first: Key) -> Step {
        self.deeper()?;
        self.push(What::Map(StructureStyle::Block), self.at, self.at);
        let mut key = first;
        loop {
            self.push_key(&key);
            self.at = key.colon + 1;
            self.entry(column, key.colon, true)?;
            match self.column {
                Some(next) if next == column => {
                    let Some(next) = self.key()? else { return Err(Odd) };
                    key = next;
                }
                Some(next) if next > column => return Err(Odd),
                _ => break,
            }
        }
        self.push(What::MapEnd, self.at, self.at);
        self.depth -= 1;
        Ok(())
    }

    /// A list of which the first dash is here. `shares` the column with the keys of the map around it.
    fn list(&mut self, column: usize, shares: bool) -> Step {
        self.deeper()?;
        let start = self.events.len();
        self.push(What::List(StructureStyle::Block), self.at, self.at);
        loop {
            let dash = self.at;
            self.at += 1;
            self.skip_spaces();
            if self.at == dash + 1 {
                let comment = self.events.len();
                self.entry(column, dash + 1, false)?;
                // A comment changes the place that the parser gives to what follows it.
                if matches!(self.events.get(comment), Some(Cut { what: What::Comment, .. })) {
                    return Err(Odd);
                }
            } else {
                let inner = column + self.at - dash;
                self.node(inner, column)?;
            }
            if shares && self.events[start].start as usize == dash {
                // The parser gives such a list the place of what follows the first dash, if that is on its line.
                match self.events.get(start + 1) {
                    Some(Cut { what: What::Missing | What::Comment, .. }) | None => return Err(Odd),
                    Some(Cut { what: What::Made(ScalarStyle::Literal | ScalarStyle::Folded), .. }) => {
                        return Err(Odd);
                    }
                    Some(_) if self.byte(dash + 1) == Some(b'\n') => return Err(Odd),
                    Some(Cut { start: at, .. }) => {
                        let at = *at;
                        (self.events[start].start, self.events[start].end) = (at, at);
                    }
                }
            }
            match self.column {
                Some(next) if next == column => {
                    if self.byte(self.at) == Some(b'-') && self.is_apart(self.at + 1) {
                        continue;
                    }
                    if !shares {
                        return Err(Odd);
                    }
                    break;
                }
                Some(next) if next > column => return Err(Odd),
                _ => break,
            }
        }
        self.push(What::ListEnd, self.at, self.at);
        self.depth -= 1;
        Ok(())
    }

    /// What stands behind a colon or a dash, on the same line or below. `missing` is where nothing would stand.
    fn entry(&mut self, column: usize, missing: usize, is_map: bool) -> Step {
        let before = self.at;
        self.skip_spaces();
        match self.byte(self.at) {
            None | Some(b'\n') => {}
            Some(b'#') => {}
            Some(b'-') if self.is_apart(self.at + 1) => return Err(Odd),
            Some(_) => return self.flat(column),
        }
        self.at = before;
        self.end_of_line()?;
        self.lines();
        match self.column {
            Some(next) if next > column => self.node(next, column),
            Some(next)
                if next == column
                    && is_map
                    && self.byte(self.at) == Some(b'-')
                    && self.is_apart(self.at + 1) =>
            {
                self.list(column, true)
            }
            _ => {
                self.push(What::Missing, missing, missing);
                Ok(())
            }
        }
    }

    fn deeper(&mut self) -> Step {
        self.depth += 1;
        if self.depth > DEPTH { Err(Odd) } else { Ok(()) }
    }

    /// A scalar or brackets, with the rest of the line. What it belongs to starts at `outer`.
    fn flat(&mut self, outer: usize) -> Step {
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => {
                let end = self.quoted(quote, Some(outer))?;
                self.at = end;
                self.end_of_line()?;
            }
            Some(b'[' | b'{') => {
                self.flow(outer)?;
                self.end_of_line()?;
            }
            Some(b'|' | b'>') => self.block(outer)?,
            Some(_) => self.plain(outer)?,
            None => return Err(Odd),
        }
        self.lines();
        Ok(())
    }
}

/// Whether a text has characters that mean something else in some place, or may stand in none.
fn has_odd_characters(text: &str) -> bool {
    let is_odd = |byte: u8| {
        byte < 0x20 && byte != b'\n' && byte != b'\t' || byte == 0x7f || matches!(byte, 0xc2 | 0xe2 | 0xef)
    };
    let bytes = text.as_bytes();
    let mut from = 0;
    for chunk in bytes.chunks(64) {
        if chunk.iter().fold(false, |odd, byte| odd | is_odd(*byte)) {
            for (at, byte) in chunk.iter().enumerate().filter(|(_, byte)| is_odd(**byte)) {
                let next = |by: usize| bytes.get(from + at + by).copied().unwrap_or_default();
                let is_harmless = match byte {
                    0xc2 => next(1) >= 0xa0,
                    0xe2 => next(1) != 0x80 || !matches!(next(2), 0xa8 | 0xa9),
                    _ => false,
                };
                if !is_harmless {
                    return true;
                }
            }
        }
        from += chunk.len();
    }
    false
}
