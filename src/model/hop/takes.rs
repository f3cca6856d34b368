//! What a hop takes: methods, hosts, streams, and whether requests from outside come in there.

use super::call::{is_alb, of_alb, of_targets};
use super::leads::{To, services};
use super::{Dialect, Hop, Thing, at, object};
use crate::fact::{Fact, Spot};
use crate::lower::gateway;
use crate::lower::istio::virtual_service;
use crate::lower::kubernetes::route as routes;
use crate::lower::{alb, envoy};
use crate::model::value::{Val, list};
use crate::model::{Model, existence, link, service};
use crate::syntax::tree::NodeRef;

pub(super) fn methods<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    list(method_nodes(model, thing).into_iter().map(|node| Fact::written(node, Spot::value(node)).text()))
}

/// RFC 9110, 9.2.2: "Of the request methods defined by this specification, PUT, DELETE, and safe request methods are idempotent."
pub(super) fn idempotent<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
    let found = method_nodes(model, thing);
    let repeats = |node: &NodeRef<'a>| !IDEMPOTENT.contains(&node.text());
    let Some(place) = found.iter().copied().find(repeats).or(found.first().copied()) else {
        return Fact::nothing();
    };
    if found.iter().any(|node| super::is_hidden(*node)) {
        return Fact::unknown_at("a method is only known at run time", Spot::value(place));
    }
    Fact::written(!repeats(&place), Spot::value(place))
}

fn method_nodes<'a>(model: &'a Model<'a>, thing: Thing) -> Vec<NodeRef<'a>> {
    match at(model, thing) {
        Ok(hop) if hop.dialect == Dialect::Istio => virtual_service::methods(hop.node),
        Ok(hop) if hop.dialect == Dialect::Gateway => gateway::route::methods(hop.node),
        Ok(hop) if hop.dialect == Dialect::Envoy => envoy::methods(hop.node),
        _ => Vec::new(),
    }
}

/// What a load balancer of AWS sends requests to: `ip` where it does so for any of its Services.
pub(super) fn target_type<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'a str> {
    of_targets(model, thing, alb::target_type, |a, b| {
        let is_ip = |fact: &Fact<'_, &str>| fact.value() == Some(&"ip");
        if is_ip(&a) || (a.is_unknown() && !is_ip(&b)) { a } else { b }
    })
}

/// Whether the pods of its namespace wait until it knows them: an Ingress leads to Services of its own namespace only.
pub(super) fn gated<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    of_alb(model, thing, |hop| {
        let namespace = hop.object.and_then(|object| {
            let name = link::namespace(model, object)?;
            existence::bearers(model, "Namespace", name).next()
        });
        namespace.map_or_else(Fact::nothing, |id| alb::gates(model.objects[id as usize].object.node))
    })
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

pub(super) fn hosts<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let found = at(model, thing).map_or_else(|_| Vec::new(), |hop| host_nodes(model, hop));
    list(found.into_iter().map(|node| Fact::written(node, Spot::value(node)).text()))
}

pub(super) fn streams<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
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
        Dialect::Gateway => gateway::route::parents(object.node).next().is_some(),
        Dialect::Istio => virtual_service::is_of_gateway(object.node),
    })
}

/// Whether the port of a Service says that it carries streams: by `appProtocol`, or as Istio reads its name.
pub(super) fn carries_streams(model: &Model<'_>, to: &To) -> bool {
    let Some(port) = to.port.and_then(|port| service::port(model, port)) else { return false };
    let protocol = port.get("appProtocol").map(|node| node.text().to_ascii_lowercase()).unwrap_or_default();
    let name = port.get("name").map(|node| node.text()).unwrap_or_default();
    ["grpc", "/ws", "/wss", "h2c"].iter().any(|end| protocol.ends_with(end))
        || name == "grpc"
        || name.starts_with("grpc-")
        || name.starts_with("tcp")
}
