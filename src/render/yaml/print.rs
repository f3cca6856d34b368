//! Values to YAML, byte for byte as Go's `yaml.v2` writes them, each byte with the origin of what it says.
//!
//! The order of keys, the choice of quotes, block texts, and lines that are folded at 80 columns are that program's; nothing
//! here is a matter of taste. Only block style is needed, and brackets for what is empty.

use std::ops::Range;

use super::DEPTH;
use super::order::sorted;
use super::scalar::{Meaning, is_base_60, resolve};

use crate::render::origin::{Origin, Origins};
use crate::render::text::{Frame, Piece, Text, Writer};
use crate::render::value::{Data, Entry, Value};
use crate::render::{base64, float};

/// Where the second version folds lines.
const WIDTH: usize = 80;

/// Keys longer than this, in bytes, are written behind a `?`.
const SIMPLE: usize = 128;

/// YAML of a value with a newline at the end, as `sigs.k8s.io/yaml` marshals it; none for what JSON or YAML cannot say.
/// What has no origin of its own gets `at`.
pub fn print(value: &Value, origins: &mut Origins, at: Origin, frame: Frame) -> Option<Text> {
    print_as(Hand::Second, value, origins, at, frame)
}

/// The same as `yaml.v3` encodes it with an indent of two: lists are indented, and lines are not folded.
pub fn print_pretty(value: &Value, origins: &mut Origins, at: Origin, frame: Frame) -> Option<Text> {
    print_as(Hand::Third, value, origins, at, frame)
}

fn print_as(hand: Hand, value: &Value, origins: &mut Origins, at: Origin, frame: Frame) -> Option<Text> {
    let mut printer = Printer {
        hand,
        out: Writer::default(),
        origins,
        at,
        frame,
        column: 0,
        indent: -1,
        whitespace: true,
        indention: true,
    };
    printer.node(value, Context::Root, DEPTH)?;
    printer.write_indent(Origin::NONE);
    Some(printer.out.finish())
}

/// Which version of the program writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    Second,
    Third,
}

impl Hand {
    /// Lines are folded at the first space behind this column.
    fn width(self) -> usize {
        match self {
            Self::Second => WIDTH,
            Self::Third => usize::MAX,
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    /// A key that fits on a line.
    Key,
    /// A value of a map, or a key behind a `?`.
    Entry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

struct Printer<'o> {
    hand: Hand,
    out: Writer,
    origins: &'o mut Origins,
    at: Origin,
    frame: Frame,
    column: usize,
    indent: isize,
    /// The last byte was a space, or nothing at all.
    whitespace: bool,
    /// Nothing but indentation stands on the line.
    indention: bool,
}

impl Printer<'_> {
    fn node(&mut self, value: &Value, context: Context, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let origin = value.origin;
        let word = match &value.data {
            Data::Nil => "null".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Int(value) => value.to_string(),
            // On its way through JSON a whole number loses its exponent.
            Data::Float(value) if self.hand == Hand::Third => float::short(*value),
            Data::Float(value) => float(*value)?,
            Data::Text(text) => {
                let text = text.owned(origin, self.origins);
                self.text(&through_json(&text)?, origin, context);
                return Some(());
            }
            Data::Bytes(bytes) => {
                self.text(&Text::of(base64::encode(bytes), origin), origin, context);
                return Some(());
            }
            Data::List(list) => {
                let list = list.borrow();
                if list.is_empty() {
                    self.empty("[]", origin);
                    return Some(());
                }
                let indents = context != Context::Entry || self.indention || self.hand == Hand::Third;
                let before = self.increase(indents);
                for item in list.iter() {
                    self.write_indent(origin);
                    self.indicator("-", true, origin);
                    self.node(item, Context::Item, depth)?;
                }
                self.indent = before;
                return Some(());
            }
            Data::Map(map) => {
                let map = map.borrow();
                if map.is_empty() {
                    self.empty("{}", origin);
                    return Some(());
                }
                let before = self.increase(true);
                for (key, entry) in sorted(map.iter().map(|(key, entry)| (&**key, entry)).collect()) {
                    self.entry(key, entry, origin, depth)?;
                }
                self.indent = before;
                return Some(());
            }
            Data::Object(object) => {
                let plain = object.plain()?;
                return self.node(&plain, context, depth);
            }
        };
        self.scalar(&Text::of(word, origin), origin, Style::Plain, context);
        Some(())
    }

    fn entry(&mut self, key: &str, entry: &Entry, map: Origin, depth: usize) -> Option<()> {
        self.write_indent(map);
        if !fits_as_key(key) {
            return None;
        }
        let text = through_json(&Text::of(key, entry.key))?;
        let simple = text.len() <= SIMPLE && !text.as_str().contains(is_break);
        if simple {
            self.text(&text, entry.key, Context::Key);
            self.indicator_close(":", entry.key);
        } else {
            self.indicator("?", true, entry.key);
            self.text(&text, entry.key, Context::Entry);
            self.write_indent(map);
            self.indicator(":", true, entry.key);
        }
        self.node(&entry.value, Context::Entry, depth)
    }

    fn text(&mut self, text: &Text, origin: Origin, context: Context) {
        let word = text.as_str();
        let style = if word.contains('\n') {
            Style::Literal
        } else if resolve(word) == Meaning::Text && !is_base_60(word) {
            Style::Plain
        } else {
            Style::Double
        };
        self.scalar(text, origin, style, context);
    }

    /// Empty brackets.
    fn empty(&mut self, brackets: &str, origin: Origin) {
        self.space(origin);
        self.put(brackets, origin);
        self.whitespace = false;
        self.indention = false;
    }

    fn increase(&mut self, indents: bool) -> isize {
        let before = self.indent;
        if before < 0 {
            self.indent = 0;
        } else if indents {
            self.indent += 2;
        }
        before
    }

    fn scalar(&mut self, text: &Text, origin: Origin, wanted: Style, context: Context) {
        let style = Look::at(text.as_str()).style(wanted, context == Context::Key);
        let before = self.indent;
        self.indent = if before < 0 { 2 } else { before + 2 };
        let mut ink = Ink::new(text, origin);
        let breaks = context != Context::Key;
        match style {
            Style::Plain => self.plain(text.as_str(), &mut ink, breaks),
            Style::Single => self.single(text.as_str(), &mut ink, breaks),
            Style::Double => self.double(text.as_str(), &mut ink, breaks),
            Style::Literal => self.literal(text.as_str(), &mut ink),
        }
        self.indent = before;
    }

    fn plain(&mut self, text: &str, ink: &mut Ink, allow_breaks: bool) {
        self.space(ink.first().0);
        self.flow(text, ink, allow_breaks, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &str, ink: &mut Ink, allow_breaks: bool) {
        self.indicator("'", false, ink.first().0);
        self.flow(text, ink, allow_breaks, true);
        self.indicator_close("'", ink.last());
        self.indention = false;
    }

    /// What plain and singly quoted text share.
    fn flow(&mut self, text: &str, ink: &mut Ink, allow_breaks: bool, quoted: bool) {
        let fits = !allow_breaks
            || self.column.saturating_add(text.len()) <= self.hand.width()
            || !text.contains(' ');
        if fits && !text.contains(is_break) && !(quoted && text.contains('\'')) {
            return self.write_run(text, 0..text.len(), ink);
        }
        let (mut spaces, mut breaks) = (false, false);
        for (at, char) in text.char_indices() {
            let next = text.as_bytes().get(at + 1);
            if char == ' ' {
                let inner = !quoted || at > 0 && at + 1 < text.len();
                if allow_breaks && !spaces && self.column > self.hand.width() && inner && next != Some(&b' ')
                {
                    let origin = ink.at(at).0;
                    self.write_indent(origin);
                } else {
                    self.write(char, ink, at);
                }
                spaces = true;
            } else if is_break(char) {
                if !breaks && char == '\n' {
                    self.put_break(ink.at(at).0);
                }
                self.write_break(char, ink, at);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    let origin = ink.at(at).0;
                    self.write_indent(origin);
                }
                if quoted && char == '\'' {
                    self.write(char, ink, at);
                }
                self.write(char, ink, at);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
    }

    fn double(&mut self, text: &str, ink: &mut Ink, allow_breaks: bool) {
        self.indicator("\"", false, ink.first().0);
        let mut spaces = false;
        // Once a text starts with a byte order mark, all of it is escaped.
        let marked = text.starts_with('\u{feff}');
        for (at, char) in text.char_indices() {
            if !is_printable(char) || marked || is_break(char) || char == '"' || char == '\\' {
                let (origin, frame) = ink.at(at);
                let escaped = escape(char);
                self.column += escaped.len();
                self.out.push(&escaped, self.or_at(origin), frame.unwrap_or(self.frame));
                spaces = false;
            } else if char == ' ' {
                if allow_breaks && !spaces && self.column > self.hand.width() && at > 0 && at + 1 < text.len()
                {
                    let origin = ink.at(at).0;
                    self.write_indent(origin);
                    if text.as_bytes()[at + 1] == b' ' {
                        self.put("\\", origin);
                    }
                } else {
                    self.write(char, ink, at);
                }
                spaces = true;
            } else {
                self.write(char, ink, at);
                spaces = false;
            }
        }
        self.indicator_close("\"", ink.last());
        self.indention = false;
    }

    fn literal(&mut self, text: &str, ink: &mut Ink) {
        let origin = ink.first().0;
        self.indicator("|", false, origin);
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.indicator_close("2", origin);
        }
        let mut back = text.chars().rev();
        match (back.next().is_some_and(is_break), back.next()) {
            (false, _) => self.indicator_close("-", origin),
            (true, before) if before.is_none_or(is_break) => self.indicator_close("+", origin),
            _ => {}
        }
        self.put_break(origin);
        self.indention = true;
        self.whitespace = true;
        let mut start = 0;
        for line in text.split_inclusive(is_break) {
            let words = line.trim_end_matches(is_break);
            if !words.is_empty() {
                let origin = ink.at(start).0;
                self.write_indent(origin);
                self.write_run(text, start..start + words.len(), ink);
                self.indention = false;
            }
            if let Some(char) = line[words.len()..].chars().next() {
                self.write_break(char, ink, start + words.len());
                self.indention = true;
            }
            start += line.len();
        }
    }

    fn or_at(&self, origin: Origin) -> Origin {
        if origin == Origin::NONE { self.at } else { origin }
    }

    /// Bytes that are not part of a text.
    fn put(&mut self, bytes: &str, origin: Origin) {
        self.column += bytes.len();
        self.out.push(bytes, self.or_at(origin), self.frame);
    }

    fn put_break(&mut self, origin: Origin) {
        self.out.push("\n", self.or_at(origin), self.frame);
        self.column = 0;
    }

    fn space(&mut self, origin: Origin) {
        if !self.whitespace {
            self.put(" ", origin);
        }
    }

    /// A mark with a space before it; `opens` for those behind which indentation goes on.
    fn indicator(&mut self, mark: &str, opens: bool, origin: Origin) {
        self.space(origin);
        self.put(mark, origin);
        self.whitespace = false;
        self.indention = self.indention && opens;
    }

    /// A mark without a space before it.
    fn indicator_close(&mut self, mark: &str, origin: Origin) {
        self.put(mark, origin);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_indent(&mut self, origin: Origin) {
        let indent = self.indent.max(0) as usize;
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break(origin);
        }
        let missing = indent.saturating_sub(self.column);
        match SPACES.get(..missing) {
            Some(spaces) => self.put(spaces, origin),
            None => self.put(&" ".repeat(missing), origin),
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Characters of a text, none of which ends a line.
    fn write_run(&mut self, text: &str, run: Range<usize>, ink: &mut Ink) {
        let mut at = run.start;
        while at < run.end {
            let (origin, frame) = ink.at(at);
            let mut end = ink.end().clamp(at + 1, run.end);
            while !text.is_char_boundary(end) {
                end += 1;
            }
            self.out.push(&text[at..end], self.or_at(origin), frame.unwrap_or(self.frame));
            at = end;
        }
        self.column += text[run].chars().count();
    }

    /// A character of a text.
    fn write(&mut self, char: char, ink: &mut Ink, at: usize) {
        let (origin, frame) = ink.at(at);
        self.column += 1;
        let mut buffer = [0; 4];
        self.out.push(char.encode_utf8(&mut buffer), self.or_at(origin), frame.unwrap_or(self.frame));
    }

    fn write_break(&mut self, char: char, ink: &mut Ink, at: usize) {
        if char == '\n' {
            let (origin, frame) = ink.at(at);
            self.out.push("\n", self.or_at(origin), frame.unwrap_or(self.frame));
        } else {
            self.write(char, ink, at);
        }
        self.column = 0;
    }
}

/// Says for each byte of a text where it came from; bytes are asked for in order.
struct Ink {
    pieces: Vec<Piece>,
    at: usize,
    /// For bytes that do not say it themselves.
    or: Origin,
}

impl Ink {
    fn new(text: &Text, or: Origin) -> Self {
        Self { pieces: text.pieces().collect(), at: 0, or }
    }

    fn of(&self, piece: Option<&Piece>) -> (Origin, Option<Frame>) {
        match piece {
            Some(piece) if piece.origin != Origin::NONE => {
                (piece.origin, (piece.frame != Frame(0)).then_some(piece.frame))
            }
            _ => (self.or, None),
        }
    }

    fn at(&mut self, byte: usize) -> (Origin, Option<Frame>) {
        while self.pieces.get(self.at).is_some_and(|piece| piece.end as usize <= byte) {
            self.at += 1;
        }
        self.of(self.pieces.get(self.at))
    }

    /// Where the bytes end that come from where the one comes from that was asked for last.
    fn end(&self) -> usize {
        self.pieces.get(self.at).map_or(usize::MAX, |piece| piece.end as usize)
    }

    fn first(&self) -> (Origin, Option<Frame>) {
        self.of(self.pieces.first())
    }

    fn last(&self) -> Origin {
        self.of(self.pieces.last()).0
    }
}

/// How deep most lines are indented at most.
const SPACES: &str = "                                        ";

/// What the choice of a style depends on.
#[derive(Default)]
struct Look {
    multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        if text.is_empty() {
            return Self { multiline: false, plain: true, single: true, block: false };
        }
        if is_simple(text) {
            return Self { multiline: false, plain: true, single: true, block: true };
        }
        let (mut indicators, mut special) = (text.starts_with("---") || text.starts_with("..."), false);
        let (mut breaks, mut leading, mut trailing_space, mut trailing_break) = (false, false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut behind_blank = true;
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let before_blank = next.is_none_or(|next| matches!(next, ' ' | '\t'));
            indicators |= match char {
                '#' => behind_blank,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    at == 0
                }
                ':' => before_blank,
                '?' | '-' => at == 0 && before_blank,
                _ => false,
            };
            special |= !is_printable(char);
            let (space, line_break) = (char == ' ', is_break(char));
            if space || line_break {
                leading |= at == 0;
                trailing_space |= space && next.is_none();
                trailing_break |= line_break && next.is_none();
                break_space |= space && previous_break;
                space_break |= line_break && previous_space;
                breaks |= line_break;
            }
            previous_space = space;
            previous_break = line_break;
            behind_blank = space || line_break || matches!(char, '\t' | '\0');
        }
        Self {
            multiline: breaks,
            plain: !(leading
                || trailing_space
                || trailing_break
                || break_space
                || space_break
                || special
                || breaks
                || indicators),
            single: !(break_space || space_break || special),
            block: !(trailing_space || space_break || special),
        }
    }

    fn style(&self, wanted: Style, key: bool) -> Style {
        let mut style = if key && self.multiline { Style::Double } else { wanted };
        if style == Style::Plain && !self.plain {
            style = Style::Single;
        }
        if style == Style::Single && !self.single || style == Style::Literal && (!self.block || key) {
            style = Style::Double;
        }
        style
    }
}

/// Whether a text is one word that stands for itself, as most are.
fn is_simple(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'/' | b'$', ..])
        && !text.ends_with(':')
        && bytes.iter().all(u8::is_ascii_graphic)
}

fn is_break(char: char) -> bool {
    matches!(char, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && char != '\u{feff}'
}

fn escape(char: char) -> String {
    let short = match char {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => "",
    };
    match u32::from(char) {
        _ if !short.is_empty() => short.to_owned(),
        code @ ..=0xff => format!("\\x{code:02X}"),
        code @ ..=0xffff => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    }
}

/// A float on its way through JSON, where whole numbers become integers.
fn float(number: f64) -> Option<String> {
    let text = float::json(number)?;
    Some(match resolve(&text) {
        Meaning::Int(number) => number.to_string(),
        Meaning::Uint(number) => number.to_string(),
        Meaning::Float(number) => float::short(number),
        _ => text,
    })
}

/// What becomes of a text on its way through JSON and back: nothing, but for a few characters that YAML's reader refuses
/// or takes for the end of a line.
fn through_json(text: &Text) -> Option<Text> {
    let word = text.as_str();
    if word.is_ascii() {
        return (!word.contains('\u{7f}')).then(|| text.clone());
    }
    if word
        .contains(|char| matches!(char, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
    {
        return None;
    }
    let ends_document = |line: &str| {
        let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        rest.is_some_and(|rest| rest.starts_with([' ', '\u{85}']))
    };
    if !word.contains('\u{85}') {
        Some(text.clone())
    } else if word.split('\u{85}').skip(1).any(ends_document) {
        None
    } else {
        Some(fold_lines(text))
    }
}

/// Whether YAML's reader takes a key of JSON: it must be on one line, and not longer than 1024 characters as JSON spells it.
fn fits_as_key(key: &str) -> bool {
    let spelled = |char| match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    !key.contains('\u{85}') && (key.len() < 170 || key.chars().map(spelled).sum::<usize>() + 2 <= 1024)
}

/// Quoted text is one line: NEL, which JSON leaves as it is, is folded to a space, or several to line ends.
fn fold_lines(text: &Text) -> Text {
    let word = text.as_str();
    let mut out = Writer::default();
    let mut at = 0;
    while let Some(found) = word[at..].find('\u{85}') {
        let blank = |char: char| char == ' ';
        let kept = word[at..at + found].trim_end_matches(blank).len();
        out.push_slice(text, at, at + kept);
        let start = at + found;
        let rest = word[start..].trim_start_matches([' ', '\u{85}']);
        let end = word.len() - rest.len();
        let lines = word[start..end].matches('\u{85}').count();
        let origin = text.slice(start, start + 2).pieces().next();
        let (origin, frame) = origin.map_or((Origin::NONE, Frame(0)), |piece| (piece.origin, piece.frame));
        if lines == 1 {
            out.push(" ", origin, frame);
        } else {
            out.push(&"\n".repeat(lines - 1), origin, frame);
        }
        at = end;
    }
    out.push_slice(text, at, word.len());
    out.finish()
}
