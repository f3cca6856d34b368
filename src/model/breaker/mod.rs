//! Breakers: what takes endpoints out that fail, and limits what may be asked at once.
//!
//! A DestinationRule is a breaker for its host, and one more for each subset. A policy of Envoy Gateway is one for the Services
//! of its routes. How many endpoints there are decides whether any can ever be taken out.

mod endpoints;
mod host;
mod limits;
mod outlier;
mod policy;

pub use endpoints::{BREAKER_SIZE, assignment, cluster, outliers_for};
pub use host::entries;
pub use outlier::OUTLIER;
pub use policy::{PORT_POLICY, pool_for, subsets_of};

use endpoints::{hops, service_of, workloads};
use limits::limit;
use outlier::outlier;
use policy::{blocks, names, port_entries};

use super::value::{open_things, things};
use super::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::gateway::settings::Settings;
use crate::lower::istio::{self, destination_rule};
use crate::lower::kubernetes::object::Object;
use crate::lower::{envoy, gateway, pool, read};
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
        "hostsDeclared": PERCENT, "how many of the hosts that the DestinationRules of its unit name are in a file" => |m, t| host::share(m, t).into();
        "hostDeclared": Ty::Bool, "whether the host that its DestinationRule names is in a file" => |m, t| host::declared(m, t).into();
        "workloads": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads behind it: those of its Service whose pods have the labels of its subset" => |m, t| {
            let (found, open) = workloads(m, t);
            open_things(found.into_iter().map(|id| Thing::new(Kind::Workload, id as usize)), open)
        };
        "hops": Ty::List(&Ty::Thing(Kind::Hop)), "the hops that lead to its Service" => hops;
        "checks": Ty::Bool, "whether it asks the endpoints by itself whether they are well" => |m, t| checks(m, t).into();
        "blocks": Ty::List(&Ty::Text), "the settings that count for it, where nothing is said of a port: `outlierDetection`, `connectionPool` …" => |m, t| names(blocks(m, t));
        "ports": Ty::List(&Ty::Thing(Kind::PortPolicy)), "what it says of single ports" => |m, t| things((0..port_entries(m, t).count()).map(|at| Thing::part(Kind::PortPolicy, t.id, at)));
        "maxConnections": NUMBER, "how many connections there may be at once" => |m, t| limit(m, t, &pool::CONNECTIONS).into();
        "maxPending": NUMBER, "how many requests may wait for a connection" => |m, t| limit(m, t, &pool::PENDING).into();
        "maxRequests": NUMBER, "how many requests there may be at once" => |m, t| limit(m, t, &pool::REQUESTS).into();
        "maxRetries": NUMBER, "how many retries there may be at once" => |m, t| limit(m, t, &pool::RETRIES).into();
        "onlyHigh": Ty::Bool, "whether its limits are for requests of high priority alone" => |m, t| only_high(m, t).into();
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

/// Adds the breakers that an object makes.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let breaker = |dialect| Breaker { object: Some(id as u32), node: object.node, dialect };
    if istio::is(object, "DestinationRule") {
        let subsets = destination_rule::subsets(object.node).map(Some);
        let all = std::iter::once(None).chain(subsets).map(Dialect::Istio);
        model.breakers.extend(all.map(breaker));
    } else if gateway::policy::is_policy(object) {
        model.breakers.push(breaker(Dialect::EnvoyGateway));
    }
}

/// Adds the clusters of Envoy's own configurations.
pub fn add_envoy<'a>(model: &mut Model<'a>, resources: NodeRef<'a>) {
    let all =
        envoy::clusters(resources).map(|node| Breaker { object: None, node, dialect: Dialect::Envoy(node) });
    model.breakers.extend(all);
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

fn checks<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    Fact::plain(match get(model, thing).dialect {
        Dialect::Istio(_) => false,
        Dialect::EnvoyGateway => match settings(model, thing) {
            Ok(settings) => settings.block("healthCheck.active").is_some(),
            Err(reason) => return Fact::unknown(reason),
        },
        Dialect::Envoy(_) => whole(model, thing).get("health_checks").is_some_and(|checks| !checks.is_null()),
    })
}

fn only_high<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    match get(model, thing).dialect {
        Dialect::Envoy(cluster) => match envoy::only_high(cluster) {
            Some(limits) => Fact::written(true, Spot::key(limits)),
            None => Fact::plain(false),
        },
        Dialect::Istio(_) | Dialect::EnvoyGateway => Fact::plain(false),
    }
}

/// What the policy of a breaker sets where it attaches.
fn settings<'a>(model: &'a Model<'a>, thing: Thing) -> Result<Settings<'a>, &'static str> {
    get(model, thing).object.map_or(Err("it is no policy"), |object| endpoints::settings(model, object))
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
