//! ResourceQuotas, and what the workloads of their namespace need.
//!
//! Sums are lower bounds: what cannot be known counts nothing, so that "more than the quota" is certain when it is said.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::link::{self, Dwellers, Home};
use super::value::{Val, things};
use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing, replicas, resources};
use crate::fact::{Fact, State};
use crate::lower::kubernetes::limits::{self, Bound};
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
}

/// What the quotas of one namespace count: there may be many of them, and each counts the same.
#[derive(Debug)]
pub struct Counted {
    /// All that runs pods there.
    members: Vec<u32>,
    /// What these need, by the line of a quota and by their size.
    needs: Mutex<FxHashMap<(String, usize), f64>>,
    /// The containers that say nothing of a resource.
    silent: Mutex<Silent>,
}

type Silent = FxHashMap<(String, Bound), Vec<u32>>;

/// What each quota counts, found when the first is asked for.
pub type Quotas = OnceLock<Vec<Arc<Counted>>>;

/// The quota as a subject.
pub static QUOTA: KindDef = KindDef {
    kind: Kind::Quota,
    name: "quota",
    doc: "A ResourceQuota: what a namespace may use together.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads of its namespace that it counts, jobs left out" => |m, t|
            things(counted(m, t.id).members.iter().copied().filter(|id| !m.workloads[*id as usize].controller.is_job()).map(|id| Thing::new(Kind::Workload, id as usize)));
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
            Some((_, node)) => limits::quantity(node).into(),
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
    model.quotas.push(Quota { object: id as u32, node: object.node });
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

/// What a quota counts.
fn counted<'m>(model: &'m Model<'_>, quota: u32) -> &'m Counted {
    let all = model.index.quotas.get_or_init(|| {
        let workloads = model.workloads.iter().enumerate();
        let dwellers = Dwellers::new(model, workloads.map(|(id, workload)| (id as u32, workload.object)));
        let mut by_home: FxHashMap<Home<'_>, Arc<Counted>> = FxHashMap::default();
        let of = |quota: &Quota<'_>| {
            let counted = by_home.entry(link::home(model, quota.object)).or_insert_with(|| {
                let inside = |id: &u32| {
                    let object = model.workloads[*id as usize].object;
                    link::same_namespace(model, quota.object, object) == Match::Yes
                };
                let members = dwellers.near(model, quota.object).into_iter().filter(inside).collect();
                Arc::new(Counted { members, needs: Mutex::default(), silent: Mutex::default() })
            });
            Arc::clone(counted)
        };
        model.quotas.iter().map(of).collect()
    });
    &all[quota as usize]
}

/// The resource that a line counts, and what of it: `cpu` means `requests.cpu`.
fn resource_of(name: &str) -> (&str, Bound) {
    match name.split_once('.') {
        Some(("requests", resource)) => (resource, Bound::Request),
        Some(("limits", resource)) => (resource, Bound::Limit),
        _ => (name, Bound::Request),
    }
}

fn need<'a>(model: &'a Model<'a>, allowance: Thing, part: usize) -> Fact<'a, f64> {
    let Some((name, _)) = line(model, allowance) else { return Fact::nothing() };
    let counted = counted(model, allowance.id);
    let mut needs = counted.needs.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = needs.entry((name.to_owned(), part)).or_insert_with(|| {
        counted.members.iter().fold(0.0, |sum, workload| sum + need_of(model, *workload, name, part))
    });
    Fact::plain(*sum)
}

/// What a workload needs of what a line counts.
fn need_of<'a>(model: &'a Model<'a>, workload: u32, name: &str, part: usize) -> f64 {
    let (resource, bound) = resource_of(name);
    let size = Thing::part(Kind::Size, workload, part);
    let count = match model.workloads[workload as usize].controller {
        Controller::Job | Controller::CronJob | Controller::DaemonSet => return 0.0,
        _ => replicas::least(model, size).into_value().unwrap_or(0.0),
    };
    let each = match name {
        "pods" | "count/pods" => 1.0,
        _ if resources_of_pods(name) => resources::asked(model, workload, bound, resource),
        _ => 0.0,
    };
    count * each
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
    let (resource, bound) = resource_of(name);
    let counted = counted(model, allowance.id);
    let mut silent = counted.silent.lock().unwrap_or_else(PoisonError::into_inner);
    let found = silent
        .entry((resource.to_owned(), bound))
        .or_insert_with(|| silent_about(model, &counted.members, bound, resource).collect());
    things(found.iter().map(|container| Thing::new(Kind::Container, *container as usize)))
}

/// The containers of some workloads that say nothing of a resource, nor their pods for them.
fn silent_about<'a>(
    model: &'a Model<'a>,
    workloads: &'a [u32],
    bound: Bound,
    resource: &'a str,
) -> impl Iterator<Item = u32> + use<'a> {
    let speaks = |pod: NodeRef<'_>| pod.get("resources").is_some_and(|own| !own.is_null());
    let all = workloads.iter().map(|id| &model.workloads[*id as usize]);
    let asked = all.filter(move |workload| !workload.pod().is_none_or(speaks));
    asked
        .flat_map(|workload| workload.containers.clone())
        .filter(move |container| resources::amount(model, *container, bound, resource).is_absent())
}
