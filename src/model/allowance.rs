//! Memory, disk and processor time as subjects: of a container, or of all containers of a pod together.
//!
//! How much it is, with all that admission fills in, is read in `resources`.

use super::vocabulary::{BYTES, CORES, FactDef, KindDef, PERCENT, Ty, facts};
use super::{Kind, Model, Thing, resources};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::limits::Bound;
use crate::lower::kubernetes::pod::Role;
use crate::syntax::tree::NodeRef;

/// What is asked for, by part: of a container, then of a pod as a whole.
const RESOURCES: [&str; 2] = ["memory", "ephemeral-storage"];
const POD: u32 = 2;

/// An amount of memory or disk.
pub static SPACE: KindDef = KindDef {
    kind: Kind::Space,
    name: "space",
    doc: "An amount of memory or disk of a container, or of all containers of a pod together.",
    tables: &[facts! {
        "request": BYTES, "what is set aside for it" => |m, t| amount(m, t, Bound::Request).into();
        "limit": BYTES, "the most that it may take" => |m, t| amount(m, t, Bound::Limit).into();
    }],
    all: None,
    owner,
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// An amount of processor time.
pub static CPU: KindDef = KindDef {
    kind: Kind::Cpu,
    name: "cpu",
    doc: "The processor time of a container, or of all containers of a pod together.",
    tables: &[facts! {
        "request": CORES, "what is set aside for it" => |m, t| amount(m, t, Bound::Request).into();
        "limit": CORES, "the most that it may take" => |m, t| amount(m, t, Bound::Limit).into();
    }],
    all: None,
    owner,
    node: |m, t| node(m, t),
    owners: &[Kind::Container, Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a container knows of them.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "memory": Ty::Thing(Kind::Space), "its memory" => |m, t| part(m, t, Kind::Space, 0);
    "storage": Ty::Thing(Kind::Space), "its ephemeral storage" => |m, t| part(m, t, Kind::Space, 1);
    "cpu": Ty::Thing(Kind::Cpu), "its processor time" => |m, t| part(m, t, Kind::Cpu, 0);
};

/// What a workload knows of them.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "memory": Ty::Thing(Kind::Space), "the memory of one of its pods, init containers left out" =>
        |_, t| Fact::plain(Thing::part(Kind::Space, t.id, POD as usize)).into();
    "cpu": Ty::Thing(Kind::Cpu), "the processor time of one of its pods, init containers left out" =>
        |_, t| Fact::plain(Thing::part(Kind::Cpu, t.id, POD as usize)).into();
};

/// What a unit knows of its containers' requests.
pub static OF_UNIT: &[FactDef] = facts! {
    "requesting": PERCENT, "how many of its containers request memory or processor time, init containers left out" =>
        |m, t| Fact::plain(requesting(m)[t.id as usize]).into();
};

/// For each unit, the share of its containers that request anything, in points.
fn requesting<'m>(model: &'m Model<'_>) -> &'m [f64] {
    model.index.requesting.get_or_init(|| {
        let mut counts = vec![(0.0, 0.0); model.units.len()];
        for container in model.containers.iter().filter(|container| container.role != Role::Init) {
            let object = model.workloads[container.workload as usize].object;
            let (all, requesting) = &mut counts[model.objects[object as usize].unit as usize];
            *all += 1.0;
            let says =
                |path: &str| container.node.at(path).is_some_and(|node| node.children().next().is_some());
            if says("resources.requests") || says("resources.limits") {
                *requesting += 1.0;
            }
        }
        counts
            .into_iter()
            .map(|(all, requesting)| if all > 0.0 { 100.0 * requesting / all } else { 0.0 })
            .collect()
    })
}

fn part<'a>(model: &'a Model<'a>, container: Thing, kind: Kind, part: usize) -> super::value::Val<'a> {
    let thing = Thing::part(kind, container.id, part);
    let node = super::container::get(model, container).node;
    let spot = node.get("resources").map_or_else(|| Spot::missing(node, "resources"), Spot::key);
    Fact::written(thing, spot).into()
}

fn owner(_: &Model<'_>, thing: Thing) -> Option<Thing> {
    let kind = if thing.part == POD { Kind::Workload } else { Kind::Container };
    Some(Thing::new(kind, thing.id as usize))
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    if thing.part == POD {
        return Some(model.workloads[thing.id as usize].node);
    }
    let container = model.containers[thing.id as usize].node;
    Some(container.get("resources").unwrap_or(container))
}

fn amount<'a>(model: &'a Model<'a>, thing: Thing, bound: Bound) -> Fact<'a, f64> {
    let resource = match thing.kind {
        Kind::Cpu => "cpu",
        _ => RESOURCES.get(thing.part as usize).copied().unwrap_or("memory"),
    };
    if thing.part == POD {
        resources::of_pod(model, thing.id, bound, resource)
    } else {
        resources::amount(model, thing.id, bound, resource)
    }
}

/// The memory limit of a container.
pub fn memory_limit<'a>(model: &'a Model<'a>, container: u32) -> Fact<'a, f64> {
    resources::amount(model, container, Bound::Limit, "memory")
}
