//! Subscriptions: what carries messages from a queue, a stream, a topic or a bus to whoever handles them, and what becomes of those
//! that could not be delivered.

use super::messaging;
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::Fact;
use crate::lower::messaging::Subscription;

/// The subscription as a subject.
pub static SUBSCRIPTION: KindDef = KindDef {
    kind: Kind::Subscription,
    name: "subscription",
    doc: "What carries messages or calls to a function, a queue or an endpoint: an event source mapping, a subscription to a topic, a target of a rule, a schedule, an integration of a gateway.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => super::messaging::named;
        "carrier": Ty::Text, "who carries: `SQS`, `Kinesis`, `DynamoDB`, `poll`, `SNS`, `EventBridge rule`, `EventBridge schedule`, `event`, `API Gateway`, or `unknown`" =>
            |m, t| match get(m, t).carrier {
                crate::lower::messaging::Carrier::UnknownPoll => Fact::<&str>::unknown("what it polls is only known at run time").into(),
                carrier => Fact::plain(carrier.word()).into(),
            };
        "queue": Ty::Thing(Kind::Queue), "the queue that it reads from" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.source, this.system, Kind::Queue).into()
        };
        "topic": Ty::Thing(Kind::Topic), "the topic that it listens to" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.source, this.system, Kind::Topic).into()
        };
        "function": Ty::Thing(Kind::Function), "the function that it calls" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.target, this.system, Kind::Function).into()
        };
        "target": Ty::Text, "whom it delivers to" => |m, t| get(m, t).target.clone().map(|link| messaging::shown(m, &link)).into();
        "protocol": Ty::Text, "the protocol of a subscription to a topic" => |m, t| get(m, t).protocol.clone().into();
        "scheduled": Ty::Bool, "whether it is the clock that makes it carry something" => |m, t| get(m, t).scheduled.clone().into();
        "enabled": Ty::Bool, "whether it is on" => |m, t| get(m, t).enabled.clone().into();
        "batch": NUMBER, "how many messages are handed over at once" => |m, t| get(m, t).batch.clone().into();
        "window": SECONDS, "how long a batch is waited for" => |m, t| get(m, t).window.clone().into();
        "partialFailures": Ty::Bool, "whether the function says which messages of a batch failed" => |m, t| get(m, t).partial.clone().into();
        "retries": NUMBER, "how often a failed batch of a stream is tried again" => |m, t| get(m, t).retries.clone().into();
        "maxAge": SECONDS, "how old a record of a stream may be to be tried again" => |m, t| get(m, t).max_age.clone().into();
        "bisects": Ty::Bool, "whether a failed batch of a stream is cut in two" => |m, t| get(m, t).bisect.clone().into();
        "maxConcurrency": NUMBER, "how many functions it calls at once" => |m, t| get(m, t).concurrency.clone().into();
        "deadLetter": Ty::Thing(Kind::Queue), "the queue for what could not be delivered" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.dead_letter, this.system, Kind::Queue).into()
        };
        "permissionMade": Ty::Bool, "whether the tool that deploys it lets it send to that queue" => |m, t| Fact::plain(get(m, t).permission_made).into();
        "timeout": SECONDS, "how long the caller waits for the answer" => |m, t| get(m, t).timeout.clone().into();
    }],
    all: Some(|m| {
        (0..m.messaging.subscriptions.len()).map(|id| Thing::new(Kind::Subscription, id)).collect()
    }),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Subscription<'a> {
    &model.messaging.subscriptions[thing.id as usize]
}
