//! What a rule of an HTTPRoute or a GRPCRoute says of a call, with the policy of Envoy Gateway that counts for it.

use super::Implementation;
use super::defaults;
use super::settings::Settings;
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

/// What a route is attached to: a Gateway, or a set of listeners of one.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// Its name.
    pub name: NodeRef<'a>,
    /// Its namespace, where it is written.
    pub namespace: Option<NodeRef<'a>>,
    /// One listener of it, where one is named.
    pub section: Option<NodeRef<'a>>,
    /// Whether it is a set of listeners.
    pub is_set: bool,
}

/// The kinds of sets of listeners, also from before they were stable.
pub const SETS: [&str; 2] = ["ListenerSet", "XListenerSet"];

/// Whether a kind is a set of listeners.
pub fn is_set(kind: &str) -> bool {
    SETS.contains(&kind)
}

/// A reference to a parent. One of another kind is none.
pub fn parent<'a>(node: NodeRef<'a>) -> Option<Parent<'a>> {
    let written = |key: &str| node.get(key).filter(|value| !value.is_null());
    let is_set = match written("kind").map(NodeRef::text) {
        None | Some("Gateway") => false,
        Some(kind) if is_set(kind) => true,
        Some(_) => return None,
    };
    Some(Parent {
        name: written("name")?,
        namespace: written("namespace"),
        section: written("sectionName"),
        is_set,
    })
}

/// What a route is attached to, in order.
pub fn parents<'a>(object: NodeRef<'a>) -> impl Iterator<Item = Parent<'a>> {
    object.at("spec.parentRefs").into_iter().flat_map(NodeRef::items).filter_map(parent)
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

/// What policies set for a rule; an error where it cannot be said which ones count.
pub type Policy<'a> = Result<Option<Settings<'a>>, &'static str>;

/// What a rule says of a call, with the policies that count for it.
pub fn call<'a>(rule: NodeRef<'a>, by: Implementation, policy: Policy<'a>) -> Call<'a> {
    let attempt = go(rule, "timeouts.backendRequest", true);
    let own_retry = rule.get("retry").filter(|retry| !retry.is_null());
    let timeout = timeout(rule, by, policy, &attempt, own_retry.is_some());
    let retry = match (own_retry, by, policy) {
        (Some(retry), ..) => of_rule(retry, by, attempt, &timeout),
        (None, Implementation::EnvoyGateway, Ok(policy)) => {
            match policy.and_then(|policy| policy.block("retry")) {
                Some(retry) => of_policy(retry, &timeout),
                None => Fact::absent(Spot::missing(rule, "retry")),
            }
        }
        (None, Implementation::EnvoyGateway, Err(reason)) => Fact::unknown(reason),
        (None, Implementation::Istio, _) => by_istio(rule, &timeout),
        (None, Implementation::Other, _) => Fact::unknown(NOBODY),
    };
    let (connect, idle) = if by == Implementation::EnvoyGateway {
        (
            said(rule, policy, "timeout.tcp.connectTimeout").or_default(&defaults::CONNECT),
            said(rule, policy, "timeout.http.connectionIdleTimeout").or_default(&defaults::IDLE),
        )
    } else {
        (Fact::unknown(NOBODY), Fact::unknown(NOBODY))
    };
    Call { timeout, connect, idle, retry }
}

/// A time that policies set.
fn said<'a>(rule: NodeRef<'a>, policy: Policy<'a>, path: &'static str) -> Fact<'a, f64> {
    match policy {
        Ok(Some(policy)) => policy.read(path, |spec, path| go(spec, path, true)),
        Ok(None) => Fact::absent(Spot::value(rule)),
        Err(reason) => Fact::unknown(reason),
    }
}

/// `request`; without retries `backendRequest` is as good (`processRouteTimeout` of Envoy Gateway, and Istio's conversion).
fn timeout<'a>(
    rule: NodeRef<'a>,
    by: Implementation,
    policy: Policy<'a>,
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
        Implementation::EnvoyGateway => match said(rule, policy, "timeout.http.requestTimeout") {
            fact if !fact.is_absent() => fact,
            _ => request.or_default(&defaults::EG_REQUEST),
        },
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

fn of_policy<'a>(retry: Settings<'a>, timeout: &Fact<'a, f64>) -> Fact<'a, Retry<'a>> {
    let hidden = |node| Fact::unknown_at("the retries are only known at run time", Spot::value(node));
    let Some(node) = retry.nearest() else { return Fact::unknown(NOBODY) };
    if retry.is_hidden() {
        return hidden(node);
    }
    let count =
        retry.read_filled(|block| read::number(block, "numRetries")).or_default(&defaults::NUM_RETRIES);
    let list = |path| retry.read(path, read::node).map(list);
    let (triggers, codes) = (list("retryOn.triggers"), list("retryOn.httpStatusCodes"));
    let no_block = retry.block("retryOn").is_none();
    let triggers = if triggers.is_absent() { plain(node, &defaults::EG_RETRY_ON) } else { triggers };
    let codes = match (codes.is_absent(), no_block) {
        (true, true) => plain(node, &[defaults::EG_RETRY_CODE]),
        (true, false) => codes.or_empty(),
        _ => codes,
    };
    let per_try = retry.read("perRetry.timeout", |block, path| go(block, path, true));
    let per_try = if per_try.is_absent() { as_timeout(per_try, timeout) } else { per_try };
    let pause = retry.read("perRetry.backOff.baseInterval", |block, path| go(block, path, false));
    let pause = pause.or_default(&defaults::BACK_OFF);
    Retry { node, count, per_try, pause, triggers, codes, meaning: Meaning::Envoy }.told(true)
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
