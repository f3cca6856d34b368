//! Literals of Go: strings, characters and numbers, read and quoted.

/// A string literal with its quotes, read.
pub(super) fn unquote(text: &str) -> Result<String, &'static str> {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    if text.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, after) = unquote_unit(rest, '"')?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    // A template's text is UTF-8 here; bytes that spell none are replaced, as they would be when the output is read.
    Ok(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// A character literal with its quotes, read.
pub(super) fn unquote_char(text: &str) -> Result<i64, String> {
    let (unit, rest) = unquote_unit(text.get(1..).unwrap_or_default(), '\'')?;
    if rest != "'" {
        return Err(format!("malformed character constant: {text}"));
    }
    Ok(match unit {
        Unit::Byte(byte) => i64::from(byte),
        Unit::Char(character) => i64::from(u32::from(character)),
    })
}

enum Unit {
    Byte(u8),
    Char(char),
}

fn unquote_unit(text: &str, quote: char) -> Result<(Unit, &str), &'static str> {
    const BAD: &str = "invalid syntax";
    let mut chars = text.chars();
    let first = chars.next().ok_or(BAD)?;
    if first == quote {
        return Err(BAD);
    }
    if first != '\\' {
        return Ok((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next().ok_or(BAD)?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == quote => escape,
        'x' | 'u' | 'U' => {
            let count = match escape {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let digits =
                rest.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let code = u32::from_str_radix(digits.ok_or(BAD)?, 16).map_err(|_| BAD)?;
            let unit = match escape {
                'x' => Unit::Byte(code as u8),
                _ => Unit::Char(char::from_u32(code).ok_or(BAD)?),
            };
            return Ok((unit, &rest[count..]));
        }
        '0'..='7' => {
            let digits =
                text.get(1..4).filter(|digits| digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte)));
            let code = u32::from_str_radix(digits.ok_or(BAD)?, 8).map_err(|_| BAD)?;
            return Ok((Unit::Byte(u8::try_from(code).map_err(|_| BAD)?), &text[4..]));
        }
        _ => return Err(BAD),
    };
    Ok((Unit::Char(simple), rest))
}

/// What a number literal means where nothing says which type it should have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    /// An integer that no `int` holds.
    Overflow,
    /// A number with an imaginary part: of the language, and of no use to any template.
    Complex,
}

/// A number literal, read.
pub(super) fn number(text: &str) -> Result<Number, String> {
    let illegal = || format!("illegal number syntax: {}", quote(text));
    if let Some(real) = text.strip_suffix('i') {
        return float(real).map(|_| Number::Complex).ok_or_else(illegal);
    }
    let floats = text.contains(['.', 'e', 'E', 'p', 'P']);
    let hex = {
        let digits = text.as_bytes();
        digits.len() > 2
            && digits[0] == b'0'
            && matches!(digits[1], b'x' | b'X')
            && !text.contains(['p', 'P'])
    };
    match integer(text) {
        Some(value) => match i64::try_from(value) {
            Ok(value) => Ok(Number::Int(value)),
            Err(_) if u64::try_from(value).is_ok() => Ok(Number::Overflow),
            Err(_) => Err(format!("integer overflow: {}", quote(text))),
        },
        None => match float(text) {
            Some(_) if !floats => Err(format!("integer overflow: {}", quote(text))),
            // Go takes a hexadecimal fraction with an exponent only for a float; without one it is no number at all.
            Some(value) if !hex => Ok(Number::Float(value)),
            _ => Err(illegal()),
        },
    }
}

/// An integer with sign, prefix and separators, as `strconv.ParseInt(text, 0, …)` reads it.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits, prefixed) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest, true)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest, true)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest, true)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..], true)
    } else {
        (10, lower.as_str(), false)
    };
    let digits = separated(digits, prefixed)?;
    if digits.is_empty() || digits.len() > 70 {
        return None;
    }
    let value = i128::from_str_radix(&digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// Digits without their separators, of which each stands between two digits (or behind the prefix).
fn separated(digits: &str, prefixed: bool) -> Option<String> {
    if digits.contains('_') {
        if digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !prefixed) {
            return None;
        }
        return Some(digits.replace('_', ""));
    }
    (!digits.starts_with(['+', '-'])).then(|| digits.to_owned())
}

fn float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    if let Some(hex) = unsigned.strip_prefix("0x") {
        let value = hex_float(hex)?;
        return Some(if lower.starts_with('-') { -value } else { value });
    }
    // Separators are allowed only where the base prefix is a digit's, that is in hexadecimal.
    if lower.contains('_') || !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let value: f64 = lower.parse().ok()?;
    value.is_finite().then_some(value)
}

fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").replace('_', "");
    if digits.is_empty() || digits.len() > 28 {
        return None;
    }
    let value = u128::from_str_radix(&digits, 16).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let value = value as f64 * 2f64.powi(exponent.checked_sub(4 * fraction.len() as i32)?);
    value.is_finite().then_some(value)
}

/// Whether Go prints a character as it is.
pub(super) fn is_print(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library escapes what it cannot print; behind another character it takes no offence at combining ones.
    let mut two = String::from("a");
    two.push(character);
    two.escape_debug().nth(1) != Some('\\')
}

/// Text as Go's `%q` quotes it.
pub(in crate::render) fn quote(text: &str) -> String {
    quote_with(text, '"', false)
}

/// Text as Go quotes it, by this quote; in ASCII alone if that is wanted.
pub(super) fn quote_with(text: &str, quote: char, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        escape(&mut out, character, quote, ascii);
    }
    out.push(quote);
    out
}

/// One character, as it stands between such quotes.
pub(in crate::render) fn escape(out: &mut String, character: char, quote: char, ascii: bool) {
    if character == quote || character == '\\' {
        out.push('\\');
        out.push(character);
        return;
    }
    if (character.is_ascii() || !ascii) && is_print(character) {
        out.push(character);
        return;
    }
    match character {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        other => {
            let code = u32::from(other);
            out.push_str(&match code {
                ..0x20 | 0x7f => format!("\\x{code:02x}"),
                ..0x1_0000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            });
        }
    }
}
