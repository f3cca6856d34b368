//! Where a proxy leads: the Services that it names, their ports, and the subsets that it asks for.

use super::{Dialect, Hop, Thing, at};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::istio::{self, virtual_service};
use crate::lower::read;
use crate::model::existence::{self, Existence, Wanted};
use crate::model::value::{Val, list};
use crate::model::{Kind, Model, breaker, route, service};
use crate::syntax::tree::NodeRef;

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

pub(super) fn only_port(model: &Model<'_>, service: u32) -> Option<Thing> {
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

/// Where no DestinationRule of the host is in any file, there may be one elsewhere that has the subset.
pub(super) fn unknown_subsets<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let Ok(&Hop { object: Some(object), node, dialect: Dialect::Istio }) = at(model, thing) else {
        return list(std::iter::empty::<Fact<'a, &'a str>>());
    };
    let missing = virtual_service::destinations(node).filter_map(|destination| {
        let subset = destination.subset.filter(|subset| !is_hidden(*subset))?;
        let service = destination_of(model, object, &destination).into_value()?;
        let known = breaker::subsets_of(model, service.id)?;
        (!known.contains(&subset.text())).then(|| Fact::written(subset.text(), Spot::value(subset)))
    });
    list(missing)
}

/// Whether a text is filled in later or unknown.
pub fn is_hidden(node: NodeRef<'_>) -> bool {
    node.is_unknown() || read::is_filled_in_later(node.text())
}
