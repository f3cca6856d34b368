//! `ValueAddTransformer`: one text put into fields of many resources, or into a path that a field holds.

use super::Problem;
use super::build::Build;
use super::fieldspec;
use super::kustomization::Kustomization;
use super::names::join;
use super::namespace::{self, Namespace, Subjects};
use super::node::Node;
use super::path;
use super::selector::Selector;
use super::set::Set;
use super::trail::{From, Trail};

/// The one field that is written as the namespace of a kustomization is: cluster-wide resources have none.
const NAMESPACE: &str = "metadata/namespace";

/// Where the value goes.
struct Target {
    selector: Option<Selector>,
    field: String,
    /// As what part of the path that the field holds, counted from 1; 0 for all of the field.
    position: usize,
    from: From,
}

pub(super) fn run(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    plugin: &Node,
) -> Result<(), Problem> {
    let value = value(kustomization, plugin)?;
    for target in targets(build, kustomization, plugin)? {
        let taken = match &target.selector {
            Some(selector) => set.select(selector, &build.schema),
            None => (0..set.list.len()).collect(),
        };
        for at in taken {
            let resource = &mut set.list[at];
            if target.field == NAMESPACE {
                let subjects = Subjects::Default;
                let task = Namespace { namespace: &value, specs: &[], unset_only: false, subjects };
                let is_cluster_scoped = resource.id().is_cluster_scoped(&build.schema);
                namespace::one(resource, is_cluster_scoped, &task, &mut build.trail)?;
            } else {
                let reached = path::reach(&mut resource.node, &steps(&target.field), target.from);
                let reached = reached.map_err(|message| Problem::new(message, target.from))?;
                reached.map_or(Ok(()), |node| put(node, &value, target.position, &mut build.trail))?;
            }
        }
    }
    Ok(())
}

/// The text that is added; the name of the kustomization's folder where none is written.
fn value(kustomization: &Kustomization, plugin: &Node) -> Result<Node, Problem> {
    let written = plugin.get("value").filter(|value| !value.is_null());
    if written.is_some_and(|value| value.scalar().is_none()) {
        return Err(Problem::new("`value` has to be text", plugin.from));
    }
    let from = written.map_or(plugin.from, |value| value.from);
    match written.map(|value| value.written().trim()).filter(|value| !value.is_empty()) {
        Some(value) => Ok(Node::text(value, from)),
        None => match kustomization.folder.file_name() {
            Some(name) => Ok(Node::text(name, from)),
            None => {
                let message = "without a `value`, the name of this folder is added, which is not known here";
                Err(Problem::new(message, plugin.from))
            }
        },
    }
}

/// The targets in the transformer, then those of the file that it names.
fn targets(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    plugin: &Node,
) -> Result<Vec<Target>, Problem> {
    let listed = |node: &Node| node.get("targets").map_or(&[][..], Node::items).to_vec();
    let mut nodes = listed(plugin);
    let file = plugin.get("targetFilePath").filter(|path| path.as_str().is_some_and(|path| !path.is_empty()));
    if let Some(file) = file {
        let loaded = build.file(kustomization, file)?;
        nodes.extend(loaded.documents.first().map(listed).unwrap_or_default());
    }
    if nodes.is_empty() {
        return Err(Problem::new("the transformer has no `targets`", plugin.from));
    }
    nodes.iter().map(Target::read).collect()
}

impl Target {
    fn read(node: &Node) -> Result<Self, Problem> {
        let field = node.get("fieldPath").filter(|field| !field.written().is_empty());
        let field = field.ok_or_else(|| Problem::new("the target has no `fieldPath`", node.from))?;
        let position = node.get("filePathPosition").map_or(Ok(0), |position| {
            let message = "`filePathPosition` has to be a whole number that is not negative";
            position.written().parse().map_err(|_| Problem::new(message, position.from))
        })?;
        let selector = node.get("selector").filter(|selector| !selector.is_null());
        let selector = selector
            .map(|selector| Selector::read(selector).map_err(|message| Problem::new(message, selector.from)))
            .transpose()?;
        Ok(Self { selector, field: field.written().to_owned(), position, from: field.from })
    }
}

/// The steps of a field path; a backslash keeps the slash behind it.
fn steps(field: &str) -> Vec<String> {
    let mut steps = fieldspec::split(field, '/');
    steps.retain_mut(|step| {
        *step = step.trim().to_owned();
        !step.is_empty()
    });
    steps
}

/// Puts the value in the place of a scalar, or between the parts of the path that it holds.
fn put(node: &mut Node, value: &Node, position: usize, trail: &mut Trail<'_>) -> Result<(), Problem> {
    if node.scalar().is_none() {
        return Err(Problem::new("a value is to be added where there is no text", node.from));
    }
    let before = node.from;
    let over = trail.over(value.from, before);
    if position == 0 {
        node.retext(value.written(), over, None);
        return Ok(());
    }
    let old = node.written().to_owned();
    let (root, path) = old.strip_prefix('/').map_or(("", &*old), |path| ("/", path));
    let mut parts: Vec<Node> =
        path.split('/').filter(|part| !part.is_empty()).map(|part| Node::text(part, before)).collect();
    parts.insert((position - 1).min(parts.len()), Node::text(value.written(), over));
    let (root, slash) = (Node::text(root, before), Node::text("/", before));
    let mut pieces = vec![&root];
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            pieces.push(&slash);
        }
        pieces.push(part);
    }
    join(node, &pieces, trail);
    Ok(())
}
