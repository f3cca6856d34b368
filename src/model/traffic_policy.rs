//! Policies that Envoy Gateway attaches to Gateways and routes: what they set, and which others they put out of force.

use super::value::{Datum, List, Val, list};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing, attachment, breaker};
use crate::fact::{Fact, Spot};
use crate::lower::gateway::policy;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// The policy as a subject; its position is that of its object.
pub static TRAFFIC_POLICY: KindDef = KindDef {
    kind: Kind::TrafficPolicy,
    name: "trafficPolicy",
    doc: "A BackendTrafficPolicy of Envoy Gateway.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[t.id as usize].object.name_fact().into();
        "mergeType": Ty::Text, "how it is merged with the policy of the Gateway; absent where it takes its place" => |m, t| read::text(node(m, t), "spec.mergeType").into();
        "blocks": Ty::List(&Ty::Text), "what it sets: `rateLimit`, `timeout`, `retry` …" => |m, t| blocks(m, t);
        "above": Ty::List(&Ty::Thing(Kind::TrafficPolicy)), "the policies of the Gateways of its routes" => |m, t| breaker::above_things(m, t.id);
        "outOfForce": Ty::List(&Ty::Text), "what these set, and what does not count for its routes because it has no setting of its own for it" => out_of_force;
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(node(m, t)).into();
    }],
    all: Some(|m| {
        attachment::policies(m).all.iter().map(|id| Thing::new(Kind::TrafficPolicy, *id as usize)).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Object, t.id as usize)),
    node: |m, t| Some(node(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    model.objects[thing.id as usize].object.node
}

fn blocks<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    list(policy::blocks(node(model, thing)).map(|(name, node)| Fact::written(name, Spot::key(node))))
}

fn out_of_force<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let (above, open) = breaker::above(model, thing.id);
    let own: Vec<&str> = policy::blocks(node(model, thing)).map(|(name, _)| name).collect();
    let lost = above.into_iter().filter(|id| *id != thing.id).flat_map(|id| {
        policy::blocks(model.objects[id as usize].object.node).filter(|(name, _)| !own.contains(name))
    });
    let items = lost.map(|(name, node)| Fact::written(name, Spot::key(node)).into()).collect();
    Fact::plain(Datum::List(std::rc::Rc::new(List { items, open })))
}
