//! DestinationRules: what is said of a host, of its subsets, of its ports, and which of it counts.
//!
//! Merging is that of `MergeSubsetTrafficPolicy` and `GetPortLevelTrafficPolicy` in istio/istio: a subset takes a block of its
//! own in place of the host's, and a port takes nothing from either.

use crate::syntax::tree::NodeRef;

/// The blocks of a policy that a port entry loses unless it repeats them.
pub const BLOCKS: [&str; 4] = ["loadBalancer", "connectionPool", "outlierDetection", "tls"];

/// The host.
pub fn host<'a>(object: NodeRef<'a>) -> Option<NodeRef<'a>> {
    object.at("spec.host")
}

/// The subsets.
pub fn subsets<'a>(object: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    object.at("spec.subsets").into_iter().flat_map(NodeRef::items)
}

/// A block that counts for a subset, or for the host where there is none.
pub fn block<'a>(object: NodeRef<'a>, subset: Option<NodeRef<'a>>, name: &str) -> Option<NodeRef<'a>> {
    let own = |policy: Option<NodeRef<'a>>| policy?.get(name).filter(|block| !block.is_null());
    own(subset.and_then(|subset| subset.get("trafficPolicy")))
        .or_else(|| own(object.at("spec.trafficPolicy")))
}

/// The entries of a policy for single ports.
pub fn ports<'a>(policy: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    policy.get("portLevelSettings").into_iter().flat_map(NodeRef::items)
}

/// The blocks that a policy, or an entry for a port, sets.
pub fn blocks<'a>(policy: NodeRef<'a>) -> impl Iterator<Item = (&'static str, NodeRef<'a>)> {
    BLOCKS
        .iter()
        .filter_map(move |name| policy.get(name).filter(|block| !block.is_null()).map(|block| (*name, block)))
}
