//! The settings that count for a breaker: those of its host, of a subset, of single ports.

use super::{Dialect, for_service, get, whole};
use crate::fact::{Fact, Spot};
use crate::lower::gateway::policy;
use crate::lower::istio::destination_rule;
use crate::lower::read;
use crate::model::value::{Val, list};
use crate::model::vocabulary::{KindDef, NUMBER, Ty, facts};
use crate::model::{Kind, Model, Thing, hop};
use crate::syntax::tree::NodeRef;

/// What a DestinationRule says of one port.
pub static PORT_POLICY: KindDef = KindDef {
    kind: Kind::PortPolicy,
    name: "portPolicy",
    doc: "What a DestinationRule says of one port, in place of all that it says of the host.",
    tables: &[facts! {
        "port": NUMBER, "the port" => |m, t| port_entry(m, t).map_or_else(Fact::nothing, |node| read::number(node, "port.number")).into();
        "blocks": Ty::List(&Ty::Text), "the settings that count for it" => |m, t| names(port_entry(m, t).map_or_else(Vec::new, |node| destination_rule::blocks(node).collect()));
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| port_entry(m, t).map_or_else(Fact::nothing, Fact::plain).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: port_entry,
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

pub(super) fn names<'a>(blocks: Vec<(&'static str, NodeRef<'a>)>) -> Val<'a> {
    list(blocks.into_iter().map(|(name, node)| Fact::written(name, Spot::key(node))))
}

pub(super) fn blocks<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<(&'static str, NodeRef<'a>)> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => destination_rule::BLOCKS
            .iter()
            .filter_map(|name| destination_rule::block(node, subset, name).map(|block| (*name, block)))
            .collect(),
        Dialect::EnvoyGateway => policy::blocks(node).collect(),
        Dialect::Envoy(_) => Vec::new(),
    }
}

/// What the breaker's own policy says of ports, not that of the host where it is for a subset.
pub(super) fn port_entries<'a>(model: &'a Model<'a>, thing: Thing) -> impl Iterator<Item = NodeRef<'a>> {
    let own = match get(model, thing).dialect {
        Dialect::Istio(Some(subset)) => subset.get("trafficPolicy"),
        Dialect::Istio(None) => whole(model, thing).at("spec.trafficPolicy"),
        Dialect::EnvoyGateway | Dialect::Envoy(_) => None,
    };
    own.into_iter().flat_map(destination_rule::ports)
}

pub(super) fn port_entry<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    port_entries(model, thing).nth(thing.part as usize)
}

/// The subsets that the DestinationRules of a Service have; nothing where there is none, or a name that is not known.
pub fn subsets_of<'a>(model: &'a Model<'a>, service: u32) -> Option<Vec<&'a str>> {
    let mut found = None;
    for id in for_service(model, service) {
        let thing = Thing::new(Kind::Breaker, id as usize);
        if !matches!(get(model, thing).dialect, Dialect::Istio(_)) {
            continue;
        }
        // An overlay may add a subset.
        if get(model, thing).object.is_some_and(|object| model.objects[object as usize].overlaid) {
            return None;
        }
        let all: &mut Vec<&'a str> = found.get_or_insert_default();
        for subset in destination_rule::subsets(whole(model, thing)) {
            let name = subset.get("name").filter(|name| !hop::is_hidden(*name))?;
            all.push(name.text());
        }
    }
    found
}

/// What a DestinationRule says of the connections to a Service, where one thing holds for all its ports and subsets.
pub fn pool_for<'a>(model: &'a Model<'a>, service: u32) -> Result<Option<NodeRef<'a>>, &'static str> {
    let mut found = None;
    for id in for_service(model, service) {
        let thing = Thing::new(Kind::Breaker, id as usize);
        if !matches!(get(model, thing).dialect, Dialect::Istio(_)) {
            continue;
        }
        let node = whole(model, thing);
        if found.is_some()
            || port_entries(model, thing).next().is_some()
            || destination_rule::subsets(node).next().is_some()
        {
            return Err("a DestinationRule may say otherwise for a port or a subset");
        }
        found = Some(destination_rule::block(node, None, "connectionPool"));
    }
    Ok(found.flatten())
}
