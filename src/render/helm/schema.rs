//! Whether values are as `values.schema.json` wants them: JSON Schema, drafts 4 to 2020, as far as charts use it.
//!
//! Not known are `$ref` to other files, `unevaluated…` and formats; what they would say is left open, in the value's favour.

use regex::Regex;
use rustc_hash::FxHashMap;
use serde_json::{Map as Object, Value as Json};

use super::super::origin::{Origin, Origins};
use super::super::value::{Data, Value};
use super::load::Chart;
use super::metadata::place;
use super::said::{Stop, Trouble};
use super::{error, with_help};
use crate::source::{Place, Span};

/// How deep schemas and values may go.
const MAX_DEPTH: usize = 200;
/// How many schemas may be tried on values.
const MAX_STEPS: usize = 500_000;
/// How many faults of one chart are shown.
const MAX_FAULTS: usize = 20;

/// What comes of values that are not as they should be.
pub(super) const REFUSED: &str = "Helm refuses to render a chart with such values";

/// Checks the values of a chart and of those in it.
pub(super) fn check(chart: &Chart, values: &Value, origins: &Origins, trouble: &mut Trouble) {
    if let Some(file) = &chart.schema {
        match serde_json::from_slice::<Json>(file.content.bytes()) {
            Ok(root) => {
                let mut checker = Checker::new(&root);
                checker.check(&root, values, &At { path: String::new(), depth: 0 });
                for fault in checker.faults.into_iter().take(MAX_FAULTS) {
                    tell(chart, fault, values, origins, trouble);
                }
            }
            Err(wrong) => {
                let line = (wrong.line().max(1) - 1) as u32;
                let text = file.content.text();
                let start = text.lines().take(line as usize).map(|line| line.len() as u32 + 1).sum::<u32>();
                let start = start.min(text.len() as u32);
                let place = Place { file: file.id, span: Span::new(start, start) };
                trouble.problems.push(error(
                    Some(place),
                    format!("values.schema.json is no JSON: {wrong}"),
                    "",
                ));
            }
        }
    }
    for needed in &chart.dependencies {
        if let Some(values) = values.get(&needed.metadata.name) {
            check(needed, &values, origins, trouble);
        }
    }
}

/// Says a fault where the value stands, or else where the chart's values begin.
fn tell(chart: &Chart, fault: Fault, values: &Value, origins: &Origins, trouble: &mut Trouble) {
    let known = [fault.at, values.origin, chart.values.origin].into_iter();
    let place = known.filter_map(|origin| place(origins, origin)).next();
    let place = place.unwrap_or(Place { file: chart.file, span: Span::new(0, 0) });
    if fault.is_wish {
        return trouble.stopped.push(Stop {
            template: "values.schema.json".to_owned(),
            place,
            message: fault.says,
            key: None,
            is_of_schema: true,
            is_deliberate: true,
            lacks_key: false,
            lacks_values: false,
        });
    }
    let whose = format!("the schema of the chart `{}` does not allow these values", chart.metadata.name);
    let problem = error(Some(place), format!("{whose}: {}", fault.says), "");
    trouble.problems.push(with_help(problem, REFUSED));
}

/// Something in the values that is not as it should be.
#[derive(Clone, Debug)]
struct Fault {
    at: Origin,
    says: String,
    /// Nothing is set where something has to be: whoever deploys the chart sets it.
    is_wish: bool,
}

struct At {
    path: String,
    depth: usize,
}

impl At {
    fn below(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, depth: self.depth + 1 }
    }

    fn item(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), depth: self.depth + 1 }
    }

    fn same(&self) -> Self {
        Self { path: self.path.clone(), depth: self.depth + 1 }
    }

    fn shown(&self) -> String {
        if self.path.is_empty() { "the whole".to_owned() } else { format!("`{}`", self.path) }
    }
}

struct Checker<'s> {
    root: &'s Json,
    faults: Vec<Fault>,
    steps: usize,
    patterns: FxHashMap<String, Option<Regex>>,
}

impl<'s> Checker<'s> {
    fn new(root: &'s Json) -> Self {
        Self { root, faults: Vec::new(), steps: 0, patterns: FxHashMap::default() }
    }

    fn fault(&mut self, value: &Value, at: &At, says: &str) {
        let is_wish = matches!(value.data, Data::Nil);
        self.faults.push(Fault { at: value.origin, says: format!("{} {says}", at.shown()), is_wish });
    }

    /// A key that has to be there and is not.
    fn lacks(&mut self, value: &Value, at: &At, key: &str) {
        let says = format!("`{}` is not set, and has to be", at.below(key).path);
        self.faults.push(Fault { at: value.origin, says, is_wish: true });
    }

    /// Whether a value is as a schema wants it; nothing is noted.
    fn fits(&mut self, schema: &'s Json, value: &Value, at: &At) -> bool {
        let faults = std::mem::take(&mut self.faults);
        self.check(schema, value, &at.same());
        std::mem::replace(&mut self.faults, faults).is_empty()
    }

    fn check(&mut self, schema: &'s Json, value: &Value, at: &At) {
        self.steps += 1;
        if self.steps > MAX_STEPS || at.depth > MAX_DEPTH {
            return;
        }
        let rules = match schema {
            Json::Bool(false) => return self.fault(value, at, "is not allowed"),
            Json::Object(rules) => rules,
            _ => return,
        };
        if let Some(Json::String(reference)) = rules.get("$ref") {
            if let Some(target) = self.target(reference) {
                self.check(target, value, &at.same());
            }
            // Beside a reference nothing counts in the drafts that charts are written for.
            return;
        }
        self.kind(rules, value, at);
        self.alternatives(rules, value, at);
        match &value.data {
            Data::Map(map) => {
                let entries: Vec<(String, Value)> =
                    map.borrow().iter().map(|(key, entry)| (key.to_string(), entry.value.clone())).collect();
                self.map(rules, value, &entries, at);
            }
            Data::List(list) => {
                let items = list.borrow().clone();
                self.list(rules, value, &items, at);
            }
            Data::Text(text) => self.text(rules, value, text.as_str(), at),
            Data::Int(number) => self.number(rules, value, *number as f64, at),
            Data::Float(number) => self.number(rules, value, *number, at),
            _ => {}
        }
    }

    /// The schema that a reference inside this file names.
    fn target(&self, reference: &str) -> Option<&'s Json> {
        let pointer = reference.strip_prefix('#')?;
        let unescaped = pointer.replace("%25", "%").replace("%24", "$");
        self.root.pointer(&unescaped)
    }

    fn kind(&mut self, rules: &'s Object<String, Json>, value: &Value, at: &At) {
        let wanted: Vec<&str> = match rules.get("type") {
            Some(Json::String(kind)) => vec![kind],
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let is_other = !wanted.is_empty() && !wanted.iter().any(|kind| is_of_kind(kind, value));
        if let Some(Json::Array(allowed)) = rules.get("enum")
            && !allowed.iter().any(|allowed| equal(allowed, value))
        {
            // What kind it is to be need not be said then.
            let is = if is_other || matches!(value.data, Data::Nil) {
                format!("is {}, and ", words(value))
            } else {
                String::new()
            };
            let shown: Vec<String> = allowed.iter().take(8).map(|one| format!("`{one}`")).collect();
            self.fault(value, at, &format!("{is}is to be one of {}", shown.join(", ")));
        } else if is_other {
            let wanted: Vec<&str> = wanted.into_iter().map(in_words).collect();
            self.fault(value, at, &format!("is {}, and is to be {}", words(value), wanted.join(" or ")));
        }
        if let Some(only) = rules.get("const")
            && !equal(only, value)
        {
            self.fault(value, at, &format!("is to be `{only}`"));
        }
    }

    fn alternatives(&mut self, rules: &'s Object<String, Json>, value: &Value, at: &At) {
        let several =
            |name: &str| rules.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        for schema in several("allOf") {
            self.check(schema, value, &at.same());
        }
        let any = several("anyOf");
        if !any.is_empty() && !any.iter().any(|schema| self.fits(schema, value, at)) {
            self.fault(value, at, "is in none of the forms that are allowed");
        }
        let one = several("oneOf");
        if !one.is_empty() {
            match one.iter().filter(|schema| self.fits(schema, value, at)).count() {
                1 => {}
                0 => self.fault(value, at, "is in none of the forms that are allowed"),
                _ => self.fault(value, at, "is in more than one of the forms of which one is allowed"),
            }
        }
        if let Some(not) = rules.get("not")
            && self.fits(not, value, at)
        {
            self.fault(value, at, "is in a form that is not allowed");
        }
        if let Some(condition) = rules.get("if") {
            let branch = if self.fits(condition, value, at) { "then" } else { "else" };
            if let Some(schema) = rules.get(branch) {
                self.check(schema, value, &at.same());
            }
        }
    }

    fn map(&mut self, rules: &'s Object<String, Json>, value: &Value, entries: &[(String, Value)], at: &At) {
        let has = |key: &str| entries.iter().any(|(name, _)| name == key);
        let names = |list: &'s Json| list.as_array().into_iter().flatten().filter_map(Json::as_str);
        for key in rules.get("required").into_iter().flat_map(names) {
            if !has(key) {
                self.lacks(value, at, key);
            }
        }
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            for (key, needed) in rules.get(keyword).and_then(Json::as_object).into_iter().flatten() {
                if !has(key) {
                    continue;
                }
                if !needed.is_array() {
                    self.check(needed, value, &at.same());
                }
                for other in names(needed) {
                    if !has(other) {
                        self.fault(value, at, &format!("has `{key}`, and so needs `{other}`"));
                    }
                }
            }
        }
        self.count(rules, ["minProperties", "maxProperties"], entries.len(), "entries", value, at);
        let properties = rules.get("properties").and_then(Json::as_object);
        let patterns = rules.get("patternProperties").and_then(Json::as_object);
        for (key, inner) in entries {
            let below = at.below(key);
            let mut is_known = false;
            if let Some(schema) = properties.and_then(|properties| properties.get(key)) {
                is_known = true;
                self.check(schema, inner, &below);
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.matches(pattern, key) {
                    is_known = true;
                    self.check(schema, inner, &below);
                }
            }
            if let Some(schema) = rules.get("propertyNames") {
                self.check(schema, &Value::text(key.as_str(), inner.origin), &below);
            }
            match rules.get("additionalProperties") {
                Some(Json::Bool(false)) if !is_known => self.fault(inner, &below, "is not known to it"),
                Some(schema) if !is_known => self.check(schema, inner, &below),
                _ => {}
            }
        }
    }

    fn list(&mut self, rules: &'s Object<String, Json>, value: &Value, items: &[Value], at: &At) {
        self.count(rules, ["minItems", "maxItems"], items.len(), "items", value, at);
        let (first, rest) = match (rules.get("prefixItems"), rules.get("items")) {
            (Some(Json::Array(first)), rest) => (first.as_slice(), rest),
            (_, Some(Json::Array(first))) => (first.as_slice(), rules.get("additionalItems")),
            (_, rest) => (&[][..], rest),
        };
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(rest) {
                self.check(schema, item, &at.item(index));
            }
        }
        if let Some(schema) = rules.get("contains")
            && !items.iter().any(|item| self.fits(schema, item, at))
        {
            self.fault(value, at, "lacks an item that is required");
        }
        if rules.get("uniqueItems") == Some(&Json::Bool(true)) {
            let plain: Vec<Json> = items.iter().map(json).collect();
            let mut seen: Vec<&Json> = Vec::new();
            for (item, plain) in items.iter().zip(&plain) {
                if seen.len() < 1000 && seen.contains(&plain) {
                    self.fault(item, at, "has an item twice");
                    break;
                }
                seen.push(plain);
            }
        }
    }

    fn text(&mut self, rules: &'s Object<String, Json>, value: &Value, text: &str, at: &At) {
        self.count(rules, ["minLength", "maxLength"], text.chars().count(), "letters", value, at);
        if let Some(Json::String(pattern)) = rules.get("pattern")
            && !self.matches(pattern, text)
        {
            self.fault(value, at, &format!("does not match `{pattern}`"));
        }
    }

    fn number(&mut self, rules: &'s Object<String, Json>, value: &Value, number: f64, at: &At) {
        let limit = |name: &str| rules.get(name).and_then(Json::as_f64);
        let strict = |name: &str| rules.get(name) == Some(&Json::Bool(true));
        let too_small = limit("minimum")
            .filter(|least| number < *least || (strict("exclusiveMinimum") && number == *least))
            .or_else(|| limit("exclusiveMinimum").filter(|least| number <= *least));
        let too_large = limit("maximum")
            .filter(|most| number > *most || (strict("exclusiveMaximum") && number == *most))
            .or_else(|| limit("exclusiveMaximum").filter(|most| number >= *most));
        if let Some(least) = too_small {
            self.fault(value, at, &format!("is {number}, and {least} is the least"));
        }
        if let Some(most) = too_large {
            self.fault(value, at, &format!("is {number}, and {most} is the most"));
        }
        if let Some(step) = limit("multipleOf").filter(|step| *step > 0.0)
            && (number / step).fract() != 0.0
        {
            self.fault(value, at, &format!("is {number}, and is to be a multiple of {step}"));
        }
    }

    fn count(
        &mut self,
        rules: &Object<String, Json>,
        [least, most]: [&str; 2],
        count: usize,
        noun: &str,
        value: &Value,
        at: &At,
    ) {
        let limit = |name: &str| rules.get(name).and_then(Json::as_u64).map(|limit| limit as usize);
        if let Some(least) = limit(least).filter(|least| count < *least) {
            self.fault(value, at, &format!("has {count} {noun}, and needs at least {least}"));
        }
        if let Some(most) = limit(most).filter(|most| count > *most) {
            self.fault(value, at, &format!("has {count} {noun}, and may have at most {most}"));
        }
    }

    /// A pattern that is none matches everything.
    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let compiled = self.patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

fn is_of_kind(kind: &str, value: &Value) -> bool {
    match &value.data {
        Data::Nil => kind == "null",
        Data::Bool(_) => kind == "boolean",
        Data::Int(_) => matches!(kind, "integer" | "number"),
        Data::Float(number) => kind == "number" || (kind == "integer" && number.fract() == 0.0),
        Data::Text(_) | Data::Bytes(_) => kind == "string",
        Data::List(_) => kind == "array",
        Data::Map(_) | Data::Object(_) => kind == "object",
    }
}

fn in_words(kind: &str) -> &str {
    match kind {
        "null" => "null",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a map",
        other => other,
    }
}

fn words(value: &Value) -> &'static str {
    match &value.data {
        Data::Nil => "null",
        Data::Bool(true) => "true",
        Data::Bool(false) => "false",
        Data::Int(_) | Data::Float(_) => "a number",
        Data::Text(_) | Data::Bytes(_) => "text",
        Data::List(_) => "a list",
        Data::Map(_) | Data::Object(_) => "a map",
    }
}

fn equal(expected: &Json, value: &Value) -> bool {
    match (expected, &value.data) {
        (Json::Null, Data::Nil) => true,
        (Json::Bool(a), Data::Bool(b)) => a == b,
        (Json::Number(a), Data::Int(b)) => a.as_f64() == Some(*b as f64),
        (Json::Number(a), Data::Float(b)) => a.as_f64() == Some(*b),
        (Json::String(a), Data::Text(b)) => a == b.as_str(),
        (Json::Array(a), Data::List(b)) => {
            let b = b.borrow();
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Json::Object(a), Data::Map(b)) => {
            let b = b.borrow();
            let same = |(key, a): (&String, &Json)| b.get(key.as_str()).is_some_and(|b| equal(a, &b.value));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => false,
    }
}

fn json(value: &Value) -> Json {
    match &value.data {
        Data::Bool(truth) => Json::Bool(*truth),
        Data::Int(number) => Json::from(*number as f64),
        Data::Float(number) => Json::from(*number),
        Data::Text(text) => Json::from(text.as_str()),
        Data::List(list) => list.borrow().iter().map(json).collect(),
        Data::Map(map) => Json::Object(
            map.borrow().iter().map(|(key, entry)| (key.to_string(), json(&entry.value))).collect(),
        ),
        _ => Json::Null,
    }
}
