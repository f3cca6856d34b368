//! What a proxy says of a call, by the technology that it is written in, and who carries it out.

use rustc_hash::FxHashMap;

use super::leads::services;
use super::{Dialect, Hop, Thing, at, object};
use crate::fact::{Confidence, Fact, State};
use crate::lower::call::Call;
use crate::lower::gateway::{self, Implementation};
use crate::lower::istio::{self, virtual_service};
use crate::lower::kubernetes::ingress::{self, Controller};
use crate::lower::kubernetes::{route as routes, server};
use crate::lower::{envoy, ingress_nginx};
use crate::model::{Model, attachment, breaker, existence, limiter, route};
use crate::syntax::tree::NodeRef;

/// Who serves an Ingress.
pub(super) fn controller<'a>(model: &'a Model<'a>, hop: &Hop<'a>) -> Fact<'a, Controller> {
    let Some(object) = object(model, hop) else { return Fact::plain(Controller::Other) };
    let class = routes::class(object).and_then(|name| {
        let found = existence::bearers(model, "IngressClass", name.text()).next()?;
        Some(model.objects[found as usize].object.node)
    });
    ingress::controller(object, class, |name| told(model, name))
}

/// What the Ingresses of a project say of a class by their annotations; nothing where they do not agree.
pub type Classes = FxHashMap<String, Option<Controller>>;

/// Who serves a class, as the other Ingresses of the class say, or the pods that run ingress-nginx.
fn told(model: &Model<'_>, class: &str) -> Option<Controller> {
    let classes = model.index.ingress_classes.get_or_init(|| {
        let mut classes = Classes::default();
        for object in model.hops.iter().filter(|hop| hop.dialect == Dialect::Ingress) {
            let Some(object) = self::object(model, object) else { continue };
            if let Some((class, said)) = routes::class(object).zip(ingress::addressed(object)) {
                let known = classes.entry(class.text().to_owned()).or_insert(Some(said));
                *known = known.filter(|known| *known == said);
            }
        }
        classes
    });
    match classes.get(class) {
        Some(said) => *said,
        None => (class == "nginx" && limiter::runs_ingress_nginx(model)).then_some(Controller::Nginx),
    }
}

/// Who carries out a route of the Gateway API.
pub fn implementation(model: &Model<'_>, hop: &Hop<'_>) -> Implementation {
    hop.object.map_or(Implementation::Other, |object| attachment::implementation(model, object))
}

fn is_guessed(model: &Model<'_>, hop: &Hop<'_>) -> bool {
    hop.object.is_some_and(|object| attachment::is_guessed(model, object))
}

/// Who passes the request on.
pub fn by<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, &'static str> {
    match at(model, thing) {
        Ok(hop) => match hop.dialect {
            Dialect::Istio => Fact::plain("Istio"),
            Dialect::Envoy => Fact::plain("Envoy"),
            Dialect::Gateway => {
                let by = match implementation(model, hop) {
                    Implementation::EnvoyGateway => "Envoy Gateway",
                    Implementation::Istio => "Istio",
                    Implementation::Other => return Fact::unknown("who carries out the route is not known"),
                };
                if is_guessed(model, hop) { Fact::plain(by).guessed() } else { Fact::plain(by) }
            }
            Dialect::Ingress => {
                controller(model, hop).try_map("its controller is none that is known here", |found| {
                    match found {
                        Controller::Nginx => Some("ingress-nginx"),
                        Controller::AnyNginx => Some("nginx"),
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
        Dialect::Envoy => envoy::call(hop.node, breaker::cluster(model, hop.node)),
        Dialect::Gateway => {
            let policy = hop.object.map_or(Ok(None), |object| {
                Ok(attachment::counting(model, object, hop.node)?.settings(model))
            });
            let call = gateway::route::call(hop.node, implementation(model, hop), policy);
            if is_guessed(model, hop) { call.guessed() } else { call }
        }
        Dialect::Ingress => {
            let controller = controller(model, hop);
            let call = match controller.value() {
                Some(Controller::Nginx) => nginx(model, hop).call(),
                Some(Controller::Alb) => crate::lower::alb::call(hop.node),
                _ => return Some(Call::unknown("the controller of the Ingress is none that is known here")),
            };
            if controller.confidence == Confidence::High { call } else { call.guessed() }
        }
    })
}

/// What the DestinationRules of its Services say of connections; several of them, or one with ports or subsets, may differ.
pub(super) fn with_pool<'a>(model: &'a Model<'a>, thing: Thing, call: Call<'a>) -> Call<'a> {
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
    match breaker::pool_for(model, to.service) {
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

/// Whether ingress-nginx or the controller of F5 serves a hop, and it cannot be known which.
pub fn is_any_nginx(model: &Model<'_>, hop: &Hop<'_>) -> bool {
    hop.dialect == Dialect::Ingress && controller(model, hop).value() == Some(&Controller::AnyNginx)
}

/// Whether the load balancer of an Ingress is AWS' own.
pub fn is_alb(model: &Model<'_>, hop: &Hop<'_>) -> bool {
    hop.dialect == Dialect::Ingress && controller(model, hop).value() == Some(&Controller::Alb)
}

/// What the load balancer of AWS in front of an Ingress says; nothing where it is none, a guess where that is one.
pub(super) fn of_alb<'a, T>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl FnOnce(&Hop<'a>) -> Fact<'a, T>,
) -> Fact<'a, T> {
    let Some(hop) = at(model, thing).ok().filter(|hop| hop.dialect == Dialect::Ingress) else {
        return Fact::nothing();
    };
    let controller = controller(model, hop);
    match (controller.value(), controller.confidence) {
        (Some(Controller::Alb), Confidence::High) => ask(hop),
        (Some(Controller::Alb), Confidence::Medium) => ask(hop).guessed(),
        _ => Fact::nothing(),
    }
}

/// What the load balancer of AWS in front of an Ingress does with the targets of the Services that it leads to: each may say
/// otherwise than the Ingress, and `both` says what holds for two.
pub(super) fn of_targets<'a, T>(
    model: &'a Model<'a>,
    thing: Thing,
    ask: impl Fn(NodeRef<'a>, Option<NodeRef<'a>>) -> Fact<'a, T>,
    both: impl Fn(Fact<'a, T>, Fact<'a, T>) -> Fact<'a, T>,
) -> Fact<'a, T> {
    of_alb(model, thing, |hop| {
        let targets = hop.object.into_iter().flat_map(|object| route::targets_in(model, object, hop.node));
        let each = targets.map(|target| match route::service_of(model, target).state {
            State::Written(service) | State::Default(service) => {
                ask(hop.node, Some(model.services[service.id as usize].node))
            }
            State::Absent => ask(hop.node, None),
            State::Unknown(reason) => Fact::unknown(reason.0),
        });
        each.reduce(both).unwrap_or_else(|| ask(hop.node, None))
    })
}
