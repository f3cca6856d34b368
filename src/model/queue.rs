//! Queues: how long they keep messages, where failed ones go, who reads them and who watches them.

use super::messaging::{self, graph};
use super::value::{Val, list, open_things};
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::messaging::{Broker, Queue};

/// The queue as a subject.
pub static QUEUE: KindDef = KindDef {
    kind: Kind::Queue,
    name: "queue",
    doc: "A queue of SQS or RabbitMQ.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => super::messaging::named;
        "broker": Ty::Text, "who keeps it: `SQS` or `RabbitMQ`" => |m, t| Fact::plain(match get(m, t).broker {
            Broker::Sqs => "SQS",
            Broker::RabbitMq => "RabbitMQ",
        }).into();
        "fifo": Ty::Bool, "whether it keeps the order of messages" => |m, t| get(m, t).fifo.clone().into();
        "retention": SECONDS, "how long a message is kept" => |m, t| get(m, t).retention.clone().into();
        "visibility": SECONDS, "how long a message is hidden from others once it was received" => |m, t| get(m, t).visibility.clone().into();
        "maxReceives": NUMBER, "how often a message is received before it goes to the dead-letter queue" => |m, t| get(m, t).max_receives.clone().into();
        "deadLetter": Ty::Thing(Kind::Queue), "the queue that failed messages go to" => |m, t| {
            let this = get(m, t);
            messaging::target(m, &this.dead_letter, this.system, Kind::Queue).into()
        };
        "feeds": Ty::List(&Ty::Thing(Kind::Feed)), "what sends failed messages here: where there is any, it is a dead-letter queue" => |m, t| {
            let graph = graph(m);
            let all = (0..graph.feeds[t.id as usize].len()).map(|at| Thing::part(Kind::Feed, t.id, at));
            open_things(all, graph.feeds_open.get(&get(m, t).system).or_else(|| graph.named_queues.get(&t.id)).cloned())
        };
        "chain": Ty::List(&Ty::Thing(Kind::Queue)), "the queues that a message which always fails goes through, one after the other" => chain;
        "consumers": Ty::List(&Ty::Thing(Kind::Subscription)), "what reads from it" => |m, t| found(&graph(m).consumers[t.id as usize], Kind::Subscription);
        "alarms": Ty::List(&Ty::Thing(Kind::Alarm)), "the alarms that watch it" => |m, t| found(&graph(m).alarms[t.id as usize], Kind::Alarm);
        "form": Ty::Text, "of RabbitMQ: `classic`, `quorum` or `stream`" => |m, t| rabbit(m, t, |rabbit| rabbit.form.clone().into());
        "durable": Ty::Bool, "of RabbitMQ: whether it survives a restart" => |m, t| rabbit(m, t, |rabbit| rabbit.durable.clone().into());
        "temporary": Ty::Bool, "of RabbitMQ: whether it goes when it is not used" => |m, t| rabbit(m, t, |rabbit| rabbit.temporary.clone().into());
        "deadLetterExchange": Ty::Text, "of RabbitMQ: the exchange that failed messages go to" => |m, t| rabbit(m, t, |rabbit| rabbit.dead_exchange.clone().into());
        "deadLetterPattern": Ty::Text, "of RabbitMQ: the pattern of the policy that says so" => |m, t| rabbit(m, t, |rabbit| rabbit.dead_pattern.clone().into());
        "deadLetterQueues": Ty::List(&Ty::Thing(Kind::Queue)), "of RabbitMQ: the queues that failed messages reach through it" => |m, t| rabbit(m, t, |rabbit| {
            let reached = rabbit.dead_letters.iter().filter_map(|handle| messaging::at_handle(m, *handle));
            open_things(reached, rabbit.dead_letters_open.clone())
        });
        "deadLetterBindings": Ty::List(&Ty::Text), "of RabbitMQ: the routing keys for which queues are bound to that exchange" =>
            |m, t| rabbit(m, t, |rabbit| list(rabbit.bindings.iter().cloned()));
        "maxLength": NUMBER, "of RabbitMQ: how many messages or bytes it holds" => |m, t| rabbit(m, t, |rabbit| rabbit.limit.clone().into());
        "overflow": Ty::Text, "of RabbitMQ: what becomes of messages over that" => |m, t| rabbit(m, t, |rabbit| rabbit.overflow.clone().into());
        "mirroring": Ty::Text, "of RabbitMQ: the policy `ha-mode` that it is under" => |m, t| rabbit(m, t, |rabbit| rabbit.mirrored.clone().into());
        "acknowledgeTimeout": SECONDS, "of RabbitMQ: how long a consumer may take to acknowledge a message before it is given to another" => |m, t| rabbit(m, t, |rabbit| rabbit.acknowledge.clone().into());
        "nodes": NUMBER, "of RabbitMQ: how many nodes the cluster has" => |m, t| rabbit(m, t, |rabbit| rabbit.nodes.clone().into());
        "senders": Ty::List(&Ty::Text), "the services that its policies let send messages; `*` is everybody" => senders;
    }],
    all: Some(|m| (0..m.messaging.queues.len()).map(|id| Thing::new(Kind::Queue, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

/// What sends failed messages to a queue.
pub static FEED: KindDef = KindDef {
    kind: Kind::Feed,
    name: "feed",
    doc: "What sends the messages that it cannot handle to a queue.",
    tables: &[facts! {
        "name": Ty::Text, "what it is called in its file" => |m, t| {
            let from = feed(m, t);
            let text = messaging::label(m, from).into_owned();
            let mut fact = Fact::plain(text);
            fact.spots = spots(m, from);
            fact.into()
        };
        "queue": Ty::Thing(Kind::Queue), "the queue, if it is one" => |m, t| of_kind(m, t, Kind::Queue);
        "function": Ty::Thing(Kind::Function), "the function, if it is one" => |m, t| of_kind(m, t, Kind::Function);
        "subscription": Ty::Thing(Kind::Subscription), "the subscription, if it is one" => |m, t| of_kind(m, t, Kind::Subscription);
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Queue, t.id as usize)),
    node: |m, t| spots(m, feed(m, t)).first().map(|spot| spot.node),
    owners: &[Kind::Queue, Kind::Project],
    schema: &[],
};

/// The queue behind a thing of kind queue.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Queue<'a> {
    &model.messaging.queues[thing.id as usize]
}

fn rabbit<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    read: impl FnOnce(&'a crate::lower::messaging::Rabbit<'a>) -> Val<'a>,
) -> Val<'a> {
    get(model, thing).rabbit.as_ref().map_or_else(|| Fact::<&str>::nothing().into(), read)
}

/// A list of things as rules see it.
pub fn found<'a>(found: &super::link::Found, kind: Kind) -> Val<'a> {
    open_things(found.ids.iter().map(|id| Thing::new(kind, *id as usize)), found.open.clone())
}

fn feed(model: &Model<'_>, thing: Thing) -> Thing {
    graph(model).feeds[thing.id as usize][thing.part as usize].from
}

/// Where a feed says where its failures go.
fn spots<'a>(model: &'a Model<'a>, from: Thing) -> crate::fact::Spots<'a> {
    let all = &model.messaging;
    let id = from.id as usize;
    match from.kind {
        Kind::Queue => match &all.queues[id] {
            Queue { rabbit: Some(rabbit), .. } => rabbit.dead_exchange.spots.clone(),
            queue => queue.dead_letter.spots.clone(),
        },
        Kind::Function => {
            let function = &all.functions[id];
            let decides =
                if function.dead_letter.is_absent() { &function.on_failure } else { &function.dead_letter };
            decides.spots.clone()
        }
        _ => all.subscriptions[id].dead_letter.spots.clone(),
    }
}

fn of_kind<'a>(model: &'a Model<'a>, thing: Thing, kind: Kind) -> Val<'a> {
    let from = feed(model, thing);
    if from.kind == kind { Fact::plain(from).into() } else { Fact::<Thing>::nothing().into() }
}

/// How many queues a message is followed through.
const CHAIN: usize = 16;

/// Follows dead letters until they stop, or come back to a queue that was passed.
fn chain<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let mut passed: Vec<Thing> = Vec::new();
    let mut open = None;
    let mut ahead = std::collections::VecDeque::from([thing]);
    while let Some(here) = ahead.pop_front().filter(|_| passed.len() <= CHAIN) {
        let (next, more) = after(model, here);
        for to in next.into_iter().filter(|to| !passed.contains(to)).collect::<Vec<_>>() {
            passed.push(to);
            if to != thing {
                ahead.push_back(to);
            }
        }
        open = open.or(more);
    }
    let queue = get(model, thing);
    let spots = match &queue.rabbit {
        Some(rabbit) => rabbit.dead_exchange.spots.clone(),
        None => queue.dead_letter.spots.clone(),
    };
    Val { spots, ..open_things(passed, open) }
}

/// Where all failed messages of a queue go next, and why some may go elsewhere.
fn after<'a>(model: &'a Model<'a>, queue: Thing) -> (Vec<Thing>, Option<Reason>) {
    let queue = get(model, queue);
    if let Some(rabbit) = &queue.rabbit {
        let hidden = || Reason::new("where a message goes hangs on the key that it came with");
        let reached = rabbit.dead_letters.iter().filter_map(|handle| messaging::at_handle(model, *handle));
        return match rabbit.all_dead_letters || rabbit.dead_letters.is_empty() {
            true => (reached.collect(), rabbit.dead_letters_open.clone()),
            false => (Vec::new(), rabbit.dead_letters_open.clone().or_else(|| Some(hidden()))),
        };
    }
    match messaging::target(model, &queue.dead_letter, queue.system, Kind::Queue).state {
        State::Written(to) | State::Default(to) => (vec![to], None),
        State::Absent => (Vec::new(), None),
        State::Unknown(reason) => (Vec::new(), Some(reason)),
    }
}

fn senders<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let permissions = &graph(model).permissions[thing.id as usize];
    let mut all = Vec::new();
    let mut open = permissions.open.clone();
    for id in &permissions.ids {
        let services = &model.messaging.permissions[*id as usize].services;
        match &services.state {
            State::Written(names) | State::Default(names) => {
                let spot = services.spots.first().cloned();
                all.extend(names.iter().map(|name| match &spot {
                    Some(spot) => {
                        Fact::written(*name, Spot { says: crate::fact::Says::Nothing, ..spot.clone() })
                    }
                    None => Fact::plain(*name),
                }));
            }
            State::Unknown(reason) => drop(open.get_or_insert_with(|| reason.clone())),
            State::Absent => {}
        }
    }
    let items = match list(all).state {
        State::Written(super::value::Datum::List(items)) => items.items.clone(),
        _ => Vec::new(),
    };
    Fact::plain(super::value::List { items, open }).into()
}
