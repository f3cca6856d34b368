//! `labels`, `commonLabels`, `commonAnnotations`: pairs written into metadata, templates and selectors.

use super::Problem;
use super::build::Build;
use super::config::{self, Config};
use super::fieldspec::{FieldSpec, Make};
use super::kustomization::Kustomization;
use super::node::{Entry, Node};
use super::set::Set;
use super::trail::From;

/// What Kustomize calls itself in the label that says who made a resource.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

pub(super) fn run(build: &mut Build<'_>, kustomization: &Kustomization, set: &mut Set, config: &Config) {
    for label in kustomization.items("labels") {
        let done = fields(label, config)
            .map_err(|message| Problem::new(message, label.from))
            .and_then(|specs| write(build, set, label.get("pairs"), &specs));
        if let Err(problem) = done {
            build.note(problem);
        }
    }
    for (key, specs) in
        [("commonLabels", &config.common_labels), ("commonAnnotations", &config.common_annotations)]
    {
        if let Err(problem) = write(build, set, kustomization.node.get(key), specs) {
            build.note(problem);
        }
    }
}

/// The fields that one entry of `labels` is for.
fn fields(label: &Node, config: &Config) -> Result<Vec<FieldSpec>, String> {
    let mut specs: Vec<FieldSpec> =
        label.get("fields").map_or(&[][..], Node::items).iter().map(FieldSpec::read).collect();
    config::merge(&mut specs, &config.labels)?;
    if label.get("includeSelectors").is_some_and(Node::is_true) {
        config::merge(&mut specs, &config.common_labels)?;
    } else {
        if label.get("includeTemplates").is_some_and(Node::is_true) {
            config::merge(&mut specs, &config.template_labels)?;
        }
        if label.get("includeVolumeClaimTemplates").is_some_and(Node::is_true) {
            config::merge(&mut specs, &config.claim_labels)?;
        }
        config::merge(&mut specs, &[FieldSpec::new("metadata/labels", true)])?;
    }
    Ok(specs)
}

/// Writes pairs into the maps that the specs lead to.
pub(super) fn write(
    build: &mut Build<'_>,
    set: &mut Set,
    pairs: Option<&Node>,
    specs: &[FieldSpec],
) -> Result<(), Problem> {
    let mut pairs: Vec<&Entry> = pairs.map_or(&[][..], Node::entries).iter().collect();
    pairs.sort_by(|one, two| one.key.cmp(&two.key));
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in &mut set.list {
        let gvk = resource.gvk();
        for spec in specs.iter().filter(|spec| gvk.is_selected(&spec.gvk)) {
            let trail = &mut build.trail;
            spec.visit(&mut resource.node, &gvk, Make::Map, pairs[0].from, &mut |node| {
                if !node.is_map() {
                    return Err(Problem::new(format!("`{}` is no map", spec.path), node.from));
                }
                for pair in &pairs {
                    let before = node.get(&pair.key).map_or(From::Nowhere, |old| old.from);
                    let from = trail.over(pair.node.from, before);
                    node.set(&pair.key, pair.from, Node::text(pair.node.written(), from));
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The label that says that Kustomize made a resource, if the kustomization asks for it.
pub(super) fn managed_by(set: &mut Set, from: From) {
    for resource in &mut set.list {
        let gvk = resource.gvk();
        let spec = FieldSpec::new("metadata/labels", true);
        let visited = spec.visit(&mut resource.node, &gvk, Make::Map, from, &mut |node| {
            node.set(MANAGED_BY, from, Node::text("kustomize-v5", from));
            Ok(())
        });
        // Labels that are no map keep what they are.
        drop(visited);
    }
}
