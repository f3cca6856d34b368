//! Resource quantities (`250m`, `1.5Gi`), read exactly as Kubernetes reads them, and written as people write them.
//!
//! The grammar is that of `resource.ParseQuantity` in k8s.io/apimachinery, odd corners included: digits may be missing
//! altogether (`m` is zero), what is finer than a billionth rounds away from zero, and a binary suffix saturates at 2^63-1.

/// The value in base units: cores for cpu, bytes for memory.
pub fn parse(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return None;
    }
    let (negative, unsigned) = match bytes[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let whole = digits(unsigned);
    let after_whole = &unsigned[whole..];
    let fraction = match after_whole.strip_prefix('.') {
        Some(rest) => 1 + digits(rest),
        None => 0,
    };
    let (number, suffix) = unsigned.split_at(whole + fraction);
    let scale = Scale::read(suffix)?;

    let nonzero = number.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let magnitude = if nonzero { scale.apply(number)? } else { 0.0 };
    Some(if negative { -magnitude } else { magnitude })
}

/// Memory as people write it: `512Mi`, `1.5Gi`, `2G`, `800 bytes`.
pub fn bytes_text(bytes: f64) -> String {
    if bytes.is_nan() {
        return "unknown".to_owned();
    }
    if bytes.is_infinite() {
        return "no limit".to_owned();
    }
    let sign = if bytes < 0.0 { "-" } else { "" };
    let size = bytes.abs();
    if size < 1024.0 {
        let noun = if size == 1.0 { "byte" } else { "bytes" };
        return format!("{sign}{} {noun}", decimals(size, 3));
    }
    // A unit in which two decimals say it exactly is the unit it was written in; failing that, round in the largest one.
    let exact = |units: &[(f64, &str)]| {
        units.iter().find_map(|(unit, name)| {
            let count = size / unit;
            let hundredths = count * 100.0;
            (1.0..10_000.0)
                .contains(&count)
                .then_some(())
                .filter(|()| (hundredths - hundredths.round()).abs() < 1e-9)
                .map(|()| format!("{sign}{}{name}", decimals(count, 2)))
        })
    };
    if let Some(text) = exact(&BINARY).or_else(|| exact(&DECIMAL)) {
        return text;
    }
    let (unit, name) = BINARY.iter().find(|(unit, _)| size >= *unit).unwrap_or(&BINARY[BINARY.len() - 1]);
    format!("{sign}{}{name}", decimals(size / unit, 2))
}

/// Processor time as people write it: `250m`, `2`, `1.5`.
pub fn cores_text(cores: f64) -> String {
    if cores.is_nan() {
        return "unknown".to_owned();
    }
    if cores.is_infinite() {
        return "no limit".to_owned();
    }
    let milli = cores * 1000.0;
    if cores != 0.0 && milli.round().abs() < 1000.0 {
        // Kubernetes keeps a billionth of a core; six decimals of a thousandth show it.
        return format!("{}m", decimals(milli, if milli.abs() < 1.0 { 6 } else { 1 }));
    }
    decimals(cores, 3)
}

const BINARY: [(f64, &str); 6] = [
    (1_152_921_504_606_846_976.0, "Ei"),
    (1_125_899_906_842_624.0, "Pi"),
    (1_099_511_627_776.0, "Ti"),
    (1_073_741_824.0, "Gi"),
    (1_048_576.0, "Mi"),
    (1024.0, "Ki"),
];
const DECIMAL: [(f64, &str); 6] = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

/// 2^63 - 1, where Kubernetes caps a quantity with a binary suffix. As a float it is 2^63.
const BINARY_CAP: f64 = 9_223_372_036_854_775_807.0;

enum Scale {
    Decimal(i32),
    Binary(f64),
}

impl Scale {
    fn read(suffix: &str) -> Option<Scale> {
        Some(match suffix {
            "" => Scale::Decimal(0),
            "n" => Scale::Decimal(-9),
            "u" => Scale::Decimal(-6),
            "m" => Scale::Decimal(-3),
            "k" => Scale::Decimal(3),
            "M" => Scale::Decimal(6),
            "G" => Scale::Decimal(9),
            "T" => Scale::Decimal(12),
            "P" => Scale::Decimal(15),
            "E" => Scale::Decimal(18),
            _ => match suffix.as_bytes() {
                [b'e' | b'E', b'i'] if suffix == "Ei" => Scale::Binary(BINARY[0].0),
                [_, b'i'] => Scale::Binary(BINARY.iter().find(|(_, name)| *name == suffix)?.0),
                [b'e' | b'E', rest @ ..] => {
                    let digits = match rest {
                        [b'+' | b'-', digits @ ..] => digits,
                        digits => digits,
                    };
                    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                        return None;
                    }
                    Scale::Decimal(suffix[1..].parse().ok()?)
                }
                _ => return None,
            },
        })
    }

    /// The value of a number that is not zero, at this scale.
    fn apply(&self, number: &str) -> Option<f64> {
        let value = match *self {
            Scale::Binary(factor) => {
                let value = number.parse::<f64>().ok()? * factor;
                if value > BINARY_CAP {
                    return Some(BINARY_CAP);
                }
                // Only a value this small can be finer than a billionth and still show it in a float.
                if value < 1.0 { up_to_nano(value) } else { value }
            }
            Scale::Decimal(exponent) => {
                // Let the float parser see mantissa and exponent together: it rounds once, and correctly.
                let mut text = String::with_capacity(number.len() + 12);
                text.push_str(number);
                text.push('e');
                text.push_str(itoa(exponent, &mut [0; 11]));
                let value = text.parse::<f64>().ok()?;
                let places = number.split_once('.').map_or(0, |(_, f)| f.trim_end_matches('0').len());
                let finest = i64::from(exponent) - i64::try_from(places).unwrap_or(i64::MAX);
                if finest < -9 { up_to_nano(value) } else { value }
            }
        };
        value.is_finite().then_some(value)
    }
}

/// Whoever asks for something gets something: Kubernetes rounds what is finer than a billionth away from zero.
fn up_to_nano(value: f64) -> f64 {
    let nanos = value * 1e9;
    if nanos < 1.0 {
        return 1e-9;
    }
    let nearest = nanos.round();
    let whole = if (nanos - nearest).abs() <= nearest * 1e-12 { nearest } else { nanos.ceil() };
    whole / 1e9
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn itoa(value: i32, buffer: &mut [u8; 11]) -> &str {
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    std::str::from_utf8(&buffer[at..]).unwrap_or("0")
}

/// At most so many decimals, and no trailing zeros.
fn decimals(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_kubernetes_reads() {
        let table: &[(&str, f64)] = &[
            ("0", 0.0),
            ("0Ki", 0.0),
            ("1", 1.0),
            ("+1", 1.0),
            ("-1", -1.0),
            ("250m", 0.25),
            ("100m", 0.1),
            ("1500m", 1.5),
            ("0.1", 0.1),
            (".5", 0.5),
            ("1.", 1.0),
            ("1.G", 1e9),
            ("007", 7.0),
            ("5n", 5e-9),
            ("4u", 4e-6),
            ("8k", 8000.0),
            ("128974848", 128_974_848.0),
            ("129e6", 129e6),
            ("129E6", 129e6),
            ("1.3E+6", 1.3e6),
            ("1E-3", 0.001),
            ("129M", 129e6),
            ("123Mi", 123.0 * 1_048_576.0),
            ("1Ki", 1024.0),
            ("1Mi", 1_048_576.0),
            ("1.5Gi", 1_610_612_736.0),
            ("6Gi", 6_442_450_944.0),
            ("5Ti", 5_497_558_138_880.0),
            ("4Pi", 4_503_599_627_370_496.0),
            ("3Ei", 3_458_764_513_820_540_928.0),
            ("1E", 1e18),
            ("2P", 2e15),
            ("40.1T", 40.1e12),
            ("0.5Mi", 524_288.0),
            ("12E", 12e18),
            // Saturates.
            ("9Ei", BINARY_CAP),
            ("9223372036854775807Ki", BINARY_CAP),
            // Finer than a billionth rounds away from zero.
            ("3.001n", 4e-9),
            ("0.9n", 1e-9),
            ("0.0000000005", 1e-9),
            ("0.00000012345", 124e-9),
            ("0.000000000001Ki", 2e-9),
            ("1e-400", 1e-9),
            ("-0.9n", -1e-9),
            // The scanner of apimachinery wants no digits at all.
            ("m", 0.0),
            ("-", 0.0),
            (".", 0.0),
            ("e5", 0.0),
        ];
        for (text, value) in table {
            assert_eq!(parse(text), Some(*value), "{text}");
        }
    }

    #[test]
    fn refuses_what_kubernetes_refuses() {
        for text in [
            "",
            " 1",
            "1 ",
            "1.1.M",
            "1+1.0M",
            "0.1mi",
            "0.1am",
            "aoeu",
            ".5i",
            "1i",
            "-3.01e-",
            "1e",
            "1e+",
            "1GB",
            "1gb",
            "512MB",
            "1KB",
            "1g",
            "1KI",
            "1K",
            "1mi",
            "--1",
            "1_000",
            "1,5",
            "1e1.5",
            "${MEM}",
            "1e99999999999",
            "1e400",
            "½",
            "1µ",
            "1Mi5",
            "1ei",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn memory_prints_in_the_unit_it_was_written_in() {
        let table: &[(&str, &str)] = &[
            ("512Mi", "512Mi"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1.5Gi"),
            ("1000Mi", "1000Mi"),
            ("1100Mi", "1100Mi"),
            ("800", "800 bytes"),
            ("1", "1 byte"),
            ("0", "0 bytes"),
            ("500m", "0.5 bytes"),
            ("2G", "2G"),
            ("500M", "500M"),
            ("1.5G", "1.5G"),
            ("1Ki", "1Ki"),
            ("4Pi", "4Pi"),
            ("-1Gi", "-1Gi"),
            ("1234567891", "1.15Gi"),
            ("1000", "1000 bytes"),
        ];
        for (text, printed) in table {
            assert_eq!(bytes_text(parse(text).unwrap()), *printed, "{text}");
        }
        assert_eq!(bytes_text(f64::INFINITY), "no limit");
        assert_eq!(bytes_text(f64::NAN), "unknown");
    }

    #[test]
    fn cores_print_as_thousandths_below_one() {
        let table: &[(f64, &str)] = &[
            (0.25, "250m"),
            (0.1, "100m"),
            (2.0, "2"),
            (1.5, "1.5"),
            (0.0, "0"),
            (0.0001, "0.1m"),
            (1e-9, "0.000001m"),
            (0.9999, "1"),
            (16.0, "16"),
            (-0.5, "-500m"),
            (0.0005, "0.5m"),
        ];
        for (cores, printed) in table {
            assert_eq!(cores_text(*cores), *printed, "{cores}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", value in any::<f64>()) {
            let _ = parse(&text);
            let _ = (bytes_text(value), cores_text(value));
        }

        #[test]
        fn never_panics_near_the_grammar(text in "[-+]?[0-9.]{0,12}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}") {
            if let Some(value) = parse(&text) {
                prop_assert!(value.is_finite());
            }
        }

        #[test]
        fn whole_mebibytes_survive_printing(mebibytes in 1u32..9999) {
            let bytes = f64::from(mebibytes) * 1_048_576.0;
            prop_assert_eq!(parse(&bytes_text(bytes)), Some(bytes));
        }
    }
}
