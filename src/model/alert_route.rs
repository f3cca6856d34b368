//! The ways of alerts: routes and receivers of Alertmanager, and what mutes alerts while others fire.

use super::value::{List, Val, list, things};
use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Reason, Spot, State};
use crate::lower::alerting::{Alerting, Inhibition, Matcher, Receiver, Route};
use crate::measure::promql::Test;

/// The route as a subject.
pub static ALERT_ROUTE: KindDef = KindDef {
    kind: Kind::AlertRoute,
    name: "alertRoute",
    doc: "A route of Alertmanager.",
    tables: &[facts! {
        "name": Ty::Text, "the name of its receiver, its own or that of the route above" => |m, t| get(m, t).receiver.clone().into();
        "root": Ty::Bool, "whether all alerts come here first" => |m, t| {
            let this = get(m, t);
            Fact::plain(this.parent.is_none() && !this.object).into()
        };
        "leaf": Ty::Bool, "whether there are no routes below it" => |m, t| Fact::plain(get(m, t).children.is_empty()).into();
        "receiver": Ty::Thing(Kind::Receiver), "its receiver; unknown where there is none of that name" => |m, t| {
            let this = get(m, t);
            let state = match receiver(alerting(m), this) {
                State::Written(id) => State::Written(Thing::new(Kind::Receiver, id as usize)),
                State::Default(id) => State::Default(Thing::new(Kind::Receiver, id as usize)),
                State::Absent => State::Unknown(Reason::new("there is no receiver of that name")),
                State::Unknown(reason) => State::Unknown(reason),
            };
            Fact { state, spots: this.receiver.spots.clone(), confidence: this.receiver.confidence }.into()
        };
        "receiverExists": Ty::Bool, "whether there is a receiver of that name" => |m, t| {
            let this = get(m, t);
            let state = match receiver(alerting(m), this) {
                State::Written(_) | State::Default(_) => State::Written(true),
                State::Absent => State::Written(false),
                State::Unknown(reason) => State::Unknown(reason),
            };
            Fact { state, spots: this.receiver.spots.clone(), confidence: this.receiver.confidence }.into()
        };
        "matchers": Ty::List(&Ty::Text), "what it asks of labels: `severity=critical`" => |m, t| shown(&get(m, t).matchers);
        "shadowedBy": Ty::Text, "the receiver of a route before it that takes all alerts which it asks for" => shadowed;
        "groupBy": Ty::List(&Ty::Text), "the labels by which alerts are put together; `...` is all of them" => |m, t| texts(&get(m, t).group_by);
        "groupWait": SECONDS, "how long it waits for others of a group before the first message" => |m, t| get(m, t).group_wait.clone().into();
        "groupInterval": SECONDS, "how long it waits before a message about new alerts of a group" => |m, t| get(m, t).group_interval.clone().into();
        "repeatInterval": SECONDS, "after which time a message is sent again" => |m, t| get(m, t).repeat_interval.clone().into();
        "alarms": Ty::List(&Ty::Thing(Kind::Alarm)), "of the root: the alarms of the rules near it" => |m, t| {
            let queries = alerting(m).queries.iter().filter(|query| query.root == Some(t.id));
            things(queries.filter_map(|query| query.alarm).map(|id| Thing::new(Kind::Alarm, id as usize)))
        };
    }],
    all: Some(|m| (0..alerting(m).routes.len()).map(|id| Thing::new(Kind::AlertRoute, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

/// The receiver as a subject.
pub static RECEIVER: KindDef = KindDef {
    kind: Kind::Receiver,
    name: "receiver",
    doc: "A receiver of Alertmanager: who is told.",
    tables: &[facts! {
        "name": Ty::Text, "its name" => |m, t| {
            let this = receivers(m, t);
            let spot = this.node.get("name").map_or(Spot::value(this.node), Spot::value);
            Fact::written(this.name, spot).into()
        };
        "integrations": Ty::List(&Ty::Text), "by what it tells: `slack`, `pagerduty`" => |m, t| texts(&receivers(m, t).integrations);
    }],
    all: Some(|m| (0..alerting(m).receivers.len()).map(|id| Thing::new(Kind::Receiver, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(receivers(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

/// The inhibition as a subject.
pub static INHIBITION: KindDef = KindDef {
    kind: Kind::Inhibition,
    name: "inhibition",
    doc: "A rule of Alertmanager that mutes alerts while others fire.",
    tables: &[facts! {
        "source": Ty::List(&Ty::Text), "what must fire: `severity=critical`" => |m, t| shown(&inhibition(m, t).source);
        "target": Ty::List(&Ty::Text), "what is muted" => |m, t| shown(&inhibition(m, t).target);
        "sourceLabels": Ty::List(&Ty::Text), "the labels by which it knows what must fire" => |m, t| {
            list(inhibition(m, t).source.iter().map(|matcher| match matcher.test {
                Some(_) => Fact::written(matcher.label, Spot::value(matcher.node)),
                None => Fact::unknown_at("it is only known at run time", Spot::value(matcher.node)),
            }))
        };
        "equal": Ty::List(&Ty::Text), "the labels that must be the same in both" => |m, t| {
            let this = inhibition(m, t);
            match this.equal.is_absent() {
                true => Fact::written(List::default(), Spot::value(this.node)).into(),
                false => texts(&this.equal),
            }
        };
        "takesItself": Ty::Bool, "whether both sides ask for the same, so that it mutes nothing" => |m, t| {
            let this = inhibition(m, t);
            let same = !this.source.is_empty() && all_in(&this.source, &this.target) && all_in(&this.target, &this.source);
            Fact::written(same, Spot::value(this.node)).into()
        };
    }],
    all: Some(|m| (0..alerting(m).inhibitions.len()).map(|id| Thing::new(Kind::Inhibition, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(inhibition(m, t).node),
    owners: &[Kind::Project],
    schema: &[],
};

/// The receiver of a route, by its position; absent, where there is none of that name.
pub fn receiver(alerting: &Alerting<'_>, route: &Route<'_>) -> State<u32> {
    let name = match &route.receiver.state {
        State::Written(name) | State::Default(name) => *name,
        State::Absent => return State::Unknown(Reason::new("no receiver is written")),
        State::Unknown(reason) => return State::Unknown(reason.clone()),
    };
    if route.receivers.is_empty() {
        return State::Unknown(Reason::new("the receivers are only known at run time"));
    }
    match route.receivers.clone().find(|id| alerting.receivers[*id as usize].name == name) {
        Some(id) => State::Written(id),
        None => State::Absent,
    }
}

fn alerting<'a>(model: &'a Model<'a>) -> &'a Alerting<'a> {
    &model.messaging.alerting
}

fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Route<'a> {
    &alerting(model).routes[thing.id as usize]
}

fn receivers<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Receiver<'a> {
    &alerting(model).receivers[thing.id as usize]
}

fn inhibition<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Inhibition<'a> {
    &alerting(model).inhibitions[thing.id as usize]
}

/// A list of texts as rules see it.
pub fn texts<'a>(fact: &Fact<'a, Vec<Fact<'a, &'a str>>>) -> Val<'a> {
    let items = |items: Vec<Fact<'a, &'a str>>| List {
        items: items.into_iter().map(Val::from).collect(),
        open: None,
    };
    fact.clone().map(items).into()
}

/// Questions as a person writes them.
fn shown<'a>(matchers: &[Matcher<'a>]) -> Val<'a> {
    list(matchers.iter().map(|matcher| {
        let spot = Spot::value(matcher.node);
        let sign = match matcher.test {
            None => return Fact::unknown_at("it is only known at run time", spot),
            Some(Test::Is) => "=",
            Some(Test::IsNot) => "!=",
            Some(Test::Matches) => "=~",
            Some(Test::MatchesNot) => "!~",
        };
        Fact::written(format!("{}{sign}{}", matcher.label, matcher.value), spot)
    }))
}

/// Whether all questions of one list are in the other, and can be read.
fn all_in(some: &[Matcher<'_>], all: &[Matcher<'_>]) -> bool {
    some.iter().all(|one| {
        one.test.is_some()
            && all
                .iter()
                .any(|other| (one.label, one.test, one.value) == (other.label, other.test, other.value))
    })
}

/// The first route before it, below the same one, that asks for no more and lets nothing pass.
fn shadowed<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let all = alerting(model);
    let this = get(model, thing);
    let siblings = this.parent.map_or(&[][..], |parent| &all.routes[parent as usize].children);
    let before = siblings.iter().take_while(|at| **at != thing.id).map(|at| &all.routes[*at as usize]);
    let mut takes = before
        .filter(|route| route.goes_on.value() == Some(&false) && all_in(&route.matchers, &this.matchers));
    match takes.next() {
        Some(route) => {
            let name = route.receiver.value().copied().unwrap_or_default();
            Fact::written(name, Spot::value(route.node)).into()
        }
        None => Fact::<&str>::absent(Spot::value(this.node)).into(),
    }
}
