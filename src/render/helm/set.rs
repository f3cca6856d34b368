//! `--set`, `--set-string`, `--set-json` and `--set-file`: values on the command line, with Helm's grammar.
//!
//! `a.b[0]=1,c={x,y},d=null`; a backslash takes what follows as it is.

use std::rc::Rc;

use super::super::origin::{Origin, Origins, Source};
use super::super::value::{Data, Entry, List, Map, Value};
use super::values::{loses, table};
use crate::source::Place;

/// The longest list that an index may make.
const MAX_INDEX: usize = 65_536;
/// The most names that may stand in one another.
const MAX_DEPTH: usize = 30;

/// How what stands behind `=` is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As a number, a truth value, `null`, a list or text.
    Typed,
    /// As text.
    Text,
    /// As JSON.
    Json,
    /// As the path of a file whose text it is.
    File,
}

/// Reads the file that `--set-file` names.
pub type ReadFile<'r> = dyn Fn(&str) -> Result<String, String> + 'r;

/// Sets what a line says in a map of values. `at` is where the line is written; none for a flag.
pub(super) fn set(
    line: &str,
    kind: Kind,
    values: &Map,
    at: Option<Place>,
    read: &ReadFile<'_>,
    origins: &mut Origins,
) -> Result<(), String> {
    let letters = line.chars().collect();
    let mut parser = Parser { letters, at: 0, kind, place: at, read, origins, path: String::new() };
    while parser.at < parser.letters.len() {
        parser.path.clear();
        parser.key(values, 0)?;
    }
    Ok(())
}

struct Parser<'p> {
    letters: Vec<char>,
    at: usize,
    kind: Kind,
    place: Option<Place>,
    read: &'p ReadFile<'p>,
    origins: &'p mut Origins,
    path: String,
}

impl Parser<'_> {
    /// Text up to one of these letters, and which; none at the end.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(letter) = self.letters.get(self.at).copied() {
            self.at += 1;
            match letter {
                letter if stops.contains(&letter) => return (text, Some(letter)),
                '\\' => {
                    text.extend(self.letters.get(self.at));
                    self.at += 1;
                }
                letter => text.push(letter),
            }
        }
        (text, None)
    }

    fn origin(&mut self) -> Origin {
        self.origins.add(match self.place {
            Some(place) => Source::Node { place, path: self.path.as_str().into(), before: Origin::NONE },
            None => Source::Given("--set"),
        })
    }

    fn text(&mut self, text: &str) -> Value {
        let origin = self.origin();
        Value::text(text, origin)
    }

    fn key(&mut self, values: &Map, depth: usize) -> Result<(), String> {
        let (key, stop) = self.until(&['=', '[', ',', '.']);
        if !self.path.is_empty() && !key.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(&key);
        match stop {
            None if key.is_empty() => Ok(()),
            None => Err(format!("key `{key}` has no value")),
            Some(',') => Err(format!("key `{key}` has no value (it cannot end with a comma)")),
            Some('[') => {
                let index = self.index()?;
                let known = values.borrow().get(key.as_str()).map(|entry| entry.value.clone());
                let list = match known.map(|value| value.data) {
                    None => Rc::default(),
                    Some(Data::List(list)) => list,
                    Some(_) => return Err(format!("`{key}` is no list")),
                };
                self.item(&list, index, depth)?;
                let origin = self.origin();
                self.put(values, &key, Value { data: Data::List(list), origin });
                Ok(())
            }
            Some('.') => {
                if depth >= MAX_DEPTH {
                    return Err(format!("names stand in one another more than {MAX_DEPTH} times"));
                }
                let known = values.borrow().get(key.as_str()).map(|entry| entry.value.clone());
                let inner = match known {
                    None => Rc::default(),
                    Some(value) => table(&value).ok_or_else(|| format!("`{key}` is no map"))?,
                };
                self.key(&inner, depth + 1)?;
                if inner.borrow().is_empty() {
                    return Err(format!("key `{key}` has no value"));
                }
                let origin = self.origin();
                self.put(values, &key, Value { data: Data::Map(inner), origin });
                Ok(())
            }
            Some(_) => {
                let value = self.value()?;
                self.put(values, &key, value);
                Ok(())
            }
        }
    }

    fn put(&mut self, values: &Map, key: &str, mut value: Value) {
        if key.is_empty() {
            return;
        }
        let loser = values.borrow().get(key).map(|entry| entry.value.clone());
        if let Some(loser) = loser {
            if matches!(
                (&loser.data, &value.data),
                (Data::Map(_), Data::Map(_)) | (Data::List(_), Data::List(_))
            ) {
                value.origin = loser.origin;
            } else {
                loses(self.origins, &mut value, loser.origin);
            }
        }
        let key_origin = value.origin;
        values.borrow_mut().insert(key.into(), Entry { key: key_origin, value });
    }

    fn index(&mut self) -> Result<usize, String> {
        let (digits, stop) = self.until(&[']']);
        self.path.push_str(&format!("[{digits}]"));
        let index = digits.parse::<usize>().ok().filter(|index| stop.is_some() && *index <= MAX_INDEX);
        index.ok_or_else(|| format!("`[{digits}]` is no index from 0 to {MAX_INDEX}"))
    }

    fn item(&mut self, list: &List, index: usize, depth: usize) -> Result<(), String> {
        if depth >= MAX_DEPTH {
            return Err(format!("names stand in one another more than {MAX_DEPTH} times"));
        }
        let (odd, stop) = self.until(&['[', '.', '=']);
        if !odd.is_empty() {
            return Err(format!("unexpected `{odd}` behind an index"));
        }
        let known = list.borrow().get(index).cloned();
        let value = match stop {
            None => return Ok(()),
            Some('[') => {
                let next = self.index()?;
                let inner = match known.map(|value| value.data) {
                    Some(Data::List(list)) => list,
                    None | Some(Data::Nil) => Rc::default(),
                    Some(_) => return Err(format!("item {index} is no list")),
                };
                self.item(&inner, next, depth + 1)?;
                let origin = self.origin();
                Value { data: Data::List(inner), origin }
            }
            Some('.') => {
                let inner = known.as_ref().and_then(table).unwrap_or_default();
                self.path.push('.');
                self.key(&inner, depth + 1)?;
                let origin = self.origin();
                Value { data: Data::Map(inner), origin }
            }
            Some(_) => self.value()?,
        };
        let mut list = list.borrow_mut();
        while list.len() <= index {
            list.push(Value::nil(value.origin));
        }
        list[index] = value;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.kind == Kind::Json {
            return self.json();
        }
        if self.letters.get(self.at) != Some(&'{') {
            let (text, _) = self.until(&[',']);
            return self.typed(&text);
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            let Some(stop) = stop else { return Err("a list ends with `}`".to_owned()) };
            items.push(self.typed(&text)?);
            if stop == '}' {
                self.at += usize::from(self.letters.get(self.at) == Some(&','));
                let origin = self.origin();
                return Ok(Value::list(items, origin));
            }
        }
    }

    fn typed(&mut self, text: &str) -> Result<Value, String> {
        let data = match self.kind {
            Kind::File => {
                let text = (self.read)(text)?;
                return Ok(self.text(&text));
            }
            Kind::Typed if text.eq_ignore_ascii_case("true") => Data::Bool(true),
            Kind::Typed if text.eq_ignore_ascii_case("false") => Data::Bool(false),
            Kind::Typed if text.eq_ignore_ascii_case("null") => Data::Nil,
            Kind::Typed if text == "0" || !text.starts_with('0') => match text.parse::<i64>() {
                Ok(number) => Data::Int(number),
                Err(_) => return Ok(self.text(text)),
            },
            _ => return Ok(self.text(text)),
        };
        Ok(Value { data, origin: self.origin() })
    }

    /// One JSON value, and the comma and blanks behind it.
    fn json(&mut self) -> Result<Value, String> {
        let rest: String = self.letters[self.at..].iter().collect();
        let trimmed = rest.trim_start();
        let value = if trimmed.is_empty() || trimmed.starts_with(',') {
            self.at += rest.chars().count() - trimmed.chars().count();
            Value::nil(self.origin())
        } else {
            let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<serde_json::Value>();
            let Some(Ok(parsed)) = stream.next() else { return Err("no JSON behind `=`".to_owned()) };
            self.at += rest[..stream.byte_offset()].chars().count();
            let origin = self.origin();
            from_json(parsed, origin)
        };
        while let Some(letter) =
            self.letters.get(self.at).copied().filter(|letter| letter.is_whitespace() || *letter == ',')
        {
            self.at += 1;
            if letter == ',' {
                break;
            }
        }
        Ok(value)
    }
}

fn from_json(json: serde_json::Value, origin: Origin) -> Value {
    let data = match json {
        serde_json::Value::Null => Data::Nil,
        serde_json::Value::Bool(truth) => Data::Bool(truth),
        serde_json::Value::Number(number) => Data::Float(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => return Value::text(text, origin),
        serde_json::Value::Array(items) => {
            return Value::list(items.into_iter().map(|item| from_json(item, origin)), origin);
        }
        serde_json::Value::Object(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| (Rc::from(key), Entry { key: origin, value: from_json(value, origin) }));
            return Value::map(entries, origin);
        }
    };
    Value { data, origin }
}
