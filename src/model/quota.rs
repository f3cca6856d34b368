//! ResourceQuotas, and what the workloads of their namespace need.
//!
//! Sums are lower bounds: what cannot be known counts nothing, so that "more than the quota" is certain when it is said.

use std::sync::OnceLock;

use super::link;
use super::value::{Val, things};
use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing, replicas, resources};
use crate::fact::{Fact, State};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::pod::Controller;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A quota.
#[derive(Debug)]
pub struct Quota<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// All that runs pods in its namespace.
    members: OnceLock<Vec<u32>>,
}

/// The quota as a subject.
pub static QUOTA: KindDef = KindDef {
    kind: Kind::Quota,
    name: "quota",
    doc: "A ResourceQuota: what a namespace may use together.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads of its namespace that it counts, jobs left out" => |m, t|
            things(members(m, t.id).iter().copied().filter(|id| !m.workloads[*id as usize].controller.is_job()).map(|id| Thing::new(Kind::Workload, id as usize)));
        "allowances": Ty::List(&Ty::Thing(Kind::Allowance)), "its lines; unknown if it counts only some of the pods" => allowances;
    }],
    all: Some(|m| (0..m.quotas.len()).map(|id| Thing::new(Kind::Quota, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &["v1 ResourceQuota"],
};

/// One line of a quota.
pub static ALLOWANCE: KindDef = KindDef {
    kind: Kind::Allowance,
    name: "allowance",
    doc: "One line of a ResourceQuota.",
    tables: &[facts! {
        "resource": Ty::Text, "what is counted: `requests.cpu`, `limits.memory`, `pods`" => |m, t| match line(m, t) {
            Some((name, _)) => Fact::plain(name).into(),
            None => Fact::nothing(),
        };
        "hard": Ty::Quantity, "how much there may be" => |m, t| match line(m, t) {
            Some((_, node)) => resources::quantity(node).into(),
            None => Fact::nothing(),
        };
        "low": NUMBER, "what its workloads need at their smallest size, as far as it is known" => |m, t| need(m, t, 0).into();
        "high": NUMBER, "what its workloads need at their largest size, as far as it is known" => |m, t| need(m, t, 1).into();
        "without": Ty::List(&Ty::Thing(Kind::Container)), "the containers of its namespace that say nothing of what is counted; none where nobody must" =>
            without;
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| match line(m, t) {
            Some((_, node)) => Fact::plain(node).into(),
            None => Fact::nothing(),
        };
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Quota, t.id as usize)),
    node: |m, t| line(m, t).map(|(_, node)| node),
    owners: &[Kind::Quota, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the quota that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    model.quotas.push(Quota { object: id as u32, node: object.node, members: OnceLock::new() });
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Quota<'a> {
    &model.quotas[thing.id as usize]
}

fn line<'a>(model: &'a Model<'a>, thing: Thing) -> Option<(&'a str, NodeRef<'a>)> {
    get(model, thing).node.at("spec.hard")?.entries().nth(thing.part as usize)
}

fn allowances<'a>(model: &'a Model<'a>, quota: Thing) -> Val<'a> {
    let node = get(model, quota).node;
    let spec = read::node(node, "spec.hard");
    let scoped = ["spec.scopes", "spec.scopeSelector"]
        .into_iter()
        .any(|path| node.at(path).is_some_and(|n| !n.is_null()));
    match &spec.state {
        _ if scoped => Fact::unknown("it counts only some of the pods"),
        State::Unknown(reason) => Fact::unknown(reason.0.clone()),
        State::Absent => things([]),
        State::Written(hard) | State::Default(hard) => {
            things((0..hard.children().count()).map(|part| Thing::part(Kind::Allowance, quota.id, part)))
        }
    }
}

/// All that runs pods in the namespace of a quota.
fn members<'m>(model: &'m Model<'_>, quota: u32) -> &'m [u32] {
    let this = &model.quotas[quota as usize];
    let object = this.object;
    let inside =
        |id: &u32| link::same_namespace(model, object, model.workloads[*id as usize].object) == Match::Yes;
    this.members.get_or_init(|| {
        let all = || model.workloads.iter().enumerate().map(|(id, workload)| (id as u32, workload.object));
        let index = model.index.dwellers.get_or_init(|| link::Dwellers::new(model, all()));
        index.near(model, object).into_iter().filter(inside).collect()
    })
}

/// The resource that a line counts, and whether it counts limits: `cpu` means `requests.cpu`.
fn counted(name: &str) -> (&str, bool) {
    match name.split_once('.') {
        Some(("requests", resource)) => (resource, false),
        Some(("limits", resource)) => (resource, true),
        _ => (name, false),
    }
}

fn need<'a>(model: &'a Model<'a>, allowance: Thing, part: usize) -> Fact<'a, f64> {
    let Some((name, _)) = line(model, allowance) else { return Fact::nothing() };
    let (resource, limits) = counted(name);
    let mut sum = 0.0;
    for id in members(model, allowance.id).iter().copied() {
        let size = Thing::part(Kind::Size, id, part);
        let count = match model.workloads[id as usize].controller {
            Controller::Job | Controller::CronJob | Controller::DaemonSet => continue,
            _ => replicas::least(model, size).into_value().unwrap_or(0.0),
        };
        let each = match name {
            "pods" | "count/pods" => 1.0,
            _ if resources_of_pods(name) => resources::asked(model, id, resource, limits),
            _ => 0.0,
        };
        sum += count * each;
    }
    Fact::plain(sum)
}

fn resources_of_pods(name: &str) -> bool {
    name.starts_with("requests.") && name != "requests.storage"
        || name.starts_with("limits.")
        || matches!(name, "cpu" | "memory")
}

/// k8s.io/kubernetes `podEvaluator.Constraints`: under a quota for cpu or memory every container must say how much.
fn without<'a>(model: &'a Model<'a>, allowance: Thing) -> Val<'a> {
    let Some((name, _)) = line(model, allowance) else { return Fact::nothing() };
    if !matches!(name, "cpu" | "memory" | "requests.cpu" | "requests.memory" | "limits.cpu" | "limits.memory")
    {
        return things([]);
    }
    let (resource, limits) = counted(name);
    let mut found = Vec::new();
    for id in members(model, allowance.id).iter().copied() {
        let workload = &model.workloads[id as usize];
        if workload.pod().is_none_or(|pod| pod.get("resources").is_some_and(|own| !own.is_null())) {
            continue;
        }
        for container in workload.containers.clone() {
            let all = if limits {
                resources::limits(model, container)
            } else {
                resources::requests(model, container)
            };
            if resources::get(&all, resource).is_absent() {
                found.push(Thing::new(Kind::Container, container as usize));
            }
        }
    }
    things(found)
}
