//! Resource policies: which services may send to a queue.

use super::cloud::{Cloud, Value, is_scalar};
use crate::syntax::tree::{NodeKind, NodeRef};

/// The services that a policy lets send messages; `*` is everybody. None where any part of it cannot be known.
pub(super) fn senders<'a>(cloud: &Cloud<'a>, document: NodeRef<'a>, scope: u32) -> Option<Vec<&'a str>> {
    let Value::Node(document, scope) = cloud.value(document, scope) else { return None };
    if document.kind() != NodeKind::Map {
        return None;
    }
    let mut services = Vec::new();
    // A document as JSON says `Statement`; Terraform's own form of it says `statement`.
    let Some(statements) = document.get("Statement").or_else(|| document.get("statement")) else {
        return Some(services);
    };
    for (statement, scope) in each(cloud, statements, scope)? {
        let part = |json: &str, terraform: &str| statement.get(json).or_else(|| statement.get(terraform));
        let effect = part("Effect", "effect").map(|effect| text(cloud, effect, scope));
        match effect {
            Some(None) => return None,
            Some(Some(effect)) if effect != "Allow" => continue,
            _ => {}
        }
        let mut sends = part("NotAction", "not_actions").is_some();
        if let Some(actions) = part("Action", "actions") {
            for (action, scope) in each(cloud, actions, scope)? {
                let action = text(cloud, action, scope)?.to_ascii_lowercase();
                sends |= matches!(
                    action.as_str(),
                    "*" | "sqs:*" | "sqs:send*" | "sqs:sendmessage" | "sqs:sendmessage*"
                );
            }
        }
        if sends {
            principals(cloud, statement, scope, &mut services)?;
        }
    }
    Some(services)
}

fn principals<'a>(
    cloud: &Cloud<'a>,
    statement: NodeRef<'a>,
    scope: u32,
    services: &mut Vec<&'a str>,
) -> Option<()> {
    if statement.get("NotPrincipal").or_else(|| statement.get("not_principals")).is_some() {
        services.push("*");
    }
    if let Some(blocks) = statement.get("principals") {
        for (block, scope) in each(cloud, blocks, scope)? {
            let kind = text(cloud, block.get("type")?, scope)?;
            for (identifier, scope) in each(cloud, block.get("identifiers")?, scope)? {
                let identifier = text(cloud, identifier, scope)?;
                if kind == "Service" || identifier == "*" {
                    services.push(identifier);
                }
            }
        }
    }
    let Some(principal) = statement.get("Principal") else { return Some(()) };
    let Value::Node(principal, scope) = cloud.value(principal, scope) else { return None };
    if is_scalar(principal) {
        services.push(principal.text());
        return Some(());
    }
    if principal.is_unknown() {
        return None;
    }
    for (key, value) in principal.entries() {
        for (identifier, scope) in each(cloud, value, scope)? {
            // An account or a role that cannot be known is none of the services asked about, unless it may be all.
            match text(cloud, identifier, scope) {
                Some(identifier) if key == "Service" || identifier == "*" => services.push(identifier),
                Some(_) => {}
                None if key == "Service" || identifier.is_unknown() => return None,
                None => {}
            }
        }
    }
    Some(())
}

/// The elements of a list, or the one thing that stands for a list of one.
fn each<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32) -> Option<Vec<(NodeRef<'a>, u32)>> {
    match cloud.value(node, scope) {
        Value::Node(list, scope) if list.kind() == NodeKind::List => list
            .items()
            .map(|item| match cloud.value(item, scope) {
                Value::Node(at, scope) if !at.is_unknown() => Some((at, scope)),
                Value::Node(..) | Value::Absent => None,
                _ => Some((item, scope)),
            })
            .collect(),
        Value::Node(one, scope) if !one.is_unknown() => Some(vec![(one, scope)]),
        Value::Attribute(..) | Value::Text(_) => Some(vec![(node, scope)]),
        _ => None,
    }
}

fn text<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32) -> Option<&'a str> {
    match cloud.value(node, scope) {
        Value::Node(node, _) if is_scalar(node) => Some(node.text()),
        _ => None,
    }
}
