//! `vars`: values of resources that are written into others as `$(NAME)`.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::build::{Accumulated, Build};
use super::config::Config;
use super::fieldspec::Make;
use super::names::join;
use super::node::{Kind, Node, Value};
use super::path;
use super::resource::{Gvk, Id};
use super::set::Set;
use super::trail::{From, Trail};
use super::{Gravity, Problem};

/// A variable.
#[derive(Clone, Debug)]
pub(super) struct Var {
    name: Rc<str>,
    field: Rc<str>,
    from: From,
}

/// Takes in a variable of a kustomization, and finds its resource before names change.
pub(super) fn declare(build: &mut Build<'_>, into: &mut Accumulated, node: &Node) -> Result<(), Problem> {
    let name: Rc<str> = Rc::from(node.str("name").unwrap_or_default());
    let empty = Node::map(Vec::new(), node.from);
    let object = node.get("objref").unwrap_or(&empty);
    let text = |key: &str| Rc::from(object.str(key).unwrap_or_default());
    let gvk = match object.str("apiVersion") {
        Some(api_version) => Gvk::new(api_version, text("kind")),
        None => Gvk::read(object),
    };
    let wanted = Id { gvk, name: text("name"), namespace: text("namespace") };
    let schema = Rc::clone(&build.schema);
    let exact = !wanted.namespace.is_empty() || wanted.is_cluster_scoped(&schema);
    let found = into.set.called(Some(&wanted.name), |id| {
        if exact { id.equals(&wanted, &schema) } else { id.gvk == wanted.gvk }
    });
    match found[..] {
        [] => {}
        [at] => into.set.list[at].vars.push(Rc::clone(&name)),
        _ => return Err(Problem::new(format!("several resources could give `{name}` its value"), node.from)),
    }
    let field = node.at(&["fieldref", "fieldPath"]).or_else(|| node.at(&["fieldref", "fieldpath"]));
    let field = field.and_then(Node::as_str).filter(|field| !field.is_empty()).unwrap_or("metadata.name");
    add(into, Var { name, field: Rc::from(field), from: node.from })
}

/// Adds a variable; no two may have one name.
pub(super) fn add(into: &mut Accumulated, var: Var) -> Result<(), Problem> {
    if into.vars.iter().any(|known| known.name == var.name) {
        return Err(Problem::new(format!("there is a variable `{}` already", var.name), var.from));
    }
    into.vars.push(var);
    Ok(())
}

/// Writes the values of all variables where they are used.
pub(super) fn resolve(build: &mut Build<'_>, set: &mut Set, config: &Config, vars: &[Var]) {
    let mut values: FxHashMap<Rc<str>, Node> = FxHashMap::default();
    let mut unknown: FxHashSet<Rc<str>> = FxHashSet::default();
    for var in vars {
        let steps = list_steps(&path::steps(&var.field));
        let holder = set.list.iter().find(|resource| resource.vars.contains(&var.name));
        let value = holder.and_then(|resource| path::lookup(&resource.node, &steps)).cloned();
        match value {
            Some(mut value) if value.scalar().is_some() => {
                value.from = build.trail.of(crate::render::origin::How::Chosen, &[value.from, var.from]);
                values.insert(Rc::clone(&var.name), value);
            }
            Some(_) => drop(unknown.insert(Rc::clone(&var.name))),
            None if build.is_partial || build.is_lone_component => drop(unknown.insert(Rc::clone(&var.name))),
            None => {
                let message = match holder {
                    Some(_) => {
                        format!("the resource of variable `{}` has nothing at `{}`", var.name, var.field)
                    }
                    None => format!("no resource of this build gives variable `{}` its value", var.name),
                };
                let problem = Problem::new(message, var.from);
                build.note(if build.is_of_base() {
                    let help = "nothing here uses this base as a whole; what does may say it";
                    Problem { gravity: Gravity::Info, ..problem.help(help) }
                } else {
                    problem
                });
            }
        }
    }
    if values.is_empty() {
        return;
    }
    for resource in &mut set.list {
        let gvk = resource.gvk();
        for spec in &config.var_reference {
            let trail = &mut build.trail;
            let visited = spec.visit(&mut resource.node, &gvk, Make::Nothing, From::Nowhere, &mut |node| {
                if has_variable(node) {
                    expand_all(node, &values, trail);
                }
                Ok(())
            });
            if let Err(problem) = visited {
                build.note(problem);
            }
        }
    }
}

/// `list[0]` in an old path is the element of a list.
fn list_steps(steps: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for step in steps {
        let position = step.strip_suffix(']').and_then(|step| step.rsplit_once('['));
        match position.filter(|(_, at)| !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((key, at)) => {
                if !key.is_empty() {
                    all.push(key.to_owned());
                }
                all.push(at.to_owned());
            }
            None => all.push(step.clone()),
        }
    }
    all
}

fn is_text(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar.kind == Kind::Text && scalar.text.contains('$'))
}

fn has_variable(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(_) => is_text(node),
        Value::Map(entries) => entries.iter().any(|entry| is_text(&entry.node)),
        Value::List(items) => items.iter().any(is_text),
    }
}

/// A text, the values of a map, the elements of a list.
fn expand_all(node: &mut Node, values: &FxHashMap<Rc<str>, Node>, trail: &mut Trail<'_>) {
    match &mut node.value {
        Value::Scalar(_) => expand(node, values, trail),
        Value::Map(entries) => {
            for entry in Rc::make_mut(entries).iter_mut().filter(|entry| is_text(&entry.node)) {
                expand(&mut entry.node, values, trail);
            }
        }
        Value::List(items) => {
            for item in Rc::make_mut(items).iter_mut().filter(|item| is_text(item)) {
                expand(item, values, trail);
            }
        }
    }
}

/// Replaces `$(NAME)`; `$$` is one dollar. A text that is nothing else becomes the value itself.
fn expand(node: &mut Node, values: &FxHashMap<Rc<str>, Node>, trail: &mut Trail<'_>) {
    let text = node.written().to_owned();
    let (from, bytes) = (node.from, text.as_bytes());
    let mut pieces: Vec<Node> = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let name = rest.strip_prefix("$(").and_then(|rest| rest.split_once(')')).map(|(name, _)| name);
        if let Some(name) = name {
            match values.get(name) {
                Some(value) if rest.len() == text.len() && name.len() + 3 == text.len() => {
                    let mut value = value.clone();
                    if let Value::Scalar(scalar) = &mut value.value {
                        scalar.quoted = false;
                    }
                    value.from = trail.over(value.from, from);
                    *node = value;
                    return;
                }
                Some(value) => {
                    pieces.push(Node::text(std::mem::take(&mut plain), from));
                    pieces.push(value.clone());
                }
                None => plain.push_str(&rest[..name.len() + 3]),
            }
            at += name.len() + 3;
        } else if rest.starts_with("$$") {
            plain.push('$');
            at += 2;
        } else {
            let next = rest[1..].find('$').map_or(rest.len(), |next| next + 1);
            // A step may not end inside a character.
            plain.push_str(&rest[..next]);
            at += next;
        }
    }
    if pieces.is_empty() {
        if plain != text {
            *node = Node::text(plain, from);
        }
        return;
    }
    pieces.push(Node::text(plain, from));
    join(node, &pieces.iter().collect::<Vec<_>>(), trail);
    if let Value::Scalar(scalar) = &mut node.value {
        scalar.kind = Kind::Text;
    }
    node.from = trail.over(node.from, from);
}
