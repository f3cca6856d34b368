//! The template language against Go's, by tables; and what Go does not have: budgets and origins.

mod budget;
mod mutation;
mod provenance;
mod tables;

use super::super::origin::{Origin, Origins, Source};
use super::super::value::{Data, Entry, Value};
use super::function::{Call, Function, Functions};
use super::{Error, Options, Output, Rendering, Templates};
use crate::source::{FileId, Place, Span};

/// The values that the tables read.
const VALUES: &str = include_str!("values.json");

/// A few functions, enough to call some that are not the language's.
struct Few;

impl Functions for Few {
    fn find(&self, name: &str) -> Option<Function> {
        match name {
            "list" => Some(|_, values| Ok(Value::list(values.to_vec(), Origin::NONE))),
            "upper" => Some(upper),
            "set" => Some(set),
            _ => None,
        }
    }
}

fn upper(call: &mut Call<'_>, values: &[Value]) -> Result<Value, String> {
    let [value] = values else {
        return Err(format!("wrong number of args for upper: want 1 got {}", values.len()));
    };
    match &value.data {
        Data::Text(text) => {
            call.budget.bytes(text.len())?;
            Ok(Value::text(text.as_str().to_uppercase(), value.origin))
        }
        other => Err(super::builtin::wrong_type("string", other)),
    }
}

fn set(_: &mut Call<'_>, values: &[Value]) -> Result<Value, String> {
    if let [Value { data: Data::Map(entries), .. }, key, value] = values {
        let entry = Entry { key: key.origin, value: value.clone() };
        entries.borrow_mut().insert(key.as_str().unwrap_or_default().into(), entry);
    }
    Ok(values[0].clone())
}

/// Values out of JSON; each leaf's origin is a node of file 9 whose path it knows.
fn values(json: &serde_json::Value, path: &str, origins: &mut Origins) -> Value {
    use serde_json::Value as Json;
    let place = Place { file: FileId(9), span: Span { start: 0, end: 0 } };
    let origin = origins.add(Source::Node { place, path: path.into(), before: Origin::NONE });
    let inside = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match json {
        Json::Null => Value::nil(origin),
        Json::Bool(value) => Value::new(Data::Bool(*value), origin),
        Json::Number(value) => Value::new(Data::Float(value.as_f64().unwrap_or_default()), origin),
        Json::String(value) => Value::text(value.as_str(), origin),
        Json::Array(list) => {
            let list: Vec<Value> = list
                .iter()
                .enumerate()
                .map(|(index, value)| values(value, &inside(&index.to_string()), origins))
                .collect();
            Value::list(list, origin)
        }
        Json::Object(map) => {
            let map: Vec<_> = map
                .iter()
                .map(|(key, value)| {
                    let value = values(value, &inside(key), origins);
                    (key.as_str().into(), Entry { key: origin, value })
                })
                .collect();
            Value::map(map, origin)
        }
    }
}

/// The root that templates see, with these values.
fn root(json: &serde_json::Value, origins: &mut Origins) -> Value {
    let entry = |value| Entry { key: Origin::NONE, value };
    let values = values(json, "", origins);
    Value::map([("Values".into(), entry(values))], Origin::NONE)
}

/// Parses files; the so-manieth is file so-many.
fn templates(files: &[(&str, &str)]) -> Result<Templates, Error> {
    let mut templates = Templates::new();
    for (index, (name, text)) in files.iter().enumerate() {
        templates.add(name, FileId(index as u32), text)?;
    }
    Ok(templates)
}

/// Renders the first of the files over JSON, and gives everything to look at.
fn look<T>(
    files: &[(&str, &str)],
    json: &serde_json::Value,
    options: Options,
    look: impl FnOnce(&Rendering<'_>, Result<Output, Error>) -> T,
) -> T {
    let templates = match templates(files) {
        Ok(templates) => templates,
        Err(error) => {
            let none = Templates::new();
            return look(&Rendering::new(&none, &Few, Origins::default(), options), Err(error));
        }
    };
    let mut origins = Origins::default();
    let root = root(json, &mut origins);
    let mut rendering = Rendering::new(&templates, &Few, origins, options);
    let output = rendering.execute(files[0].0, root);
    look(&rendering, output)
}

/// What one file renders to over the values of the tables, or the error.
fn render(text: &str) -> Result<String, String> {
    let json = serde_json::from_str(VALUES).expect("values.json is JSON");
    look(&[("a.yaml", text)], &json, Options::default(), |_, output| match output {
        Ok(output) => Ok(output.text.as_str().to_owned()),
        Err(error) => Err(error.to_string()),
    })
}
