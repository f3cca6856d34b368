//! What an unquoted scalar means: `resolve` of Go's `yaml.v2`.

use crate::render::number::{parse_float, parse_int, parse_uint};

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond the range of `i64`.
    Uint(u64),
    Float(f64),
    /// A date, which stays text but is quoted when it is written.
    Timestamp,
    Text,
}

/// What a scalar without quotes and without a tag means.
pub(super) fn resolve(text: &str) -> Meaning {
    resolve_as(text, true)
}

/// The same; with a tag that asks for a number, dates are not looked for.
pub(super) fn resolve_as(text: &str, dates: bool) -> Meaning {
    let Some(first) = text.bytes().next() else { return Meaning::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match word(text) {
            Meaning::Text => parse_float(text).map_or(Meaning::Text, Meaning::Float),
            known => known,
        },
        b'0'..=b'9' | b'+' | b'-' => match word(text) {
            Meaning::Text if dates && is_timestamp(text) => Meaning::Timestamp,
            Meaning::Text => number(&text.replace('_', "")),
            known => known,
        },
        _ => Meaning::Text,
    }
}

fn word(text: &str) -> Meaning {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Meaning::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Meaning::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Meaning::Null,
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        _ => Meaning::Text,
    }
}

fn number(plain: &str) -> Meaning {
    if let Some(number) = parse_int(plain) {
        return Meaning::Int(number);
    }
    if let Some(number) = parse_uint(plain) {
        return Meaning::Uint(number);
    }
    if looks_like_float(plain) {
        return parse_float(plain).map_or(Meaning::Text, Meaning::Float);
    }
    // What `ParseInt` refuses: a sign behind the prefix.
    let (digits, negative) = match (plain.strip_prefix("0b"), plain.strip_prefix("-0b")) {
        (Some(digits), _) => (digits, false),
        (_, Some(digits)) => (digits, true),
        _ => return Meaning::Text,
    };
    let signed = digits.starts_with(['+', '-']);
    match i64::from_str_radix(digits, 2) {
        Ok(number) if !negative => Meaning::Int(number),
        Ok(number) if !signed => Meaning::Int(-number),
        _ => Meaning::Text,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn looks_like_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && (!whole.is_empty() || !fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    fits && exponent
}

/// Whether text reads as a number of base 60, `1:20`: nobody reads it so any more, but it is written in quotes.
pub(super) fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = rest.split(':');
    let first = parts.next().unwrap_or_default();
    if !first.starts_with(|first: char| first.is_ascii_digit())
        || !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return false;
    }
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return false };
    let (last, fraction) = last.split_once('.').map_or((last, ""), |(last, fraction)| (last, fraction));
    let sixty = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    sixty(last)
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && parts.into_iter().all(sixty)
}

/// The four forms of a date that `yaml.v2` knows, as `time.Parse` reads them.
fn is_timestamp(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = Clock(text);
    let date = || -> Option<Clock<'_>> {
        let year: u32 = rest.take(4)?.parse().ok()?;
        rest.skip('-')?;
        let month = rest.number(1, 12)?;
        rest.skip('-')?;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        rest.number(1, days)?;
        Some(rest)
    }();
    let Some(mut rest) = date else { return false };
    let time = |rest: &mut Clock<'_>| -> Option<()> {
        rest.number(0, 23)?;
        rest.skip(':')?;
        rest.number(0, 59)?;
        rest.skip(':')?;
        rest.number(0, 59)?;
        rest.fraction();
        Some(())
    };
    match rest.0.chars().next() {
        None => true,
        Some('T' | 't') => {
            rest.0 = &rest.0[1..];
            time(&mut rest).is_some() && rest.zone().is_some() && rest.0.is_empty()
        }
        Some(' ') => {
            rest.0 = rest.0.trim_start_matches(' ');
            time(&mut rest).is_some() && rest.0.is_empty()
        }
        Some(_) => false,
    }
}

/// The rest of a date.
#[derive(Clone, Copy)]
struct Clock<'t>(&'t str);

impl<'t> Clock<'t> {
    fn take(&mut self, bytes: usize) -> Option<&'t str> {
        let taken = self.0.get(..bytes)?;
        self.0 = &self.0[bytes..];
        Some(taken)
    }

    fn skip(&mut self, what: char) -> Option<()> {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    /// One digit or two.
    fn number(&mut self, low: u32, high: u32) -> Option<u32> {
        let digits = self.0.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number: u32 = self.take(digits)?.parse().ok()?;
        (low..=high).contains(&number).then_some(number)
    }

    fn fraction(&mut self) {
        if let Some(rest) = self.0.strip_prefix(['.', ',']) {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                self.0 = &rest[digits..];
            }
        }
    }

    fn zone(&mut self) -> Option<()> {
        if self.skip('Z').is_some() {
            return Some(());
        }
        let zone = self.take(6)?;
        let bytes = zone.as_bytes();
        let two = |at: usize| -> Option<u32> {
            let digits = zone.get(at..at + 2)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
            digits.parse().ok()
        };
        (matches!(bytes[0], b'+' | b'-') && bytes[3] == b':' && two(1)? <= 24 && two(4)? <= 60).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_of_yaml_1_1() {
        let table = [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("yes", Meaning::Bool(true)),
            ("Off", Meaning::Bool(false)),
            ("oN", Meaning::Text),
            ("0644", Meaning::Int(420)),
            ("08", Meaning::Float(8.0)),
            ("1_000", Meaning::Int(1000)),
            ("0x_1F", Meaning::Int(31)),
            ("-0b11", Meaning::Int(-3)),
            ("18446744073709551615", Meaning::Uint(u64::MAX)),
            ("18446744073709551616", Meaning::Float(18_446_744_073_709_551_616.0)),
            ("1e3", Meaning::Float(1000.0)),
            ("1.", Meaning::Float(1.0)),
            (".5", Meaning::Float(0.5)),
            ("1.2.3", Meaning::Text),
            ("2024-02-29", Meaning::Timestamp),
            ("2023-02-29", Meaning::Text),
            ("2024-1-2T3:4:5Z", Meaning::Timestamp),
            ("2024-01-02  10:00:00.5", Meaning::Timestamp),
            ("2024-01-02T10:00:00", Meaning::Text),
            ("<<", Meaning::Text),
            ("-", Meaning::Text),
        ];
        for (text, meaning) in table {
            assert_eq!(resolve(text), meaning, "{text}");
        }
    }

    #[test]
    fn base_60_is_known() {
        for text in ["1:20", "+1:2:3", "190:20:30.15", "1_0:59"] {
            assert!(is_base_60(text), "{text}");
        }
        for text in ["1:60", "a:1", ":1", "1:", "1:200", "_1:20", "1"] {
            assert!(!is_base_60(text), "{text}");
        }
    }
}
