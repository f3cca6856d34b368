//! Functions: how long they run, what calls them, where their failures go.

use super::messaging::{self, graph};
use super::queue::found;
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::lower::messaging::Function;

/// The function as a subject.
pub static FUNCTION: KindDef = KindDef {
    kind: Kind::Function,
    name: "function",
    doc: "A function of Lambda.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => super::messaging::named;
        "timeout": SECONDS, "how long it may run" => |m, t| get(m, t).timeout.clone().into();
        "reservedConcurrency": NUMBER, "how many of it may run at once" => |m, t| get(m, t).reserved.clone().into();
        "deadLetter": Ty::Thing(Kind::Queue), "the queue of its own dead-letter configuration" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.dead_letter, this.system, Kind::Queue).into()
        };
        "onFailure": Ty::Text, "where an event goes that it failed to handle, by its destinations" =>
            |m, t| get(m, t).on_failure.clone().map(|link| messaging::shown(m, &link)).into();
        "retries": NUMBER, "how often a failed event is tried again when nobody waits for the answer" => |m, t| get(m, t).retries.clone().into();
        "databases": Ty::List(&Ty::Text), "the databases of RDS whose addresses its variables hold; what goes through a proxy is none" => |m, t| super::value::list(get(m, t).databases.iter().cloned());
        "triggers": Ty::List(&Ty::Thing(Kind::Subscription)), "what calls it" => |m, t| found(&graph(m).triggers[t.id as usize], Kind::Subscription);
    }],
    all: Some(|m| (0..m.messaging.functions.len()).map(|id| Thing::new(Kind::Function, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Function<'a> {
    &model.messaging.functions[thing.id as usize]
}
