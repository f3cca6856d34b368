//! Policies that Envoy Gateway attaches to Gateways and routes: what they set, and which others they put out of force.

use super::existence::{self, Existence, Wanted};
use super::value::{Datum, List, Val, list, open_things};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing, attachment, hop};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::gateway::{policy, route as gateway_route};
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
        "missing": Ty::List(&Ty::Text), "what it attaches to by name and no file declares, where files declare others of that kind" => missing;
        "above": Ty::List(&Ty::Thing(Kind::TrafficPolicy)), "the policies of the Gateways of its routes" => |m, t| above_things(m, t.id);
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

/// A kind of which the unit declares nothing is kept elsewhere, and the routes of a chart come with its release.
fn missing<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let unit = model.objects[thing.id as usize].unit;
    let namespace = model.objects[thing.id as usize].object.namespace.unwrap_or_default();
    if existence::is_open(model, thing.id, namespace) {
        return list(std::iter::empty::<Fact<'a, &'a str>>());
    }
    let kept = |kind: &str| {
        let all = &model.units[unit as usize].objects;
        all.iter().any(|id| model.objects[*id as usize].object.kind == kind)
    };
    let absent = policy::targets(node(model, thing)).filter(|target| {
        let wanted =
            Wanted { from: thing.id, kind: target.kind.text(), name: target.name.text(), namespace: None };
        let is_group = |group: &str| group == "gateway.networking.k8s.io";
        !hop::is_hidden(target.name)
            && kept(target.kind.text())
            && existence::seek(model, wanted, is_group) == Existence::No
    });
    list(absent.map(|target| Fact::written(target.name.text(), Spot::value(target.name))))
}

fn out_of_force<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let (above, open) = above(model, thing.id);
    let own: Vec<&str> = policy::blocks(node(model, thing)).map(|(name, _)| name).collect();
    let lost = above.into_iter().filter(|id| *id != thing.id).flat_map(|id| {
        policy::blocks(model.objects[id as usize].object.node).filter(|(name, _)| !own.contains(name))
    });
    let items = lost.map(|(name, node)| Fact::written(name, Spot::key(node)).into()).collect();
    Fact::plain(Datum::List(std::rc::Rc::new(List { items, open })))
}

/// The routes of a unit that a policy attaches to.
pub fn meant<'m>(
    model: &'m Model<'_>,
    unit: u32,
    target: &policy::Target<'_>,
) -> impl Iterator<Item = u32> + use<'m> {
    existence::bearers(model, target.kind.text(), target.name.text()).filter(move |id| {
        let entry = &model.objects[*id as usize];
        entry.unit == unit && gateway_route::is_route(&entry.object)
    })
}

/// The policies of a Gateway, for a policy of one of its routes.
fn above<'a>(model: &'a Model<'a>, object: u32) -> (Vec<u32>, Option<Reason>) {
    let node = model.objects[object as usize].object.node;
    let mut found = Vec::new();
    let mut open = policy::selects(node).then(|| Reason::new("it attaches by labels"));
    for target in policy::targets(node) {
        for id in meant(model, model.objects[object as usize].unit, &target) {
            for gateway in attachment::gateways(model, id) {
                match gateway {
                    Some(gateway) => found.extend(attachment::attached(model, gateway, None)),
                    None => {
                        open.get_or_insert_with(|| Reason::new("its Gateway is in no file"));
                    }
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    (found, open)
}

/// Those policies as things.
fn above_things<'a>(model: &'a Model<'a>, object: u32) -> Val<'a> {
    let (found, open) = above(model, object);
    open_things(found.into_iter().map(|id| Thing::new(Kind::TrafficPolicy, id as usize)), open)
}
