//! CloudFormation templates: their resources, and their intrinsic functions in the long form and as short tags.

use super::cloud::{Cloud, Resource, Scope, Value, What, excerpt, is_scalar};
use super::condition;
use super::sam;
use super::text::{self, Piece};
use crate::lower::messaging::Name;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Whether a document is a template.
pub fn is_template(root: NodeRef<'_>) -> bool {
    let Some(resources) = root.get("Resources").filter(|node| node.kind() == NodeKind::Map) else {
        return false;
    };
    root.get("AWSTemplateFormatVersion").is_some()
        || resources
            .entries()
            .any(|(_, resource)| resource.get("Type").is_some_and(|kind| kind.text().starts_with("AWS::")))
}

/// Adds the parameters, resources and exports of a template to the stack that was begun last. `call` is the resource that nests it,
/// with its scope; `seen` are those that it nests itself and that are read, too.
pub fn add_template<'a>(
    cloud: &mut Cloud<'a>,
    root: NodeRef<'a>,
    scope: u32,
    call: Option<(NodeRef<'a>, u32)>,
    seen: &[&str],
) {
    cloud.scopes[scope as usize].template = Some(root);
    cloud.scopes[scope as usize].call = call.map(|(call, _)| call);
    let passed = call.and_then(|(call, outer)| Some((call.at("Properties.Parameters")?, outer)));
    for (name, parameter) in root.get("Parameters").into_iter().flat_map(NodeRef::entries) {
        let default = parameter.get("Default").filter(|node| !node.is_null());
        let plain = parameter.get("Type").is_none_or(|kind| matches!(kind.text(), "String" | "Number"));
        let here = &mut cloud.scopes[scope as usize];
        if let Some((value, outer)) = passed.and_then(|(passed, outer)| Some((passed.get(name)?, outer))) {
            here.values.insert(name.to_owned(), (value, outer));
            continue;
        }
        match default {
            Some(default) if plain => {
                here.values.insert(name.to_owned(), (default, scope));
            }
            _ => {
                here.hidden.insert(name.to_owned(), parameter);
            }
        }
    }
    for (label, node) in root.get("Resources").into_iter().flat_map(NodeRef::entries) {
        let kind = node.get("Type").filter(|kind| is_scalar(*kind)).map_or("", NodeRef::text);
        let what = if seen.contains(&label) { What::Other } else { what(kind) };
        let properties = node.get("Properties").unwrap_or(node);
        let resource = Resource { what, kind, label, node, layers: vec![properties], scope, holder: None };
        let handle = cloud.add(Some(label.to_owned()), resource);
        match kind {
            "AWS::Serverless::Function" => sam::expand(cloud, root, handle),
            "AWS::Serverless::Api" => sam::inherit(cloud, root, "Globals.Api", handle),
            "AWS::Serverless::HttpApi" => sam::inherit(cloud, root, "Globals.HttpApi", handle),
            _ => {}
        }
    }
    if root.get("Resources").is_some_and(|resources| {
        resources.entries().any(|(key, resource)| {
            key.starts_with("Fn::ForEach")
                || key.starts_with("Fn::Transform")
                || resource.get("Type").is_some_and(NodeRef::is_unknown)
        })
    }) && let Some(stack) = cloud.stacks.last_mut()
    {
        stack.open = Some(crate::fact::Reason::new("the template makes resources when it is deployed"));
    }
    for (_, output) in root.get("Outputs").into_iter().flat_map(NodeRef::entries) {
        if let (Some(name), Some(value)) = (output.at("Export.Name"), output.get("Value")) {
            cloud.exported.push((name, value, scope));
        }
    }
}

fn what(kind: &str) -> What {
    match kind {
        "AWS::SQS::Queue" => What::Queue,
        "AWS::SQS::QueuePolicy" | "AWS::SQS::QueueInlinePolicy" => What::QueuePolicy,
        "AWS::SNS::Topic" => What::Topic,
        "AWS::SNS::Subscription" => What::Subscription,
        "AWS::Lambda::Function" | "AWS::Serverless::Function" => What::Function,
        "AWS::Lambda::EventInvokeConfig" => What::InvokeConfig,
        "AWS::Lambda::EventSourceMapping" => What::Mapping,
        "AWS::Lambda::Permission" => What::Permission,
        "AWS::Events::Rule" => What::Rule,
        "AWS::Scheduler::Schedule" => What::Schedule,
        "AWS::Pipes::Pipe" => What::Pipe,
        "AWS::CloudWatch::Alarm" => What::Alarm,
        "AWS::CloudWatch::CompositeAlarm" => What::CompositeAlarm,
        "AWS::ApiGateway::Method" | "AWS::ApiGatewayV2::Integration" => What::Integration,
        "AWS::ApiGateway::Stage"
        | "AWS::ApiGatewayV2::Stage"
        | "AWS::Serverless::Api"
        | "AWS::Serverless::HttpApi" => What::Stage,
        "AWS::CloudFormation::Stack"
        | "AWS::Serverless::Application"
        | "AWS::CloudFormation::CustomResource" => What::Opaque,
        "AWS::Chatbot::SlackChannelConfiguration"
        | "AWS::Chatbot::MicrosoftTeamsChannelConfiguration"
        | "AWS::SSMIncidents::ResponsePlan" => What::Opaque,
        "AWS::CodeDeploy::DeploymentGroup"
        | "AWS::ECS::Service"
        | "AWS::Route53::HealthCheck"
        | "AWS::AppConfig::Environment"
        | "AWS::FIS::ExperimentTemplate" => What::AlarmUser,
        _ if kind.starts_with("AWS::") => What::Other,
        // Custom resources, modules, and the types of other vendors: Datadog::Monitors::Monitor.
        _ => What::Opaque,
    }
}

/// What a node comes to.
pub fn follow<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    if node.is_unknown() {
        return Value::Unknown(format!("`{}` is only known at run time", excerpt(node.text())));
    }
    let (function, argument) = match call(node) {
        Some(call) => call,
        None if node.is_null() => return Value::Absent,
        None => return Value::Node(node, scope),
    };
    if argument.is_unknown() {
        return Value::Unknown("it names something that is only known at run time".to_owned());
    }
    match function {
        "Ref" if is_scalar(argument) => named(cloud, argument.text(), scope, depth),
        "GetAtt" => get_att(cloud, argument, scope, depth),
        "Sub" => sub(cloud, argument, scope, depth),
        "Join" => joined(cloud, argument, scope, depth),
        "ImportValue" => match cloud.follow(argument, scope, depth - 1) {
            Value::Text(Name { text, hidden: false, .. }) => import(cloud, &text, depth),
            Value::Node(name, _) if is_scalar(name) => import(cloud, name.text(), depth),
            _ => Value::Unknown("it is imported from another stack".to_owned()),
        },
        "If" => condition::chosen(cloud, argument, scope, depth),
        "FindInMap" => condition::mapped(cloud, argument, scope, depth),
        other => Value::Unknown(format!("`{other}` is only known when it is deployed")),
    }
}

/// The intrinsic function that a node calls, and its argument: `!Ref X`, `{ Ref: X }`, `{ "Fn::Sub": … }`.
pub(super) fn call(node: NodeRef<'_>) -> Option<(&str, NodeRef<'_>)> {
    if let Some(tag) = node.tag().and_then(|tag| tag.strip_prefix('!')).filter(|tag| !tag.starts_with('!')) {
        return Some((tag, node));
    }
    if node.kind() != NodeKind::Map {
        return None;
    }
    let mut entries = node.entries();
    let (key, argument) = entries.next()?;
    if entries.next().is_some() {
        return None;
    }
    match key {
        "Ref" => Some(("Ref", argument)),
        _ => key.strip_prefix("Fn::").map(|function| (function, argument)),
    }
}

fn named<'a>(cloud: &Cloud<'a>, name: &'a str, scope: u32, depth: u32) -> Value<'a> {
    if name == "AWS::NoValue" {
        return Value::Absent;
    }
    let here = &cloud.scopes[scope as usize];
    if let Some(handle) = here.resources.get(name) {
        return Value::Attribute(*handle, "Ref");
    }
    if let Some(value) = cloud.given(name, name, scope, depth) {
        return value;
    }
    // Of what SAM makes beside a resource: `Orders.Alias`, `Orders.Version`.
    if let Some((name, made)) = name.split_once('.')
        && let Some(handle) = here.resources.get(name)
    {
        return Value::Attribute(*handle, made);
    }
    Value::Text(Name { text: format!("${{{name}}}").into(), hidden: true, scope })
}

/// An attribute by its path: `Orders.Arn`.
fn attribute<'a>(cloud: &Cloud<'a>, path: &'a str, scope: u32, depth: u32) -> Value<'a> {
    if let Some(value) = output(cloud, path, scope, depth) {
        return value;
    }
    let (name, attribute) = path.split_once('.').unwrap_or((path, "Ref"));
    match cloud.scopes[scope as usize].resources.get(name) {
        Some(handle) => Value::Attribute(*handle, attribute),
        None => Value::Unknown(format!("there is no resource `{}` here", excerpt(name))),
    }
}

/// An output of a nested stack: `Queues.Outputs.Dead`.
fn output<'a>(cloud: &Cloud<'a>, path: &str, scope: u32, depth: u32) -> Option<Value<'a>> {
    let (value, inner) = cloud.scopes[scope as usize].values.get(path).filter(|_| path.contains('.'))?;
    Some(cloud.follow(*value, *inner, depth - 1))
}

fn get_att<'a>(cloud: &Cloud<'a>, argument: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    if argument.kind() == NodeKind::List {
        let mut parts = argument.items();
        return match (parts.next(), parts.next()) {
            (Some(name), Some(wanted)) if is_scalar(name) && is_scalar(wanted) => {
                let path = format!("{}.{}", name.text(), wanted.text());
                if let Some(value) = output(cloud, &path, scope, depth) {
                    return value;
                }
                match cloud.scopes[scope as usize].resources.get(name.text()) {
                    Some(handle) => Value::Attribute(*handle, wanted.text()),
                    None => Value::Unknown(format!("there is no resource `{}` here", excerpt(name.text()))),
                }
            }
            _ => Value::Unknown("it names something that is only known at run time".to_owned()),
        };
    }
    if is_scalar(argument) {
        attribute(cloud, argument.text(), scope, depth)
    } else {
        Value::Unknown("it names something that is only known at run time".to_owned())
    }
}

fn sub<'a>(cloud: &Cloud<'a>, argument: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    let (template, names) = match argument.kind() {
        NodeKind::List => {
            let mut parts = argument.items();
            (parts.next(), parts.next())
        }
        _ => (Some(argument), None),
    };
    let Some(template) = template.filter(|template| is_scalar(*template)) else {
        return Value::Unknown("it is put together at run time".to_owned());
    };
    let parts = text::pieces(template.text())
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => (Value::Text(Name::known(text)), text),
            Piece::Hole(hole) => (hole_of_sub(cloud, hole, names, scope, depth), hole),
        })
        .collect();
    text::join(cloud, scope, parts)
}

fn hole_of_sub<'a>(
    cloud: &Cloud<'a>,
    hole: &'a str,
    names: Option<NodeRef<'a>>,
    scope: u32,
    depth: u32,
) -> Value<'a> {
    if let Some(value) = names.and_then(|names| names.get(hole)) {
        return cloud.follow(value, scope, depth - 1);
    }
    // `${!Literal}` stays `${Literal}`.
    if hole.starts_with('!') {
        return Value::Text(Name { text: format!("${{{hole}}}").into(), hidden: true, scope });
    }
    match hole.split_once('.') {
        Some(_) => attribute(cloud, hole, scope, depth),
        None => named(cloud, hole, scope, depth),
    }
}

fn joined<'a>(cloud: &Cloud<'a>, argument: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    let mut arguments = argument.items();
    let (Some(glue), Some(list)) = (arguments.next(), arguments.next()) else {
        return Value::Unknown("it is put together at run time".to_owned());
    };
    if list.kind() != NodeKind::List || call(list).is_some() || glue.is_unknown() {
        return Value::Unknown("it is put together at run time".to_owned());
    }
    let mut parts = Vec::new();
    for (at, item) in list.items().enumerate() {
        if at > 0 && !glue.text().is_empty() {
            parts.push((Value::Text(Name::known(glue.text())), ""));
        }
        parts.push((cloud.follow(item, scope, depth - 1), item.text()));
    }
    text::join(cloud, scope, parts)
}

fn import<'a>(cloud: &Cloud<'a>, name: &str, depth: u32) -> Value<'a> {
    match cloud.exports.get(name) {
        Some((value, scope)) => cloud.follow(*value, *scope, depth - 1),
        None => Value::Unknown(format!("`{}` is imported from another stack", excerpt(name))),
    }
}

/// The resources that one scalar names: by `Ref`, by `GetAtt`, or inside a text.
pub fn mentioned(cloud: &Cloud<'_>, node: NodeRef<'_>, scope: u32, found: &mut Vec<u32>) {
    if matches!(node.kind(), NodeKind::Map | NodeKind::List) {
        return;
    }
    let Scope { resources, values, .. } = &cloud.scopes[scope as usize];
    let mut add = |name: &str| {
        let name = name.split('.').next().unwrap_or(name);
        match resources.get(name) {
            Some(handle) => found.push(*handle),
            // A parameter that another template fills in.
            None => {
                if let Some((value, outer)) = values.get(name)
                    && let Value::Attribute(handle, _) = cloud.value(*value, *outer)
                {
                    found.push(handle);
                }
            }
        }
    };
    let function = |node: NodeRef<'_>| matches!(node.key(), Some("Ref" | "Fn::GetAtt" | "DependsOn"));
    let named = node.tag().is_some_and(|tag| matches!(tag, "!Ref" | "!GetAtt"))
        || function(node)
        || node.parent().is_some_and(|list| function(list) || list.tag() == Some("!GetAtt"));
    if named {
        add(node.text());
    }
    for piece in text::pieces(node.text()) {
        if let Piece::Hole(hole) = piece {
            add(hole);
        }
    }
}
