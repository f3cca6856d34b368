//! How much memory, disk and processor time a container asks for and may take at most.
//!
//! What nobody writes is filled in as admission does it: the pod's own resources, then a LimitRange, and a request from a limit.
//! A VerticalPodAutoscaler that writes requests makes a missing one unknown.

use rustc_hash::{FxHashMap, FxHashSet};

use super::link::same_namespace;
use super::vocabulary::{BYTES, CORES, FactDef, KindDef, PERCENT, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Confidence, Fact, Spot, State};
use crate::lower::kubernetes::limits;
use crate::lower::kubernetes::pod::Role;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::measure::quantity;
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
        "request": BYTES, "what is set aside for it" => |m, t| request(m, t, resource(t)).into();
        "limit": BYTES, "the most that it may take" => |m, t| limit(m, t, resource(t)).into();
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
        "request": CORES, "what is set aside for it" => |m, t| request(m, t, "cpu").into();
        "limit": CORES, "the most that it may take" => |m, t| limit(m, t, "cpu").into();
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

/// What fills in requests and limits, by the objects that say so.
#[derive(Debug, Default)]
pub struct Admission {
    ranges: Vec<u32>,
    /// Unit, kind and name of what a VerticalPodAutoscaler resizes.
    resized: FxHashSet<(u32, String, String)>,
    /// Units with a VerticalPodAutoscaler, and whether the target of one is only known at run time.
    resizing: FxHashMap<u32, bool>,
}

impl Admission {
    fn new(model: &Model<'_>) -> Self {
        let mut found = Self::default();
        for (id, entry) in model.objects.iter().enumerate() {
            match (entry.object.group(), entry.object.kind) {
                ("", "LimitRange") => found.ranges.push(id as u32),
                ("autoscaling.k8s.io", "VerticalPodAutoscaler") => {
                    let node = entry.object.node;
                    let text = |path: &str| node.at(path).map_or("", NodeRef::text).to_owned();
                    if text("spec.updatePolicy.updateMode") != "Off" {
                        let target = node.at("spec.targetRef");
                        let vague = target.is_none_or(|target| target.walk().any(NodeRef::is_unknown));
                        *found.resizing.entry(entry.unit).or_default() |= vague;
                        found.resized.insert((
                            entry.unit,
                            text("spec.targetRef.kind"),
                            text("spec.targetRef.name"),
                        ));
                    }
                }
                _ => {}
            }
        }
        found
    }
}

fn part<'a>(model: &'a Model<'a>, container: Thing, kind: Kind, part: usize) -> super::value::Val<'a> {
    let thing = Thing::part(kind, container.id, part);
    let node = super::container::get(model, container).node;
    let spot = node.get("resources").map_or_else(|| Spot::missing(node, "resources"), Spot::key);
    Fact::written(thing, spot).into()
}

fn resource(thing: Thing) -> &'static str {
    RESOURCES.get(thing.part as usize).copied().unwrap_or("memory")
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

/// A quantity below `resources` of a container or a pod.
fn written<'a>(holder: NodeRef<'a>, which: &'static str, resource: &'static str) -> Fact<'a, f64> {
    let resources = read::node(holder, "resources");
    let Some(resources) = resources.value().copied() else { return resources.map(|_| 0.0) };
    let list = read::node(resources, which);
    let Some(list) = list.value().copied() else { return list.map(|_| 0.0) };
    read::node(list, resource).text().try_map("it is no quantity", quantity::parse)
}

fn limit<'a>(model: &'a Model<'a>, thing: Thing, resource: &'static str) -> Fact<'a, f64> {
    if thing.part == POD {
        return of_pod(model, thing, "limits", resource);
    }
    let container = &model.containers[thing.id as usize];
    let own = written(container.node, "limits", resource);
    if !own.is_absent() {
        return own;
    }
    given(model, thing.id, own, "limits", resource)
}

fn request<'a>(model: &'a Model<'a>, thing: Thing, resource: &'static str) -> Fact<'a, f64> {
    if thing.part == POD {
        return of_pod(model, thing, "requests", resource);
    }
    let container = &model.containers[thing.id as usize];
    let own = written(container.node, "requests", resource);
    if !own.is_absent() {
        return own;
    }
    // core/v1 SetDefaults_Pod: a missing request is the container's own limit.
    let limit = written(container.node, "limits", resource);
    match limit.state {
        State::Written(bytes) => {
            let spots = limit
                .spots
                .into_iter()
                .map(|spot| spot.saying("no request: Kubernetes takes the limit"))
                .collect();
            Fact { state: State::Default(bytes), spots, confidence: Confidence::High }
        }
        State::Unknown(_) => limit,
        _ => given(model, thing.id, own, "requests", resource),
    }
}

/// What the pod, a LimitRange or an autoscaler gives where the container says nothing.
fn given<'a>(
    model: &'a Model<'a>,
    container: u32,
    own: Fact<'a, f64>,
    which: &'static str,
    resource: &'static str,
) -> Fact<'a, f64> {
    let workload = &model.workloads[model.containers[container as usize].workload as usize];
    if let Some(pod) = workload.pod() {
        let pod = written(pod, which, resource);
        if !pod.is_absent() {
            let state = match pod.state {
                State::Written(amount) => State::Default(amount),
                other => other,
            };
            let spots = pod.spots.into_iter().map(|spot| spot.saying("what the whole pod has")).collect();
            return Fact { state, spots, confidence: Confidence::High };
        }
    }
    let admission = model.index.admission.get_or_init(|| Admission::new(model));
    for id in &admission.ranges {
        let here = same_namespace(model, workload.object, *id);
        if here == Match::No {
            continue;
        }
        let entry = &model.objects[*id as usize];
        let range = entry.object.node;
        let stranger = entry.unit != model.objects[workload.object as usize].unit;
        if stranger && !may_be_meant(model, *id, workload.object) {
            continue;
        }
        if stranger || here == Match::Perhaps || limits::is_vague(range) {
            return Fact::unknown_at("a LimitRange may set it", Spot::value(range));
        }
        let found =
            if which == "limits" { limits::limit(range, resource) } else { limits::request(range, resource) };
        if let Some(found) = found {
            let Some(amount) = quantity::parse(found.text()) else {
                return Fact::unknown_at("a LimitRange sets it, to no quantity", Spot::value(found));
            };
            let mut spots = own.spots;
            spots.insert(0, Spot::value(found).saying("a LimitRange gives each container this"));
            return Fact { state: State::Default(amount), spots, confidence: Confidence::High };
        }
    }
    let entry = &model.objects[workload.object as usize];
    let key = (entry.unit, entry.object.kind.to_owned(), entry.object.name.to_owned());
    let perhaps = match admission.resizing.get(&entry.unit) {
        Some(vague) => *vague || entry.object.name.is_empty(),
        None => false,
    };
    if perhaps || admission.resized.contains(&key) {
        return Fact::unknown("a VerticalPodAutoscaler sets it");
    }
    own
}

/// Whether a LimitRange of another unit may be meant for a workload: it names the namespace, or stands in a folder above, and has
/// no workloads beside it that it is for.
fn may_be_meant(model: &Model<'_>, range: u32, workload: u32) -> bool {
    let unit = |object: u32| &model.units[model.objects[object as usize].unit as usize];
    let (home, there) = (unit(range), unit(workload));
    let above = home.name == "."
        || there.name.strip_prefix(home.name.as_str()).is_some_and(|rest| rest.starts_with('/'));
    home.workloads.is_empty() && (above || model.objects[range as usize].object.namespace.is_some())
}

/// The sum over the containers that run side by side; absent where one of them has none.
fn of_pod<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    which: &'static str,
    resource: &'static str,
) -> Fact<'a, f64> {
    let workload = &model.workloads[thing.id as usize];
    if let Some(pod) = workload.pod() {
        let own = written(pod, which, resource);
        if !own.is_absent() {
            return own;
        }
    }
    let kind = if resource == "cpu" { Kind::Cpu } else { Kind::Space };
    let running = workload.containers.clone().filter(|id| model.containers[*id as usize].role != Role::Init);
    let each = running.map(|id| {
        let part = Thing::part(kind, id, 0);
        if which == "limits" { limit(model, part, resource) } else { request(model, part, resource) }
    });
    let mut none = None;
    let mut total: Option<Fact<'a, f64>> = None;
    for amount in each {
        if amount.is_absent() {
            none.get_or_insert(amount);
            continue;
        }
        total = Some(match total {
            None => amount,
            Some(total) => total.with(amount, |a, b| a + b),
        });
    }
    none.or(total).unwrap_or_else(Fact::nothing)
}

/// The memory limit of a container.
pub fn memory_limit<'a>(model: &'a Model<'a>, container: u32) -> Fact<'a, f64> {
    limit(model, Thing::part(Kind::Space, container, 0), "memory")
}
