//! Where Ingresses and the routes of the Gateway API send requests: names and ports of Services.
//!
//! Only what these objects themselves say. Timeouts, retries and the dialects of single controllers are read elsewhere.

use super::object::Object;
use crate::lower::istio::host::Named;
use crate::lower::read;
use crate::syntax::tree::{NodeKind, NodeRef};

/// One backend that a route leads to.
#[derive(Clone, Copy, Debug)]
pub struct Backend<'a> {
    /// The backend.
    pub node: NodeRef<'a>,
    /// The name of the Service, or the host that holds it.
    pub name: NodeRef<'a>,
    /// The Service and its namespace, where the name is a host of Istio's.
    pub named: Option<Named<'a>>,
    /// Its port: a number or a name.
    pub port: Option<NodeRef<'a>>,
    /// Its namespace, where that is written.
    pub namespace: Option<NodeRef<'a>>,
    /// The rule that leads to it; none for a default backend.
    pub rule: Option<NodeRef<'a>>,
    /// The path of that rule that does, for an Ingress.
    pub path: Option<NodeRef<'a>>,
}

/// Whether an object is a route, as far as this module reads it.
pub fn is_route(object: &Object<'_>) -> bool {
    is_ingress(object) || is_gateway_route(object)
}

/// Whether it is an Ingress.
pub fn is_ingress(object: &Object<'_>) -> bool {
    matches!((object.group(), object.kind), ("networking.k8s.io" | "extensions", "Ingress"))
}

/// Whether it is a route of the Gateway API.
pub fn is_gateway_route(object: &Object<'_>) -> bool {
    object.group() == "gateway.networking.k8s.io"
        && matches!(object.kind, "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute")
}

/// The Services that a route leads to. Backends of other kinds are left out, and so are names that stand for something
/// else to a controller.
pub fn backends<'a>(object: &Object<'a>) -> Vec<Backend<'a>> {
    let mut found = Vec::new();
    let node = object.node;
    if is_ingress(object) {
        if answers_itself(object) {
            return found;
        }
        for key in ["spec.defaultBackend", "spec.backend"] {
            found.extend(node.at(key).and_then(|backend| of_ingress(backend, None, None)));
        }
        for rule in items(node, "spec.rules") {
            for path in items(rule, "http.paths") {
                found.extend(
                    path.get("backend").and_then(|backend| of_ingress(backend, Some(rule), Some(path))),
                );
            }
        }
    } else {
        for rule in items(node, "spec.rules") {
            found.extend(items(rule, "backendRefs").filter_map(|backend| of_gateway(backend, rule)));
            let filters = items(rule, "filters")
                .chain(items(rule, "backendRefs").flat_map(|backend| items(backend, "filters")));
            let mirrors = filters.filter_map(|filter| filter.at("requestMirror.backendRef"));
            found.extend(mirrors.filter_map(|backend| of_gateway(backend, rule)));
        }
    }
    found
}

fn items<'a>(node: NodeRef<'a>, path: &str) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    node.at(path).into_iter().flat_map(NodeRef::items)
}

fn of_ingress<'a>(
    backend: NodeRef<'a>,
    rule: Option<NodeRef<'a>>,
    path: Option<NodeRef<'a>>,
) -> Option<Backend<'a>> {
    let (name, port) = match backend.get("service") {
        Some(service) => {
            (service.get("name")?, service.at("port.number").or_else(|| service.at("port.name")))
        }
        None => (backend.get("serviceName")?, backend.get("servicePort")),
    };
    // AWS Load Balancer Controller: the name is that of an annotation, not of a Service.
    if port.is_some_and(|port| port.text() == "use-annotation") {
        return None;
    }
    Some(Backend { node: backend, name, named: None, port, namespace: None, rule, path })
}

fn of_gateway<'a>(backend: NodeRef<'a>, rule: NodeRef<'a>) -> Option<Backend<'a>> {
    let is = |key: &str, plain: &str| {
        backend
            .get(key)
            .is_none_or(|node| node.kind() == NodeKind::Null || (!node.is_unknown() && node.text() == plain))
    };
    if !is("group", "") || !is("kind", "Service") {
        return None;
    }
    let name = backend.get("name")?;
    Some(Backend {
        node: backend,
        name,
        named: None,
        port: backend.get("port"),
        namespace: backend.get("namespace"),
        rule: Some(rule),
        path: None,
    })
}

/// Whether the controller answers by itself, so that the backend is only there because the API wants one.
fn answers_itself(object: &Object<'_>) -> bool {
    let annotations = object.node.at("metadata.annotations");
    annotations.is_some_and(|annotations| {
        annotations.is_unknown()
            || annotations.entries().any(|(key, _)| {
                let last = key.rsplit('/').next().unwrap_or(key);
                ["redirect", "snippet", "default-backend", "actions.", "fixed-response", "custom-http-errors"]
                    .iter()
                    .any(|word| {
                        last.contains(word)
                            && !matches!(last, "ssl-redirect" | "force-ssl-redirect" | "from-to-www-redirect")
                    })
            })
    })
}

/// Who serves an Ingress: the name of its class, by field or by the older annotation.
pub fn class<'a>(object: &Object<'a>) -> Option<NodeRef<'a>> {
    object.node.at("spec.ingressClassName").or_else(|| object.annotation("kubernetes.io/ingress.class"))
}

/// Whether an Ingress stands beside another one for a part of the requests only.
pub fn is_partial(object: &Object<'_>) -> bool {
    object.node.at("metadata.annotations").is_some_and(|annotations| {
        annotations.entries().any(|(key, value)| {
            value.is_unknown()
                || ["canary", "conditions.", "group.order", "router.", "priority", "server-alias", "match"]
                    .iter()
                    .any(|word| key.contains(word))
        })
    })
}

/// Whether a `ReferenceGrant` lets a route of this kind and namespace use a Service of this name; unknown where its own
/// text is.
pub fn grants(grant: NodeRef<'_>, kind: &str, namespace: &str, service: &str) -> Option<bool> {
    let same = |node: Option<NodeRef<'_>>, text: &str| match node {
        None => Some(text.is_empty()),
        Some(node) if node.is_unknown() || read::is_filled_in_later(node.text()) => None,
        Some(node) => Some(node.text() == text),
    };
    let all = |parts: [Option<bool>; 3]| {
        if parts.contains(&Some(false)) {
            Some(false)
        } else if parts.contains(&None) {
            None
        } else {
            Some(true)
        }
    };
    let any = |mut parts: Box<dyn Iterator<Item = Option<bool>> + '_>| {
        parts.try_fold(Some(false), |so_far, part| match part {
            Some(true) => Err(Some(true)),
            None => Ok(None),
            Some(false) => Ok(so_far),
        })
    };
    let flat = |result: Result<Option<bool>, Option<bool>>| result.unwrap_or_else(|answer| answer);
    let from = flat(any(Box::new(items(grant, "spec.from").map(|from| {
        all([
            same(from.get("group"), "gateway.networking.k8s.io"),
            same(from.get("kind"), kind),
            same(from.get("namespace"), namespace),
        ])
    }))));
    let to = flat(any(Box::new(items(grant, "spec.to").map(|to| {
        let name = match to.get("name") {
            None => Some(true),
            name => same(name, service),
        };
        all([same(to.get("group"), ""), same(to.get("kind"), "Service"), name])
    }))));
    all([from, to, Some(true)])
}
