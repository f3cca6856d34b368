//! `namespace`: the namespace of resources, of subjects, and of what points at services.

use super::Problem;
use super::build::Build;
use super::config::Config;
use super::fieldspec::{FieldSpec, Make};
use super::kustomization::Kustomization;
use super::node::Node;
use super::resource::Resource;
use super::set::Set;
use super::trail::Trail;

/// What happens to the subjects of bindings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those named `default`.
    Default,
    /// All service accounts.
    All,
    None,
}

/// What is written, and where.
pub(super) struct Namespace<'n> {
    pub(super) namespace: &'n Node,
    pub(super) specs: &'n [FieldSpec],
    /// Only where there is none.
    pub(super) unset_only: bool,
    pub(super) subjects: Subjects,
}

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set, config: &Config) {
    if let Some(namespace) = kustomization.node.get("namespace") {
        let task =
            Namespace { namespace, specs: &config.namespace, unset_only: false, subjects: Subjects::Default };
        if let Err(problem) = write(build, set, &task) {
            build.note(problem);
        }
    }
}

pub(super) fn write(build: &mut Build<'_>, set: &mut Set, task: &Namespace<'_>) -> Result<(), Problem> {
    if task.namespace.as_str().is_none_or(str::is_empty) {
        return Ok(());
    }
    for resource in set.list.iter_mut().filter(|resource| !resource.is_of_chart) {
        resource.remember(&build.schema);
        let is_cluster_scoped = resource.id().is_cluster_scoped(&build.schema);
        one(resource, is_cluster_scoped, task, &mut build.trail)?;
    }
    match set.first_double(&build.schema) {
        Some(double) => {
            let message = format!("with this namespace, there is more than one {}", double.id());
            Err(Problem::new(message, task.namespace.from))
        }
        None => Ok(()),
    }
}

/// Writes it into one resource.
pub(super) fn one(
    resource: &mut Resource,
    is_cluster_scoped: bool,
    task: &Namespace<'_>,
    trail: &mut Trail<'_>,
) -> Result<(), Problem> {
    let gvk = resource.gvk();
    let is_core = &*resource.api_version() == "v1";
    let from = task.namespace.from;
    let mut set = |node: &mut Node| {
        if node.scalar().is_none() {
            return Err(Problem::new("a namespace is to be written where there is no text", node.from));
        }
        if !(task.unset_only && node.as_str().is_some_and(|text| !text.is_empty())) {
            let from = trail.over(from, node.from);
            *node = Node::text(task.namespace.written(), from);
        }
        Ok(())
    };
    if !is_cluster_scoped {
        FieldSpec::new("metadata/namespace", true).visit(
            &mut resource.node,
            &gvk,
            Make::Scalar,
            from,
            &mut set,
        )?;
    }
    let is_binding = matches!(&*gvk.kind, "RoleBinding" | "ClusterRoleBinding");
    if is_binding && task.subjects != Subjects::None {
        let subjects = resource.node.get_mut("subjects");
        for subject in subjects.map_or(&mut [][..], Node::items_mut) {
            let counts = match task.subjects {
                Subjects::All => subject.get("kind").is_some_and(|kind| kind.written() == "ServiceAccount"),
                _ => subject.get("name").is_some_and(|name| name.written() == "default"),
            };
            if counts && subject.is_map() {
                if subject.get("namespace").is_none_or(Node::is_null) {
                    subject.set("namespace", from, Node::text("", from));
                }
                subject.get_mut("namespace").map_or(Ok(()), &mut set)?;
            }
        }
    }
    for spec in task.specs {
        let is_skipped = match &*spec.path {
            "metadata/namespace" => true,
            "metadata/name" => !is_core,
            "subjects/namespace" => {
                is_binding && matches!(&*spec.gvk.kind, "RoleBinding" | "ClusterRoleBinding")
            }
            _ => false,
        };
        if !is_skipped {
            spec.visit(&mut resource.node, &gvk, Make::Scalar, from, &mut set)?;
        }
    }
    Ok(())
}
