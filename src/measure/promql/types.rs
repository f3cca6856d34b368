//! The types of PromQL: what Prometheus refuses although the grammar has it. After `checkAST` of its parser.

use super::{Aggregation, Binary, Dialect, Expr, ExprKind, Matching, Mistake, Operator};

/// What an expression answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Scalar,
    Text,
    Vector,
    Matrix,
}

impl Type {
    fn word(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Text => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }
}

use Type::{Matrix, Scalar, Text, Vector};

/// A function: its arguments, how many of the last may be left out (or repeated, where it is negative), its answer.
type Signature = (&'static [Type], i32, Type);

/// The functions of Prometheus 3, from `promql/parser/functions.go`, with those that older ones had under another name.
fn signature(name: &str) -> Option<Signature> {
    Some(match name {
        "abs" | "absent" | "acos" | "acosh" | "asin" | "asinh" | "atan" | "atanh" | "ceil" | "cos"
        | "cosh" | "deg" | "exp" | "floor" | "histogram_avg" | "histogram_count" | "histogram_sum"
        | "histogram_stddev" | "histogram_stdvar" | "ln" | "log10" | "log2" | "rad" | "sgn" | "sin"
        | "sinh" | "sort" | "sort_desc" | "sqrt" | "tan" | "tanh" | "timestamp" => (&[Vector], 0, Vector),
        "absent_over_time"
        | "avg_over_time"
        | "changes"
        | "count_over_time"
        | "delta"
        | "deriv"
        | "first_over_time"
        | "idelta"
        | "increase"
        | "irate"
        | "last_over_time"
        | "mad_over_time"
        | "max_over_time"
        | "min_over_time"
        | "present_over_time"
        | "rate"
        | "resets"
        | "stddev_over_time"
        | "stdvar_over_time"
        | "sum_over_time"
        | "ts_of_first_over_time"
        | "ts_of_last_over_time"
        | "ts_of_max_over_time"
        | "ts_of_min_over_time" => (&[Matrix], 0, Vector),
        "clamp" => (&[Vector, Scalar, Scalar], 0, Vector),
        "clamp_max" | "clamp_min" => (&[Vector, Scalar], 0, Vector),
        "day_of_month" | "day_of_week" | "day_of_year" | "days_in_month" | "hour" | "minute" | "month"
        | "year" => (&[Vector], 1, Vector),
        "end" | "pi" | "range" | "start" | "step" | "time" => (&[], 0, Scalar),
        "double_exponential_smoothing" | "holt_winters" => (&[Matrix, Scalar, Scalar], 0, Vector),
        "histogram_fraction" => (&[Scalar, Scalar, Vector], 0, Vector),
        "histogram_quantile" => (&[Scalar, Vector], 0, Vector),
        "histogram_quantiles" => (&[Vector, Text, Scalar, Scalar], -1, Vector),
        "info" => (&[Vector, Vector], 1, Vector),
        "integral" => (&[Matrix, Scalar], 1, Vector),
        "label_join" => (&[Vector, Text, Text, Text], -1, Vector),
        "label_replace" => (&[Vector, Text, Text, Text, Text], 0, Vector),
        "predict_linear" => (&[Matrix, Scalar], 0, Vector),
        "quantile_over_time" => (&[Scalar, Matrix], 0, Vector),
        "round" => (&[Vector, Scalar], 1, Vector),
        "scalar" => (&[Vector], 0, Scalar),
        "sort_by_label" | "sort_by_label_desc" => (&[Vector, Text], -1, Vector),
        "vector" => (&[Scalar], 0, Vector),
        _ => return None,
    })
}

/// Whether Prometheus would take an expression as that of a rule.
pub(super) fn check(expr: &Expr) -> Result<(), Mistake> {
    match type_of(expr)? {
        Scalar | Vector => Ok(()),
        other => Err(mistake(
            expr,
            format!("a rule needs an instant vector or a scalar, this is a {}", other.word()),
        )),
    }
}

fn mistake(expr: &Expr, text: impl Into<String>) -> Mistake {
    Mistake { text: text.into(), range: expr.range.clone(), dialect: Dialect::None }
}

fn type_of(expr: &Expr) -> Result<Type, Mistake> {
    match &expr.kind {
        ExprKind::Number(_) => Ok(Scalar),
        ExprKind::Text(_) => Ok(Text),
        ExprKind::Selector(_) => Ok(Vector),
        ExprKind::Range { of, step, .. } => match (type_of(of)?, step) {
            (Vector, _) => Ok(Matrix),
            (other, _) => Err(mistake(
                expr,
                format!("subquery is only allowed on instant vector, got {} instead", other.word()),
            )),
        },
        ExprKind::Sign(of, _) => match type_of(of)? {
            both @ (Scalar | Vector) => Ok(both),
            other => Err(mistake(
                expr,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant vector, got {:?}",
                    other.word()
                ),
            )),
        },
        ExprKind::Group(of) => type_of(of),
        ExprKind::Binary(binary) => of_binary(expr, binary),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(name, arguments) => of_call(expr, name, arguments),
    }
}

fn of_binary(expr: &Expr, binary: &Binary) -> Result<Type, Mistake> {
    let (left, right) = (type_of(&binary.left)?, type_of(&binary.right)?);
    let compares = matches!(binary.operator, Operator::Compare(_));
    let is_set = matches!(binary.operator, Operator::And | Operator::Or | Operator::Unless);
    if binary.bool && !compares {
        return Err(mistake(expr, "bool modifier can only be used on comparison operators"));
    }
    for (side, kind) in [(&binary.left, left), (&binary.right, right)] {
        if !matches!(kind, Scalar | Vector) {
            return Err(mistake(side, "binary expression must contain only scalar and instant vector types"));
        }
    }
    if compares && !binary.bool && left == Scalar && right == Scalar {
        // Other languages of the same form take an alert on constants alone, with which people try out their ways.
        let dialect = if expr.selectors().is_empty() { Dialect::Wider } else { Dialect::None };
        let text = "comparisons between scalars must use BOOL modifier";
        return Err(Mistake { dialect, ..mistake(expr, text) });
    }
    if is_set && (left == Scalar || right == Scalar) {
        return Err(mistake(expr, "set operator not allowed in binary scalar expression"));
    }
    if let Some(Matching { many, labels, include, on }) = &binary.matching {
        if (left != Vector || right != Vector) && (!labels.is_empty() || many.is_some()) {
            return Err(mistake(expr, "vector matching only allowed between instant vectors"));
        }
        if is_set && many.is_some() {
            return Err(mistake(expr, "no grouping allowed for set operations"));
        }
        if let Some(both) = include.iter().find(|label| *on && labels.contains(label)) {
            return Err(mistake(
                expr,
                format!("label {both:?} must not occur in ON and GROUP clause at once"),
            ));
        }
    }
    Ok(if left == Scalar && right == Scalar { Scalar } else { Vector })
}

fn of_aggregation(aggregation: &Aggregation) -> Result<Type, Mistake> {
    if let Some(parameter) = &aggregation.parameter {
        let wanted = if aggregation.operator == "count_values" { Text } else { Scalar };
        expect(parameter, wanted, "aggregation parameter")?;
    }
    expect(&aggregation.of, Vector, "aggregation expression")?;
    Ok(Vector)
}

fn of_call(expr: &Expr, name: &str, arguments: &[Expr]) -> Result<Type, Mistake> {
    let Some((wanted, optional, answer)) = signature(name) else {
        let range = expr.range.start..expr.range.start + name.len();
        let text = format!("unknown function with name {name:?}");
        return Err(Mistake { text, range, dialect: Dialect::Wider });
    };
    let least = wanted.len().saturating_sub(optional.unsigned_abs() as usize);
    let most = if optional < 0 { usize::MAX } else { wanted.len() };
    if !(least..=most).contains(&arguments.len()) {
        let text =
            format!("expected {} argument(s) in call to {name:?}, got {}", wanted.len(), arguments.len());
        return Err(mistake(expr, text));
    }
    for (at, argument) in arguments.iter().enumerate() {
        let Some(kind) = wanted.get(at).or(wanted.last()) else { continue };
        expect(argument, *kind, &format!("call to function {name:?}"))?;
    }
    Ok(answer)
}

fn expect(expr: &Expr, wanted: Type, within: &str) -> Result<(), Mistake> {
    let found = type_of(expr)?;
    if found == wanted {
        return Ok(());
    }
    let text = format!("expected type {} in {within}, got {}", wanted.word(), found.word());
    // VictoriaMetrics takes a range where none is written, and a vector for a number.
    let dialect =
        if found == Vector && matches!(wanted, Matrix | Scalar) { Dialect::Wider } else { Dialect::None };
    Err(Mistake { dialect, ..mistake(expr, text) })
}
