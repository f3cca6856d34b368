//! Karpenter's NodePools, and whether a pod may land on their nodes.

use super::defaults;
use super::object::Object;
use super::selector::Match;
use crate::fact::{Fact, Spot, State};
use crate::lower::read;
use crate::measure::duration;
use crate::syntax::tree::NodeRef;

/// A span such as `720h`, or `Never`.
pub fn span<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, f64> {
    read::node(base, path).read(|node| match node.text() {
        "Never" => Some(f64::INFINITY),
        text => duration::go(text),
    })
}

/// How long a node lives. karpenter.sh/v1 moved it into the template.
pub fn expire_after<'a>(object: &Object<'a>) -> Fact<'a, f64> {
    let path = if object.version() == "v1" {
        "spec.template.spec.expireAfter"
    } else {
        "spec.disruption.expireAfter"
    };
    span(object.node, path).or_default(&defaults::NODE_LIFETIME)
}

/// The values that a requirement allows for a label; absent if none speaks of it.
pub fn allowed<'a>(pool: NodeRef<'a>, key: &str) -> Fact<'a, Vec<&'a str>> {
    let requirements = pool.at("spec.template.spec.requirements").into_iter().flat_map(NodeRef::items);
    let mut about = requirements.filter(|one| one.get("key").is_some_and(|own| own.text() == key));
    let Some(requirement) = about.next() else { return Fact::absent(Spot::value(pool)) };
    let values = read::node(requirement, "values");
    match requirement.get("operator").map(NodeRef::text) {
        Some("In") => values.map(|list| list.items().map(NodeRef::text).collect()),
        _ => Fact::unknown("its requirement is no plain list"),
    }
}

/// Whether Karpenter may put a pod on a node of this pool. Other constraints than labels and taints are not asked.
pub fn may_land(pool: NodeRef<'_>, name: &str, pod: NodeRef<'_>) -> Match {
    let taints = pool.at("spec.template.spec.taints").into_iter().flat_map(NodeRef::items);
    let tolerated = taints.fold(Match::Yes, |so_far, taint| so_far.and(tolerates(pod, taint)));
    let wanted = pod.get("nodeSelector").into_iter().flat_map(NodeRef::entries);
    let labelled =
        wanted.fold(tolerated, |so_far, (key, value)| so_far.and(has_label(pool, name, key, value)));
    if pod.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution").is_some() {
        labelled.and(Match::Perhaps)
    } else {
        labelled
    }
}

fn tolerates(pod: NodeRef<'_>, taint: NodeRef<'_>) -> Match {
    let text =
        |node: NodeRef<'_>, key: &str| node.get(key).map_or(String::new(), |value| value.text().to_owned());
    if text(taint, "effect") == "PreferNoSchedule" {
        return Match::Yes;
    }
    if taint.children().any(NodeRef::is_unknown) {
        return Match::Perhaps;
    }
    let tolerations = pod.get("tolerations");
    if tolerations.is_some_and(NodeRef::is_unknown) {
        return Match::Perhaps;
    }
    let mut answer = Match::No;
    for toleration in tolerations.into_iter().flat_map(NodeRef::items) {
        if toleration.is_unknown() || toleration.children().any(NodeRef::is_unknown) {
            answer = Match::Perhaps;
            continue;
        }
        let key = text(toleration, "key");
        let effect = text(toleration, "effect");
        let exists = text(toleration, "operator") == "Exists";
        let key_fits = key == text(taint, "key") || (key.is_empty() && exists);
        let effect_fits = effect.is_empty() || effect == text(taint, "effect");
        let value_fits = exists || text(toleration, "value") == text(taint, "value");
        if key_fits && effect_fits && value_fits {
            return Match::Yes;
        }
    }
    answer
}

fn has_label(pool: NodeRef<'_>, name: &str, key: &str, value: NodeRef<'_>) -> Match {
    if value.is_unknown() {
        return Match::Perhaps;
    }
    let same = |own: &str| if own == value.text() { Match::Yes } else { Match::No };
    if key == "karpenter.sh/nodepool" {
        return if name.is_empty() { Match::Perhaps } else { same(name) };
    }
    let label = pool.at("spec.template.metadata.labels").and_then(|labels| labels.get(key));
    if let Some(label) = label {
        return if label.is_unknown() { Match::Perhaps } else { same(label.text()) };
    }
    match allowed(pool, key).state {
        State::Written(values) | State::Default(values) => {
            if values.contains(&value.text()) {
                Match::Yes
            } else {
                Match::No
            }
        }
        State::Unknown(_) => Match::Perhaps,
        // Labels of Kubernetes and of the cloud are on every node; a label of one's own is only where the pool says so.
        State::Absent if key.contains("kubernetes.io/") || key.contains("karpenter.") => Match::Perhaps,
        State::Absent => Match::No,
    }
}
