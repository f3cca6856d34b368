//! The suffix of generated names: a hash of what they hold, so that a change rolls out.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::build::Build;
use super::names::join;
use super::node::{Kind, Node, Value};
use super::resource::Resource;
use super::set::Set;
use super::trail::From;
use crate::render::origin::How;

/// Gives generated resources their suffix.
pub(super) fn add_suffixes(build: &mut Build<'_>, set: &mut Set) {
    for resource in set.list.iter_mut().filter(|resource| resource.wants_hash) {
        let hash = hash(resource);
        resource.remember(&build.schema);
        let trail = &mut build.trail;
        let mut hashed: Vec<From> = Vec::new();
        for data in
            ["data", "binaryData", "stringData", "type"].iter().filter_map(|key| resource.node.get(key))
        {
            hashed.push(data.from);
            hashed.extend(data.entries().iter().map(|entry| entry.node.from));
        }
        let from = trail.of_all(How::Derived, &hashed);
        let suffix = Node::text(format!("-{hash}"), from);
        if let Some(name) = resource.node.get_mut("metadata").and_then(|metadata| metadata.get_mut("name")) {
            let old = name.clone();
            join(name, &[&old, &suffix], trail);
        }
    }
}

/// Ten characters, of an alphabet that spells no words.
///
/// Kustomize means to hash the name too, but looks for it under one key `metadata/name`, which nothing has: it is always empty.
fn hash(resource: &Resource) -> String {
    let node = &resource.node;
    let mut json = String::new();
    match &*resource.kind() {
        "ConfigMap" => {
            let binary = node.get("binaryData").filter(|data| data.is_map());
            json.push('{');
            if let Some(binary) = binary {
                json.push_str("\"binaryData\":");
                encode(binary, &mut json);
                json.push(',');
            }
            json.push_str("\"data\":");
            data(node.get("data"), &mut json);
            json.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        "Secret" => {
            json.push_str("{\"data\":");
            data(node.get("data"), &mut json);
            json.push_str(",\"kind\":\"Secret\",\"name\":\"\"");
            if let Some(plain) = node.get("stringData").filter(|data| data.is_map()) {
                json.push_str(",\"stringData\":");
                encode(plain, &mut json);
            }
            json.push_str(",\"type\":");
            string(node.get("type").map_or("", Node::written), &mut json);
            json.push('}');
        }
        _ => encode(node, &mut json),
    }
    let digest = Sha256::digest(json.as_bytes());
    let mut hex = String::new();
    for byte in &digest[..5] {
        let _ = write!(hex, "{byte:02x}");
    }
    let spelled = hex.chars().map(|char| match char {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        char => char,
    });
    spelled.collect()
}

fn data(node: Option<&Node>, json: &mut String) {
    match node {
        None => json.push_str("\"\""),
        Some(node) if node.scalar().is_some() => string(node.written(), json),
        Some(node) => encode(node, json),
    }
}

/// JSON as Go's encoder writes it: keys sorted, and what means something in HTML escaped.
fn encode(node: &Node, json: &mut String) {
    match &node.value {
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|one, two| one.key.cmp(&two.key));
            json.push('{');
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                string(&entry.key, json);
                json.push(':');
                encode(&entry.node, json);
            }
            json.push('}');
        }
        Value::List(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                encode(item, json);
            }
            json.push(']');
        }
        Value::Scalar(scalar) => match scalar.kind {
            Kind::Null => json.push_str("null"),
            Kind::Text => string(&scalar.text, json),
            Kind::Bool => json.push_str(&scalar.text.to_ascii_lowercase()),
            Kind::Int | Kind::Float => json.push_str(&scalar.text),
        },
    }
}

fn string(text: &str, json: &mut String) {
    json.push('"');
    for char in text.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => drop(write!(json, "\\u{:04x}", char as u32)),
            char if (char as u32) < 0x20 => drop(write!(json, "\\u{:04x}", char as u32)),
            char => json.push(char),
        }
    }
    json.push('"');
}
