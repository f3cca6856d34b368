//! Stacks and their resources, and what a property comes to once references are followed.
//!
//! A front end finds the resources; the properties stay nodes of its tree. What a property names is followed by the dialect:
//! intrinsic functions, traversals, variables. The answer is a node that says it, another resource, a name with parts that are
//! only known at run time, nothing, or unknown. Following is bounded in depth.

use std::cell::Cell;

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use super::fields::Field;
use super::trail::Trail;
use super::{cloudformation, expression, serverless, terraform};
use crate::fact::{Fact, Reason, Spot, Spots};
use crate::lower::messaging::{Link, Name};
use crate::syntax::tree::{NodeKind, NodeRef};

/// How deep references are followed before it is too much.
pub const DEPTH: u32 = 24;

/// How many references are followed for one property.
const STEPS: u32 = 20_000;

/// How a file names things and spells properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// CloudFormation, and SAM on top of it.
    CloudFormation,
    /// serverless.yml, whose `resources` are CloudFormation.
    Serverless,
    /// Terraform.
    Terraform,
}

/// What a resource is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// `AWS::SQS::Queue`
    Queue,
    /// The redrive policy of a queue, as a resource of its own.
    Redrive,
    /// `AWS::SQS::QueuePolicy`
    QueuePolicy,
    /// `AWS::SNS::Topic`
    Topic,
    /// `AWS::SNS::Subscription`
    Subscription,
    /// `AWS::Lambda::Function`
    Function,
    /// `AWS::Lambda::EventInvokeConfig`
    InvokeConfig,
    /// `AWS::Lambda::EventSourceMapping`
    Mapping,
    /// `AWS::Lambda::Permission`
    Permission,
    /// `AWS::Events::Rule`
    Rule,
    /// A target of a rule, as a resource of its own.
    RuleTarget,
    /// `AWS::Scheduler::Schedule`
    Schedule,
    /// `AWS::Pipes::Pipe`
    Pipe,
    /// `AWS::CloudWatch::Alarm`
    Alarm,
    /// `AWS::CloudWatch::CompositeAlarm`
    CompositeAlarm,
    /// An integration of API Gateway.
    Integration,
    /// `AWS::ApiGateway::Stage`
    Stage,
    /// What calls a function, written in the function; its type says what it is.
    Event,
    /// Something that acts when an alarm does: a deployment that is rolled back, a health check.
    AlarmUser,
    /// Something that may hold or watch what it names, in ways that are not understood.
    Opaque,
    /// Something else.
    Other,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    /// What it is.
    pub what: What,
    /// Its type as written: `AWS::SQS::Queue`, `aws_sqs_queue`, or the type of an event.
    pub kind: &'a str,
    /// What it is called in its file.
    pub label: &'a str,
    /// The whole resource.
    pub node: NodeRef<'a>,
    /// Where its properties are looked up, the nearest first.
    pub layers: Vec<NodeRef<'a>>,
    /// The scope of its expressions.
    pub scope: u32,
    /// The function that an event belongs to.
    pub holder: Option<u32>,
}

/// Where names of variables have their meaning: a root module or an instance of a module.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Values by name: `var.x`, `local.x`, `module.m.out`, a parameter. Each with the scope that it is to be read in.
    pub values: FxHashMap<String, (NodeRef<'a>, u32)>,
    /// Names that exist, and whose value nobody knows.
    pub hidden: FxHashMap<String, NodeRef<'a>>,
    /// Resources by name: `Orders`, `aws_sqs_queue.orders`.
    pub resources: FxHashMap<String, u32>,
    /// What makes this instance: the call of a module, the resource that nests a template.
    pub call: Option<NodeRef<'a>>,
    /// The template of CloudFormation that it is of.
    pub template: Option<NodeRef<'a>>,
}

/// What is deployed together.
#[derive(Debug)]
pub struct Stack<'a> {
    /// Its dialect.
    pub dialect: Dialect,
    /// Its file or folder.
    pub name: String,
    /// The document that it is written in, if it is one.
    pub root: Option<NodeRef<'a>>,
    /// Its resources, by handle.
    pub resources: std::ops::Range<u32>,
    /// Why it may hold more than was seen.
    pub open: Option<Reason>,
}

/// All stacks of a project.
#[derive(Debug, Default)]
pub struct Cloud<'a> {
    /// The stacks.
    pub stacks: Vec<Stack<'a>>,
    /// The resources of all of them, by handle.
    pub resources: Vec<Resource<'a>>,
    /// The scopes of all of them.
    pub scopes: Vec<Scope<'a>>,
    /// The stack of each scope.
    pub stack_of: Vec<u32>,
    /// What stacks export: value and scope, by name.
    pub exports: FxHashMap<String, (NodeRef<'a>, u32)>,
    /// How many references were followed for the property that is being read.
    steps: Cell<u32>,
    /// Whether only that counts which no deployment can change.
    certain: Cell<bool>,
    /// Over which borders it came.
    pub trail: Trail<'a>,
    /// The documents of a project that a service of serverless.yml may name, by path.
    pub documents: FxHashMap<&'a Utf8Path, NodeRef<'a>>,
    /// Exports as they are written, before their names are known.
    pub exported: Vec<(NodeRef<'a>, NodeRef<'a>, u32)>,
}

/// What a property comes to.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// This node says it, to be read in this scope.
    Node(NodeRef<'a>, u32),
    /// A text that was put together.
    Text(Name<'a>),
    /// An attribute of a resource.
    Attribute(u32, &'a str),
    /// There is no such thing.
    Absent,
    /// It cannot be known.
    Unknown(String),
}

impl<'a> Cloud<'a> {
    /// Starts a stack; its resources and scopes are added next.
    pub fn begin(&mut self, dialect: Dialect, name: &str, root: Option<NodeRef<'a>>) -> u32 {
        let first = self.resources.len() as u32;
        self.stacks.push(Stack { dialect, name: name.to_owned(), root, resources: first..first, open: None });
        self.add_scope()
    }

    /// A further scope of the stack that was begun last.
    pub fn add_scope(&mut self) -> u32 {
        self.scopes.push(Scope::default());
        self.stack_of.push(self.stacks.len().saturating_sub(1) as u32);
        self.scopes.len() as u32 - 1
    }

    /// Adds a resource to the stack that was begun last, under a name of its scope.
    pub fn add(&mut self, name: Option<String>, resource: Resource<'a>) -> u32 {
        let handle = self.resources.len() as u32;
        if let Some(name) = name {
            self.scopes[resource.scope as usize].resources.insert(name, handle);
        }
        self.resources.push(resource);
        if let Some(stack) = self.stacks.last_mut() {
            stack.resources.end = handle + 1;
        }
        handle
    }

    /// Once all stacks are there: what they export, by name.
    pub fn index(&mut self) {
        for (name, value, scope) in std::mem::take(&mut self.exported) {
            if let Value::Text(Name { text, hidden: false, .. }) = self.text_value(name, scope) {
                self.exports.insert(text.into_owned(), (value, scope));
            }
        }
    }

    /// The stack of a scope.
    pub fn stack(&self, scope: u32) -> &Stack<'a> {
        &self.stacks[self.stack_of[scope as usize] as usize]
    }

    /// What a node comes to.
    pub fn value(&self, node: NodeRef<'a>, scope: u32) -> Value<'a> {
        self.begin_following();
        self.follow(node, scope, DEPTH)
    }

    /// Another property is followed now.
    pub fn begin_following(&self) {
        self.steps.set(0);
        self.trail.clear();
    }

    /// Follows what decides whether something is there at all. What nobody passes, a deployment may set: the default of a
    /// parameter or of a variable of a root module is only known where another template or module leaves it out.
    pub fn certainly<T>(&self, follow: impl FnOnce() -> T) -> T {
        let before = self.certain.replace(true);
        let answer = follow();
        self.certain.set(before);
        answer
    }

    /// The same, at most so many references deep.
    pub fn follow(&self, node: NodeRef<'a>, scope: u32, depth: u32) -> Value<'a> {
        self.steps.set(self.steps.get() + 1);
        if depth == 0 || self.steps.get() > STEPS {
            return Value::Unknown("it refers to itself, or too far".to_owned());
        }
        match self.stack(scope).dialect {
            Dialect::CloudFormation => cloudformation::follow(self, node, scope, depth),
            Dialect::Serverless => serverless::follow(self, node, scope, depth),
            Dialect::Terraform => terraform::follow(self, node, scope, depth),
        }
    }

    /// What a variable or a parameter comes to, if anything is known of it.
    pub fn given(&self, key: &str, name: &str, scope: u32, depth: u32) -> Option<Value<'a>> {
        let here = &self.scopes[scope as usize];
        if self.certain.get() && here.call.is_none() {
            return None;
        }
        let (node, from) = *here.values.get(key)?;
        match here.call {
            Some(call) if from == scope => self.trail.left_out(call, name, node),
            Some(_) => self.trail.passed(node),
            None => {}
        }
        Some(self.follow(node, from, depth - 1))
    }

    /// What a node comes to, with its places: where it can be changed first.
    pub fn traced(&self, node: NodeRef<'a>, scope: u32) -> (Value<'a>, Spots<'a>) {
        let value = self.value(node, scope);
        let spots = self.places(node, &value);
        (value, spots)
    }

    /// The places of the value that was followed last, from this node on.
    fn places(&self, node: NodeRef<'a>, value: &Value<'a>) -> Spots<'a> {
        let mut spots = match value {
            // What is put together has no single place.
            Value::Text(Name { hidden: true, .. }) | Value::Unknown(_) => Spots::new(),
            _ => self.trail.spots(),
        };
        spots.push(Spot::value(node));
        if let Value::Node(end, _) = value
            && spots.iter().all(|spot| spot.node != *end)
        {
            spots.push(Spot::value(*end).saying("the value stands here"));
        }
        if matches!(value, Value::Text(_)) {
            for operand in self.trail.operands() {
                if spots.iter().all(|spot| spot.node != operand) {
                    let says = if operand.is_unknown() { "it is computed here" } else { "of this" };
                    spots.push(Spot::value(operand).saying(says));
                }
            }
        }
        spots
    }

    /// A node that is to be text.
    pub fn text_value(&self, node: NodeRef<'a>, scope: u32) -> Value<'a> {
        match self.value(node, scope) {
            Value::Node(node, _) if is_scalar(node) => Value::Text(Name::known(node.text())),
            Value::Node(..) => Value::Unknown("it is not of the type that the platform expects".to_owned()),
            other => other,
        }
    }

    /// The node of a property of a resource: the nearest layer that has it.
    pub fn property(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, NodeRef<'a>> {
        self.property_in(&resource.layers, resource.scope, field)
    }

    /// The same, in some mappings.
    pub fn property_in(&self, layers: &[NodeRef<'a>], scope: u32, field: &Field) -> Fact<'a, NodeRef<'a>> {
        let dialect = self.stack(scope).dialect;
        let mut passed = Spots::new();
        for layer in layers {
            for path in field.of(dialect) {
                match self.within(*layer, scope, path) {
                    Within::Found(node) => return Fact::written(node, Spot::value(node)),
                    Within::Hidden(node, why) => return Fact::unknown_at(why, Spot::value(node)),
                    Within::Missing => {}
                    Within::Nothing(node) => {
                        passed = self.trail.spots();
                        passed.push(Spot::value(node));
                    }
                }
            }
        }
        let own = match layers.first() {
            // The resources of a serverless.yml are CloudFormation.
            Some(layer) if dialect == Dialect::Serverless && is_below_resources(*layer) => {
                Dialect::CloudFormation
            }
            _ => dialect,
        };
        let missing = layers.first().zip(field.of(own).first());
        passed.extend(missing.map(|(layer, path)| Spot::unset(*layer, path)));
        Fact { spots: passed, ..Fact::nothing() }
    }

    /// The node at a path below a mapping; what stands on the way may be a reference itself.
    fn within(&self, base: NodeRef<'a>, scope: u32, path: &'static str) -> Within<'a> {
        let mut here = base;
        for key in path.split('.') {
            let map = match self.value(here, scope) {
                Value::Node(node, _) if node.kind() == NodeKind::List => match single(node) {
                    Some(only) => only,
                    None => return Within::Missing,
                },
                Value::Node(node, _) if node.is_unknown() => {
                    return Within::Hidden(here, "it is only known at run time".to_owned());
                }
                Value::Node(node, _) => node,
                Value::Unknown(why) => return Within::Hidden(here, why),
                Value::Text(_) | Value::Attribute(..) => {
                    return Within::Hidden(here, "it is only known at run time".to_owned());
                }
                Value::Absent => return Within::Missing,
            };
            match map.get(key) {
                Some(child) if child.is_null() => return Within::Missing,
                Some(child) => here = child,
                // Terraform makes such a block for each of some values.
                None => match map.get("dynamic").and_then(|dynamic| dynamic.get(key)) {
                    Some(dynamic) if self.stack(scope).dialect == Dialect::Terraform => {
                        return Within::Hidden(
                            dynamic,
                            "how many blocks there are is only known at run time".to_owned(),
                        );
                    }
                    _ => return Within::Missing,
                },
            }
        }
        match self.value(here, scope) {
            Value::Absent => Within::Nothing(here),
            _ => Within::Found(here),
        }
    }

    /// The resources that anything below a node names, in order.
    pub fn mentioned(&self, node: NodeRef<'a>, scope: u32) -> Vec<u32> {
        let mut found = Vec::new();
        for node in node.walk() {
            match self.stack(scope).dialect {
                Dialect::CloudFormation | Dialect::Serverless => {
                    cloudformation::mentioned(self, node, scope, &mut found);
                }
                Dialect::Terraform => terraform::mentioned(self, node, scope, &mut found),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A number.
    pub fn number(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, f64> {
        self.scalar(self.property(resource, field), resource.scope, |text| text.trim().parse().ok())
    }

    /// A truth value.
    pub fn truth(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, bool> {
        self.scalar(self.property(resource, field), resource.scope, |text| match text {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        })
    }

    /// A word of a fixed set.
    pub fn word(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, &'a str> {
        let property = self.property(resource, field);
        self.word_of(property, resource.scope)
    }

    /// The same, of a property that was found.
    pub fn word_of(&self, property: Fact<'a, NodeRef<'a>>, scope: u32) -> Fact<'a, &'a str> {
        self.read(
            property,
            |node| self.value(node, scope),
            |cloud, value| match value {
                Value::Node(node, _) if is_scalar(node) => Ok(node.text()),
                Value::Text(Name { text: std::borrow::Cow::Borrowed(text), hidden: false, .. }) => Ok(text),
                other => Err(cloud.why(&other)),
            },
        )
    }

    /// What a scalar's text means.
    pub fn scalar<T>(
        &self,
        property: Fact<'a, NodeRef<'a>>,
        scope: u32,
        f: impl Fn(&str) -> Option<T>,
    ) -> Fact<'a, T> {
        let followed = |node| expression::spelt_out(self, self.value(node, scope), DEPTH);
        self.read(property, followed, |cloud, value| {
            let wrong = || "it is not of the type that the platform expects".to_owned();
            match value {
                Value::Node(node, _) if is_scalar(node) => f(node.text()).ok_or_else(wrong),
                Value::Text(name) if !name.hidden => f(&name.text).ok_or_else(wrong),
                other => Err(cloud.why(&other)),
            }
        })
    }

    /// What a property names.
    pub fn link(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, Link<'a>> {
        let property = self.property(resource, field);
        self.link_of(property, resource.scope)
    }

    /// The same, of a property that was found.
    pub fn link_of(&self, property: Fact<'a, NodeRef<'a>>, scope: u32) -> Fact<'a, Link<'a>> {
        self.read(
            property,
            |node| self.value(node, scope),
            |cloud, value| match value {
                Value::Attribute(handle, _) => Ok(Link::To(handle)),
                Value::Text(name) => Ok(Link::Named(bare(name))),
                Value::Node(node, _) if is_scalar(node) => Ok(Link::Named(bare(Name::known(node.text())))),
                other => Err(cloud.why(&other)),
            },
        )
    }

    /// The name that a resource gives itself.
    pub fn name(&self, resource: &Resource<'a>, field: &Field) -> Fact<'a, Name<'a>> {
        let property = self.property(resource, field);
        self.read(
            property,
            |node| self.value(node, resource.scope),
            |cloud, value| match value {
                Value::Text(name) => Ok(name),
                Value::Node(node, _) if is_scalar(node) => Ok(Name::known(node.text())),
                other => Err(cloud.why(&other)),
            },
        )
    }

    fn read<T>(
        &self,
        property: Fact<'a, NodeRef<'a>>,
        followed: impl FnOnce(NodeRef<'a>) -> Value<'a>,
        f: impl FnOnce(&Self, Value<'a>) -> Result<T, String>,
    ) -> Fact<'a, T> {
        let Some(node) = property.value().copied() else {
            return property.try_map("it is only known at run time", |_| None);
        };
        let value = followed(node);
        let spots = self.places(node, &value);
        match f(self, value) {
            Ok(value) => Fact { spots, ..Fact::plain(value) },
            Err(why) => Fact::unknown_at(why, Spot::value(node)),
        }
    }

    /// Why a value cannot be used.
    fn why(&self, value: &Value<'a>) -> String {
        match value {
            Value::Unknown(why) => why.clone(),
            Value::Attribute(handle, attribute) => {
                let label = self.resources[*handle as usize].label;
                format!("`{attribute}` of `{label}` is only known at run time")
            }
            Value::Text(name) => format!("`{}` is only known at run time", name.text),
            Value::Node(node, _) if node.is_unknown() => {
                format!("`{}` is only known at run time", excerpt(node.text()))
            }
            Value::Node(..) | Value::Absent => "it is not of the type that the platform expects".to_owned(),
        }
    }

    /// The mappings of a list, or the mapping that stands for a list of one; none where it cannot be known.
    pub fn maps(&self, property: Fact<'a, NodeRef<'a>>, scope: u32) -> Option<Vec<(NodeRef<'a>, u32)>> {
        let Some(node) = property.value().copied() else {
            return property.is_absent().then(Vec::new);
        };
        let Value::Node(list, at) = self.value(node, scope) else { return None };
        let items = match list.kind() {
            NodeKind::List => list.items().collect(),
            NodeKind::Map => vec![list],
            _ => return None,
        };
        items
            .into_iter()
            .map(|item| match self.value(item, at) {
                Value::Node(map, at) if map.kind() == NodeKind::Map => Some((map, at)),
                _ => None,
            })
            .collect()
    }

    /// The elements of a list, or the scalar that stands for a list of one; none where it cannot be known.
    pub fn items(&self, property: Fact<'a, NodeRef<'a>>, scope: u32) -> Option<Vec<(NodeRef<'a>, u32)>> {
        let Some(node) = property.value().copied() else {
            return property.is_absent().then(Vec::new);
        };
        match self.value(node, scope) {
            Value::Node(list, at) if list.kind() == NodeKind::List => {
                let items = list.items().filter(|item| !matches!(self.value(*item, at), Value::Absent));
                Some(items.map(|item| (item, at)).collect())
            }
            Value::Unknown(_) => None,
            Value::Node(other, _) if !is_scalar(other) => None,
            _ => Some(vec![(node, scope)]),
        }
    }
}

enum Within<'a> {
    Found(NodeRef<'a>),
    Hidden(NodeRef<'a>, String),
    /// The key is there, and what it refers to comes to nothing.
    Nothing(NodeRef<'a>),
    Missing,
}

fn is_below_resources(node: NodeRef<'_>) -> bool {
    std::iter::successors(Some(node), |node| node.parent())
        .any(|node| matches!(node.key(), Some("resources" | "Resources")))
}

/// Whether a node is a scalar with a value.
pub fn is_scalar(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), NodeKind::Text | NodeKind::Int | NodeKind::Float | NodeKind::Bool)
}

fn single(list: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut items = list.items();
    items.next().filter(|_| items.next().is_none())
}

/// The name at the end of an ARN or a URL.
fn bare(name: Name<'_>) -> Name<'_> {
    let cut = last_part(&name.text);
    if cut.len() == name.text.len() {
        return name;
    }
    let start = name.text.len() - cut.len();
    let hidden = name.hidden && cut.contains("${");
    let text = match name.text {
        std::borrow::Cow::Borrowed(text) => std::borrow::Cow::Borrowed(&text[start..]),
        std::borrow::Cow::Owned(text) => std::borrow::Cow::Owned(text[start..].to_owned()),
    };
    Name { text, hidden, scope: name.scope }
}

/// What stands behind the last separator of an ARN (`:`) or a URL (`/`); separators inside `${…}` do not count.
fn last_part(text: &str) -> &str {
    let separator = if text.starts_with("arn:") || text.starts_with("arn${") || text.contains(":sqs:") {
        ':'
    } else if text.starts_with("https://") {
        '/'
    } else {
        return text;
    };
    let mut depth = 0_i32;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if c == separator && depth == 0 => start = at + 1,
            _ => {}
        }
    }
    &text[start..]
}

/// The beginning of a text, for a message.
pub fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
