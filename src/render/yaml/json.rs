//! JSON as Go's `encoding/json` reads and writes it, with the origin of every byte and value.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::DEPTH;
use super::ground::Ground;
use crate::render::base64;
use crate::render::float;
use crate::render::number::parse_float;
use crate::render::origin::{Origin, Origins};
use crate::render::text::{Frame, Text, Writer};
use crate::render::value::{Data, Entry, Value};
use crate::source::Span;

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In one line; `<`, `>` and `&` are escaped.
    Compact,
    /// The same over several lines.
    Pretty,
    /// In one line, without these escapes.
    Raw,
}

/// JSON of a value; the error is Go's. What has no origin of its own gets `at`.
pub fn print(
    value: &Value,
    form: Form,
    origins: &mut Origins,
    at: Origin,
    frame: Frame,
) -> Result<Text, String> {
    let mut printer = Printer { out: Writer::default(), origins, form, at, frame };
    printer.value(value, 0)?;
    Ok(printer.out.finish())
}

struct Printer<'o> {
    out: Writer,
    origins: &'o mut Origins,
    form: Form,
    at: Origin,
    frame: Frame,
}

impl Printer<'_> {
    fn put(&mut self, bytes: &str, origin: Origin) {
        let origin = if origin == Origin::NONE { self.at } else { origin };
        self.out.push(bytes, origin, self.frame);
    }

    fn line(&mut self, depth: usize, origin: Origin) {
        if self.form == Form::Pretty {
            self.put("\n", origin);
            for _ in 0..depth {
                self.put("  ", origin);
            }
        }
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err("json: unsupported value: encountered a cycle".to_owned());
        }
        let origin = value.origin;
        match &value.data {
            Data::Nil => self.put("null", origin),
            Data::Bool(value) => self.put(if *value { "true" } else { "false" }, origin),
            Data::Int(value) => self.put(&value.to_string(), origin),
            Data::Float(value) => match float::json(*value) {
                Some(text) => self.put(&text, origin),
                None => return Err(format!("json: unsupported value: {}", float::short(*value))),
            },
            Data::Text(text) => {
                let text = text.owned(origin, self.origins);
                self.text(&text, origin);
            }
            Data::Bytes(bytes) => self.put(&format!("\"{}\"", base64::encode(bytes)), origin),
            Data::List(list) => {
                self.put("[", origin);
                let list = list.borrow();
                for (at, item) in list.iter().enumerate() {
                    if at > 0 {
                        self.put(",", origin);
                    }
                    self.line(depth + 1, origin);
                    self.value(item, depth + 1)?;
                }
                if !list.is_empty() {
                    self.line(depth, origin);
                }
                self.put("]", origin);
            }
            Data::Map(map) => {
                self.put("{", origin);
                let map = map.borrow();
                for (at, (key, entry)) in map.iter().enumerate() {
                    if at > 0 {
                        self.put(",", origin);
                    }
                    self.line(depth + 1, origin);
                    self.text(&Text::of(&**key, entry.key), entry.key);
                    self.put(if self.form == Form::Pretty { ": " } else { ":" }, entry.key);
                    self.value(&entry.value, depth + 1)?;
                }
                if !map.is_empty() {
                    self.line(depth, origin);
                }
                self.put("}", origin);
            }
            Data::Object(object) => match object.plain() {
                Some(plain) => self.value(&plain, depth + 1)?,
                None => return Err(format!("json: unsupported type: {}", object.type_name())),
            },
        }
        Ok(())
    }

    fn text(&mut self, text: &Text, or: Origin) {
        self.put("\"", or);
        let mut start = 0;
        for piece in text.pieces() {
            let (origin, frame) =
                if piece.origin == Origin::NONE { (or, self.frame) } else { (piece.origin, piece.frame) };
            let origin = if origin == Origin::NONE { self.at } else { origin };
            let bytes = &text.as_str()[start..piece.end as usize];
            self.out.push(&escape(bytes, self.form != Form::Raw), origin, frame);
            start = piece.end as usize;
        }
        self.put("\"", or);
    }
}

fn escape(text: &str, html: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if !html => out.push(char),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            _ => out.push(char),
        }
    }
    out
}

/// Reads JSON; the error is Go's. Each value's origin is that of its bytes.
pub fn parse(text: &Text, origins: &mut Origins) -> Result<Value, String> {
    let mut parser = Reader { bytes: text.as_str().as_bytes(), at: 0, ground: Ground::of(text), origins };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => parser.unexpected("after top-level value"),
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    ground: Ground<'t>,
    origins: &'t mut Origins,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, String> {
        Err(match self.peek() {
            // Go puts a space behind the end, to see whether a word or a number is complete.
            None if wanted.starts_with("in ") && wanted != "in string literal"
                || wanted.contains("numeric") =>
            {
                format!("invalid character ' ' {wanted}")
            }
            None => "unexpected end of JSON input".to_owned(),
            Some(b'\'') => format!("invalid character '\\'' {wanted}"),
            Some(byte @ b' '..=b'~') if byte != b'\\' => {
                format!("invalid character '{}' {wanted}", char::from(byte))
            }
            Some(byte) => {
                // Go shows the byte as if it were a character.
                let shown = format!("{:?}", char::from(byte).to_string());
                let shown = match byte {
                    0x7 => "\\a".to_owned(),
                    0x8 => "\\b".to_owned(),
                    0xb => "\\v".to_owned(),
                    0xc => "\\f".to_owned(),
                    0..=0x1f | 0x7f if !matches!(byte, b'\n' | b'\r' | b'\t') => format!("\\x{byte:02x}"),
                    0x80..=0x9f | 0xad => format!("\\u{byte:04x}"),
                    _ => shown.trim_matches('"').to_owned(),
                };
                format!("invalid character '{shown}' {wanted}")
            }
        })
    }

    fn origin(&mut self, start: usize, inner: Span) -> Origin {
        self.ground.origin(Span::new(start as u32, self.at as u32), inner, &Rc::default(), self.origins)
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        let start = self.at;
        let data = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => {
                let (cooked, inner) = self.string()?;
                let origin = self.origin(start, inner);
                let same = self.bytes[inner.start as usize..inner.end as usize] == *cooked.as_bytes();
                return Ok(Value::new(
                    Data::Text(self.ground.text(same.then_some(inner), &cooked, origin)),
                    origin,
                ));
            }
            Some(b'-' | b'0'..=b'9') => Data::Float(self.number()?),
            Some(b't') => self.word("true", Data::Bool(true))?,
            Some(b'f') => self.word("false", Data::Bool(false))?,
            Some(b'n') => self.word("null", Data::Nil)?,
            _ => return self.unexpected("looking for beginning of value"),
        };
        let origin = self.origin(start, Span::new(start as u32, self.at as u32));
        Ok(Value::new(data, origin))
    }

    fn word(&mut self, word: &str, data: Data) -> Result<Data, String> {
        for letter in word.bytes() {
            if self.peek() != Some(letter) {
                return self.unexpected(&format!("in literal {word} (expecting '{}')", char::from(letter)));
            }
            self.at += 1;
        }
        Ok(data)
    }

    fn list(&mut self, depth: usize) -> Result<Data, String> {
        self.at += 1;
        self.space();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.space();
                items.push(self.value(depth + 1)?);
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break self.at += 1,
                    _ => return self.unexpected("after array element"),
                }
            }
        }
        Ok(Value::list(items, Origin::NONE).data)
    }

    fn map(&mut self, depth: usize) -> Result<Data, String> {
        self.at += 1;
        self.space();
        let mut entries = BTreeMap::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.space();
                if self.peek() != Some(b'"') {
                    return self.unexpected("looking for beginning of object key string");
                }
                let start = self.at;
                let (name, inner) = self.string()?;
                let key = self.origin(start, inner);
                self.space();
                if self.peek() != Some(b':') {
                    return self.unexpected("after object key");
                }
                self.at += 1;
                self.space();
                let value = self.value(depth + 1)?;
                entries.insert(Rc::from(name), Entry { key, value });
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return self.unexpected("after object key:value pair"),
                }
            }
        }
        Ok(Value::map(entries, Origin::NONE).data)
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<f64, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return self.unexpected("in numeric literal");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return self.unexpected("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.unexpected("in exponent of numeric literal");
            }
        }
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
        parse_float(&text)
            .ok_or_else(|| format!("json: cannot unmarshal number {text} into Go value of type float64"))
    }

    /// A string, and where its bytes stand between the quotes.
    fn string(&mut self) -> Result<(String, Span), String> {
        self.at += 1;
        let start = self.at;
        let mut cooked = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    let char = self.escaped()?;
                    let mut buffer = [0; 4];
                    cooked.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
                }
                Some(byte @ b' '..) => {
                    cooked.push(byte);
                    self.at += 1;
                }
                _ => return self.unexpected("in string literal"),
            }
        }
        let inner = Span::new(start as u32, self.at as u32);
        self.at += 1;
        Ok((String::from_utf8_lossy(&cooked).into_owned(), inner))
    }

    fn escaped(&mut self) -> Result<char, String> {
        let char = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) || !self.bytes[self.at..].starts_with(b"\\u") {
                    return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let before = self.at;
                self.at += 2;
                let low = self.hex()?;
                if (0xdc00..0xe000).contains(&low) {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.at = before;
                return Ok(char::REPLACEMENT_CHARACTER);
            }
            _ => return self.unexpected("in string escape code"),
        };
        self.at += 1;
        Ok(char)
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.unexpected("in \\u hexadecimal character escape");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
