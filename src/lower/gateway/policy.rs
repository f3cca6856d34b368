//! The BackendTrafficPolicy of Envoy Gateway: what it attaches to, and what it sets.

use super::settings::Merge;
use crate::fact::Fact;
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// What a policy attaches to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The reference.
    pub node: NodeRef<'a>,
    /// `Gateway`, `HTTPRoute` …
    pub kind: NodeRef<'a>,
    /// Its name.
    pub name: NodeRef<'a>,
    /// A listener or a rule of it, where one is named.
    pub section: Option<NodeRef<'a>>,
}

/// The blocks of a policy that a more special one replaces together.
pub const BLOCKS: [&str; 11] = [
    "admissionControl",
    "bandwidthLimit",
    "circuitBreaker",
    "healthCheck",
    "loadBalancer",
    "proxyProtocol",
    "rateLimit",
    "requestBuffer",
    "retry",
    "tcpKeepalive",
    "timeout",
];

/// Whether an object is such a policy.
pub fn is_policy(object: &Object<'_>) -> bool {
    object.group() == "gateway.envoyproxy.io" && object.kind == "BackendTrafficPolicy"
}

/// What a policy attaches to by name. By labels it may attach to more ([`selects`]).
pub fn targets<'a>(object: NodeRef<'a>) -> impl Iterator<Item = Target<'a>> {
    let many = object.at("spec.targetRefs").into_iter().flat_map(NodeRef::items);
    object.at("spec.targetRef").into_iter().chain(many).filter_map(|node| {
        Some(Target {
            node,
            kind: node.get("kind")?,
            name: node.get("name")?,
            section: node.get("sectionName").filter(|section| !section.is_null()),
        })
    })
}

/// The selectors by whose labels a policy attaches.
pub fn selectors<'a>(object: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    object.at("spec.targetSelectors").into_iter().flat_map(NodeRef::items)
}

/// Whether a policy attaches to what labels select.
pub fn selects(object: NodeRef<'_>) -> bool {
    selectors(object).next().is_some()
}

/// The namespaces in which a selector looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// That of the policy.
    Own,
    /// All.
    All,
    /// Those that labels select.
    Some,
}

/// gateway.envoyproxy.io/v1alpha1 `TargetSelector.namespaces`: "If unspecified, only targets in the same namespace as this policy
/// are considered."
pub fn reach(selector: NodeRef<'_>) -> Reach {
    match selector.get("namespaces") {
        Some(block) if block.is_unknown() => Reach::Some,
        Some(block) => match block.get("from").map(NodeRef::text) {
            None | Some("Same") => Reach::Own,
            Some("All") => Reach::All,
            Some(_) => Reach::Some,
        },
        None => Reach::Own,
    }
}

/// How a policy is merged into that of its route's Gateway; absent where it takes the place of others.
pub fn merge<'a>(object: NodeRef<'a>) -> Fact<'a, Merge> {
    read::text(object, "spec.mergeType").try_map("it is no way of merging that is known", |text| match text {
        "StrategicMerge" => Some(Merge::Strategic),
        "JSONMerge" => Some(Merge::Json),
        _ => None,
    })
}

/// The blocks that a policy sets.
pub fn blocks<'a>(object: NodeRef<'a>) -> impl Iterator<Item = (&'static str, NodeRef<'a>)> {
    let spec = object.get("spec");
    BLOCKS
        .iter()
        .filter_map(move |name| spec?.get(name).filter(|block| !block.is_null()).map(|block| (*name, block)))
}
