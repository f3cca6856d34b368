//! Floating-point numbers as Go writes them.

/// The decimal digits of a number, without zeros at the end, and where among them the point stands.
struct Digits {
    digits: String,
    point: i32,
}

impl Digits {
    /// The fewest that tell the number, or the first `count`.
    fn of(value: f64, count: Option<usize>) -> Self {
        let text = match count {
            None => shortest(value.abs()),
            Some(count) => format!("{:.*e}", count.max(1) - 1, value.abs()),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = mantissa.replace('.', "");
        let digits = digits.trim_end_matches('0').to_owned();
        let point = if digits.is_empty() { 0 } else { exponent.parse::<i32>().unwrap_or(0) + 1 };
        Self { digits, point }
    }

    fn len(&self) -> i32 {
        self.digits.len() as i32
    }

    /// With an exponent, and so many digits behind the point.
    fn scientific(&self, precision: i32, e: char) -> String {
        let mut out = String::new();
        out.push(self.digits.chars().next().unwrap_or('0'));
        if precision > 0 {
            out.push('.');
            let rest = self.digits.get(1..).unwrap_or_default();
            let rest = &rest[..rest.len().min(precision as usize)];
            out.push_str(rest);
            out.extend(std::iter::repeat_n('0', precision as usize - rest.len()));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("{e}{sign}{:02}", exponent.unsigned_abs()));
        out
    }

    /// Without an exponent, and so many digits behind the point.
    fn positional(&self, precision: i32) -> String {
        let mut out = String::new();
        if self.point > 0 {
            let whole = self.len().min(self.point);
            out.push_str(&self.digits[..whole as usize]);
            out.extend(std::iter::repeat_n('0', (self.point - whole) as usize));
        } else {
            out.push('0');
        }
        if precision > 0 {
            out.push('.');
            for index in 0..precision {
                let digit = usize::try_from(self.point + index).ok();
                let digit = digit.and_then(|digit| self.digits.as_bytes().get(digit)).copied();
                out.push(char::from(digit.unwrap_or(b'0')));
            }
        }
        out
    }
}

/// A number by a verb of Go (`b e E f g G x X`) and a precision, or as short as tells it. Negative ones begin with `-`, infinite
/// ones with a sign.
pub fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let number = match (verb, precision) {
        ('b', _) => binary(value),
        ('x' | 'X', _) => hexadecimal(value, precision, verb),
        ('f', Some(precision)) => format!("{:.precision$}", value.abs()),
        ('f', None) => {
            let digits = Digits::of(value, None);
            digits.positional((digits.len() - digits.point).max(0))
        }
        ('e' | 'E', _) => {
            let digits = Digits::of(value, precision.map(|precision| precision + 1));
            digits.scientific(precision.map_or((digits.len() - 1).max(0), |precision| precision as i32), verb)
        }
        _ => general(value, verb, precision),
    };
    format!("{sign}{number}")
}

/// As `%v` and YAML write it: the fewest digits that say it, with an exponent from 1e+06.
pub fn short(value: f64) -> String {
    format(value, 'g', None)
}

/// The same for a number that is first rounded to 32 bits, as keys of JSON are made.
pub fn short_single(value: f64) -> String {
    let single = value as f32;
    short(format!("{single:e}").parse().unwrap_or(f64::from(single)))
}

/// As JSON has it; none for what JSON cannot say.
pub fn json(value: f64) -> Option<String> {
    let size = value.abs();
    if !value.is_finite() {
        return None;
    }
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return Some(format(value, 'f', None));
    }
    // Go takes the zero of `e-09` away again.
    Some(format(value, 'e', None).replace("e-0", "e-"))
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

fn general(value: f64, verb: char, precision: Option<usize>) -> String {
    let digits = Digits::of(value, precision);
    let (mut wanted, limit) = match precision {
        None => (digits.len(), 6),
        Some(precision) => {
            let precision = precision.max(1) as i32;
            let short = precision > digits.len() && digits.len() >= digits.point;
            (precision, if short { digits.len() } else { precision })
        }
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= limit {
        wanted = wanted.min(digits.len());
        return digits.scientific(wanted - 1, if verb == 'G' { 'E' } else { 'e' });
    }
    if wanted > digits.point {
        wanted = digits.len();
    }
    digits.positional((wanted - digits.point).max(0))
}

/// The 53 bits of a number's mantissa, and the exponent of the first of them.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let (mantissa, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    if exponent == 0 { (mantissa, -1022) } else { (mantissa | 1 << 52, exponent - 1023) }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{:+}", exponent - 52)
}

fn hexadecimal(value: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    }
    mantissa <<= 8;
    while mantissa != 0 && mantissa & 1 << 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = precision as u32 * 4;
        let extra = mantissa << shift & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | mantissa & 1 > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut out = format!("0x{}", mantissa >> 60 & 1);
    mantissa <<= 4;
    let digit = |mantissa: u64| char::from_digit((mantissa >> 60 & 15) as u32, 16).unwrap_or('0');
    match precision {
        None if mantissa != 0 => {
            out.push('.');
            while mantissa != 0 {
                out.push(digit(mantissa));
                mantissa <<= 4;
            }
        }
        Some(precision) if precision > 0 => {
            out.push('.');
            for _ in 0..precision {
                out.push(digit(mantissa));
                mantissa <<= 4;
            }
        }
        _ => {}
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("p{sign}{:02}", exponent.unsigned_abs()));
    if verb == 'X' { out.to_uppercase() } else { out }
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
            assert_eq!(short(number), text);
        }
        assert_eq!(json(1e20).as_deref(), Some("100000000000000000000"));
        assert_eq!(json(1e21).as_deref(), Some("1e+21"));
        assert_eq!(json(1.5e-7).as_deref(), Some("1.5e-7"));
        assert_eq!(json(0.000_001).as_deref(), Some("0.000001"));
        assert_eq!(json(f64::NAN), None);
    }
}
