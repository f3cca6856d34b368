//! PromQL: what an expression asks for, and what can be said of its answer without any data.
//!
//! [`parse`] reads the language as Prometheus does, with its rules of types, and every part knows its place in the text. What
//! Prometheus would refuse is a [`Mistake`]. [`labels`] says which labels an answer can have, [`bounds`] which values. Nothing is
//! evaluated. The crate `promql-parser` gives no places, and brings a parser generator's run time of some forty crates with it.

pub mod bounds;
pub mod joins;
pub mod labels;
mod lexer;
mod parser;
mod types;

use std::ops::Range;

pub use parser::parse;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the text.
    pub range: Range<usize>,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number, or a span of time in seconds.
    Number(f64),
    /// Text.
    Text(String),
    /// The series that match, now.
    Selector(Selector),
    /// The samples of a selector or of a subquery over some time.
    Range {
        /// Of what.
        of: Box<Expr>,
        /// Over how many seconds.
        seconds: f64,
        /// Of a subquery: how many seconds between two evaluations, if that is written.
        step: Option<Option<f64>>,
    },
    /// A sign before an expression.
    Sign(Box<Expr>, bool),
    /// Two expressions and what stands between them.
    Binary(Box<Binary>),
    /// `sum by (job) (…)`
    Aggregation(Box<Aggregation>),
    /// A function and its arguments.
    Call(String, Vec<Expr>),
    /// An expression in brackets.
    Group(Box<Expr>),
}

/// Two expressions and what stands between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// What stands between them.
    pub operator: Operator,
    /// The left one.
    pub left: Expr,
    /// The right one.
    pub right: Expr,
    /// Whether a comparison answers 0 or 1 instead of leaving series out.
    pub bool: bool,
    /// How series of both sides find each other, if that is written.
    pub matching: Option<Matching>,
}

/// How series of two sides find each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// `on`, not `ignoring`.
    pub on: bool,
    /// The labels.
    pub labels: Vec<String>,
    /// Which side may have several series for one of the other.
    pub many: Option<Side>,
    /// The labels that those get from the one.
    pub include: Vec<String>,
}

/// A side of a binary expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// `sum by (job) (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// `sum`
    pub operator: String,
    /// What stands before the series: the number of `topk`.
    pub parameter: Option<Expr>,
    /// The series.
    pub of: Expr,
    /// The labels of the groups, if any are written.
    pub grouping: Option<Grouping>,
}

/// The labels of the groups of an aggregation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// `without`, not `by`.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `unless`
    Unless,
    /// `==` and its kin.
    Compare(Comparison),
    /// `+` and its kin.
    Arithmetic(char),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Same,
    /// `!=`
    Other,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A selector of series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// The name of the metric; empty where only labels are asked for.
    pub metric: String,
    /// What is asked of labels.
    pub matchers: Vec<Matcher>,
}

/// One matcher: `queue=~"orders.*"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub test: Test,
    /// With what.
    pub value: String,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// Why an expression is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// In the words of Prometheus, nearly.
    pub text: String,
    /// What is wrong.
    pub range: Range<usize>,
    /// Who would take it.
    pub dialect: Dialect,
}

/// Who would take what Prometheus refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nobody.
    None,
    /// Perhaps a later Prometheus, or VictoriaMetrics.
    Wider,
    /// Another language, or a template that makes an expression.
    Foreign,
}

/// Reads the expression of a rule as Prometheus does when it loads one: its grammar, then its types.
pub fn read(text: &str) -> Result<Expr, Mistake> {
    let expr = parse(text)?;
    types::check(&expr)?;
    Ok(expr)
}

impl Expr {
    /// The parts that it consists of.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Selector(_) => Vec::new(),
            ExprKind::Range { of, .. } | ExprKind::Sign(of, _) | ExprKind::Group(of) => vec![of],
            ExprKind::Binary(binary) => vec![&binary.left, &binary.right],
            ExprKind::Aggregation(of) => of.parameter.iter().chain([&of.of]).collect(),
            ExprKind::Call(_, arguments) => arguments.iter().collect(),
        }
    }

    /// It and everything in it, in order.
    pub fn walk(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            found.push(expr);
            open.extend(expr.parts().into_iter().rev());
        }
        found
    }

    /// It without the brackets around it.
    pub fn bare(&self) -> &Expr {
        match &self.kind {
            ExprKind::Group(of) => of.bare(),
            _ => self,
        }
    }

    /// The selectors in it, each with its place.
    pub fn selectors(&self) -> Vec<(&Selector, Range<usize>)> {
        let selector = |expr: &'_ Expr| expr.range.clone();
        self.walk()
            .into_iter()
            .filter_map(|expr| match &expr.kind {
                ExprKind::Selector(one) => Some((one, selector(expr))),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
