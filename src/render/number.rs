//! Numbers as Go reads them: `strconv`'s `ParseInt`, `ParseUint` and `ParseFloat`.

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
