//! `replicas`: the count of workloads, by name.

use super::Problem;
use super::build::Build;
use super::config::Config;
use super::fieldspec::{FieldSpec, Make};
use super::kustomization::Kustomization;
use super::node::Node;
use super::set::Set;

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set, config: &Config) {
    let entries = kustomization.items("replicas");
    if entries.is_empty() {
        return;
    }
    set.remember(&build.schema);
    for entry in entries {
        if let Err(problem) = write(build, set, entry, &config.replicas) {
            build.note(problem);
        }
    }
    set.forget();
}

pub(super) fn write(
    build: &mut Build<'_>,
    set: &mut Set,
    entry: &Node,
    specs: &[FieldSpec],
) -> Result<(), Problem> {
    let name = entry.str("name").unwrap_or_default();
    let zero = Node::plain("0", entry.from);
    let count = entry.get("count").unwrap_or(&zero);
    let mut found = false;
    for spec in specs {
        for at in set.called(Some(name), |id| id.gvk.is_selected(&spec.gvk)) {
            found = true;
            let resource = &mut set.list[at];
            let gvk = resource.gvk();
            let trail = &mut build.trail;
            spec.visit(&mut resource.node, &gvk, Make::Scalar, entry.from, &mut |node| {
                let from = trail.over(count.from, node.from);
                *node = Node::plain(count.written(), from);
                Ok(())
            })?;
        }
    }
    if !found && !build.is_partial && !build.is_lone_component {
        let message = format!("no workload `{name}` is in this build, so nothing gets these replicas");
        return Err(Problem::new(message, entry.get("name").map_or(entry.from, |name| name.from)));
    }
    Ok(())
}
