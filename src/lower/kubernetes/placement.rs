//! Where pods may stand: the nodes and zones that a pod names, the terms by which pods keep apart or together, the tolerations
//! that hold them on a dying node, the ports of the node that they take.

use super::selector::{self, Match};
use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// core/v1 `LabelTopologyZone` and the label that it replaced in 1.17.
pub const ZONE: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
/// core/v1 `LabelHostname`.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// One term of a pod's affinity or anti-affinity to other pods.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The `PodAffinityTerm`.
    pub node: NodeRef<'a>,
    /// It keeps pods apart, not together.
    pub apart: bool,
    /// It must hold, or the pod stays Pending.
    pub required: bool,
}

/// The terms of a pod spec, as they stand in the file.
pub fn terms<'a>(pod: NodeRef<'a>) -> Vec<Term<'a>> {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let Some(affinity) = pod.get("affinity") else { return Vec::new() };
    let mut terms = Vec::new();
    for (key, apart) in [("podAffinity", false), ("podAntiAffinity", true)] {
        let Some(side) = affinity.get(key) else { continue };
        let required = side.get(REQUIRED).into_iter().flat_map(NodeRef::items);
        terms.extend(required.map(|node| Term { node, apart, required: true }));
        let preferred = side.get(PREFERRED).into_iter().flat_map(NodeRef::items);
        terms.extend(preferred.filter_map(|entry| entry.get("podAffinityTerm")).map(|node| Term {
            node,
            apart,
            required: false,
        }));
    }
    terms.sort_by_key(|term| term.node.id());
    terms
}

/// Whether a term's (or a spread constraint's) selector takes pods with these labels. A missing selector takes none
/// (core/v1 `PodAffinityTerm.labelSelector`: "If it's null, this PodAffinityTerm matches with no Pods.").
pub fn takes(node: NodeRef<'_>, labels: Option<NodeRef<'_>>) -> Match {
    match node.get("labelSelector") {
        Some(selector) if !selector.is_null() => selector::selects(selector, labels),
        _ => Match::No,
    }
}

/// Whether pods of another revision of the same workload count, too: `matchLabelKeys: [pod-template-hash]` leaves them out.
pub fn counts_other_revisions(node: NodeRef<'_>) -> Match {
    let keys = node.get("matchLabelKeys").into_iter().flat_map(NodeRef::items);
    let mismatch = node.get("mismatchLabelKeys").is_some_and(|keys| keys.children().next().is_some());
    let mut answer = if mismatch { Match::Perhaps } else { Match::Yes };
    for key in keys {
        match key.text() {
            _ if key.is_unknown() => answer = answer.and(Match::Perhaps),
            "pod-template-hash" | "controller-revision-hash" | "rollouts-pod-template-hash" => {
                return Match::No;
            }
            // Another label of the template may change from one revision to the next.
            _ => answer = answer.and(Match::Perhaps),
        }
    }
    answer
}

/// Whether a term looks into the namespace of its own pod.
pub fn looks_home(node: NodeRef<'_>, namespace: Option<&str>) -> Match {
    let named: Vec<_> = node.get("namespaces").into_iter().flat_map(NodeRef::items).collect();
    let selector = node.get("namespaceSelector").filter(|selector| !selector.is_null());
    match (named.is_empty(), selector) {
        (true, None) => Match::Yes,
        (_, Some(selector)) if selector::is_empty(selector) => Match::Yes,
        (_, Some(_)) => Match::Perhaps,
        (false, None) => match namespace {
            _ if named.iter().any(|name| name.is_unknown() || read::is_filled_in_later(name.text())) => {
                Match::Perhaps
            }
            Some(namespace) if named.iter().any(|name| name.text() == namespace) => Match::Yes,
            Some(_) => Match::No,
            None => Match::Perhaps,
        },
    }
}

/// The values of a node label among which a pod must find its node; absent where it names none.
///
/// Terms are alternatives, the requirements inside one hold together: what is found here is all that could be, never less.
pub fn allowed<'a>(pod: NodeRef<'a>, keys: &[&str]) -> Fact<'a, Vec<&'a str>> {
    if let Some(value) =
        pod.get("nodeSelector").and_then(|labels| keys.iter().find_map(|key| labels.get(key)))
    {
        return if value.is_unknown() || read::is_filled_in_later(value.text()) {
            Fact::unknown_at("it is only known at run time", Spot::value(value))
        } else {
            Fact::written(vec![value.text()], Spot::value(value))
        };
    }
    let path = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let Some(terms) = pod.at(path) else { return Fact::absent(Spot::value(pod)) };
    let mut all: Vec<&'a str> = Vec::new();
    let mut spot = None;
    for term in terms.items() {
        let wanted = term.get("matchExpressions").into_iter().flat_map(NodeRef::items).find(|one| {
            one.get("key").is_some_and(|key| keys.contains(&key.text()))
                && one.get("operator").is_some_and(|op| op.text() == "In")
        });
        // One alternative without it leaves every value open.
        let Some(values) = wanted.and_then(|one| one.get("values")) else {
            return Fact::absent(Spot::value(pod));
        };
        for value in values.items() {
            if value.is_unknown() || read::is_filled_in_later(value.text()) {
                return Fact::unknown_at("it is only known at run time", Spot::value(value));
            }
            if !all.contains(&value.text()) {
                all.push(value.text());
            }
        }
        spot.get_or_insert(Spot::value(values));
    }
    match spot {
        Some(spot) => Fact::written(all, spot),
        None => Fact::absent(Spot::value(pod)),
    }
}

/// The ports of its node that a pod takes: a written `hostPort`, and with `hostNetwork` every port that its containers name
/// (core/v1 `ContainerPort.hostPort`: "If HostNetwork is specified, this must match ContainerPort.").
pub fn host_ports<'a>(pod: NodeRef<'a>) -> Fact<'a, Vec<NodeRef<'a>>> {
    let network = read::truth(pod, "hostNetwork");
    let mut found = Vec::new();
    let lists =
        ["initContainers", "containers"].into_iter().filter_map(|key| pod.get(key)).flat_map(NodeRef::items);
    for port in lists.filter_map(|container| container.get("ports")).flat_map(NodeRef::items) {
        let own = port.get("hostPort").filter(|own| !own.is_null());
        if let Some(own) = own {
            if own.is_unknown() {
                return Fact::unknown_at("it is only known at run time", Spot::value(own));
            }
            found.push(own);
        } else if network.is_unknown() {
            return network.map(|_| Vec::new());
        } else if network.value() == Some(&true)
            && let Some(port) = port.get("containerPort")
        {
            found.push(port);
        }
    }
    Fact::written(found, Spot::value(pod))
}

/// The tolerations that hold a pod for ever on a node that is not ready or cannot be reached: without `tolerationSeconds`, with
/// the key of one of the two taints, or with none. Any such toleration also keeps the API server from adding its 300 s.
pub fn everlasting<'a>(pod: NodeRef<'a>) -> Vec<Fact<'a, NodeRef<'a>>> {
    const TAINTS: [&str; 2] = ["node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"];
    let mut found = Vec::new();
    for toleration in pod.get("tolerations").into_iter().flat_map(NodeRef::items) {
        if toleration.children().any(|part| part.is_unknown() || read::is_filled_in_later(part.text())) {
            found.push(Fact::unknown_at("it is only known at run time", Spot::value(toleration)));
            continue;
        }
        let text = |key: &str| toleration.get(key).map_or("", NodeRef::text);
        let seconds = toleration.get("tolerationSeconds").is_some_and(|seconds| !seconds.is_null());
        let evicts = matches!(text("effect"), "" | "NoExecute");
        let meant = match text("key") {
            "" => text("operator") == "Exists",
            key => TAINTS.contains(&key),
        };
        if !seconds && evicts && meant {
            found.push(Fact::written(toleration, Spot::value(toleration)));
        }
    }
    found
}
