//! Values to YAML, JSON and TOML, and back.

use super::Table;
use super::arguments::{Answer, derived_text, exactly, rope};
use super::toml;
use crate::render::origin::{How, Origin};
use crate::render::template::function::Call;
use crate::render::text::Text;
use crate::render::value::{Data, Entry, Value};
use crate::render::yaml::json::{self, Form};
use crate::render::yaml::{load, print};

pub(super) const TABLE: Table = &[
    ("toYaml", to_yaml),
    ("toYamlPretty", to_yaml_pretty),
    ("fromYaml", from_yaml),
    ("fromYamlArray", from_yaml_array),
    ("toJson", to_json),
    ("mustToJson", must_to_json),
    ("toPrettyJson", to_pretty_json),
    ("mustToPrettyJson", must_to_pretty_json),
    ("toRawJson", to_raw_json),
    ("mustToRawJson", to_raw_json),
    ("fromJson", from_json),
    ("mustFromJson", must_from_json),
    ("fromJsonArray", from_json_array),
    ("toToml", to_toml),
];

/// Of how many of its parts a text as a whole says that it comes from them.
const PARTS: usize = 16;

/// A text that holds what a value holds.
fn written(call: &mut Call<'_>, text: Text, value: &Value) -> Answer {
    call.budget.bytes(text.len())?;
    let parts: Vec<Origin> = text.pieces().take(PARTS).map(|piece| piece.origin).collect();
    let origin = call.origins.of(How::Joined, std::iter::once(value.origin).chain(parts));
    Ok(Value::new(Data::Text(text), origin))
}

fn to_yaml(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toYaml", values)?;
    // What cannot be written is nothing, without a word.
    let text = print::print(value, call.origins, call.at, call.frame).unwrap_or_default();
    let end = text.as_str().strip_suffix('\n').unwrap_or(text.as_str()).len();
    written(call, text.slice(0, end), value)
}

fn to_yaml_pretty(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toYamlPretty", values)?;
    let text = print::print_pretty(value, call.origins, call.at, call.frame).unwrap_or_default();
    let end = text.as_str().strip_suffix('\n').unwrap_or(text.as_str()).len();
    written(call, text.slice(0, end), value)
}

fn in_json(call: &mut Call<'_>, name: &str, values: &[Value], form: Form) -> Answer {
    let [value] = exactly(name, values)?;
    let text = json::print(value, form, call.origins, call.at, call.frame)?;
    written(call, text, value)
}

/// The same, but nothing where it cannot be written.
fn in_json_or_nothing(call: &mut Call<'_>, name: &str, values: &[Value], form: Form) -> Answer {
    let [value] = exactly(name, values)?;
    let text = json::print(value, form, call.origins, call.at, call.frame).unwrap_or_default();
    written(call, text, value)
}

fn to_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    in_json_or_nothing(call, "toJson", values, Form::Compact)
}

fn must_to_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    in_json(call, "mustToJson", values, Form::Compact)
}

fn to_pretty_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    in_json_or_nothing(call, "toPrettyJson", values, Form::Pretty)
}

fn must_to_pretty_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    in_json(call, "mustToPrettyJson", values, Form::Pretty)
}

fn to_raw_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    in_json(call, "toRawJson", values, Form::Raw)
}

/// What is read where a map is wanted; a map with the reason where it is none.
fn as_map(call: &mut Call<'_>, read: Result<Value, String>, whole: &Value, prefix: &str) -> Value {
    let error = match read {
        Ok(value) => match value.data {
            Data::Map(_) => return value,
            Data::Nil => return Value::map([], whole.origin),
            // What stands for something unknown is no map either.
            Data::Text(_) if call.origins.unknown(whole.origin).is_some() => {
                return Value::map([], whole.origin);
            }
            other => format!(
                "{prefix}json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                json_name(&other)
            ),
        },
        Err(error) => error,
    };
    let entry = Entry { key: call.at, value: Value::text(error, whole.origin) };
    Value::map([("Error".into(), entry)], whole.origin)
}

/// The same where a list is wanted.
fn as_list(read: Result<Value, String>, whole: &Value, prefix: &str) -> Value {
    let error = match read {
        Ok(value) => match value.data {
            Data::List(_) => return value,
            Data::Nil => return Value::list([], whole.origin),
            other => format!(
                "{prefix}json: cannot unmarshal {} into Go value of type []interface {{}}",
                json_name(&other)
            ),
        },
        Err(error) => error,
    };
    Value::list([Value::text(error, whole.origin)], whole.origin)
}

fn json_name(data: &Data) -> &'static str {
    match data {
        Data::Bool(_) => "bool",
        Data::Int(_) | Data::Float(_) => "number",
        Data::List(_) => "array",
        Data::Map(_) => "object",
        _ => "string",
    }
}

fn read_yaml(call: &mut Call<'_>, value: &Value) -> Result<Result<Value, String>, String> {
    let text = rope(call, value)?;
    call.budget.work(text.len() / 16)?;
    Ok(load::load_text(&text, call.origins)
        .map_err(|problem| format!("error converting YAML to JSON: yaml: {}", problem.message)))
}

fn read_json(call: &mut Call<'_>, value: &Value) -> Result<Result<Value, String>, String> {
    let text = rope(call, value)?;
    call.budget.work(text.len() / 16)?;
    Ok(json::parse(&text, call.origins))
}

const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON: ";

fn from_yaml(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("fromYaml", values)?;
    let read = read_yaml(call, value)?;
    Ok(as_map(call, read, value, UNMARSHALING))
}

fn from_yaml_array(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("fromYamlArray", values)?;
    let read = read_yaml(call, value)?;
    Ok(as_list(read, value, UNMARSHALING))
}

fn from_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("fromJson", values)?;
    let read = read_json(call, value)?;
    Ok(as_map(call, read, value, ""))
}

fn from_json_array(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("fromJsonArray", values)?;
    let read = read_json(call, value)?;
    Ok(as_list(read, value, ""))
}

fn must_from_json(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("mustFromJson", values)?;
    read_json(call, value)?
}

fn to_toml(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("toToml", values)?;
    if let Data::Nil = value.data {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    let text = toml::print(value).unwrap_or_else(|error| error);
    derived_text(call, text, values)
}
