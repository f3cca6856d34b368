//! Values as text: sprig's `strval`, which is Go's `%v`.

use super::arguments::kind;
use crate::render::number;
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::text::{Frame, Text, Writer};
use crate::render::value::{Data, Value};

/// How deep a value that is printed may nest.
const DEPTH: usize = 100;

/// A value as text; text stays what it is, and bytes are read as text.
pub(super) fn strval(call: &mut Call<'_>, value: &Value) -> Result<Text, String> {
    match &value.data {
        Data::Text(text) => Ok(text.clone()),
        Data::Bytes(bytes) => Ok(Text::of(String::from_utf8_lossy(bytes), value.origin)),
        _ => spelled(call, value),
    }
}

/// A value as `%v` prints it.
pub(super) fn spelled(call: &mut Call<'_>, value: &Value) -> Result<Text, String> {
    let mut out = Writer::default();
    write(&mut out, value, call.at, call.frame, DEPTH)?;
    call.budget.bytes(out.len())?;
    Ok(out.finish())
}

/// Adds a text; what has no origin of its own comes from `or`.
pub(super) fn push(out: &mut Writer, text: &Text, or: Origin, frame: Frame) {
    let mut start = 0;
    for piece in text.pieces() {
        let end = piece.end as usize;
        let (origin, frame) =
            if piece.origin == Origin::NONE { (or, frame) } else { (piece.origin, piece.frame) };
        out.push(&text.as_str()[start..end], origin, frame);
        start = end;
    }
}

fn write(out: &mut Writer, value: &Value, or: Origin, frame: Frame, depth: usize) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("the value is nested too deeply to be printed")?;
    let origin = if value.origin == Origin::NONE { or } else { value.origin };
    let mut put = |text: &str| out.push(text, origin, frame);
    match &value.data {
        Data::Nil => put("<nil>"),
        Data::Bool(value) => put(&value.to_string()),
        Data::Int(value) => put(&value.to_string()),
        Data::Float(value) => put(&number::general(*value)),
        Data::Text(text) => push(out, text, origin, frame),
        Data::Bytes(bytes) => {
            let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
            put(&format!("[{}]", numbers.join(" ")));
        }
        Data::List(list) => {
            put("[");
            for (at, item) in list.borrow().iter().enumerate() {
                if at > 0 {
                    out.push(" ", origin, frame);
                }
                write(out, item, origin, frame, depth)?;
            }
            out.push("]", origin, frame);
        }
        Data::Map(map) => {
            put("map[");
            for (at, (key, entry)) in map.borrow().iter().enumerate() {
                if at > 0 {
                    out.push(" ", origin, frame);
                }
                out.push(key, if entry.key == Origin::NONE { origin } else { entry.key }, frame);
                out.push(":", origin, frame);
                write(out, &entry.value, origin, frame, depth)?;
            }
            out.push("]", origin, frame);
        }
        Data::Object(object) => match object.call("String", &[]).or_else(|| object.field("String").map(Ok)) {
            Some(text) => write(out, &text?, origin, frame, depth)?,
            None => match object.plain() {
                Some(plain) => write(out, &plain, origin, frame, depth)?,
                None => put(&format!("{{{}}}", kind(&value.data))),
            },
        },
    }
    Ok(())
}

/// Text in double quotes, as `%q` and `strconv.Quote` write it.
pub(super) fn quoted(out: &mut Writer, text: &Text, or: Origin, at: Origin, frame: Frame) {
    out.push("\"", at, frame);
    let mut start = 0;
    for piece in text.pieces() {
        let end = piece.end as usize;
        let (origin, frame) =
            if piece.origin == Origin::NONE { (or, frame) } else { (piece.origin, piece.frame) };
        out.push(&escape(&text.as_str()[start..end]), origin, frame);
        start = end;
    }
    out.push("\"", at, frame);
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(char),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(char))),
            _ if is_printable(char) => out.push(char),
            _ if u32::from(char) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(char))),
        }
    }
    out
}

/// `strconv.IsPrint` beyond ASCII: letters, marks, numbers, punctuation and symbols, but no spaces.
fn is_printable(char: char) -> bool {
    static PRINTABLE: std::sync::LazyLock<Option<regex::Regex>> =
        std::sync::LazyLock::new(|| regex::Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok());
    let mut buffer = [0; 4];
    PRINTABLE.as_ref().is_some_and(|printable| printable.is_match(char.encode_utf8(&mut buffer)))
}
