//! What changes the number of replicas of a workload: whom, between what, by what, how fast.

use rustc_hash::FxHashMap;

use super::existence::{self, Existence};
use super::object::namespace;
use super::target::{self, Aim};
use super::value::{Datum, List, Val, things};
use super::vocabulary::{KindDef, NUMBER, PERCENT, SECONDS, Ty, facts};
use super::{Kind, Model, Thing, link, resources};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::kubernetes::autoscaling::{self, Breed, Metric};
use crate::lower::kubernetes::defaults;
use crate::lower::kubernetes::made::{is_kubernetes_own, never_runs_pods};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A scaler.
#[derive(Debug)]
pub struct Scaler<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// What it is.
    pub breed: Breed,
    /// What it scales.
    pub aim: Aim<'a>,
    /// What it goes by, or why that cannot be known.
    pub metrics: Result<Vec<Metric<'a>>, Reason>,
}

/// The scaler as a subject.
pub static SCALER: KindDef = KindDef {
    kind: Kind::Scaler,
    name: "scaler",
    doc: "What changes the number of replicas of a workload: a HorizontalPodAutoscaler or a ScaledObject of KEDA.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| m.objects[get(m, t).object as usize].object.name_fact().into();
        "kind": Ty::Text, "`HorizontalPodAutoscaler` or `ScaledObject`" => |m, t| Fact::plain(get(m, t).breed.word()).into();
        "namespace": Ty::Text, "the namespace it goes to, as far as the files say" => |m, t| namespace(m, get(m, t).object).into();
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
        "reference": Ty::Node, "the reference to what it scales" => |m, t| read::node(get(m, t).node, "spec.scaleTargetRef").into();
        "target": Ty::Thing(Kind::Workload), "the workload that it scales" =>
            |m, t| target::target(m, &get(m, t).aim, reference(get(m, t).node)).into();
        "candidates": Ty::List(&Ty::Thing(Kind::Object)), "the objects that its reference may mean" => candidates;
        "nearest": Ty::Text, "a workload whose name is nearly the one that it refers to, the same with a word such as `-deployment`, or the same in another kind" => |m, t| nearest(m, get(m, t)).into();
        "min": NUMBER, "the least number of replicas" => |m, t| get(m, t).breed.min(get(m, t).node).into();
        "max": NUMBER, "the greatest number of replicas" => |m, t| get(m, t).breed.max(get(m, t).node).into();
        "paused": Ty::Bool, "whether an annotation stops it; absent if none does" =>
            |m, t| autoscaling::paused(get(m, t).node).map(|_| true).into();
        "metrics": Ty::List(&Ty::Thing(Kind::Metric)), "what it goes by; without any, cpu" => metrics;
        "tolerance": NUMBER, "how far a metric may be off before pods are added: 0.1 is 10 %" => |m, t| tolerance(get(m, t)).into();
        "up": Ty::Thing(Kind::Pace), "how it adds pods" => |_, t| Fact::plain(Thing::part(Kind::Pace, t.id, 0)).into();
        "down": Ty::Thing(Kind::Pace), "how it removes pods" => |_, t| Fact::plain(Thing::part(Kind::Pace, t.id, 1)).into();
    }],
    all: Some(|m| (0..m.scalers.len()).map(|id| Thing::new(Kind::Scaler, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[
        "autoscaling/v2 HorizontalPodAutoscaler",
        "autoscaling/v1 HorizontalPodAutoscaler",
        "keda.sh/v1alpha1 ScaledObject",
    ],
};

/// How a scaler adds or removes pods.
pub static PACE: KindDef = KindDef {
    kind: Kind::Pace,
    name: "pace",
    doc: "How fast a scaler adds (`up`) or removes (`down`) pods.",
    tables: &[facts! {
        "window": SECONDS, "how long it waits before it acts (`stabilizationWindowSeconds`)" => |m, t| window(m, t).into();
        "policies": NUMBER, "the number of its policies, those of Kubernetes where none is written; absent if it is switched off" =>
            |m, t| policies(m, t).map(|policies| policies.list.len() as f64).into();
        "fullRange": SECONDS, "the time from the least to the greatest number of pods; absent if it is switched off" => |m, t| {
            let scaler = get(m, t);
            let range = scaler.breed.min(scaler.node).with(scaler.breed.max(scaler.node), |min, max| (min, max));
            policies(m, t).with(range, |policies, (min, max)| policies.climb(min, max)).into()
        };
        "perMinute": PERCENT, "the greatest share of the pods that may come or go within a minute; absent if it is switched off" => |m, t| {
            let scaler = get(m, t);
            policies(m, t).with(scaler.breed.max(scaler.node), |policies, pods| policies.fall(pods, 60.0)).into()
        };
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| match rules(get(m, t), t.part == 0) {
            Some(node) => Fact::written(node, Spot::value(node)).into(),
            None => Fact::<NodeRef<'_>>::absent(Spot::value(get(m, t).node)).into(),
        };
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Scaler, t.id as usize)),
    node: |m, t| rules(get(m, t), t.part == 0).or(Some(get(m, t).node)),
    owners: &[Kind::Scaler, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the scaler that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let breed = Breed::of(object);
    let default = if breed == Breed::ScaledObject { "Deployment" } else { "" };
    let aim = Aim::read(id as u32, reference(object.node), default);
    let metrics = match autoscaling::metrics(breed, object).state {
        State::Written(list) | State::Default(list) => Ok(list),
        State::Absent => Ok(Vec::new()),
        State::Unknown(reason) => Err(reason),
    };
    model.scalers.push(Scaler { object: id as u32, node: object.node, breed, aim, metrics });
}

/// The scaler behind a thing of kind scaler, metric or pace.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Scaler<'a> {
    &model.scalers[thing.id as usize]
}

fn reference(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.at("spec.scaleTargetRef")
}

/// The least or greatest number of replicas that a scaler allows.
pub fn bound<'a>(model: &'a Model<'a>, id: u32, greatest: bool) -> Fact<'a, f64> {
    let scaler = &model.scalers[id as usize];
    let bound = || if greatest { scaler.breed.max(scaler.node) } else { scaler.breed.min(scaler.node) };
    if scaler.breed != Breed::ScaledObject {
        return bound();
    }
    let paused = autoscaling::paused(scaler.node);
    if !paused.is_absent() {
        return paused.try_map("it stays at the number that it has", |count| count);
    }
    let idle = read::number(scaler.node, "spec.idleReplicaCount");
    // With a number for idle times KEDA goes below its minimum, to what is at least 1 while anything runs.
    if greatest || idle.is_absent() { bound() } else { idle.with(bound(), f64::min) }
}

fn metrics<'a>(model: &'a Model<'a>, scaler: Thing) -> Val<'a> {
    match &get(model, scaler).metrics {
        Ok(list) => things((0..list.len()).map(|part| Thing::part(Kind::Metric, scaler.id, part))),
        Err(reason) => Fact::unknown(reason.0.clone()),
    }
}

/// Objects with the kind and name that are referred to. Where workloads come from elsewhere too, there may be more.
fn candidates<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let scaler = get(model, thing);
    let list = |ids: Vec<u32>, open: Option<Reason>| {
        let items = ids
            .into_iter()
            .map(|id| Fact::plain(Datum::Thing(Thing::new(Kind::Object, id as usize))))
            .collect();
        Fact::plain(Datum::List(std::rc::Rc::new(List { items, open })))
    };
    match scaler.aim.seek(model) {
        Existence::Declared(object) => list(vec![object], None),
        Existence::Perhaps(reason) => list(Vec::new(), Some(reason)),
        Existence::No | Existence::Made => list(Vec::new(), made_elsewhere(model, scaler)),
    }
}

/// Why the workload may come from something other than a manifest of this unit.
fn made_elsewhere(model: &Model<'_>, scaler: &Scaler<'_>) -> Option<Reason> {
    let unit = &model.units[model.objects[scaler.object as usize].unit as usize];
    let same_kind = |id: &u32| model.workloads[*id as usize].controller.word() == scaler.aim.kind;
    if !unit.workloads.iter().any(same_kind) {
        return Some(Reason::new("this unit holds no workload of that kind"));
    }
    maker(model, scaler.object, Some(scaler.aim.name))
}

/// An object of the unit of `of` that makes others: a release of a chart, or an operator's object whose name begins `name`.
pub fn maker(model: &Model<'_>, of: u32, name: Option<&str>) -> Option<Reason> {
    let makers = model.index.makers.get_or_init(|| {
        let mut makers: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (id, entry) in model.objects.iter().enumerate() {
            if releases(&entry.object) || is_foreign(&entry.object) {
                makers.entry(entry.unit).or_default().push(id as u32);
            }
        }
        makers
    });
    makers.get(&model.objects[of as usize].unit)?.iter().find_map(|id| {
        let object = &model.objects[*id as usize].object;
        if releases(object) {
            return Some(Reason::new(format!(
                "the {} `{}` makes objects of its own",
                object.kind, object.name
            )));
        }
        let begins = match name {
            Some(name) => object.name.is_empty() || name.starts_with(object.name),
            None => link::same_namespace(model, of, *id) != Match::No,
        };
        (begins && *id != of)
            .then(|| Reason::new(format!("the {} `{}` may make pods of its own", object.kind, object.name)))
    })
}

fn releases(object: &Object<'_>) -> bool {
    matches!(object.kind, "HelmRelease" | "HelmChart" | "Application" | "ApplicationSet" | "Kustomization")
        && object.group().contains('.')
}

fn is_foreign(object: &Object<'_>) -> bool {
    let group = object.group();
    group.contains('.') && !is_kubernetes_own(group) && !never_runs_pods(group, object.kind)
}

fn nearest<'a>(model: &'a Model<'a>, scaler: &'a Scaler<'a>) -> Fact<'a, String> {
    let unit = &model.units[model.objects[scaler.object as usize].unit as usize];
    if scaler.aim.name.is_empty() {
        return Fact::unknown("its name is only known at run time");
    }
    let object = |id: &u32| &model.objects[model.workloads[*id as usize].object as usize].object;
    let same = unit.workloads.iter().map(object).find(|object| object.name == scaler.aim.name);
    if let Some(same) = same {
        return Fact::plain(format!("{} {}", same.kind, same.name));
    }
    let of_kind = unit.workloads.iter().map(object).filter(|object| object.kind == scaler.aim.kind);
    let like = of_kind.map(|object| object.name).take(existence::NAMES);
    let adorned = like.clone().find(|name| is_adorned(name, scaler.aim.name));
    match adorned.or_else(|| crate::spelling::nearest(scaler.aim.name, like)) {
        Some(name) => Fact::plain(format!("{} {name}", scaler.aim.kind)),
        None => Fact::nothing(),
    }
}

/// Whether one of two names is the other with a word behind it that only says what it names: `gateway-deployment` of `gateway`.
fn is_adorned(a: &str, b: &str) -> bool {
    const WORDS: [&str; 6] = ["-deployment", "-deploy", "-statefulset", "-sts", "-rollout", "-app"];
    WORDS.iter().any(|word| a.strip_suffix(word) == Some(b) || b.strip_suffix(word) == Some(a))
}

fn rules<'a>(scaler: &Scaler<'a>, up: bool) -> Option<NodeRef<'a>> {
    let behavior = scaler.node.at(scaler.breed.behavior())?;
    behavior.get(if up { "scaleUp" } else { "scaleDown" }).filter(|node| !node.is_null())
}

fn policies<'a>(model: &'a Model<'a>, pace: Thing) -> Fact<'a, autoscaling::Policies> {
    let scaler = get(model, pace);
    autoscaling::policies(rules(scaler, pace.part == 0), pace.part == 0, scaler.node)
}

fn window<'a>(model: &'a Model<'a>, pace: Thing) -> Fact<'a, f64> {
    let scaler = get(model, pace);
    let default = if pace.part == 0 { &defaults::HPA_UP_WINDOW } else { &defaults::HPA_DOWN_WINDOW };
    let own = match rules(scaler, pace.part == 0) {
        Some(rules) => read::number(rules, "stabilizationWindowSeconds"),
        None => Fact::absent(Spot::missing(scaler.node, "behavior")),
    };
    own.or_default(default)
}

fn tolerance<'a>(scaler: &Scaler<'a>) -> Fact<'a, f64> {
    let own = match rules(scaler, true) {
        Some(rules) => read::node(rules, "tolerance").read(autoscaling::tolerance),
        None => Fact::absent(Spot::value(scaler.node)),
    };
    own.or_default(&defaults::HPA_TOLERANCE)
}

/// The containers that a metric of a scaler counts, and whether there may be more.
pub fn counted<'a>(
    model: &'a Model<'a>,
    scaler: &'a Scaler<'a>,
    metric: Metric<'a>,
) -> Fact<'a, (Vec<u32>, Option<Reason>)> {
    let target = target::target(model, &scaler.aim, reference(scaler.node));
    let named = metric.container();
    let target = match target.state {
        State::Written(thing) | State::Default(thing) => thing,
        State::Unknown(reason) => return Fact::unknown(reason.0),
        State::Absent => return Fact::nothing(),
    };
    let workload = &model.workloads[target.id as usize];
    if workload
        .pod()
        .is_none_or(|pod| pod.is_unknown() || pod.get("resources").is_some_and(|own| !own.is_null()))
    {
        return Fact::unknown("the pod has resources of its own");
    }
    if workload.pod().and_then(|pod| pod.get("containers")).is_none_or(NodeRef::is_unknown) {
        return Fact::unknown("its containers are only known at run time");
    }
    let name_of = |id: &u32| read::text(model.containers[*id as usize].node, "name");
    match &named.state {
        State::Unknown(reason) => Fact::unknown(reason.0.clone()),
        State::Written(name) | State::Default(name) => {
            let all: Vec<u32> = resources::lasting(model, target.id).collect();
            let hidden = all.iter().any(|id| name_of(id).is_unknown());
            let ids: Vec<u32> = all.into_iter().filter(|id| name_of(id).value() == Some(name)).collect();
            let open = if ids.is_empty() { resources::injected(model, target.id) } else { None };
            let open =
                open.or_else(|| hidden.then(|| Reason::new("a container's name is only known at run time")));
            Fact::plain((ids, open))
        }
        State::Absent => {
            let ids: Vec<u32> = resources::lasting(model, target.id).collect();
            Fact::plain((ids, resources::injected(model, target.id)))
        }
    }
}

/// The metric behind a thing of kind metric.
pub fn metric_of<'a>(model: &'a Model<'a>, thing: Thing) -> Option<Metric<'a>> {
    get(model, thing).metrics.as_ref().ok()?.get(thing.part as usize).copied()
}

/// A metric, so that its module and this one agree on where it stands.
pub fn metric_node<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    metric_of(model, thing).map(Metric::node)
}
