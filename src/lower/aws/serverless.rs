//! serverless.yml: functions with their events, beside resources that are CloudFormation.

use camino::Utf8Path;

use super::cloud::{Cloud, Dialect, Resource, Value, What, is_scalar};
use super::cloudformation;
use super::relative::resolve;
use super::text::{self, Piece};
use crate::lower::messaging::Name;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Whether a document is a service.
pub(super) fn is_service(root: NodeRef<'_>) -> bool {
    let provider = root.at("provider.name").or_else(|| root.get("provider"));
    root.get("service").is_some() && provider.is_some_and(|name| name.text() == "aws")
}

/// Adds the service that a document is.
pub(super) fn add<'a>(cloud: &mut Cloud<'a>, root: NodeRef<'a>, path: &str) {
    let scope = cloud.begin(Dialect::Serverless, path, Some(root));
    let mut elsewhere = root.get("constructs").is_some();
    let functions: Vec<_> = parts(cloud, root.get("functions"), scope).collect();
    let templates: Vec<_> = parts(cloud, root.get("resources"), scope).collect();
    for (label, node) in functions.iter().flat_map(|part| part.entries()) {
        let handle = cloud.resources.len() as u32;
        let node = in_file(cloud, node, scope).unwrap_or(node);
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
        elsewhere |= is_file(node) || node.get("events").is_some_and(is_elsewhere);
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
    for template in templates {
        elsewhere |= template.get("Resources").is_some_and(is_elsewhere);
        cloudformation::add_template(cloud, template, scope, None, &[]);
    }
    elsewhere |= ["functions", "resources"].iter().any(|key| {
        let list = root.get(key).into_iter().flat_map(each_or_all);
        list.into_iter().any(|part| is_file(part) && in_file(cloud, part, scope).is_none())
    });
    if let Some(stack) = cloud.stacks.last_mut().filter(|_| elsewhere) {
        stack.open = Some(crate::fact::Reason::new("a part of the service stands in another file"));
    }
}

/// The mappings that a section consists of, be they in other files.
fn parts<'a, 'c>(
    cloud: &'c Cloud<'a>,
    section: Option<NodeRef<'a>>,
    scope: u32,
) -> impl Iterator<Item = NodeRef<'a>> + use<'a, 'c> {
    let here = section.into_iter().flat_map(each_or_all);
    here.map(move |part| in_file(cloud, part, scope).unwrap_or(part)).flat_map(each)
}

/// Whether a section, or one of its elements, stands in another file; what hides a single value hides nothing else.
fn is_elsewhere(section: NodeRef<'_>) -> bool {
    is_file(section) || section.children().any(is_file)
}

fn is_file(node: NodeRef<'_>) -> bool {
    node.text().starts_with("${file(")
}

/// What `${file(./functions.yml)}` or `${file(./functions.yml):orders}` stands for.
fn in_file<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32) -> Option<NodeRef<'a>> {
    named_file(cloud, node.text().strip_prefix("${")?.strip_suffix('}')?, scope)
}

/// A node of another file: `file(./config.yml):queues.name`. Paths begin at the folder of the service.
fn named_file<'a>(cloud: &Cloud<'a>, hole: &str, scope: u32) -> Option<NodeRef<'a>> {
    let (path, rest) = hole.strip_prefix("file(")?.split_once(')')?;
    let folder = Utf8Path::new(&cloud.stack(scope).name).parent()?;
    let root = *cloud.documents.get(resolve(folder, path.trim())?.as_path())?;
    match rest.strip_prefix(':') {
        Some(path) => root.at(path),
        None => rest.is_empty().then_some(root),
    }
}

/// The elements of a list, or the node itself.
fn each_or_all(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let one = (node.kind() != NodeKind::List).then_some(node);
    one.into_iter().chain(node.items())
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
    (hole.contains(':') && !hole.starts_with("AWS::")) || hole.starts_with("file(")
}

/// `self:custom.name`, `self:custom.name, 'orders'`, `opt:stage, 'dev'`, `file(./config.yml):name`.
fn variable<'a>(cloud: &Cloud<'a>, hole: &'a str, scope: u32, depth: u32) -> Value<'a> {
    let hidden = || Value::Text(Name { text: format!("${{{hole}}}").into(), hidden: true, scope });
    let (source, default) = match hole.split_once(',') {
        Some((source, default)) => (source.trim(), Some(default.trim())),
        None => (hole.trim(), None),
    };
    let found = match source.strip_prefix("self:") {
        Some(path) => cloud.stack(scope).root.and_then(|root| root.at(path)),
        None => match named_file(cloud, source, scope) {
            Some(node) => Some(node),
            None => return hidden(),
        },
    };
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
