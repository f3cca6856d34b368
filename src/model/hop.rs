//! Hops: the places that a request passes on its way, each with how long it waits and how often it asks again.
//!
//! A hop is an Ingress, a rule of a route of the Gateway API, an HTTP route of a VirtualService; or the server in a container,
//! which answers. Which hop follows which is joined in `path`.

use super::existence::{self, Existence, Wanted};
use super::retry;
use super::value::{Val, list, open_things};
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing, attachment, route, service};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::call::Call;
use crate::lower::compose;
use crate::lower::envoy;
use crate::lower::gateway::{self, Implementation};
use crate::lower::ingress_nginx;
use crate::lower::istio::{self, virtual_service};
use crate::lower::kubernetes::ingress::{self, Controller};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::start::Start;
use crate::lower::kubernetes::{route as routes, server};
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A place that passes requests on.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// Its object; none in a configuration of its own.
    pub object: Option<u32>,
    /// The part of it that says where requests go.
    pub node: NodeRef<'a>,
    /// What it is written in.
    pub dialect: Dialect,
}

/// What a hop is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// An Ingress, with the annotations of its controller.
    Ingress,
    /// The Gateway API.
    Gateway,
    /// Istio's own.
    Istio,
    /// Envoy's own.
    Envoy,
}

/// The hop as a subject.
pub static HOP: KindDef = KindDef {
    kind: Kind::Hop,
    name: "hop",
    doc: "A place that a request passes: an Ingress, a rule of an HTTPRoute or GRPCRoute, an HTTP route of a VirtualService; behind them the server in a container.",
    tables: &[facts! {
        "name": Ty::Text, "the name of the object that it is a part of" => |m, t| name(m, t).into();
        "by": Ty::Text, "who passes the request on or answers it: `ingress-nginx`, `Istio`, `Envoy Gateway`, `gunicorn` …" => |m, t| by(m, t).into();
        "answers": Ty::Bool, "whether it is a server that answers, and no proxy" => |m, t| Fact::plain(at(m, t).is_err()).into();
        "timeout": SECONDS, "how long it gives a request, with all attempts" => |m, t| timeout(m, t).into();
        "waits": SECONDS, "how long it waits for the answer to one attempt" => |m, t| waits(m, t).into();
        "worst": SECONDS, "how long it may be busy with one request: attempts, pauses between them, at most its timeout" => |m, t| worst(m, t).into();
        "connect": SECONDS, "how long it waits for a connection" => |m, t| call(m, t).map_or_else(Fact::nothing, |call| call.connect).into();
        "idle": SECONDS, "how long it keeps an idle connection to what lies behind it, to use it again" => |m, t| call(m, t).map_or_else(Fact::nothing, |call| call.idle).into();
        "keepAlive": SECONDS, "how long a server keeps a connection on which nothing is asked" => |m, t| keep_alive(m, t).into();
        "attempts": NUMBER, "how often it may send one request, the first time counted" => |m, t| attempts(m, t).into();
        "retry": Ty::Thing(Kind::Retry), "how it asks again; absent where it does not" => |m, t| retry::of(m, t).map(|_| Thing::part(Kind::Retry, t.id, 0)).into();
        "methods": Ty::List(&Ty::Text), "the methods that it takes; none where it takes all" => methods;
        "hosts": Ty::List(&Ty::Text), "the hosts that it takes requests for; none where it takes all" => hosts;
        "streams": Ty::Bool, "whether it carries streams: gRPC, or a protocol that its object names" => |m, t| streams(m, t).into();
        "limiters": Ty::List(&Ty::Thing(Kind::Limiter)), "the rate limits that hold for it: its own, and those of the policy that counts for it" => |m, t|
            super::value::things(super::limiter::ids_of_hop(m, t).into_iter().map(|id| Thing::new(Kind::Limiter, id as usize)));
        "edge": Ty::Bool, "whether requests from outside come in there, as far as it says: an Ingress, a route of a gateway" => |m, t| edge(m, t).into();
        "services": Ty::List(&Ty::Thing(Kind::Service)), "the Services that it leads to" => |m, t| {
            let (found, open) = services(m, t);
            let mut ids: Vec<u32> = found.into_iter().map(|to| to.service).collect();
            ids.dedup();
            open_things(ids.into_iter().map(|id| Thing::new(Kind::Service, id as usize)), open)
        };
        "unknownSubsets": Ty::List(&Ty::Text), "subsets that it sends requests to, and that the DestinationRules of the host do not have" => unknown_subsets;
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| node(m, t).map_or_else(Fact::nothing, Fact::plain).into();
    }],
    all: Some(|m| (0..m.hops.len()).map(|id| Thing::new(Kind::Hop, id)).collect()),
    owner: |m, t| match at(m, t) {
        Ok(hop) => {
            Some(hop.object.map_or(Thing::new(Kind::Project, 0), |id| Thing::new(Kind::Object, id as usize)))
        }
        Err(Server::Container(id)) => Some(Thing::new(Kind::Container, id as usize)),
        Err(Server::Compose(_)) => Some(Thing::new(Kind::Project, 0)),
    },
    node,
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Adds the hops that an object makes.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let mut push = |node, dialect| model.hops.push(Hop { object: Some(id as u32), node, dialect });
    if routes::is_ingress(object) {
        if !ingress_nginx::is_canary(object) {
            push(object.node, Dialect::Ingress);
        }
    } else if gateway::route::is_route(object) {
        gateway::route::rules(object.node).for_each(|rule| push(rule, Dialect::Gateway));
    } else if istio::is(object, "VirtualService") {
        virtual_service::routes(object.node).for_each(|route| push(route, Dialect::Istio));
    }
}

/// Adds the hops of Envoy's own configurations.
pub fn add_envoy<'a>(model: &mut Model<'a>, resources: NodeRef<'a>) {
    let hops = envoy::routes(resources).map(|node| Hop { object: None, node, dialect: Dialect::Envoy });
    model.hops.extend(hops);
}

/// The hops of an object, by position. Those of objects come first, in the order of these.
pub fn of_object<'m>(model: &'m Model<'_>, object: u32) -> impl Iterator<Item = usize> + use<'m> {
    let first = model.hops.partition_point(|hop| hop.object.is_some_and(|own| own < object));
    (first..model.hops.len()).take_while(move |id| model.hops[*id].object == Some(object))
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The server in a container.
    Container(u32),
    /// A service of a Compose file.
    Compose(u32),
}

impl Server {
    /// How it is started.
    pub fn start<'a>(self, model: &Model<'a>) -> Start<'a> {
        match self {
            Self::Container(id) => Start::of(model.containers[id as usize].node),
            Self::Compose(id) => compose::start(model.composed[id as usize]),
        }
    }
}

/// The hop that a service of a Compose file is.
pub fn of_compose(model: &Model<'_>, service: u32) -> Thing {
    Thing::new(Kind::Hop, model.hops.len() + model.containers.len() + service as usize)
}

/// The hop that the server in a container is.
pub fn of_container(model: &Model<'_>, container: u32) -> Thing {
    Thing::new(Kind::Hop, model.hops.len() + container as usize)
}

/// A place that passes requests on, or else the container that answers.
pub fn at<'m, 'a>(model: &'m Model<'a>, hop: Thing) -> Result<&'m Hop<'a>, Server> {
    let (proxies, containers) = (model.hops.len() as u32, model.containers.len() as u32);
    model.hops.get(hop.id as usize).ok_or_else(|| match hop.id - proxies {
        id if id < containers => Server::Container(id),
        id => Server::Compose(id - containers),
    })
}

/// The part of a file that a hop is.
pub fn node<'a>(model: &'a Model<'a>, hop: Thing) -> Option<NodeRef<'a>> {
    match at(model, hop) {
        Ok(hop) => Some(hop.node),
        Err(Server::Container(id)) => model.containers.get(id as usize).map(|container| container.node),
        Err(Server::Compose(id)) => model.composed.get(id as usize).copied(),
    }
}

fn object<'a>(model: &'a Model<'a>, hop: &Hop<'a>) -> Option<&'a Object<'a>> {
    hop.object.map(|id| &model.objects[id as usize].object)
}

/// The name of the object that a hop is a part of.
pub fn name<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    match at(model, thing) {
        Ok(hop) => match object(model, hop) {
            Some(object) => object.name_fact(),
            None => envoy::virtual_host(hop.node).map_or_else(Fact::nothing, |host| read::text(host, "name")),
        },
        Err(Server::Compose(id)) => match model.composed[id as usize].key() {
            Some(name) => Fact::plain(name),
            None => Fact::nothing(),
        },
        Err(Server::Container(container)) => {
            let workload = model.containers[container as usize].workload;
            let object = model.workloads[workload as usize].object;
            model.objects[object as usize].object.name_fact()
        }
    }
}

/// Who serves an Ingress.
fn controller<'a>(model: &'a Model<'a>, hop: &Hop<'a>) -> Fact<'a, Controller> {
    let Some(object) = object(model, hop) else { return Fact::plain(Controller::Other) };
    let class = routes::class(object).and_then(|name| {
        let found = existence::bearers(model, "IngressClass", name.text()).next()?;
        Some(model.objects[found as usize].object.node)
    });
    ingress::controller(object, class)
}

/// Who carries out a route of the Gateway API.
pub fn implementation(model: &Model<'_>, hop: &Hop<'_>) -> Implementation {
    hop.object.map_or(Implementation::Other, |object| attachment::implementation(model, object))
}

/// Who passes the request on.
pub fn by<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static str> {
    match at(model, thing) {
        Ok(hop) => match hop.dialect {
            Dialect::Istio => Fact::plain("Istio"),
            Dialect::Envoy => Fact::plain("Envoy"),
            Dialect::Gateway => match implementation(model, hop) {
                Implementation::EnvoyGateway => Fact::plain("Envoy Gateway"),
                Implementation::Istio => Fact::plain("Istio"),
                Implementation::Other => Fact::unknown("who carries out the route is not known"),
            },
            Dialect::Ingress => {
                controller(model, hop).try_map("its controller is none that is known here", |found| {
                    match found {
                        Controller::Nginx => Some("ingress-nginx"),
                        Controller::Alb => Some("the load balancer"),
                        Controller::Other => None,
                    }
                })
            }
        },
        Err(server) => match server::name(&server.start(model)) {
            Some(name) => Fact::plain(name),
            None => Fact::nothing(),
        },
    }
}

/// What a proxy says of a call; nothing for a server that answers.
pub fn call<'a>(model: &'a Model<'a>, thing: Thing) -> Option<Call<'a>> {
    let hop = at(model, thing).ok()?;
    Some(match hop.dialect {
        Dialect::Istio => with_pool(model, thing, virtual_service::call(hop.node)),
        Dialect::Envoy => envoy::call(hop.node),
        Dialect::Gateway => {
            let policy = hop.object.map_or(Ok(None), |object| attachment::effective(model, object, hop.node));
            match policy {
                Ok(policy) => gateway::route::call(hop.node, implementation(model, hop), policy),
                Err(reason) => Call::unknown(reason),
            }
        }
        Dialect::Ingress => match controller(model, hop).into_value() {
            Some(Controller::Nginx) => nginx(model, hop).call(),
            Some(Controller::Alb) => crate::lower::alb::call(hop.node),
            _ => Call::unknown("the controller of the Ingress is none that is known here"),
        },
    })
}

/// Where no DestinationRule of the host is in any file, there may be one elsewhere that has the subset.
fn unknown_subsets<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let Ok(&Hop { object: Some(object), node, dialect: Dialect::Istio }) = at(model, thing) else {
        return list(std::iter::empty::<Fact<'a, &'a str>>());
    };
    let missing = virtual_service::destinations(node).filter_map(|destination| {
        let subset = destination.subset.filter(|subset| !is_hidden(*subset))?;
        let service = destination_of(model, object, &destination).into_value()?;
        let known = super::breaker::subsets_of(model, service.id)?;
        (!known.contains(&subset.text())).then(|| Fact::written(subset.text(), Spot::value(subset)))
    });
    list(missing)
}

/// What the DestinationRules of its Services say of connections; several of them, or one with ports or subsets, may differ.
fn with_pool<'a>(model: &'a Model<'a>, thing: Thing, call: Call<'a>) -> Call<'a> {
    let (services, open) = services(model, thing);
    let unknown = |reason: &'static str| Fact::unknown(reason);
    let [to] = services.as_slice() else {
        return Call {
            connect: unknown("it leads to several Services"),
            idle: unknown("it leads to several Services"),
            ..call
        };
    };
    if open.is_some() {
        return Call {
            connect: unknown("it may lead elsewhere"),
            idle: unknown("it may lead elsewhere"),
            ..call
        };
    }
    match super::breaker::pool_for(model, to.service) {
        Ok(None) => call,
        Ok(Some(pool)) => {
            let connect = crate::lower::call::go(pool, "tcp.connectTimeout", true);
            let idle = crate::lower::call::go(pool, "http.idleTimeout", true);
            Call {
                connect: connect.or_default(&istio::defaults::CONNECT),
                idle: idle.or_default(&istio::defaults::IDLE),
                ..call
            }
        }
        Err(reason) => Call { connect: unknown(reason), idle: unknown(reason), ..call },
    }
}

/// The Ingress of a hop that ingress-nginx serves, with the ConfigMap of the controller.
pub fn nginx<'a>(model: &'a Model<'a>, hop: &Hop<'a>) -> ingress_nginx::Source<'a> {
    let all = model.index.nginx_configs.get_or_init(|| {
        let of = |id: &u32| ingress_nginx::is_config(&model.objects[*id as usize].object);
        (0..model.objects.len() as u32).filter(of).collect()
    });
    let unit = hop.object.map(|object| model.objects[object as usize].unit);
    let of_unit = |id: &u32| Some(model.objects[*id as usize].unit) == unit;
    let own: Vec<u32> = all.iter().copied().filter(of_unit).collect();
    let config = match (own.as_slice(), all.as_slice()) {
        ([one], _) | ([], [one]) => model.objects[*one as usize].object.node.get("data"),
        _ => None,
    };
    ingress_nginx::Source { ingress: hop.node, config }
}

/// Whether ingress-nginx serves a hop.
pub fn is_nginx(model: &Model<'_>, hop: &Hop<'_>) -> bool {
    hop.dialect == Dialect::Ingress && controller(model, hop).value() == Some(&Controller::Nginx)
}

/// Whether the load balancer of an Ingress is AWS' own.
pub fn is_alb(model: &Model<'_>, hop: &Hop<'_>) -> bool {
    hop.dialect == Dialect::Ingress && controller(model, hop).value() == Some(&Controller::Alb)
}

/// How long a hop gives a request.
pub fn timeout<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(_) => call(model, thing).map_or_else(Fact::nothing, |call| call.timeout),
        Err(server) => server::limit(&server.start(model)),
    }
}

fn keep_alive<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(_) => Fact::nothing(),
        Err(server) => server::keep_alive(&server.start(model)),
    }
}

/// The smaller of two times, with its own places.
fn sooner<'a>(a: Fact<'a, f64>, b: Fact<'a, f64>) -> Fact<'a, f64> {
    match (a.value(), b.value()) {
        (Some(x), Some(y)) => {
            if y < x {
                b
            } else {
                a
            }
        }
        _ if a.is_absent() => b,
        _ if b.is_absent() || a.is_unknown() => a,
        _ => b,
    }
}

/// How long a hop waits for the answer to one attempt.
pub fn waits<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let timeout = timeout(model, thing);
    match retry::of(model, thing).state {
        State::Written(retry) | State::Default(retry) => sooner(timeout, retry.per_try),
        State::Absent => timeout,
        State::Unknown(reason) => Fact { state: State::Unknown(reason), ..timeout },
    }
}

/// How long a hop may be busy with one request.
pub fn worst<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let timeout = timeout(model, thing);
    let retry = match retry::of(model, thing).state {
        State::Written(retry) | State::Default(retry) => retry,
        State::Absent => return timeout,
        State::Unknown(reason) => return Fact { state: State::Unknown(reason), ..timeout },
    };
    match retry.after_timeout() {
        None => {
            Fact { state: State::Unknown(Reason::new("after what it asks again is not known")), ..timeout }
        }
        Some(false) => sooner(timeout, retry.per_try),
        Some(true) => {
            let all = retry
                .per_try
                .with(retry.count, |one, again| (one, again))
                .with(retry.pause, |(one, again), pause| one * (again + 1.0) + pause * again);
            sooner(timeout, all)
        }
    }
}

/// How often a hop may send one request.
pub fn attempts<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let retry = retry::of(model, thing);
    match retry.state {
        State::Written(retry) | State::Default(retry) => retry.count.map(|again| again + 1.0),
        State::Absent => {
            Fact { state: State::Default(1.0), spots: retry.spots, confidence: retry.confidence }
        }
        State::Unknown(reason) => {
            Fact { state: State::Unknown(reason), spots: retry.spots, confidence: retry.confidence }
        }
    }
}

fn methods<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let found = match at(model, thing) {
        Ok(hop) if hop.dialect == Dialect::Istio => virtual_service::methods(hop.node),
        Ok(hop) if hop.dialect == Dialect::Gateway => gateway::route::methods(hop.node),
        Ok(hop) if hop.dialect == Dialect::Envoy => envoy::methods(hop.node),
        _ => Vec::new(),
    };
    list(found.into_iter().map(|node| Fact::written(node, Spot::value(node)).text()))
}

/// The hosts that a hop takes requests for.
pub fn host_nodes<'a>(model: &'a Model<'a>, hop: &Hop<'a>) -> Vec<NodeRef<'a>> {
    let Some(whole) = object(model, hop).map(|object| object.node) else {
        let domains = envoy::virtual_host(hop.node).and_then(|host| host.get("domains"));
        let named = domains.into_iter().flat_map(NodeRef::items).filter(|domain| domain.text() != "*");
        return named.collect();
    };
    match hop.dialect {
        Dialect::Envoy => Vec::new(),
        Dialect::Istio => whole.at("spec.hosts").into_iter().flat_map(NodeRef::items).collect(),
        Dialect::Gateway => whole.at("spec.hostnames").into_iter().flat_map(NodeRef::items).collect(),
        Dialect::Ingress => {
            let rules: Vec<_> = whole.at("spec.rules").into_iter().flat_map(NodeRef::items).collect();
            if rules.iter().any(|rule| rule.get("host").is_none()) {
                return Vec::new();
            }
            rules.into_iter().filter_map(|rule| rule.get("host")).collect()
        }
    }
}

fn hosts<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let found = at(model, thing).map_or_else(|_| Vec::new(), |hop| host_nodes(model, hop));
    list(found.into_iter().map(|node| Fact::written(node, Spot::value(node)).text()))
}

fn streams<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let Ok(hop) = at(model, thing) else { return Fact::plain(false) };
    let Some(object) = object(model, hop) else {
        let grpc = ["match.grpc", "route.upgrade_configs", "route.max_stream_duration"];
        return Fact::plain(grpc.iter().any(|path| hop.node.at(path).is_some()));
    };
    let grpc = match hop.dialect {
        Dialect::Gateway => object.kind == "GRPCRoute",
        Dialect::Ingress => [
            "nginx.ingress.kubernetes.io/backend-protocol",
            "alb.ingress.kubernetes.io/backend-protocol-version",
        ]
        .iter()
        .filter_map(|key| object.annotation(key))
        .any(|protocol| protocol.text().to_ascii_uppercase().starts_with("GRPC")),
        Dialect::Istio | Dialect::Envoy => false,
    };
    Fact::plain(grpc || services(model, thing).0.iter().any(|to| carries_streams(model, to)))
}

/// Whether requests come in from outside. An internal load balancer is no edge.
pub fn edge<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let Ok(hop) = at(model, thing) else { return Fact::plain(false) };
    let Some(object) = object(model, hop) else { return Fact::plain(false) };
    Fact::plain(match hop.dialect {
        Dialect::Envoy => false,
        Dialect::Ingress => {
            let scheme = object.annotation("alb.ingress.kubernetes.io/scheme");
            let class = routes::class(object).map(NodeRef::text).unwrap_or_default();
            let internal = ["internal", "private"].iter().any(|word| class.contains(word));
            !internal
                && (!is_alb(model, hop) || scheme.is_some_and(|scheme| scheme.text() == "internet-facing"))
        }
        Dialect::Gateway => gateway::route::gateways(object.node).next().is_some(),
        Dialect::Istio => virtual_service::gateways(object.node).any(|name| name != "mesh"),
    })
}

/// Whether the port of a Service says that it carries streams: by `appProtocol`, or as Istio reads its name.
fn carries_streams(model: &Model<'_>, to: &To) -> bool {
    let Some(port) = to.port.and_then(|port| service::port(model, port)) else { return false };
    let protocol = port.get("appProtocol").map(|node| node.text().to_ascii_lowercase()).unwrap_or_default();
    let name = port.get("name").map(|node| node.text()).unwrap_or_default();
    ["grpc", "/ws", "/wss", "h2c"].iter().any(|end| protocol.ends_with(end))
        || name == "grpc"
        || name.starts_with("grpc-")
        || name.starts_with("tcp")
}

/// Where a hop leads: a Service, and its port where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct To {
    /// The Service.
    pub service: u32,
    /// Its port.
    pub port: Option<Thing>,
}

/// The Services that a proxy leads to, and why there may be more.
pub fn services(model: &Model<'_>, thing: Thing) -> (Vec<To>, Option<Reason>) {
    let Ok(hop) = at(model, thing) else { return (Vec::new(), None) };
    let mut found = Vec::new();
    let mut open = None;
    let mut add = |service: Fact<'_, Thing>, port: Option<Thing>| match service.state {
        State::Written(service) | State::Default(service) => {
            let to = To { service: service.id, port: port.or_else(|| only_port(model, service.id)) };
            if !found.contains(&to) {
                found.push(to);
            }
        }
        State::Unknown(reason) => {
            open.get_or_insert(reason);
        }
        State::Absent => {
            open.get_or_insert_with(|| Reason::new("it leads to a Service that no file declares"));
        }
    };
    match hop.dialect {
        Dialect::Istio => {
            for destination in virtual_service::destinations(hop.node) {
                let Some(from) = hop.object else { continue };
                let service = destination_of(model, from, &destination);
                let port = service
                    .value()
                    .zip(destination.port)
                    .and_then(|(service, port)| service::port_of(model, service.id, port).into_value());
                add(service, port);
            }
        }
        Dialect::Envoy => {}
        Dialect::Gateway | Dialect::Ingress => {
            // What mirrors get nobody waits for.
            let part = hop.node.get("backendRefs").unwrap_or(hop.node);
            let targets = hop.object.into_iter().flat_map(|object| route::targets_in(model, object, part));
            for target in targets {
                add(route::service_of(model, target), route::service_port(model, target).into_value());
            }
        }
    }
    (found, open)
}

fn only_port(model: &Model<'_>, service: u32) -> Option<Thing> {
    let ports = model.services[service as usize].node.at("spec.ports")?;
    (ports.items().count() == 1).then(|| Thing::part(Kind::ServicePort, service, 0))
}

/// The Service behind a destination of a VirtualService.
pub fn destination_of<'a>(
    model: &'a Model<'a>,
    from: u32,
    destination: &virtual_service::Destination<'a>,
) -> Fact<'a, Thing> {
    match destination.service() {
        Some(named) => service_named(model, from, named, destination.host),
        None => Fact::unknown_at("its host names no Service of Kubernetes", Spot::value(destination.host)),
    }
}

/// The Service that a host of Istio names.
pub fn service_named<'a>(
    model: &'a Model<'a>,
    from: u32,
    named: istio::host::Named<'_>,
    place: NodeRef<'a>,
) -> Fact<'a, Thing> {
    let wanted = Wanted { from, kind: "Service", name: named.name, namespace: named.namespace };
    match existence::find(model, wanted, str::is_empty) {
        Existence::Declared(id) => match service::of_object(model, id) {
            Some(service) => Fact::plain(Thing::new(Kind::Service, service as usize)),
            None => Fact::unknown("it is no Service of Kubernetes' own"),
        },
        Existence::No => Fact::absent(Spot::value(place)),
        Existence::Made => Fact::unknown("it is in no file"),
        Existence::Perhaps(reason) => Fact::unknown(reason.0),
    }
}

/// Whether a text is filled in later or unknown.
pub fn is_hidden(node: NodeRef<'_>) -> bool {
    node.is_unknown() || read::is_filled_in_later(node.text())
}
