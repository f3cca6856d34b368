//! Karpenter's NodePools: how long their nodes live, how they go, and which workloads may be on them.

use super::value::{Val, list, open_things, things};
use super::vocabulary::{FactDef, KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::karpenter;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A NodePool.
#[derive(Debug)]
pub struct NodePool<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
}

/// Facts of a workload about node pools.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "pools": Ty::List(&Ty::Thing(Kind::NodePool)), "the NodePools of Karpenter on whose nodes its pods may land" => pools;
};

/// The NodePool as a subject.
pub static NODE_POOL: KindDef = KindDef {
    kind: Kind::NodePool,
    name: "nodepool",
    doc: "A NodePool of Karpenter.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| object(m, t).name_fact().into();
        "manifest": Ty::Node, "the whole object, by Karpenter's own field names" => |m, t| Fact::plain(get(m, t).node).into();
        "expireAfter": SECONDS, "how long a node lives; without limit for `Never`" => |m, t| karpenter::expire_after(object(m, t)).into();
        "terminationGracePeriod": SECONDS, "how long a node may take to drain; absent if it may take for ever" =>
            |m, t| karpenter::span(get(m, t).node, "spec.template.spec.terminationGracePeriod").into();
        "consolidation": Ty::Text, "when Karpenter moves pods to fewer nodes: `WhenEmpty`, `WhenEmptyOrUnderutilized`" =>
            |m, t| read::text(get(m, t).node, "spec.disruption.consolidationPolicy").or_default_text(&defaults::NODE_CONSOLIDATION).into();
        "limits": Ty::Node, "how much it may buy" => |m, t| read::node(get(m, t).node, "spec.limits").into();
        "budgets": Ty::List(&Ty::Thing(Kind::NodeBudget)), "its written disruption budgets" => |m, t|
            things((0..budgets(m, t).count()).map(|part| Thing::part(Kind::NodeBudget, t.id, part)));
        "capacityTypes": Ty::List(&Ty::Text), "`spot`, `on-demand`, `reserved`: what its requirements allow; absent if they do not say" => |m, t| {
            let allowed = karpenter::allowed(get(m, t).node, "karpenter.sh/capacity-type");
            let spots = allowed.spots.clone();
            match allowed.state {
                crate::fact::State::Written(values) | crate::fact::State::Default(values) => {
                    Fact { spots, ..list(values.into_iter().map(Fact::plain)) }
                }
                crate::fact::State::Unknown(reason) => Fact::unknown(reason.0),
                crate::fact::State::Absent => Fact::nothing(),
            }
        };
    }],
    all: Some(|m| (0..m.node_pools.len()).map(|id| Thing::new(Kind::NodePool, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["karpenter.sh/v1 NodePool"],
};

/// A disruption budget of a NodePool.
pub static NODE_BUDGET: KindDef = KindDef {
    kind: Kind::NodeBudget,
    name: "nodeBudget",
    doc: "One disruption budget of a NodePool: how many of its nodes may go at once.",
    tables: &[facts! {
        "nodes": Ty::Text, "how many nodes: `0`, `10%`, `5`" => |m, t| part(m, t).map_or_else(Fact::nothing, |node| read::text(node, "nodes").into());
        "always": Ty::Bool, "whether it holds at any time" => |m, t| part(m, t).map_or_else(Fact::nothing, |node| {
            let schedule = read::node(node, "schedule");
            Fact::<bool> { state: crate::fact::State::Written(schedule.is_absent()), ..Fact::plain(true) }.into()
        });
        "reasons": Ty::Node, "the kinds of disruption that it is about; absent if all" =>
            |m, t| part(m, t).map_or_else(Fact::nothing, |node| read::node(node, "reasons").into());
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| part(m, t).map_or_else(Fact::nothing, |node| Fact::plain(node).into());
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::NodePool, t.id as usize)),
    node: part,
    owners: &[Kind::NodePool, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the NodePool that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    model.node_pools.push(NodePool { object: id as u32, node: object.node });
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a NodePool<'a> {
    &model.node_pools[thing.id as usize]
}

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Object<'a> {
    &model.objects[get(model, thing).object as usize].object
}

fn budgets<'a>(model: &'a Model<'a>, pool: Thing) -> impl Iterator<Item = NodeRef<'a>> {
    get(model, pool).node.at("spec.disruption.budgets").into_iter().flat_map(NodeRef::items)
}

fn part<'a>(model: &'a Model<'a>, budget: Thing) -> Option<NodeRef<'a>> {
    budgets(model, budget).nth(budget.part as usize)
}

fn pools<'a>(model: &'a Model<'a>, workload: Thing) -> Val<'a> {
    let this = &model.workloads[workload.id as usize];
    let unit = model.objects[this.object as usize].unit;
    let Some(pod) = this.pod() else { return things([]) };
    let mut found = Vec::new();
    let mut open = None;
    for (id, pool) in model.node_pools.iter().enumerate() {
        let entry = &model.objects[pool.object as usize];
        match karpenter::may_land(pool.node, entry.object.name, pod) {
            Match::No => {}
            Match::Yes if entry.unit == unit => found.push(Thing::new(Kind::NodePool, id)),
            _ => {
                open.get_or_insert_with(|| Reason::new("its pods may land on nodes of another pool"));
            }
        }
    }
    open_things(found, open)
}
