//! Conditions and mappings of CloudFormation, as far as they are the same in every deployment.
//!
//! What a parameter says is only known where another template passes it or leaves it out: else its default is there to be changed.

use std::borrow::Cow;

use super::cloud::{Cloud, Value, is_scalar};
use super::cloudformation::call;
use crate::lower::messaging::Name;
use crate::syntax::tree::{NodeKind, NodeRef};

/// `!If [condition, then, else]`
pub(super) fn chosen<'a>(cloud: &Cloud<'a>, argument: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    let parts: Vec<NodeRef<'a>> = argument.items().collect();
    let [name, yes, no] = parts.as_slice() else {
        return Value::Unknown("it depends on a condition".to_owned());
    };
    match named(cloud, name.text(), scope, depth - 1) {
        Some(true) => cloud.follow(*yes, scope, depth - 1),
        Some(false) => cloud.follow(*no, scope, depth - 1),
        None => {
            let (yes, no) = (cloud.follow(*yes, scope, depth - 1), cloud.follow(*no, scope, depth - 1));
            let same = match (&yes, &no) {
                (Value::Node(a, _), Value::Node(b, _)) => {
                    is_scalar(*a) && is_scalar(*b) && a.text() == b.text()
                }
                (Value::Attribute(a, one), Value::Attribute(b, other)) => a == b && one == other,
                (Value::Absent, Value::Absent) => true,
                _ => false,
            };
            if same { yes } else { Value::Unknown(format!("it depends on the condition `{}`", name.text())) }
        }
    }
}

/// Whether a condition holds in every deployment, or in none.
fn named(cloud: &Cloud<'_>, name: &str, scope: u32, depth: u32) -> Option<bool> {
    let template = cloud.scopes[scope as usize].template?;
    holds(cloud, template.get("Conditions")?.get(name)?, scope, depth)
}

fn holds<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Option<bool> {
    if depth == 0 {
        return None;
    }
    let (function, argument) = match node.get("Condition").filter(|_| node.kind() == NodeKind::Map) {
        Some(name) => ("Condition", name),
        None => call(node)?,
    };
    let all = |argument: NodeRef<'a>| -> Vec<Option<bool>> {
        argument.items().map(|part| holds(cloud, part, scope, depth - 1)).collect()
    };
    match function {
        "Condition" => named(cloud, argument.text(), scope, depth - 1),
        "Equals" => {
            let mut sides = argument.items().map(|side| constant(cloud, side, scope, depth - 1));
            Some(sides.next()?? == sides.next()??)
        }
        "Not" => all(argument).first().copied().flatten().map(|holds| !holds),
        "And" => match all(argument) {
            parts if parts.contains(&Some(false)) => Some(false),
            parts => parts.iter().all(Option::is_some).then_some(true),
        },
        "Or" => match all(argument) {
            parts if parts.contains(&Some(true)) => Some(true),
            parts => parts.iter().all(Option::is_some).then_some(false),
        },
        _ => None,
    }
}

/// A text that no deployment changes.
fn constant<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Option<Cow<'a, str>> {
    let follow = || cloud.certainly(|| cloud.follow(node, scope, depth));
    match cloud.trail.aside(follow) {
        Value::Node(node, _) if is_scalar(node) => Some(Cow::Borrowed(node.text())),
        Value::Text(Name { text, hidden: false, .. }) => Some(text),
        _ => None,
    }
}

/// `!FindInMap [map, key, name]`
pub(super) fn mapped<'a>(cloud: &Cloud<'a>, argument: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    let unknown = || Value::Unknown("it is looked up by something that is only known at run time".to_owned());
    let parts: Vec<NodeRef<'a>> = argument.items().collect();
    let [map, key, name, ..] = parts.as_slice() else { return unknown() };
    let template = cloud.scopes[scope as usize].template;
    let Some(map) = template.and_then(|template| template.get("Mappings")?.get(map.text())) else {
        return unknown();
    };
    if !is_scalar(*name) || call(*name).is_some() {
        return unknown();
    }
    let found = match cloud.trail.aside(|| cloud.follow(*key, scope, depth - 1)) {
        Value::Node(key, _) if is_scalar(key) => map.get(key.text()).and_then(|entry| entry.get(name.text())),
        Value::Text(Name { text, hidden: false, .. }) => {
            map.get(&text).and_then(|entry| entry.get(name.text()))
        }
        // By a region, say: the answer is known where all are the same.
        _ => {
            let mut all = map.entries().map(|(_, entry)| entry.get(name.text()));
            let first = all.next().flatten();
            first.filter(|first| all.all(|other| other.is_some_and(|other| other.text() == first.text())))
        }
    };
    found.map_or_else(unknown, |node| Value::Node(node, scope))
}
