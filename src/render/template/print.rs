//! `print`, `println` and `printf`, as Go's `fmt` does them, and how values print in templates.
//!
//! What is printed keeps where it came from: the bytes of an argument its origin, those of the format the format's, and
//! padding and punctuation the action's.

use super::super::float;
use std::borrow::Cow;

use super::super::origin::{How, Origin, Origins, Source};
use super::super::text::{Frame, Text, Writer};
use super::super::value::{Data, Value};
use super::function::{Budget, Call};
use super::literal;

/// How deep a value that is printed may nest. One that contains itself is deeper than any.
const MAX_DEPTH: u32 = 100;

pub(super) type Printed = Result<(), String>;

/// Prints values into a text.
pub(super) struct Printer<'a> {
    pub out: Writer,
    pub origins: &'a mut Origins,
    pub budget: &'a mut Budget,
    at: Origin,
    pub frame: Frame,
    /// The frame of bytes of values that no template has printed yet.
    fresh: Frame,
    pub flags: Flags,
    /// The origin of what is being printed.
    origin: Origin,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub minus: bool,
    pub plus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    /// `%+v` and `%#v` change what is printed, not how numbers are.
    pub sharp_v: bool,
}

/// A value as messages print it.
pub(super) fn plain(value: &Value) -> String {
    let (mut origins, mut budget) = (Origins::default(), Budget::new(100_000, 1 << 20));
    let mut printer = Printer::new(Writer::default(), &mut origins, &mut budget, Origin::NONE, Frame(0));
    match printer.value(value, 'v', 0) {
        Ok(()) => printer.out.as_str().to_owned(),
        Err(error) => error,
    }
}

/// As [`plain`], for a message that prints with `%s`.
pub(super) fn plain_text(value: &Value) -> String {
    let (mut origins, mut budget) = (Origins::default(), Budget::new(100_000, 1 << 20));
    let mut printer = Printer::new(Writer::default(), &mut origins, &mut budget, Origin::NONE, Frame(0));
    match printer.argument(value, 's') {
        Ok(()) => printer.out.as_str().to_owned(),
        Err(error) => error,
    }
}

/// `print`: with spaces between operands of which neither is text.
pub(in crate::render) fn print(call: &mut Call<'_>, values: &[Value]) -> Result<Value, String> {
    finish(call, values, |printer| printer.spaced(values))
}

/// `println`: with a space between all operands, and a line break.
pub(super) fn println(call: &mut Call<'_>, values: &[Value]) -> Result<Value, String> {
    finish(call, values, |printer| {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                printer.literal(" ")?;
            }
            printer.argument(value, 'v')?;
        }
        printer.literal("\n")
    })
}

/// `printf`.
pub(super) fn printf(call: &mut Call<'_>, format: &Value, values: &[Value]) -> Result<Value, String> {
    let Data::Text(text) = &format.data else {
        return Err(super::builtin::wrong_type("string", &format.data));
    };
    let mut all = values.to_vec();
    if !matches!(call.origins.get(format.origin), Source::Literal(_)) {
        all.push(format.clone());
    }
    finish(call, &all, |printer| printer.formatted(text, values))
}

fn finish(
    call: &mut Call<'_>,
    values: &[Value],
    print: impl FnOnce(&mut Printer<'_>) -> Printed,
) -> Result<Value, String> {
    let mut printer = Printer::new(Writer::default(), call.origins, call.budget, call.at, call.frame);
    print(&mut printer)?;
    let text = printer.out.finish();
    let printed = text.pieces().map(|piece| piece.origin);
    let given = values.iter().map(|value| value.origin);
    let origin = call.origins.of(How::Joined, printed.chain(given));
    Ok(Value::new(Data::Text(text), origin))
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        out: Writer,
        origins: &'a mut Origins,
        budget: &'a mut Budget,
        at: Origin,
        frame: Frame,
    ) -> Self {
        Self { out, origins, budget, at, frame, fresh: Frame(0), flags: Flags::default(), origin: at }
    }

    /// One that prints into a template's output, in this frame.
    pub(super) fn into_output(mut self) -> Self {
        self.fresh = self.frame;
        self
    }

    /// As `print`.
    pub(super) fn spaced(&mut self, values: &[Value]) -> Printed {
        let mut text_before = false;
        for (index, value) in values.iter().enumerate() {
            let text = matches!(value.data, Data::Text(_));
            if index > 0 && !text && !text_before {
                self.literal(" ")?;
            }
            self.argument(value, 'v')?;
            text_before = text;
        }
        Ok(())
    }

    /// Text of the action itself.
    pub(super) fn literal(&mut self, text: &str) -> Printed {
        self.budget.bytes(text.len())?;
        self.out.push(text, self.at, self.frame);
        Ok(())
    }

    /// Text of the value that is being printed.
    fn own(&mut self, text: &str) -> Printed {
        self.budget.bytes(text.len())?;
        self.out.push(text, self.origin, self.fresh);
        Ok(())
    }

    fn padding(&mut self, count: usize) -> Printed {
        let pad = if self.flags.zero && !self.flags.minus { "0" } else { " " };
        self.budget.bytes(count)?;
        self.out.push(&pad.repeat(count), self.at, self.frame);
        Ok(())
    }

    /// Prints something of so many characters, padded.
    fn padded(&mut self, characters: usize, print: impl FnOnce(&mut Self) -> Printed) -> Printed {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(characters);
        if !self.flags.minus {
            self.padding(missing)?;
        }
        print(self)?;
        if self.flags.minus { self.padding(missing) } else { Ok(()) }
    }

    fn own_padded(&mut self, text: &str) -> Printed {
        self.padded(text.chars().count(), |printer| printer.own(text))
    }

    /// As [`Self::own_padded`], but never with zeros.
    fn own_spaced(&mut self, text: &str) -> Printed {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        let result = self.own_padded(text);
        self.flags.zero = zero;
        result
    }

    /// An argument of the call.
    pub(super) fn argument(&mut self, value: &Value, verb: char) -> Printed {
        let outer = std::mem::replace(&mut self.origin, value.origin);
        let result = match (&value.data, verb) {
            (Data::Nil, 'T' | 'v') => self.own_padded("<nil>"),
            (data, 'T') => self.text_like(data.type_name()),
            (Data::Nil, _) | (Data::List(_) | Data::Map(_), 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        };
        self.origin = outer;
        result
    }

    fn value(&mut self, value: &Value, verb: char, depth: u32) -> Printed {
        if depth > MAX_DEPTH {
            return Err("the value to be printed nests too deeply".to_owned());
        }
        self.budget.work(1)?;
        let outer = std::mem::replace(&mut self.origin, value.origin);
        match &value.data {
            Data::Nil if self.flags.sharp_v => self.own("interface {}(nil)")?,
            Data::Nil => self.own("<nil>")?,
            Data::Bool(truth) => match verb {
                't' | 'v' => self.own_padded(if *truth { "true" } else { "false" })?,
                _ => self.bad_verb(value, verb)?,
            },
            Data::Int(number) => self.integer(value, *number, verb)?,
            Data::Float(number) => self.float(value, *number, verb)?,
            Data::Text(text) => self.text(value, text, verb)?,
            Data::Bytes(bytes) => self.bytes(value, bytes, verb, depth)?,
            Data::List(list) => {
                self.own(if self.flags.sharp_v { "[]interface {}{" } else { "[" })?;
                for (index, element) in list.borrow().iter().enumerate() {
                    self.between(index)?;
                    self.value(element, verb, depth + 1)?;
                }
                self.own(if self.flags.sharp_v { "}" } else { "]" })?;
            }
            Data::Map(map) => {
                self.own(if self.flags.sharp_v { "map[string]interface {}{" } else { "map[" })?;
                for (index, (key, entry)) in map.borrow().iter().enumerate() {
                    self.between(index)?;
                    self.value(&Value::text(key.clone(), entry.key), verb, depth + 1)?;
                    self.own(":")?;
                    self.value(&entry.value, verb, depth + 1)?;
                }
                self.own(if self.flags.sharp_v { "}" } else { "]" })?;
            }
            Data::Object(object) => match object.call("String", &[]) {
                Some(text) => self.value(&text?, verb, depth + 1)?,
                None => match object.plain() {
                    Some(plain) => self.value(&plain, verb, depth + 1)?,
                    None => self.own(&format!("{{{}}}", object.type_name()))?,
                },
            },
        }
        self.origin = outer;
        Ok(())
    }

    fn between(&mut self, index: usize) -> Printed {
        match index {
            0 => Ok(()),
            _ => self.own(if self.flags.sharp_v { ", " } else { " " }),
        }
    }

    fn bad_verb(&mut self, value: &Value, verb: char) -> Printed {
        if let Data::Nil = value.data {
            return self.own(&format!("%!{verb}(<nil>)"));
        }
        self.own(&format!("%!{verb}({}=", value.data.type_name()))?;
        self.value(value, 'v', 0)?;
        self.own(")")
    }

    fn integer(&mut self, value: &Value, number: i64, verb: char) -> Printed {
        match verb {
            'v' | 'd' => self.digits(number, 10, verb),
            'b' => self.digits(number, 2, verb),
            'o' | 'O' => self.digits(number, 8, verb),
            'x' | 'X' => self.digits(number, 16, verb),
            'c' => self.own_padded(&rune(number).to_string()),
            'q' => {
                let mut quoted = String::from("'");
                literal::escape(&mut quoted, rune(number), '\'', self.flags.plus);
                quoted.push('\'');
                self.own_padded(&quoted)
            }
            'U' => self.code_point(number),
            _ => self.bad_verb(value, verb),
        }
    }

    fn code_point(&mut self, number: i64) -> Printed {
        let digits = self.flags.precision.unwrap_or(4).max(4);
        self.budget.bytes(digits)?;
        let mut text = format!("U+{:0digits$X}", number as u64);
        let character = u32::try_from(number).ok().and_then(char::from_u32);
        if let Some(character) =
            character.filter(|character| self.flags.sharp && literal::is_print(*character))
        {
            text.push_str(&format!(" '{character}'"));
        }
        self.own_spaced(&text)
    }

    fn digits(&mut self, number: i64, base: u32, verb: char) -> Printed {
        let magnitude = number.unsigned_abs();
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            if precision == 0 && number == 0 {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                let result = self.padding(flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return result;
            }
            least = precision;
        } else if let (true, false, Some(width)) = (flags.zero, flags.minus, flags.width) {
            least = width.saturating_sub(usize::from(number < 0 || flags.plus || flags.space));
        }
        self.budget.bytes(least)?;
        let mut text = match (base, verb) {
            (2, _) => format!("{magnitude:0least$b}"),
            (8, _) => format!("{magnitude:0least$o}"),
            (16, 'X') => format!("{magnitude:0least$X}"),
            (16, _) => format!("{magnitude:0least$x}"),
            _ => format!("{magnitude:0least$}"),
        };
        if flags.sharp {
            match base {
                2 => text.insert_str(0, "0b"),
                8 if !text.starts_with('0') => text.insert(0, '0'),
                16 => text.insert_str(0, if verb == 'X' { "0X" } else { "0x" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.insert_str(0, "0o");
        }
        if number < 0 {
            text.insert(0, '-');
        } else if flags.plus {
            text.insert(0, '+');
        } else if flags.space {
            text.insert(0, ' ');
        }
        self.own_spaced(&text)
    }

    fn float(&mut self, value: &Value, number: f64, verb: char) -> Printed {
        let (verb, default) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let flags = self.flags;
        let precision = flags.precision.or(default);
        self.budget.bytes(precision.unwrap_or(0))?;
        let mut text = float::format(number, verb, precision);
        if !text.starts_with(['+', '-']) {
            text.insert(0, '+');
        }
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        if matches!(text.as_bytes().get(1), Some(b'I' | b'N')) {
            let bare = text.as_bytes()[1] == b'N' && !flags.space && !flags.plus;
            return self.own_spaced(if bare { &text[1..] } else { &text });
        }
        if flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if flags.plus || !text.starts_with('+') {
            let width = flags.width.unwrap_or(0);
            if flags.zero && !flags.minus && width > text.len() {
                self.own(&text[..1])?;
                self.padding(width - text.len())?;
                return self.own(&text[1..]);
            }
            return self.own_padded(&text);
        }
        self.own_padded(&text[1..])
    }

    /// Text that is not a value's own, cut and padded as one.
    fn text_like(&mut self, text: &str) -> Printed {
        let cut: String = match self.flags.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        self.own_padded(&cut)
    }

    fn text(&mut self, value: &Value, text: &Text, verb: char) -> Printed {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.pieces(text),
            'q' => self.quoted(text),
            'x' | 'X' => self.hex(text.as_str().as_bytes(), verb),
            _ => self.bad_verb(value, verb),
        }
    }

    /// How much of a text the precision lets through.
    fn cut(&self, text: &str) -> usize {
        let Some(precision) = self.flags.precision else { return text.len() };
        text.char_indices().nth(precision).map_or(text.len(), |(offset, _)| offset)
    }

    fn pieces(&mut self, text: &Text) -> Printed {
        let end = self.cut(text.as_str());
        self.budget.bytes(end)?;
        let characters = if self.flags.width.is_some() { text.as_str()[..end].chars().count() } else { end };
        self.padded(characters, |printer| {
            printer.spelled(text, end, |part| part.into());
            Ok(())
        })
    }

    fn quoted(&mut self, text: &Text) -> Printed {
        let end = self.cut(text.as_str());
        let cut = &text.as_str()[..end];
        let raw = !cut.contains(['`', '\u{feff}', '\u{7f}'])
            && cut.chars().all(|character| character >= ' ' || character == '\t');
        if raw && self.flags.sharp {
            return self.own_padded(&format!("`{cut}`"));
        }
        let ascii = self.flags.plus;
        let quoted = literal::quote_with(cut, '"', ascii);
        self.budget.bytes(quoted.len())?;
        self.padded(quoted.chars().count(), |printer| {
            printer.literal("\"")?;
            printer.spelled(text, end, |part| {
                let mut escaped = String::with_capacity(part.len());
                part.chars().for_each(|character| literal::escape(&mut escaped, character, '"', ascii));
                escaped.into()
            });
            printer.literal("\"")
        })
    }

    /// Prints the pieces of the value's text up to `end`, each from where it came.
    fn spelled(&mut self, text: &Text, end: usize, spell: impl Fn(&str) -> Cow<'_, str>) {
        let text = text.owned(self.origin, self.origins);
        let mut start = 0;
        for piece in text.pieces() {
            let stop = (piece.end as usize).min(end);
            if start >= stop {
                break;
            }
            let frame = if piece.frame == Frame(0) { self.fresh } else { piece.frame };
            self.out.push(&spell(&text.as_str()[start..stop]), piece.origin, frame);
            start = stop;
        }
    }

    fn hex(&mut self, bytes: &[u8], verb: char) -> Printed {
        let flags = self.flags;
        let bytes = &bytes[..flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = if verb == 'X' { "0X" } else { "0x" };
        let mut text = String::new();
        for (index, byte) in bytes.iter().enumerate() {
            if flags.space && index > 0 {
                text.push(' ');
            }
            if flags.sharp && (flags.space || index == 0) {
                text.push_str(prefix);
            }
            text.push_str(&if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.own_padded(&text)
    }

    fn bytes(&mut self, value: &Value, bytes: &[u8], verb: char, depth: u32) -> Printed {
        let as_text = || Text::of(String::from_utf8_lossy(bytes).into_owned(), value.origin);
        match verb {
            's' => self.pieces(&as_text()),
            'q' => self.quoted(&as_text()),
            'x' | 'X' => self.hex(bytes, verb),
            _ if self.flags.sharp_v => {
                let kind = if depth == 0 { "[]byte" } else { "[]uint8" };
                let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:#x}")).collect();
                self.own(&format!("{kind}{{{}}}", bytes.join(", ")))
            }
            _ => {
                self.own("[")?;
                for (index, byte) in bytes.iter().enumerate() {
                    self.between(index)?;
                    self.integer(value, i64::from(*byte), if verb == 'v' { 'd' } else { verb })?;
                }
                self.own("]")
            }
        }
    }
}

fn rune(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// `%#g` and its like: a point always, and the zeros that were trimmed.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let mut digits: isize = match verb {
        'g' | 'G' | 'x' => precision.map_or(6, |precision| precision as isize),
        _ => 0,
    };
    let hex = matches!(verb, 'x' | 'X');
    let cut = text.find(['p', 'P']).or_else(|| if hex { None } else { text.find(['e', 'E']) });
    let (number, tail) = text.split_at(cut.unwrap_or(text.len()));
    let mut significant = false;
    for byte in number.bytes().skip(1).filter(|byte| *byte != b'.') {
        significant |= byte != b'0';
        digits -= isize::from(significant);
    }
    let mut out = number.to_owned();
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits -= 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits.max(0) as usize));
    out.push_str(tail);
    out
}
