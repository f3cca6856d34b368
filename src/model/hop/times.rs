//! How long a hop gives a request, waits for one attempt, and may be busy in all; how often it sends a request.

use super::call::of_targets;
use super::{Dialect, Thing, at, call, is_any_nginx, nginx};
use crate::fact::{Fact, Reason, State};
use crate::lower::kubernetes::server;
use crate::lower::{alb, envoy};
use crate::model::{Model, retry};

/// How long a hop gives a request.
pub fn timeout<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(_) => call(model, thing).map_or_else(Fact::nothing, |call| call.timeout),
        Err(server) => server::limit(&server.start(model)),
    }
}

pub(super) fn keep_alive<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(_) => Fact::nothing(),
        Err(server) => server::keep_alive(&server.start(model)),
    }
}

/// How long it lets a request wait for a connection to the database.
pub(super) fn pool_wait<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(_) => Fact::nothing(),
        Err(server) => server::pool_wait(&server.start(model)),
    }
}

/// How long a proxy keeps a request on which no byte moves.
pub(super) fn stream_idle<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    match at(model, thing) {
        Ok(hop) if hop.dialect == Dialect::Envoy => envoy::stream_idle(hop.node),
        _ => Fact::nothing(),
    }
}

/// How long a load balancer goes on with the requests of an endpoint that leaves.
pub(super) fn drain<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    of_targets(model, thing, alb::drain, |a, b| match a.value() == b.value() {
        true => a,
        false => Fact::unknown("it differs from Service to Service"),
    })
}

/// The smaller of two times, with its own places.
pub(super) fn sooner<'a>(a: Fact<'a, f64>, b: Fact<'a, f64>) -> Fact<'a, f64> {
    match (a.value(), b.value()) {
        (Some(x), Some(y)) => {
            if y < x {
                b
            } else {
                a
            }
        }
        _ if a.is_absent() => b,
        _ if b.is_absent() || a.is_unknown() => a,
        _ => b,
    }
}

/// How long a hop waits for the answer to one attempt.
pub fn waits<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    if let Some(hop) = at(model, thing).ok().filter(|hop| is_any_nginx(model, hop)) {
        return nginx(model, hop).any_wait();
    }
    let timeout = timeout(model, thing);
    match retry::of(model, thing).state {
        State::Written(retry) | State::Default(retry) => sooner(timeout, retry.per_try),
        State::Absent => timeout,
        State::Unknown(reason) => Fact { state: State::Unknown(reason), ..timeout },
    }
}

/// How long a hop may be busy with one request.
pub fn worst<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let timeout = timeout(model, thing);
    let retry = match retry::of(model, thing).state {
        State::Written(retry) | State::Default(retry) => retry,
        State::Absent => return timeout,
        State::Unknown(reason) => return Fact { state: State::Unknown(reason), ..timeout },
    };
    match retry.after_timeout() {
        None => {
            Fact { state: State::Unknown(Reason::new("after what it asks again is not known")), ..timeout }
        }
        Some(false) => sooner(timeout, retry.per_try),
        Some(true) => {
            let all = retry
                .per_try
                .with(retry.count, |one, again| (one, again))
                .with(retry.pause, |(one, again), pause| one * (again + 1.0) + pause * again);
            sooner(timeout, all)
        }
    }
}

/// How often a hop may send one request.
pub fn attempts<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, f64> {
    let retry = retry::of(model, thing);
    match retry.state {
        State::Written(retry) | State::Default(retry) => retry.count.map(|again| again + 1.0),
        State::Absent => {
            Fact { state: State::Default(1.0), spots: retry.spots, confidence: retry.confidence }
        }
        State::Unknown(reason) => {
            Fact { state: State::Unknown(reason), spots: retry.spots, confidence: retry.confidence }
        }
    }
}
