//! What a container asks for and what it is held to, with all that fills in for it.
//!
//! A missing request is the limit (API defaulting, before admission); what is still missing a LimitRange of the namespace
//! fills in. Whether these numbers are sensible is not asked here.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::Model;
use super::link;
use super::value::{Datum, Val};
use super::vocabulary::{FactDef, Ty, facts};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::measure::quantity;
use crate::syntax::tree::{NodeKind, NodeRef};

/// Facts of a container about its resources.
pub static OF_CONTAINER: &[FactDef] = facts! {
    "requests": Ty::Map(&Ty::Quantity), "what it asks for, by resource: its own requests, else its limits, else what a LimitRange gives" =>
        |m, t| map(requests(m, t.id));
    "limits": Ty::Map(&Ty::Quantity), "what it is held to, by resource: its own limits, else what a LimitRange gives" =>
        |m, t| map(limits(m, t.id));
};

/// Quantities by resource.
pub type Quantities<'a> = Vec<(Cow<'a, str>, Fact<'a, f64>)>;

fn map<'a>(quantities: Fact<'a, Quantities<'a>>) -> Val<'a> {
    quantities.map(|list| {
        let values = list
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect::<Vec<(Cow<'a, str>, Val<'a>)>>();
        Datum::Map(std::rc::Rc::new(values))
    })
}

/// A quantity in a node: cores, bytes, or a count.
pub fn quantity<'a>(node: NodeRef<'a>) -> Fact<'a, f64> {
    Fact::written(node, Spot::value(node)).unless_hidden().read(|node| match node.kind() {
        NodeKind::Int | NodeKind::Float | NodeKind::Text => quantity::parse(node.text()),
        _ => None,
    })
}

/// The quantities below a key; a missing key has none.
pub fn listed<'a>(base: NodeRef<'a>, path: &'static str) -> Fact<'a, Quantities<'a>> {
    let list = read::node(base, path);
    if list.is_absent() {
        return Fact { state: State::Written(Vec::new()), spots: list.spots, confidence: list.confidence };
    }
    list.map(|node| {
        node.entries()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (Cow::Borrowed(name), quantity(value)))
            .collect()
    })
}

fn own<'a>(model: &Model<'a>, id: u32) -> (Fact<'a, Quantities<'a>>, Fact<'a, Quantities<'a>>) {
    let node = model.containers[id as usize].node;
    (listed(node, "resources.requests"), listed(node, "resources.limits"))
}

/// The limits of a container.
pub fn limits<'a>(model: &'a Model<'a>, id: u32) -> Fact<'a, Quantities<'a>> {
    let (_, limits) = own(model, id);
    filled(model, id, limits, "default")
}

/// The requests of a container.
pub fn requests<'a>(model: &'a Model<'a>, id: u32) -> Fact<'a, Quantities<'a>> {
    let (requests, limits) = own(model, id);
    let with_limits = requests.with(limits, |mut requests, limits| {
        for (name, limit) in limits {
            if !requests.iter().any(|(known, _)| *known == name) {
                let spots = limit
                    .spots
                    .into_iter()
                    .map(|spot| spot.saying("no request: Kubernetes takes the limit"))
                    .collect();
                let state = match limit.state {
                    State::Written(value) => State::Default(value),
                    other => other,
                };
                requests.push((name, Fact { state, spots, confidence: limit.confidence }));
            }
        }
        requests
    });
    filled(model, id, with_limits, "defaultRequest")
}

fn filled<'a>(
    model: &'a Model<'a>,
    id: u32,
    quantities: Fact<'a, Quantities<'a>>,
    key: &'static str,
) -> Fact<'a, Quantities<'a>> {
    let workload = model.containers[id as usize].workload;
    let object = model.workloads[workload as usize].object;
    let ranges = ranges_for(model, object);
    if ranges.is_empty() {
        return quantities;
    }
    quantities.map(|mut list| {
        for (range, sure) in ranges {
            for (name, value) in given(model.objects[range as usize].object.node, key) {
                if list.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                let state = match value.state {
                    State::Written(value) if sure => State::Default(value),
                    State::Written(_) => State::Unknown(Reason::new("a LimitRange may fill it in")),
                    other => other,
                };
                list.push((name, Fact { state, spots: value.spots, confidence: value.confidence }));
            }
        }
        list
    })
}

/// What a LimitRange gives a container: core/v1 `SetDefaults_LimitRangeItem` takes `max` for a missing `default`, that for a
/// missing `defaultRequest`, and `min` for what is still missing.
fn given<'a>(range: NodeRef<'a>, key: &'static str) -> Quantities<'a> {
    let mut given: Quantities<'a> = Vec::new();
    let items = range.at("spec.limits").into_iter().flat_map(NodeRef::items);
    for item in items
        .filter(|item| item.get("type").is_some_and(|kind| kind.is_unknown() || kind.text() == "Container"))
    {
        let keys: &[&'static str] =
            if key == "default" { &["default", "max"] } else { &["defaultRequest", "default", "max", "min"] };
        for key in keys {
            let values = item.get(key).into_iter().flat_map(NodeRef::entries);
            for (name, value) in values {
                if !given.iter().any(|(known, _)| *known == name) {
                    let mut value = quantity(value);
                    if let Some(spot) = value.spots.first_mut() {
                        *spot = spot.clone().saying("this LimitRange fills it in");
                    }
                    given.push((Cow::Borrowed(name), value));
                }
            }
        }
    }
    given
}

/// The LimitRanges by unit, and by namespace where they name one.
#[derive(Debug, Default)]
pub struct LimitRanges {
    near: link::Dwellers,
    by_namespace: FxHashMap<u64, Vec<u32>>,
}

/// The LimitRanges that an object's containers are under, and whether they surely are.
fn ranges_for(model: &Model<'_>, object: u32) -> Vec<(u32, bool)> {
    if model.limit_ranges.is_empty() {
        return Vec::new();
    }
    let index = model.index.limit_ranges.get_or_init(|| {
        let all = model.limit_ranges.iter().map(|id| (*id, *id));
        let mut index = LimitRanges { near: link::Dwellers::new(model, all), ..LimitRanges::default() };
        for id in &model.limit_ranges {
            let entry = &model.objects[*id as usize];
            if let Some(namespace) = entry.object.namespace {
                index.by_namespace.entry(link::pair("", namespace)).or_default().push(*id);
            }
        }
        index
    });
    let entry = &model.objects[object as usize];
    let here = index.near.near(model, object);
    let there = entry
        .object
        .namespace
        .and_then(|namespace| index.by_namespace.get(&link::pair("", namespace)))
        .into_iter()
        .flatten();
    let mut found: Vec<(u32, bool)> = Vec::new();
    let there = there.copied().filter(|id| model.objects[*id as usize].unit != entry.unit);
    for id in here.into_iter().chain(there) {
        let same = link::same_namespace(model, object, id);
        let at_home = model.objects[id as usize].unit == entry.unit;
        if same != Match::No && !found.iter().any(|(known, _)| *known == id) {
            found.push((id, same == Match::Yes && at_home));
        }
    }
    found
}

/// A quantity by name: written or filled in, absent, or unknown.
pub fn get<'a>(quantities: &Fact<'a, Quantities<'a>>, name: &str) -> Fact<'a, f64> {
    match &quantities.state {
        State::Written(list) | State::Default(list) => {
            list.iter().find(|(known, _)| known == name).map_or_else(
                || Fact { spots: quantities.spots.clone(), ..Fact::nothing() },
                |(_, value)| value.clone(),
            )
        }
        State::Absent => Fact::nothing(),
        State::Unknown(reason) => Fact::unknown(reason.0.clone()),
    }
}

/// The containers of a workload that run as long as its pods do.
pub fn lasting<'m>(model: &'m Model<'_>, workload: u32) -> impl Iterator<Item = u32> + use<'m> {
    use crate::lower::kubernetes::pod::Role;
    let all = model.workloads[workload as usize].containers.clone();
    let roles: Vec<Role> = all.clone().map(|id| model.containers[id as usize].role).collect();
    all.zip(roles).filter(|(_, role)| *role != Role::Init).map(|(id, _)| id)
}

/// What all lasting containers of a pod ask for together, as far as it is written.
pub fn asked<'a>(model: &'a Model<'a>, workload: u32, resource: &str, limit: bool) -> f64 {
    let each = lasting(model, workload).filter_map(|id| {
        let quantities = if limit { limits(model, id) } else { requests(model, id) };
        get(&quantities, resource).into_value()
    });
    each.sum()
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
