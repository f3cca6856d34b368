//! Terraform: root modules and the local modules that they call, and what an expression names.
//!
//! A folder of `.tf` files that no other folder calls is a root module; a folder that is called is judged once for each call,
//! with the arguments of that call. Variables with a default have it, unless a file of values says otherwise, or the folder is one of
//! a library; locals, arguments and outputs are followed. `count` and `for_each` leave the number of a resource unknown, unless it is none (`count`).

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::cloud::{Cloud, Dialect, Resource, Value, What, excerpt};
use super::relative::resolve;
use super::text::{self, Piece};
use super::{count, expression};
use crate::lower::messaging::Name;
use crate::source::Sources;
use crate::syntax::tree::{NodeKind, NodeRef, Style, Tree};

/// How deep modules may call each other.
const MODULES: u32 = 8;

/// How many calls of modules are followed in a project.
const CALLS: usize = 2000;

/// The files of one folder.
#[derive(Debug, Default)]
struct Folder<'a> {
    roots: Vec<NodeRef<'a>>,
    /// Files of values: whether Terraform reads them by itself.
    values: Vec<(NodeRef<'a>, bool)>,
}

/// Adds the root modules of a project.
pub fn add<'a>(cloud: &mut Cloud<'a>, trees: &[&'a Tree], sources: &Sources) {
    let mut folders: BTreeMap<Utf8PathBuf, Folder<'a>> = BTreeMap::new();
    for tree in trees {
        let path = sources.path(tree.file);
        let name = path.file_name().unwrap_or_default();
        let folder = || path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let Some(root) = tree.roots().next().filter(|root| root.kind() == NodeKind::Map) else { continue };
        if name.ends_with(".tf") || name.ends_with(".tofu") || name.ends_with(".tf.json") {
            folders.entry(folder()).or_default().roots.push(root);
        } else if name.ends_with(".tfvars") || name.ends_with(".tfvars.json") {
            let own = name.starts_with("terraform.tfvars") || name.contains(".auto.tfvars");
            folders.entry(folder()).or_default().values.push((root, own));
        }
    }
    folders.retain(|_, folder| !folder.roots.is_empty() || !folder.values.is_empty());
    if !folders.values().any(|folder| folder.roots.iter().any(|root| matters(*root))) {
        return;
    }
    let mut called = FxHashSet::default();
    for (path, folder) in &folders {
        for (_, call) in calls(folder) {
            called.extend(source_of(path, call));
        }
    }
    let mut calls_left = CALLS;
    for path in folders.keys().filter(|path| !called.contains(*path)) {
        if !reaches(&folders, path) {
            continue;
        }
        let name = if path.as_str().is_empty() { "." } else { path.as_str() };
        let scope = cloud.begin(Dialect::Terraform, name, None);
        let mut instance = Instance { cloud, folders: &folders, calls_left: &mut calls_left };
        instance.module(path, scope, None, MODULES);
    }
}

/// Whether a folder that nobody calls is a root module, of which the defaults count, and no part of a library: then it is called
/// from elsewhere, with arguments that are not here. Terraform's language: "A module intended to be called by one or more other modules
/// must not contain any `provider` blocks", and backends and files of values are a root module's, too.
fn is_deployed(folders: &BTreeMap<Utf8PathBuf, Folder<'_>>, path: &Utf8Path) -> bool {
    let Some(folder) = folders.get(path) else { return false };
    let own = |root: &NodeRef<'_>| {
        let settings = root.get("terraform").into_iter().flat_map(blocks);
        root.get("provider").is_some()
            || settings.into_iter().any(|block| block.get("backend").or_else(|| block.get("cloud")).is_some())
    };
    path.as_str().is_empty()
        || folder.roots.iter().any(own)
        || calls(folder)
            .any(|(_, call)| source_of(path, call).is_some_and(|inner| folders.contains_key(&inner)))
        || folders
            .range(path.to_owned()..)
            .take_while(|(below, _)| below.starts_with(path))
            .any(|(_, below)| !below.values.is_empty())
}

/// Whether a file holds anything of the kind that is looked at.
fn matters(root: NodeRef<'_>) -> bool {
    root.get("resource")
        .is_some_and(|resources| resources.entries().any(|(kind, _)| what(kind) != What::Other))
}

/// Whether a folder, or a module that it calls however indirectly, holds anything of that kind.
fn reaches(folders: &BTreeMap<Utf8PathBuf, Folder<'_>>, path: &Utf8Path) -> bool {
    let mut seen = FxHashSet::default();
    let mut queue = vec![path.to_owned()];
    while let Some(path) = queue.pop() {
        let Some(folder) = folders.get(&path) else { continue };
        if folder.roots.iter().any(|root| matters(*root)) {
            return true;
        }
        let called = calls(folder).filter_map(|(_, call)| source_of(&path, call));
        queue.extend(called.filter(|inner| seen.insert(inner.clone())));
    }
    false
}

/// The blocks `module` of a folder.
fn calls<'f, 'a>(folder: &'f Folder<'a>) -> impl Iterator<Item = (&'a str, NodeRef<'a>)> + use<'f, 'a> {
    folder.roots.iter().filter_map(|root| root.get("module")).flat_map(NodeRef::entries)
}

/// The folder of a local module.
fn source_of(from: &Utf8Path, call: NodeRef<'_>) -> Option<Utf8PathBuf> {
    let source = call.get("source").filter(|source| source.kind() == NodeKind::Text)?.text();
    if !source.starts_with("./") && !source.starts_with("../") {
        return None;
    }
    resolve(from, source)
}

struct Instance<'a, 'c> {
    cloud: &'c mut Cloud<'a>,
    folders: &'c BTreeMap<Utf8PathBuf, Folder<'a>>,
    calls_left: &'c mut usize,
}

impl<'a> Instance<'a, '_> {
    /// Adds one instance of a module. `call` is the block that makes it, with the scope of its arguments.
    fn module(&mut self, path: &Utf8Path, scope: u32, call: Option<(NodeRef<'a>, u32)>, depth: u32) {
        let Some(folder) = self.folders.get(path) else { return };
        self.cloud.scopes[scope as usize].call = call.map(|(call, _)| call);
        self.variables(folder, path, scope, call);
        for root in &folder.roots {
            for (name, value) in root.get("locals").into_iter().flat_map(blocks).flat_map(NodeRef::entries) {
                self.cloud.scopes[scope as usize].values.insert(format!("local.{name}"), (value, scope));
            }
        }
        for root in &folder.roots {
            for (section, prefix) in [("resource", ""), ("data", "data.")] {
                for (kind, named) in root.get(section).into_iter().flat_map(NodeRef::entries) {
                    for (label, node) in named.entries() {
                        self.resource(kind, prefix, label, node, scope);
                    }
                }
            }
        }
        for (name, call) in calls(folder) {
            let inner = source_of(path, call).filter(|inner| self.folders.contains_key(inner));
            if count::is_none(self.cloud, call, scope) {
                continue;
            }
            match inner {
                Some(inner) if depth > 0 && *self.calls_left > 0 => {
                    *self.calls_left -= 1;
                    let below = self.cloud.add_scope();
                    self.module(&inner, below, Some((call, scope)), depth - 1);
                    let outputs: Vec<_> = self.folders[&inner]
                        .roots
                        .iter()
                        .filter_map(|root| root.get("output"))
                        .flat_map(NodeRef::entries)
                        .filter_map(|(output, node)| Some((output, node.get("value")?)))
                        .collect();
                    for (output, value) in outputs {
                        let key = format!("module.{name}.{output}");
                        self.cloud.scopes[scope as usize].values.insert(key, (value, below));
                    }
                }
                // What somebody else's module makes of its arguments is not known.
                _ => {
                    let resource = Resource {
                        what: What::Opaque,
                        kind: "module",
                        label: name,
                        node: call,
                        layers: vec![call],
                        scope,
                        holder: None,
                    };
                    self.cloud.add(None, resource);
                }
            }
        }
    }

    fn variables(
        &mut self,
        folder: &Folder<'a>,
        path: &Utf8Path,
        scope: u32,
        call: Option<(NodeRef<'a>, u32)>,
    ) {
        let declared: Vec<_> =
            folder.roots.iter().filter_map(|root| root.get("variable")).flat_map(NodeRef::entries).collect();
        let deployed = call.is_none() && is_deployed(self.folders, path);
        for (name, node) in declared {
            let here = &mut self.cloud.scopes[scope as usize];
            let key = format!("var.{name}");
            match call {
                Some((call, outer)) => match (call.get(name), node.get("default")) {
                    (Some(argument), _) => drop(here.values.insert(key, (argument, outer))),
                    (None, Some(default)) => drop(here.values.insert(key, (default, scope))),
                    (None, None) => {}
                },
                None => {
                    let given = self.given(path, name);
                    let here = &mut self.cloud.scopes[scope as usize];
                    match (given, node.get("default")) {
                        (Given::Always(value), _) => drop(here.values.insert(key, (value, scope))),
                        (Given::Never, Some(default)) if deployed && !default.is_null() => {
                            here.values.insert(key, (default, scope));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// What the files of values of a root module, in its folder and below, say of a variable.
    fn given(&self, path: &Utf8Path, name: &str) -> Given<'a> {
        let mut given = Given::Never;
        for (folder, files) in self.folders.range(path.to_owned()..) {
            if !folder.starts_with(path) {
                break;
            }
            for (values, own) in &files.values {
                match values.get(name) {
                    Some(value) if *own && folder == path => given = Given::Always(value),
                    Some(_) => return Given::Sometimes,
                    None => {}
                }
            }
        }
        given
    }

    fn resource(&mut self, kind: &'a str, prefix: &str, label: &'a str, node: NodeRef<'a>, scope: u32) {
        if count::is_none(self.cloud, node, scope) {
            return;
        }
        let what = if prefix.is_empty() { what(kind) } else { What::Other };
        let resource = Resource { what, kind, label, node, layers: vec![node], scope, holder: None };
        self.cloud.add(Some(format!("{prefix}{kind}.{label}")), resource);
    }
}

enum Given<'a> {
    Always(NodeRef<'a>),
    Sometimes,
    Never,
}

/// Blocks of one name: one, or a list of them.
fn blocks(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let one = (node.kind() == NodeKind::Map).then_some(node);
    one.into_iter().chain(node.items())
}

fn what(kind: &str) -> What {
    match kind {
        "aws_sqs_queue" => What::Queue,
        "aws_sqs_queue_redrive_policy" => What::Redrive,
        "aws_sqs_queue_policy" => What::QueuePolicy,
        "aws_sns_topic" => What::Topic,
        "aws_sns_topic_subscription" => What::Subscription,
        "aws_lambda_function" => What::Function,
        "aws_lambda_function_event_invoke_config" => What::InvokeConfig,
        "aws_lambda_event_source_mapping" => What::Mapping,
        "aws_lambda_permission" => What::Permission,
        "aws_cloudwatch_event_rule" => What::Rule,
        "aws_cloudwatch_event_target" => What::RuleTarget,
        "aws_scheduler_schedule" => What::Schedule,
        "aws_pipes_pipe" => What::Pipe,
        "aws_cloudwatch_metric_alarm" => What::Alarm,
        "aws_cloudwatch_composite_alarm" => What::CompositeAlarm,
        "aws_api_gateway_integration" | "aws_apigatewayv2_integration" => What::Integration,
        "aws_api_gateway_stage" | "aws_apigatewayv2_stage" => What::Stage,
        ""
        | "aws_cloudformation_stack"
        | "aws_chatbot_slack_channel_configuration"
        | "aws_chatbot_teams_channel_configuration"
        | "aws_ssmincidents_response_plan" => What::Opaque,
        "aws_codedeploy_deployment_group"
        | "aws_ecs_service"
        | "aws_route53_health_check"
        | "aws_appconfig_environment"
        | "aws_fis_experiment_template" => What::AlarmUser,
        // Other vendors watch, too: datadog_monitor, grafana_rule_group, newrelic_nrql_alert_condition.
        _ if [
            "datadog_",
            "grafana_",
            "newrelic_",
            "signalfx_",
            "dynatrace_",
            "awscc_",
            "pagerduty_",
            "opsgenie_",
        ]
        .iter()
        .any(|vendor| kind.starts_with(vendor)) =>
        {
            What::Opaque
        }
        _ => What::Other,
    }
}

/// What a node comes to.
pub fn follow<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
    match node.kind() {
        NodeKind::Null => Value::Absent,
        NodeKind::Unknown if node.style() == Style::Plain => {
            let value = evaluated(cloud, node.text(), scope, depth);
            if matches!(&value, Value::Text(name) if !name.hidden) {
                cloud.trail.used(node);
            }
            value
        }
        // In JSON every text is a template.
        NodeKind::Unknown | NodeKind::Text if node.text().contains("${") => {
            template(cloud, node.text(), scope, depth)
        }
        NodeKind::Unknown => hidden(node.text()),
        _ => Value::Node(node, scope),
    }
}

/// What a text with `${…}` in it comes to.
pub(super) fn template<'a>(cloud: &Cloud<'a>, text: &'a str, scope: u32, depth: u32) -> Value<'a> {
    let parts = text::pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => (Value::Text(Name::known(text)), text),
            Piece::Hole(hole) => (evaluated(cloud, hole.trim(), scope, depth), hole),
        })
        .collect();
    text::join(cloud, scope, parts)
}

fn hidden<'a>(text: &str) -> Value<'a> {
    Value::Unknown(format!("`{}` is only known at run time", excerpt(text)))
}

/// What an expression comes to.
fn evaluated<'a>(cloud: &Cloud<'a>, text: &'a str, scope: u32, depth: u32) -> Value<'a> {
    match path(text) {
        Some(path) => at_path(cloud, &path, text, scope, depth),
        None => expression::worked_out(cloud, text, scope, depth).unwrap_or_else(|| hidden(text)),
    }
}

/// What a path names: a variable, a local, an output of a module, an attribute of a resource.
pub(super) fn at_path<'a>(
    cloud: &Cloud<'a>,
    path: &[&'a str],
    text: &'a str,
    scope: u32,
    depth: u32,
) -> Value<'a> {
    let here = &cloud.scopes[scope as usize];
    let lookup = |key: &str| here.values.get(key).map(|(node, at)| cloud.follow(*node, *at, depth - 1));
    match path {
        ["var" | "local", name, rest @ ..] => {
            let key = format!("{}.{name}", path[0]);
            let found = if path[0] == "var" { cloud.given(&key, name, scope, depth) } else { lookup(&key) };
            match found {
                Some(value) => into(cloud, value, rest, depth),
                None => Value::Text(Name { text: format!("${{{text}}}").into(), hidden: true, scope }),
            }
        }
        ["module", name, output, rest @ ..] => match lookup(&format!("module.{name}.{output}")) {
            Some(value) => into(cloud, value, rest, depth),
            None => hidden(text),
        },
        ["each" | "count" | "path" | "terraform" | "self", ..] => {
            Value::Text(Name { text: format!("${{{text}}}").into(), hidden: true, scope })
        }
        ["data", kind, label, rest @ ..] => {
            attribute(cloud, &format!("data.{kind}.{label}"), rest.first().copied(), text, scope)
        }
        [kind, label, rest @ ..] => {
            attribute(cloud, &format!("{kind}.{label}"), rest.first().copied(), text, scope)
        }
        _ => hidden(text),
    }
}

fn attribute<'a>(
    cloud: &Cloud<'a>,
    name: &str,
    attribute: Option<&'a str>,
    text: &str,
    scope: u32,
) -> Value<'a> {
    match cloud.scopes[scope as usize].resources.get(name) {
        // A policy that Terraform puts together is what it is put together of.
        Some(handle) if cloud.resources[*handle as usize].kind == "aws_iam_policy_document" => {
            Value::Node(cloud.resources[*handle as usize].node, scope)
        }
        Some(handle) => Value::Attribute(*handle, attribute.unwrap_or("")),
        None => hidden(text),
    }
}

/// A part of a value: `local.queue.name`.
fn into<'a>(cloud: &Cloud<'a>, value: Value<'a>, path: &[&str], depth: u32) -> Value<'a> {
    let mut here = value;
    for key in path {
        here = match here {
            Value::Node(node, scope) => match node.get(key) {
                Some(child) if depth > 1 => cloud.follow(child, scope, depth - 1),
                _ => return Value::Unknown(format!("`{key}` of it is only known at run time")),
            },
            other => return other,
        };
    }
    here
}

/// The names of a path, without what selects one of many: `aws_sqs_queue.dead[0].arn`, `module.queues["orders"].arn`.
pub(super) fn path(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text.trim();
    // `one(x[*].arn)` and `try(x[0].arn, null)` are that attribute, where there is one.
    for function in ["one(", "try("] {
        if let Some(inner) = rest.strip_prefix(function).and_then(|inner| inner.strip_suffix(')')) {
            rest = inner.split(',').next().unwrap_or(inner).trim();
        }
    }
    loop {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let name = &rest[..end];
        if name == "*" || (name.is_empty() && !rest.starts_with('*')) {
            return None;
        }
        if name.starts_with('-') || (name.starts_with(|c: char| c.is_ascii_digit()) && names.is_empty()) {
            return None;
        }
        if !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            names.push(name);
        }
        rest = rest[end..].strip_prefix('*').unwrap_or(&rest[end..]);
        while let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            // A key inside quotes is a name of a map.
            rest = &inner[end + 1..];
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return (names.len() > 1).then_some(names),
            None => return None,
        }
    }
}

/// The resources that the text of one scalar names.
pub fn mentioned(cloud: &Cloud<'_>, node: NodeRef<'_>, scope: u32, found: &mut Vec<u32>) {
    if matches!(node.kind(), NodeKind::Map | NodeKind::List) || !node.text().contains('.') {
        return;
    }
    let here = &cloud.scopes[scope as usize];
    let words = node
        .text()
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '*' | '"')));
    for word in words {
        let Some(path) = path(word.trim_matches('"')) else { continue };
        match path.as_slice() {
            ["var" | "local", name, ..] | ["module", _, name, ..] => {
                let key = if path[0] == "module" {
                    format!("module.{}.{name}", path[1])
                } else {
                    format!("{}.{name}", path[0])
                };
                if let Some((value, at)) = here.values.get(&key)
                    && let Value::Attribute(handle, _) = cloud.value(*value, *at)
                {
                    found.push(handle);
                }
            }
            [kind, label, ..] => found.extend(here.resources.get(&format!("{kind}.{label}"))),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn paths_leave_out_what_selects_one_of_many() {
        let names = Some(vec!["aws_sqs_queue", "dead", "arn"]);
        assert_eq!(path("aws_sqs_queue.dead.arn"), names);
        assert_eq!(path("aws_sqs_queue.dead[0].arn"), names);
        assert_eq!(path("aws_sqs_queue.dead[each.key].arn"), names);
        assert_eq!(path("aws_sqs_queue.dead.*.arn"), names);
        assert_eq!(path("one(aws_sqs_queue.dead[*].arn)"), names);
        assert_eq!(path("try(aws_sqs_queue.dead[0].arn, null)"), names);
    }

    #[test]
    fn what_is_no_path_is_none() {
        for text in ["", "5", "a", "max(1, 2)", "a ? b.c : d.e", "a.b + 1", "a.b[", "a..b", "*", "-a.b"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
