//! Hops: the places that a request passes on its way, each with how long it waits and how often it asks again.
//!
//! A hop is an Ingress, a rule of a route of the Gateway API, an HTTP route of a VirtualService; or the server in a container,
//! which answers. Which hop follows which is joined in `path`.

mod call;
mod leads;
mod takes;
mod times;

pub use call::{Classes, by, call, implementation, is_alb, is_any_nginx, is_nginx, nginx};
pub use leads::{To, destination_of, is_hidden, service_named, services};
pub use takes::{edge, host_nodes};
pub use times::{attempts, timeout, waits, worst};

use leads::unknown_subsets;
use takes::{gated, hosts, idempotent, methods, streams, target_type};
use times::{drain, keep_alive, pool_wait, stream_idle};

use std::borrow::Cow;

use super::value::open_things;
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing, limiter, retry};
use crate::fact::Fact;
use crate::lower::istio::virtual_service;
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::route as routes;
use crate::lower::kubernetes::start::Start;
use crate::lower::{envoy, gateway, ingress_nginx, istio, read};
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
        "streamIdle": SECONDS, "how long it keeps a request on which no byte moves; absent where that is not known of it" => |m, t| stream_idle(m, t).into();
        "drain": SECONDS, "how long it goes on with the requests of an endpoint that leaves; absent where that is not known of it" => |m, t| drain(m, t).into();
        "targetType": Ty::Text, "what a load balancer of AWS sends requests to: `instance`, or `ip` if it does for any of its Services; absent for others" => |m, t| target_type(m, t).into();
        "gated": Ty::Bool, "whether new pods behind such a load balancer wait until it knows them; absent where their namespace is in no file" => |m, t| gated(m, t).into();
        "poolWait": SECONDS, "how long its server lets a request wait for a connection to the database; absent where that is not known" => |m, t| pool_wait(m, t).into();
        "keepAlive": SECONDS, "how long a server keeps a connection on which nothing is asked" => |m, t| keep_alive(m, t).into();
        "attempts": NUMBER, "how often it may send one request, the first time counted" => |m, t| attempts(m, t).into();
        "retry": Ty::Thing(Kind::Retry), "how it asks again; absent where it does not" => |m, t| retry::of(m, t).map(|_| Thing::part(Kind::Retry, t.id, 0)).into();
        "methods": Ty::List(&Ty::Text), "the methods that it takes; none where it takes all" => methods;
        "idempotent": Ty::Bool, "whether all methods that it takes may be carried out twice with the effect of once; absent where it takes any" => |m, t| idempotent(m, t).into();
        "hosts": Ty::List(&Ty::Text), "the hosts that it takes requests for; none where it takes all" => hosts;
        "streams": Ty::Bool, "whether it carries streams: gRPC, or a protocol that its object names" => |m, t| streams(m, t).into();
        "limiters": Ty::List(&Ty::Thing(Kind::Limiter)), "the rate limits that hold for it: its own, and those of the policies that count for it" => |m, t| {
            let (found, open) = limiter::ids_of_hop(m, t);
            open_things(found.into_iter().map(|id| Thing::new(Kind::Limiter, id as usize)), open)
        };
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
    pub fn start<'m, 'a>(self, model: &'m Model<'a>) -> Cow<'m, Start<'a>> {
        match self {
            Self::Container(id) => Cow::Borrowed(&model.containers[id as usize].start),
            Self::Compose(id) => Cow::Owned(model.composed[id as usize].start()),
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
        Err(Server::Compose(id)) => model.composed.get(id as usize).map(|service| service.node),
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
        Err(Server::Compose(id)) => match model.composed[id as usize].name() {
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
