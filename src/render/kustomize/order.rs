//! The order in which resources are given out.

use std::cmp::Ordering;

use super::Problem;
use super::build::Build;
use super::kustomization::Kustomization;
use super::node::Node;
use super::resource::{Gvk, Id, Resource};
use super::set::Set;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts by kind and name, unless the kustomization wants the order in which things came.
pub(super) fn sort(build: &mut Build<'_>, set: &mut Set, kustomization: &Kustomization) {
    let options = kustomization.node.get("sortOptions");
    match options.map(|options| options.str("order").unwrap_or_default()) {
        Some("fifo") => return,
        None | Some("legacy") => {}
        Some(_) => {
            let from = options.map_or(kustomization.node.from, |options| options.from);
            build.note(Problem::new("`sortOptions.order` is either `legacy` or `fifo`", from));
            return;
        }
    }
    let legacy = options.and_then(|options| options.get("legacySortOptions"));
    let list = |key: &str, default: &[&str]| -> Vec<String> {
        match legacy {
            Some(legacy) => legacy
                .get(key)
                .map_or(&[][..], Node::items)
                .iter()
                .map(|kind| kind.written().to_owned())
                .collect(),
            None => default.iter().map(|kind| (*kind).to_owned()).collect(),
        }
    };
    let (first, last) = (list("orderFirst", &FIRST), list("orderLast", &LAST));
    let rank = |gvk: &Gvk| -> i64 {
        let position =
            |kinds: &[String]| kinds.iter().rposition(|kind| **kind == *gvk.kind).map(|at| at as i64);
        position(&last)
            .map(|at| 1 + at)
            .or_else(|| position(&first).map(|at| at - first.len() as i64))
            .unwrap_or(0)
    };
    let mut keyed: Vec<(Id, Resource)> =
        std::mem::take(&mut set.list).into_iter().map(|resource| (resource.id(), resource)).collect();
    keyed.sort_by(|(one, _), (two, _)| compare(one, two, &rank));
    set.list = keyed.into_iter().map(|(_, resource)| resource).collect();
}

fn compare(one: &Id, two: &Id, rank: &dyn Fn(&Gvk) -> i64) -> Ordering {
    if one.gvk == two.gvk {
        return place(one).cmp(&place(two));
    }
    rank(&one.gvk).cmp(&rank(&two.gvk)).then_with(|| {
        let order = sort_key(&one.gvk).cmp(&sort_key(&two.gvk));
        let are_namespaces = &*one.gvk.kind == "Namespace" && &*two.gvk.kind == "Namespace";
        if are_namespaces && (one.gvk.group.is_empty() || two.gvk.group.is_empty()) {
            order.reverse()
        } else {
            order
        }
    })
}

fn or<'t>(text: &'t str, default: &'t str) -> &'t str {
    if text.is_empty() { default } else { text }
}

fn sort_key(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

/// Within a kind: by namespace and name.
fn place(id: &Id) -> String {
    format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N"))
}
