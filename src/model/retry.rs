//! How a hop asks again: how often, after what, with which pauses.

use std::rc::Rc;

use super::value::{Datum, List, Val, unknown};
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing, hop};
use crate::fact::{Fact, State};
use crate::lower::call::{Retry, Words};

/// The retries of a hop.
pub static RETRY: KindDef = KindDef {
    kind: Kind::Retry,
    name: "retry",
    doc: "How a hop asks again when an attempt has failed.",
    tables: &[facts! {
        "count": NUMBER, "how often it asks again, at most" => |m, t| with(m, t, |retry| retry.count.into());
        "perTry": SECONDS, "how long it waits for one attempt; where nobody says so, all the time that the hop has" => |m, t| with(m, t, |retry| retry.per_try.into());
        "pause": SECONDS, "how long it waits before it asks again, at first" => |m, t| with(m, t, |retry| retry.pause.into());
        "triggers": Ty::List(&Ty::Text), "after what it asks again, in the words of its technology" => |m, t| with(m, t, |retry| words(retry.triggers));
        "codes": Ty::List(&Ty::Text), "the status codes after which it asks again" => |m, t| with(m, t, |retry| words(retry.codes));
        "afterTimeout": Ty::Bool, "whether it asks again when an attempt took too long" => |m, t| with(m, t, |retry| said(&retry, Retry::after_timeout).into());
        "mayRepeat": Ty::Bool, "whether it asks again when the request may have been carried out already, whatever its method" => |m, t| with(m, t, |retry| said(&retry, Retry::may_repeat).into());
        "waitsAsAsked": Ty::Bool, "whether it waits for as long as the answer asks it to, such as `Retry-After` beside a 429" => |m, t| with(m, t, |retry|
            Fact::plain(retry.node.get("rate_limited_retry_back_off").is_some_and(|block| !block.is_null())).into());
        "readsCodes": Ty::Bool, "whether its triggers make it look at the status codes at all" => |m, t| with(m, t, |retry| said(&retry, Retry::reads_codes).into());
        "manifest": Ty::Node, "its own part of the manifest" => |m, t| with(m, t, |retry| Fact::plain(retry.node).into());
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Hop, t.id as usize)),
    node: |m, t| of(m, Thing::new(Kind::Hop, t.id as usize)).into_value().map(|retry| retry.node),
    owners: &[Kind::Hop, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

/// The retries of a hop; absent where it has none.
pub fn of<'a>(model: &'a Model<'a>, of: Thing) -> Fact<'a, Retry<'a>> {
    hop::call(model, of).map_or_else(Fact::nothing, |call| call.retry)
}

fn with<'a>(model: &'a Model<'a>, thing: Thing, ask: impl FnOnce(Retry<'a>) -> Val<'a>) -> Val<'a> {
    let retry = of(model, Thing::new(Kind::Hop, thing.id as usize));
    match retry.state {
        State::Written(found) | State::Default(found) => ask(found),
        State::Absent => Fact { state: State::Absent, spots: retry.spots, confidence: retry.confidence },
        State::Unknown(reason) => unknown(reason, retry.spots),
    }
}

fn words<'a>(words: Fact<'a, Words<'a>>) -> Val<'a> {
    words.map(|words| {
        let items = words.into_iter().map(|(word, spot)| Fact::written(word, spot).into()).collect();
        Datum::List(Rc::new(List { items, open: None }))
    })
}

/// What the triggers mean, at their place.
fn said<'a>(retry: &Retry<'a>, ask: impl Fn(&Retry<'a>) -> Option<bool>) -> Fact<'a, bool> {
    let answer = ask(retry);
    retry.triggers.clone().try_map("after what it asks again is left to who carries it out", |_| answer)
}
