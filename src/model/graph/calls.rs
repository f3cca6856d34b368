//! The ways of requests: hops, with how long they wait, how often they ask again, and what limits them.

use super::{Draft, Node, NodeKind, Note};
use crate::fact::{Fact, State};
use crate::measure::duration;
use crate::model::hop::{self, To};
use crate::model::path;
use crate::model::{Model, Thing, breaker, limiter};

/// Draws all paths.
pub(super) fn draw(draft: &mut Draft<'_, '_>) {
    for way in &path::paths(draft.model).all {
        let mut before: Option<String> = None;
        for (at, thing) in way.hops.iter().enumerate() {
            let first = before.is_none();
            let id = draft.node(*thing, |draft, id| station(draft, *thing, id, first));
            if let Some(from) = before.replace(id.clone()) {
                // What a server calls is a guess, and so is what a load balancer stands before.
                let from_server = hop::at(draft.model, way.hops[at - 1]).is_err();
                draft.edge(from, id, from_server || at == way.guessed_from);
            }
        }
        if let (Some(reason), Some(from)) = (&way.open, before) {
            let id = format!("{from}next");
            if !draft.graph.nodes.iter().any(|node| node.id == id) {
                let unit = draft.graph.nodes.iter().find(|node| node.id == from);
                let unit = unit.map_or_else(String::new, |node| node.unit.clone());
                let (name, by, place) = ("?".to_owned(), None, None);
                let notes = vec![Note::new(reason.0.clone())];
                draft.graph.nodes.push(Node {
                    id: id.clone(),
                    kind: NodeKind::Unknown,
                    name,
                    by,
                    unit,
                    place,
                    notes,
                });
            }
            draft.edge(from, id, false);
        }
    }
}

fn station(draft: &Draft<'_, '_>, thing: Thing, id: String, first: bool) -> Node {
    let model = draft.model;
    let proxy = hop::at(model, thing).is_ok();
    let name = hop::name(model, thing).into_value().unwrap_or("?").to_owned();
    let by = hop::by(model, thing).into_value().map(str::to_owned);
    let object = model.object_of(thing);
    let place = hop::node(model, thing).map(|node| draft.place(node));
    let kind = if proxy { NodeKind::Proxy } else { NodeKind::Server };
    let mut notes = Vec::new();
    times(model, thing, proxy, &mut notes);
    if proxy {
        attempts(model, thing, &mut notes);
        limits(model, thing, first, &mut notes);
        breakers(model, thing, &mut notes);
    }
    Node { id, kind, name, by, unit: draft.unit(object), place, notes }
}

/// "15 s", and whose that is where nobody wrote it.
fn time(fact: &Fact<'_, f64>) -> Option<String> {
    match fact.state {
        State::Written(seconds) => Some(duration::text(seconds)),
        State::Default(seconds) => Some(format!("{} by default", duration::text(seconds))),
        State::Absent | State::Unknown(_) => None,
    }
}

fn times(model: &Model<'_>, thing: Thing, proxy: bool, notes: &mut Vec<Note>) {
    let timeout = hop::timeout(model, thing);
    match timeout.value() {
        Some(seconds) if seconds.is_infinite() => notes.push(Note::missing("no timeout")),
        Some(_) => notes.extend(time(&timeout).map(|text| Note::new(format!("timeout {text}")))),
        None if proxy => notes.push(Note::new("timeout not known")),
        None => {}
    }
    let waits = hop::waits(model, thing);
    if proxy && waits.value() != timeout.value() {
        notes.extend(time(&waits).map(|text| Note::new(format!("{text} for each attempt"))));
    }
}

fn attempts(model: &Model<'_>, thing: Thing, notes: &mut Vec<Note>) {
    let attempts = hop::attempts(model, thing);
    let whose = if attempts.is_written() { "" } else { " by default" };
    match attempts.value() {
        Some(n) if *n > 1.0 => notes.push(Note::new(format!("up to {n} attempts{whose}"))),
        Some(_) => notes.push(Note::new("one attempt")),
        None => {}
    }
}

/// Only where requests come in is a missing limit worth a word.
fn limits(model: &Model<'_>, thing: Thing, first: bool, notes: &mut Vec<Note>) {
    let found = limiter::of_hop(model, thing);
    for limit in &found {
        let rate = limit.rate();
        let text = match rate.value() {
            Some(rate) if *rate >= 1.0 => format!("at most {} requests/s", rate.round()),
            Some(rate) => format!("at most {} requests/min", (rate * 60.0).round()),
            None => "rate limit".to_owned(),
        };
        let off = limit.enforced().value().is_some_and(|share| *share == 0.0)
            || limit.enabled().value().is_some_and(|share| *share == 0.0);
        notes.push(if off { Note::missing(format!("{text}, not enforced")) } else { Note::new(text) });
    }
    let edge = first && hop::edge(model, thing).value() == Some(&true);
    if found.is_empty() && edge {
        notes.push(Note::missing("no rate limit"));
    }
}

fn breakers(model: &Model<'_>, thing: Thing, notes: &mut Vec<Note>) {
    let services = hop::services(model, thing).0;
    for To { service, .. } in services {
        for (endpoints, outlier) in breaker::outliers_for(model, service) {
            let Some(share) = outlier.max_ejection().into_value() else { continue };
            let always = outlier.always_one().value() == Some(&true);
            notes.push(match endpoints.value() {
                Some(n) if (n * share / 100.0).floor() < 1.0 && !always => {
                    Note::missing(format!("breaker: {share} % of {n} endpoints, which is none"))
                }
                _ => Note::new(format!("breaker: may take out {share} %")),
            });
        }
    }
}
