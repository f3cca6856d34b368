//! serverless.yml: functions with their events, beside resources that are CloudFormation.

use super::cloud::{Cloud, Dialect, Resource, Value, What, is_scalar};
use super::cloudformation;
use super::text::{self, Piece};
use crate::lower::messaging::Name;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Adds the service that a document is, if it is one.
pub(super) fn add<'a>(cloud: &mut Cloud<'a>, root: NodeRef<'a>, path: &str) {
    let aws =
        root.at("provider.name").or_else(|| root.get("provider")).is_some_and(|name| name.text() == "aws");
    if !aws || root.get("service").is_none() {
        return;
    }
    let scope = cloud.begin(Dialect::Serverless, path, Some(root));
    for (label, node) in root.get("functions").into_iter().flat_map(each).flat_map(NodeRef::entries) {
        let handle = cloud.resources.len() as u32;
        let function = Resource {
            what: What::Function,
            kind: "function",
            label,
            node,
            layers: vec![node],
            scope,
            holder: Some(handle),
        };
        cloud.add(Some(logical_id(label)), function);
        for event in node.get("events").into_iter().flat_map(NodeRef::items) {
            // An event is one key with its settings, or with the ARN alone.
            let Some((kind, settings)) = event.entries().next() else { continue };
            let layer =
                if settings.kind() == NodeKind::Map && !is_function(settings) { settings } else { event };
            // What is polled goes by the function that polls it, what is pushed by where it comes from.
            let polled = matches!(kind, "sqs" | "stream" | "msk" | "kafka" | "activemq" | "rabbitmq");
            let resource = Resource {
                what: What::Event,
                kind,
                label: if polled { label } else { kind },
                node: event,
                layers: vec![layer],
                scope,
                holder: Some(handle),
            };
            cloud.add(None, resource);
        }
    }
    for template in root.get("resources").into_iter().flat_map(each) {
        cloudformation::add_template(cloud, template, scope, None, &[]);
    }
    let elsewhere = ["resources", "functions"].iter().filter_map(|key| root.get(key)).flat_map(NodeRef::walk);
    if (elsewhere.into_iter().any(|node| node.text().starts_with("${file("))
        || root.get("constructs").is_some())
        && let Some(stack) = cloud.stacks.last_mut()
    {
        stack.open = Some(crate::fact::Reason::new("a part of the service stands in another file"));
    }
}

/// A mapping, or a list of mappings.
fn each(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let one = (node.kind() == NodeKind::Map).then_some(node);
    one.into_iter().chain(node.items())
}

fn is_function(node: NodeRef<'_>) -> bool {
    node.entries().next().is_some_and(|(key, _)| key == "Ref" || key.starts_with("Fn::"))
}

/// The name that a function has in CloudFormation: `handle-orders` is `HandleDashordersLambdaFunction`.
fn logical_id(label: &str) -> String {
    let mut id = String::new();
    for (at, c) in label.chars().enumerate() {
        match c {
            '-' => id.push_str("Dash"),
            '_' => id.push_str("Underscore"),
            c if at == 0 => id.extend(c.to_uppercase()),
            c => id.push(c),
        }
    }
    id.push_str("LambdaFunction");
    id
}

/// What a node comes to: variables of serverless.yml first, then as in CloudFormation.
pub(super) fn follow<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    if node.kind() == NodeKind::Text && node.tag().is_none() && node.text().contains("${") {
        let pieces = text::pieces(node.text());
        // Without a colon it is CloudFormation's, and so is `${AWS::Region}`.
        if pieces.iter().any(|piece| matches!(piece, Piece::Hole(hole) if is_variable(hole))) {
            let parts = pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Plain(text) => (Value::Text(Name::known(text)), text),
                    Piece::Hole(hole) => (variable(cloud, hole, scope, depth), hole),
                })
                .collect();
            return text::join(cloud, scope, parts);
        }
    }
    cloudformation::follow(cloud, node, scope, depth)
}

fn is_variable(hole: &str) -> bool {
    hole.contains(':') && !hole.starts_with("AWS::")
}

/// `self:custom.name`, `self:custom.name, 'orders'`, `opt:stage, 'dev'`.
fn variable<'a>(cloud: &Cloud<'a>, hole: &'a str, scope: u32, depth: u32) -> Value<'a> {
    let hidden = || Value::Text(Name { text: format!("${{{hole}}}").into(), hidden: true, scope });
    let (source, default) = match hole.split_once(',') {
        Some((source, default)) => (source.trim(), Some(default.trim())),
        None => (hole.trim(), None),
    };
    let Some(path) = source.strip_prefix("self:") else { return hidden() };
    let found = cloud.stack(scope).root.and_then(|root| root.at(path));
    match (found, default) {
        (Some(node), _) if is_scalar(node) || matches!(node.kind(), NodeKind::Map | NodeKind::List) => {
            cloud.follow(node, scope, depth - 1)
        }
        (None, Some(default))
            if default.starts_with('\'') && default.ends_with('\'') && default.len() > 1 =>
        {
            Value::Text(Name::known(&default[1..default.len() - 1]))
        }
        _ => hidden(),
    }
}
