//! Routes: Ingresses, the routes of the Gateway API and those of Istio, and the Services that they lead to.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::existence::{self, Existence, Wanted};
use super::value::{Val, few, things};
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Model, Thing, breaker, link, service};
use crate::fact::{Fact, Spot, State};
use crate::lower::istio::{self, virtual_service};
use crate::lower::kubernetes::object::Object;
use crate::lower::kubernetes::route::{self, Backend};
use crate::lower::kubernetes::selector::Match;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// A route.
#[derive(Debug)]
pub struct Route<'a> {
    /// Its object.
    pub object: u32,
    /// The whole object.
    pub node: NodeRef<'a>,
    /// Where it leads.
    backends: Vec<Backend<'a>>,
}

/// The route as a subject.
pub static ROUTE: KindDef = KindDef {
    kind: Kind::Route,
    name: "route",
    doc: "An Ingress, a route of the Gateway API, or a VirtualService of Istio.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| object(m, t).name_fact().into();
        "kind": Ty::Text, "its kind: `Ingress`, `HTTPRoute`, `VirtualService` …" => |m, t| Fact::plain(object(m, t).kind).into();
        "namespace": Ty::Text, "the namespace it goes to, as far as the files say" => |m, t| super::object::namespace(m, get(m, t).object).into();
        "class": Ty::Text, "the class of an Ingress: who serves it" => |m, t| class(object(m, t)).into();
        "targets": Ty::List(&Ty::Thing(Kind::Target)), "the Services that it leads to" =>
            |m, t| things((0..get(m, t).backends.len()).map(|at| Thing::part(Kind::Target, t.id, at)));
        "manifest": Ty::Node, "the whole object, by Kubernetes' own field names" => |m, t| Fact::plain(get(m, t).node).into();
    }],
    all: Some(|m| (0..m.routes.len()).map(|id| Thing::new(Kind::Route, id)).collect()),
    owner: |m, t| Some(Thing::new(Kind::Object, get(m, t).object as usize)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Object, Kind::Unit, Kind::Project],
    schema: &[
        "networking.k8s.io/v1 Ingress",
        "networking.k8s.io/v1beta1 Ingress",
        "gateway.networking.k8s.io/v1 HTTPRoute",
        "gateway.networking.k8s.io/v1 GRPCRoute",
    ],
};

/// One Service that a route leads to.
pub static TARGET: KindDef = KindDef {
    kind: Kind::Target,
    name: "target",
    doc: "A Service that a route leads to.",
    tables: &[facts! {
        "name": Ty::Text, "the name of the Service" => |m, t| name(backend(m, t)).into();
        "port": Ty::Text, "the port of the Service: a number or a name" => |m, t| port(m, t).text().into();
        "service": Ty::Thing(Kind::Service), "the Service, if the files declare it" => |m, t| service_of(m, t).into();
        "servicePort": Ty::Thing(Kind::ServicePort), "the port of that Service, if it has it" => |m, t| service_port(m, t).into();
        "nearest": Ty::Text, "the name of the Service that comes nearest, where there is none of this name" => |m, t| nearest(m, t).into();
        "elsewhere": Ty::Text, "the namespace of a Service of this name, where none is in the one that is meant" => |m, t| elsewhere(m, t).into();
        "granted": Ty::Bool, "whether the route may use the Service: one of its own namespace, one that a ReferenceGrant allows, or any in a mesh" => |m, t| granted(m, t).into();
        "neighbours": Ty::List(&Ty::Thing(Kind::Service)), "the Services that are declared in the same folder as the route, for the same namespace" => |m, t| neighbours(m, t);
        "host": Ty::Text, "the host of the rule that leads to it" => |m, t| from_rule(m, t, "host").into();
        "path": Ty::Text, "the path that leads to it" => |m, t| path(m, t).into();
        "rivals": Ty::List(&Ty::Thing(Kind::Target)), "what other Ingresses of the same class lead to by the same host and path" => |m, t| rivals(m, t);
    }],
    all: Some(|m| {
        let of = |id: usize| {
            (0..m.routes[id].backends.len()).map(move |at| Thing::part(Kind::Target, id as u32, at))
        };
        (0..m.routes.len()).flat_map(of).collect()
    }),
    owner: |_, t| Some(Thing::new(Kind::Route, t.id as usize)),
    node: |m, t| Some(backend(m, t).node),
    owners: &[Kind::Route, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Whether an object is a route.
pub fn is_route(object: &Object<'_>) -> bool {
    route::is_route(object) || is_virtual(object)
}

fn is_virtual(object: &Object<'_>) -> bool {
    istio::is(object, "VirtualService")
}

/// Adds the route that an object is.
pub fn add<'a>(model: &mut Model<'a>, id: usize, object: &Object<'a>) {
    let backends = match is_virtual(object) {
        true => virtual_service::backends(object.node),
        false => route::backends(object),
    };
    model.routes.push(Route { object: id as u32, node: object.node, backends });
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Route<'a> {
    &model.routes[thing.id as usize]
}

fn object<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Object<'a> {
    &model.objects[get(model, thing).object as usize].object
}

fn backend<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Backend<'a> {
    &get(model, thing).backends[thing.part as usize]
}

fn class<'a>(object: &'a Object<'a>) -> Fact<'a, &'a str> {
    match route::class(object) {
        Some(class) => Fact::written(class, Spot::value(class)).text(),
        None => Fact::nothing(),
    }
}

fn name<'a>(backend: &Backend<'a>) -> Fact<'a, &'a str> {
    match backend.named {
        Some(named) => Fact::written(named.name, Spot::value(backend.name)),
        None => Fact::written(backend.name, Spot::value(backend.name)).text(),
    }
}

fn port<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, NodeRef<'a>> {
    let backend = backend(model, target);
    match backend.port {
        Some(port) => Fact::written(port, Spot::value(port)),
        None => Fact::absent(Spot::value(backend.node)),
    }
}

/// The namespace that a backend names, if it names one.
fn namespace<'a>(backend: &Backend<'a>) -> Fact<'a, &'a str> {
    if let Some(named) = backend.named {
        let written = |namespace| Fact::written(namespace, Spot::value(backend.name));
        return named.namespace.map_or_else(Fact::nothing, written);
    }
    match backend.namespace {
        Some(node) if !node.is_null() => Fact::written(node, Spot::value(node)).text(),
        _ => Fact::nothing(),
    }
}

fn existence<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, Existence> {
    let backend = backend(model, target);
    let namespace = namespace(backend);
    if namespace.is_unknown() {
        return namespace.map(|_| Existence::No);
    }
    let from = get(model, target).object;
    name(backend).map(|name| {
        let wanted = Wanted { from, kind: "Service", name, namespace: namespace.into_value() };
        existence::find(model, wanted, |group| group.is_empty())
    })
}

/// The Service of a target, if a file declares it.
pub fn service_of<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, Thing> {
    let backend = backend(model, target);
    let spot = Spot::value(backend.name);
    if backend.named.is_some() && breaker::entries(model).contains(backend.name.text()) {
        return Fact::unknown_at("a ServiceEntry has this host", spot);
    }
    match existence(model, target).into_value() {
        Some(Existence::Declared(id)) => match service::of_object(model, id) {
            Some(service) => Fact::plain(Thing::new(Kind::Service, service as usize)),
            None => Fact::unknown("it is no Service of Kubernetes' own"),
        },
        Some(Existence::No) => Fact::absent(spot),
        Some(Existence::Made) => Fact::unknown("it is in no file"),
        Some(Existence::Perhaps(reason)) => Fact::unknown(reason.0),
        None => Fact::unknown_at("it is only known at run time", spot),
    }
}

/// The port; what lies behind a name that resolves to nothing is unknown.
pub fn service_port<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, Thing> {
    let service = service_of(model, target);
    let Some(service) = service.value().map(|service| service.id) else {
        return Fact::unknown("its Service is in no file");
    };
    let Some(wanted) = backend(model, target).port else {
        return Fact::unknown("the route names no port");
    };
    let mut found = service::port_of(model, service, wanted);
    if found.is_absent() {
        found.spots.insert(0, Spot::value(wanted));
    }
    found
}

fn nearest<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, &'a str> {
    let unit = model.objects[get(model, target).object as usize].unit;
    match name(backend(model, target))
        .value()
        .and_then(|name| existence::nearest(model, unit, "Service", name))
    {
        Some(near) => Fact::plain(near),
        None => Fact::nothing(),
    }
}

/// The namespace of a Service of this name, where that is another than the one that is meant.
fn elsewhere<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, &'a str> {
    let (Some(name), State::Absent) =
        (name(backend(model, target)).into_value(), service_of(model, target).state)
    else {
        return Fact::nothing();
    };
    let unit = model.objects[get(model, target).object as usize].unit;
    let mut same =
        existence::bearers(model, "Service", name).filter(|id| model.objects[*id as usize].unit == unit);
    match same.find_map(|id| link::namespace(model, id)) {
        Some(namespace) => Fact::plain(namespace),
        None => Fact::nothing(),
    }
}

/// Inside a mesh every Service can be called without a route, so none of them waits for one.
fn neighbours<'a>(model: &'a Model<'a>, target: Thing) -> Val<'a> {
    let route = get(model, target).object;
    if !is_from_outside(object(model, target)) {
        return things([]);
    }
    let namespace = namespace(backend(model, target));
    let there = namespace.value().copied().or_else(|| link::namespace(model, route));
    let near = link::beside(model, route, there).services.iter().filter(|id| {
        let object = model.services[**id as usize].object;
        match namespace.value() {
            Some(named) => model.objects[object as usize].object.namespace == Some(*named),
            None => link::same_namespace(model, route, object) == Match::Yes,
        }
    });
    few(near.map(|id| Thing::new(Kind::Service, *id as usize)))
}

fn is_from_outside(object: &Object<'_>) -> bool {
    !is_virtual(object) || virtual_service::is_of_gateway(object.node)
}

fn granted<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, bool> {
    let backend = backend(model, target);
    let wanted = namespace(backend);
    if wanted.is_unknown() {
        return wanted.map(|_| false);
    }
    if backend.named.is_some() {
        return Fact::plain(true);
    }
    let Some(there) = wanted.value().copied() else { return Fact::plain(true) };
    let route = get(model, target).object;
    let hidden =
        model.objects[route as usize].object.node.at("metadata.namespace").is_some_and(NodeRef::is_unknown);
    let here = super::object::namespace(model, route);
    let (Some(here), false) = (here.value().copied(), hidden) else {
        return Fact::unknown("the namespace of the route is only known at run time");
    };
    if here == there || read::is_filled_in_later(here) {
        return Fact::plain(true);
    }
    let Some(service) = name(backend).into_value() else {
        return Fact::unknown("the Service is only known at run time");
    };
    // Who brings the Service brings what allows its use.
    if !matches!(existence(model, target).value(), Some(Existence::Declared(_))) {
        return Fact::unknown("the Service is in no file");
    }
    let kind = object(model, target).kind;
    let unit = model.objects[route as usize].unit;
    let hides = |id: u32| {
        model.objects[id as usize].object.node.at("metadata.namespace").is_some_and(NodeRef::is_unknown)
    };
    let grants = model.index.grants.get_or_init(|| {
        let mut grants: FxHashMap<Option<String>, Vec<u32>> = FxHashMap::default();
        let all = (0..).zip(&model.objects).filter(|(_, entry)| entry.object.kind == "ReferenceGrant");
        for (id, _) in all {
            let own = super::object::namespace(model, id).into_value().filter(|_| !hides(id));
            grants.entry(own.map(str::to_owned)).or_default().push(id);
        }
        grants
    });
    let mut perhaps = false;
    let candidates = [Some(there.to_owned()), None].into_iter().filter_map(|own| grants.get(&own)).flatten();
    for id in candidates {
        let (entry, hidden) = (&model.objects[*id as usize], hides(*id));
        match route::grants(entry.object.node, kind, here, service) {
            Some(true) if entry.unit == unit && !hidden => return Fact::plain(true),
            Some(false) => {}
            _ => perhaps = true,
        }
    }
    if perhaps || existence::is_open(model, route, there) {
        return Fact::unknown("a ReferenceGrant that is not in this unit may allow it");
    }
    Fact { spots: wanted.spots, ..Fact::plain(false) }
}

fn from_rule<'a>(model: &'a Model<'a>, target: Thing, key: &'static str) -> Fact<'a, &'a str> {
    backend(model, target).rule.map_or_else(Fact::nothing, |rule| read::text(rule, key))
}

fn path<'a>(model: &'a Model<'a>, target: Thing) -> Fact<'a, &'a str> {
    backend(model, target).path.map_or_else(Fact::nothing, |node| read::text(node, "path"))
}

/// The targets of an object that stand in a part of it.
pub fn targets_in<'m>(
    model: &'m Model<'_>,
    object: u32,
    part: NodeRef<'m>,
) -> impl Iterator<Item = Thing> + use<'m> {
    let route = model.routes.binary_search_by_key(&object, |route| route.object).ok();
    route.into_iter().flat_map(move |id| {
        let inside = move |at: &usize| part.span().covers(model.routes[id].backends[*at].node.span());
        let all = 0..model.routes[id].backends.len();
        all.filter(inside).map(move |at| Thing::part(Kind::Target, id as u32, at))
    })
}

/// Routes' targets that lead requests from outside to a service.
pub fn leading_to<'m>(model: &'m Model<'_>, service: u32) -> impl Iterator<Item = (u32, u32)> + use<'m> {
    let all = model.index.routes.get_or_init(|| {
        let mut all: FxHashMap<u32, Vec<(u32, u32)>> = FxHashMap::default();
        let from_outside = |route: &Route<'_>| is_from_outside(&model.objects[route.object as usize].object);
        for (id, route) in model.routes.iter().enumerate().filter(|(_, route)| from_outside(route)) {
            for at in 0..route.backends.len() {
                let wanted = Thing::part(Kind::Target, id as u32, at);
                if let Some(service) = service_of(model, wanted).value() {
                    all.entry(service.id).or_default().push((id as u32, at as u32));
                }
            }
        }
        all
    });
    all.get(&service).into_iter().flatten().copied()
}

/// What other Ingresses claim by the same host and path. Ingresses for a part of the requests have none.
fn rivals<'a>(model: &'a Model<'a>, target: Thing) -> Val<'a> {
    let Some(claim) = claim(model, target) else { return things([]) };
    let all = model.index.claims.get_or_init(|| {
        let mut all: FxHashMap<u64, Vec<(u32, u32)>> = FxHashMap::default();
        for (id, route) in model.routes.iter().enumerate() {
            for at in 0..route.backends.len() {
                if let Some(claim) = self::claim(model, Thing::part(Kind::Target, id as u32, at)) {
                    all.entry(claim).or_default().push((id as u32, at as u32));
                }
            }
        }
        all
    });
    let others = all.get(&claim).into_iter().flatten().copied().filter(|(id, _)| *id != target.id);
    things(others.map(|(id, at)| Thing::part(Kind::Target, id, at as usize)))
}

/// What a target claims: unit, class, host, path and its type; nothing where one of them cannot be known.
fn claim(model: &Model<'_>, target: Thing) -> Option<u64> {
    let backend = backend(model, target);
    let object = object(model, target);
    let (rule, node) = (backend.rule?, backend.path?);
    if !route::is_ingress(object) || route::is_partial(object) {
        return None;
    }
    let text = |node: Option<NodeRef<'_>>| match node {
        None => Some(String::new()),
        Some(node) if node.is_unknown() || read::is_filled_in_later(node.text()) => None,
        Some(node) => Some(node.text().to_owned()),
    };
    let mut hasher = FxHasher::default();
    model.objects[get(model, target).object as usize].unit.hash(&mut hasher);
    text(route::class(object))?.hash(&mut hasher);
    text(rule.get("host"))?.hash(&mut hasher);
    text(node.get("path"))?.hash(&mut hasher);
    text(node.get("pathType"))?.hash(&mut hasher);
    Some(hasher.finish())
}
