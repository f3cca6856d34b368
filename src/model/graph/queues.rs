//! The ways of messages: queues, what reads them, where failed messages end, and which alarm watches.

use super::{Draft, Node, NodeKind, Note};
use crate::fact::{Fact, State};
use crate::lower::messaging::Link;
use crate::measure::duration;
use crate::model::alert;
use crate::model::messaging::{self, graph};
use crate::model::queue;
use crate::model::{Kind, Model, Thing};

/// Draws all queues, with what they are joined with.
pub(super) fn draw(draft: &mut Draft<'_, '_>) {
    let model = draft.model;
    for id in 0..model.messaging.queues.len() {
        let thing = Thing::new(Kind::Queue, id);
        let here = station(draft, thing);
        for feed in &graph(model).feeds[id] {
            let from = source(model, feed.from);
            if let Some(from) = from.or(Some(feed.from).filter(|from| from.kind != Kind::Subscription)) {
                let from = station(draft, from);
                draft.edge(from, here.clone(), false);
            }
        }
        for alarm in &graph(model).alarms[id].ids {
            let alarm = station(draft, Thing::new(Kind::Alarm, *alarm as usize));
            draft.edge(here.clone(), alarm, false);
        }
    }
    for subscription in &model.messaging.subscriptions {
        let end = |link: &Fact<'_, Link<'_>>| {
            [Kind::Queue, Kind::Topic, Kind::Function]
                .into_iter()
                .find_map(|kind| known(model, link, subscription.system, kind))
        };
        if let (Some(from), Some(to)) = (end(&subscription.source), end(&subscription.target)) {
            let (from, to) = (station(draft, from), station(draft, to));
            draft.edge(from, to, false);
        }
    }
    for (id, alarm) in model.messaging.alarms.iter().enumerate() {
        let thing = Thing::new(Kind::Alarm, id);
        if draft.known.contains_key(&thing) {
            for receiver in alert::receivers(model, thing) {
                let (from, to) = (station(draft, thing), station(draft, receiver));
                draft.edge(from, to, false);
            }
        }
        let Some(actions) = alarm.actions.value().filter(|_| draft.known.contains_key(&thing)) else {
            continue;
        };
        for link in actions {
            if let Some(topic) = known(model, link, alarm.system, Kind::Topic) {
                let (from, to) = (station(draft, thing), station(draft, topic));
                draft.edge(from, to, false);
            }
        }
    }
}

/// What a link leads to, if that is known and of this kind.
fn known(model: &Model<'_>, link: &Fact<'_, Link<'_>>, system: u32, kind: Kind) -> Option<Thing> {
    let to = link.value()?;
    graph(model).find(to, system, kind).ok().filter(|thing| thing.kind == kind)
}

/// Where the messages come from that a subscription fails to hand over.
fn source(model: &Model<'_>, from: Thing) -> Option<Thing> {
    if from.kind != Kind::Subscription {
        return None;
    }
    let subscription = &model.messaging.subscriptions[from.id as usize];
    [Kind::Topic, Kind::Queue, Kind::Function]
        .into_iter()
        .find_map(|kind| known(model, &subscription.source, subscription.system, kind))
}

fn station(draft: &mut Draft<'_, '_>, thing: Thing) -> String {
    draft.node(thing, |draft, id| {
        let model = draft.model;
        let place = (thing.kind.def().node)(model, thing).map(|node| draft.place(node));
        let (kind, notes) = match thing.kind {
            Kind::Queue => (NodeKind::Queue, of_queue(model, thing)),
            Kind::Function => (NodeKind::Server, of_function(model, thing)),
            Kind::Alarm => (NodeKind::Alarm, of_alarm(model, thing)),
            Kind::Topic => (NodeKind::Proxy, of_topic(model, thing)),
            Kind::Receiver => (NodeKind::Server, of_receiver(model, thing)),
            _ => (NodeKind::Proxy, Vec::new()),
        };
        Node {
            id,
            kind,
            name: messaging::label(model, thing).into_owned(),
            by: Some(thing.kind.word().to_owned()),
            unit: messaging::system(model, thing).unwrap_or(".").to_owned(),
            place,
            notes,
        }
    })
}

fn of_queue(model: &Model<'_>, thing: Thing) -> Vec<Note> {
    let (this, graph) = (queue::get(model, thing), graph(model));
    let mut notes = Vec::new();
    notes.extend(time("kept", &this.retention));
    notes.extend(time("hidden for", &this.visibility));
    match this.max_receives.value() {
        Some(most) if most.is_infinite() => notes.push(Note::missing("no limit on receives")),
        Some(most) => notes.push(Note::new(format!("at most {most} receives"))),
        None => {}
    }
    let rabbit = this.rabbit.as_ref();
    if rabbit.is_some_and(|rabbit| {
        rabbit.dead_exchange.is_written()
            && rabbit.dead_letters.is_empty()
            && rabbit.dead_letters_open.is_none()
    }) {
        notes.push(Note::missing("dead letters go nowhere"));
    }
    let alarms = &graph.alarms[thing.id as usize];
    if graph.feeds[thing.id as usize].is_empty() {
        let read = !graph.consumers[thing.id as usize].ids.is_empty();
        if read && this.dead_letter.is_absent() && rabbit.is_none() {
            notes.push(Note::missing("no dead-letter queue"));
        }
    } else {
        notes.push(Note::new("dead letters"));
        if alarms.ids.is_empty() && alarms.open.is_none() {
            notes.push(Note::missing("no alarm watches it"));
        }
    }
    notes
}

fn of_function(model: &Model<'_>, thing: Thing) -> Vec<Note> {
    time("timeout", &model.messaging.functions[thing.id as usize].timeout).into_iter().collect()
}

/// "told: email, https".
fn of_topic(model: &Model<'_>, thing: Thing) -> Vec<Note> {
    let subscribers = &graph(model).subscribers[thing.id as usize];
    let all = &model.messaging.subscriptions;
    let protocols = subscribers.ids.iter().filter_map(|id| all[*id as usize].protocol.value().copied());
    let names: std::collections::BTreeSet<&str> = protocols.collect();
    match (subscribers.ids.is_empty() && subscribers.open.is_none(), names.is_empty()) {
        (true, _) => vec![Note::missing("nobody subscribes")],
        (_, true) => Vec::new(),
        _ => vec![Note::new(format!("told: {}", names.into_iter().collect::<Vec<_>>().join(", ")))],
    }
}

/// "slack, pagerduty".
fn of_receiver(model: &Model<'_>, thing: Thing) -> Vec<Note> {
    let receiver = &model.messaging.alerting.receivers[thing.id as usize];
    let Some(integrations) = receiver.integrations.value() else { return Vec::new() };
    let mut names: Vec<&str> = integrations.iter().filter_map(|one| one.value().copied()).collect();
    names.dedup();
    if names.is_empty() { vec![Note::missing("nobody behind it")] } else { vec![Note::new(names.join(", "))] }
}

fn of_alarm(model: &Model<'_>, thing: Thing) -> Vec<Note> {
    let alarm = &model.messaging.alarms[thing.id as usize];
    let silent = match &alarm.actions.state {
        State::Written(actions) | State::Default(actions) => actions.is_empty(),
        State::Absent => true,
        State::Unknown(_) => false,
    };
    if silent && alarm.query.is_none() { vec![Note::missing("it tells nobody")] } else { Vec::new() }
}

/// "kept 4 d by default".
fn time(what: &str, fact: &Fact<'_, f64>) -> Option<Note> {
    let (seconds, whose) = match fact.state {
        State::Written(seconds) => (seconds, ""),
        State::Default(seconds) => (seconds, " by default"),
        State::Absent | State::Unknown(_) => return None,
    };
    Some(Note::new(format!("{what} {}{whose}", duration::text(seconds))))
}
