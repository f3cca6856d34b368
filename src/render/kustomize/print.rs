//! From trees to text: a plain, stable YAML whose every key and scalar says where it came from.
//!
//! Scalars that nobody changed keep their spelling. Text that would read as something else is quoted.

use std::cell::RefCell;
use std::rc::Rc;

use smallvec::{SmallVec, smallvec};

use super::node::{Kind, Node, Part, Scalar, Value};
use super::trail::{Export, From};
use crate::render::number::{parse_float, parse_int};
use crate::render::origin::Origin;
use crate::render::text::{Frame, Text, Writer};
use crate::render::value::{Data, Entries, Entry as GoEntry, Items, Value as GoValue};
use crate::render::yaml::print::print;
use crate::syntax::tree::{NodeKind, resolve};

/// One document, or nothing where it would have more than `limit` bytes.
pub(super) fn document(node: &Node, export: &mut Export<'_, '_>, limit: usize) -> Option<Text> {
    // Nobody points into what the texts of a schema say, and there are very many.
    let by_line = node.str("kind") != Some("CustomResourceDefinition");
    let mut printer = Printer { out: Writer::default(), export, limit, by_line };
    if node.is_map() && !node.is_empty() {
        printer.collection(node, 0, true);
    } else {
        printer.inline(node, 0);
    }
    printer.push("\n", Origin::NONE);
    (printer.out.len() <= limit).then(|| printer.out.finish())
}

/// The same byte for byte as `kustomize build` prints it: through JSON, keys in Go's order, long lines folded. That is for people;
/// for judging, the plain text serves and takes less time.
pub(super) fn as_kustomize(node: &Node, export: &mut Export<'_, '_>, limit: usize) -> Option<Text> {
    let mut left = limit;
    let value = value(node, export, &mut left)?;
    match print(&value, &mut export.origins, Origin::NONE, Frame(0)) {
        Some(text) => Some(text),
        // What JSON cannot say, Kustomize cannot print.
        None => document(node, export, limit),
    }
}

/// A tree as Go has it; nothing where it would take more than `left` bytes. What only holds others says nothing about where it
/// came from, and a key nothing beside its scalar: so each line tells who wrote it last.
fn value(node: &Node, export: &mut Export<'_, '_>, left: &mut usize) -> Option<GoValue> {
    const EACH: usize = 8;
    let size = node.scalar().map_or(0, |scalar| scalar.text.len());
    *left = left.checked_sub(size + EACH)?;
    let holds_some = node.scalar().is_none() && !node.is_empty();
    let origin = if holds_some { Origin::NONE } else { export.origin(node.from) };
    let data = match &node.value {
        Value::Map(entries) => {
            let mut map = Entries::default();
            for entry in entries.iter() {
                *left = left.checked_sub(entry.key.len())?;
                let says = entry.node.scalar().is_none();
                let key = if says { export.origin(entry.from) } else { Origin::NONE };
                let value = value(&entry.node, export, left)?;
                map.insert(Rc::clone(&entry.key), GoEntry { key, value });
            }
            Data::Map(Rc::new(RefCell::new(map)))
        }
        Value::List(items) => {
            let mut list = Items::default();
            for item in items.iter() {
                list.push(value(item, export, left)?);
            }
            Data::List(Rc::new(RefCell::new(list)))
        }
        Value::Scalar(scalar) => go_scalar(scalar, origin, export),
    };
    Some(GoValue::new(data, origin))
}

fn go_scalar(scalar: &Scalar, origin: Origin, export: &mut Export<'_, '_>) -> Data {
    let digits = || scalar.text.replace('_', "");
    let number = match scalar.kind {
        Kind::Null => Some(Data::Nil),
        Kind::Bool => Some(Data::Bool(scalar.text.eq_ignore_ascii_case("true"))),
        Kind::Int => {
            let digits = digits();
            parse_int(&digits).map(Data::Int).or_else(|| parse_float(&digits).map(Data::Float))
        }
        Kind::Float => parse_float(&digits()).map(Data::Float),
        Kind::Text => None,
    };
    number.unwrap_or_else(|| {
        let mut text = Writer::default();
        let whole = [Part { end: scalar.text.len(), from: From::Nowhere }];
        let mut at = 0;
        for part in scalar.parts.as_deref().unwrap_or(&whole) {
            let origin = if part.from == From::Nowhere { origin } else { export.origin(part.from) };
            text.push(&scalar.text[at.min(part.end)..part.end], origin, Frame(0));
            at = part.end;
        }
        Data::Text(text.finish())
    })
}

struct Printer<'p, 't, 'a> {
    out: Writer,
    export: &'p mut Export<'t, 'a>,
    limit: usize,
    /// Each line of a text says where it came from.
    by_line: bool,
}

impl Printer<'_, '_, '_> {
    fn push(&mut self, text: &str, origin: Origin) {
        self.out.push(text, origin, Frame(0));
    }

    fn line(&mut self, indent: usize) {
        self.push("\n", Origin::NONE);
        self.spaces(indent);
    }

    fn spaces(&mut self, count: usize) {
        const SPACES: &str = "                                ";
        let mut left = count;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.push(&SPACES[..some], Origin::NONE);
            left -= some;
        }
    }

    /// The entries of a collection that has some. The first stands where the printer is.
    fn collection(&mut self, node: &Node, indent: usize, mut first: bool) {
        let mut next = |printer: &mut Self| {
            if !std::mem::take(&mut first) {
                printer.line(indent);
            }
            printer.out.len() <= printer.limit
        };
        match &node.value {
            Value::Map(entries) => {
                for entry in entries.iter() {
                    if !next(self) {
                        return;
                    }
                    let origin = self.export.origin(entry.from);
                    self.key(&entry.key, origin);
                    self.push(":", origin);
                    self.export.stands(entry.from, self.out.len());
                    self.value(&entry.node, indent);
                    if entry.node.scalar().is_some() {
                        self.export.stands(entry.from, self.out.len());
                    }
                }
            }
            Value::List(items) => {
                let origin = self.export.origin(node.from);
                for item in items.iter() {
                    if !next(self) {
                        return;
                    }
                    self.push("-", origin);
                    self.export.stands(item.from, self.out.len());
                    if item.scalar().is_none() && !item.is_empty() {
                        self.push(" ", origin);
                        self.collection(item, indent + 2, true);
                    } else {
                        self.push(" ", origin);
                        self.inline(item, indent);
                    }
                }
            }
            Value::Scalar(_) => {}
        }
    }

    /// What stands behind a key.
    fn value(&mut self, node: &Node, indent: usize) {
        if node.scalar().is_some() || node.is_empty() {
            self.push(" ", Origin::NONE);
            self.inline(node, indent);
        } else {
            let indent = if node.is_list() { indent } else { indent + 2 };
            self.collection(node, indent, false);
        }
    }

    /// A scalar, or a collection with nothing in it.
    fn inline(&mut self, node: &Node, indent: usize) {
        let origin = self.export.origin(node.from);
        match &node.value {
            Value::Map(_) => self.push("{}", origin),
            Value::List(_) => self.push("[]", origin),
            Value::Scalar(scalar) => match scalar.kind {
                Kind::Null => self.push("null", origin),
                Kind::Text => self.text(scalar, node.from, indent),
                _ => self.push(&scalar.text, origin),
            },
        }
    }

    fn key(&mut self, key: &str, origin: Origin) {
        if is_plain(key) {
            self.push(key, origin);
        } else {
            let text = quoted(key);
            self.push(&text, origin);
        }
    }

    fn text(&mut self, scalar: &Scalar, from: From, indent: usize) {
        let text = &*scalar.text;
        let pieces = self.pieces(scalar, from);
        if is_plain(text) {
            self.slice(text, 0, text.len(), &pieces);
        } else if let Some(header) = block_header(text) {
            let origin = self.export.origin(from);
            self.push(&header, origin);
            let mut at = 0;
            for line in text.split_inclusive('\n') {
                let content = line.strip_suffix('\n').unwrap_or(line);
                self.push("\n", origin);
                if !content.is_empty() {
                    self.spaces(indent + 2);
                    self.slice(text, at, at + content.len(), &pieces);
                }
                at += line.len();
            }
        } else {
            self.quote(text, from, &pieces);
        }
    }

    /// Where the bytes of a text came from, each piece by its end.
    fn pieces(&mut self, scalar: &Scalar, from: From) -> SmallVec<[(usize, Origin); 1]> {
        let text = &*scalar.text;
        if let Some(parts) = &scalar.parts {
            return parts.iter().map(|part| (part.end, self.export.origin(part.from))).collect();
        }
        let lines = if self.by_line && text.contains('\n') { self.export.lines(from, text) } else { None };
        match lines {
            Some(lines) => {
                let mut end = 0;
                let ends = text.split_inclusive('\n').map(|line| {
                    end += line.len();
                    end
                });
                ends.zip(lines).collect()
            }
            None => smallvec![(text.len(), self.export.origin(from))],
        }
    }

    /// Bytes `start..end` of a text, each with its own origin.
    fn slice(&mut self, text: &str, start: usize, end: usize, pieces: &[(usize, Origin)]) {
        let mut at = start;
        for (piece_end, origin) in &pieces[pieces.partition_point(|(end, _)| *end <= start)..] {
            let to = (*piece_end).min(end);
            if at < to {
                self.push(&text[at..to], *origin);
                at = to;
            }
            if at >= end {
                break;
            }
        }
    }

    fn quote(&mut self, text: &str, from: From, pieces: &[(usize, Origin)]) {
        let origin = self.export.origin(from);
        self.push("\"", origin);
        let mut at = 0;
        for (end, origin) in pieces {
            let mut escaped = String::new();
            text[at..(*end).max(at)].chars().for_each(|char| escape(char, &mut escaped));
            self.push(&escaped, *origin);
            at = (*end).max(at);
        }
        self.push("\"", origin);
    }
}

/// Whether a text may stand without quotes and reads as that text, with every reader.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = bytes
        .first()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'$'));
    starts
        && resolve(text) == NodeKind::Text
        && !matches!(text, "..." | "---" | ".")
        && !is_dated(bytes)
        && !bytes.ends_with(b":")
        && !bytes.ends_with(b" ")
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b':' => bytes.get(at + 1) != Some(&b' '),
            b'#' => at == 0 || bytes[at - 1] != b' ',
            b'{' | b'}' | b'[' | b']' | b',' | b'`' | b'"' => false,
            b' '..=b'~' => true,
            _ => false,
        })
}

/// Whether a text could be a date, or a number to base 60, to an older reader.
fn is_dated(bytes: &[u8]) -> bool {
    bytes[0].is_ascii_digit()
        && bytes.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b':' | b'-' | b'.' | b'T' | b'Z' | b' ' | b'+' | b'_')
        })
        && bytes.iter().any(|byte| matches!(byte, b':' | b'-'))
}

/// The header of a block that holds this text; none where it cannot be a block.
fn block_header(text: &str) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let fits = |char: char| {
        matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{10000}'..)
            || char == '\t'
    };
    let last = body.rsplit('\n').next().unwrap_or_default();
    if !text.contains('\n') || body.is_empty() || last.trim().is_empty() || !text.chars().all(fits) {
        return None;
    }
    // The indentation is taken from the first line with something in it, unless it is said.
    let indicator = if text.trim_start_matches('\n').starts_with([' ', '\t']) || text.starts_with('\n') {
        "2"
    } else {
        ""
    };
    let chomp = match text.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    Some(format!("|{indicator}{chomp}"))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    text.chars().for_each(|char| escape(char, &mut out));
    out.push('"');
    out
}

fn escape(char: char, out: &mut String) {
    match char {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' '..='~' => out.push(char),
        '\u{a1}'..='\u{2027}' | '\u{2030}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' => out.push(char),
        _ if (char as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", char as u32)),
        _ if (char as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", char as u32)),
        _ => out.push_str(&format!("\\U{:08x}", char as u32)),
    }
}
