//! Sides of an expression whose series never find each other: two series match where all their labels are the same, and one side has
//! a label that an aggregation took from the other.
//!
//! That a label is there is the word of whoever aggregated by it. Labels that one server adds and another does not are left out.

use super::labels::{self, is_scalar};
use super::{Aggregation, Binary, Expr, ExprKind, Grouping, Matching, Operator, Side};

/// Two sides that never match.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmatched<'e> {
    /// The expression of both.
    pub join: &'e Expr,
    /// The side that has the label.
    pub side: &'e Expr,
    /// The side that has not.
    pub other: &'e Expr,
    /// The label that the other side cannot have.
    pub label: String,
}

/// The first two sides of an expression that never match.
pub fn unmatched(expr: &Expr) -> Option<Unmatched<'_>> {
    expr.walk().into_iter().find_map(|join| {
        let ExprKind::Binary(binary) = &join.kind else { return None };
        let (side, other, label) = apart(binary)?;
        Some(Unmatched { join, side, other, label })
    })
}

/// Whether an operation has no answer because its sides never match.
pub(super) fn is_unmatched(binary: &Binary) -> bool {
    apart(binary).is_some()
}

/// The side that surely has a label which the other one cannot have, that other one, and the label.
fn apart(binary: &Binary) -> Option<(&Expr, &Expr, String)> {
    let (left, right) = (&binary.left, &binary.right);
    if matches!(binary.operator, Operator::Or | Operator::Unless) || is_scalar(left) || is_scalar(right) {
        return None;
    }
    let counts = |label: &String| match &binary.matching {
        Some(Matching { on, labels, .. }) => labels.contains(label) == *on,
        None => true,
    };
    [(left, right), (right, left)].into_iter().find_map(|(side, other)| {
        let possible = labels::of(other);
        let label = sure(side).into_iter().find(|label| counts(label) && !possible.can_have(label))?;
        Some((side, other, label))
    })
}

/// Labels that tell apart servers, not series: where there is one server, nobody has them, and expressions that name them are right.
const OF_SERVERS: [&str; 12] = [
    "cluster",
    "prometheus",
    "replica",
    "prometheus_replica",
    "env",
    "environment",
    "region",
    "datacenter",
    "dc",
    "tenant",
    "tenant_id",
    "stage",
];

/// The labels that all series of an answer have.
fn sure(expr: &Expr) -> Vec<String> {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => Vec::new(),
        // Prometheus itself writes it, for each target.
        ExprKind::Selector(selector) if selector.metric == "up" => {
            vec!["job".to_owned(), "instance".to_owned()]
        }
        ExprKind::Selector(_) => Vec::new(),
        ExprKind::Range { of, .. } | ExprKind::Sign(of, _) | ExprKind::Group(of) => sure(of),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Binary(binary) => of_binary(binary),
        ExprKind::Call(name, arguments) => match name.as_str() {
            "histogram_quantile" => without(arguments.last().map_or_else(Vec::new, sure), "le"),
            "rate" | "irate" | "increase" | "delta" | "idelta" | "deriv" | "changes" | "resets" | "abs"
            | "ceil" | "floor" | "round" | "clamp" | "clamp_min" | "clamp_max" | "sort" | "sort_desc"
            | "avg_over_time" | "min_over_time" | "max_over_time" | "sum_over_time" | "count_over_time"
            | "last_over_time" | "present_over_time" | "timestamp" => {
                arguments.first().map_or_else(Vec::new, sure)
            }
            _ => Vec::new(),
        },
    }
}

fn without(mut labels: Vec<String>, label: &str) -> Vec<String> {
    labels.retain(|own| own != label);
    labels
}

fn of_aggregation(aggregation: &Aggregation) -> Vec<String> {
    if matches!(aggregation.operator.as_str(), "topk" | "bottomk" | "limitk" | "limit_ratio") {
        return sure(&aggregation.of);
    }
    match &aggregation.grouping {
        None => Vec::new(),
        Some(Grouping { without: true, labels }) => {
            labels.iter().fold(sure(&aggregation.of), |found, label| without(found, label))
        }
        Some(Grouping { without: false, labels }) => {
            let possible = labels::of(&aggregation.of);
            let sure = |label: &&String| possible.can_have(label) && !OF_SERVERS.contains(&label.as_str());
            labels.iter().filter(sure).cloned().collect()
        }
    }
}

fn of_binary(binary: &Binary) -> Vec<String> {
    let (left, right) = (&binary.left, &binary.right);
    match binary.operator {
        Operator::And | Operator::Unless => return sure(left),
        Operator::Or => {
            let other = sure(right);
            return sure(left).into_iter().filter(|label| other.contains(label)).collect();
        }
        _ if is_scalar(left) => return sure(right),
        _ if is_scalar(right) => return sure(left),
        _ => {}
    }
    match &binary.matching {
        None => sure(left),
        Some(Matching { many: Some(side), include, .. }) => {
            let many = sure(if *side == Side::Right { right } else { left });
            include.iter().fold(many, |found, label| without(found, label))
        }
        Some(Matching { on, labels, .. }) => {
            sure(left).into_iter().filter(|label| labels.contains(label) == *on).collect()
        }
    }
}
