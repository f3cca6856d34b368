//! What a rule of an HTTPRoute or a GRPCRoute says of a call, with the policy of Envoy Gateway that counts for it.

use super::Implementation;
use super::defaults;
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::call::{Call, Meaning, Retry, Words, go};
use crate::lower::kubernetes::object::Object;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

const NOBODY: &str = "who carries out the route is not known";

/// The rules of a route that lead somewhere.
pub fn rules<'a>(object: NodeRef<'a>) -> impl Iterator<Item = NodeRef<'a>> {
    let all = object.at("spec.rules").into_iter().flat_map(NodeRef::items);
    all.filter(|rule| rule.get("backendRefs").is_some_and(|list| !list.is_null()))
}

/// Whether it is a route of requests.
pub fn is_route(object: &Object<'_>) -> bool {
    object.group() == "gateway.networking.k8s.io" && matches!(object.kind, "HTTPRoute" | "GRPCRoute")
}

/// The Gateways that a route is attached to: name and, where it is written, namespace. A parent of another kind is none.
pub fn gateways<'a>(object: NodeRef<'a>) -> impl Iterator<Item = (NodeRef<'a>, Option<NodeRef<'a>>)> {
    let all = object.at("spec.parentRefs").into_iter().flat_map(NodeRef::items);
    all.filter(|parent| parent.get("kind").is_none_or(|kind| kind.is_null() || kind.text() == "Gateway"))
        .filter_map(|parent| {
            Some((parent.get("name")?, parent.get("namespace").filter(|node| !node.is_null())))
        })
}

/// The methods that a rule takes; none where it takes all.
pub fn methods<'a>(rule: NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let matches: Vec<_> = rule.get("matches").into_iter().flat_map(NodeRef::items).collect();
    let of = |one: &NodeRef<'a>| one.get("method").filter(|method| method.get("service").is_none());
    if matches.iter().all(|one| of(one).is_some()) {
        matches.iter().filter_map(of).collect()
    } else {
        Vec::new()
    }
}

/// What a rule says of a call. `policy` is the `spec` of the policy that counts for it.
pub fn call<'a>(rule: NodeRef<'a>, by: Implementation, policy: Option<NodeRef<'a>>) -> Call<'a> {
    let attempt = go(rule, "timeouts.backendRequest", true);
    let own_retry = rule.get("retry").filter(|retry| !retry.is_null());
    let timeout = timeout(rule, by, policy, &attempt, own_retry.is_some());
    let retry = match (own_retry, by, policy.and_then(|policy| policy.get("retry"))) {
        (Some(retry), ..) => of_rule(retry, by, attempt, &timeout),
        (None, Implementation::EnvoyGateway, Some(retry)) => of_policy(retry, &timeout),
        (None, Implementation::EnvoyGateway, None) => Fact::absent(Spot::missing(rule, "retry")),
        (None, Implementation::Istio, _) => by_istio(rule, &timeout),
        (None, Implementation::Other, _) => Fact::unknown(NOBODY),
    };
    let of_policy = |path: &'static str, zero: bool| {
        policy.map_or_else(|| Fact::absent(Spot::value(rule)), |policy| go(policy, path, zero))
    };
    let envoy_gateway = by == Implementation::EnvoyGateway;
    let (connect, idle) = if envoy_gateway {
        (
            of_policy("timeout.tcp.connectTimeout", true).or_default(&defaults::CONNECT),
            of_policy("timeout.http.connectionIdleTimeout", true).or_default(&defaults::IDLE),
        )
    } else {
        (Fact::unknown(NOBODY), Fact::unknown(NOBODY))
    };
    Call { timeout, connect, idle, retry }
}

/// `request`; without retries `backendRequest` is as good (`processRouteTimeout` of Envoy Gateway, and Istio's conversion).
fn timeout<'a>(
    rule: NodeRef<'a>,
    by: Implementation,
    policy: Option<NodeRef<'a>>,
    attempt: &Fact<'a, f64>,
    retries: bool,
) -> Fact<'a, f64> {
    if !retries && by != Implementation::Other && !attempt.is_absent() {
        return attempt.clone();
    }
    let request = go(rule, "timeouts.request", true);
    if !request.is_absent() {
        return request;
    }
    match by {
        Implementation::EnvoyGateway => {
            match policy.map(|policy| go(policy, "timeout.http.requestTimeout", true)) {
                Some(fact) if !fact.is_absent() => fact,
                _ => request.or_default(&defaults::EG_REQUEST),
            }
        }
        Implementation::Istio => request.or_default(&defaults::ISTIO_REQUEST),
        Implementation::Other => Fact { state: State::Unknown(Reason::new(NOBODY)), ..request },
    }
}

fn of_rule<'a>(
    retry: NodeRef<'a>,
    by: Implementation,
    attempt: Fact<'a, f64>,
    timeout: &Fact<'a, f64>,
) -> Fact<'a, Retry<'a>> {
    if retry.is_unknown() {
        return Fact::unknown_at("the retries are only known at run time", Spot::value(retry));
    }
    let count = read::number(retry, "attempts");
    let count = match by {
        Implementation::EnvoyGateway => count.or_default(&defaults::EG_ATTEMPTS),
        Implementation::Istio => count.or_default(&defaults::ISTIO_ATTEMPTS),
        Implementation::Other if count.is_absent() => Fact::unknown(NOBODY),
        Implementation::Other => count,
    };
    let codes = read::node(retry, "codes").map(list);
    let codes = if codes.is_absent() { codes.or_empty() } else { codes };
    let (triggers, meaning) = match by {
        Implementation::EnvoyGateway => (plain(retry, &defaults::EG_RETRY_ON), Meaning::Envoy),
        Implementation::Istio => (plain(retry, &defaults::EG_RETRY_ON), Meaning::Envoy),
        Implementation::Other => (Fact::plain(Vec::new()), Meaning::Codes),
    };
    let pause = go(retry, "backoff", false);
    let pause = match by {
        Implementation::Other if pause.is_absent() => {
            Fact { state: State::Unknown(Reason::new(NOBODY)), ..pause }
        }
        _ => pause.or_default(&defaults::BACK_OFF),
    };
    let per_try = if attempt.is_absent() { as_timeout(attempt, timeout) } else { attempt };
    Retry { node: retry, count, per_try, pause, triggers, codes, meaning }.told(true)
}

fn of_policy<'a>(retry: NodeRef<'a>, timeout: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
    if retry.is_null() || retry.is_unknown() {
        return Fact::unknown_at("the retries are only known at run time", Spot::value(retry));
    }
    let count = read::number(retry, "numRetries").or_default(&defaults::NUM_RETRIES);
    let triggers = read::node(retry, "retryOn.triggers").map(list);
    let codes = read::node(retry, "retryOn.httpStatusCodes").map(list);
    let no_block = retry.get("retryOn").is_none_or(NodeRef::is_null);
    let triggers = if triggers.is_absent() { plain(retry, &defaults::EG_RETRY_ON) } else { triggers };
    let codes = match (codes.is_absent(), no_block) {
        (true, true) => plain(retry, &[defaults::EG_RETRY_CODE]),
        (true, false) => codes.or_empty(),
        _ => codes,
    };
    let per_try = go(retry, "perRetry.timeout", true);
    let per_try = if per_try.is_absent() { as_timeout(per_try, timeout) } else { per_try };
    let pause = go(retry, "perRetry.backOff.baseInterval", false).or_default(&defaults::BACK_OFF);
    Retry { node: retry, count, per_try, pause, triggers, codes, meaning: Meaning::Envoy }.told(true)
}

/// Istio asks again also where nobody says so.
fn by_istio<'a>(rule: NodeRef<'a>, timeout: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
    let count: Fact<'a, f64> = Fact::absent(Spot::missing(rule, "retry"));
    let count = count.or_default(&defaults::ISTIO_RETRIES);
    let retry = Retry {
        node: rule,
        per_try: as_timeout(Fact::absent(Spot::missing(rule, "retry")), timeout),
        pause: Fact::absent(Spot::missing(rule, "retry")).or_default(&defaults::BACK_OFF),
        triggers: plain(rule, &defaults::ISTIO_RETRY_ON),
        codes: Fact::plain(Vec::new()),
        meaning: Meaning::Envoy,
        count,
    };
    retry.told(false)
}

/// One attempt may take all the time that there is.
fn as_timeout<'a>(absent: Fact<'a, f64>, timeout: &Fact<'a, f64>) -> Fact<'a, f64> {
    let state = match &timeout.state {
        State::Written(seconds) | State::Default(seconds) => State::Default(*seconds),
        other => other.clone(),
    };
    let words = "no time of its own: one attempt may take all of it";
    Fact { state, ..absent }.saying(crate::fact::Says::Words(words.into()))
}

fn plain<'a>(place: NodeRef<'a>, words: &'static [&'static str]) -> Fact<'a, Words<'a>> {
    let spot = Spot::value(place);
    Fact::default(words.iter().map(|word| (*word, spot.clone())).collect(), spot)
}

fn list<'a>(node: NodeRef<'a>) -> Words<'a> {
    node.items().map(|word| (word.text(), Spot::value(word))).collect()
}

impl<'a> Fact<'a, Words<'a>> {
    fn or_empty(self) -> Self {
        Fact { state: State::Default(Vec::new()), ..self }
    }
}
