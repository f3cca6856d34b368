//! Policies that Envoy Gateway attaches to Gateways and routes: what they set, and which others they put out of force.

use super::attachment::{self, Counting};
use super::existence::{self, Existence, Wanted};
use super::value::{Datum, List, Val, list, open_things, things};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing, hop};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::gateway::{policy, rate_limit};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// The policy as a subject; its position is that of its object.
pub static TRAFFIC_POLICY: KindDef = KindDef {
    kind: Kind::TrafficPolicy,
    name: "trafficPolicy",
    doc: "A BackendTrafficPolicy of Envoy Gateway.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[t.id as usize].object.name_fact().into();
        "mergeType": Ty::Text, "how it is merged with the policy of the listener or the Gateway; absent where it takes its place" => |m, t| read::text(node(m, t), "spec.mergeType").into();
        "targets": Ty::List(&Ty::Text), "the kinds of what it attaches to, by name or by labels" => targets;
        "rivals": Ty::List(&Ty::Thing(Kind::TrafficPolicy)), "the policies before it that attach to the same thing by name: only the oldest of them all holds" => |m, t| things(attachment::rivals(m, t.id).into_iter().map(policy_thing));
        "blocks": Ty::List(&Ty::Text), "what it sets: `rateLimit`, `timeout`, `retry` …" => |m, t| blocks(m, t);
        "missing": Ty::List(&Ty::Text), "what it attaches to by name and no file declares, where files declare others of that kind: an object, or a listener or a rule of it" => missing;
        "above": Ty::List(&Ty::Thing(Kind::TrafficPolicy)), "the policies that would count where it attaches, were it not there: those of the route, of its listener, of its Gateway" => above;
        "outOfForce": Ty::List(&Ty::Text), "what these set, and what does not count there because of it" => out_of_force;
        "overruled": Ty::List(&Ty::Text), "what the policy sets into which it is merged, and what loses against a default that the API fills into a block of its own" => overruled;
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

fn targets<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let named = policy::targets(node(model, thing)).map(|target| target.kind);
    let kinds = named.chain(policy::selectors(node(model, thing)).filter_map(|one| one.get("kind")));
    list(kinds.map(|kind| Fact::written(kind, Spot::value(kind)).text()))
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
    let absent = policy::targets(node(model, thing)).filter_map(|target| {
        let wanted =
            Wanted { from: thing.id, kind: target.kind.text(), name: target.name.text(), namespace: None };
        let is_group = |group: &str| group == "gateway.networking.k8s.io";
        if hop::is_hidden(target.name) || !kept(target.kind.text()) {
            return None;
        }
        match existence::seek(model, wanted, is_group) {
            Existence::No => Some(target.name),
            Existence::Declared(id) => target.section.filter(|section| lacks(object(model, id), *section)),
            Existence::Made | Existence::Perhaps(_) => None,
        }
    });
    list(absent.map(|name| Fact::written(name.text(), Spot::value(name))))
}

/// Whether a Gateway has no listener, and a route no rule, of this name.
fn lacks(holder: NodeRef<'_>, section: NodeRef<'_>) -> bool {
    let sections = || ["spec.listeners", "spec.rules"].iter().filter_map(|path| holder.at(path));
    let hidden = |name: NodeRef<'_>| hop::is_hidden(name) || name.text() == section.text();
    let all_known = sections().all(|list| !list.is_unknown() && !list.children().any(NodeRef::is_unknown));
    !hop::is_hidden(section)
        && all_known
        && !sections().flat_map(NodeRef::items).filter_map(|one| one.get("name")).any(hidden)
}

/// The policies that would count where this one attaches, were it not there.
fn above<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let (found, open) = attachment::displaced(model, thing.id);
    let mut ids: Vec<u32> = found.into_iter().flat_map(|(_, without)| without.ids()).collect();
    ids.sort_unstable();
    ids.dedup();
    open_things(ids.into_iter().map(policy_thing), open.map(Reason::new))
}

fn out_of_force<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let blocks = |counting: Counting| counting.ids().flat_map(|id| policy::blocks(object(model, id)));
    lines(model, thing, |with, without| {
        let kept: Vec<&str> = blocks(with).map(|(name, _)| name).collect();
        let mut lost: Vec<_> = blocks(without).filter(|(name, _)| !kept.contains(name)).collect();
        if let Counting::Merged { own, under, .. } = with {
            let rule = rate_limit::forgotten(object(model, own), object(model, under));
            lost.extend(rule.map(|rule| ("rateLimit", rule)));
        }
        lost
    })
}

fn overruled<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    lines(model, thing, |with, _| with.settings(model).map_or_else(Vec::new, |settings| settings.overruled()))
}

/// What is asked of each of its listeners, once each, with the places.
fn lines<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl Fn(Counting, Counting) -> Vec<(&'static str, NodeRef<'a>)>,
) -> Val<'a> {
    let (found, open) = attachment::displaced(model, thing.id);
    let mut all: Vec<(&'static str, NodeRef<'a>)> = Vec::new();
    for line in found.into_iter().flat_map(|(with, without)| ask(with, without)) {
        if !all.contains(&line) {
            all.push(line);
        }
    }
    let items = all.into_iter().map(|(name, node)| Fact::written(name, Spot::key(node)).into()).collect();
    Fact::plain(Datum::List(std::rc::Rc::new(List { items, open: open.map(Reason::new) })))
}

fn object<'a>(model: &Model<'a>, id: u32) -> NodeRef<'a> {
    model.objects[id as usize].object.node
}

fn policy_thing(id: u32) -> Thing {
    Thing::new(Kind::TrafficPolicy, id as usize)
}
