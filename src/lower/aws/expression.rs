//! What an expression of Terraform comes to: arithmetic, comparisons and conditions over what is written.
//!
//! An expression that is no path is parsed anew, and worked out as far as its operands are known. What chooses, a condition, counts
//! only where no deployment can change it (see [`Cloud::certainly`]); an operand may be a default. Functions are not run, but for
//! those that only change the type of a value, and `length`.

use hcl_edit::Span as _;
use hcl_edit::expr::{BinaryOp, BinaryOperator, Conditional, Expression, FuncCall, UnaryOperator};

use super::cloud::{Cloud, Value};
use super::terraform;
use crate::lower::messaging::Name;
use crate::syntax::tree::{NodeKind, NodeRef, Style};

/// No longer expression is looked at.
const LONGEST: usize = 2048;

/// A value that is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    /// `null`
    Nothing,
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// A text.
    Text(String),
    /// A list, a set or a map with so many elements.
    Items(usize),
}

impl Constant {
    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Nothing | Self::Items(_) => None,
        }
    }

    /// Whether two are equal. Values of two types never are, and yet a type that is declared may make them one.
    fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Items(a), Self::Items(b)) => (a != b || (*a == 0 && *b == 0)).then_some(a == b),
            (Self::Number(_), Self::Number(_))
            | (Self::Truth(_), Self::Truth(_))
            | (Self::Text(_), Self::Text(_))
            | (Self::Nothing, Self::Nothing) => Some(self == other),
            (Self::Nothing, _) | (_, Self::Nothing) => Some(false),
            _ if self.number().is_some() && self.number() == other.number() => None,
            _ if self.text().is_some() && self.text() == other.text() => None,
            _ => Some(false),
        }
    }
}

/// What an expression comes to that is no path.
pub(super) fn worked_out<'a>(cloud: &Cloud<'a>, text: &'a str, scope: u32, depth: u32) -> Option<Value<'a>> {
    let (reading, expression) = Reading::new(cloud, text, scope, depth)?;
    reading.value(&expression)
}

/// The constant that a node comes to.
pub(super) fn constant<'a>(cloud: &Cloud<'a>, node: NodeRef<'a>, scope: u32, depth: u32) -> Option<Constant> {
    let text = node.text();
    let inner = text.strip_prefix("${").and_then(|inner| inner.strip_suffix('}'));
    match (node.kind(), inner) {
        (NodeKind::Unknown, _) if node.style() == Style::Plain => constant_of(cloud, text, scope, depth),
        // An older spelling: `"${var.create ? 1 : 0}"`.
        (_, Some(inner)) if !inner.contains("${") => constant_of(cloud, inner, scope, depth),
        _ => known(cloud, cloud.follow(node, scope, depth)),
    }
}

fn constant_of<'a>(cloud: &Cloud<'a>, text: &'a str, scope: u32, depth: u32) -> Option<Constant> {
    let (reading, expression) = Reading::new(cloud, text, scope, depth)?;
    reading.constant(&expression)
}

/// What a value says, where it is one that can be said.
fn known<'a>(cloud: &Cloud<'a>, value: Value<'a>) -> Option<Constant> {
    match value {
        Value::Node(node, _) => {
            let constant = match node.kind() {
                NodeKind::Int | NodeKind::Float => Constant::Number(node.text().parse().ok()?),
                NodeKind::Bool => Constant::Truth(node.text() == "true"),
                NodeKind::Text => Constant::Text(node.text().to_owned()),
                NodeKind::List | NodeKind::Map => Constant::Items(node.children().count()),
                NodeKind::Null => Constant::Nothing,
                NodeKind::Unknown => return None,
            };
            cloud.trail.used(node);
            Some(constant)
        }
        Value::Text(Name { text, hidden: false, .. }) => Some(Constant::Text(text.into_owned())),
        Value::Absent => Some(Constant::Nothing),
        Value::Text(_) | Value::Attribute(..) | Value::Unknown(_) => None,
    }
}

struct Reading<'a, 'c> {
    cloud: &'c Cloud<'a>,
    text: &'a str,
    scope: u32,
    depth: u32,
}

impl<'a, 'c> Reading<'a, 'c> {
    fn new(cloud: &'c Cloud<'a>, text: &'a str, scope: u32, depth: u32) -> Option<(Self, Expression)> {
        if depth < 2 || text.len() > LONGEST {
            return None;
        }
        // Between parentheses it may go on on another line.
        let expression = hcl_edit::parser::parse_expr(&format!("({text})")).ok()?;
        Some((Self { cloud, text, scope, depth: depth - 1 }, expression))
    }

    fn value(&self, expression: &Expression) -> Option<Value<'a>> {
        match expression {
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Conditional(condition) => self.value(self.chosen(condition)?),
            Expression::String(text) => match self.slice(expression) {
                Some(slice) if slice.get(1..slice.len().saturating_sub(1)) == Some(text.as_str()) => {
                    Some(Value::Text(Name::known(&slice[1..slice.len() - 1])))
                }
                _ => Some(Value::Text(Name::known(text.as_str().to_owned()))),
            },
            _ => {
                if let Some(named) = self.named(expression) {
                    return Some(named);
                }
                match self.constant(expression)? {
                    Constant::Nothing => Some(Value::Absent),
                    Constant::Items(_) => None,
                    constant => Some(Value::Text(Name::known(constant.text()?))),
                }
            }
        }
    }

    fn constant(&self, expression: &Expression) -> Option<Constant> {
        match expression {
            Expression::Null(_) => Some(Constant::Nothing),
            Expression::Bool(truth) => Some(Constant::Truth(*truth.value())),
            Expression::Number(number) => Some(Constant::Number(number.value().as_f64()?)),
            Expression::String(text) => Some(Constant::Text(text.as_str().to_owned())),
            Expression::StringTemplate(_) => {
                let inner = self.slice(expression)?.strip_prefix('"')?.strip_suffix('"')?;
                let plain = !inner.contains('\\');
                known(
                    self.cloud,
                    plain.then(|| terraform::template(self.cloud, inner, self.scope, self.depth))?,
                )
            }
            Expression::Array(items) => Some(Constant::Items(items.len())),
            Expression::Object(object) => Some(Constant::Items(object.len())),
            Expression::Parenthesis(inner) => self.constant(inner.inner()),
            Expression::Conditional(condition) => self.constant(self.chosen(condition)?),
            Expression::UnaryOp(operation) => {
                let operand = self.constant(&operation.expr)?;
                match operation.operator.value() {
                    UnaryOperator::Neg => Some(Constant::Number(-operand.number()?)),
                    UnaryOperator::Not => Some(Constant::Truth(!operand.truth()?)),
                }
            }
            Expression::BinaryOp(operation) => self.operation(operation),
            Expression::FuncCall(call) => match self.named(expression) {
                Some(value) => self.said(value),
                None => self.function(call),
            },
            Expression::Traversal(_) => self.said(self.named(expression)?),
            _ => None,
        }
    }

    fn operation(&self, operation: &BinaryOp) -> Option<Constant> {
        let side = |side| self.constant(side);
        let (left, right) = (&operation.lhs_expr, &operation.rhs_expr);
        let truths = || {
            let truth = |at| side(at).and_then(|constant| constant.truth());
            (truth(left), truth(right))
        };
        let numbers = || Some((side(left)?.number()?, side(right)?.number()?));
        let number = |number: f64| number.is_finite().then_some(Constant::Number(number));
        let operator = *operation.operator.value();
        match operator {
            BinaryOperator::And => match truths() {
                (Some(false), _) | (_, Some(false)) => Some(Constant::Truth(false)),
                (left, right) => left.zip(right).map(|_| Constant::Truth(true)),
            },
            BinaryOperator::Or => match truths() {
                (Some(true), _) | (_, Some(true)) => Some(Constant::Truth(true)),
                (left, right) => left.zip(right).map(|_| Constant::Truth(false)),
            },
            BinaryOperator::Eq => side(left)?.equals(&side(right)?).map(Constant::Truth),
            BinaryOperator::NotEq => side(left)?.equals(&side(right)?).map(|same| Constant::Truth(!same)),
            BinaryOperator::Plus => numbers().and_then(|(a, b)| number(a + b)),
            BinaryOperator::Minus => numbers().and_then(|(a, b)| number(a - b)),
            BinaryOperator::Mul => numbers().and_then(|(a, b)| number(a * b)),
            BinaryOperator::Div => numbers().and_then(|(a, b)| number(a / b)),
            BinaryOperator::Mod => numbers().and_then(|(a, b)| number(a % b)),
            BinaryOperator::Less => numbers().map(|(a, b)| Constant::Truth(a < b)),
            BinaryOperator::LessEq => numbers().map(|(a, b)| Constant::Truth(a <= b)),
            BinaryOperator::Greater => numbers().map(|(a, b)| Constant::Truth(a > b)),
            BinaryOperator::GreaterEq => numbers().map(|(a, b)| Constant::Truth(a >= b)),
        }
    }

    fn function(&self, call: &FuncCall) -> Option<Constant> {
        let argument = call.args.get(0).filter(|_| call.args.len() == 1 && call.name.namespace.is_empty())?;
        let argument = self.constant(argument)?;
        match (call.name.name.as_str(), &argument) {
            ("length", Constant::Items(count)) => Some(Constant::Number(*count as f64)),
            ("tonumber", _) => Some(Constant::Number(argument.number()?)),
            ("tobool", _) => Some(Constant::Truth(argument.truth()?)),
            ("tostring", _) => Some(Constant::Text(argument.text()?)),
            // A set has what is equal once only.
            ("toset", Constant::Items(count)) if *count < 2 => Some(argument),
            ("tolist" | "tomap", Constant::Items(_)) => Some(argument),
            _ => None,
        }
    }

    /// The side of a conditional that every deployment takes.
    fn chosen<'e>(&self, conditional: &'e Conditional) -> Option<&'e Expression> {
        let condition = || self.constant(&conditional.cond_expr);
        let holds = self.cloud.trail.aside(|| self.cloud.certainly(condition))?.truth()?;
        Some(if holds { &conditional.true_expr } else { &conditional.false_expr })
    }

    /// What a path leads to.
    fn named(&self, expression: &Expression) -> Option<Value<'a>> {
        let path = terraform::path(self.slice(expression)?)?;
        Some(terraform::at_path(self.cloud, &path, self.slice(expression)?, self.scope, self.depth))
    }

    fn said(&self, value: Value<'a>) -> Option<Constant> {
        known(self.cloud, spelt_out(self.cloud, value, self.depth))
    }

    /// The text of a part.
    fn slice(&self, expression: &Expression) -> Option<&'a str> {
        let span = expression.span()?;
        self.text.get(span.start.checked_sub(1)?..span.end.checked_sub(1)?)
    }
}

/// An attribute of a resource that says itself what it is: `aws_lambda_function.orders.timeout`.
pub(super) fn spelt_out<'a>(cloud: &Cloud<'a>, value: Value<'a>, depth: u32) -> Value<'a> {
    let Value::Attribute(handle, attribute) = value else { return value };
    let resource = &cloud.resources[handle as usize];
    match resource.node.get(attribute) {
        Some(node) if depth > 1 && !matches!(node.kind(), NodeKind::Map | NodeKind::List) => {
            spelt_out(cloud, cloud.follow(node, resource.scope, depth - 1), depth - 1)
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lower::aws::cloud::{DEPTH, Dialect, Resource, What};
    use crate::source::FileId;
    use crate::syntax::hcl;

    /// What `x = …` comes to beside a local and a function.
    fn comes_to(text: &str) -> Option<String> {
        let text = format!(
            "x = {text}\nday = 86400\nweek = local.day * 7\nloop = local.loop + 1\nf {{\n  timeout = 90\n}}\n"
        );
        let tree = hcl::parse(FileId(0), Arc::from(text)).tree;
        let root = tree.roots().next()?;
        let mut cloud = Cloud::default();
        let scope = cloud.begin(Dialect::Terraform, "", None);
        for name in ["day", "week", "loop"] {
            cloud.scopes[scope as usize].values.insert(format!("local.{name}"), (root.get(name)?, scope));
        }
        let node = root.get("f")?;
        let kind = "aws_lambda_function";
        let function = Resource {
            what: What::Function,
            kind,
            label: "f",
            node,
            layers: vec![node],
            scope,
            holder: None,
        };
        cloud.add(Some("aws_lambda_function.f".to_owned()), function);
        match cloud.follow(root.get("x")?, scope, DEPTH) {
            Value::Text(Name { text, hidden: false, .. }) => Some(text.into_owned()),
            _ => None,
        }
    }

    #[test]
    fn arithmetic_is_worked_out() {
        for (text, expected) in [
            ("14 * 24 * 60 * 60", "1209600"),
            ("2 + 3 * 4", "14"),
            ("10 - 4 - 3", "3"),
            ("(10 - 4) % 4", "2"),
            ("-(1 + 1)", "-2"),
            ("\"6\" / 4", "1.5"),
            ("local.week", "604800"),
            ("local.week + local.day", "691200"),
            ("aws_lambda_function.f.timeout * 6", "540"),
            ("\"${local.day * 2}\"", "172800"),
            ("true ? 5 : 6", "5"),
            ("local.day > 5 ? \"long\" : \"short\"", "long"),
            ("1 < 2", "true"),
        ] {
            assert_eq!(comes_to(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_hangs_on_anything_else_is_not_known() {
        for text in [
            "var.days * 2",
            "var.on ? 5 : 6",
            "1 / 0",
            "true + 1",
            "local.loop",
            "max(1, 2)",
            "aws_lambda_function.f.memory_size * 2",
            "\"a\" < 2",
        ] {
            assert_eq!(comes_to(text), None, "{text}");
        }
    }

    #[test]
    fn hostile_expressions_end() {
        let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
        for text in [deep, vec!["1"; 120].join(" + "), vec!["local.loop"; 120].join(" * ")] {
            comes_to(&text);
        }
    }
}
