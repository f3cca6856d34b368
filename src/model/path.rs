//! Paths: the hops that a request passes one after the other, from where it comes in to the server that answers.
//!
//! Hops are joined by the Services that they name, a proxy and a server by the port on which it answers, a server and what it
//! calls by the addresses in its variables, which is a guess. Where it cannot be known what comes next, the path ends and says
//! so. Very many paths are cut off, and then that is said too.

use rustc_hash::{FxHashMap, FxHashSet};

use super::existence::Existence;
use super::hop::{self, Dialect, Server, To};
use super::value::{Datum, Val, open_things, things};
use super::vocabulary::{KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing, breaker, existence, retry, service};
use crate::fact::{Confidence, Fact, Reason, Spots, State};
use crate::lower::envoy;
use crate::lower::istio::{host, virtual_service};
use crate::lower::kubernetes::{callee, pod::Role};
use crate::syntax::tree::NodeRef;

/// One way.
#[derive(Debug)]
pub struct Path {
    /// Its hops, in order.
    pub hops: Vec<Thing>,
    /// Why it may go on, if it may.
    pub open: Option<Reason>,
    /// From which hop on it is a guess.
    pub guessed_from: usize,
}

/// All paths, and what they are found by.
#[derive(Debug, Default)]
pub struct Paths {
    /// In order of their first hops.
    pub all: Vec<Path>,
}

/// No path is longer.
const LONGEST: usize = 12;
/// No first hop has more of them.
const MOST: usize = 200;

/// The path as a subject.
pub static PATH: KindDef = KindDef {
    kind: Kind::Path,
    name: "path",
    doc: "The way of a request: hops one after the other, as far as the files say.",
    tables: &[facts! {
        "hops": Ty::List(&Ty::Thing(Kind::Hop)), "its hops, in order; open where it cannot be known what comes next" => |m, t| {
            let path = get(m, t);
            open_things(path.hops.iter().copied(), path.open.clone())
        };
        "legs": Ty::List(&Ty::Thing(Kind::Leg)), "each two hops that follow each other" => |m, t|
            things((1..get(m, t).hops.len()).map(|at| Thing::part(Kind::Leg, t.id, at - 1)));
        "layers": Ty::List(&Ty::Thing(Kind::Hop)), "the hops that ask again when what lies behind them answers late or with an error" => layers;
        "attempts": NUMBER, "how often one request may reach the last hop: the attempts of all layers, multiplied" => |m, t| attempts(m, t).into();
    }],
    all: Some(|m| (0..paths(m).all.len()).map(|id| Thing::new(Kind::Path, id)).collect()),
    owner: |m, t| get(m, t).hops.first().copied(),
    node: |m, t| hop::node(m, *get(m, t).hops.first()?),
    owners: &[Kind::Hop, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// Two hops, one after the other.
pub static LEG: KindDef = KindDef {
    kind: Kind::Leg,
    name: "leg",
    doc: "Two hops of a path that follow each other.",
    tables: &[facts! {
        "outer": Ty::Thing(Kind::Hop), "the hop that asks" => |m, t| hop_of(m, t, 0);
        "inner": Ty::Thing(Kind::Hop), "the hop that is asked" => |m, t| hop_of(m, t, 1);
    }],
    all: Some(|m| {
        let legs = |id: usize| {
            (1..paths(m).all[id].hops.len()).map(move |at| Thing::part(Kind::Leg, id as u32, at - 1))
        };
        let mut seen = FxHashSet::default();
        let new = |leg: &Thing| {
            let hops = &paths(m).all[leg.id as usize].hops;
            seen.insert((hops[leg.part as usize], hops[leg.part as usize + 1]))
        };
        (0..paths(m).all.len()).flat_map(legs).filter(new).collect()
    }),
    owner: |m, t| Some(get(m, t).hops[t.part as usize]),
    node: |m, t| hop::node(m, get(m, t).hops[t.part as usize]),
    owners: &[Kind::Path, Kind::Hop, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn get<'m>(model: &'m Model<'_>, thing: Thing) -> &'m Path {
    &paths(model).all[thing.id as usize]
}

fn hop_of<'a>(model: &'a Model<'a>, leg: Thing, further: usize) -> Val<'a> {
    let path = get(model, leg);
    let at = leg.part as usize + further;
    let fact = Fact::plain(path.hops[at]);
    if at >= path.guessed_from { fact.guessed() } else { fact }.into()
}

/// All paths.
pub fn paths<'m>(model: &'m Model<'_>) -> &'m Paths {
    model.index.paths.get_or_init(|| {
        let joins = Joins::new(model);
        let mut all = Vec::new();
        for id in 0..model.hops.len() {
            let mut walk = Walk { model, joins: &joins, found: Vec::new(), hops: Vec::new() };
            walk.go(Thing::new(Kind::Hop, id), usize::MAX);
            all.append(&mut walk.found);
        }
        Paths { all }
    })
}

/// What paths are joined by.
struct Joins {
    /// The routes inside the mesh, by the Service whose calls they take.
    mesh: FxHashMap<u32, Vec<u32>>,
    /// The routes at Istio's own ingress gateway, by unit.
    gateway: FxHashMap<u32, Vec<u32>>,
    /// The Ingresses of ingress-nginx, by unit.
    nginx: FxHashMap<u32, Vec<u32>>,
}

impl Joins {
    fn new(model: &Model<'_>) -> Self {
        let mut joins =
            Self { mesh: FxHashMap::default(), gateway: FxHashMap::default(), nginx: FxHashMap::default() };
        for (id, hop) in model.hops.iter().enumerate() {
            let Some(object) = hop.object else { continue };
            let unit = model.objects[object as usize].unit;
            match hop.dialect {
                Dialect::Istio => {
                    let whole = model.objects[object as usize].object.node;
                    if virtual_service::is_of_mesh(whole) {
                        for node in hop::host_nodes(model, hop) {
                            let named = host::service(node.text()).filter(|_| !hop::is_hidden(node));
                            let service = named.and_then(|named| {
                                hop::service_named(model, object, named, node).into_value()
                            });
                            if let Some(service) = service {
                                joins.mesh.entry(service.id).or_default().push(id as u32);
                            }
                        }
                    }
                    if virtual_service::gateways(whole).any(|name| is_default_gateway(model, object, name)) {
                        joins.gateway.entry(unit).or_default().push(id as u32);
                    }
                }
                Dialect::Ingress if hop::is_nginx(model, hop) || hop::is_any_nginx(model, hop) => {
                    joins.nginx.entry(unit).or_default().push(id as u32);
                }
                _ => {}
            }
        }
        joins
    }
}

/// Whether a Gateway is carried by the pods that Istio's charts run as `istio-ingressgateway`.
fn is_default_gateway(model: &Model<'_>, from: u32, name: &str) -> bool {
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, name),
    };
    let wanted = existence::Wanted { from, kind: "Gateway", name, namespace };
    match existence::seek(model, wanted, |group| group == "networking.istio.io") {
        Existence::Declared(id) => model.objects[id as usize]
            .object
            .node
            .at("spec.selector.istio")
            .is_some_and(|label| label.text() == "ingressgateway"),
        _ => false,
    }
}

struct Walk<'m, 'a> {
    model: &'m Model<'a>,
    joins: &'m Joins,
    found: Vec<Path>,
    hops: Vec<Thing>,
}

/// What follows a hop.
#[derive(Default)]
struct Next {
    hops: Vec<Thing>,
    open: Option<Reason>,
    guessed: bool,
}

impl Walk<'_, '_> {
    fn go(&mut self, hop: Thing, guessed_from: usize) {
        self.hops.push(hop);
        let next = self.next(hop);
        let full = self.hops.len() >= LONGEST || self.found.len() >= MOST;
        let onward: Vec<Thing> = next.hops.iter().copied().filter(|next| !self.hops.contains(next)).collect();
        if full || onward.is_empty() || next.open.is_some() {
            let open = if full && !onward.is_empty() {
                Some(Reason::new("the path is very long"))
            } else {
                next.open
            };
            if onward.is_empty() || full {
                self.found.push(Path { hops: self.hops.clone(), open, guessed_from });
            }
        }
        if !full {
            for hop in onward {
                let from = if next.guessed { guessed_from.min(self.hops.len()) } else { guessed_from };
                self.go(hop, from);
            }
        }
        self.hops.pop();
    }

    fn next(&self, hop: Thing) -> Next {
        match hop::at(self.model, hop) {
            Ok(proxy) => self.behind_proxy(hop, proxy),
            Err(Server::Container(id)) => self.behind_server(id),
            Err(Server::Compose(id)) => self.behind_composed(id),
        }
    }

    fn behind_proxy(&self, thing: Thing, proxy: &hop::Hop<'_>) -> Next {
        let (services, open) = hop::services(self.model, thing);
        let mut next = Next { open, ..Next::default() };
        for to in services {
            self.answering(to, &mut next);
        }
        if proxy.dialect == Dialect::Envoy {
            self.behind_envoy(proxy, &mut next);
        }
        if hop::is_alb(self.model, proxy) {
            self.behind_balancer(proxy, &mut next);
        }
        next
    }

    /// The services of a Compose project by the names in the addresses of a cluster.
    fn behind_envoy(&self, proxy: &hop::Hop<'_>, next: &mut Next) {
        let Some(cluster) = breaker::cluster(self.model, proxy.node) else {
            next.open = Some(Reason::new("the cluster is in no file"));
            return;
        };
        let Some(list) = breaker::assignment(self.model, cluster) else {
            next.open = Some(Reason::new("the endpoints of the cluster are found while it runs"));
            return;
        };
        for endpoint in envoy::endpoints(list) {
            let Some(address) = envoy::address(endpoint) else { continue };
            if let Some(service) = self.composed(proxy.node, address.text()) {
                next.hops.push(hop::of_compose(self.model, service));
            } else if let Some(to) = self.in_cluster(proxy.node, endpoint, address) {
                self.answering(to, next);
            } else {
                next.open = Some(Reason::new("what has the address is in no file"));
            }
        }
        next.hops.dedup();
    }

    /// The Service that an address names, for a configuration that a ConfigMap holds.
    fn in_cluster(&self, from: NodeRef<'_>, endpoint: NodeRef<'_>, address: NodeRef<'_>) -> Option<To> {
        let (file, at) = (from.tree().file, from.span().start);
        let holds = |entry: &super::object::Entry<'_>| {
            let node = entry.object.node;
            node.tree().file == file && node.span().range().contains(&(at as usize))
        };
        let object = self.model.objects.iter().position(holds)? as u32;
        let named = host::service(address.text())?;
        let service = hop::service_named(self.model, object, named, address).into_value()?.id;
        let wanted = endpoint.at("endpoint.address.socket_address.port_value")?;
        let ports = self.model.services[service as usize].node.at("spec.ports")?;
        let is_it = |port: NodeRef<'_>| port.get("port").is_some_and(|own| own.text() == wanted.text());
        let port = ports.items().position(is_it)?;
        Some(To { service, port: Some(Thing::part(Kind::ServicePort, service, port)) })
    }

    /// A service of this name in the Compose files of the same folder, or of the nearest one above that has any.
    fn composed(&self, from: NodeRef<'_>, name: &str) -> Option<u32> {
        let folder = |node: NodeRef<'_>| self.model.sources.path(node.tree().file).parent();
        let own = folder(from)?;
        let all = self.model.composed.iter().enumerate().filter(|(_, service)| service.name() == Some(name));
        let mut near: Vec<(usize, usize)> = all
            .filter_map(|(id, service)| {
                let there = folder(service.node).filter(|there| own.starts_with(there))?;
                Some((there.components().count(), id))
            })
            .collect();
        near.sort_unstable();
        // Two files that declare the same service are variants of each other.
        match near.as_slice() {
            [.., (before, _), (last, _)] if before == last => None,
            [.., (_, id)] => Some(*id as u32),
            [] => None,
        }
    }

    /// What a service of a Compose file calls, by its variables.
    fn behind_composed(&self, id: u32) -> Next {
        let mut next = Next { guessed: true, ..Next::default() };
        let this = self.model.composed[id as usize].node;
        for callee in callee::all(&Server::Compose(id).start(self.model)) {
            if let Some(service) = self.composed(this, callee.host) {
                next.hops.push(hop::of_compose(self.model, service));
            }
        }
        next.hops.dedup();
        next
    }

    /// A cloud's load balancer in front of the proxies that a chart installs, by the names that their charts give them.
    fn behind_balancer(&self, proxy: &hop::Hop<'_>, next: &mut Next) {
        let Some(object) = proxy.object else { return };
        let unit = self.model.objects[object as usize].unit;
        let names = |name: &str| {
            proxy.node.walk().any(|node| {
                node.key() == Some("name") && node.text() == name
                    || node.key() == Some("serviceName") && node.text() == name
            })
        };
        let behind =
            [("istio-ingressgateway", &self.joins.gateway), ("ingress-nginx-controller", &self.joins.nginx)];
        for (name, by_unit) in behind {
            if !names(name) {
                continue;
            }
            let inner = by_unit.get(&unit).into_iter().flatten().copied();
            let taken = inner.filter(|id| self.share_hosts(proxy, &self.model.hops[*id as usize]));
            let taken: Vec<Thing> = taken.map(|id| Thing::new(Kind::Hop, id as usize)).collect();
            if !taken.is_empty() {
                next.hops.extend(taken);
                next.guessed = true;
            }
        }
    }

    fn share_hosts(&self, outer: &hop::Hop<'_>, inner: &hop::Hop<'_>) -> bool {
        let (outer, inner) = (hop::host_nodes(self.model, outer), hop::host_nodes(self.model, inner));
        let all = |hosts: &[NodeRef<'_>]| hosts.is_empty() || hosts.iter().any(|host| host.text() == "*");
        all(&outer)
            || all(&inner)
            || outer.iter().any(|a| inner.iter().any(|b| a.text() == b.text() && !hop::is_hidden(*a)))
    }

    /// The containers that answer on the port of a Service.
    fn answering(&self, to: To, next: &mut Next) {
        let Some(port) = to.port else {
            next.open.get_or_insert_with(|| Reason::new("the port of a Service is only known at run time"));
            return;
        };
        let containers = service::containers(self.model, port);
        match containers.state {
            State::Written(Datum::List(list)) => {
                for item in &list.items {
                    if let Some(Datum::Thing(container)) = item.value() {
                        let hop = hop::of_container(self.model, container.id);
                        if !next.hops.contains(&hop) {
                            next.hops.push(hop);
                        }
                    }
                }
                if let Some(reason) = &list.open {
                    next.open.get_or_insert_with(|| reason.clone());
                }
            }
            State::Unknown(reason) => {
                next.open.get_or_insert(reason);
            }
            _ => {}
        }
    }

    /// What the server in a container calls, by its variables.
    fn behind_server(&self, container: u32) -> Next {
        let mut next = Next { guessed: true, ..Next::default() };
        let this = &self.model.containers[container as usize];
        let from = self.model.workloads[this.workload as usize].object;
        if this.role == Role::Init {
            return next;
        }
        for callee in callee::all(&this.start) {
            let Some(named) = host::service(callee.host) else { continue };
            let Some(service) = hop::service_named(self.model, from, named, callee.node).into_value() else {
                continue;
            };
            match self.joins.mesh.get(&service.id) {
                Some(routes) => {
                    next.hops.extend(routes.iter().map(|id| Thing::new(Kind::Hop, *id as usize)));
                }
                None => {
                    let ports = self.model.services[service.id as usize].node.at("spec.ports");
                    let at = ports.and_then(|ports| {
                        let all = ports.items();
                        let mut fits = all.enumerate().filter(|(_, port)| {
                            callee
                                .port
                                .is_none_or(|wanted| port.get("port").is_some_and(|own| own.text() == wanted))
                        });
                        let first = fits.next()?.0;
                        fits.next().is_none().then_some(first)
                    });
                    let port = at.map(|at| Thing::part(Kind::ServicePort, service.id, at));
                    self.answering(To { service: service.id, port }, &mut next);
                }
            }
        }
        // A call that cannot be followed says nothing about this request.
        next.open = None;
        next.hops.dedup();
        next
    }
}

fn is_layer(model: &Model<'_>, hop: Thing) -> Option<bool> {
    let retry = retry::of(model, hop);
    match retry.state {
        State::Written(retry) | State::Default(retry) => Some(retry.after_timeout()? || retry.may_repeat()?),
        State::Absent => Some(false),
        State::Unknown(_) => None,
    }
}

/// The last hop answers, and nothing lies behind it to be asked again.
fn layers<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let path = get(model, thing);
    let mut open = None;
    let mut found = Vec::new();
    for (at, hop) in path.hops.iter().enumerate() {
        match is_layer(model, *hop) {
            Some(true) => {
                let fact =
                    Fact { spots: hop::attempts(model, *hop).spots, ..Fact::plain(Datum::Thing(*hop)) };
                found.push(if at >= path.guessed_from { fact.guessed() } else { fact });
            }
            Some(false) => {}
            None => {
                open.get_or_insert_with(|| Reason::new("how one of its hops asks again is not known"));
            }
        }
    }
    Fact::plain(Datum::List(std::rc::Rc::new(super::value::List { items: found, open })))
}

/// The product over all layers; what is not known of a hop counts as one attempt, so there may be more.
fn attempts<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let path = get(model, thing);
    let mut product = 1.0;
    let mut parts: Vec<(f64, Spots<'a>)> = Vec::new();
    let mut confidence = Confidence::High;
    for (at, hop) in path.hops.iter().enumerate() {
        if is_layer(model, *hop) != Some(true) {
            continue;
        }
        let here = hop::attempts(model, *hop);
        let Some(n) = here.value().copied() else { continue };
        product *= n;
        confidence = confidence.min(here.confidence);
        if at >= path.guessed_from {
            confidence = Confidence::Medium;
        }
        parts.push((n, here.spots));
    }
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let spots = parts.into_iter().flat_map(|(_, spots)| spots).collect();
    Fact { state: State::Written(product), spots, confidence }
}
