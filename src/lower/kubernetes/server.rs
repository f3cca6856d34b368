//! What the server in a container says of one request, and of connections on which nothing is asked.

use super::start::Start;
use crate::fact::{Confidence, Fact, Says, Spot, State};
use crate::measure::launch::Launch;
use crate::measure::requests::{self, OwnTime};
use crate::measure::servers::{self, ServerTime};
use crate::measure::workers;
use crate::syntax::tree::NodeRef;

/// How long the server lets one request run; absent where it says nothing.
pub fn limit<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    let container = start.owner();
    if let Some(hidden) = start.hidden() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(hidden));
    }
    match start.ask(requests::limit) {
        Some(told) => said(start, container, &told),
        // gunicorn reads gunicorn.conf.py, too, and what the image has of it is not seen.
        None => of_itself(start, start.ask(requests::own_limit), &["GUNICORN_CMD_ARGS"]).guessed(),
    }
}

/// How long the server keeps a connection on which nothing is asked; absent where nothing is known of it.
pub fn keep_alive<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    let container = start.owner();
    if let Some(hidden) = start.hidden() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(hidden));
    }
    if let Some(told) = start.ask(requests::keep_alive) {
        return said(start, container, &told);
    }
    let elsewhere = ["UVICORN_TIMEOUT_KEEP_ALIVE", "GUNICORN_CMD_ARGS", "KEEP_ALIVE_TIMEOUT"];
    let own = start.ask(|launch| requests::own_keep_alive(launch, start.tag()));
    let in_code = own.is_some_and(|own| own.server == "Node.js");
    let fact = of_itself(start, own, &elsewhere);
    if in_code { fact.guessed() } else { fact }
}

/// What a server does where nobody tells it, unless somebody may tell it elsewhere.
fn of_itself<'a>(start: &Start<'a>, own: Option<OwnTime>, elsewhere: &[&str]) -> Fact<'a, f64> {
    let container = start.owner();
    match own {
        Some(own) if !start.is_elsewhere(elsewhere) && !start.hides_options() => {
            let spot = start.words().next().map_or_else(|| Spot::value(container), Spot::value);
            let words = format!("no `{}`: {} takes {} s", own.setting, own.server, own.seconds);
            Fact {
                state: State::Default(own.seconds),
                spots: [spot.saying(words)].into_iter().collect(),
                confidence: Confidence::High,
            }
        }
        Some(_) => Fact::unknown_at("it may be told elsewhere", Spot::value(container)),
        None => Fact::absent(Spot::value(container)),
    }
}

/// How long a request may wait for a connection to the database; absent where nothing is known of a pool.
pub fn pool_wait<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    match start.ask(requests::pool_wait) {
        Some(told) => said(start, start.owner(), &told),
        None => Fact::absent(Spot::value(start.owner())),
    }
}

/// How many requests it works on at once; absent where that is not known.
pub fn concurrency<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    let container = start.owner();
    if start.hidden().is_some() || start.hides_options() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(container));
    }
    match start.ask(requests::concurrency) {
        Some(count) => {
            Fact::written(count, start.words().next().map_or_else(|| Spot::value(container), Spot::value))
        }
        None => Fact::absent(Spot::value(container)),
    }
}

/// How long it finishes requests after it was told to stop; absent where it says nothing.
pub fn drain<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    written(start, servers::drain)
}

/// How long a worker lets one task run; absent where it is none, or says nothing.
pub fn task<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    written(start, workers::task)
}

/// The name of the queue of SQS that a worker reads; absent where it is none, or that is not known.
pub fn queue<'a>(start: &Start<'a>) -> Fact<'a, String> {
    match start.ask(workers::queue) {
        Some(_) if start.is_elsewhere(&["SQS_SUFFIX"]) => {
            Fact::unknown_at("the end of its name may be told elsewhere", Spot::value(start.owner()))
        }
        Some(read) => {
            Fact::written(read.name, start.spot(&read.place).unwrap_or_else(|| Spot::value(start.owner())))
        }
        None => Fact::absent(Spot::value(start.owner())),
    }
}

/// How long a proxy takes to close its connections once it is asked to drain; absent where it says nothing.
pub fn proxy_drain<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    written(start, servers::proxy_drain)
}

/// How long the old process of a proxy lives on after a hot restart; absent where it says nothing.
pub fn parent_shutdown<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    written(start, servers::parent_shutdown)
}

/// A time of which a server has no default that is known here.
fn written<'a>(start: &Start<'a>, ask: fn(&Launch<'_>) -> Option<ServerTime>) -> Fact<'a, f64> {
    if let Some(hidden) = start.hidden() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(hidden));
    }
    match start.ask(ask) {
        Some(told) => said(start, start.owner(), &told),
        None => Fact::absent(Spot::value(start.owner())),
    }
}

/// Which server it is: the one that says a time, or whose program is named.
pub fn name(start: &Start<'_>) -> Option<&'static str> {
    start
        .ask(requests::limit)
        .or_else(|| start.ask(requests::keep_alive))
        .map(|told| told.server)
        .or_else(|| start.ask(requests::server))
}

fn said<'a>(start: &Start<'a>, container: NodeRef<'a>, told: &ServerTime) -> Fact<'a, f64> {
    let spot = start.spot(&told.place).unwrap_or_else(|| Spot::value(container));
    let fact = match told.seconds {
        Some(seconds) => Fact::written(seconds, spot),
        None => Fact::unknown_at("it is set to something that cannot be read", spot),
    };
    let fact = fact.saying(Says::Words(format!("{} `{}`", told.server, told.setting).into()));
    if told.guessed { fact.guessed() } else { fact }
}
