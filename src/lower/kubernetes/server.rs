//! What the server in a container says of one request, and of connections on which nothing is asked.

use super::start::Start;
use crate::fact::{Confidence, Fact, Says, Spot, State};
use crate::measure::requests;
use crate::measure::servers::ServerTime;
use crate::syntax::tree::NodeRef;

/// How long the server lets one request run; absent where it says nothing.
pub fn limit<'a>(start: &Start<'a>) -> Fact<'a, f64> {
    let container = start.owner();
    if let Some(hidden) = start.hidden() {
        return Fact::unknown_at("a part of the command is only known at run time", Spot::value(hidden));
    }
    match start.ask(requests::limit) {
        Some(told) => said(start, container, &told),
        None => Fact::absent(Spot::value(container)),
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
    let elsewhere = ["UVICORN_TIMEOUT_KEEP_ALIVE", "GUNICORN_CMD_ARGS"];
    match start.ask(requests::own_keep_alive) {
        Some(own) if !start.is_elsewhere(&elsewhere) && !start.hides_options() => {
            let spot = start.words().next().map_or_else(|| Spot::value(container), Spot::value);
            let words = format!("no `{}`: {} closes it after {} s", own.setting, own.server, own.seconds);
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

/// Which server it is, as far as it says a time.
pub fn name(start: &Start<'_>) -> Option<&'static str> {
    start
        .ask(requests::limit)
        .or_else(|| start.ask(requests::keep_alive))
        .map(|told| told.server)
        .or_else(|| start.ask(requests::own_keep_alive).map(|own| own.server))
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
