//! Rate limits: where they stand, whether they are enforced, and how many count each for itself.

mod proxies;

pub use proxies::runs_ingress_nginx;

use super::attachment::{self, Counting};
use super::value::open_things;
use super::vocabulary::{KindDef, NUMBER, PERCENT, Ty, facts};
use super::{Kind, Model, Thing, hop};
use crate::fact::{Fact, Reason, Spot};
use crate::lower::gateway::{self, policy};
use crate::lower::ingress_nginx;
use crate::lower::istio;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::route as routes;
use crate::lower::rate_limit::{self, Dialect, Limit};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A rate limit of an object.
#[derive(Clone, Copy, Debug)]
pub struct Limiter<'a> {
    /// Its object; none in a configuration of its own.
    pub object: Option<u32>,
    /// What it says.
    pub limit: Limit<'a>,
}

/// The rate limit as a subject.
pub static LIMITER: KindDef = KindDef {
    kind: Kind::Limiter,
    name: "limiter",
    doc: "A rate limit: an annotation of an Ingress, a rule of a policy, a filter of Envoy.",
    tables: &[facts! {
        "name": Ty::Text, "the name of its object, or of the filter" => |m, t| name(m, t).into();
        "by": Ty::Text, "who holds to it: `ingress-nginx`, `Envoy`, `Envoy Gateway`" => |m, t| Fact::plain(match get(m, t).limit.dialect {
            Dialect::Nginx => "ingress-nginx",
            Dialect::Envoy | Dialect::Service => "Envoy",
            Dialect::EnvoyGateway => "Envoy Gateway",
        }).into();
        "enabled": PERCENT, "how much of the traffic it looks at" => |m, t| get(m, t).limit.enabled().into();
        "enforced": PERCENT, "how much of that is refused when it is over the limit" => |m, t| get(m, t).limit.enforced().into();
        "local": Ty::Bool, "whether each proxy counts for itself" => |m, t| Fact::plain(get(m, t).limit.is_local()).into();
        "proxies": Ty::List(&Ty::Thing(Kind::Workload)), "the workloads whose pods hold to it" => |m, t| {
            let (found, open) = proxies::of(m, get(m, t));
            open_things(found.into_iter().map(|id| Thing::new(Kind::Workload, id as usize)), open)
        };
        "entrances": Ty::List(&Ty::Thing(Kind::Service)), "the Services for traffic from outside that lead to these pods" => |m, t| {
            let (found, open) = proxies::entrances(m, get(m, t));
            open_things(found.into_iter().map(|id| Thing::new(Kind::Service, id as usize)), open)
        };
        "forwarded": Ty::Bool, "whether its proxy takes the address of a client from whoever passes the request on; absent where its settings are in no file" => |m, t| forwarded(m, t).into();
        "failsOpen": Ty::Bool, "whether requests pass while the service that counts them cannot be asked; absent where each proxy counts by itself" => |m, t| get(m, t).limit.fails_open().into();
        "service": Ty::Thing(Kind::Service), "the rate limit service that it asks" => |m, t| proxies::asked(m, get(m, t)).into();
        "rate": NUMBER, "how many requests a second it lets through; absent where it counts connections" => |m, t| get(m, t).limit.rate().into();
        "status": NUMBER, "the status code with which it refuses a request; absent where the settings of its proxy are in no file" => |m, t| status(m, t).into();
        "descriptors": NUMBER, "how many buckets a local limit of Envoy has for requests of one kind, beside that for all; absent where it has none" =>
            |m, t| get(m, t).limit.descriptors().into();
        "described": Ty::Bool, "whether anything in these files says of which kind a request is: `rate_limits` of the filter, of a route, of a virtual host" =>
            |m, t| described(m, get(m, t)).into();
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| { let node = get(m, t).limit.node; Fact::written(node, Spot::value(node)).into() };
    }],
    all: Some(|m| (0..m.limiters.len()).map(|id| Thing::new(Kind::Limiter, id)).collect()),
    owner: |m, t| {
        Some(
            get(m, t).object.map_or(Thing::new(Kind::Project, 0), |id| Thing::new(Kind::Object, id as usize)),
        )
    },
    node: |m, t| Some(node(m, t)),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the rate limits that an object sets.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let limits: Vec<Limit<'a>> = if routes::is_ingress(object) {
        rate_limit::of_ingress(object.node).collect()
    } else if policy::is_policy(object) {
        rate_limit::of_policy(object.node).collect()
    } else if rate_limit::may_hold_envoy(object) {
        rate_limit::of_envoy(object.node).collect()
    } else {
        return;
    };
    model.limiters.extend(limits.into_iter().map(|limit| Limiter { object: Some(id as u32), limit }));
}

/// The hop of an Ingress of ingress-nginx that sets the limit, with the settings of its controller where a file has them.
fn nginx<'a>(model: &'a Model<'a>, this: &Limiter<'a>) -> Option<ingress_nginx::Source<'a>> {
    let key = (this.object.is_none(), this.object);
    let hop = model.hops.binary_search_by_key(&key, |hop| (hop.object.is_none(), hop.object)).ok()?;
    let hop = &model.hops[hop];
    let source = hop::is_nginx(model, hop).then(|| hop::nginx(model, hop))?;
    source.config.is_some().then_some(source)
}

/// ingress-nginx docs, ConfigMaps: `use-forwarded-headers` and `use-proxy-protocol` are false unless they are set, and so is
/// `compute-full-forwarded-for`, which changes nothing without the first.
fn forwarded<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let Some(source) = nginx(model, get(model, thing)) else { return Fact::nothing() };
    let Some(config) = source.config else { return Fact::nothing() };
    for key in ["use-forwarded-headers", "use-proxy-protocol"] {
        let said = read::text(config, key);
        if said.is_unknown() || said.value() == Some(&"true") {
            return said.map(|_| true);
        }
    }
    Fact::default(false, Spot::missing(config, "use-forwarded-headers"))
}

/// ingress-nginx answers with one code for requests and another one for connections, and its ConfigMap says which.
fn status<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let this = get(model, thing);
    let Some(source) = nginx(model, this) else { return Fact::nothing() };
    let connections = this.limit.node.key().is_some_and(|key| key.ends_with("limit-connections"));
    if connections {
        source.in_config("limit-conn-status-code", &ingress_nginx::LIMIT_CONN_STATUS)
    } else {
        source.in_config("limit-req-status-code", &ingress_nginx::LIMIT_STATUS)
    }
}

/// Routes that Istio makes say nothing of the kind, unless another EnvoyFilter of the mesh adds it; those of a configuration of its
/// own stand in the same file, or are told by a server.
fn described<'a>(model: &'a Model<'a>, this: &Limiter<'a>) -> Fact<'a, bool> {
    let Some(object) = this.object else {
        let tree = this.limit.node.tree();
        return if tree.roots().any(rate_limit::describes) {
            Fact::plain(true)
        } else if tree.all().any(|node| node.is_under("rds")) {
            Fact::unknown("a server tells the routes while it runs")
        } else {
            Fact::plain(false)
        };
    };
    if !istio::is(&model.objects[object as usize].object, "EnvoyFilter") {
        return Fact::unknown("the routes are made from other objects");
    }
    let anywhere = *model.index.described.get_or_init(|| {
        let filters = model.objects.iter().filter(|entry| istio::is(&entry.object, "EnvoyFilter"));
        filters.map(|entry| entry.object.node).any(rate_limit::describes)
    });
    Fact::plain(anywhere).guessed()
}

/// The rate limits that hold for a hop.
pub fn of_hop<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<Limit<'a>> {
    ids_of_hop(model, thing).0.into_iter().map(|id| model.limiters[id as usize].limit).collect()
}

/// The same, by position: its own, and those of the policies that count for it; and why there may be more.
pub fn ids_of_hop(model: &Model<'_>, thing: Thing) -> (Vec<u32>, Option<Reason>) {
    let Ok(place) = hop::at(model, thing) else { return (Vec::new(), None) };
    let index = model.index.limiters_of.get_or_init(|| {
        let mut index: rustc_hash::FxHashMap<u32, Vec<u32>> = rustc_hash::FxHashMap::default();
        for (id, limiter) in model.limiters.iter().enumerate() {
            if let Some(object) = limiter.object {
                index.entry(object).or_default().push(id as u32);
            }
        }
        index
    });
    let Some(object) = place.object else {
        let file = place.node.tree().file;
        let here = |limiter: &Limiter<'_>| limiter.object.is_none() && limiter.limit.node.tree().file == file;
        let all = model.limiters.iter().enumerate().filter(|(_, limiter)| here(limiter));
        return (all.map(|(id, _)| id as u32).collect(), None);
    };
    let of = |object: u32| index.get(&object).into_iter().flatten().copied();
    let mut found: Vec<u32> = of(object).collect();
    if place.dialect != hop::Dialect::Gateway {
        return (found, None);
    }
    match attachment::counting(model, object, place.node) {
        Err(reason) => return (found, Some(Reason::new(reason))),
        Ok(Counting::Merged { own, under, merge }) => {
            let node = |id: u32| model.objects[id as usize].object.node;
            let lost = gateway::rate_limit::lost(node(own), node(under), merge);
            found.extend(of(own));
            found.extend(of(under).filter(|id| !lost.contains(&model.limiters[*id as usize].limit.node)));
        }
        Ok(alone) => found.extend(alone.ids().flat_map(of)),
    }
    (found, None)
}

/// Adds the limits of Envoy's own configurations.
pub fn add_envoy<'a>(model: &mut Model<'a>, resources: NodeRef<'a>) {
    let limits = rate_limit::of_envoy(resources).map(|limit| Limiter { object: None, limit });
    model.limiters.extend(limits);
}

fn name<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    let this = get(model, thing);
    match this.object {
        Some(id) => model.objects[id as usize].object.name_fact(),
        None => read::text(this.limit.node, "stat_prefix"),
    }
}

fn get<'m, 'a>(model: &'m Model<'a>, thing: Thing) -> &'m Limiter<'a> {
    &model.limiters[thing.id as usize]
}

fn node<'a>(model: &'a Model<'a>, thing: Thing) -> NodeRef<'a> {
    get(model, thing).limit.node
}
