//! Where a route of the Gateway API is attached: Gateways and their listeners, and who carries them out.

use super::attached;
use crate::lower::gateway::{Implementation, route};
use crate::model::Model;
use crate::model::existence::{self, Existence, Wanted};
use crate::model::hop::is_hidden;
use crate::syntax::tree::NodeRef;

/// Something that has listeners, to which a route attaches.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// The Gateway or the ListenerSet; none where no file declares it.
    pub holder: Option<u32>,
    /// The Gateway itself.
    pub gateway: Option<u32>,
    /// The listener that is named.
    section: Option<NodeRef<'a>>,
}

impl Parent<'_> {
    /// A Gateway or a ListenerSet with all its listeners.
    pub fn itself(model: &Model<'_>, object: u32) -> Self {
        let is_set = route::is_set(model.objects[object as usize].object.kind);
        let gateway = if is_set { gateway_of_set(model, object) } else { Some(object) };
        Self { holder: Some(object), gateway, section: None }
    }
}

/// What a route is attached to.
pub(super) fn parents<'a>(model: &Model<'a>, object: u32) -> Vec<Parent<'a>> {
    let node = model.objects[object as usize].object.node;
    route::parents(node)
        .map(|parent| {
            let holder = seek(model, object, &parent);
            let gateway =
                if parent.is_set { holder.and_then(|set| gateway_of_set(model, set)) } else { holder };
            Parent { holder, gateway, section: parent.section }
        })
        .collect()
}

fn gateway_of_set(model: &Model<'_>, set: u32) -> Option<u32> {
    let named = model.objects[set as usize].object.node.at("spec.parentRef").and_then(route::parent)?;
    seek(model, set, &named)
}

fn seek(model: &Model<'_>, from: u32, parent: &route::Parent<'_>) -> Option<u32> {
    let find = |kind| {
        let namespace = parent.namespace.map(NodeRef::text);
        let wanted = Wanted { from, kind, name: parent.name.text(), namespace };
        match existence::seek(model, wanted, |group| group.starts_with("gateway.networking.")) {
            Existence::Declared(id) => Some(id),
            _ => None,
        }
    };
    match parent.is_set {
        true => route::SETS.iter().find_map(|kind| find(kind)),
        false => find("Gateway"),
    }
}

/// The names of the listeners at which a route is attached to a parent; one without a name stands for all of it.
pub(super) fn listeners<'a>(model: &Model<'a>, parent: Parent<'a>) -> Vec<Option<&'a str>> {
    if let Some(section) = parent.section.filter(|section| !is_hidden(*section)) {
        return vec![Some(section.text())];
    }
    let holder = parent.holder.map(|id| model.objects[id as usize].object.node);
    let all = holder.and_then(|holder| holder.at("spec.listeners")).into_iter().flat_map(NodeRef::items);
    let names: Vec<_> = all.map(|listener| listener.get("name").map(NodeRef::text)).collect();
    if names.is_empty() { vec![None] } else { names }
}

/// The Gateways that a route is attached to, as objects; none in place of one that no file declares.
pub fn gateways(model: &Model<'_>, object: u32) -> impl Iterator<Item = Option<u32>> {
    parents(model, object).into_iter().map(|parent| parent.gateway)
}

/// Who carries out a route: by the class of its Gateways, or by a policy that only one understands.
pub fn implementation(model: &Model<'_>, object: u32) -> Implementation {
    let node = model.objects[object as usize].object.node;
    let mut found = None;
    for gateway in gateways(model, object) {
        let Some(by) = gateway.map(|gateway| of_gateway(model, gateway)) else {
            return by_policy(model, object);
        };
        if found.is_some_and(|before| before != by) {
            return Implementation::Other;
        }
        found = Some(by);
    }
    match found {
        Some(by) if by != Implementation::Other => by,
        _ if route::parents(node).next().is_some() => by_policy(model, object),
        _ => Implementation::Other,
    }
}

fn by_policy(model: &Model<'_>, object: u32) -> Implementation {
    let rules = route::rules(model.objects[object as usize].object.node);
    let names = rules.filter_map(|rule| rule.get("name")).map(NodeRef::text);
    let mut sections = std::iter::once(None).chain(names.map(Some));
    match sections.any(|section| !attached(model, object, section).ids.is_empty()) {
        true => Implementation::EnvoyGateway,
        false => Implementation::Other,
    }
}

fn of_gateway(model: &Model<'_>, gateway: u32) -> Implementation {
    let object = &model.objects[gateway as usize].object;
    let Some(class) = object.node.at("spec.gatewayClassName").filter(|class| !class.is_unknown()) else {
        return Implementation::Other;
    };
    let declared = existence::bearers(model, "GatewayClass", class.text()).next();
    let controller = declared.and_then(|id| model.objects[id as usize].object.node.at("spec.controllerName"));
    match controller {
        Some(name) => Implementation::of_controller(name.text()),
        // Istio makes its own class (istio.io docs, Kubernetes Gateway API).
        None if class.text() == "istio" => Implementation::Istio,
        None => Implementation::Other,
    }
}
