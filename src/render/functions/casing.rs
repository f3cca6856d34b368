//! Text: upper and lower case, words made one, letters taken from words.

use std::sync::LazyLock;

use regex::Regex;

use super::Table;
use super::arguments::{Answer, derived_text, exactly, joined, rope, text};
use crate::render::template::function::Call;
use crate::render::text::Writer;
use crate::render::value::Value;

pub(super) const TABLE: Table = &[
    ("upper", upper),
    ("lower", lower),
    ("title", title),
    ("untitle", untitle),
    ("swapcase", swapcase),
    ("nospace", nospace),
    ("initials", initials),
    ("snakecase", snakecase),
    ("kebabcase", kebabcase),
    ("camelcase", camelcase),
];

/// A text with each character changed, or left out, which keeps its origin.
fn mapped(call: &mut Call<'_>, value: &Value, mut change: impl FnMut(char) -> Option<char>) -> Answer {
    let whole = rope(call, value)?;
    let mut out = Writer::default();
    let mut start = 0;
    for piece in whole.pieces() {
        let end = piece.end as usize;
        let changed: String = whole.as_str()[start..end].chars().filter_map(&mut change).collect();
        out.push(&changed, piece.origin, piece.frame);
        start = end;
    }
    joined(call, out, std::slice::from_ref(value))
}

/// Go maps one character to one.
fn to_upper(char: char) -> char {
    let mut upper = char.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => char,
    }
}

fn to_lower(char: char) -> char {
    char.to_lowercase().next().unwrap_or(char)
}

fn upper(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("upper", values)?;
    mapped(call, value, |char| Some(to_upper(char)))
}

fn lower(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("lower", values)?;
    mapped(call, value, |char| Some(to_lower(char)))
}

fn title(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("title", values)?;
    let mut previous = ' ';
    mapped(call, value, |char| {
        let in_word = previous.is_alphanumeric()
            || previous == '_'
            || !previous.is_ascii() && !previous.is_whitespace();
        previous = char;
        Some(if in_word { char } else { to_upper(char) })
    })
}

fn untitle(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("untitle", values)?;
    let mut starts = true;
    mapped(call, value, |char| {
        let first = std::mem::replace(&mut starts, char.is_whitespace()) && !char.is_whitespace();
        Some(if first { to_lower(char) } else { char })
    })
}

fn swapcase(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("swapcase", values)?;
    let mut space = true;
    mapped(call, value, |char| {
        Some(if char.is_uppercase() {
            space = false;
            to_lower(char)
        } else if char.is_lowercase() {
            space = false;
            to_upper(char)
        } else {
            space = char.is_whitespace();
            char
        })
    })
}

/// A text with some of its bytes left out. The program that this follows takes bytes for characters, which spoils others.
fn kept(call: &mut Call<'_>, value: &Value, mut keeps: impl FnMut(char) -> bool) -> Answer {
    let whole = rope(call, value)?;
    let mut out = Writer::default();
    let mut start = 0;
    for piece in whole.pieces() {
        let end = piece.end as usize;
        let kept: String = whole.as_str().as_bytes()[start..end]
            .iter()
            .map(|byte| char::from(*byte))
            .filter(|char| keeps(*char))
            .collect();
        out.push(&kept, piece.origin, piece.frame);
        start = end;
    }
    joined(call, out, std::slice::from_ref(value))
}

fn nospace(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("nospace", values)?;
    if !text(value)?.as_str().bytes().any(|byte| char::from(byte).is_whitespace()) {
        return Ok(value.clone());
    }
    kept(call, value, |char| !char.is_whitespace())
}

fn initials(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("initials", values)?;
    let mut gap = true;
    kept(call, value, |char| std::mem::replace(&mut gap, char.is_whitespace()) && !char.is_whitespace())
}

fn snakecase(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("snakecase", values)?;
    let word = connected(text(value)?.as_str(), '_');
    derived_text(call, word, values)
}

fn kebabcase(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("kebabcase", values)?;
    let word = connected(text(value)?.as_str(), '-');
    derived_text(call, word, values)
}

fn camelcase(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("camelcase", values)?;
    let word = pascal(text(value)?.as_str());
    derived_text(call, word, values)
}

fn is_connector(char: char) -> bool {
    matches!(char, '-' | '_') || char.is_whitespace()
}

/// `xstrings.ToPascalCase`.
fn pascal(word: &str) -> String {
    let mut out = String::new();
    let mut chars = word.chars();
    let mut shouting = false;
    let mut current = None;
    for char in chars.by_ref() {
        if !is_connector(char) {
            shouting = char.is_uppercase();
            current = Some(to_upper(char));
            break;
        }
        // Where there is nothing else, the last one is written twice.
        out.push(char);
        current = Some(char);
    }
    let Some(mut current) = current else { return out };
    for char in chars {
        let last = current;
        current = char;
        if is_connector(current) && is_connector(last) {
            out.push(last);
        } else if is_connector(last) {
            shouting = current.is_uppercase();
            current = to_upper(current);
        } else {
            if shouting {
                if current.is_uppercase() {
                    current = to_lower(current);
                } else {
                    shouting = false;
                }
            }
            out.push(last);
        }
    }
    out.push(current);
    out
}

/// A run of characters of one sort.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_punctuation(char: char) -> bool {
    static PUNCTUATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{P}$").ok());
    if char.is_ascii() {
        return char.is_ascii_punctuation() && !"$+<=>^`|~".contains(char);
    }
    let mut buffer = [0; 4];
    PUNCTUATION.as_ref().is_some_and(|class| class.is_match(char.encode_utf8(&mut buffer)))
}

/// Letters of scripts that are not Chinese.
fn is_alphabet(char: char) -> bool {
    let chinese =
        matches!(char, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    char.is_alphabetic() && !chinese
}

/// The next word of a text, and what follows.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else { return (Word::None, "", "") };
    let run = |fits: &dyn Fn(char) -> bool| text.len() - text.trim_start_matches(fits).len();
    let lower = |char: char| is_alphabet(char) && !char.is_uppercase();
    let (kind, end) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(&is_punctuation))
    } else if first.is_uppercase() {
        let uppers = run(&char::is_uppercase);
        let rest = &text[uppers..];
        let follows = rest.chars().next().is_some_and(is_alphabet);
        let end = if uppers > first.len_utf8() {
            // The last of `HTTPStatus` in capitals starts the next word.
            let last = text[..uppers].chars().next_back().map_or(0, char::len_utf8);
            if follows { uppers - last } else { uppers }
        } else {
            uppers + rest.len() - rest.trim_start_matches(lower).len()
        };
        (Word::Upper, end)
    } else if is_alphabet(first) {
        (
            Word::Letters,
            first.len_utf8() + {
                let rest = &text[first.len_utf8()..];
                rest.len() - rest.trim_start_matches(lower).len()
            },
        )
    } else if first.is_numeric() {
        (Word::Number, run(&char::is_numeric))
    } else {
        let other = |char: char| {
            !is_connector(char) && !is_alphabet(char) && !char.is_numeric() && !is_punctuation(char)
        };
        (Word::Other, run(&other).max(first.len_utf8()))
    };
    (kind, &text[..end], &text[end..])
}

fn push_lower(out: &mut String, kind: Word, word: &str, connector: char) {
    match kind {
        Word::Upper => out.extend(word.chars().map(to_lower)),
        Word::Connector => out.extend(word.chars().map(|_| connector)),
        _ => out.push_str(word),
    }
}

/// Takes words and numbers that stick together; gives what follows them.
fn push_run<'t>(
    out: &mut String,
    mut next: (Word, &'t str, &'t str),
    connector: char,
) -> (Word, &'t str, &'t str) {
    while matches!(next.0, Word::Letters | Word::Number) {
        push_lower(out, next.0, next.1, connector);
        next = next_word(next.2);
    }
    if !matches!(next.0, Word::None | Word::Punctuation | Word::Connector) {
        out.push(connector);
    }
    next
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`.
fn connected(whole: &str, connector: char) -> String {
    let mut out = String::new();
    let mut next = next_word(whole);
    let joins = |kind: Word| !matches!(kind, Word::Connector | Word::Punctuation);
    while !next.2.is_empty() {
        if next.0 != Word::Connector {
            push_lower(&mut out, next.0, next.1, connector);
        }
        let last = next;
        next = next_word(last.2);
        match last.0 {
            Word::Number => next = push_run(&mut out, next, connector),
            Word::Connector => push_lower(&mut out, last.0, last.1, connector),
            Word::Punctuation => {}
            _ if next.0 != Word::Number => {
                if joins(next.0) {
                    out.push(connector);
                }
            }
            _ if next.2.is_empty() => {}
            _ => {
                let number = next.1;
                next = next_word(next.2);
                if next.0 == Word::Letters {
                    // Lower letters behind a number make it a word: `HTTP2xx` is `http_2xx`.
                    out.push(connector);
                    push_lower(&mut out, Word::Number, number, connector);
                    next = push_run(&mut out, next, connector);
                } else {
                    push_lower(&mut out, Word::Number, number, connector);
                    if joins(next.0) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    push_lower(&mut out, next.0, next.1, connector);
    out
}
