//! The grammar of PromQL, as Prometheus' `generated_parser.y` has it.

use super::lexer::{Kind, Token, tokens};
use super::{
    Aggregation, Binary, Comparison, Dialect, Expr, ExprKind, Grouping, Matcher, Matching, Mistake, Operator,
    Selector, Side, Test,
};

/// How deep expressions may nest.
const DEPTH: u32 = 100;
/// How many operators, ranges and calls an expression may have: each makes the tree one deeper, at worst.
const PARTS: u32 = 1000;

/// The aggregations. `limitk` and `limit_ratio` are behind a feature flag.
const AGGREGATIONS: [&str; 14] = [
    "avg",
    "bottomk",
    "count",
    "count_values",
    "group",
    "max",
    "min",
    "quantile",
    "stddev",
    "stdvar",
    "sum",
    "topk",
    "limitk",
    "limit_ratio",
];

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, Mistake> {
    if ["{{", "<%", "%(", "[["].iter().any(|hole| text.contains(hole)) {
        let range = 0..text.len();
        return Err(Mistake { text: "a template".to_owned(), range, dialect: Dialect::Foreign });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, parts: 0 };
    if *parser.peek() == Kind::End {
        return Err(parser.mistake("no expression found in input"));
    }
    let expr = parser.binary(0)?;
    match parser.peek() {
        Kind::End => Ok(expr),
        // `default`, `if`, `limit`: words of VictoriaMetrics.
        Kind::Word(_) => Err(Mistake { dialect: Dialect::Wider, ..parser.unexpected() }),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    depth: u32,
    parts: u32,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &Kind<'t> {
        &self.tokens[self.at].kind
    }

    fn next(&mut self) -> Token<'t> {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Where the next word starts.
    fn start(&self) -> usize {
        self.tokens[self.at].range.start
    }

    /// Where the last word ended.
    fn end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.tokens[last].range.end)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn word(&self) -> Option<&'t str> {
        match self.peek() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn take_word(&mut self, words: &[&str]) -> Option<String> {
        let word = self.word()?.to_ascii_lowercase();
        words.contains(&word.as_str()).then(|| {
            self.next();
            word
        })
    }

    fn mistake(&self, text: impl Into<String>) -> Mistake {
        Mistake { text: text.into(), range: self.tokens[self.at].range.clone(), dialect: Dialect::None }
    }

    fn unexpected(&self) -> Mistake {
        self.mistake(match self.peek() {
            Kind::Word(word) => format!("unexpected identifier {word:?}"),
            Kind::Number(number) => format!("unexpected number {number}"),
            Kind::Duration(_) => "unexpected duration".to_owned(),
            Kind::Text(text) => format!("unexpected string {text:?}"),
            Kind::Sign(sign) => format!("unexpected {sign:?}"),
            Kind::End => "unexpected end of input".to_owned(),
        })
    }

    /// Counts a part of the expression.
    fn part(&mut self) -> Result<(), Mistake> {
        self.parts += 1;
        if self.parts <= PARTS {
            return Ok(());
        }
        Err(Mistake { dialect: Dialect::Foreign, ..self.mistake("it is too long") })
    }

    /// An expression whose operators bind at least so tightly.
    fn binary(&mut self, least: u8) -> Result<Expr, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Mistake { dialect: Dialect::Foreign, ..self.mistake("it is nested too deep") });
        }
        let start = self.start();
        let mut left = self.unary()?;
        while let Some((operator, level)) = self.operator() {
            if level < least {
                break;
            }
            self.part()?;
            self.next();
            let bool = self.take_word(&["bool"]).is_some();
            let matching = self.matching()?;
            // A power is read from the right, everything else from the left.
            let power = operator == Operator::Arithmetic('^');
            let right = self.binary(if power { level } else { level + 1 })?;
            let binary = Binary { operator, left, right, bool, matching };
            left = Expr { kind: ExprKind::Binary(Box::new(binary)), range: start..self.end() };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        Some(match self.peek() {
            Kind::Word(word) => match word.to_ascii_lowercase().as_str() {
                "or" => (Operator::Or, 1),
                "and" => (Operator::And, 2),
                "unless" => (Operator::Unless, 2),
                "atan2" => (Operator::Arithmetic('a'), 5),
                _ => return None,
            },
            Kind::Sign(sign) => match *sign {
                "==" => (Operator::Compare(Comparison::Same), 3),
                "!=" => (Operator::Compare(Comparison::Other), 3),
                "<" => (Operator::Compare(Comparison::Less), 3),
                "<=" => (Operator::Compare(Comparison::AtMost), 3),
                ">" => (Operator::Compare(Comparison::More), 3),
                ">=" => (Operator::Compare(Comparison::AtLeast), 3),
                "+" => (Operator::Arithmetic('+'), 4),
                "-" => (Operator::Arithmetic('-'), 4),
                "*" => (Operator::Arithmetic('*'), 5),
                "/" => (Operator::Arithmetic('/'), 5),
                "%" => (Operator::Arithmetic('%'), 5),
                "^" => (Operator::Arithmetic('^'), 6),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn matching(&mut self) -> Result<Option<Matching>, Mistake> {
        let Some(word) = self.take_word(&["on", "ignoring"]) else { return Ok(None) };
        let mut matching = Matching { on: word == "on", labels: self.names()?, ..Matching::default() };
        if let Some(word) = self.take_word(&["group_left", "group_right"]) {
            matching.many = Some(if word == "group_left" { Side::Left } else { Side::Right });
            if self.is("(") {
                matching.include = self.names()?;
            }
        }
        Ok(Some(matching))
    }

    /// Names of labels in brackets.
    fn names(&mut self) -> Result<Vec<String>, Mistake> {
        self.expect("(")?;
        let mut names = Vec::new();
        while !self.take(")") {
            match self.next().kind {
                Kind::Word(word) => names.push(word.to_owned()),
                Kind::Text(text) => names.push(text),
                _ => {
                    self.at = self.at.saturating_sub(1);
                    return Err(self.unexpected());
                }
            }
            if !self.is(")") {
                self.expect(",")?;
            }
        }
        Ok(names)
    }

    fn unary(&mut self) -> Result<Expr, Mistake> {
        let start = self.start();
        let minus = self.is("-");
        if minus || self.is("+") {
            self.next();
            // Only a power binds more tightly than a sign.
            let of = self.binary(6)?;
            return Ok(Expr { range: start..self.end(), kind: ExprKind::Sign(Box::new(of), minus) });
        }
        let mut expr = self.primary()?;
        loop {
            if self.take("[") {
                self.part()?;
                let kind = self.range(expr)?;
                expr = Expr { kind, range: start..self.end() };
            } else if self.word().is_some_and(|word| word.eq_ignore_ascii_case("offset")) {
                self.movable(&expr, "offset")?;
                self.next();
                let _ = self.take("-") || self.take("+");
                self.seconds()?;
                expr.range.end = self.end();
            } else if self.is("@") {
                self.movable(&expr, "@")?;
                self.next();
                self.moment()?;
                expr.range.end = self.end();
            } else if self.take_word(&["anchored", "smoothed"]).is_some() {
                expr.range.end = self.end();
            } else {
                return Ok(expr);
            }
        }
    }

    fn movable(&self, expr: &Expr, what: &str) -> Result<(), Mistake> {
        match expr.kind {
            ExprKind::Selector(_) | ExprKind::Range { .. } => Ok(()),
            _ => Err(self.mistake(format!(
                "{what} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            ))),
        }
    }

    fn moment(&mut self) -> Result<(), Mistake> {
        if self.take_word(&["start", "end"]).is_some() {
            self.expect("(")?;
            return self.expect(")");
        }
        let _ = self.take("-") || self.take("+");
        match self.peek() {
            Kind::Number(_) | Kind::Duration(_) => {
                self.next();
                Ok(())
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A span of time: since Prometheus 3 also a bare number of seconds.
    fn seconds(&mut self) -> Result<f64, Mistake> {
        match *self.peek() {
            Kind::Number(seconds) | Kind::Duration(seconds) => {
                self.next();
                Ok(seconds)
            }
            // Arithmetic between durations is behind a feature flag.
            Kind::Sign("(" | "-" | "+") | Kind::Word(_) => {
                Err(Mistake { dialect: Dialect::Wider, ..self.unexpected() })
            }
            _ => Err(self.unexpected()),
        }
    }

    /// What stands behind a square bracket.
    fn range(&mut self, of: Expr) -> Result<ExprKind, Mistake> {
        let seconds = self.seconds()?;
        if matches!(self.peek(), Kind::Sign("+" | "-" | "*" | "/" | "%" | "^")) {
            return Err(Mistake { dialect: Dialect::Wider, ..self.unexpected() });
        }
        if seconds <= 0.0 {
            return Err(self.mistake("duration must be greater than 0"));
        }
        let step = if self.take(":") {
            Some(if self.is("]") { None } else { Some(self.seconds()?) })
        } else {
            if !matches!(of.kind, ExprKind::Selector(_)) {
                return Err(self.mistake("ranges only allowed for vector selectors"));
            }
            None
        };
        self.expect("]")?;
        Ok(ExprKind::Range { of: Box::new(of), seconds, step })
    }

    fn primary(&mut self) -> Result<Expr, Mistake> {
        let start = self.start();
        let kind = match self.peek().clone() {
            Kind::Number(number) | Kind::Duration(number) => {
                self.next();
                ExprKind::Number(number)
            }
            Kind::Text(text) => {
                self.next();
                ExprKind::Text(text)
            }
            Kind::Sign("(") => {
                self.next();
                let of = self.binary(0)?;
                self.expect(")")?;
                ExprKind::Group(Box::new(of))
            }
            Kind::Sign("{") => {
                let mut selector = Selector::default();
                self.braces(&mut selector, start)?;
                ExprKind::Selector(selector)
            }
            Kind::Word(word) => {
                self.next();
                let lower = word.to_ascii_lowercase();
                let grouped = || {
                    self.word().is_some_and(|next| {
                        next.eq_ignore_ascii_case("by") || next.eq_ignore_ascii_case("without")
                    })
                };
                if AGGREGATIONS.contains(&lower.as_str()) && (self.is("(") || grouped()) {
                    self.aggregation(lower)?
                } else if self.is("(") {
                    ExprKind::Call(word.to_owned(), self.arguments()?)
                } else {
                    let mut selector = Selector { metric: word.to_owned(), ..Selector::default() };
                    if self.is("{") {
                        self.braces(&mut selector, start)?;
                    }
                    ExprKind::Selector(selector)
                }
            }
            Kind::Sign(_) | Kind::End => return Err(self.unexpected()),
        };
        Ok(Expr { kind, range: start..self.end() })
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Mistake> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.binary(0)?);
            if self.take(")") {
                return Ok(arguments);
            }
            self.expect(",")?;
            if self.is(")") {
                // VictoriaMetrics takes it.
                let text = "trailing commas not allowed in function call args";
                return Err(Mistake { dialect: Dialect::Wider, ..self.mistake(text) });
            }
        }
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Mistake> {
        match self.take_word(&["by", "without"]) {
            Some(word) => Ok(Some(Grouping { without: word == "without", labels: self.names()? })),
            None => Ok(None),
        }
    }

    fn aggregation(&mut self, operator: String) -> Result<ExprKind, Mistake> {
        let before = self.grouping()?;
        let opening = self.at;
        let mut arguments = self.arguments()?;
        let grouping = match before {
            Some(before) => Some(before),
            None => self.grouping()?,
        };
        let wanted = if matches!(
            operator.as_str(),
            "topk" | "bottomk" | "quantile" | "count_values" | "limitk" | "limit_ratio"
        ) {
            2
        } else {
            1
        };
        if arguments.len() != wanted {
            self.at = opening;
            return Err(self.mistake(format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                arguments.len()
            )));
        }
        let Some(of) = arguments.pop() else { return Err(self.unexpected()) };
        let parameter = arguments.pop();
        Ok(ExprKind::Aggregation(Box::new(Aggregation { operator, parameter, of, grouping })))
    }

    /// The matchers between braces.
    fn braces(&mut self, selector: &mut Selector, start: usize) -> Result<(), Mistake> {
        self.expect("{")?;
        let outer = !selector.metric.is_empty();
        while !self.take("}") {
            let place = self.at;
            let label = match self.next().kind {
                Kind::Word(word) => word.to_owned(),
                Kind::Text(text) => text,
                // `Inf` and `NaN` are labels here.
                Kind::Number(number) if !number.is_finite() => number.to_string(),
                _ => {
                    self.at = place;
                    return Err(self.unexpected());
                }
            };
            let test = match self.peek() {
                Kind::Sign("=") => Test::Is,
                Kind::Sign("!=") => Test::IsNot,
                Kind::Sign("=~") => Test::Matches,
                Kind::Sign("!~") => Test::MatchesNot,
                // `{"metric.name"}`: the name of the metric in quotes.
                Kind::Sign("," | "}") if matches!(self.tokens[place].kind, Kind::Text(_)) => {
                    if !selector.metric.is_empty() {
                        self.at = place;
                        return Err(self.mistake(format!("metric name must not be set twice: {label:?}")));
                    }
                    selector.metric = label;
                    let _ = self.take(",");
                    continue;
                }
                _ => return Err(self.unexpected()),
            };
            self.next();
            let Kind::Text(value) = self.peek().clone() else { return Err(self.unexpected()) };
            self.next();
            if label == "__name__" && test == Test::Is {
                if outer {
                    self.at = place;
                    return Err(self.mistake(format!("metric name must not be set twice: {value:?}")));
                }
                selector.metric.clone_from(&value);
            }
            selector.matchers.push(Matcher { label, test, value });
            if !self.is("}") {
                // Alternatives between matchers are VictoriaMetrics'.
                if self.word().is_some_and(|word| word == "or") {
                    return Err(Mistake { dialect: Dialect::Wider, ..self.unexpected() });
                }
                self.expect(",")?;
            }
        }
        let asks = |matcher: &Matcher| match matcher.test {
            Test::Is => !matcher.value.is_empty(),
            Test::IsNot => matcher.value.is_empty(),
            // A pattern may match nothing at all in ways that only its engine knows.
            Test::Matches => !matches!(matcher.value.as_str(), "" | ".*"),
            Test::MatchesNot => true,
        };
        if selector.metric.is_empty() && !selector.matchers.iter().any(asks) {
            return Err(Mistake {
                text: "vector selector must contain at least one non-empty matcher".to_owned(),
                range: start..self.end(),
                dialect: Dialect::Wider,
            });
        }
        Ok(())
    }
}
