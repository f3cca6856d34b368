//! What a plain scalar is: YAML 1.1 as Kubernetes' reader has it.

use std::borrow::Cow;

use super::NodeKind;

/// A whole number as YAML 1.1 reads it: decimal, `0x`, `0o`, `0b`, a leading zero for octal, `_` between digits.
pub fn parse_int(text: &str) -> Option<i64> {
    whole(text)?.try_into().ok()
}

/// A whole number that Go's `strconv` takes for a signed or unsigned one of 64 bits, once underscores are gone.
pub(super) fn whole(text: &str) -> Option<i128> {
    let plain: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => (Some(true), &plain[1..]),
        b'+' => (Some(false), &plain[1..]),
        _ => (None, &*plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| (byte as char).is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let number = if sign == Some(true) { -magnitude } else { magnitude };
    // Go reads what does not fit into a signed number as an unsigned one, and those have no sign.
    (sign.is_none() || i64::try_from(number).is_ok()).then_some(number)
}

/// Any other number as YAML 1.1 reads it.
pub fn parse_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    // Underscores are dropped, except in what starts with a point.
    let plain: Cow<'_, str> = if text.contains('_') && !text.starts_with('.') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    let shape = plain.strip_prefix(['+', '-']).unwrap_or(&plain).as_bytes();
    if !shape.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
        || !shape.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
    {
        return None;
    }
    // What is too large for a double is text.
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

/// What a plain scalar is to Kubernetes: the table of go-yaml, which is YAML 1.1 without sexagesimal numbers and with
/// timestamps as text.
pub fn resolve(text: &str) -> NodeKind {
    match text.as_bytes().first() {
        None => NodeKind::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if whole(text).is_some() {
                NodeKind::Int
            } else if parse_float(text).is_some() {
                NodeKind::Float
            } else {
                NodeKind::Text
            }
        }
        Some(b'.') => {
            if parse_float(text).is_some() {
                NodeKind::Float
            } else {
                NodeKind::Text
            }
        }
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" | "n" | "N"
            | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => NodeKind::Bool,
            "~" | "null" | "Null" | "NULL" => NodeKind::Null,
            _ => NodeKind::Text,
        },
        _ => NodeKind::Text,
    }
}
