//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: finding what a patch is, and for what.

use std::rc::Rc;

use super::build::Build;
use super::kustomization::Kustomization;
use super::node::Node;
use super::resource::Resource;
use super::selector::Selector;
use super::set::Set;
use super::{Problem, folded, json_patch, load, merge};

/// What a patch may change besides.
#[derive(Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

enum Patch {
    Strategic(Vec<Node>),
    Json(Node),
}

/// `patchesStrategicMerge`.
pub(super) fn strategic(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    each(build, set, kustomization.items("patchesStrategicMerge"), |build, set, entry| {
        run_strategic(build, kustomization, set, entry);
        Ok(())
    });
}

/// One entry: a path, or the patch itself.
pub(super) fn run_strategic(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
) {
    let text = entry.written();
    let documents = if text.contains('\n') || text.trim_start().starts_with('{') {
        Ok(build.inline(entry))
    } else {
        build.file(kustomization, entry).map(|loaded| loaded.documents.clone())
    };
    let documents = match documents {
        Ok(documents) => documents,
        Err(problem) => return build.note(problem),
    };
    let (patches, problems) = load::objects(&documents);
    problems.into_iter().for_each(|problem| build.note(problem));
    for patch in patches {
        let done = target_of(build, set, &patch).and_then(|at| match at {
            Some(at) => merge_into(build, set, at, &plain_marks(&patch), Allowed::default(), true),
            None => Ok(()),
        });
        if let Err(problem) = done {
            build.note(problem);
        }
    }
}

/// `patches`.
pub(super) fn patches(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    each(build, set, kustomization.items("patches"), |build, set, entry| {
        run(build, kustomization, set, entry)
    });
}

/// One entry of `patches`.
pub(super) fn run(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
) -> Result<(), Problem> {
    let text =
        |key: &str| entry.get(key).filter(|node| node.as_str().is_some_and(|text| !text.trim().is_empty()));
    let documents = match (text("patch"), text("path")) {
        (None, None) => return Err(Problem::new("the patch has neither `path` nor `patch`", entry.from)),
        (Some(_), Some(_)) => return Err(Problem::new("the patch has both `path` and `patch`", entry.from)),
        (Some(inline), None) => build.inline(inline),
        (None, Some(path)) => build.file(kustomization, path)?.documents.clone(),
    };
    let target = entry.get("target").filter(|target| !target.is_null());
    let selector = match target.map(Selector::read) {
        None => None,
        Some(read) => {
            Some(read.map_err(|message| Problem::new(message, target.map_or(entry.from, |node| node.from)))?)
        }
    };
    let option = |key: &str| entry.at(&["options", key]).is_some_and(Node::is_true);
    let allowed = Allowed { name: option("allowNameChange"), kind: option("allowKindChange") };
    match (what(&documents, entry)?, selector) {
        (Patch::Strategic(patches), None) => {
            for patch in &patches {
                if let Some(at) = target_of(build, set, patch)? {
                    merge_into(build, set, at, patch, allowed, false)?;
                }
            }
        }
        (Patch::Strategic(patches), Some(selector)) => {
            let [patch] = &patches[..] else {
                let message = "a patch with a `target` is one document, and this has several";
                return Err(Problem::new(message, entry.from));
            };
            let patch = plain_marks(patch);
            for at in set.select(&selector, &build.schema) {
                merge_into(build, set, at, &patch, allowed, true)?;
            }
            if let Some(double) = set.first_double(&build.schema) {
                let message = format!("after this patch, there is more than one {}", double.id());
                return Err(Problem::new(message, entry.from));
            }
        }
        (Patch::Json(_), None) => {
            return Err(Problem::new("a JSON patch needs a `target`", entry.from));
        }
        (Patch::Json(operations), Some(selector)) => {
            for at in set.select(&selector, &build.schema) {
                let schema = Rc::clone(&build.schema);
                set.change(at, &schema, |resource| {
                    resource.remember(&schema);
                    // Kustomize keeps its own annotations on a resource by now, so there is a map to add to.
                    if resource.node.at(&["metadata", "annotations"]).is_none_or(Node::is_null) {
                        resource.set_meta("annotations", Node::map(Vec::new(), operations.from));
                    }
                    apply_json(build, resource, &operations)
                })?;
            }
        }
    }
    Ok(())
}

/// `patchesJson6902`.
pub(super) fn json(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set) {
    each(build, set, kustomization.items("patchesJson6902"), |build, set, entry| {
        run_json(build, kustomization, set, entry, "patch")
    });
}

/// Runs entries in order. Those that they delete are as good as gone, and leave the set in the end.
fn each(
    build: &mut Build<'_>,
    set: &mut Set,
    entries: &[Node],
    mut one: impl FnMut(&mut Build<'_>, &mut Set, &Node) -> Result<(), Problem>,
) {
    if entries.is_empty() {
        return;
    }
    set.remember(&build.schema);
    for entry in entries {
        if let Err(problem) = one(build, set, entry) {
            build.note(problem);
        }
    }
    set.forget();
    set.list.retain(|resource| !resource.node.is_empty());
}

/// One entry of `patchesJson6902`; the operations stand under `inline` or in a file.
pub(super) fn run_json(
    build: &mut Build<'_>,
    kustomization: &Kustomization,
    set: &mut Set,
    entry: &Node,
    inline: &str,
) -> Result<(), Problem> {
    let text = |key: &str| entry.get(key).filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
    let documents = match (text(inline), text("path")) {
        (Some(inline), None) => build.inline(inline),
        (None, Some(path)) => build.file(kustomization, path)?.documents.clone(),
        _ => return Err(Problem::new("the patch needs either `path` or its operations", entry.from)),
    };
    let target =
        entry.get("target").ok_or_else(|| Problem::new("a JSON patch needs a `target`", entry.from))?;
    let selector = Selector::read(target).map_err(|message| Problem::new(message, target.from))?;
    let operations = documents.first().filter(|document| json_patch::is_patch(document));
    let operations =
        operations.ok_or_else(|| Problem::new("this is no list of JSON patch operations", entry.from))?;
    for at in set.select(&selector, &build.schema) {
        let schema = Rc::clone(&build.schema);
        set.change(at, &schema, |resource| apply_json(build, resource, operations))?;
    }
    Ok(())
}

fn apply_json(build: &mut Build<'_>, resource: &mut Resource, operations: &Node) -> Result<(), Problem> {
    folded::reread(&mut resource.node);
    let mut patched =
        json_patch::apply(resource.node.clone(), operations, &mut build.trail, &mut build.work)?;
    folded::forget(&mut patched);
    resource.node = patched;
    Ok(())
}

/// Whether documents are parts of resources or operations.
fn what(documents: &[Node], entry: &Node) -> Result<Patch, Problem> {
    if let Some(operations) = documents.first().filter(|document| json_patch::is_patch(document)) {
        return Ok(Patch::Json(operations.clone()));
    }
    let (patches, problems) = load::objects(documents);
    match problems.into_iter().next() {
        Some(problem) => {
            let message =
                format!("the patch is neither a part of a resource nor a JSON patch: {}", problem.message);
            Err(Problem { message, ..problem })
        }
        None if patches.is_empty() => Err(Problem::new("the patch is empty", entry.from)),
        None => Ok(Patch::Strategic(patches)),
    }
}

/// The resource that a patch is for by its own name; none where that may be among what is not known.
fn target_of(build: &mut Build<'_>, set: &Set, patch: &Node) -> Result<Option<usize>, Problem> {
    let id = Resource::new(patch.clone()).id();
    let schema = Rc::clone(&build.schema);
    match set.called(Some(&id.name), |other| other.equals(&id, &schema))[..] {
        [at] => Ok(Some(at)),
        [] if build.is_partial || build.is_lone_component => Ok(None),
        [] => {
            let mut named = set.candidates(Some(&id.name)).into_iter().map(|at| &set.list[at]);
            let elsewhere =
                named.find(|resource| *resource.kind() == *id.gvk.kind && *resource.name() == *id.name);
            let help = match elsewhere {
                Some(resource) if resource.gvk() != id.gvk => {
                    format!("the build has one of `{}`", resource.api_version())
                }
                Some(resource) => match &*resource.namespace() {
                    "" => "the build has one without a namespace".to_owned(),
                    namespace => format!("the build has one in namespace `{namespace}`"),
                },
                None => "a patch without a `target` is for the resource of the same kind, name and namespace"
                    .to_owned(),
            };
            Err(Problem::new(format!("there is no {id} that this patch could change"), patch.from).help(help))
        }
        _ => Err(Problem::new(format!("there are several resources that {id} could mean"), patch.from)),
    }
}

/// Merges a patch into one resource, which keeps its name, kind and namespace unless the patch may change them.
fn merge_into(
    build: &mut Build<'_>,
    set: &mut Set,
    at: usize,
    patch: &Node,
    allowed: Allowed,
    is_selected: bool,
) -> Result<(), Problem> {
    let schema = Rc::clone(&build.schema);
    set.change(at, &schema, |resource| merge_one(build, resource, patch, allowed, is_selected))
}

fn merge_one(
    build: &mut Build<'_>,
    resource: &mut Resource,
    patch: &Node,
    allowed: Allowed,
    is_selected: bool,
) -> Result<(), Problem> {
    if resource.node.is_null() {
        return Ok(());
    }
    if allowed.name || allowed.kind {
        resource.remember(&build.schema);
    }
    let keep = |keys: &[&str]| (resource.node.at(keys).cloned(), keys.last().map(|key| (*key).to_owned()));
    let (kind, _) = keep(&["kind"]);
    let (name, _) = keep(&["metadata", "name"]);
    let (namespace, _) = keep(&["metadata", "namespace"]);
    let mut patch = patch.clone();
    if is_selected {
        patch.remove("apiVersion");
    }
    let schema = Rc::clone(&build.schema);
    let ty = schema.kind(&resource.api_version(), &resource.kind());
    let merged = merge::merge(resource.node.clone(), &patch, ty, &mut build.trail, &mut build.work)?;
    let Some(merged) = merged else {
        // It leaves the set when the patch is through.
        resource.node = Node::plain("null", patch.from);
        return Ok(());
    };
    resource.node = merged;
    if let Some(kind) = kind.filter(|_| !allowed.kind) {
        resource.node.set("kind", kind.from, kind);
    }
    if let Some(name) = name.filter(|_| !allowed.name) {
        resource.set_meta("name", name);
    }
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => resource.set_meta("namespace", namespace),
        None => {
            if let Some(metadata) = resource.node.get_mut("metadata") {
                metadata.remove("namespace");
            }
        }
    }
    Ok(())
}

/// Labels and annotations become text before a selected resource is patched: a null there deletes nothing.
fn plain_marks(patch: &Node) -> Node {
    let mut resource = Resource::new(patch.clone());
    for which in ["labels", "annotations"] {
        let Some(marks) = patch.at(&["metadata", which]) else { continue };
        let mut entries = marks.entries().to_vec();
        if entries.is_empty() {
            if let Some(metadata) = resource.node.get_mut("metadata") {
                metadata.remove(which);
            }
            continue;
        }
        for entry in &mut entries {
            entry.node = Node::text(entry.node.written(), entry.node.from);
        }
        resource.set_meta(which, Node::map(entries, marks.from));
    }
    resource.node
}
