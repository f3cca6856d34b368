//! Topics: who listens.

use super::messaging::graph;
use super::queue::found;
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Thing};

/// The topic as a subject.
pub static TOPIC: KindDef = KindDef {
    kind: Kind::Topic,
    name: "topic",
    doc: "A topic of SNS.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => super::messaging::named;
        "subscriptions": Ty::List(&Ty::Thing(Kind::Subscription)), "who listens" => |m, t| found(&graph(m).subscribers[t.id as usize], Kind::Subscription);
        "alarms": Ty::List(&Ty::Thing(Kind::Alarm)), "the alarms that tell it when they fire" => |m, t| found(&graph(m).tellers[t.id as usize], Kind::Alarm);
    }],
    all: Some(|m| (0..m.messaging.topics.len()).map(|id| Thing::new(Kind::Topic, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(m.messaging.topics[t.id as usize].node),
    owners: &[Kind::Project],
    schema: &[],
};
