//! What points at a workload by kind and name: scalers, recommenders, canaries, a Rollout's `workloadRef`.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::existence::{self, Existence, Wanted};
use super::value::open_things;
use super::vocabulary::{FactDef, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// Facts of workloads about what points at them.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "scalers": Ty::List(&Ty::Thing(Kind::Scaler)), "what changes its number of replicas: HorizontalPodAutoscalers, ScaledObjects" =>
        |m, t| things_of(Kind::Scaler, of(m, Pointer::Scaler, t.id));
    "recommenders": Ty::List(&Ty::Thing(Kind::Recommender)), "the VerticalPodAutoscalers that change the requests of its containers" =>
        |m, t| things_of(Kind::Recommender, of(m, Pointer::Recommender, t.id));
    "runBy": Ty::Thing(Kind::Workload), "the Rollout that runs its pods in its place (`workloadRef`)" => |m, t| run_by(m, t.id).into();
    "canary": Ty::Node, "the Canary of Flagger that runs its pods as `<name>-primary`" => |m, t| canary(m, t.id).into();
    "primaryScalers": Ty::List(&Ty::Thing(Kind::Scaler)), "the scalers of the copy that Flagger runs as `<name>-primary`" => |m, t| {
        let name = format!("{}-primary", m.objects[m.workloads[t.id as usize].object as usize].object.name);
        let unit = unit_of(m, t.id);
        let named = m.index.targets.named.get_or_init(|| {
            let mut named: FxHashMap<(u32, String), Vec<u32>> = FxHashMap::default();
            for (id, scaler) in (0..).zip(&m.scalers) {
                let unit = m.objects[scaler.object as usize].unit;
                named.entry((unit, scaler.aim.name.to_owned())).or_default().push(id);
            }
            named
        });
        let aimed = |name: String| named.get(&(unit, name)).map_or(&[][..], Vec::as_slice);
        let hidden = !aimed(String::new()).is_empty();
        let open = hidden.then(|| Reason::new("what a scaler is for is only known at run time"));
        open_things(aimed(name).iter().map(|id| Thing::new(Kind::Scaler, *id as usize)), open)
    };
};

fn things_of<'a>(kind: Kind, found: Pointers<'_>) -> super::value::Val<'a> {
    open_things(found.ids.iter().map(|id| Thing::new(kind, *id as usize)), found.open)
}

/// Kinds of pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// HorizontalPodAutoscalers and ScaledObjects.
    Scaler,
    /// VerticalPodAutoscalers.
    Recommender,
    /// Flagger's canaries.
    Canary,
    /// Rollouts with a `workloadRef`.
    Rollout,
}

/// Where a pointer points.
#[derive(Clone, Copy, Debug)]
pub struct Aim<'a> {
    /// The object that points.
    pub object: u32,
    /// The kind that it names; empty if that cannot be known.
    pub kind: &'a str,
    /// The name; empty if that cannot be known.
    pub name: &'a str,
}

impl<'a> Aim<'a> {
    /// Reads a reference with `kind` and `name`.
    pub fn read(object: u32, reference: Option<NodeRef<'a>>, default_kind: &'a str) -> Self {
        let known = |key: &str| reference?.get(key).filter(|node| !node.is_unknown()).map(NodeRef::text);
        let hidden =
            reference.is_some_and(|r| r.is_unknown() || r.get("kind").is_some_and(NodeRef::is_unknown));
        let kind = if hidden { "" } else { known("kind").unwrap_or(default_kind) };
        Self { object, kind, name: known("name").unwrap_or("") }
    }

    /// What it leads to. The API group is not asked: an old one still means the same kind.
    pub fn seek(&self, model: &Model<'_>) -> Existence {
        if self.kind.is_empty() {
            return Existence::Perhaps(Reason::new("a kind is only known at run time"));
        }
        let wanted = Wanted { from: self.object, kind: self.kind, name: self.name, namespace: None };
        existence::seek(model, wanted, |group| !is_namesake(self.kind, group))
    }
}

/// Whether a kind of this group only shares its name with a workload kind of Kubernetes.
fn is_namesake(kind: &str, group: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet")
        && !matches!(group, "apps" | "extensions")
}

/// The pointers of each kind, by what they point at.
#[derive(Debug, Default)]
pub struct Targets {
    scalers: OnceLock<Pointed>,
    /// Scalers by unit and by the name that they give, which is empty where it cannot be known.
    named: OnceLock<FxHashMap<(u32, String), Vec<u32>>>,
    recommenders: OnceLock<Pointed>,
    canaries: OnceLock<Pointed>,
    rollouts: OnceLock<Pointed>,
}

#[derive(Debug, Default)]
struct Pointed {
    by_object: FxHashMap<u32, Vec<u32>>,
    /// Objects that may be meant, though it is not known.
    perhaps: FxHashMap<u32, Reason>,
    /// Units in which a pointer may mean any workload.
    anywhere: FxHashMap<u32, Reason>,
    /// Units in which something points.
    units: rustc_hash::FxHashSet<u32>,
}

/// What points at a workload, and why there may be more.
#[derive(Clone, Debug)]
pub struct Pointers<'m> {
    /// Positions in the list of their kind, in order.
    pub ids: &'m [u32],
    /// Why there may be more, if there may.
    pub open: Option<Reason>,
}

/// The pointers of a kind that lead to a workload.
pub fn of<'m>(model: &'m Model<'_>, pointer: Pointer, workload: u32) -> Pointers<'m> {
    let targets = &model.index.targets;
    let object = model.workloads[workload as usize].object;
    let pointed = match pointer {
        Pointer::Scaler => {
            targets.scalers.get_or_init(|| point(model, model.scalers.iter().map(|s| s.aim).enumerate()))
        }
        Pointer::Recommender => targets
            .recommenders
            .get_or_init(|| point(model, model.recommenders.iter().map(|r| r.aim).enumerate())),
        Pointer::Canary => targets.canaries.get_or_init(|| {
            let aim = |id: &u32| {
                Aim::read(*id, model.objects[*id as usize].object.node.at("spec.targetRef"), "Deployment")
            };
            point(model, model.canaries.iter().map(aim).enumerate())
        }),
        Pointer::Rollout => targets.rollouts.get_or_init(|| {
            let borrowing = model.workloads.iter().enumerate().filter_map(|(id, workload)| {
                let reference =
                    workload_ref(workload.node).filter(|_| workload.node.at("spec.template").is_none())?;
                Some((id, Aim::read(workload.object, Some(reference), "")))
            });
            point(model, borrowing)
        }),
    };
    let entry = &model.objects[object as usize];
    let nameless = entry.object.name.is_empty() && pointed.units.contains(&entry.unit);
    let open = pointed.perhaps.get(&object).or(pointed.anywhere.get(&entry.unit)).cloned();
    Pointers {
        ids: pointed.by_object.get(&object).map_or(&[], Vec::as_slice),
        open: open.or_else(|| nameless.then(|| Reason::new("its name is only known at run time"))),
    }
}

fn point<'a>(model: &Model<'a>, aims: impl Iterator<Item = (usize, Aim<'a>)>) -> Pointed {
    let mut pointed = Pointed::default();
    for (id, aim) in aims {
        let unit = model.objects[aim.object as usize].unit;
        pointed.units.insert(unit);
        match aim.seek(model) {
            Existence::Declared(object) => pointed.by_object.entry(object).or_default().push(id as u32),
            Existence::No | Existence::Made => {}
            Existence::Perhaps(reason) => {
                let bearers = existence::bearers(model, aim.kind, aim.name);
                for object in bearers.filter(|_| !aim.kind.is_empty() && !aim.name.is_empty()) {
                    pointed.perhaps.insert(object, reason.clone());
                }
                if aim.kind.is_empty() || aim.name.is_empty() || read::is_filled_in_later(aim.name) {
                    pointed.anywhere.insert(unit, reason);
                }
            }
        }
    }
    pointed
}

fn unit_of(model: &Model<'_>, workload: u32) -> u32 {
    model.objects[model.workloads[workload as usize].object as usize].unit
}

/// The workload of an object, if it is one. Workloads stand in the order of their objects.
pub fn workload_at(model: &Model<'_>, object: u32) -> Option<u32> {
    model.workloads.binary_search_by_key(&object, |workload| workload.object).ok().map(|at| at as u32)
}

/// The workload that something points at, as a fact: what a dangling name leads to cannot be known.
pub fn target<'a>(model: &Model<'a>, aim: &Aim<'a>, reference: Option<NodeRef<'a>>) -> Fact<'a, Thing> {
    let spot = reference.map(|reference| Spot::value(reference.get("name").unwrap_or(reference)));
    let fact = match aim.seek(model) {
        Existence::Declared(object) => match workload_at(model, object) {
            Some(workload) => Fact::plain(Thing::new(Kind::Workload, workload as usize)),
            None => Fact::unknown("what it leads to runs no pods that we know"),
        },
        Existence::No | Existence::Made => Fact::unknown("no file declares what it leads to"),
        Existence::Perhaps(reason) => Fact::unknown(reason.0),
    };
    Fact { spots: spot.into_iter().collect(), ..fact }
}

/// The reference of a Rollout to the Deployment whose pods it runs.
fn workload_ref(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.at("spec.workloadRef").filter(|node| !node.is_null())
}

/// The template of the Deployment that a Rollout refers to.
pub fn borrowed_template<'a>(model: &Model<'a>, object: usize, rollout: &Object<'a>) -> Option<NodeRef<'a>> {
    let reference = workload_ref(rollout.node)?;
    match Aim::read(object as u32, Some(reference), "").seek(model) {
        Existence::Declared(lender) => model.objects[lender as usize].object.node.at("spec.template"),
        _ => None,
    }
}

/// The Rollout that runs the pods of a workload in its place.
pub fn run_by<'a>(model: &'a Model<'a>, workload: u32) -> Fact<'a, Thing> {
    let found = of(model, Pointer::Rollout, workload);
    match (found.ids.first(), found.open) {
        (Some(rollout), _) => {
            let node = model.workloads[*rollout as usize].node;
            let spot = workload_ref(node).map(|node| Spot::value(node).saying("this Rollout runs its pods"));
            Fact {
                spots: spot.into_iter().collect(),
                ..Fact::plain(Thing::new(Kind::Workload, *rollout as usize))
            }
        }
        (None, Some(reason)) => Fact::unknown(reason.0),
        (None, None) => Fact::nothing(),
    }
}

/// The Canary of Flagger that takes over a workload.
pub fn canary<'a>(model: &'a Model<'a>, workload: u32) -> Fact<'a, NodeRef<'a>> {
    let found = of(model, Pointer::Canary, workload);
    match (found.ids.first(), found.open) {
        (Some(canary), _) => {
            let node = model.objects[model.canaries[*canary as usize] as usize].object.node;
            Fact::written(node, Spot::value(node).saying("Flagger runs its pods"))
        }
        (None, Some(reason)) => Fact::unknown(reason.0),
        (None, None) => Fact::nothing(),
    }
}
