//! How a breaker finds failing endpoints.

use super::{Dialect, get, settings, whole};
use crate::fact::{Fact, Spot, State};
use crate::lower::istio::destination_rule;
use crate::lower::outlier::Outlier;
use crate::model::value::{IntoDatum, Val, unknown};
use crate::model::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use crate::model::{Kind, Model, Thing};
use crate::syntax::tree::NodeRef;

/// How a breaker finds failing endpoints.
pub static OUTLIER: KindDef = KindDef {
    kind: Kind::Outlier,
    name: "outlier",
    doc: "How a breaker finds failing endpoints and takes them out.",
    tables: &[facts! {
        "maxEjection": PERCENT, "how many of the endpoints may be out at once" => |m, t| with(m, t, Outlier::max_ejection);
        "alwaysOne": Ty::Bool, "whether one may be taken out, however few there are" => |m, t| with(m, t, Outlier::always_one);
        "consecutive5xx": NUMBER, "after how many 5xx answers in a row; 0 is never" => |m, t| with(m, t, Outlier::consecutive_5xx);
        "consecutiveGateway": NUMBER, "after how many 502, 503 and 504 in a row; 0 is never" => |m, t| with(m, t, Outlier::consecutive_gateway);
        "compares": Ty::Bool, "whether endpoints are also taken out because others answer better" => |m, t| with(m, t, Outlier::compares);
        "comparedHosts": NUMBER, "among how many endpoints at least they are compared; absent where they never are" => |m, t| with(m, t, Outlier::compared_hosts);
        "splits": Ty::Bool, "whether failures to connect are counted apart" => |m, t| with(m, t, Outlier::splits);
        "panic": PERCENT, "below which share of healthy endpoints all of them are asked again; 0 is never" => |m, t| with(m, t, Outlier::panic);
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| with(m, t, |outlier| Fact::written(outlier.node, Spot::key(outlier.node)));
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: |m, t| outlier(m, t).into_value().map(|outlier| outlier.node),
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// How a breaker finds failing endpoints.
pub(super) fn outlier<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Outlier<'a>> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => match destination_rule::block(node, subset, "outlierDetection") {
            Some(block) => hidden_or(block, Outlier::istio(block)),
            None => Fact::absent(Spot::value(subset.unwrap_or(node))),
        },
        Dialect::EnvoyGateway => match settings(model, thing) {
            Ok(settings) => match settings.block("healthCheck.passive").and_then(|block| block.nearest()) {
                Some(block) => hidden_or(block, Outlier::envoy_gateway(block, settings)),
                None => Fact::absent(Spot::value(node)),
            },
            Err(reason) => Fact::unknown(reason),
        },
        Dialect::Envoy(cluster) => match cluster.get("outlier_detection").filter(|block| !block.is_null()) {
            Some(block) => hidden_or(block, Outlier::envoy(block)),
            None => Fact::absent(Spot::value(cluster)),
        },
    }
}

pub(super) fn hidden_or<'a>(block: NodeRef<'a>, outlier: Outlier<'a>) -> Fact<'a, Outlier<'a>> {
    if block.is_unknown() {
        Fact::unknown_at("it is only known at run time", Spot::value(block))
    } else {
        Fact::written(outlier, Spot::key(block))
    }
}

pub(super) fn with<'a, T: IntoDatum<'a>>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl FnOnce(&Outlier<'a>) -> Fact<'a, T>,
) -> Val<'a> {
    let outlier = outlier(model, thing);
    match outlier.state {
        State::Written(found) | State::Default(found) => ask(&found).into(),
        State::Absent => Fact { state: State::Absent, spots: outlier.spots, confidence: outlier.confidence },
        State::Unknown(reason) => unknown(reason, outlier.spots),
    }
}
