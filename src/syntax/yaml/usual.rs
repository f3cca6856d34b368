//! YAML as nearly everybody writes it, cut into the events of a parser without a parser's ceremony.
//!
//! Blocks, plain and quoted scalars, text blocks, comments, and brackets that close on their line: that is most of what is
//! ever read, and reading it so takes a tenth of the time. What is not certain to mean the same for the parser proper (tags,
//! anchors, tabs, odd characters, anything that may be wrong) is left to it, from the document on in which it stands.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Placement, ScalarStyle, StructureStyle};

/// How deep collections may lie in each other.
const DEPTH: usize = 40;

/// The longest key: the parser has a limit for those, too.
const KEY: usize = 512;

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
                let is_block = self.root(column)?;
                if self.column.is_some() || !is_block {
                    return Err(Odd);
                }
                self.push(What::End, self.at, self.at);
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

    /// A document's value; whether it is a block.
    fn root(&mut self, column: usize) -> Step<bool> {
        let first = self.byte(self.at);
        if first == Some(b'-') && self.is_apart(self.at + 1) {
            self.list(column, false)?;
        } else if let Some(key) = self.key()? {
            self.map(column, key)?;
        } else {
            return Ok(false);
        }
        Ok(true)
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

    /// The key that starts here, if one does.
    fn key(&mut self) -> Step<Option<Key>> {
        let start = self.at;
        match self.byte(start) {
            Some(quote @ (b'"' | b'\'')) => {
                let (events, made) = (self.events.len(), self.made.len());
                let Ok(end) = self.quoted(quote, None) else {
                    self.made.truncate(made);
                    return Ok(None);
                };
                let what = self.events.pop().map(|cut| cut.what);
                self.events.truncate(events);
                let mut colon = end;
                while self.byte(colon) == Some(b' ') {
                    colon += 1;
                }
                if self.byte(colon) == Some(b':') {
                    if !self.is_apart(colon + 1) || colon - start > KEY {
                        return Err(Odd);
                    }
                    return Ok(what.map(|what| Key { what, end, colon }));
                }
                self.made.truncate(made);
                Ok(None)
            }
            Some(b'[' | b'{') => Ok(None),
            Some(b'|' | b'>') => Ok(None),
            _ => {
                self.plain_start(start)?;
                let mut at = start;
                while let Some(byte) = self.byte(at) {
                    match byte {
                        b'\n' => break,
                        b':' if self.is_apart(at + 1) => {
                            if at - start > KEY {
                                return Err(Odd);
                            }
                            let end = start + self.text[start..at].trim_end_matches(' ').len();
                            return Ok(Some(Key { what: What::Scalar(ScalarStyle::Plain), end, colon: at }));
                        }
                        b'#' if self.byte(at - 1) == Some(b' ') => break,
                        b'\t' => return Err(Odd),
                        _ => {}
                    }
                    at += 1;
                }
                Ok(None)
            }
        }
    }

    fn push_key(&mut self, key: &Key) {
        self.push(key.what, self.at, key.end);
    }

    /// Whether a plain scalar may start here.
    fn plain_start(&self, at: usize) -> Step {
        match self.byte(at) {
            Some(b'-') if !self.is_apart(at + 1) && self.byte(at + 1) != Some(b'\t') => Ok(()),
            None
            | Some(
                b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
                | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b'\t' | b' ' | b'\n',
            ) => Err(Odd),
            Some(_) => Ok(()),
        }
    }

    /// The end of the plain text of a line that starts here, and whether a comment follows.
    fn plain_line(&self, start: usize) -> Step<(usize, bool)> {
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut comment = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\n' => break,
                b':' if self.is_apart(at + 1) => return Err(Odd),
                b'#' if at > start && bytes[at - 1] == b' ' => {
                    comment = true;
                    break;
                }
                b'\t' => return Err(Odd),
                _ => {}
            }
            at += 1;
        }
        let mut end = at;
        while end > start && bytes[end - 1] == b' ' {
            end -= 1;
        }
        Ok((end, comment))
    }

    /// A plain scalar and the rest of its last line.
    fn plain(&mut self, outer: usize) -> Step {
        self.plain_start(self.at)?;
        let start = self.at;
        let (mut end, mut comment) = self.plain_line(start)?;
        let mut made: Option<String> = None;
        loop {
            self.at = end;
            if comment {
                break;
            }
            // The line may go on below.
            let mut at = (self.line_end(end) + 1).min(self.text.len());
            let mut breaks = 1;
            let column = loop {
                let line = at;
                while self.byte(at) == Some(b' ') {
                    at += 1;
                }
                match self.byte(at) {
                    Some(b'\n') => {
                        at += 1;
                        breaks += 1;
                    }
                    None | Some(b'#') => break None,
                    Some(b'\t') => return Err(Odd),
                    Some(_) => break Some(at - line),
                }
            };
            if column.is_none_or(|column| column <= outer) {
                break;
            }
            let (next, commented) = self.plain_line(at)?;
            let text = made.get_or_insert_with(|| self.text[start..end].to_owned());
            fold(text, breaks);
            text.push_str(&self.text[at..next]);
            (end, comment) = (next, commented);
        }
        match made {
            Some(text) => {
                self.made.push(text);
                self.push(What::Made(ScalarStyle::Plain), start, end);
            }
            None => self.push(What::Scalar(ScalarStyle::Plain), start, end),
        }
        self.end_of_line()
    }

    /// A quoted scalar; where it ends. Lines that it goes on for have to be indented deeper than `outer`; none may, if there is
    /// none.
    fn quoted(&mut self, quote: u8, outer: Option<usize>) -> Step<usize> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let style = if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted };
        let mut made: Option<String> = None;
        let (mut from, mut at) = (start + 1, start + 1);
        loop {
            match bytes.get(at) {
                Some(byte) if *byte == quote => {
                    if quote == b'"' || bytes.get(at + 1) != Some(&quote) {
                        break;
                    }
                    made.get_or_insert_default().push_str(&self.text[from..=at]);
                    at += 2;
                    from = at;
                }
                Some(b'\\') if quote == b'"' => {
                    let (meant, length) = escaped(&bytes[at + 1..])?;
                    let text = made.get_or_insert_default();
                    text.push_str(&self.text[from..at]);
                    text.push(meant);
                    at += 1 + length;
                    from = at;
                }
                Some(b'\n') => {
                    let text = made.get_or_insert_default();
                    text.push_str(self.text[from..at].trim_end_matches(' '));
                    let mut breaks = 1;
                    let mut line = at + 1;
                    at = line;
                    loop {
                        match bytes.get(at) {
                            Some(b' ') => at += 1,
                            Some(b'\n') => {
                                breaks += 1;
                                at += 1;
                                line = at;
                            }
                            _ => break,
                        }
                    }
                    if outer.is_none_or(|outer| at - line <= outer) {
                        return Err(Odd);
                    }
                    fold(text, breaks);
                    from = at;
                }
                None | Some(b'\t') => return Err(Odd),
                Some(_) => at += 1,
            }
        }
        match made {
            Some(mut text) => {
                text.push_str(&self.text[from..at]);
                self.made.push(text);
                self.push(What::Made(style), start, at + 1);
            }
            None => self.push(What::Scalar(style), start, at + 1),
        }
        Ok(at + 1)
    }

    /// A collection in brackets; its lines are indented deeper than `outer`.
    fn flow(&mut self, outer: usize) -> Step {
        self.deeper()?;
        let is_map = self.byte(self.at) == Some(b'{');
        let (open, close, end) = if is_map {
            (What::Map(StructureStyle::Flow), What::MapEnd, b'}')
        } else {
            (What::List(StructureStyle::Flow), What::ListEnd, b']')
        };
        self.push(open, self.at, self.at + 1);
        self.at += 1;
        self.flow_space(outer)?;
        while self.byte(self.at) != Some(end) {
            if is_map {
                self.flow_key()?;
            }
            self.flow_value(outer)?;
            self.flow_space(outer)?;
            match self.byte(self.at) {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => break,
                _ => return Err(Odd),
            }
            self.flow_space(outer)?;
        }
        self.push(close, self.at, self.at + 1);
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    /// Spaces and the ends of lines between brackets.
    fn flow_space(&mut self, outer: usize) -> Step {
        self.skip_spaces();
        if self.byte(self.at) != Some(b'\n') {
            return Ok(());
        }
        loop {
            let line = self.at + 1;
            self.at = line;
            self.skip_spaces();
            match self.byte(self.at) {
                Some(b'\n') => {}
                Some(_) if self.at - line > outer => return Ok(()),
                _ => return Err(Odd),
            }
        }
    }

    /// A key in braces, with its colon and the spaces behind it.
    fn flow_key(&mut self) -> Step {
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => self.at = self.quoted(quote, None)?,
            _ => self.flow_plain()?,
        }
        if self.byte(self.at) != Some(b':') || self.byte(self.at + 1) != Some(b' ') {
            return Err(Odd);
        }
        self.at += 1;
        self.skip_spaces();
        Ok(())
    }

    fn flow_value(&mut self, outer: usize) -> Step {
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => {
                self.at = self.quoted(quote, Some(outer))?;
                Ok(())
            }
            Some(b'[' | b'{') => self.flow(outer),
            _ => self.flow_plain(),
        }
    }

    fn flow_plain(&mut self) -> Step {
        if self.byte(self.at) == Some(b'-') {
            return Err(Odd);
        }
        self.plain_start(self.at)?;
        let start = self.at;
        while self.byte(self.at).is_some_and(is_plain_in_brackets) {
            self.at += 1;
        }
        let end = start + self.text[start..self.at].trim_end_matches(' ').len();
        if !matches!(self.byte(self.at), Some(b',' | b']' | b'}' | b':')) {
            return Err(Odd);
        }
        self.push(What::Scalar(ScalarStyle::Plain), start, end);
        Ok(())
    }

    /// A text block, to the start of the line behind it.
    fn block(&mut self, outer: usize) -> Step {
        let folds = self.byte(self.at) == Some(b'>');
        self.at += 1;
        let chomp = match self.byte(self.at) {
            Some(sign @ (b'-' | b'+')) => {
                self.at += 1;
                Some(sign)
            }
            _ => None,
        };
        let before = self.at;
        self.skip_spaces();
        if self.byte(self.at) != Some(b'\n') {
            self.at = before;
            return Err(Odd);
        }
        self.at += 1;
        let first = self.at;
        let mut indent = 0;
        let mut text = String::new();
        let mut start = None;
        // The parser takes in how far the line behind is indented.
        let mut behind = 0;
        // Breaks that are not written yet: what follows decides about them.
        let mut breaks = 0;
        loop {
            let line = self.at;
            if line == self.text.len() {
                break;
            }
            let end = self.line_end(line);
            let spaces = self.text.as_bytes()[line..end].iter().take_while(|byte| **byte == b' ').count();
            if line + spaces == end && (start.is_none() || spaces <= indent) {
                if start.is_none() && line + spaces > line && spaces > 0 {
                    // How far leading blank lines may be indented depends on what follows.
                    return Err(Odd);
                }
                if end == self.text.len() {
                    return Err(Odd);
                }
                breaks += 1;
                self.at = end + 1;
                continue;
            }
            if start.is_none() {
                if spaces <= outer || self.byte(line + spaces) == Some(b'\t') || line != first {
                    return Err(Odd);
                }
                indent = spaces;
                start = Some(line + spaces);
            } else if spaces < indent {
                if spaces > outer || self.byte(line + spaces) == Some(b'\t') {
                    return Err(Odd);
                }
                behind = spaces;
                break;
            } else {
                if folds {
                    if matches!(self.byte(line + indent), Some(b' ' | b'\t')) {
                        return Err(Odd);
                    }
                    fold(&mut text, breaks);
                } else {
                    text.extend(std::iter::repeat_n('\n', breaks));
                }
            }
            text.push_str(&self.text[line + indent..end]);
            breaks = 1;
            self.at = (end + 1).min(self.text.len());
        }
        let Some(start) = start else { return Err(Odd) };
        match chomp {
            None => text.push('\n'),
            Some(b'+') => text.extend(std::iter::repeat_n('\n', breaks)),
            Some(_) => {}
        }
        let style = if folds { ScalarStyle::Folded } else { ScalarStyle::Literal };
        self.made.push(text);
        self.push(What::Made(style), start, self.at + behind);
        Ok(())
    }
}

/// A key, of which the text may have been made already.
struct Key {
    what: What,
    end: usize,
    colon: usize,
}

/// What is escaped here, and how many bytes say so.
fn escaped(bytes: &[u8]) -> Step<(char, usize)> {
    let meant = match bytes.first() {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let digits = bytes.get(1..5).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(Odd)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(Odd);
            }
            let code = u32::from_str_radix(digits, 16).map_err(|_| Odd)?;
            return Ok((char::from_u32(code).ok_or(Odd)?, 5));
        }
        _ => return Err(Odd),
    };
    Ok((meant, 1))
}

/// Joins lines between which so many breaks stand.
fn fold(text: &mut String, breaks: usize) {
    if breaks == 1 {
        text.push(' ');
    } else {
        text.extend(std::iter::repeat_n('\n', breaks - 1));
    }
}

fn is_plain_in_brackets(byte: u8) -> bool {
    byte >= 0x80
        || byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'.'
                | b'-'
                | b'_'
                | b'/'
                | b'+'
                | b'='
                | b'$'
                | b'%'
                | b'@'
                | b'*'
                | b'('
                | b')'
                | b'~'
                | b'^'
                | b';'
                | b'<'
                | b'>'
                | b'|'
        )
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
