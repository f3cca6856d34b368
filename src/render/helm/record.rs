//! Go structs as charts see them: `.Chart`, `.Capabilities` and what stands below them.

use super::super::origin::Origin;
use super::super::value::{Entry, Object, Value};

/// A struct: fields by their Go names, and by the names that `toYaml` gives them.
#[derive(Debug)]
pub(super) struct Record {
    type_name: &'static str,
    fields: Vec<Field>,
}

/// A field, or a method without arguments.
#[derive(Debug)]
struct Field {
    name: &'static str,
    /// Its key in YAML and JSON; empty for a method.
    key: &'static str,
    /// Whether it is left out of YAML and JSON where it is empty.
    optional: bool,
    value: Value,
}

impl Record {
    /// A struct without fields.
    pub(super) fn new(type_name: &'static str) -> Self {
        Self { type_name, fields: Vec::new() }
    }

    /// With a field.
    pub(super) fn with(mut self, name: &'static str, key: &'static str, value: Value) -> Self {
        self.fields.push(Field { name, key, optional: false, value });
        self
    }

    /// With a field that YAML and JSON only have where it is not empty.
    pub(super) fn with_optional(mut self, name: &'static str, key: &'static str, value: Value) -> Self {
        self.fields.push(Field { name, key, optional: true, value });
        self
    }

    /// With a method without arguments.
    pub(super) fn with_method(self, name: &'static str, value: Value) -> Self {
        self.with(name, "", value)
    }
}

impl Object for Record {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.clone())
    }

    fn call(&self, _: &str, _: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    fn plain(&self) -> Option<Value> {
        let shown = self
            .fields
            .iter()
            .filter(|field| !field.key.is_empty() && (!field.optional || field.value.is_true()));
        let entries = shown.map(|field| {
            let key = field.value.origin;
            (field.key.into(), Entry { key, value: field.value.clone() })
        });
        Some(Value::map(entries, Origin::NONE))
    }
}
