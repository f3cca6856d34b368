//! The BackendTrafficPolicy of Envoy Gateway: what it attaches to, and what it sets.

use crate::lower::kubernetes::object::Object;
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
pub const BLOCKS: [&str; 8] = [
    "circuitBreaker",
    "healthCheck",
    "loadBalancer",
    "proxyProtocol",
    "rateLimit",
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

/// Whether a policy attaches to what labels select.
pub fn selects(object: NodeRef<'_>) -> bool {
    object.at("spec.targetSelectors").is_some_and(|list| !list.is_null() && list.children().next().is_some())
}

/// The blocks that a policy sets.
pub fn blocks<'a>(object: NodeRef<'a>) -> impl Iterator<Item = (&'static str, NodeRef<'a>)> {
    let spec = object.get("spec");
    BLOCKS
        .iter()
        .filter_map(move |name| spec?.get(name).filter(|block| !block.is_null()).map(|block| (*name, block)))
}
