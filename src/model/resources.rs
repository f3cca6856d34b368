//! What a container asks for and what it is held to, with all that fills in for it.
//!
//! Nothing but this module knows the order: its own value; a missing request is its limit (API defaulting, before admission); what
//! the whole pod has; a LimitRange of the namespace. A VerticalPodAutoscaler that writes requests makes a missing one unknown.
//! Whether these numbers are sensible is not asked here.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::link::{self, Dwellers};
use super::target::{self, Pointer};
use super::value::{Datum, Val};
use super::vocabulary::{FactDef, Ty, facts};
use super::{Model, recommender};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::kubernetes::limits::{self, Bound};
use crate::lower::kubernetes::selector::Match;
use crate::syntax::tree::NodeRef;

/// Facts of a container about its resources.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "requests": Ty::Map(&Ty::Quantity), "what it asks for, by resource: its own requests, else its limits, else what a LimitRange gives" =>
        |m, t| map(m, t.id, Bound::Request);
    "limits": Ty::Map(&Ty::Quantity), "what it is held to, by resource: its own limits, else what a LimitRange gives" =>
        |m, t| map(m, t.id, Bound::Limit);
};

/// All resources of which anything is known, or might be.
fn map<'a>(model: &'a Model<'a>, container: u32, bound: Bound) -> Val<'a> {
    let node = model.containers[container as usize].node;
    let workload = model.containers[container as usize].workload;
    let mut own = limits::resources(node, bound);
    if bound == Bound::Request {
        own = own.with(limits::resources(node, Bound::Limit), |own, limits| [own, limits].concat());
    }
    let pod = model.workloads[workload as usize].pod();
    let of_pod = pod.and_then(|pod| limits::resources(pod, bound).into_value()).unwrap_or_default();
    let over = over(model, model.workloads[workload as usize].object);
    own.map(|mut names| {
        names.extend(of_pod);
        let mut names: Vec<Cow<'a, str>> = names.into_iter().map(Cow::Borrowed).collect();
        let given = over.iter().flat_map(|over| over.given.iter().filter(|(of, _)| *of == bound));
        names.extend(given.map(|(_, name)| Cow::Owned(name.clone())));
        names.extend(RESIZED.map(Cow::Borrowed));
        let mut all: Vec<(Cow<'a, str>, Val<'a>)> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                continue;
            }
            let amount = amount(model, container, bound, name);
            if !amount.is_absent() {
                all.push((name.clone(), amount.into()));
            }
        }
        Datum::Map(Rc::new(all))
    })
}

/// How much of a resource a container asks for, or is held to.
pub fn amount<'a>(model: &'a Model<'a>, container: u32, bound: Bound, resource: &str) -> Fact<'a, f64> {
    let this = &model.containers[container as usize];
    let own = limits::written(this.node, bound, resource);
    if !own.is_absent() {
        return own;
    }
    if bound == Bound::Request {
        // core/v1 SetDefaults_Pod: a missing request is the container's own limit.
        let limit = limits::written(this.node, Bound::Limit, resource);
        if !limit.is_absent() {
            return filled_in(limit, "no request: Kubernetes takes the limit");
        }
    }
    if let Some(pod) = model.workloads[this.workload as usize].pod() {
        let of_pod = limits::written(pod, bound, resource);
        if !of_pod.is_absent() {
            return filled_in(of_pod, "what the whole pod has");
        }
    }
    given(model, this.workload, own, bound, resource)
}

/// What somebody else wrote, in the place of what nobody wrote.
fn filled_in<'a>(fact: Fact<'a, f64>, words: &'static str) -> Fact<'a, f64> {
    let state = match fact.state {
        State::Written(amount) => State::Default(amount),
        other => other,
    };
    let spots = fact.spots.into_iter().map(|spot| spot.saying(words)).collect();
    Fact { state, spots, confidence: fact.confidence }
}

/// What a VerticalPodAutoscaler changes.
const RESIZED: [&str; 2] = ["cpu", "memory"];

/// What a LimitRange or an autoscaler gives where the container says nothing: `own`, if none does.
fn given<'a>(
    model: &'a Model<'a>,
    workload: u32,
    own: Fact<'a, f64>,
    bound: Bound,
    resource: &str,
) -> Fact<'a, f64> {
    let over = over(model, model.workloads[workload as usize].object);
    if let Some(range) = over.as_ref().and_then(|over| over.deciding(bound, resource)) {
        let node = model.objects[range.object as usize].object.node;
        let found = limits::given(node, bound, resource).filter(|_| range.sure && !limits::is_vague(node));
        let Some(found) = found else {
            return Fact::unknown_at("a LimitRange may set it", Spot::value(node));
        };
        let mut amount = filled_in(limits::quantity(found), "a LimitRange gives each container this");
        amount.spots.extend(own.spots);
        return amount;
    }
    let resized = target::of(model, Pointer::Recommender, workload);
    let acts = resized.open.is_some() || resized.ids.iter().any(|id| recommender::acts(model, *id));
    if acts && RESIZED.contains(&resource) {
        return Fact { spots: own.spots, ..Fact::unknown("a VerticalPodAutoscaler sets it") };
    }
    own
}

/// The LimitRanges, by who may be under them.
#[derive(Debug, Default)]
pub struct LimitRanges {
    near: Dwellers,
    /// Those of units without workloads: they are meant for others.
    strangers: Vec<u32>,
    /// Those over what has the same home, put together when the first is asked about.
    over: Mutex<ByHome>,
}

type ByHome = FxHashMap<(u32, Option<String>), Arc<Over>>;

/// The LimitRanges over one home. There may be many of them, and many containers that ask.
#[derive(Debug, Default)]
struct Over {
    /// In their order.
    ranges: Vec<Range>,
    /// What any of them gives, each once and in order.
    given: Vec<(Bound, String)>,
    /// The first that gives it.
    first: FxHashMap<(Bound, String), usize>,
    /// The first of which something is only known at run time.
    vague: Option<usize>,
}

/// A LimitRange that may hold for an object.
#[derive(Debug)]
struct Range {
    object: u32,
    /// It surely does.
    sure: bool,
}

impl Over {
    fn new(model: &Model<'_>, ranges: Vec<Range>) -> Self {
        let mut this = Self { ranges, ..Self::default() };
        let mut seen = FxHashSet::default();
        for (at, range) in this.ranges.iter().enumerate() {
            let node = model.objects[range.object as usize].object.node;
            if limits::is_vague(node) {
                this.vague.get_or_insert(at);
            }
            for bound in [Bound::Request, Bound::Limit] {
                for name in limits::all_given(node, bound) {
                    let key = (bound, name.to_owned());
                    if seen.insert(key.clone()) {
                        this.given.push(key.clone());
                    }
                    if limits::given(node, bound, name).is_some() {
                        this.first.entry(key).or_insert(at);
                    }
                }
            }
        }
        this
    }

    /// The first that says something of a resource, or may.
    fn deciding(&self, bound: Bound, resource: &str) -> Option<&Range> {
        let first = self.first.get(&(bound, resource.to_owned())).copied();
        let at = first.into_iter().chain(self.vague).min()?;
        self.ranges.get(at)
    }
}

/// The LimitRanges that the containers of an object may be under.
fn over(model: &Model<'_>, object: u32) -> Option<Arc<Over>> {
    if model.limit_ranges.is_empty() {
        return None;
    }
    let index = model.index.limit_ranges.get_or_init(|| {
        let stranger = |id: &u32| model.units[model.objects[*id as usize].unit as usize].workloads.is_empty();
        LimitRanges {
            near: Dwellers::new(model, model.limit_ranges.iter().map(|id| (*id, *id))),
            strangers: model.limit_ranges.iter().copied().filter(stranger).collect(),
            over: Mutex::default(),
        }
    });
    let (home, namespace) = link::home(model, object);
    let key = (home, namespace.map(str::to_owned));
    let mut known = index.over.lock().unwrap_or_else(PoisonError::into_inner);
    let over = known.entry(key).or_insert_with(|| {
        let unit = |id: u32| model.objects[id as usize].unit;
        let strangers = index.strangers.iter().copied();
        let strangers = strangers.filter(|id| unit(*id) != home && may_be_meant(model, *id, object));
        let mut found: Vec<u32> = index.near.near(model, object).into_iter().chain(strangers).collect();
        found.sort_unstable();
        let under = found.into_iter().map(|id| (id, link::same_namespace(model, object, id)));
        let ranges = under
            .filter(|(_, same)| *same != Match::No)
            .map(|(id, same)| Range { object: id, sure: same == Match::Yes && unit(id) == home });
        Arc::new(Over::new(model, ranges.collect()))
    });
    Some(Arc::clone(over))
}

/// Whether a LimitRange of a unit without workloads may be meant for an object: it names the namespace, or stands in a folder above.
fn may_be_meant(model: &Model<'_>, range: u32, object: u32) -> bool {
    let unit = |object: u32| &model.units[model.objects[object as usize].unit as usize].name;
    let (home, there) = (unit(range), unit(object));
    let above = home == "." || there.strip_prefix(home.as_str()).is_some_and(|rest| rest.starts_with('/'));
    above || model.objects[range as usize].object.namespace.is_some()
}

/// How much of a resource a pod has as a whole: its own value, or the sum over the containers that run side by side; absent where
/// one of these has none.
pub fn of_pod<'a>(model: &'a Model<'a>, workload: u32, bound: Bound, resource: &str) -> Fact<'a, f64> {
    if let Some(pod) = model.workloads[workload as usize].pod() {
        let own = limits::written(pod, bound, resource);
        if !own.is_absent() {
            return own;
        }
    }
    sum(lasting(model, workload).map(|id| amount(model, id, bound, resource)))
}

/// The sum; absent where one of them is.
pub fn sum<'a>(amounts: impl Iterator<Item = Fact<'a, f64>>) -> Fact<'a, f64> {
    let mut total: Option<Fact<'a, f64>> = None;
    let mut none = None;
    for amount in amounts {
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

/// The containers of a workload that run as long as its pods do.
pub fn lasting<'m>(model: &'m Model<'_>, workload: u32) -> impl Iterator<Item = u32> + use<'m> {
    use crate::lower::kubernetes::pod::Role;
    let all = model.workloads[workload as usize].containers.clone();
    let roles: Vec<Role> = all.clone().map(|id| model.containers[id as usize].role).collect();
    all.zip(roles).filter(|(_, role)| *role != Role::Init).map(|(id, _)| id)
}

/// What a pod asks for, as far as it is known: what is not counts nothing.
pub fn asked<'a>(model: &'a Model<'a>, workload: u32, bound: Bound, resource: &str) -> f64 {
    let pod = model.workloads[workload as usize].pod();
    let own = pod.map_or_else(Fact::nothing, |pod| limits::written(pod, bound, resource));
    if !own.is_absent() {
        return own.into_value().unwrap_or(0.0);
    }
    lasting(model, workload).filter_map(|id| amount(model, id, bound, resource).into_value()).sum()
}

/// Whether something adds containers to the pods of a workload when they are admitted, as far as annotations say.
pub fn injected(model: &Model<'_>, workload: u32) -> Option<Reason> {
    const INJECTORS: [&str; 8] = [
        "sidecar.istio.io/inject",
        "linkerd.io/inject",
        "vault.hashicorp.com/agent-inject",
        "dapr.io/enabled",
        "consul.hashicorp.com/connect-inject",
        "instrumentation.opentelemetry.io/inject-java",
        "admission.datadoghq.com/enabled",
        "kuma.io/sidecar-injection",
    ];
    let says = |node: NodeRef<'_>, key: &str| node.get(key).map(|value| value.text().to_owned());
    let this = &model.workloads[workload as usize];
    let pod =
        ["metadata.annotations", "metadata.labels"].into_iter().filter_map(|path| this.template.at(path));
    let answers: Vec<String> =
        pod.flat_map(|node| INJECTORS.iter().filter_map(move |key| says(node, key))).collect();
    let reason = || Some(Reason::new("a sidecar is added when its pods are admitted"));
    if let Some(answer) = answers.first() {
        return if matches!(answer.as_str(), "false" | "disabled") { None } else { reason() };
    }
    let unit = model.objects[this.object as usize].unit;
    let entry = &model.objects[this.object as usize];
    let namespace = entry.object.namespace.or(model.units[entry.unit as usize].namespace.as_deref())?;
    let owner = super::existence::bearers(model, "Namespace", namespace);
    let labelled = owner.filter(|id| model.objects[*id as usize].unit == unit).any(|id| {
        let node = model.objects[id as usize].object.node;
        let labels = node.at("metadata.labels");
        let annotations = node.at("metadata.annotations");
        let on = |node: Option<NodeRef<'_>>, key: &str| {
            node.and_then(|node| node.get(key))
                .is_some_and(|value| !matches!(value.text(), "false" | "disabled"))
        };
        on(labels, "istio-injection") || on(labels, "istio.io/rev") || on(annotations, "linkerd.io/inject")
    });
    if labelled { reason() } else { None }
}
