//! Where the pods of a workload may stand: terms of affinity, spread constraints, zones, and how much room these leave.

use rustc_hash::FxHashMap;

use super::rollout::names;
use super::value::{List, Val, list, things};
use super::vocabulary::{FactDef, KindDef, NUMBER, Ty, facts};
use super::workload::get;
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::kubernetes::placement::{self, HOSTNAME, Term, ZONE};
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// What a workload knows of the places of its pods.
pub static OF_WORKLOAD: &[FactDef] = facts! {
    "affinities": Ty::List(&Ty::Thing(Kind::Affinity)), "the terms by which its pods keep apart from pods, or together with them" =>
        |m, t| things((0..terms(m, t).len()).map(|at| Thing::part(Kind::Affinity, t.id, at)));
    "separations": Ty::List(&Ty::Thing(Kind::Separation)), "what lets only so many of its pods into one zone or onto one node, and must hold" =>
        |m, t| things(separations(m, t).into_iter().enumerate().map(|(at, _)| Thing::part(Kind::Separation, t.id, at)));
    "spread": Ty::List(&Ty::Thing(Kind::Spread)), "its topology spread constraints" =>
        |m, t| things((0..constraints(m, t).len()).map(|at| Thing::part(Kind::Spread, t.id, at)));
    "zones": Ty::List(&Ty::Text), "the zones among which its pods must find their node, if it names them" =>
        |m, t| names(pod(m, t).map_or_else(Fact::nothing, |pod| placement::allowed(pod, &ZONE)));
    "zonesOfUnit": Ty::List(&Ty::Text), "the zones that the workloads of its unit name, each for itself or all together" =>
        |m, t| list(unit_zones(m, get(m, t).object).iter().map(|zone| Fact::plain(zone.as_str())));
    "nodes": Ty::List(&Ty::Text), "the nodes among which its pods must find theirs, if it names them" =>
        |m, t| names(pod(m, t).map_or_else(Fact::nothing, nodes));
    "hostPorts": Ty::List(&Ty::Node), "the ports of their node that its pods take" => |m, t| {
        let ports = pod(m, t).map_or_else(Fact::nothing, placement::host_ports);
        match ports.value() {
            Some(ports) => list(ports.iter().map(|port| Fact::written(*port, Spot::value(*port)))),
            None => ports.map(|_| false).into(),
        }
    };
    "lastingTolerations": Ty::List(&Ty::Node), "the tolerations that keep its pods for ever on a node that is not ready or unreachable" =>
        |m, t| {
            let found = pod(m, t).map_or_else(Vec::new, placement::everlasting);
            let open = found.iter().find_map(|one| match &one.state {
                State::Unknown(reason) => Some(reason.clone()),
                _ => None,
            });
            let items = found.into_iter().filter(|one| !one.is_unknown()).map(Val::from).collect();
            Fact::plain(List { items, open }).into()
        };
};

/// A term of affinity.
pub static AFFINITY: KindDef = KindDef {
    kind: Kind::Affinity,
    name: "affinity",
    doc: "A term by which the pods of a workload keep apart from other pods, or together with them.",
    tables: &[facts! {
        "kind": Ty::Text, "`apart` or `together`" => |m, t| Fact::plain(if term(m, t).apart { "apart" } else { "together" }).into();
        "required": Ty::Bool, "whether a pod stays Pending where it cannot hold" => |m, t| Fact::plain(term(m, t).required).into();
        "key": Ty::Text, "the node label whose values are the places" => |m, t| read::text(term(m, t).node, "topologyKey").into();
        "own": Ty::Bool, "whether it takes the workload's own pods" => |m, t| decided(own(m, t, term(m, t).node)).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| Fact::written(term(m, t).node, Spot::value(term(m, t).node)).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| Some(term(m, t).node),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A separation.
pub static SEPARATION: KindDef = KindDef {
    kind: Kind::Separation,
    name: "separation",
    doc: "What lets only so many pods of a workload into one zone or onto one node, and must hold.",
    tables: &[facts! {
        "key": Ty::Text, "the node label whose values are the places" => |m, t| with(m, t, |one| read::text(one.node, "topologyKey"));
        "domains": NUMBER, "how many places there are at most" => |m, t| with(m, t, |one| domains_of(m, t, one.node));
        "room": NUMBER, "how many pods of the workload fit at once" => |m, t| with(m, t, |one| {
            domains_of(m, t, one.node).with(one.each, |domains, each| domains * each)
        });
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| with(m, t, |one| Fact::written(one.node, Spot::value(one.node)));
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| separations(m, t).get(t.part as usize).map(|one| one.node),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A topology spread constraint.
pub static SPREAD: KindDef = KindDef {
    kind: Kind::Spread,
    name: "spread",
    doc: "A topology spread constraint of a workload.",
    tables: &[facts! {
        "key": Ty::Text, "the node label whose values are the places" => |m, t| read::text(constraint(m, t), "topologyKey").into();
        "maxSkew": NUMBER, "by how many pods places may differ" => |m, t| read::number(constraint(m, t), "maxSkew").into();
        "whenUnsatisfiable": Ty::Text, "`DoNotSchedule` or `ScheduleAnyway`" => |m, t| read::text(constraint(m, t), "whenUnsatisfiable").into();
        "minDomains": NUMBER, "how many places there must be" => |m, t| read::number(constraint(m, t), "minDomains").into();
        "domains": NUMBER, "how many places there are at most" => |m, t| domains_of(m, t, constraint(m, t)).into();
        "own": Ty::Bool, "whether it counts the workload's own pods" => |m, t| decided(placement::takes(constraint(m, t), labels(m, t))).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| Fact::written(constraint(m, t), Spot::value(constraint(m, t))).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Workload, t.id as usize)),
    node: |m, t| Some(constraint(m, t)),
    owners: &[Kind::Workload, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn pod<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    get(model, thing).pod()
}

fn labels<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    get(model, thing).labels()
}

fn decided<'a>(answer: Match) -> Fact<'a, bool> {
    match answer {
        Match::Yes => Fact::plain(true),
        Match::No => Fact::plain(false),
        Match::Perhaps => Fact::unknown("labels or a namespace are only known at run time"),
    }
}

fn terms<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<Term<'a>> {
    pod(model, thing).map_or_else(Vec::new, placement::terms)
}

fn term<'a>(model: &'a Model<'a>, thing: Thing) -> Term<'a> {
    let node = get(model, thing).node;
    terms(model, thing).get(thing.part as usize).copied().unwrap_or(Term {
        node,
        apart: true,
        required: false,
    })
}

fn own(model: &Model<'_>, thing: Thing, node: NodeRef<'_>) -> Match {
    let namespace = super::object::namespace(model, get(model, thing).object).into_value();
    placement::takes(node, labels(model, thing)).and(placement::looks_home(node, namespace))
}

fn constraints<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<NodeRef<'a>> {
    let list = pod(model, thing).and_then(|pod| pod.get("topologySpreadConstraints"));
    list.into_iter().flat_map(NodeRef::items).collect()
}

fn constraint<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    constraints(model, thing).get(thing.part as usize).copied().unwrap_or(get(model, thing).node)
}

fn nodes<'a>(pod: NodeRef<'a>) -> Fact<'a, Vec<&'a str>> {
    let bound = read::text(pod, "nodeName");
    if bound.is_absent() { placement::allowed(pod, &[HOSTNAME]) } else { bound.map(|name| vec![name]) }
}

/// Something that must hold and lets `each` pods into a place.
struct Separation<'a> {
    node: NodeRef<'a>,
    each: Fact<'a, f64>,
}

/// Required anti-affinity over pods of every revision of the workload itself; and a constraint that wants more places than there
/// are, for then the least filled one counts as empty (core/v1 `TopologySpreadConstraint.minDomains`: "treats 'global minimum'
/// as 0"). Any other spread constraint always has a place for one more pod.
fn separations<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<Separation<'a>> {
    let mut found = Vec::new();
    for term in terms(model, thing).into_iter().filter(|term| term.apart && term.required) {
        let meant = own(model, thing, term.node).and(placement::counts_other_revisions(term.node));
        if meant == Match::Yes {
            found.push(Separation { node: term.node, each: Fact::plain(1.0) });
        }
    }
    for node in constraints(model, thing) {
        let meant = placement::takes(node, labels(model, thing)).and(placement::counts_other_revisions(node));
        let strict = read::text(node, "whenUnsatisfiable").value() == Some(&"DoNotSchedule");
        let wanted = read::number(node, "minDomains").into_value();
        let have = domains_of(model, thing, node).into_value();
        if meant == Match::Yes && strict && wanted.zip(have).is_some_and(|(wanted, have)| wanted > have) {
            found.push(Separation { node, each: read::number(node, "maxSkew") });
        }
    }
    found
}

fn with<'a, T: super::value::IntoDatum<'a>>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl FnOnce(Separation<'a>) -> Fact<'a, T>,
) -> Val<'a> {
    match separations(model, thing).into_iter().nth(thing.part as usize) {
        Some(one) => ask(one).into(),
        None => Fact::nothing(),
    }
}

/// The most places that a term's key can have for the pods of a workload.
fn domains_of<'a>(model: &'a Model<'a>, thing: Thing, node: NodeRef<'a>) -> Fact<'a, f64> {
    let key = read::text(node, "topologyKey");
    let Some(key) = key.value().copied() else { return key.map(|_| 0.0) };
    let Some(pod) = pod(model, thing) else { return Fact::nothing() };
    let keys: &[&str] = if ZONE.contains(&key) { &ZONE } else { &[key] };
    let own = if key == HOSTNAME { nodes(pod) } else { placement::allowed(pod, keys) };
    if !own.is_absent() {
        return own.map(|values| values.len() as f64);
    }
    if ZONE.contains(&key) {
        return pool_zones(model, get(model, thing).object);
    }
    Fact::unknown("nobody says how many nodes there are")
}

/// Workloads that are made once for each zone name more zones together than any of them alone.
fn unit_zones<'a>(model: &'a Model<'a>, object: u32) -> &'a [String] {
    let index = model.index.unit_zones.get_or_init(|| {
        let mut index: FxHashMap<u32, Vec<String>> = FxHashMap::default();
        for workload in &model.workloads {
            let named = workload.pod().map_or_else(Fact::nothing, |pod| placement::allowed(pod, &ZONE));
            let zones = index.entry(model.objects[workload.object as usize].unit).or_default();
            let hidden = named.is_unknown().then_some("one that is only known at run time");
            for zone in named.into_value().unwrap_or_default().into_iter().chain(hidden) {
                if !zones.iter().any(|known| known == zone) {
                    zones.push(zone.to_owned());
                }
            }
        }
        index
    });
    index.get(&model.objects[object as usize].unit).map_or(&[], Vec::as_slice)
}

/// The zones of the Karpenter NodePools of each unit.
#[derive(Debug, Default)]
pub struct PoolZones {
    zones: Vec<String>,
    pools: Vec<u32>,
    /// A pool that takes nodes from any zone.
    anywhere: bool,
}

/// How many zones the NodePools of an object's unit have together. A guess: a cluster may have other nodes beside them.
fn pool_zones<'a>(model: &'a Model<'a>, object: u32) -> Fact<'a, f64> {
    let index = model.index.pool_zones.get_or_init(|| {
        let mut index: FxHashMap<u32, PoolZones> = FxHashMap::default();
        for (id, entry) in model.objects.iter().enumerate() {
            if entry.object.group() != "karpenter.sh" || entry.object.kind != "NodePool" {
                continue;
            }
            let pool = index.entry(entry.unit).or_default();
            pool.pools.push(id as u32);
            match required_zones(entry.object.node) {
                None => pool.anywhere = true,
                Some(values) => {
                    for value in values.items() {
                        pool.anywhere |= value.is_unknown() || read::is_filled_in_later(value.text());
                        if !pool.zones.iter().any(|known| known == value.text()) {
                            pool.zones.push(value.text().to_owned());
                        }
                    }
                }
            }
        }
        index
    });
    match index.get(&model.objects[object as usize].unit) {
        Some(pools) if !pools.anywhere => {
            let spots = pools
                .pools
                .iter()
                .filter_map(|id| required_zones(model.objects[*id as usize].object.node))
                .map(Spot::value);
            let state = State::Written(pools.zones.len() as f64);
            Fact { state, spots: spots.collect(), confidence: crate::fact::Confidence::High }.guessed()
        }
        _ => Fact {
            state: State::Unknown(Reason::new("nobody says how many zones there are")),
            ..Fact::nothing()
        },
    }
}

fn required_zones(pool: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut requirements = pool.at("spec.template.spec.requirements")?.items();
    let zone = requirements.find(|one| {
        one.get("key").is_some_and(|key| ZONE.contains(&key.text()))
            && one.get("operator").is_some_and(|op| op.text() == "In")
    })?;
    zone.get("values")
}
