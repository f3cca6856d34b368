//! Which series an expression of PromQL reads.
//!
//! This reads the words of the language and the selectors among them (`up{job="api"}[5m]`), not its grammar: whether an expression is
//! well formed, and what it computes, is Prometheus' to say.

use std::ops::Range;

/// A selector of series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The name of the metric; empty where only labels are asked for.
    pub metric: String,
    /// Where it stands in the expression.
    pub range: Range<usize>,
    /// What is asked of labels.
    pub matchers: Vec<Matcher>,
}

/// One matcher: `queue=~"orders.*"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: String,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// Words that are no metrics where no bracket follows them.
const KEYWORDS: [&str; 17] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "start",
    "end",
    "inf",
    "nan",
    "atan2",
    "smoothed",
];

/// Words behind which a list of labels stands in brackets.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The selectors of an expression, in order.
pub fn selectors(text: &str) -> Vec<Selector> {
    let bytes = text.as_bytes();
    let mut found: Vec<Selector> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            quote @ (b'"' | b'\'' | b'`') => at = string(text, at, quote).1,
            b'[' => at += text[at..].find(']').unwrap_or(text.len() - at - 1) + 1,
            b'{' => {
                let (selector, end) = braces(text, at, Selector { range: at..at, ..Selector::default() });
                found.push(selector);
                at = end;
            }
            byte if byte.is_ascii_digit() || byte == b'.' => {
                // A number or a duration, with the letters in it.
                at += text[at..]
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
                    .unwrap_or(text.len() - at);
            }
            byte if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') => {
                let length = text[at..]
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':')))
                    .unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                let range = at..at + length;
                at += length;
                let rest = text[at..].trim_start();
                let next = text.len() - rest.len();
                if GROUPINGS.contains(&word.to_ascii_lowercase().as_str()) && rest.starts_with('(') {
                    at = next + rest.find(')').map_or(rest.len(), |end| end + 1);
                } else if rest.starts_with('{') {
                    let selector = Selector { metric: word.to_owned(), range, matchers: Vec::new() };
                    let (selector, end) = braces(text, next, selector);
                    found.push(selector);
                    at = end;
                } else if !rest.starts_with('(')
                    && !KEYWORDS.contains(&word.to_ascii_lowercase().as_str())
                    && !is_aggregation_before_grouping(word, rest)
                {
                    found.push(Selector { metric: word.to_owned(), range, matchers: Vec::new() });
                }
            }
            _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// `sum by (job) (…)`: the word is an operator although no bracket follows it.
fn is_aggregation_before_grouping(word: &str, rest: &str) -> bool {
    const OPERATORS: [&str; 13] = [
        "sum",
        "min",
        "max",
        "avg",
        "group",
        "stddev",
        "stdvar",
        "count",
        "count_values",
        "bottomk",
        "topk",
        "quantile",
        "limitk",
    ];
    OPERATORS.contains(&word.to_ascii_lowercase().as_str())
        && ["by", "without"].iter().any(|grouping| rest.to_ascii_lowercase().starts_with(grouping))
}

/// The matchers between braces, and where they end.
fn braces(text: &str, start: usize, mut selector: Selector) -> (Selector, usize) {
    let mut at = start + 1;
    let mut label = String::new();
    let mut operator = None;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '}' => {
                at += 1;
                break;
            }
            '"' | '\'' | '`' => {
                let (value, end) = string(text, at, c as u8);
                at = end;
                match operator.take() {
                    Some(operator) => {
                        let label = std::mem::take(&mut label);
                        if label == "__name__" && operator == Operator::Is {
                            selector.metric.clone_from(&value);
                        }
                        selector.matchers.push(Matcher { label, operator, value });
                    }
                    // `{"metric.name", label="x"}`, or a label in quotes.
                    None if text[at..].trim_start().starts_with(['=', '!']) => label = value,
                    None => selector.metric = value,
                }
            }
            '=' | '!' => {
                let (found, length) = match &text.as_bytes()[at..] {
                    [b'=', b'~', ..] => (Operator::Matches, 2),
                    [b'!', b'~', ..] => (Operator::MatchesNot, 2),
                    [b'!', b'=', ..] => (Operator::IsNot, 2),
                    _ => (Operator::Is, 1),
                };
                operator = Some(found);
                at += length;
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                label.push(c);
                at += 1;
            }
            ',' => {
                label.clear();
                at += 1;
            }
            c => at += c.len_utf8(),
        }
    }
    (selector, at)
}

/// The text between quotes, and where it ends.
fn string(text: &str, start: usize, quote: u8) -> (String, usize) {
    let mut value = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote != b'`' => {
                if let Some((_, escaped)) = chars.next() {
                    match escaped {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        other => value.push(other),
                    }
                }
            }
            c if c as u32 == u32::from(quote) => return (value, start + 1 + at + 1),
            c => value.push(c),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(text: &str) -> Vec<String> {
        selectors(text).into_iter().map(|selector| selector.metric).collect()
    }

    #[test]
    fn metrics_are_told_from_functions_and_words() {
        assert_eq!(metrics("up == 0"), ["up"]);
        assert_eq!(
            metrics("sum by (queue, vhost) (rabbitmq_queue_messages) > 10 and on(queue) up offset 5m"),
            ["rabbitmq_queue_messages", "up"]
        );
        assert_eq!(
            metrics("sum(rate(http_requests_total{code=~\"5..\"}[5m])) / 1e3 > 0.5 # up"),
            ["http_requests_total"]
        );
        assert_eq!(metrics("histogram_quantile(0.9, job:latency:rate5m) > bool 1"), ["job:latency:rate5m"]);
        assert_eq!(metrics("absent(up{job=\"a}b\"})"), ["up"]);
        assert_eq!(metrics("{__name__=\"up\"}"), ["up"]);
        assert_eq!(metrics("vector(1)"), Vec::<String>::new());
    }

    #[test]
    fn matchers_keep_label_operator_and_value() {
        let found = selectors("m{queue=~\"orders\\\\.dead|x\", vhost!='/'} > 0");
        let matcher = |label: &str, operator, value: &str| Matcher {
            label: label.to_owned(),
            operator,
            value: value.to_owned(),
        };
        assert_eq!(
            found[0].matchers,
            [matcher("queue", Operator::Matches, "orders\\.dead|x"), matcher("vhost", Operator::IsNot, "/")]
        );
    }

    #[test]
    fn no_text_makes_it_fail() {
        for text in ["{", "a{b=", "a{b=\"", "\"", "[", "a{ä=\"ö\"}", "é", "by (", "1e", "a{b=~"] {
            selectors(text);
        }
    }
}
