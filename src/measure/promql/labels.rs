//! Which labels the series of an answer can have.

use super::{Aggregation, Binary, Expr, ExprKind, Grouping, Matching, Operator, Side, Test};

/// Labels that a series can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Whether only those that are named, or all but those.
    only: bool,
    names: Vec<String>,
}

impl Labels {
    fn any() -> Self {
        Self { only: false, names: Vec::new() }
    }

    fn none() -> Self {
        Self { only: true, names: Vec::new() }
    }

    /// Whether a series can have this label.
    pub fn can_have(&self, label: &str) -> bool {
        self.names.iter().any(|name| name == label) == self.only
    }

    fn keep(self, labels: &[String]) -> Self {
        let names = labels.iter().filter(|label| self.can_have(label)).cloned().collect();
        Self { only: true, names }
    }

    fn without(mut self, label: &str) -> Self {
        if self.can_have(label) {
            if self.only {
                self.names.retain(|name| name != label);
            } else {
                self.names.push(label.to_owned());
            }
        }
        self
    }

    fn with(mut self, label: &str) -> Self {
        if !self.can_have(label) {
            if self.only {
                self.names.push(label.to_owned());
            } else {
                self.names.retain(|name| name != label);
            }
        }
        self
    }

    fn or(self, other: Self) -> Self {
        match (self.only, other.only) {
            (true, true) => other.names.iter().fold(self, |all, name| all.with(name)),
            (false, true) => other.names.iter().fold(self, |all, name| all.with(name)),
            (true, false) => self.names.iter().fold(other, |all, name| all.with(name)),
            (false, false) => {
                let names = self.names.into_iter().filter(|name| other.names.contains(name)).collect();
                Self { only: false, names }
            }
        }
    }
}

/// The labels that the answer of an expression can have. A scalar has none.
pub fn of(expr: &Expr) -> Labels {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => Labels::none(),
        ExprKind::Selector(selector) => selector
            .matchers
            .iter()
            // What must be empty is not there.
            .filter(|matcher| matcher.test == Test::Is && matcher.value.is_empty())
            .fold(Labels::any(), |labels, matcher| labels.without(&matcher.label)),
        ExprKind::Range { of: part, .. } | ExprKind::Sign(part, _) | ExprKind::Group(part) => of(part),
        ExprKind::Binary(binary) => of_binary(binary),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(name, arguments) => of_call(name, arguments),
    }
}

/// Whether an expression is one number, not a number for each series.
pub(super) fn is_scalar(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Group(of) | ExprKind::Sign(of, _) => is_scalar(of),
        ExprKind::Call(name, _) => matches!(name.as_str(), "scalar" | "time" | "pi"),
        ExprKind::Binary(binary) => is_scalar(&binary.left) && is_scalar(&binary.right),
        _ => false,
    }
}

/// As `resultMetric` of Prometheus' engine has it.
fn of_binary(binary: &Binary) -> Labels {
    let (left, right) = (&binary.left, &binary.right);
    match binary.operator {
        Operator::And | Operator::Unless => return of(left),
        Operator::Or => return of(left).or(of(right)),
        _ => {}
    }
    if is_scalar(left) {
        return of(right);
    }
    if is_scalar(right) {
        return of(left);
    }
    let Some(Matching { on, labels, many, include }) = &binary.matching else { return of(left) };
    let (mut found, other) = match many {
        Some(Side::Right) => (of(right), of(left)),
        _ => (of(left), of(right)),
    };
    if many.is_none() {
        return if *on {
            found.keep(labels)
        } else {
            labels.iter().fold(found, |found, label| found.without(label))
        };
    }
    for label in include {
        found = if other.can_have(label) { found.with(label) } else { found.without(label) };
    }
    found
}

fn of_aggregation(aggregation: &Aggregation) -> Labels {
    let inner = of(&aggregation.of);
    if matches!(aggregation.operator.as_str(), "topk" | "bottomk" | "limitk" | "limit_ratio") {
        return inner;
    }
    let found = match &aggregation.grouping {
        None => Labels::none(),
        Some(Grouping { without: true, labels }) => {
            labels.iter().fold(inner, |found, label| found.without(label))
        }
        Some(Grouping { without: false, labels }) => inner.keep(labels),
    };
    match aggregation.parameter.as_ref().map(|parameter| &parameter.bare().kind) {
        Some(ExprKind::Text(label)) => found.with(label),
        _ => found,
    }
}

fn of_call(name: &str, arguments: &[Expr]) -> Labels {
    let text = |at: usize| match arguments.get(at).map(|argument| &argument.bare().kind) {
        Some(ExprKind::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    match name {
        "absent" | "absent_over_time" => of_absent(arguments.first()),
        "vector" | "scalar" | "time" | "pi" => Labels::none(),
        "label_replace" | "label_join" => {
            let inner = arguments.first().map_or_else(Labels::any, of);
            text(1).map_or_else(Labels::any, |label| inner.with(label))
        }
        "hour" | "minute" | "month" | "year" | "day_of_week" | "day_of_month" | "day_of_year"
        | "days_in_month"
            if arguments.is_empty() =>
        {
            Labels::none()
        }
        "histogram_quantile" => arguments.last().map_or_else(Labels::any, of).without("le"),
        "histogram_quantiles" | "info" => Labels::any(),
        "histogram_fraction" | "quantile_over_time" => arguments.last().map_or_else(Labels::any, of),
        _ => arguments.first().map_or_else(Labels::any, of),
    }
}

/// What is absent has the labels that were asked for by `=`, once each; of anything but a selector, none.
fn of_absent(argument: Option<&Expr>) -> Labels {
    let mut here = argument;
    while let Some(Expr { kind: ExprKind::Group(of) | ExprKind::Range { of, .. }, .. }) = here {
        here = Some(of);
    }
    let Some(Expr { kind: ExprKind::Selector(selector), .. }) = here else { return Labels::none() };
    let mut names: Vec<String> = Vec::new();
    for matcher in &selector.matchers {
        let once = selector.matchers.iter().filter(|other| other.label == matcher.label).count() == 1;
        if matcher.test == Test::Is && once && matcher.label != "__name__" {
            names.push(matcher.label.clone());
        }
    }
    Labels { only: true, names }
}
