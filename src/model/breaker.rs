//! Breakers: what takes endpoints out that fail, and limits what may be asked at once.
//!
//! A DestinationRule is a breaker for its host, and one more for each subset. A policy of Envoy Gateway is one for the Services
//! of its routes. How many endpoints there are decides whether any can ever be taken out.

use super::value::{Val, list, open_things, things};
use super::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use super::{Kind, Model, Thing, attachment, existence, hop, replicas, service};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::envoy;
use crate::lower::gateway::{policy, route as gateway_route};
use crate::lower::istio::{self, destination_rule, host};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::selector::{self, Match};
use crate::lower::outlier::Outlier;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A breaker.
#[derive(Clone, Copy, Debug)]
pub struct Breaker<'a> {
    /// Its object; none in a configuration of its own.
    pub object: Option<u32>,
    /// The whole object, or the cluster.
    pub node: NodeRef<'a>,
    /// What it is written in.
    pub dialect: Dialect<'a>,
}

/// What a breaker is written in.
#[derive(Clone, Copy, Debug)]
pub enum Dialect<'a> {
    /// A DestinationRule, for its host or for one subset of it.
    Istio(Option<NodeRef<'a>>),
    /// A BackendTrafficPolicy of Envoy Gateway.
    EnvoyGateway,
    /// A cluster of Envoy.
    Envoy(NodeRef<'a>),
}

/// The breaker as a subject.
pub static BREAKER: KindDef = KindDef {
    kind: Kind::Breaker,
    name: "breaker",
    doc: "What takes failing endpoints out and limits what may be asked at once: a DestinationRule for its host or one subset, a BackendTrafficPolicy of Envoy Gateway.",
    tables: &[facts! {
        "name": Ty::Text, "the name of its object, or of its cluster" => |m, t| name(m, t).into();
        "by": Ty::Text, "who carries it out: `Istio`, `Envoy Gateway`" => |m, t| Fact::plain(match get(m, t).dialect {
            Dialect::Istio(_) => "Istio",
            Dialect::EnvoyGateway => "Envoy Gateway",
            Dialect::Envoy(_) => "Envoy",
        }).into();
        "subset": Ty::Text, "the subset that it is for, if it is not for the whole host" => |m, t| subset(m, t).map_or_else(Fact::nothing, |subset| read::text(subset, "name")).into();
        "outlier": Ty::Thing(Kind::Outlier), "how it finds failing endpoints; absent where it does not look for any" => |m, t| outlier(m, t).map(|_| Thing::part(Kind::Outlier, t.id, 0)).into();
        "low": Ty::Thing(Kind::BreakerSize), "the breaker when its endpoints are fewest" => |_, t| Fact::plain(Thing::part(Kind::BreakerSize, t.id, 0)).into();
        "high": Ty::Thing(Kind::BreakerSize), "the breaker when its endpoints are most" => |_, t| Fact::plain(Thing::part(Kind::BreakerSize, t.id, 1)).into();
        "service": Ty::Thing(Kind::Service), "the Service that it is for" => |m, t| service_of(m, t).into();
        "hops": Ty::List(&Ty::Thing(Kind::Hop)), "the hops that lead to its Service" => hops;
        "checks": Ty::Bool, "whether it asks the endpoints by itself whether they are well" => |m, t| Fact::plain(checks(m, t)).into();
        "blocks": Ty::List(&Ty::Text), "the settings that count for it, where nothing is said of a port: `outlierDetection`, `connectionPool` …" => |m, t| names(blocks(m, t));
        "ports": Ty::List(&Ty::Thing(Kind::PortPolicy)), "what it says of single ports" => |m, t| things((0..port_entries(m, t).count()).map(|at| Thing::part(Kind::PortPolicy, t.id, at)));
        "maxConnections": NUMBER, "how many connections there may be at once" => |m, t| limit(m, t, ["tcp.maxConnections", "maxConnections", "max_connections"]).into();
        "maxPending": NUMBER, "how many requests may wait for a connection" => |m, t| limit(m, t, ["http.http1MaxPendingRequests", "maxPendingRequests", "max_pending_requests"]).into();
        "maxRequests": NUMBER, "how many requests there may be at once" => |m, t| limit(m, t, ["http.http2MaxRequests", "maxParallelRequests", "max_requests"]).into();
        "maxRetries": NUMBER, "how many retries there may be at once" => |m, t| limit(m, t, ["http.maxRetries", "maxParallelRetries", "max_retries"]).into();
        "manifest": Ty::Node, "the whole object, or the cluster" => |m, t| Fact::plain(whole(m, t)).into();
    }],
    all: Some(|m| (0..m.breakers.len()).map(|id| Thing::new(Kind::Breaker, id)).collect()),
    owner: |m, t| {
        Some(
            get(m, t).object.map_or(Thing::new(Kind::Project, 0), |id| Thing::new(Kind::Object, id as usize)),
        )
    },
    node: |m, t| Some(subset(m, t).unwrap_or(whole(m, t))),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// A breaker at one of its sizes.
pub static BREAKER_SIZE: KindDef = KindDef {
    kind: Kind::BreakerSize,
    name: "breakerSize",
    doc: "A breaker when its endpoints are fewest (`low`) or most (`high`).",
    tables: &[facts! {
        "endpoints": NUMBER, "how many endpoints it has" => |m, t| endpoints(m, t).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: |m, t| Some(whole(m, t)),
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// How a breaker finds failing endpoints.
pub static OUTLIER: KindDef = KindDef {
    kind: Kind::Outlier,
    name: "outlier",
    doc: "How a breaker finds failing endpoints and takes them out.",
    tables: &[facts! {
        "maxEjection": PERCENT, "how many of the endpoints may be out at once" => |m, t| with(m, t, Outlier::max_ejection);
        "alwaysOne": Ty::Bool, "whether one may be taken out, however few there are" => |m, t| with(m, t, Outlier::always_one);
        "consecutive5xx": NUMBER, "after how many 5xx answers in a row; 0 is never" => |m, t| with(m, t, Outlier::consecutive_5xx);
        "consecutiveGateway": NUMBER, "after how many 502, 503 and 504 in a row; 0 is never" => |m, t| with(m, t, Outlier::consecutive_gateway);
        "compares": Ty::Bool, "whether endpoints are also taken out because others answer better" => |m, t| with(m, t, Outlier::compares);
        "splits": Ty::Bool, "whether failures to connect are counted apart" => |m, t| with(m, t, Outlier::splits);
        "panic": PERCENT, "below which share of healthy endpoints all of them are asked again; 0 is never" => |m, t| with(m, t, Outlier::panic);
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| with(m, t, |outlier| Fact::written(outlier.node, Spot::key(outlier.node)));
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: |m, t| outlier(m, t).into_value().map(|outlier| outlier.node),
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// What a DestinationRule says of one port.
pub static PORT_POLICY: KindDef = KindDef {
    kind: Kind::PortPolicy,
    name: "portPolicy",
    doc: "What a DestinationRule says of one port, in place of all that it says of the host.",
    tables: &[facts! {
        "port": NUMBER, "the port" => |m, t| port_entry(m, t).map_or_else(Fact::nothing, |node| read::number(node, "port.number")).into();
        "blocks": Ty::List(&Ty::Text), "the settings that count for it" => |m, t| names(port_entry(m, t).map_or_else(Vec::new, |node| destination_rule::blocks(node).collect()));
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| port_entry(m, t).map_or_else(Fact::nothing, Fact::plain).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Breaker, t.id as usize)),
    node: port_entry,
    owners: &[Kind::Breaker, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the breakers that an object makes.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let breaker = |dialect| Breaker { object: Some(id as u32), node: object.node, dialect };
    if istio::is(object, "DestinationRule") {
        let subsets = destination_rule::subsets(object.node).map(Some);
        let all = std::iter::once(None).chain(subsets).map(Dialect::Istio);
        model.breakers.extend(all.map(breaker));
    } else if policy::is_policy(object) {
        model.breakers.push(breaker(Dialect::EnvoyGateway));
    }
}

fn get<'m, 'a>(model: &'m Model<'a>, thing: Thing) -> &'m Breaker<'a> {
    &model.breakers[thing.id as usize]
}

fn whole<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    get(model, thing).node
}

fn name<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    match get(model, thing).object {
        Some(id) => model.objects[id as usize].object.name_fact(),
        None => read::text(whole(model, thing), "name"),
    }
}

fn subset<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    match get(model, thing).dialect {
        Dialect::Istio(subset) => subset,
        Dialect::EnvoyGateway | Dialect::Envoy(_) => None,
    }
}

fn checks(model: &Model<'_>, thing: Thing) -> bool {
    let path = match get(model, thing).dialect {
        Dialect::Istio(_) => return false,
        Dialect::EnvoyGateway => "spec.healthCheck.active",
        Dialect::Envoy(_) => "health_checks",
    };
    whole(model, thing).at(path).is_some_and(|checks| !checks.is_null())
}

fn names<'a>(blocks: Vec<(&'static str, NodeRef<'a>)>) -> Val<'a> {
    list(blocks.into_iter().map(|(name, node)| Fact::written(name, Spot::key(node))))
}

fn blocks<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<(&'static str, NodeRef<'a>)> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => destination_rule::BLOCKS
            .iter()
            .filter_map(|name| destination_rule::block(node, subset, name).map(|block| (*name, block)))
            .collect(),
        Dialect::EnvoyGateway => policy::blocks(node).collect(),
        Dialect::Envoy(_) => Vec::new(),
    }
}

/// What the breaker's own policy says of ports, not that of the host where it is for a subset.
fn port_entries<'a>(model: &'a Model<'a>, thing: Thing) -> impl Iterator<Item = NodeRef<'a>> {
    let own = match get(model, thing).dialect {
        Dialect::Istio(Some(subset)) => subset.get("trafficPolicy"),
        Dialect::Istio(None) => whole(model, thing).at("spec.trafficPolicy"),
        Dialect::EnvoyGateway | Dialect::Envoy(_) => None,
    };
    own.into_iter().flat_map(destination_rule::ports)
}

fn port_entry<'a>(model: &'a Model<'a>, thing: Thing) -> Option<NodeRef<'a>> {
    port_entries(model, thing).nth(thing.part as usize)
}

/// How a breaker finds failing endpoints.
fn outlier<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Outlier<'a>> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => match destination_rule::block(node, subset, "outlierDetection") {
            Some(block) => hidden_or(block, Outlier::istio(block)),
            None => Fact::absent(Spot::value(subset.unwrap_or(node))),
        },
        Dialect::EnvoyGateway => match node.at("spec.healthCheck.passive").filter(|block| !block.is_null()) {
            Some(block) => hidden_or(block, Outlier::envoy_gateway(block)),
            None => Fact::absent(Spot::value(node)),
        },
        Dialect::Envoy(cluster) => match cluster.get("outlier_detection").filter(|block| !block.is_null()) {
            Some(block) => hidden_or(block, Outlier::envoy(block)),
            None => Fact::absent(Spot::value(cluster)),
        },
    }
}

fn hidden_or<'a>(block: NodeRef<'a>, outlier: Outlier<'a>) -> Fact<'a, Outlier<'a>> {
    if block.is_unknown() {
        Fact::unknown_at("it is only known at run time", Spot::value(block))
    } else {
        Fact::written(outlier, Spot::key(block))
    }
}

fn with<'a, T: super::value::IntoDatum<'a>>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl FnOnce(&Outlier<'a>) -> Fact<'a, T>,
) -> Val<'a> {
    let outlier = outlier(model, thing);
    match outlier.state {
        State::Written(found) | State::Default(found) => ask(&found).into(),
        State::Absent => Fact { state: State::Absent, spots: outlier.spots, confidence: outlier.confidence },
        State::Unknown(reason) => super::value::unknown(reason, outlier.spots),
    }
}

/// A limit, where somebody wrote it.
fn limit<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    [istio, gateway, cluster]: [&'static str; 3],
) -> Fact<'a, f64> {
    let node = whole(model, thing);
    match get(model, thing).dialect {
        Dialect::Istio(subset) => match destination_rule::block(node, subset, "connectionPool") {
            Some(block) => read::number(block, istio),
            None => Fact::absent(Spot::value(subset.unwrap_or(node))),
        },
        Dialect::EnvoyGateway => match node.at("spec.circuitBreaker") {
            Some(block) => read::number(block, gateway),
            None => Fact::absent(Spot::value(node)),
        },
        Dialect::Envoy(of) => match envoy::thresholds(of) {
            Some(block) => read::number(block, cluster),
            None => Fact::absent(Spot::value(of)),
        },
    }
}

/// The Service that a breaker is for.
fn service_of<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Thing> {
    let this = get(model, thing);
    let node = whole(model, thing);
    match this.dialect {
        Dialect::Istio(_) => {
            let Some(name) = destination_rule::host(node) else { return Fact::unknown("it names no host") };
            if hop::is_hidden(name) {
                return Fact::unknown_at("its host is only known at run time", Spot::value(name));
            }
            match host::service(name.text()) {
                Some(named) => match this.object {
                    Some(object) => hop::service_named(model, object, named, name),
                    None => Fact::unknown("it is for no Service"),
                },
                None => Fact::unknown_at("its host names no Service of Kubernetes", Spot::value(name)),
            }
        }
        Dialect::EnvoyGateway => match this.object {
            Some(object) => of_policy(model, object),
            None => Fact::unknown("it is for no Service"),
        },
        Dialect::Envoy(_) => Fact::unknown("its endpoints are no Service of Kubernetes"),
    }
}

/// The one Service of all routes that a policy attaches to. Each rule has endpoints of its own.
fn of_policy<'a>(model: &'a Model<'a>, object: u32) -> Fact<'a, Thing> {
    const MANY: &str = "it is for the Services of several rules";
    let node = model.objects[object as usize].object.node;
    let unit = model.objects[object as usize].unit;
    if policy::selects(node) {
        return Fact::unknown(MANY);
    }
    let mut found: Option<u32> = None;
    for target in policy::targets(node) {
        for id in meant(model, unit, &target).flat_map(|route| hop::of_object(model, route)) {
            let (services, open) = hop::services(model, Thing::new(Kind::Hop, id));
            let [to] = services.as_slice() else { return Fact::unknown(MANY) };
            if open.is_some() || found.is_some_and(|before| before != to.service) {
                return Fact::unknown(MANY);
            }
            found = Some(to.service);
        }
    }
    found.map_or_else(
        || Fact::unknown("what it attaches to leads to no Service that is known"),
        |service| Fact::plain(Thing::new(Kind::Service, service as usize)),
    )
}

/// The hops that lead to the Service of a breaker.
fn hops<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    if let Dialect::Envoy(cluster) = get(model, thing).dialect {
        let leads = |hop: &hop::Hop<'_>| {
            hop.dialect == hop::Dialect::Envoy
                && hop.node.tree().file == cluster.tree().file
                && envoy::cluster_of(hop.node).is_some_and(|own| own.id() == cluster.id())
        };
        let all = model.hops.iter().enumerate().filter(|(_, hop)| leads(hop));
        return things(all.map(|(id, _)| Thing::new(Kind::Hop, id)));
    }
    let service = service_of(model, thing);
    let Some(service) = service.value() else {
        return super::value::unknown(Reason::new("its Service is in no file"), service.spots);
    };
    let index = model.index.hops_to.get_or_init(|| {
        let mut index: rustc_hash::FxHashMap<u32, Vec<u32>> = rustc_hash::FxHashMap::default();
        for id in 0..model.hops.len() {
            for to in hop::services(model, Thing::new(Kind::Hop, id)).0 {
                let all = index.entry(to.service).or_default();
                if all.last() != Some(&(id as u32)) {
                    all.push(id as u32);
                }
            }
        }
        index
    });
    let all = index.get(&service.id).into_iter().flatten();
    things(all.map(|id| Thing::new(Kind::Hop, *id as usize)))
}

/// How many endpoints there are: the replicas of all workloads behind the Service, of the subset if it is for one.
fn endpoints<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let of = Thing::new(Kind::Breaker, size.id as usize);
    if let Dialect::Envoy(cluster) = get(model, of).dialect {
        return envoy::count(cluster);
    }
    let service = service_of(model, of);
    let Some(service) = service.value() else {
        return Fact::unknown("its Service is in no file");
    };
    let selected = service::workloads(model, service.id);
    if let Some(reason) = &selected.open {
        return Fact::unknown(reason.0.clone());
    }
    let labels = subset(model, of).and_then(|subset| subset.get("labels"));
    let mut sum: Option<Fact<'a, f64>> = None;
    for id in &selected.ids {
        let own = model.workloads[*id as usize].labels();
        match labels.map_or(Match::Yes, |labels| selector::selects_map(labels, own)) {
            Match::No => continue,
            Match::Perhaps => return Fact::unknown("labels are only known at run time"),
            Match::Yes => {}
        }
        let replicas = replicas::of(model, Thing::part(Kind::Size, *id, size.part as usize));
        sum = Some(match sum {
            Some(before) => before.with(replicas, |a, b| a + b),
            None => replicas,
        });
    }
    sum.unwrap_or_else(|| Fact::unknown("no workload that is known is behind it"))
}

/// The subsets that the DestinationRules of a Service have; nothing where there is none, or a name that is not known.
pub fn subsets_of<'a>(model: &'a Model<'a>, service: u32) -> Option<Vec<&'a str>> {
    let mut found = None;
    for id in for_service(model, service) {
        let thing = Thing::new(Kind::Breaker, id as usize);
        if !matches!(get(model, thing).dialect, Dialect::Istio(_)) {
            continue;
        }
        // An overlay may add a subset.
        if get(model, thing).object.is_some_and(|object| model.objects[object as usize].overlaid) {
            return None;
        }
        let all: &mut Vec<&'a str> = found.get_or_insert_default();
        for subset in destination_rule::subsets(whole(model, thing)) {
            let name = subset.get("name").filter(|name| !hop::is_hidden(*name))?;
            all.push(name.text());
        }
    }
    found
}

/// What a DestinationRule says of the connections to a Service, where one thing holds for all its ports and subsets.
pub fn pool_for<'a>(model: &'a Model<'a>, service: u32) -> Result<Option<NodeRef<'a>>, &'static str> {
    let mut found = None;
    for id in for_service(model, service) {
        let thing = Thing::new(Kind::Breaker, id as usize);
        if !matches!(get(model, thing).dialect, Dialect::Istio(_)) {
            continue;
        }
        let node = whole(model, thing);
        if found.is_some()
            || port_entries(model, thing).next().is_some()
            || destination_rule::subsets(node).next().is_some()
        {
            return Err("a DestinationRule may say otherwise for a port or a subset");
        }
        found = Some(destination_rule::block(node, None, "connectionPool"));
    }
    Ok(found.flatten())
}

/// How the breakers for a whole Service find failing endpoints, and how many there are at most.
pub fn outliers_for<'a>(model: &'a Model<'a>, service: u32) -> Vec<(Fact<'a, f64>, Outlier<'a>)> {
    let all = for_service(model, service);
    all.filter_map(|id| {
        let found = outlier(model, Thing::new(Kind::Breaker, id as usize)).into_value()?;
        Some((endpoints(model, Thing::part(Kind::BreakerSize, id, 1)), found))
    })
    .collect()
}

/// The breakers for a whole Service.
fn for_service<'m>(model: &'m Model<'_>, service: u32) -> impl Iterator<Item = u32> + use<'m> {
    let index = model.index.breakers_of.get_or_init(|| {
        let mut index: rustc_hash::FxHashMap<u32, Vec<u32>> = rustc_hash::FxHashMap::default();
        for id in 0..model.breakers.len() {
            let thing = Thing::new(Kind::Breaker, id);
            if let Some(service) = service_of(model, thing).value().filter(|_| subset(model, thing).is_none())
            {
                index.entry(service.id).or_default().push(id as u32);
            }
        }
        index
    });
    index.get(&service).into_iter().flatten().copied()
}

/// Adds the clusters of Envoy's own configurations.
pub fn add_envoy<'a>(model: &mut Model<'a>, resources: NodeRef<'a>) {
    let all =
        envoy::clusters(resources).map(|node| Breaker { object: None, node, dialect: Dialect::Envoy(node) });
    model.breakers.extend(all);
}

/// The routes of a unit that a policy attaches to.
fn meant<'m>(
    model: &'m Model<'_>,
    unit: u32,
    target: &policy::Target<'_>,
) -> impl Iterator<Item = u32> + use<'m> {
    existence::bearers(model, target.kind.text(), target.name.text()).filter(move |id| {
        let entry = &model.objects[*id as usize];
        entry.unit == unit && gateway_route::is_route(&entry.object)
    })
}

/// The policies of a Gateway, for a policy of one of its routes.
pub fn above<'a>(model: &'a Model<'a>, object: u32) -> (Vec<u32>, Option<Reason>) {
    let node = model.objects[object as usize].object.node;
    let mut found = Vec::new();
    let mut open = policy::selects(node).then(|| Reason::new("it attaches by labels"));
    for target in policy::targets(node) {
        for id in meant(model, model.objects[object as usize].unit, &target) {
            for gateway in attachment::gateways(model, id) {
                match gateway {
                    Some(gateway) => found.extend(attachment::attached(model, gateway, None)),
                    None => {
                        open.get_or_insert_with(|| Reason::new("its Gateway is in no file"));
                    }
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    (found, open)
}

/// Those policies as things.
pub fn above_things<'a>(model: &'a Model<'a>, object: u32) -> Val<'a> {
    let (found, open) = above(model, object);
    open_things(found.into_iter().map(|id| Thing::new(Kind::TrafficPolicy, id as usize)), open)
}
