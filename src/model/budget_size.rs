//! A budget when its workloads are at their smallest or their largest size: the arithmetic of the disruption controller.

use super::vocabulary::{FactDef, KindDef, NUMBER, Ty, facts};
use super::{Kind, Model, Thing, budget, replicas};
use crate::fact::{Fact, Says};
use crate::lower::read;
use crate::measure::int_or_percent::{IntOrPercent, Rounding};
use crate::syntax::tree::{NodeKind, NodeRef};

/// Facts of a budget about its sizes.
pub static OF_BUDGET: &[FactDef] = facts! {
    "low": Ty::Thing(Kind::BudgetSize), "the budget when all its workloads are at their smallest size" =>
        |_, t| Fact::plain(Thing::part(Kind::BudgetSize, t.id, 0)).into();
    "high": Ty::Thing(Kind::BudgetSize), "the budget when all its workloads are at their largest size" =>
        |_, t| Fact::plain(Thing::part(Kind::BudgetSize, t.id, 1)).into();
    "terms": Ty::Node, "`minAvailable` or `maxUnavailable`, whichever is written; both, the first" =>
        |m, t| {
            let node = budget::get(m, t).node;
            let min = read::node(node, "spec.minAvailable");
            if min.is_absent() { read::node(node, "spec.maxUnavailable").into() } else { min.into() }
        };
};

/// The budget at a size as a part of it.
pub static BUDGET_SIZE: KindDef = KindDef {
    kind: Kind::BudgetSize,
    name: "budgetSize",
    doc: "A budget when its workloads are at their smallest (`low`) or largest (`high`) size.",
    tables: &[facts! {
        "pods": NUMBER, "the pods that it is about, over all its workloads" => |m, t| pods(m, t).into();
        "mustStay": NUMBER, "how many of them must stay, a percentage rounded as the disruption controller does" => |m, t| must_stay(m, t).into();
        "mayLeave": NUMBER, "how many of them may leave at once" =>
            |m, t| must_stay(m, t).with(pods(m, t), |stay, pods| (pods - stay).max(0.0)).into();
    }],
    all: None,
    owner: |_, t| Some(Thing::new(Kind::Budget, t.id as usize)),
    node: |m, t| Some(budget::get(m, t).node),
    owners: &[Kind::Budget, Kind::Object, Kind::Unit, Kind::Project],
    schema: &[],
};

fn pods<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let found = budget::workloads(model, size.id);
    if let Some(reason) = &found.open {
        return Fact::unknown(reason.0.clone());
    }
    let each =
        found.ids.iter().map(|id| replicas::of(model, Thing::part(Kind::Size, *id, size.part as usize)));
    each.reduce(|a, b| a.with(b, |a, b| a + b)).unwrap_or_else(|| Fact::plain(0.0))
}

/// k8s.io/kubernetes `DisruptionController.getExpectedPodCount`: both percentages round up, of what all controllers of the
/// selected pods want together. With neither field nothing may leave, and with both the API refuses the object.
fn must_stay<'a>(model: &'a Model<'a>, size: Thing) -> Fact<'a, f64> {
    let node = budget::get(model, size).node;
    let least = term(node, "spec.minAvailable");
    let most = term(node, "spec.maxUnavailable");
    let pods = pods(model, size);
    match (least.is_absent(), most.is_absent()) {
        (false, true) => {
            counted(least, pods, |term, pods| (term.resolve(pods as i64, Rounding::Up) as f64).max(0.0))
        }
        (true, false) => {
            counted(most, pods, |term, pods| (pods - term.resolve(pods as i64, Rounding::Up) as f64).max(0.0))
        }
        (true, true) => Fact::unknown("it says neither how many must stay nor how many may leave"),
        (false, false) => Fact::unknown("it says both how many must stay and how many may leave"),
    }
}

fn counted<'a>(
    term: Fact<'a, IntOrPercent>,
    pods: Fact<'a, f64>,
    count: impl FnOnce(IntOrPercent, f64) -> f64,
) -> Fact<'a, f64> {
    let says = match (term.value(), pods.value()) {
        (Some(IntOrPercent::Percent(percent)), Some(pods)) => {
            Says::Share { percent: *percent, of: *pods, up: true }
        }
        _ => Says::Nothing,
    };
    term.with(pods, count).saying(says)
}

fn term<'a>(node: NodeRef<'a>, path: &'static str) -> Fact<'a, IntOrPercent> {
    read::node(node, path).read(|node| int_or_percent(node))
}

/// A count or a share; text without a percent sign is refused by the API.
pub fn int_or_percent(node: NodeRef<'_>) -> Option<IntOrPercent> {
    match node.kind() {
        NodeKind::Int => node.as_number().map(|n| IntOrPercent::Int(n as i64)),
        NodeKind::Text => IntOrPercent::parse_string(node.text()),
        _ => None,
    }
}
