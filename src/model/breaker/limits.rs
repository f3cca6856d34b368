//! What may be open and waiting at once: the limits of a pool of connections, and how long its connections live.

use super::{Dialect, get, settings, subset, whole};
use crate::fact::{Fact, Spot};
use crate::lower::envoy;
use crate::lower::istio::destination_rule;
use crate::lower::pool::{self, Limit, Writer};
use crate::model::{Model, Thing};

/// A limit: what is written, or else what the proxy takes.
pub(super) fn limit<'a>(model: &'a Model<'a>, thing: Thing, limit: &'static Limit) -> Fact<'a, f64> {
    let node = whole(model, thing);
    let (writer, block, place) = match get(model, thing).dialect {
        Dialect::Istio(of) => {
            (Writer::Istio, destination_rule::block(node, of, "connectionPool"), subset(model, thing))
        }
        Dialect::EnvoyGateway => match settings(model, thing) {
            Ok(settings) => match settings.block("circuitBreaker") {
                Some(block) => {
                    return block.read_filled(|block| pool::read(block, Writer::EnvoyGateway, limit));
                }
                None => (Writer::EnvoyGateway, None, None),
            },
            Err(reason) => return Fact::unknown(reason),
        },
        Dialect::Envoy(of) => (Writer::Envoy, envoy::thresholds(of), None),
    };
    match block {
        Some(block) => pool::read(block, writer, limit),
        None => pool::missing(Fact::absent(Spot::value(place.unwrap_or(node))), writer, limit),
    }
}
