//! The routes of a VirtualService: where they lead, and what those for HTTP say of a call.

use super::defaults;
use super::host::{self, Named};
use crate::fact::{Fact, Spot, State};
use crate::lower::call::{Call, Meaning, Retry, go, words};
use crate::lower::kubernetes::route::Backend;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// The HTTP routes that lead to a destination, in order. A redirect or a direct answer leads nowhere.
pub fn routes<'a>(object: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    let all = object.at("spec.http").into_iter().flat_map(NodeRef::items);
    all.filter(|route| route.get("route").is_some_and(|list| !list.is_null()))
}

/// One destination of a route.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// Its host.
    pub host: NodeRef<'a>,
    /// Its port, where that is written.
    pub port: Option<NodeRef<'a>>,
    /// Its subset, where that is written.
    pub subset: Option<NodeRef<'a>>,
}

impl<'a> Destination<'a> {
    /// The Service that it names, if it names one.
    pub fn service(&self) -> Option<Named<'a>> {
        if self.host.is_unknown() || read::is_filled_in_later(self.host.text()) {
            return None;
        }
        host::service(self.host.text())
    }
}

/// The destinations of a route.
pub fn destinations<'a>(route: NodeRef<'a>) -> impl Iterator<Item = Destination<'a>> {
    route.get("route").into_iter().flat_map(NodeRef::items).filter_map(|one| {
        let destination = one.get("destination")?;
        Some(Destination {
            host: destination.get("host")?,
            port: destination.at("port.number"),
            subset: destination.get("subset").filter(|subset| !subset.is_null()),
        })
    })
}

/// The Services that the routes of a VirtualService lead to, of whatever protocol. Hosts outside the cluster are left out, and so
/// are copies of requests, which nobody waits for.
pub fn backends<'a>(object: NodeRef<'a>) -> Vec<Backend<'a>> {
    let protocols = ["spec.http", "spec.tls", "spec.tcp"].into_iter().filter_map(|path| object.at(path));
    let all = protocols.flat_map(NodeRef::items).flat_map(|rule| {
        destinations(rule).map(move |to| {
            let node = to.host.parent().unwrap_or(to.host);
            let named = to.service();
            Backend {
                node,
                name: to.host,
                named,
                port: to.port,
                namespace: None,
                rule: Some(rule),
                path: None,
            }
        })
    });
    all.filter(|backend| backend.named.is_some()).collect()
}

/// Whether the routes hold for calls inside the mesh, or only at the gateways that they name.
pub fn is_of_mesh(object: NodeRef<'_>) -> bool {
    gateways(object).next().is_none() || gateways(object).any(|name| name == "mesh")
}

/// The gateways at which the routes hold: `name` or `namespace/name`.
pub fn gateways<'a>(object: NodeRef<'a>) -> impl Iterator<Item = &'a str> {
    object.at("spec.gateways").into_iter().flat_map(NodeRef::items).map(NodeRef::text)
}

/// Whether requests from outside the mesh come in by its routes.
pub fn is_of_gateway(object: NodeRef<'_>) -> bool {
    gateways(object).any(|name| name != "mesh")
}

/// What a route says of a call.
pub fn call<'a>(route: NodeRef<'a>) -> Call<'a> {
    // "Note that timeouts or retries will not be enabled when faults are enabled on the client side."
    if route.get("fault").is_some_and(|fault| !fault.is_null()) {
        return Call::unknown("with a fault injected, Istio applies neither timeout nor retries");
    }
    let timeout = go(route, "timeout", true).or_default(&defaults::TIMEOUT);
    let retry = retry(route, &timeout);
    Call {
        timeout,
        connect: Fact::absent(Spot::value(route)).or_default(&defaults::CONNECT),
        idle: Fact::absent(Spot::value(route)).or_default(&defaults::IDLE),
        retry,
    }
}

fn retry<'a>(route: NodeRef<'a>, timeout: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
    let block = read::node(route, "retries");
    if block.is_unknown() {
        return Fact { state: State::Unknown(unknown()), spots: block.spots, confidence: block.confidence };
    }
    let written = block.value().copied();
    let count = match written {
        Some(block) => read::number(block, "attempts").or_default(&defaults::ATTEMPTS),
        None => Fact::<f64>::absent(Spot::missing(route, "retries")).or_default(&defaults::RETRIES),
    };
    let node = written.unwrap_or(route);
    let per_try = match written.map(|block| go(block, "perTryTimeout", true)) {
        Some(fact) if !fact.is_absent() => fact,
        // "Default is same value as request `timeout`".
        absent => {
            let spot = absent.and_then(|fact| fact.spots.into_iter().next());
            let spot = spot.unwrap_or_else(|| Spot::missing(route, "retries"));
            let spot = spot.saying("no `perTryTimeout`: one attempt may take the whole `timeout`");
            let state = match &timeout.state {
                State::Written(seconds) | State::Default(seconds) => State::Default(*seconds),
                other => other.clone(),
            };
            Fact { state, spots: [spot].into_iter().collect(), confidence: timeout.confidence }
        }
    };
    let on = written.map(|block| read::node(block, "retryOn"));
    let (triggers, codes) = match on {
        Some(fact) if !fact.is_absent() => split(fact),
        _ => {
            let spot = Spot::missing(node, "retryOn");
            let words = defaults::RETRY_ON.iter().map(|word| (*word, spot.clone())).collect();
            (Fact::default(words, spot), Fact::plain(Vec::new()))
        }
    };
    let pause = match written {
        Some(block) => go(block, "backoff", false).or_default(&defaults::BACK_OFF),
        None => Fact::absent(Spot::missing(route, "retries")).or_default(&defaults::BACK_OFF),
    };
    Retry { node, count, per_try, pause, triggers, codes, meaning: Meaning::Envoy }.told(written.is_some())
}

fn unknown() -> crate::fact::Reason {
    crate::fact::Reason::new("the retries are only known at run time")
}

type Split<'a> = (Fact<'a, crate::lower::call::Words<'a>>, Fact<'a, crate::lower::call::Words<'a>>);

/// Numbers are status codes, and Istio then adds the trigger that makes Envoy look at them (`ConvertPolicy`).
fn split<'a>(on: Fact<'a, NodeRef<'a>>) -> Split<'a> {
    let all = on.read(|node| Some(words(node, |c| c == ',')));
    let is_code = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let codes = all.clone().map(|all| all.into_iter().filter(|(word, _)| is_code(word)).collect::<Vec<_>>());
    let triggers = all.map(|all| {
        let first = all.iter().find(|(word, _)| is_code(word)).map(|(_, spot)| spot.clone());
        let mut words: Vec<_> = all.into_iter().filter(|(word, _)| !is_code(word)).collect();
        if let Some(spot) = first
            && !words.iter().any(|(word, _)| *word == "retriable-status-codes")
        {
            words.push(("retriable-status-codes", spot));
        }
        words
    });
    (triggers, codes)
}

/// The methods that a route takes; none where it takes all.
pub fn methods<'a>(route: NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let matches: Vec<_> = route.get("match").into_iter().flat_map(NodeRef::items).collect();
    let of = |one: &NodeRef<'a>| one.at("method.exact");
    if matches.iter().all(|one| of(one).is_some()) {
        matches.iter().filter_map(of).collect()
    } else {
        Vec::new()
    }
}
