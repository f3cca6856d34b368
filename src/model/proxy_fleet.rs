//! The proxies that Envoy Gateway runs, as an EnvoyProxy says: how long they drain before they stop.

use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::gateway::proxy;
use crate::syntax::tree::NodeRef;

/// The proxies as a subject; its position is that of its object.
pub static PROXY_FLEET: KindDef = KindDef {
    kind: Kind::ProxyFleet,
    name: "proxyFleet",
    doc: "The proxies that Envoy Gateway runs for its Gateways, as an EnvoyProxy says.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[t.id as usize].object.name_fact().into();
        "drain": SECONDS, "after how long a proxy that has to stop goes, whoever is still connected" => |m, t| proxy::drain(node(m, t)).into();
        "drainAtLeast": SECONDS, "how long it stays, also if nobody is connected" => |m, t| proxy::least(node(m, t)).into();
        "grace": SECONDS, "how long its pod has before it is killed" => |m, t| proxy::grace(node(m, t)).into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::written(node(m, t), Spot::value(node(m, t))).into();
    }],
    all: Some(|m| {
        let all = m.objects.iter().enumerate().filter(|(_, entry)| proxy::is_proxy(&entry.object));
        all.map(|(id, _)| Thing::new(Kind::ProxyFleet, id)).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Object, t.id as usize)),
    node: |m, t| Some(node(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    model.objects[thing.id as usize].object.node
}
