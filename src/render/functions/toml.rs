//! Values to TOML, as Go's `BurntSushi/toml` writes them: plain keys first, then tables, indented by how deep they are.

use std::fmt::Write as _;

use crate::render::float;
use crate::render::value::{Data, Value};

/// How deep values may be nested.
const DEPTH: usize = 200;

const TOO_DEEP: &str = "the value is nested too deeply";

const NIL_ELEMENT: &str = "toml: cannot encode array with nil element";

/// TOML of a value; the error is what Helm prints in its place.
pub(super) fn print(value: &Value) -> Result<String, String> {
    let mut printer = Printer { out: String::new() };
    printer.node(&mut Vec::new(), &plain(value), DEPTH)?;
    Ok(printer.out)
}

/// What stands behind an object of Go.
fn plain(value: &Value) -> Value {
    match &value.data {
        Data::Object(object) => object.plain().unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

fn is_table(value: &Value, depth: usize) -> Result<bool, String> {
    Ok(match &value.data {
        Data::Map(_) => true,
        Data::List(_) => is_tables(value, depth)?,
        _ => false,
    })
}

/// Whether this is a list of maps alone.
fn is_tables(value: &Value, depth: usize) -> Result<bool, String> {
    let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
    let Data::List(list) = &value.data else { return Ok(false) };
    let list = list.borrow();
    for item in list.iter() {
        match item.data {
            Data::Nil => return Err(NIL_ELEMENT.to_owned()),
            Data::List(_) => drop(is_tables(item, depth)?),
            _ => {}
        }
    }
    Ok(!list.is_empty() && list.iter().all(|item| matches!(item.data, Data::Map(_))))
}

struct Printer {
    out: String,
}

impl Printer {
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, key: &[String]) {
        for _ in 1..key.len() {
            self.out.push_str("  ");
        }
    }

    fn node(&mut self, key: &mut Vec<String>, value: &Value, depth: usize) -> Result<(), String> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match &value.data {
            Data::Nil => Ok(()),
            Data::Map(_) => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.header(key, "[", "]");
                }
                self.entries(key, value, depth)
            }
            Data::List(list) if is_tables(value, depth)? => {
                if key.is_empty() {
                    return Err("toml: top-level values must be Go maps or structs".to_owned());
                }
                for item in list.borrow().iter() {
                    self.newline();
                    self.header(key, "[[", "]]");
                    self.entries(key, item, depth)?;
                }
                Ok(())
            }
            _ => {
                if let Some(last) = key.last() {
                    let name = spelled(last);
                    self.indent(key);
                    let _ = write!(self.out, "{name} = ");
                }
                self.element(value, depth)?;
                if !key.is_empty() {
                    self.newline();
                }
                Ok(())
            }
        }
    }

    fn header(&mut self, key: &[String], open: &str, close: &str) {
        self.indent(key);
        let name: Vec<String> = key.iter().map(|part| spelled(part)).collect();
        let _ = writeln!(self.out, "{open}{}{close}", name.join("."));
    }

    /// The keys of a map: first those that are no tables.
    fn ordered(value: &Value, depth: usize) -> Result<Vec<(String, Value)>, String> {
        let Data::Map(map) = &value.data else { return Ok(Vec::new()) };
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for (key, entry) in map.borrow().iter() {
            let value = plain(&entry.value);
            if is_table(&value, depth)? { &mut tables } else { &mut direct }.push((key.to_string(), value));
        }
        direct.append(&mut tables);
        Ok(direct)
    }

    fn entries(&mut self, key: &mut Vec<String>, value: &Value, depth: usize) -> Result<(), String> {
        for (name, value) in Self::ordered(value, depth)? {
            key.push(name);
            self.node(key, &value, depth)?;
            key.pop();
        }
        Ok(())
    }

    fn element(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match &value.data {
            Data::Text(text) => self.quoted(text.as_str()),
            Data::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Data::Int(value) => self.out.push_str(&value.to_string()),
            Data::Float(value) => self.float(*value),
            Data::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
                let _ = write!(self.out, "[{}]", numbers.join(", "));
            }
            Data::List(list) => {
                self.out.push('[');
                for (at, item) in list.borrow().iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(", ");
                    }
                    self.element(&plain(item), depth)?;
                }
                self.out.push(']');
            }
            Data::Map(_) => {
                self.out.push('{');
                let entries = Self::ordered(value, depth)?;
                let last = entries.len().saturating_sub(1);
                for (at, (name, value)) in entries.iter().enumerate() {
                    if matches!(value.data, Data::Nil) {
                        continue;
                    }
                    let _ = write!(self.out, "{} = ", spelled(name));
                    self.element(value, depth)?;
                    if at < last {
                        self.out.push_str(", ");
                    }
                }
                self.out.push('}');
            }
            Data::Nil | Data::Object(_) => return Err("unexpected type: <nil>".to_owned()),
        }
        Ok(())
    }

    fn float(&mut self, number: f64) {
        let text = match number {
            f64::INFINITY => "+inf".to_owned(),
            f64::NEG_INFINITY => "-inf".to_owned(),
            _ if number.is_nan() => "nan".to_owned(),
            _ => float::format(number, 'f', None),
        };
        self.out.push_str(&text);
        if number.is_finite() && !text.contains('.') {
            self.out.push_str(".0");
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(&escaped(text));
        self.out.push('"');
    }
}

fn spelled(name: &str) -> String {
    let bare = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("\"{}\"", escaped(name))
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => out.push(char),
        }
    }
    out
}
