//! Volumes that live in memory.
//!
//! What is written there counts as memory of the container that writes it. Without a size, the kubelet gives such a volume as
//! much as the memory limits of all containers together, or the whole node's memory where one of them has none
//! (core/v1 `EmptyDirVolumeSource.sizeLimit`).

use super::value::things;
use super::vocabulary::{BYTES, FactDef, KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::read;
use crate::measure::quantity;
use crate::syntax::tree::NodeRef;

/// A volume in memory as a part of its workload.
pub static TMPFS: KindDef = KindDef {
    kind: Kind::Tmpfs,
    name: "tmpfs",
    doc: "A volume of a pod that lives in memory.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| volume(m, t).map_or_else(Fact::nothing, |node| read::text(node, "name")).into();
        "size": BYTES, "the most that it may hold" => |m, t| match volume(m, t).and_then(|node| node.get("emptyDir")) {
            Some(node) => read::node(node, "sizeLimit").text().try_map("it is no quantity", quantity::parse).into(),
            None => Fact::<f64>::nothing().into(),
        };
        "paths": Ty::List(&Ty::Text), "where containers mount it" => |m, t| super::value::list(mounts(m, t));
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| volume(m, t),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a workload knows of them.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "tmpfs": Ty::List(&Ty::Thing(Kind::Tmpfs)), "its volumes that live in memory" => |m, t| {
        things((0..volumes(m, t.id).count()).map(|part| Thing::part(Kind::Tmpfs, t.id, part)))
    };
};

fn volumes<'a>(model: &'a Model<'a>, workload: u32) -> impl Iterator<Item = NodeRef<'a>> {
    let list = model.workloads[workload as usize].pod().and_then(|pod| pod.get("volumes"));
    let in_memory = |volume: &NodeRef<'a>| {
        volume.at("emptyDir.medium").is_some_and(|medium| !medium.is_unknown() && medium.text() == "Memory")
    };
    list.into_iter().flat_map(NodeRef::items).filter(in_memory)
}

fn volume<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    volumes(model, thing.id).nth(thing.part as usize)
}

fn mounts<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<Fact<'a, &'a str>> {
    let name = volume(model, thing).and_then(|volume| volume.get("name"));
    let workload = &model.workloads[thing.id as usize];
    let lists =
        workload.containers.clone().filter_map(|id| model.containers[id as usize].node.get("volumeMounts"));
    let mounts = lists
        .flat_map(NodeRef::items)
        .filter(|mount| mount.get("name").zip(name).is_some_and(|(a, b)| a.text() == b.text()));
    mounts
        .filter_map(|mount| mount.get("mountPath"))
        .map(|path| Fact::written(path, Spot::value(path)).text())
        .collect()
}
