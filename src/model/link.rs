//! How subjects find each other: by namespace, by name, by labels.
//!
//! A join holds inside a unit. A candidate in another unit does not join, but where it could be meant it makes a list open:
//! then only that is decided which one more element could not change.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Kind, Model, Thing};
use crate::fact::Reason;
use crate::lower::kubernetes::release_name;
use crate::lower::kubernetes::selector::{self, Asked, Match};
use crate::source::Extent;
use crate::syntax::tree::NodeRef;

/// Whether two objects are in the same namespace, as far as the files say. An object without one goes where the others of
/// its unit go, if these agree.
pub fn same_namespace(model: &Model<'_>, a: u32, b: u32) -> Match {
    let later = crate::lower::read::is_filled_in_later;
    if is_hidden(model, a) || is_hidden(model, b) {
        return Match::Perhaps;
    }
    match (namespace(model, a), namespace(model, b)) {
        (Some(a), Some(b)) if a == b => Match::Yes,
        (Some(a), Some(b)) if later(a) || later(b) => Match::Perhaps,
        (Some(_), Some(_)) => Match::No,
        (None, None) => Match::Yes,
        _ => Match::Perhaps,
    }
}

/// The namespace that an object goes to, as far as the files say.
pub fn namespace<'m>(model: &'m Model<'_>, object: u32) -> Option<&'m str> {
    let entry = &model.objects[object as usize];
    if entry.object.namespace.is_none() && is_hidden(model, object) {
        return None;
    }
    entry.object.namespace.or(model.units[entry.unit as usize].namespace.as_deref())
}

/// A unit, and a namespace as far as it is known: nothing where nobody says, an empty one where it is only known at run time.
pub type Home<'m> = (u32, Option<&'m str>);

/// Where an object goes: objects with the same home have the same neighbours.
pub fn home<'m>(model: &'m Model<'_>, object: u32) -> Home<'m> {
    let namespace = if is_hidden(model, object) { Some("") } else { namespace(model, object) };
    (model.objects[object as usize].unit, namespace)
}

/// Whether an object names a namespace that is only known at run time.
fn is_hidden(model: &Model<'_>, object: u32) -> bool {
    let object = &model.objects[object as usize].object;
    object.namespace.is_none() && object.node.at("metadata.namespace").is_some_and(NodeRef::is_unknown)
}

/// What stands in the files of one folder, belongs to one unit and goes to one namespace: where a name leads nowhere, what was
/// meant is often here.
#[derive(Debug, Default)]
pub struct Corner {
    /// Services, in order.
    pub services: Vec<u32>,
    /// Workloads, in order.
    pub workloads: Vec<u32>,
    /// Which of the workloads a Service may be meant for, found at first use.
    pub waiting: OnceLock<super::service::Waiting>,
}

/// A unit, a folder and a namespace, as far as they are known.
type Where = (u32, Option<String>, Option<String>);

/// What stands beside an object and goes to this namespace, as far as the files say.
pub fn beside<'m>(model: &'m Model<'_>, object: u32, namespace: Option<&str>) -> &'m Corner {
    static NOTHING: Corner = Corner { services: Vec::new(), workloads: Vec::new(), waiting: OnceLock::new() };
    let corner = |object: u32, namespace: Option<&str>| -> Where {
        let folder = model.path_of(object).parent().map(camino::Utf8Path::as_str);
        (model.objects[object as usize].unit, folder.map(str::to_owned), namespace.map(str::to_owned))
    };
    let corners = model.index.corners.get_or_init(|| {
        let mut corners: FxHashMap<_, Corner> = FxHashMap::default();
        for (id, service) in model.services.iter().enumerate() {
            let key = corner(service.object, self::namespace(model, service.object));
            corners.entry(key).or_default().services.push(id as u32);
        }
        for (id, workload) in model.workloads.iter().enumerate() {
            let key = corner(workload.object, self::namespace(model, workload.object));
            corners.entry(key).or_default().workloads.push(id as u32);
        }
        corners
    });
    corners.get(&corner(object, namespace)).unwrap_or(&NOTHING)
}

/// For each kind, its things.
#[derive(Debug)]
pub struct Lists(Box<[OnceLock<Vec<Thing>>]>);

impl Default for Lists {
    fn default() -> Self {
        Self(Kind::ALL.iter().map(|_| OnceLock::new()).collect())
    }
}

impl std::ops::Index<Kind> for Lists {
    type Output = OnceLock<Vec<Thing>>;

    fn index(&self, kind: Kind) -> &OnceLock<Vec<Thing>> {
        &self.0[kind as usize]
    }
}

/// Indexes over all subjects, each built at first use.
#[derive(Debug, Default)]
pub struct Indexes {
    /// The things of each kind.
    pub things: Lists,
    /// The selectors of budgets.
    pub budgets: OnceLock<SelectorIndex>,
    /// Workloads by the labels of their pods.
    pub pods: OnceLock<Pods>,
    /// How many containers of each unit request anything, in points of percent.
    pub requesting: OnceLock<Vec<f64>>,
    /// What each container's runtimes are told to take.
    pub runtimes: super::runtime::Runtimes,
    /// The PriorityClasses, by object.
    pub priorities: OnceLock<Vec<u32>>,
    /// Variables that name a host.
    pub hosts: OnceLock<super::pool::Hosts>,
    /// The zones of Karpenter's NodePools by unit.
    pub pool_zones: OnceLock<FxHashMap<u32, super::placement::PoolZones>>,
    /// The zones that the workloads of a unit name.
    pub unit_zones: OnceLock<FxHashMap<u32, Vec<String>>>,
    /// The Rollouts that wait for an AnalysisTemplate.
    pub waiting: OnceLock<super::analysis::Waiting>,
    /// By unit: the custom resources that may run pods.
    pub runners: OnceLock<FxHashMap<u32, Vec<u32>>>,
    /// By unit: the objects that may make pods of their own.
    pub makers: OnceLock<FxHashMap<u32, Vec<u32>>>,
    /// Services and workloads by unit, folder and namespace.
    pub corners: OnceLock<FxHashMap<Where, Corner>>,
    /// What the schedules of jobs mean.
    pub schedules: super::schedule::Schedules,
    /// What StatefulSets call the claims that they make.
    pub set_claims: OnceLock<super::reference::SetClaims>,
    /// The ReferenceGrants, by the namespace that they are in.
    pub grants: OnceLock<FxHashMap<Option<String>, Vec<u32>>>,
    /// What points at workloads: scalers, recommenders, canaries.
    pub targets: super::target::Targets,
    /// What quotas count.
    pub quotas: super::quota::Quotas,
    /// The LimitRanges, by who may be under them.
    pub limit_ranges: OnceLock<super::resources::LimitRanges>,
    /// The selectors of services.
    pub services: OnceLock<SelectorIndex>,
    /// Objects by kind and name.
    pub names: OnceLock<super::existence::Names>,
    /// Who else may make something that is in no file.
    pub traces: OnceLock<super::existence::Traces>,
    /// How many of the names of a kind resolve in a unit.
    pub resolved: OnceLock<super::reference::Resolved>,
    /// Routes that lead to a service.
    pub routes: OnceLock<FxHashMap<u32, Vec<(u32, u32)>>>,
    /// The ConfigMaps of ingress-nginx, by object.
    pub nginx_configs: OnceLock<Vec<u32>>,
    /// The workloads that run ingress-nginx.
    pub nginx_controllers: OnceLock<Vec<u32>>,
    /// Who serves the classes of Ingresses, as their annotations say.
    pub ingress_classes: OnceLock<super::hop::Classes>,
    /// How many hosts of DestinationRules a unit declares: those that it does, and all.
    pub hosts_declared: OnceLock<FxHashMap<u32, (u32, u32)>>,
    /// The hosts that ServiceEntries add to a mesh.
    pub service_entries: OnceLock<FxHashSet<String>>,
    /// Whether an installation of Istio says how long proxies go on.
    pub mesh_drains: OnceLock<bool>,
    /// The policies of Envoy Gateway.
    pub policies: OnceLock<super::attachment::Policies>,
    /// Hops by the Services that they lead to.
    pub hops_to: OnceLock<FxHashMap<u32, Vec<u32>>>,
    /// Breakers by the Service that they are for.
    pub breakers_of: OnceLock<FxHashMap<u32, Vec<u32>>>,
    /// Whether an EnvoyFilter says of which kind requests are.
    pub described: OnceLock<bool>,
    /// Rate limits by the object that sets them.
    pub limiters_of: OnceLock<FxHashMap<u32, Vec<u32>>>,
    /// The ways that requests take.
    pub paths: OnceLock<super::path::Paths>,
    /// What Ingresses claim: class, host and path.
    pub claims: OnceLock<FxHashMap<u64, Vec<(u32, u32)>>>,
    /// Fields that are no fields, and values of the wrong type.
    pub fields: OnceLock<super::fields::Oddities>,
    /// How queues, functions and alarms find each other.
    pub messaging: OnceLock<super::messaging::Graph>,
    /// Names that occur twice.
    pub repeats: OnceLock<Vec<super::shape::Repeat>>,
    /// Keys that a mapping has twice, by object.
    pub duplicates: OnceLock<Vec<(u32, u32, u32)>>,
}

/// Finds what most rules about workloads want to know of their neighbours, by all threads together. Rules would find it when they
/// first ask, one thread for all, while the others wait for it.
pub fn prepare(model: &Model<'_>) {
    use rayon::prelude::*;
    const PIECE: usize = 64;
    let (services, budgets) = (model.services.len() as u32, model.budgets.len() as u32);
    rayon::join(|| pods(model), || super::existence::names(model));
    (0..services).into_par_iter().with_min_len(PIECE).for_each(|id| {
        super::service::workloads(model, id);
    });
    (0..budgets).into_par_iter().with_min_len(PIECE).for_each(|id| {
        super::budget::workloads(model, id);
    });
    rayon::join(|| super::service::selectors(model), || super::budget::selectors(model));
}

/// Things by the namespace that they go to, for joins in which a namespace is all that two things share.
#[derive(Debug, Default)]
pub struct Dwellers {
    by_namespace: FxHashMap<(u32, u64), Vec<u32>>,
    /// Those of a unit of which no namespace is known.
    homeless: FxHashMap<u32, Vec<u32>>,
    by_unit: FxHashMap<u32, Vec<u32>>,
}

impl Dwellers {
    /// An index of things, each with its object.
    pub fn new(model: &Model<'_>, things: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut index = Self::default();
        for (id, object) in things {
            let unit = model.objects[object as usize].unit;
            index.by_unit.entry(unit).or_default().push(id);
            match namespace(model, object) {
                Some(namespace) => {
                    index.by_namespace.entry((unit, pair("", namespace))).or_default().push(id)
                }
                None => index.homeless.entry(unit).or_default().push(id),
            }
        }
        index
    }

    /// Those that may go to the namespace of an object of the same unit, in order; whether they do is still to be asked.
    pub fn near(&self, model: &Model<'_>, object: u32) -> Vec<u32> {
        let unit = model.objects[object as usize].unit;
        let Some(namespace) = namespace(model, object) else {
            return self.by_unit.get(&unit).cloned().unwrap_or_default();
        };
        let named = self.by_namespace.get(&(unit, pair("", namespace)));
        let mut found: Vec<u32> =
            named.into_iter().chain(self.homeless.get(&unit)).flatten().copied().collect();
        found.sort_unstable();
        found
    }
}

/// Selectors of one kind (budgets, services …), ready to be asked which of them may select given labels.
#[derive(Debug, Default)]
pub struct SelectorIndex {
    /// By one pair of label and value that the selector asks for.
    by_pair: FxHashMap<(Scope, u64), Vec<u32>>,
    /// By the label of that pair, for pods that have a value there which is only known at run time.
    by_key: FxHashMap<(Scope, u64), Vec<u32>>,
    /// Those that ask for no such pair.
    others: FxHashMap<Scope, Vec<u32>>,
}

/// The unit of a selector that selects something there, and so is meant for nothing else; none for one that may be meant for
/// any.
type Scope = Option<u32>;

/// A selector as its index sees it.
#[derive(Debug)]
pub struct Selector<'a> {
    /// The unit that it is in.
    pub unit: u32,
    /// Whether it selects something there.
    pub at_home: bool,
    /// The labels that it asks for.
    pub asks: Vec<Asked<'a>>,
}

/// Up to so many selectors that ask for the same pair are told apart by looking at each.
const FEW: usize = 16;

impl SelectorIndex {
    /// An index of selectors.
    pub fn new<'a>(selectors: &[Selector<'a>]) -> Self {
        let mut index = Self::default();
        let mut often: FxHashMap<u64, usize> = FxHashMap::default();
        for asked in selectors.iter().flat_map(|selector| &selector.asks) {
            pairs(asked).for_each(|pair| *often.entry(pair).or_default() += 1);
        }
        for (id, selector) in selectors.iter().enumerate() {
            let (id, home) = (id as u32, selector.at_home.then_some(selector.unit));
            // The first label that tells apart; a label of the team or of the whole project does not.
            let times = |asked: &Asked<'a>| pairs(asked).filter_map(|pair| often.get(&pair)).sum::<usize>();
            match selector.asks.iter().min_by_key(|asked| times(asked).max(FEW)) {
                Some(telling) => {
                    for pair in pairs(telling) {
                        index.by_pair.entry((home, pair)).or_default().push(id);
                    }
                    index.by_key.entry((home, pair(telling.0, ""))).or_default().push(id);
                }
                None => index.others.entry(home).or_default().push(id),
            }
        }
        index
    }

    /// The selectors that may select pods of a unit with these labels, in order; whether they do is still to be asked.
    pub fn candidates(&self, unit: u32, labels: Option<NodeRef<'_>>) -> Vec<u32> {
        let mut found = Vec::new();
        for home in [Some(unit), None] {
            found.extend(self.others.get(&home).into_iter().flatten());
            for (key, value) in labels.into_iter().flat_map(NodeRef::entries) {
                let (lists, wanted) = match selector::is_known(value) {
                    true => (&self.by_pair, pair(key, value.text())),
                    false => (&self.by_key, pair(key, "")),
                };
                found.extend(lists.get(&(home, wanted)).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Workloads by each label of their pods.
#[derive(Debug, Default)]
pub struct Pods {
    anywhere: FxHashMap<u64, Vec<u32>>,
    by_unit: FxHashMap<(u32, u64), Vec<u32>>,
}

impl Pods {
    /// The workloads of a unit whose pods have a label, by the values that it may have.
    fn having(&self, unit: u32, asked: &Asked<'_>) -> impl Iterator<Item = &Vec<u32>> {
        pairs(asked).filter_map(move |pair| self.by_unit.get(&(unit, pair)))
    }
}

/// The workloads of a unit whose pods may have the labels that a selector asks for.
fn workloads_with<'a>(model: &Model<'_>, unit: u32, asks: impl Iterator<Item = Asked<'a>>) -> Vec<u32> {
    let pods = pods(model);
    // The label that fewest have; a label that nobody has is the end of it.
    let Some(fewest) = asks.min_by_key(|asked| pods.having(unit, asked).map(Vec::len).sum::<usize>()) else {
        return model.units[unit as usize].workloads.clone();
    };
    let mut found: Vec<u32> = pods.having(unit, &fewest).flatten().copied().collect();
    // Labels that are only known at run time stand under another key; they are few.
    found.extend(&model.units[unit as usize].vague);
    found.sort_unstable();
    found.dedup();
    found
}

/// The workloads of the whole project whose pods may have the labels that a plain map asks for.
pub fn workloads_anywhere<'m>(model: &'m Model<'_>, map: NodeRef<'_>) -> &'m [u32] {
    let first = selector::asked_by_map(Some(map)).next();
    let list = first.and_then(|asked| pods(model).anywhere.get(&pairs(&asked).next()?));
    list.map_or(&[], Vec::as_slice)
}

fn pods<'m>(model: &'m Model<'_>) -> &'m Pods {
    model.index.pods.get_or_init(|| {
        let mut index = Pods::default();
        for (id, workload) in model.workloads.iter().enumerate() {
            let unit = model.objects[workload.object as usize].unit;
            for (key, value) in workload.labels().into_iter().flat_map(NodeRef::entries) {
                let pair = pair(key, value.text());
                index.anywhere.entry(pair).or_default().push(id as u32);
                index.by_unit.entry((unit, pair)).or_default().push(id as u32);
            }
        }
        index
    })
}

/// The hash of a label and its value; a collision costs a comparison, no more.
pub fn pair(key: &str, value: &str) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    key.hash(&mut hasher);
    value.hash(&mut hasher);
    hasher.finish()
}

/// The pairs of which whatever is selected has one.
fn pairs(asked: &Asked<'_>) -> impl Iterator<Item = u64> {
    let (key, values) = asked;
    values.iter().map(|value| pair(key, value))
}

/// What was found, and why there may be more.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Positions in the list of their kind, in order.
    pub ids: Vec<u32>,
    /// Why there may be more, if there may.
    pub open: Option<Reason>,
}

/// A relation from each thing of a kind to some of another, computed at first use.
pub type Relation = OnceLock<Found>;

/// Finds among `candidates` those that select `labels` of the object `of`. `owner` gives a candidate's object, `matches`
/// says whether its selector takes the labels, `at_home` whether it selects something in its own unit.
pub fn selecting(
    model: &Model<'_>,
    of: u32,
    candidates: Vec<u32>,
    owner: impl Fn(u32) -> u32,
    matches: impl Fn(u32) -> Match,
    at_home: impl Fn(u32) -> bool,
) -> Found {
    let unit = model.objects[of as usize].unit;
    let mut found = Found { open: out_of_sight(model, unit), ..Found::default() };
    for id in candidates {
        let holder = owner(id);
        match matches(id).and(same_namespace(model, of, holder)) {
            Match::No => {}
            Match::Yes if model.objects[holder as usize].unit == unit => found.ids.push(id),
            Match::Perhaps if model.objects[holder as usize].unit == unit => {
                found
                    .open
                    .get_or_insert_with(|| Reason::new("labels or a namespace are only known at run time"));
            }
            _ if at_home(id) => {}
            // Two releases share no name, whatever they will be called.
            Match::Perhaps if waits_for_release(model, of, holder) => {}
            _ => {
                let name = &model.units[model.objects[holder as usize].unit as usize].name;
                found.open.get_or_insert_with(|| Reason::new(format!("one in `{name}` may be meant for it")));
            }
        }
    }
    found
}

/// Whether the labels of a workload or a selector hold the name of a release that nobody named.
fn waits_for_release(model: &Model<'_>, workload: u32, selector: u32) -> bool {
    let labels =
        super::target::workload_at(model, workload).and_then(|id| model.workloads[id as usize].labels());
    let selector = model.objects[selector as usize].object.node.at("spec.selector");
    labels.into_iter().chain(selector).flat_map(NodeRef::walk).any(|node| release_name::is_in(node.text()))
}

/// The workloads of its own unit that something selects, seen from its side. `asks` are the labels that its selector asks for,
/// `matches` says whether it takes a pod's labels.
pub fn selected<'a, 's>(
    model: &Model<'a>,
    by: u32,
    asks: impl Iterator<Item = Asked<'s>>,
    matches: impl Fn(Option<NodeRef<'a>>) -> Match,
) -> Found {
    let unit = model.objects[by as usize].unit;
    let mut found = Found { open: out_of_sight(model, unit), ..Found::default() };
    for id in workloads_with(model, unit, asks) {
        let workload = &model.workloads[id as usize];
        match matches(workload.labels()).and(same_namespace(model, by, workload.object)) {
            Match::Yes => found.ids.push(id),
            Match::Perhaps => {
                found
                    .open
                    .get_or_insert_with(|| Reason::new("labels or a namespace are only known at run time"));
            }
            Match::No => {}
        }
    }
    found
}

/// Why a unit may have more than is seen of it, if it may.
fn out_of_sight(model: &Model<'_>, unit: u32) -> Option<Reason> {
    let is_part = model.units[unit as usize].extent == Extent::Part;
    is_part.then(|| Reason::new("a part of what is deployed with it is in no file here"))
}

/// Whether a `LabelSelector` takes these labels; a missing one takes none.
pub fn label_selector(selector: Option<NodeRef<'_>>, labels: Option<NodeRef<'_>>) -> Match {
    selector.map_or(Match::No, |selector| selector::selects(selector, labels))
}
