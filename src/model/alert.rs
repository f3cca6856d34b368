//! What only alarms of Prometheus have: an expression, texts for people, and a way through Alertmanager.

use rustc_hash::{FxHashMap, FxHashSet};

use super::alert_route;
use super::value::{Val, list};
use super::vocabulary::{FactDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot, State};
use crate::lower::alerting::Query;
use crate::lower::alerting::route;
use crate::lower::kubernetes::selector::Match;
use crate::lower::messaging::Alarm;
use crate::lower::read;
use crate::measure::duration;
use crate::measure::promql::{Expr, ExprKind, Operator, labels};
use crate::syntax::tree::NodeRef;

/// Its facts; other alarms have none of them.
pub static FACTS: &[FactDef] = facts! {
    "query": Ty::Thing(Kind::Query), "of Prometheus: its expression" => |m, t| match alarm(m, t).query {
        Some(id) => Fact::plain(Thing::new(Kind::Query, id as usize)).into(),
        None => Fact::<Thing>::nothing().into(),
    };
    "window": SECONDS, "of Prometheus: the longest time that its expression looks back over" => window;
    "asksForAbsence": Ty::Bool, "of Prometheus: whether its expression asks for what is not there" => |m, t| about(m, t, |_, expr| {
        Fact::plain(asks_for_absence(expr)).into()
    });
    "measuresTime": Ty::Bool, "of Prometheus: whether its expression asks how long something has been, or has left: that does not come and go" => |m, t| about(m, t, |_, expr| {
        Fact::plain(measures_time(expr)).into()
    });
    "alwaysFires": Ty::Bool, "of Prometheus: whether it fires as long as somebody evaluates it" => |m, t| about(m, t, |_, expr| {
        Fact::plain(always_fires(expr)).into()
    });
    "keepsFiring": SECONDS, "of Prometheus: how long it goes on when it is over" => |m, t| {
        read::text(alarm(m, t).node, "keep_firing_for")
            .try_map("it is no duration of Prometheus", duration::prometheus)
            .into()
    };
    "runbook": Ty::Text, "of Prometheus: its annotation `runbook_url` or `runbook`" => |m, t| annotation(m, t, &["runbook_url", "runbook"]);
    "text": Ty::Text, "of Prometheus: its annotation `summary`, `description` or `message`" => |m, t| annotation(m, t, &["summary", "description", "message"]);
    "lostLabels": Ty::List(&Ty::Text), "of Prometheus: the labels that its texts name and that its expression takes away" => lost_labels;
    "routes": Ty::List(&Ty::Thing(Kind::AlertRoute)), "of Prometheus: where Alertmanager's routes end for it" => |m, t| ends(m, t).map(|ends| {
        ends.into_iter().map(|at| Thing::new(Kind::AlertRoute, at as usize)).collect::<Vec<_>>()
    }).into();
    "reachesSomebody": Ty::Bool, "of Prometheus: whether Alertmanager routes it to a receiver that tells anybody" => |m, t| tells(m, t).into();
    "carriesNamespace": Ty::Bool, "of Prometheus: whether the alert can have a label `namespace`, from its series or from its rule" => |m, t| about(m, t, |query, expr| {
        let written = query.rule.get("labels").and_then(|labels| labels.get("namespace"));
        let carries = written.is_some() || labels::of(expr).can_have("namespace");
        Fact::written(carries, written.map_or(Spot::value(query.node), Spot::value)).into()
    });
    "namespaceRoutes": Ty::List(&Ty::Thing(Kind::AlertRoute)), "of Prometheus: the routes of AlertmanagerConfigs in its namespace that ask for its labels" => namespace_routes;
    "severities": Ty::List(&Ty::Text), "of Prometheus: the severities that the routes of its Alertmanager ask for by name" => |m, t| severities(m, t).into();
    "likelySeverity": Ty::Text, "of Prometheus: the severity that routes ask for and that its own is nearly, where none asks for its own" => likely_severity;
};

fn alarm<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Alarm<'a> {
    &model.messaging.alarms[thing.id as usize]
}

fn query<'a>(model: &'a Model<'a>, thing: Thing) -> Option<&'a Query<'a>> {
    alarm(model, thing).query.map(|id| &model.messaging.alerting.queries[id as usize])
}

/// What an expression says, if there is one and it is understood.
fn about<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    read: impl FnOnce(&'a Query<'a>, &'a Expr) -> Val<'a>,
) -> Val<'a> {
    match query(model, thing).map(|query| (query, &query.expr)) {
        Some((query, Ok(expr))) => read(query, expr),
        Some((query, Err(_))) => {
            Fact::<bool>::unknown_at("its expression is not understood", Spot::value(query.node)).into()
        }
        None => Fact::<bool>::nothing().into(),
    }
}

fn window<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    about(model, thing, |query, expr| {
        let mut longest: Option<(f64, &Expr)> = None;
        for part in expr.walk() {
            match &part.kind {
                ExprKind::Range { seconds, .. } if longest.is_none_or(|(most, _)| *seconds > most) => {
                    longest = Some((*seconds, part));
                }
                // A recorded series may hold a rate already.
                ExprKind::Selector(one) if one.metric.contains(':') => {
                    let spot = Spot::within(query.node, part.range.clone());
                    return Fact::<f64>::unknown_at("the series is recorded by a rule", spot).into();
                }
                _ => {}
            }
        }
        match longest {
            Some((seconds, part)) => {
                Fact::written(seconds, Spot::within(query.node, part.range.clone())).into()
            }
            None => Fact::<f64>::absent(Spot::value(query.node)).into(),
        }
    })
}

fn asks_for_absence(expr: &Expr) -> bool {
    expr.walk().into_iter().any(|part| match &part.kind {
        ExprKind::Call(name, _) => matches!(name.as_str(), "absent" | "absent_over_time"),
        ExprKind::Binary(binary) => binary.operator == Operator::Unless,
        _ => false,
    })
}

/// The clock, or a series that is named after a point of time.
fn measures_time(expr: &Expr) -> bool {
    const NAMES: [&str; 5] = ["timestamp", "expir", "_ttl_", "not_after", "_age_"];
    expr.walk().into_iter().any(|part| match &part.kind {
        ExprKind::Call(name, _) => matches!(name.as_str(), "time" | "timestamp"),
        ExprKind::Selector(one) => NAMES.iter().any(|name| one.metric.contains(name)),
        _ => false,
    })
}

/// `vector(1)`, and comparisons of it: nothing but constants.
fn always_fires(expr: &Expr) -> bool {
    expr.walk().into_iter().all(|part| match &part.kind {
        ExprKind::Selector(_) => false,
        ExprKind::Call(name, _) => name == "vector",
        _ => true,
    })
}

fn annotation<'a>(model: &'a Model<'a>, thing: Thing, keys: &[&'static str]) -> Val<'a> {
    let this = alarm(model, thing);
    if this.query.is_none() {
        return Fact::<&str>::nothing().into();
    }
    let annotations = read::node(this.node, "annotations");
    let Some(map) = annotations.value().copied() else {
        return annotations.try_map("it is only known at run time", |_| None::<&str>).into();
    };
    if let Some((_, value)) = map.entries().find(|(key, value)| keys.contains(key) && !value.is_null()) {
        // What a template fills in is a text all the same.
        return Fact::written(value.text(), Spot::value(value)).into();
    }
    Fact::<&str>::absent(Spot::missing(map, keys.first().copied().unwrap_or_default())).into()
}

/// The labels of `{{ $labels.x }}` that no series of the answer can have.
fn lost_labels<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    about(model, thing, |query, expr| {
        let possible = labels::of(expr);
        let mut lost = Vec::new();
        let mut told = FxHashSet::default();
        for map in ["annotations", "labels"].iter().filter_map(|key| query.rule.get(key)) {
            for (_, value) in map.entries() {
                for (label, at) in named(value) {
                    // What evaluates rules may add these two.
                    let is_lost = !possible.can_have(label) && !matches!(label, "alertname" | "alertgroup");
                    if is_lost && told.insert(label) {
                        lost.push(Fact::written(label, Spot::within(value, at..at + label.len())));
                    }
                }
            }
        }
        list(lost)
    })
}

/// The labels that a text prints, with their places. What is only asked for (`if $labels.x`) is not printed, and a text that
/// asks for a label first prints it only where it is there.
fn named(value: NodeRef<'_>) -> Vec<(&str, usize)> {
    let text = value.text();
    let mut found = Vec::new();
    // What each open block has asked for, and how many of them ask for a label.
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut asked: FxHashMap<&str, usize> = FxHashMap::default();
    let mut rest = 0;
    while let Some(open) = text[rest..].find("{{") {
        let start = rest + open;
        let end = text[start..].find("}}").map_or(text.len(), |length| start + length);
        rest = end;
        let action = &text[start..end];
        let word = action.trim_start_matches(['{', '-', ' ']).split_whitespace().next().unwrap_or_default();
        match word {
            "if" | "with" | "range" | "define" | "block" => blocks.push(Vec::new()),
            "end" => {
                for name in blocks.pop().into_iter().flatten() {
                    asked.entry(name).and_modify(|count| *count -= 1);
                }
            }
            _ => {}
        }
        for (name, at) in labels_in(action) {
            match word {
                "if" | "with" | "else" => {
                    if let Some(block) = blocks.last_mut() {
                        block.push(name);
                        *asked.entry(name).or_default() += 1;
                    }
                }
                "range" | "or" | "and" => {}
                _ if asked.get(name).is_some_and(|count| *count > 0) => {}
                _ => found.push((name, start + at)),
            }
        }
    }
    found
}

/// The names behind each `$labels.` of a text, with their places.
fn labels_in(text: &str) -> impl Iterator<Item = (&str, usize)> {
    const START: &str = "$labels.";
    text.match_indices(START).map(move |(at, _)| {
        let name = at + START.len();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = text[name..].find(|c| !is_part(c)).unwrap_or(text.len() - name);
        (&text[name..name + length], name)
    })
}

/// The routes at which it ends.
fn ends<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, Vec<u32>> {
    match query(model, thing) {
        None => Fact::nothing(),
        Some(Query { root: None, .. }) => Fact::unknown("no configuration of Alertmanager is here"),
        Some(Query { root: Some(root), rule, .. }) => route::ends(&model.messaging.alerting, *root, *rule),
    }
}

/// The receivers that it is sent to, as far as that is known.
pub fn receivers(model: &Model<'_>, thing: Thing) -> Vec<Thing> {
    let alerting = &model.messaging.alerting;
    let ends = ends(model, thing);
    let reached = ends.value().into_iter().flatten();
    reached
        .filter_map(|at| match alert_route::receiver(alerting, &alerting.routes[*at as usize]) {
            State::Written(id) => Some(Thing::new(Kind::Receiver, id as usize)),
            _ => None,
        })
        .collect()
}

fn tells<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, bool> {
    let ends = ends(model, thing);
    let Some(reached) = ends.value() else { return ends.map(|_| false) };
    let alerting = &model.messaging.alerting;
    let mut silent = None;
    for at in reached {
        let route = &alerting.routes[*at as usize];
        let receiver = match alert_route::receiver(alerting, route) {
            State::Written(id) | State::Default(id) => &alerting.receivers[id as usize],
            State::Absent => return Fact::unknown("there is no such receiver"),
            State::Unknown(reason) => return Fact::unknown(reason.0),
        };
        match receiver.integrations.value() {
            None => return receiver.integrations.clone().map(|_| false),
            Some(integrations) if !integrations.is_empty() => return Fact::plain(true),
            Some(_) => drop(silent.get_or_insert((route, receiver))),
        }
    }
    let Some((route, receiver)) = silent else { return Fact::unknown("no route leads anywhere") };
    let mut fact = Fact::plain(false);
    fact.spots = route.receiver.spots.clone();
    if let Some(spot) = fact.spots.first_mut() {
        *spot = spot.clone().saying("routed to here");
    }
    fact.resting_on(Spot::value(receiver.node).saying("a receiver without anybody behind it"))
}

/// What an AlertmanagerConfig says is only for alerts with the label `namespace` of its own, unless the Alertmanager is told
/// otherwise.
fn namespace_routes<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let Some(query) = query(model, thing) else { return super::value::things([]) };
    let alerting = &model.messaging.alerting;
    if let Some(elsewhere) = alerting.other_strategy {
        return Fact::<Vec<Thing>>::unknown_at(
            "routes are not for their namespace alone",
            Spot::value(elsewhere),
        )
        .into();
    }
    let routes = alerting.routes.iter().enumerate().filter(|(_, route)| {
        route.parent.is_none()
            && route.object
            && route.namespace.is_some()
            && route.namespace == query.namespace
            && route.matchers.iter().all(|matcher| route::matches(matcher, query.rule) == Match::Yes)
    });
    super::value::things(routes.map(|(id, _)| Thing::new(Kind::AlertRoute, id)))
}

/// The severities that routes ask for by name; unknown where one asks by a pattern, or there are no routes to be seen.
fn severities<'a>(model: &'a Model<'a>, thing: Thing) -> Fact<'a, super::value::List<'a>> {
    let Some(query) = query(model, thing) else { return Fact::nothing() };
    let Some(root) = query.root else { return Fact::unknown("no configuration of Alertmanager is here") };
    let alerting = &model.messaging.alerting;
    let mut open = vec![root];
    let mut items: Vec<Val<'a>> = Vec::new();
    while let Some(at) = open.pop() {
        let route = &alerting.routes[at as usize];
        open.extend(route.children.iter().rev());
        for matcher in route.matchers.iter().filter(|matcher| matcher.label == "severity") {
            let plain =
                |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let words: Vec<&'a str> = matcher.value.trim_matches(['(', ')', '^', '$']).split('|').collect();
            if !words.iter().all(|word| plain(word)) || matcher.test.is_none() {
                return Fact::unknown_at(
                    "a route asks for severities by a pattern",
                    Spot::value(matcher.node),
                );
            }
            items.extend(
                words.into_iter().map(|word| Val::from(Fact::written(word, Spot::value(matcher.node)))),
            );
        }
    }
    Fact::plain(super::value::List { items, open: None })
}

fn likely_severity<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let asked = severities(model, thing);
    let own = &alarm(model, thing).severity;
    let (Some(list), Some(own)) = (asked.value(), own.value()) else {
        return match (&asked.state, &own.state) {
            (State::Unknown(reason), _) | (_, State::Unknown(reason)) => {
                Fact::<&str>::unknown(reason.0.clone()).into()
            }
            _ => Fact::<&str>::nothing().into(),
        };
    };
    let known: Vec<(&str, &Val<'a>)> = list
        .items
        .iter()
        .filter_map(|item| match item.value() {
            Some(super::value::Datum::Text(text)) => Some((text.as_ref(), item)),
            _ => None,
        })
        .collect();
    // `P1` and `P2`, `high-night` and `high` are severities of their own.
    let plain = own.len() >= 4 && own.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !plain || known.iter().any(|(word, _)| word == own) {
        return Fact::<&str>::nothing().into();
    }
    // `warn` for `warning`, `crit` for `critical`, and slips of the finger.
    let begins = |word: &str| word.len() >= 4 && (word.starts_with(own) || own.starts_with(word));
    let meant = known.iter().find(|(word, _)| begins(word) || crate::spelling::is_slip(own, word));
    meant.map_or_else(|| Fact::<&str>::nothing().into(), |(_, item)| (*item).clone())
}
