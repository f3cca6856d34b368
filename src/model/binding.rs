//! Bindings of RabbitMQ: from which exchange to which queue. Only those of exports, which have every queue that there is: an object of
//! the topology operator may name a queue that an application declares.

use super::messaging;
use super::vocabulary::{KindDef, Ty, facts};
use super::{Kind, Thing};
use crate::fact::Fact;

/// The binding as a subject.
pub static BINDING: KindDef = KindDef {
    kind: Kind::Binding,
    name: "binding",
    doc: "A binding of an exchange of RabbitMQ to a queue, in exported definitions.",
    tables: &[facts! {
        "name": Ty::Text, "the name of the queue that it leads to" => |m, t| m.messaging.bindings[t.id as usize].destination.clone().into();
        "source": Ty::Text, "the name of the exchange" => |m, t| Fact::plain(m.messaging.bindings[t.id as usize].source).into();
        "queue": Ty::Thing(Kind::Queue), "the queue that it leads to; none, if there is no such queue" => |m, t| {
            let this = &m.messaging.bindings[t.id as usize];
            messaging::target(m, &this.queue, this.system, Kind::Queue).into()
        };
    }],
    all: Some(|m| (0..m.messaging.bindings.len()).map(|id| Thing::new(Kind::Binding, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(m.messaging.bindings[t.id as usize].node),
    owners: &[Kind::Project],
    schema: &[],
};
