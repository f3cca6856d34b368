//! PriorityClasses: which pods may push others off a node.

use super::value::things;
use super::vocabulary::{FactDef, KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::kubernetes::defaults;
use crate::lower::read;

/// A PriorityClass as a subject.
pub static PRIORITY: KindDef = KindDef {
    kind: Kind::Priority,
    name: "priority",
    doc: "A PriorityClass.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[t.id as usize].object.name_fact().into();
        "value": NUMBER, "the priority that it gives" => |m, t| read::number(m.objects[t.id as usize].object.node, "value").into();
        "isDefault": Ty::Bool, "whether it is for all pods that name none" => |m, t| is_default(m, t.id).into();
        "otherDefaults": Ty::List(&Ty::Thing(Kind::Priority)), "the other PriorityClasses of its unit that are for all such pods" => |m, t| {
            let unit = m.objects[t.id as usize].unit;
            let others = classes(m).iter().filter(|id| **id != t.id && m.objects[**id as usize].unit == unit);
            things(others.filter(|id| is_default(m, **id).into_value() == Some(true)).map(|id| Thing::new(Kind::Priority, *id as usize)))
        };
    }],
    all: Some(|m| classes(m).iter().map(|id| Thing::new(Kind::Priority, *id as usize)).collect()),
    owner: |_, t| Some(Thing::new(Kind::Object, t.id as usize)),
    node: |m, t| Some(m.objects[t.id as usize].object.node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["scheduling.k8s.io/v1 PriorityClass"],
};

/// What a workload knows of its priority.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "priorityClass": Ty::Text, "the PriorityClass that its pods name" => |m, t| class_name(m, t.id).into();
};

/// The PriorityClasses, by object.
fn classes<'m>(model: &'m Model<'_>) -> &'m [u32] {
    model.index.priorities.get_or_init(|| {
        let is_class = |id: &usize| {
            let object = &model.objects[*id].object;
            object.group() == "scheduling.k8s.io" && object.kind == "PriorityClass"
        };
        (0..model.objects.len()).filter(is_class).map(|id| id as u32).collect()
    })
}

fn is_default<'a>(model: &'a Model<'a>, object: u32) -> Fact<'a, bool> {
    read::truth(model.objects[object as usize].object.node, "globalDefault")
        .or_default(&defaults::GLOBAL_DEFAULT)
}

fn class_name<'a>(model: &'a Model<'a>, workload: u32) -> Fact<'a, &'a str> {
    let this = &model.workloads[workload as usize];
    let Some(pod) = this.pod() else { return Fact::absent(Spot::value(this.node)) };
    let name = read::text(pod, "priorityClassName");
    if name.value().is_some_and(|name| name.is_empty()) {
        return Fact { state: crate::fact::State::Absent, spots: name.spots, confidence: name.confidence };
    }
    name
}
