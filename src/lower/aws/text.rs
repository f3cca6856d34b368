//! Texts with `${…}` in them: put together from what is known, with what is not kept as it is written.

use std::borrow::Cow;

use super::cloud::{Cloud, Value, is_scalar};
use crate::lower::messaging::Name;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// As it is.
    Plain(&'t str),
    /// What stands between `${` and `}`.
    Hole(&'t str),
}

/// The pieces of a text. Braces inside a hole are counted; a hole without an end is plain.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let inner = &rest[at + 2..];
        let mut depth = 1_i32;
        let end = inner.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let Some((end, _)) = end else { break };
        if at > 0 {
            found.push(Piece::Plain(&rest[..at]));
        }
        found.push(Piece::Hole(&inner[..end]));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        found.push(Piece::Plain(rest));
    }
    found
}

/// How long a text may become.
const LONGEST: usize = 4096;

/// What pieces come to, put together. An attribute of a resource that stands alone, or that ends an ARN, is that attribute.
pub fn join<'a>(cloud: &Cloud<'a>, scope: u32, parts: Vec<(Value<'a>, &str)>) -> Value<'a> {
    if parts.len() == 1
        && let Some((value, _)) = parts.first()
    {
        return value.clone();
    }
    cloud.trail.clear();
    if let Some((Value::Attribute(handle, attribute), _)) = parts.last()
        && parts[..parts.len() - 1].iter().any(|(value, _)| starts_arn(value))
    {
        return Value::Attribute(*handle, attribute);
    }
    let mut name = Name { text: Cow::Borrowed(""), hidden: false, scope };
    for (value, written) in parts {
        if name.text.len() > LONGEST {
            return Value::Unknown("it is put together of too much".to_owned());
        }
        match value {
            Value::Text(piece) => {
                name.hidden |= piece.hidden;
                name.text.to_mut().push_str(&piece.text);
            }
            Value::Node(node, _) if is_scalar(node) => name.text.to_mut().push_str(node.text()),
            Value::Attribute(handle, attribute) => {
                name.hidden = true;
                let label = cloud.resources[handle as usize].label;
                name.text.to_mut().push_str(&format!("${{{label}.{attribute}}}"));
            }
            _ => {
                name.hidden = true;
                name.text.to_mut().push_str(&format!("${{{written}}}"));
            }
        }
    }
    Value::Text(name)
}

fn starts_arn(value: &Value<'_>) -> bool {
    match value {
        Value::Text(name) => {
            name.text.starts_with("arn:") || name.text.contains(":sqs:") || name.text.contains(":sns:")
        }
        _ => false,
    }
}
