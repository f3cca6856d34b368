//! DestinationRules: what is said of a host, of its subsets, of its ports, and which of it counts.
//!
//! Merging is that of `MergeSubsetTrafficPolicy` and `GetPortLevelTrafficPolicy` in istio/istio: a subset takes a block of its
//! own in place of the host's, and a port takes nothing from either.

use super::defaults;
use crate::fact::{Fact, Spot};
use crate::lower::read;
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
    own(subset.and_then(|subset| subset.get("trafficPolicy"))).or_else(|| own(object.at("spec.trafficPolicy")))
}

/// The entries of a policy for single ports.
pub fn ports<'a>(policy: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    policy.get("portLevelSettings").into_iter().flat_map(NodeRef::items)
}

/// The blocks that a policy, or an entry for a port, sets.
pub fn blocks<'a>(policy: NodeRef<'a>) -> impl Iterator<Item = (&'static str, NodeRef<'a>)> {
    BLOCKS.iter().filter_map(move |name| {
        policy.get(name).filter(|block| !block.is_null()).map(|block| (*name, block))
    })
}

/// A block that finds sick endpoints by their answers.
#[derive(Clone, Copy, Debug)]
pub struct Outlier<'a>(pub NodeRef<'a>);

impl<'a> Outlier<'a> {
    /// How many of the endpoints may be out at once; 0 is taken as not set.
    pub fn max_ejection(self) -> Fact<'a, f64> {
        let written = read::number(self.0, "maxEjectionPercent");
        if written.value() == Some(&0.0) {
            let spot = written.spots.into_iter().next().unwrap_or_else(|| Spot::value(self.0));
            return Fact::default(10.0, spot.saying("0 is taken as not set: Istio uses 10 %"));
        }
        written.or_default(&defaults::MAX_EJECTION)
    }

    /// How many 5xx answers in a row; 0 switches it off. The deprecated `consecutiveErrors` counts no more.
    pub fn consecutive_5xx(self) -> Fact<'a, f64> {
        read::number(self.0, "consecutive5xxErrors").or_default(&defaults::CONSECUTIVE_5XX)
    }

    /// How many 502, 503 or 504 in a row; 0 switches it off.
    pub fn consecutive_gateway(self) -> Fact<'a, f64> {
        read::number(self.0, "consecutiveGatewayErrors").or_default(&defaults::CONSECUTIVE_GATEWAY)
    }

    /// Whether failures to connect are counted apart.
    pub fn split(self) -> Fact<'a, bool> {
        read::truth(self.0, "splitExternalLocalOriginErrors").or_default(&defaults::SPLIT)
    }

    /// Below which share of healthy endpoints all are used again; 0 is never.
    pub fn panic(self) -> Fact<'a, f64> {
        read::number(self.0, "minHealthPercent").or_default(&defaults::MIN_HEALTH)
    }
}
