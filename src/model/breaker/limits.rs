//! What may be open and waiting at once: the limits of a pool of connections.

use super::{Dialect, get, whole};
use crate::fact::{Fact, Spot};
use crate::lower::istio::destination_rule;
use crate::lower::{envoy, read};
use crate::model::{Model, Thing};

/// A limit, where somebody wrote it.
pub(super) fn limit<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    [istio, gateway, cluster]: [&'static str; 3],
) -> Fact<'a, f64> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => match destination_rule::block(node, subset, "connectionPool") {
            Some(block) => read::number(block, istio),
            None => Fact::absent(Spot::value(subset.unwrap_or(node))),
        },
        Dialect::EnvoyGateway => match node.at("spec.circuitBreaker") {
            Some(block) => read::number(block, gateway),
            None => Fact::absent(Spot::value(node)),
        },
        Dialect::Envoy(of) => match envoy::thresholds(of) {
            Some(block) => read::number(block, cluster),
            None => Fact::absent(Spot::value(of)),
        },
    }
}
