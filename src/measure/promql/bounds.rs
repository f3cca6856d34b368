//! Which values an answer can have, as far as the expression alone says it; and comparisons that are never true.

use super::joins;
use super::labels::is_scalar;
use super::{Aggregation, Binary, Comparison, Expr, ExprKind, Operator};

/// The least and the greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
}

impl Bounds {
    const ANY: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };
    const NOT_NEGATIVE: Self = Self { least: 0.0, most: f64::INFINITY };

    fn new(least: f64, most: f64) -> Self {
        Self { least, most }
    }

    fn or(self, other: Self) -> Self {
        Self::new(self.least.min(other.least), self.most.max(other.most))
    }

    fn is_any(self) -> bool {
        self == Self::ANY
    }

    /// What is left of it where a comparison with others is true; nothing, if it never is.
    fn compared(self, how: Comparison, other: Self) -> Option<Self> {
        let (possible, kept) = match how {
            Comparison::Same => (
                self.least <= other.most && other.least <= self.most,
                Self::new(self.least.max(other.least), self.most.min(other.most)),
            ),
            Comparison::Other => (!(self.least == self.most && self == other), self),
            Comparison::Less => (self.least < other.most, Self::new(self.least, self.most.min(other.most))),
            Comparison::AtMost => {
                (self.least <= other.most, Self::new(self.least, self.most.min(other.most)))
            }
            Comparison::More => (self.most > other.least, Self::new(self.least.max(other.least), self.most)),
            Comparison::AtLeast => {
                (self.most >= other.least, Self::new(self.least.max(other.least), self.most))
            }
        };
        possible.then_some(kept)
    }
}

/// A comparison that is never true.
#[derive(Clone, Debug, PartialEq)]
pub struct Never<'e> {
    /// The comparison.
    pub comparison: &'e Expr,
    /// The side of it that has bounds.
    pub side: &'e Expr,
    /// The bounds of that side.
    pub bounds: Bounds,
}

/// The first comparison in an expression that is never true, whatever the series are. One between constants is somebody's
/// intention, and one that answers 0 or 1 leaves nothing out.
pub fn never(expr: &Expr) -> Option<Never<'_>> {
    expr.walk().into_iter().find_map(|comparison| {
        let ExprKind::Binary(binary) = &comparison.kind else { return None };
        let Operator::Compare(how) = binary.operator else { return None };
        if binary.bool || comparison.selectors().is_empty() {
            return None;
        }
        let (left, right) = (of(&binary.left), of(&binary.right));
        if left.compared(how, right).is_some() {
            return None;
        }
        let (side, bounds) = if right.is_any() || matches!(binary.left.bare().kind, ExprKind::Number(_)) {
            (&binary.right, right)
        } else {
            (&binary.left, left)
        };
        Some(Never { comparison, side, bounds })
    })
}

/// Whether an expression has no answer at all, because a comparison in it is never true, or two sides never match.
pub fn is_empty(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Selector(_) => false,
        ExprKind::Range { of: part, .. } | ExprKind::Sign(part, _) | ExprKind::Group(part) => is_empty(part),
        ExprKind::Aggregation(aggregation) => is_empty(&aggregation.of),
        // Of nothing there is an absence, and a scalar.
        ExprKind::Call(name, _) if matches!(name.as_str(), "absent" | "absent_over_time" | "scalar") => false,
        ExprKind::Call(_, arguments) => arguments.iter().any(is_empty),
        ExprKind::Binary(binary) => {
            let (left, right) = (is_empty(&binary.left), is_empty(&binary.right));
            match binary.operator {
                Operator::Or => left && right,
                Operator::Unless => left,
                _ if joins::is_unmatched(binary) => true,
                Operator::Compare(how) if !binary.bool => {
                    left || right || of(&binary.left).compared(how, of(&binary.right)).is_none()
                }
                _ => left || right,
            }
        }
    }
}

/// The values that an expression can have.
pub fn of(expr: &Expr) -> Bounds {
    match &expr.kind {
        // NaN compares with nothing; it is used to say that there is no value.
        ExprKind::Number(number) if number.is_nan() => Bounds::ANY,
        ExprKind::Number(number) => Bounds::new(*number, *number),
        ExprKind::Text(_) => Bounds::ANY,
        // Prometheus itself writes it, for each target.
        ExprKind::Selector(selector) if selector.metric == "up" => Bounds::new(0.0, 1.0),
        ExprKind::Selector(_) => Bounds::ANY,
        ExprKind::Range { of: part, .. } | ExprKind::Group(part) => of(part),
        ExprKind::Sign(part, minus) => {
            let inner = of(part);
            if *minus { Bounds::new(-inner.most, -inner.least) } else { inner }
        }
        ExprKind::Binary(binary) => of_binary(binary),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(name, arguments) => of_call(name, arguments),
    }
}

fn of_binary(binary: &Binary) -> Bounds {
    let (left, right) = (of(&binary.left), of(&binary.right));
    match binary.operator {
        Operator::And | Operator::Unless => left,
        Operator::Or => left.or(right),
        Operator::Compare(_) if binary.bool => Bounds::new(0.0, 1.0),
        // With a number on the left it is the right side's values that are kept.
        Operator::Compare(_) if is_scalar(&binary.left) => right,
        Operator::Compare(how) => left.compared(how, right).unwrap_or(left),
        Operator::Arithmetic(how) => arithmetic(how, left, right),
    }
}

fn arithmetic(how: char, left: Bounds, right: Bounds) -> Bounds {
    let corners = |f: fn(f64, f64) -> f64| {
        let all = [
            f(left.least, right.least),
            f(left.least, right.most),
            f(left.most, right.least),
            f(left.most, right.most),
        ];
        if all.iter().any(|value| value.is_nan()) {
            return Bounds::ANY;
        }
        all.into_iter().map(|value| Bounds::new(value, value)).reduce(Bounds::or).unwrap_or(Bounds::ANY)
    };
    let bounds = match how {
        '+' => Bounds::new(left.least + right.least, left.most + right.most),
        '-' => Bounds::new(left.least - right.most, left.most - right.least),
        '*' if left.least >= 0.0 && right.least >= 0.0 => {
            // Zero times infinity stands for "none of however many".
            let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
            Bounds::new(product(left.least, right.least), product(left.most, right.most))
        }
        '*' => corners(|a, b| a * b),
        // A share of something that may be zero is without bounds above, and 0/0 is no number.
        '/' if right.least > 0.0 && right.most.is_finite() => corners(|a, b| a / b),
        '/' if left.least >= 0.0 && right.least >= 0.0 => Bounds::NOT_NEGATIVE,
        _ => Bounds::ANY,
    };
    if bounds.least.is_nan() || bounds.most.is_nan() { Bounds::ANY } else { bounds }
}

fn of_aggregation(aggregation: &Aggregation) -> Bounds {
    let inner = of(&aggregation.of);
    match aggregation.operator.as_str() {
        // Nothing to count is no answer, not zero.
        "count" | "count_values" => Bounds::new(1.0, f64::INFINITY),
        "group" => Bounds::new(1.0, 1.0),
        "stddev" | "stdvar" => Bounds::NOT_NEGATIVE,
        // Of at least one.
        "sum" => Bounds::new(
            if inner.least >= 0.0 { inner.least } else { f64::NEG_INFINITY },
            if inner.most <= 0.0 { inner.most } else { f64::INFINITY },
        ),
        "avg" | "min" | "max" | "topk" | "bottomk" | "limitk" | "limit_ratio" => inner,
        _ => Bounds::ANY,
    }
}

fn of_call(name: &str, arguments: &[Expr]) -> Bounds {
    let inner = |at: usize| arguments.get(at).map_or(Bounds::ANY, of);
    match name {
        "absent" | "absent_over_time" | "present_over_time" => Bounds::new(1.0, 1.0),
        "count_over_time" => Bounds::new(1.0, f64::INFINITY),
        "rate" | "irate" | "increase" | "changes" | "resets" | "stddev_over_time" | "stdvar_over_time"
        | "abs" | "sqrt" | "time" | "timestamp" => Bounds::NOT_NEGATIVE,
        "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "sort" | "sort_desc"
        | "label_replace" | "label_join" | "vector" | "scalar" => inner(0),
        "sgn" => Bounds::new(-1.0, 1.0),
        "hour" => Bounds::new(0.0, 23.0),
        "minute" => Bounds::new(0.0, 59.0),
        "day_of_week" => Bounds::new(0.0, 6.0),
        "day_of_month" => Bounds::new(1.0, 31.0),
        "days_in_month" => Bounds::new(28.0, 31.0),
        "day_of_year" => Bounds::new(1.0, 366.0),
        "month" => Bounds::new(1.0, 12.0),
        "clamp_min" => Bounds::new(inner(1).least, f64::INFINITY),
        "clamp_max" => Bounds::new(f64::NEG_INFINITY, inner(1).most),
        _ => Bounds::ANY,
    }
}
