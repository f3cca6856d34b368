//! Alarms: what they watch, when they fire, and whom they tell.

use super::messaging::{self, graph};
use super::queue::found;
use super::value::{List, Val, open_things};
use super::vocabulary::{KindDef, NUMBER, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, State};
use crate::lower::messaging::Alarm;

/// The alarm as a subject.
pub static ALARM: KindDef = KindDef {
    kind: Kind::Alarm,
    name: "alarm",
    doc: "An alarm of CloudWatch, or an alerting rule of Prometheus.",
    tables: &[
        facts! {
            "name": Ty::Text, "what it is called in its file" => super::messaging::named;
            "composite": Ty::Bool, "whether it goes by other alarms" => |m, t| Fact::plain(get(m, t).composite).into();
            "namespace": Ty::Text, "the namespace of its metric, if it has one only" => |m, t| match get(m, t).watches.as_slice() {
                [watch] => watch.namespace.clone().into(),
                _ => Fact::<&str>::nothing().into(),
            };
            "metric": Ty::Text, "its metric, if it has one only" => |m, t| match get(m, t).watches.as_slice() {
                [watch] => watch.metric.clone().into(),
                _ => Fact::<&str>::nothing().into(),
            };
            "queues": Ty::List(&Ty::Thing(Kind::Queue)), "the queues that it watches" => queues;
            "comparison": Ty::Text, "how the metric is compared with the threshold: `GreaterThanThreshold`" => |m, t| get(m, t).comparison.clone().into();
            "threshold": NUMBER, "what the metric is compared with" => |m, t| get(m, t).threshold.clone().into();
            "period": SECONDS, "how long one period is" => |m, t| get(m, t).period.clone().into();
            "periods": NUMBER, "how many periods are looked at" => |m, t| get(m, t).periods.clone().into();
            "severity": Ty::Text, "of Prometheus: its label `severity`" => |m, t| get(m, t).severity.clone().into();
            "for": SECONDS, "of Prometheus: how long it must be bad before it fires" => |m, t| get(m, t).pending.clone().into();
            "datapoints": NUMBER, "how many of them must be bad" => |m, t| get(m, t).datapoints.clone().into();
            "statistic": Ty::Text, "how the values of a period are made one" => |m, t| get(m, t).statistic.clone().into();
            "missingData": Ty::Text, "what a period without data counts as: `missing`, `ignore`, `breaching` or `notBreaching`" => |m, t| get(m, t).missing.clone().into();
            "enabled": Ty::Bool, "whether it may act" => |m, t| get(m, t).enabled.clone().into();
            "actions": Ty::List(&Ty::Text), "what it does when it fires" => actions;
            "otherActions": Ty::Bool, "whether it does something when it ends, or when there is no data" => |m, t| Fact::plain(get(m, t).other_actions).into();
            "topics": Ty::List(&Ty::Thing(Kind::Topic)), "the topics that it tells" => topics;
            "composites": Ty::List(&Ty::Thing(Kind::Alarm)), "the alarms that go by it" => |m, t| found(&graph(m).composites[t.id as usize], Kind::Alarm);
        },
        super::alert::FACTS,
    ],
    all: Some(|m| (0..m.messaging.alarms.len()).map(|id| Thing::new(Kind::Alarm, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Alarm<'a> {
    &model.messaging.alarms[thing.id as usize]
}

fn queues<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let this = get(model, thing);
    let mut items = Vec::new();
    let mut open = this.open.clone();
    for watch in &this.watches {
        let queue = messaging::target(model, &watch.queue, this.system, Kind::Queue);
        match queue.state {
            State::Unknown(reason) => drop(open.get_or_insert(reason)),
            State::Absent => {}
            _ => items.push(queue.into()),
        }
    }
    Fact::plain(List { items, open }).into()
}

fn actions<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let shown = |link: &Fact<'a, crate::lower::messaging::Link<'a>>| -> Val<'a> {
        link.clone().map(|link| messaging::shown(model, &link)).into()
    };
    get(model, thing)
        .actions
        .clone()
        .map(|links| List { items: links.iter().map(shown).collect(), open: None })
        .into()
}

/// The alarms of CloudWatch that have actions, be these known or not; or those that have none.
pub(super) fn of_cloudwatch<'a>(model: &'a Model<'a>, acting: bool) -> Val<'a> {
    let all = &model.messaging;
    let wanted = |alarm: &Alarm<'_>| alarm.query.is_none() && alarm.actions.is_absent() != acting;
    let found = all.alarms.iter().enumerate().filter(|(_, alarm)| wanted(alarm));
    let open = all.systems.iter().find_map(|system| system.open.clone());
    open_things(found.map(|(id, _)| Thing::new(Kind::Alarm, id)), open)
}

fn topics<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let this = get(model, thing);
    let links = match &this.actions.state {
        State::Written(links) | State::Default(links) => links,
        State::Absent => return super::value::things([]),
        State::Unknown(reason) => return open_things([], Some(reason.clone())),
    };
    let mut items = Vec::new();
    let mut open: Option<Reason> = None;
    for link in links {
        let topic = messaging::target(model, link, this.system, Kind::Topic);
        match topic.state {
            State::Unknown(reason) => drop(open.get_or_insert(reason)),
            _ => items.push(topic.into()),
        }
    }
    Fact::plain(List { items, open }).into()
}
