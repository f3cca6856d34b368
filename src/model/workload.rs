//! What runs pods: Deployments, StatefulSets, DaemonSets, Rollouts, and pods on their own.

use std::sync::OnceLock;

use super::link::{Found, Relation};
use super::object::Entry;
use super::value::{open_things, things};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::pod::{self, Controller};
use crate::lower::kubernetes::selector;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A workload.
#[derive(Debug)]
pub struct Workload<'a> {
    /// Its object.
    pub object: u32,
    /// Who runs its pods.
    pub controller: Controller,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// What holds the metadata and the spec of its pods.
    pub template: NodeRef<'a>,
    /// Its containers, as a range of the list of all.
    pub containers: std::ops::Range<u32>,
    /// The budgets that select its pods.
    budgets: Relation,
    /// The services that select its pods.
    services: Relation,
}

/// The workload as a subject.
pub static WORKLOAD: KindDef = KindDef {
    kind: Kind::Workload,
    name: "workload",
    doc: "What runs pods and keeps them running: Deployment, StatefulSet, DaemonSet, ReplicaSet, Rollout, Pod.",
    tables: &[
        facts! {
            "name": Ty::Text, "its name" => |m, t| entry(m, t).object.name_fact().into();
            "controller": Ty::Text, "who runs its pods: `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `Rollout`, `Pod`" =>
                |m, t| Fact::plain(get(m, t).controller.word()).into();
            "namespace": Ty::Text, "the namespace it goes to, as far as the files say" =>
                |m, t| super::object::namespace(m, get(m, t).object).into();
            "low": Ty::Thing(Kind::Size), "the workload at its smallest size" => |_, t| Fact::plain(Thing::part(Kind::Size, t.id, 0)).into();
            "high": Ty::Thing(Kind::Size), "the workload at its largest size" => |_, t| Fact::plain(Thing::part(Kind::Size, t.id, 1)).into();
            "budgets": Ty::List(&Ty::Thing(Kind::Budget)), "the PodDisruptionBudgets that select its pods" => |m, t| {
                let found = budgets(m, t.id);
                open_things(found.ids.iter().map(|id| Thing::new(Kind::Budget, *id as usize)), found.open.clone())
            };
            "containers": Ty::List(&Ty::Thing(Kind::Container)), "its containers, init containers among them" =>
                |m, t| things(get(m, t).containers.clone().map(|id| Thing::new(Kind::Container, id as usize)));
            "selector": Ty::Node, "the labels by which it knows its pods" => |m, t| read::node(get(m, t).node, "spec.selector.matchLabels").into();
            "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        },
        super::volume::OF_POD,
        super::stateful::OF_WORKLOAD,
        super::allowance::OF_WORKLOAD,
        super::dns::OF_WORKLOAD,
        super::priority::OF_WORKLOAD,
        super::rollout::OF_WORKLOAD,
        super::lifecycle::OF_WORKLOAD,
        super::sidecar::OF_WORKLOAD,
        super::placement::OF_WORKLOAD,
        super::target::OF_WORKLOAD,
        super::nodepool::OF_WORKLOAD,
        super::service::OF_WORKLOAD,
        super::shape::OF_WORKLOAD,
    ],
    all: Some(|m| {
        let jobs = |w: &Workload<'_>| w.controller.is_job();
        (0..m.workloads.len())
            .filter(|id| !jobs(&m.workloads[*id]))
            .map(|id| Thing::new(Kind::Workload, id))
            .collect()
    }),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[
        "apps/v1 Deployment",
        "apps/v1 StatefulSet",
        "apps/v1 DaemonSet",
        "apps/v1 ReplicaSet",
        "v1 ReplicationController",
        "argoproj.io/v1alpha1 Rollout",
        "v1 Pod",
        "batch/v1 Job",
        "batch/v1 CronJob",
    ],
};

/// A workload at one of its sizes; all facts belong to the same number of replicas.
pub static SIZE: KindDef = KindDef {
    kind: Kind::Size,
    name: "size",
    doc: "A workload at its smallest (`low`) or largest (`high`) size; all facts belong to that number of replicas.",
    tables: &[super::replicas::OF_SIZE, super::rollout::OF_SIZE],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the workload that an object is, if it is one, and its containers to those that were found.
pub fn add<'a>(
    model: &mut Model<'a>,
    id: usize,
    object: &Object<'a>,
    containers: &mut Vec<super::container::Found<'a>>,
) -> bool {
    let Some(controller) = Controller::of(object) else { return false };
    let Some(template) =
        pod::template(controller, object).or_else(|| super::target::borrowed_template(model, id, object))
    else {
        return true;
    };
    let first = containers.len() as u32;
    let workload = model.workloads.len() as u32;
    let spec = template.get("spec");
    let found = spec.into_iter().flat_map(pod::containers);
    containers.extend(found.map(|(role, node)| super::container::Found { workload, role, node }));
    let unit = &mut model.units[model.objects[id].unit as usize];
    unit.workloads.push(workload);
    let labels = template.at("metadata.labels");
    if labels.is_some_and(|labels| labels.is_unknown() || !labels.children().all(selector::is_known)) {
        unit.vague.push(workload);
    }
    model.workloads.push(Workload {
        object: id as u32,
        controller,
        node: object.node,
        template,
        containers: first..containers.len() as u32,
        budgets: OnceLock::new(),
        services: OnceLock::new(),
    });
    true
}

/// The workload behind a thing of kind workload or size.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Workload<'a> {
    &model.workloads[thing.id as usize]
}

impl<'a> Workload<'a> {
    /// The labels of its pods.
    pub fn labels(&self) -> Option<NodeRef<'a>> {
        self.template.at("metadata.labels")
    }

    /// The spec of its pods.
    pub fn pod(&self) -> Option<NodeRef<'a>> {
        self.template.get("spec")
    }
}

fn entry<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Entry<'a> {
    &model.objects[get(model, thing).object as usize]
}

/// The budgets that select the pods of a workload.
pub fn budgets<'a>(model: &'a Model<'a>, workload: u32) -> &'a Found {
    let this = &model.workloads[workload as usize];
    this.budgets.get_or_init(|| super::budget::selecting(model, this))
}

/// The services that select the pods of a workload.
pub fn services<'a>(model: &'a Model<'a>, workload: u32) -> &'a Found {
    let this = &model.workloads[workload as usize];
    this.services.get_or_init(|| super::service::selecting(model, this))
}
