//! Numbers as Go reads and writes them: what YAML, JSON and `printf` have in common.
//!
//! Formatting a whole value is not done here, only the digits of a number.

/// A float as `%v` and YAML write it: the fewest digits that say it, with an exponent from 1e+06.
pub fn general(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    general_form(&shortest(number))
}

/// The same for a float that is first rounded to 32 bits, as keys of JSON are made.
pub fn general_single(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() || number.is_infinite() {
        general(f64::from(number))
    } else {
        general_form(&format!("{number:e}"))
    }
}

/// The fewest digits that tell a finite number, in the form `1.5e-7`. Of two that are equally near, Go takes the even one.
pub fn shortest(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let Some((front, last @ (b'1' | b'3' | b'5' | b'7' | b'9'))) =
        digits.as_bytes().split_last().map(|(l, f)| (f, *l))
    else {
        return text;
    };
    if digits.len() < 16 {
        return text;
    }
    let front = String::from_utf8_lossy(front);
    let even = format!("{front}{}", char::from(last - 1));
    let exact = format!("{number:.60e}");
    let tie = exact.strip_prefix(&even).and_then(|rest| rest.split_once('e')).is_some_and(|(rest, _)| {
        rest.strip_prefix('5').is_some_and(|rest| rest.bytes().all(|byte| byte == b'0'))
    });
    if tie { format!("{even}e{exponent}") } else { text }
}

/// Go's `%g` without a precision, from a number in the form `1.5e-7`.
fn general_form(scientific: &str) -> String {
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) { plain(digits, exponent) } else { exponential(digits, exponent) }
}

/// `1.5e-07`: at least two digits of exponent.
fn exponential(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Digits without an exponent.
fn plain(digits: &str, exponent: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        format!("{sign}{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
    }
}

/// A float as JSON has it; none for what JSON cannot say.
pub fn json(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let scientific = shortest(number);
    let (digits, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Go takes the zero of `e-09` away again.
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{digits}e{sign}{}", exponent.abs()));
    }
    Some(plain(digits, exponent))
}

/// A finite float without an exponent: Go's `%f` with as many digits as tell it.
pub fn positional(number: f64) -> String {
    let scientific = shortest(number);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    plain(digits, exponent.parse().unwrap_or_default())
}

/// `strconv.ParseInt` with base 0: prefixes, a leading zero for octal, single underscores where there is a prefix.
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, rest) = sign(text);
    let size = parse_magnitude(rest, underscores_fit(text))?;
    if negative { 0i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

/// `strconv.ParseUint` with base 0.
pub fn parse_uint(text: &str) -> Option<u64> {
    parse_magnitude(text, underscores_fit(text))
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn parse_magnitude(text: &str, underscores: bool) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match lower.as_bytes() {
        [b'0', b'x', _, ..] => (&lower[2..], 16),
        [b'0', b'b', _, ..] => (&lower[2..], 2),
        [b'0', b'o', _, ..] => (&lower[2..], 8),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    if digits.contains('_') && !underscores || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits.replace('_', ""), base).ok()
}

/// Whether underscores stand only between digits, or behind a prefix.
fn underscores_fit(text: &str) -> bool {
    let text = sign(text).1.to_ascii_lowercase();
    let bytes = text.as_bytes();
    let mut last = b'^';
    let mut hex = false;
    let mut from = 0;
    if let [b'0', kind @ (b'b' | b'o' | b'x'), ..] = bytes {
        from = 2;
        last = b'0';
        hex = *kind == b'x';
    }
    for byte in &bytes[from..] {
        last = match byte {
            b'0'..=b'9' => b'0',
            b'a'..=b'f' if hex => b'0',
            b'_' if last == b'0' => b'_',
            b'_' => return false,
            _ if last == b'_' => return false,
            _ => b'!',
        };
    }
    last != b'_'
}

/// `strconv.ParseFloat`; none also for what is too large.
pub fn parse_float(text: &str) -> Option<f64> {
    let (negative, rest) = sign(text);
    let lower = rest.to_ascii_lowercase();
    let size = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => return Some(f64::NAN),
        _ if lower.starts_with("0x") => hexadecimal(&lower[2..], text)?,
        _ => {
            let plain =
                lower.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-' | b'_'));
            if !plain
                || lower.contains('_') && !underscores_fit(text)
                || !lower.starts_with(|c: char| c == '.' || c.is_ascii_digit())
            {
                return None;
            }
            let size: f64 = lower.replace('_', "").parse().ok()?;
            if size.is_infinite() {
                return None;
            }
            size
        }
    };
    Some(if negative { -size } else { size })
}

/// `1.8p3` behind `0x`; the exponent must be there.
fn hexadecimal(lower: &str, whole: &str) -> Option<f64> {
    if lower.contains('_') && !underscores_fit(whole) {
        return None;
    }
    let lower = lower.replace('_', "");
    let (digits, exponent) = lower.split_once('p')?;
    let exponent: i32 = exponent.parse().ok().filter(|_| !exponent.is_empty())?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut size = 0.0f64;
    for digit in whole.chars().chain(fraction.chars()) {
        size = size * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let size = size * 2f64.powi(exponent.saturating_sub(4 * fraction.len() as i32));
    size.is_finite().then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let table = [
            (0.0, "0"),
            (1.5, "1.5"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (123_456_789.0, "1.23456789e+08"),
            (-0.25, "-0.25"),
            (1e21, "1e+21"),
            (100_000.0, "100000"),
            (1_040_820_831_387_490.0 + 0.25, "1.0408208313874902e+15"),
            (12_345_678.9, "1.23456789e+07"),
        ];
        for (number, text) in table {
            assert_eq!(general(number), text);
        }
        assert_eq!(json(1e20).as_deref(), Some("100000000000000000000"));
        assert_eq!(json(1e21).as_deref(), Some("1e+21"));
        assert_eq!(json(1.5e-7).as_deref(), Some("1.5e-7"));
        assert_eq!(json(0.000_001).as_deref(), Some("0.000001"));
        assert_eq!(json(f64::NAN), None);
    }

    #[test]
    fn integers_are_read_as_go_reads_them() {
        assert_eq!(parse_int("0644"), Some(420));
        assert_eq!(parse_int("-0x1F"), Some(-31));
        assert_eq!(parse_int("0b101"), Some(5));
        assert_eq!(parse_int("0o17"), Some(15));
        assert_eq!(parse_int("08"), None);
        assert_eq!(parse_int("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_int("9223372036854775808"), None);
        assert_eq!(parse_int("+-1"), None);
        assert_eq!(parse_uint("18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_float(".5"), Some(0.5));
        assert_eq!(parse_float("0x1p-2"), Some(0.25));
        assert_eq!(parse_float("1e999"), None);
        assert_eq!(parse_float("1_0"), Some(10.0));
        assert_eq!(parse_float("e5"), None);
    }
}
