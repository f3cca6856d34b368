//! `.Files`: the files of a chart that are neither templates nor values.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::base64;
use super::super::origin::{Origin, Origins, Source};
use super::super::text::{Frame, Text};
use super::super::value::{Data, Entry, Object, Value};
use super::super::yaml::print;
use super::files::{Content, File};
use super::glob::files_match;
use crate::source::{Place, Span};

/// Files by path.
#[derive(Clone, Debug)]
pub(super) struct ChartFiles(Rc<BTreeMap<Rc<str>, One>>);

#[derive(Clone, Debug)]
struct One {
    content: Content,
    origin: Origin,
}

impl One {
    /// The content as `Get` gives it: text, or the bytes of what is none.
    fn text(&self) -> Value {
        match &self.content {
            Content::Text(text) => Value::text(&**text, self.origin),
            Content::Bytes(_) => self.bytes(),
        }
    }

    fn bytes(&self) -> Value {
        Value::new(Data::Bytes(self.content.bytes().into()), self.origin)
    }
}

impl ChartFiles {
    /// The files of a chart.
    pub(super) fn new(files: &[(String, File)], origins: &mut Origins) -> Self {
        let files = files.iter().map(|(path, file)| {
            let length = file.content.bytes().len() as u32;
            let place = Place { file: file.id, span: Span::new(0, length) };
            let origin = origins.add(Source::Literal(place));
            (path.as_str().into(), One { content: file.content.clone(), origin })
        });
        Self(Rc::new(files.collect()))
    }

    fn glob(&self, pattern: &str) -> Self {
        let found = self.0.iter().filter(|(path, _)| files_match(pattern, path));
        Self(Rc::new(found.map(|(path, one)| (path.clone(), one.clone())).collect()))
    }

    /// A map of base names, as YAML.
    fn printed(&self, value: fn(&One) -> Value) -> Value {
        let entries = self.0.iter().map(|(path, one)| {
            let name = path.rsplit('/').next().unwrap_or(path);
            (Rc::from(name), Entry { key: one.origin, value: value(one) })
        });
        let map = Value::map(entries, Origin::NONE);
        // Each text here is of one origin, so no new ones are made of them.
        let text = print::print(&map, &mut Origins::default(), Origin::NONE, Frame(0));
        Value::new(Data::Text(text.unwrap_or_default()), Origin::NONE)
    }

    fn lines(&self, path: &str) -> Value {
        let Some(one) = self.0.get(path) else { return Value::list([], Origin::NONE) };
        let text = one.content.text();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Value::list(text.split('\n').map(|line| Value::text(line, one.origin)), one.origin)
    }
}

impl Object for ChartFiles {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "AsConfig" => Some(self.printed(One::text)),
            "AsSecrets" => {
                Some(self.printed(|one| Value::text(base64::encode(one.content.bytes()), one.origin)))
            }
            _ => self.0.get(name).map(One::bytes),
        }
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        if !matches!(name, "Get" | "GetBytes" | "Glob" | "Lines") {
            return None;
        }
        let [argument] = arguments else {
            return Some(Err(format!("wrong number of args for {name}: want 1 got {}", arguments.len())));
        };
        let Some(path) = argument.as_str() else {
            return Some(Err("wrong type for value; expected string".to_owned()));
        };
        let one = self.0.get(path);
        Some(Ok(match name {
            "Get" => one.map_or_else(|| Value::new(Data::Text(Text::default()), Origin::NONE), One::text),
            "GetBytes" => one.map_or_else(|| Value::new(Data::Bytes(Rc::from([])), Origin::NONE), One::bytes),
            "Lines" => self.lines(path),
            _ => Value::new(Data::Object(Rc::new(self.glob(path))), argument.origin),
        }))
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        Some(self.0.iter().map(|(path, one)| (Value::text(path.clone(), one.origin), one.bytes())).collect())
    }

    fn plain(&self) -> Option<Value> {
        let entries =
            self.0.iter().map(|(path, one)| (path.clone(), Entry { key: one.origin, value: one.bytes() }));
        Some(Value::map(entries, Origin::NONE))
    }
}
