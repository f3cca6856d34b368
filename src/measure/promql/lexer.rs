//! The words of PromQL, each with its place.

use std::ops::Range;

use super::{Dialect, Mistake};
use crate::measure::duration;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) range: Range<usize>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    /// A name or a keyword.
    Word(&'t str),
    Number(f64),
    /// Seconds.
    Duration(f64),
    Text(String),
    /// Brackets, operators, commas.
    Sign(&'static str),
    End,
}

/// Signs, the longer before the shorter.
const SIGNS: [&str; 24] = [
    "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", "@", "(", ")", "{", "}",
    "[", "]", ",", ":",
];

/// The words of a text; the last is its end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Mistake> {
    let mut found = Vec::new();
    let mut at = 0;
    // Between square brackets a colon is a sign of its own, and so it is nothing that belongs to a name.
    let mut bracket = false;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        let kind = match c {
            c if c.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            '#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            '"' | '\'' | '`' => {
                let (value, end) = quoted(text, at, c)?;
                at = end;
                Kind::Text(value)
            }
            c if c.is_ascii_digit()
                || c == '.' && text[at + 1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                at += length_of_number(&text[at..]);
                number(&text[start..at], start)?
            }
            c if c.is_ascii_alphabetic() || c == '_' || c == ':' && !bracket => {
                let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' && !bracket;
                at += text[at..].find(|c| !part(c)).unwrap_or(text.len() - at);
                word(&text[start..at])
            }
            _ => {
                let Some(sign) = SIGNS.into_iter().find(|sign| text[at..].starts_with(sign)) else {
                    return Err(foreign(text, at, c));
                };
                bracket = if sign == "[" { true } else { bracket && sign != "]" };
                at += sign.len();
                Kind::Sign(sign)
            }
        };
        found.push(Token { kind, range: start..at });
    }
    found.push(Token { kind: Kind::End, range: text.len()..text.len() });
    Ok(found)
}

fn word(text: &str) -> Kind<'_> {
    if text.eq_ignore_ascii_case("inf") {
        Kind::Number(f64::INFINITY)
    } else if text.eq_ignore_ascii_case("nan") {
        Kind::Number(f64::NAN)
    } else {
        Kind::Word(text)
    }
}

/// What stands where no word of PromQL does: pipes of LogQL, variables of Grafana, holes of templates.
fn foreign(text: &str, at: usize, c: char) -> Mistake {
    let dialect = match c {
        '|' | '$' | '~' | '?' | '&' | '\\' | '\u{1}'..='\u{1f}' => Dialect::Foreign,
        _ => Dialect::None,
    };
    Mistake {
        text: format!("unexpected character: {c:?}"),
        range: at..at + text[at..].chars().next().map_or(0, char::len_utf8),
        dialect,
    }
}

/// A number goes on through letters and points, and through a sign behind its exponent.
fn length_of_number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let exponent = !hex && at > 0 && matches!(bytes[at - 1], b'e' | b'E') && matches!(byte, b'+' | b'-');
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent) {
            break;
        }
        at += 1;
    }
    at
}

fn number(text: &str, start: usize) -> Result<Kind<'_>, Mistake> {
    let plain = text.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X"))
        && let Ok(value) = u64::from_str_radix(hex, 16)
    {
        return Ok(Kind::Number(value as f64));
    }
    // Rust would read `1inf` no more than Prometheus does, but it reads words that are handled elsewhere.
    if plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && let Ok(value) = plain.parse()
    {
        return Ok(Kind::Number(value));
    }
    if let Some(seconds) = duration::prometheus(text) {
        return Ok(Kind::Duration(seconds));
    }
    Err(Mistake {
        text: format!("bad number or duration syntax: {text:?}"),
        range: start..start + text.len(),
        // Steps (`5i`), fractions (`1.5h`) and suffixes (`1Ki`) are words of VictoriaMetrics.
        dialect: Dialect::Wider,
    })
}

/// The text between quotes, and where it ends.
fn quoted(text: &str, start: usize, quote: char) -> Result<(String, usize), Mistake> {
    let mut value = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((value, start + 1 + at + 1)),
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => {
                let place = start + 1 + at;
                let Some((_, escaped)) = chars.next() else { break };
                match escaped {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'a' | 'b' | 'f' | 'r' | 'v' | 'x' | 'u' | 'U' | '0'..='7' => {
                        value.push('\\');
                        value.push(escaped);
                    }
                    '\\' => value.push('\\'),
                    escaped if escaped == quote => value.push(quote),
                    other => {
                        return Err(Mistake {
                            text: format!("unknown escape sequence \\{other}"),
                            range: place..place + 1 + other.len_utf8(),
                            dialect: Dialect::None,
                        });
                    }
                }
            }
            c => value.push(c),
        }
    }
    Err(Mistake {
        text: "unterminated quoted string".to_owned(),
        range: start..text.len(),
        dialect: Dialect::None,
    })
}
