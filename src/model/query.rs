//! Expressions of PromQL: what Prometheus refuses of them, and what can be said of their answers without data.

use super::value::{Val, things};
use super::vocabulary::{KindDef, SECONDS, Ty, facts};
use super::{Kind, Model, Thing};
use crate::fact::{Fact, Spot};
use crate::lower::alerting::Query;
use crate::measure::promql::bounds::{self, Bounds};
use crate::measure::promql::joins;
use crate::measure::promql::{Dialect, Expr, ExprKind};

/// The expression as a subject.
pub static QUERY: KindDef = KindDef {
    kind: Kind::Query,
    name: "query",
    doc: "The expression of an alerting or a recording rule of Prometheus.",
    tables: &[facts! {
        "name": Ty::Text, "what its rule is called" => |m, t| {
            let this = get(m, t);
            let node = this.rule.get("alert").or_else(|| this.rule.get("record")).unwrap_or(this.rule);
            Fact::written(this.label, Spot::value(node)).into()
        };
        "alarm": Ty::Thing(Kind::Alarm), "the alarm whose expression it is; a recording rule has none" => |m, t| match get(m, t).alarm {
            Some(id) => Fact::plain(Thing::new(Kind::Alarm, id as usize)).into(),
            None => Fact::<Thing>::nothing().into(),
        };
        "mistake": Ty::Text, "why Prometheus refuses it" => mistake;
        "neverTrue": Ty::Text, "a comparison in it that is never true, whatever the series are" => |m, t| never(m, t, |text, _| text);
        "possible": Ty::Text, "which values the compared side of that can have: `up` is between 0 and 1" => |m, t| never(m, t, |_, bounds| bounds);
        "unmatched": Ty::Text, "two sides in it whose series never find each other, because they have other labels" => |m, t| unmatched(m, t, |text, _| text);
        "unmatchedLabel": Ty::Text, "a label that one of these sides has and the other one cannot have" => |m, t| unmatched(m, t, |_, label| label);
        "answers": Ty::Bool, "whether it can have an answer in spite of all that" => |m, t| match &get(m, t).expr {
            Ok(expr) => Fact::plain(!bounds::is_empty(expr)).into(),
            Err(_) => Fact::<bool>::unknown_at("the expression is not understood", Spot::value(get(m, t).node)).into(),
        };
        "rates": Ty::List(&Ty::Thing(Kind::Rate)), "the rates that it takes" => |m, t| {
            let count = rates(get(m, t)).len();
            things((0..count).map(|at| Thing::part(Kind::Rate, t.id, at)))
        };
    }],
    all: Some(|m| (0..m.messaging.alerting.queries.len()).map(|id| Thing::new(Kind::Query, id)).collect()),
    owner: |_, _| Some(Thing::new(Kind::Project, 0)),
    node: |m, t| Some(get(m, t).rule),
    owners: &[Kind::Project],
    schema: &[],
};

/// A rate as a subject.
pub static RATE: KindDef = KindDef {
    kind: Kind::Rate,
    name: "rate",
    doc: "A function of PromQL that needs two samples of each series: `rate(requests_total[5m])`.",
    tables: &[facts! {
        "name": Ty::Text, "the function" => |m, t| rate(m, t, |query, range, function, _| {
            // It stands right before the bracket before its range.
            let start = query.node.text()[..range.range.start].rfind(function).unwrap_or_default();
            Fact::written(function, Spot::within(query.node, start..start + function.len())).into()
        });
        "metric": Ty::Text, "of which metric" => |m, t| rate(m, t, |query, range, _, _| match &range.kind {
            ExprKind::Range { of, .. } => match &of.kind {
                ExprKind::Selector(one) => {
                    Fact::written(one.metric.as_str(), Spot::within(query.node, of.range.clone())).into()
                }
                _ => Fact::<&str>::nothing().into(),
            },
            _ => Fact::<&str>::nothing().into(),
        });
        "range": SECONDS, "over which time" => |m, t| rate(m, t, |query, range, _, seconds| {
            Fact::written(seconds, Spot::within(query.node, range.range.clone())).into()
        });
        "scrapeInterval": SECONDS, "the shortest time between two samples, of all that the server near it scrapes" => |m, t| {
            match get(m, t).server {
                Some(at) => m.messaging.alerting.servers[at as usize].scrapes.clone().into(),
                None => Fact::<f64>::unknown("no configuration of Prometheus is here").into(),
            }
        };
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Query, t.id as usize)),
    node: |m, t| Some(get(m, t).rule),
    owners: &[Kind::Query, Kind::Project],
    schema: &[],
};

/// The query behind a thing of kind query.
pub fn get<'a>(model: &'a Model<'a>, thing: Thing) -> &'a Query<'a> {
    &model.messaging.alerting.queries[thing.id as usize]
}

fn mistake<'a>(model: &'a Model<'a>, thing: Thing) -> Val<'a> {
    let this = get(model, thing);
    let Err(mistake) = &this.expr else { return Fact::<&str>::absent(Spot::value(this.node)).into() };
    let spot = if mistake.range.is_empty() {
        Spot::value(this.node)
    } else {
        Spot::within(this.node, mistake.range.clone())
    };
    let said = Fact::written(mistake.text.as_str(), spot);
    match mistake.dialect {
        Dialect::None => said.into(),
        Dialect::Wider => said.guessed().into(),
        Dialect::Foreign => {
            Fact::<&str>::unknown_at("it is no expression of Prometheus alone", Spot::value(this.node)).into()
        }
    }
}

fn never<'a>(model: &'a Model<'a>, thing: Thing, which: fn(String, String) -> String) -> Val<'a> {
    let this = get(model, thing);
    let Ok(expr) = &this.expr else {
        return Fact::<&str>::unknown_at("the expression is not understood", Spot::value(this.node)).into();
    };
    let Some(never) = bounds::never(expr) else {
        return Fact::<&str>::absent(Spot::value(this.node)).into();
    };
    let range = never.comparison.range.clone();
    let text = this.node.text().get(range.clone()).unwrap_or_default();
    let side = this.node.text().get(never.side.range.clone()).unwrap_or_default();
    let said = which(one_line(text), words(&one_line(side), never.bounds));
    Fact::written(said, Spot::within(this.node, range)).into()
}

fn unmatched<'a>(model: &'a Model<'a>, thing: Thing, which: fn(String, String) -> String) -> Val<'a> {
    let this = get(model, thing);
    let Ok(expr) = &this.expr else {
        return Fact::<&str>::unknown_at("the expression is not understood", Spot::value(this.node)).into();
    };
    let Some(found) = joins::unmatched(expr) else {
        return Fact::<&str>::absent(Spot::value(this.node)).into();
    };
    let text = this.node.text().get(found.join.range.clone()).unwrap_or_default();
    let spot = Spot::within(this.node, found.side.range.clone());
    let other = Spot::within(this.node, found.other.range.clone()).saying("does not have it");
    Fact::written(which(one_line(text), found.label), spot).resting_on(other).into()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// "`count(up)` is at least 1".
fn words(side: &str, bounds: Bounds) -> String {
    let Bounds { least, most } = bounds;
    if least == most {
        format!("`{side}` is always {least}")
    } else if most.is_infinite() {
        format!("`{side}` is at least {least}")
    } else if least.is_infinite() {
        format!("`{side}` is at most {most}")
    } else {
        format!("`{side}` is between {least} and {most}")
    }
}

/// The functions that need two samples, with their ranges.
fn rates<'q>(query: &'q Query<'_>) -> Vec<(&'q Expr, &'q str, f64)> {
    let Ok(expr) = &query.expr else { return Vec::new() };
    let rate = |expr: &'q Expr| match &expr.kind {
        ExprKind::Call(name, arguments) if matches!(name.as_str(), "rate" | "irate" | "increase") => {
            match arguments.as_slice() {
                [range @ Expr { kind: ExprKind::Range { of, seconds, step: None }, .. }] if matches!(&of.kind, ExprKind::Selector(one) if !one.metric.contains(':')) => {
                    Some((range, name.as_str(), *seconds))
                }
                _ => None,
            }
        }
        _ => None,
    };
    expr.walk().into_iter().filter_map(rate).collect()
}

fn rate<'a>(
    model: &'a Model<'a>,
    thing: Thing,
    read: impl FnOnce(&'a Query<'a>, &'a Expr, &'a str, f64) -> Val<'a>,
) -> Val<'a> {
    let query = get(model, thing);
    match rates(query).get(thing.part as usize) {
        Some((range, function, seconds)) => read(query, range, function, *seconds),
        None => Fact::<&str>::nothing().into(),
    }
}
