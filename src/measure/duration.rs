//! Spans of time as tools write them, in seconds; and seconds as a person reads them.
//!
//! Every tool has its own grammar, so each has its own function, named after the tool; there is no lenient one. Times of
//! day and schedules are in `cron`.

/// Go's `time.ParseDuration`: `1h30m`, `1.5s`, `300ms`, `-5m`, `0`. A unit is required, days do not exist.
pub fn go(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = decimal(rest)?;
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        nanoseconds += number
            * match unit {
                "ns" => 1.0,
                // Both the micro sign and the Greek letter.
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return None,
            };
        rest = after;
    }
    // Go counts nanoseconds in an int64 and refuses what does not fit (about 292 years).
    (nanoseconds <= 9_223_372_036_854_775_807.0).then(|| sign * nanoseconds / 1e9)
}

/// Prometheus: `5m`, `1d`, `2w`, `1h30m`, `0`. Whole numbers, units from large to small, each at most once.
pub fn prometheus(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("y", 31_536_000.0),
        ("w", 604_800.0),
        ("d", 86_400.0),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ];
    if text == "0" {
        return Some(0.0);
    }
    if text.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    let mut allowed = &UNITS[..];
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = whole(rest)?;
        let end = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(end);
        let index = allowed.iter().position(|(name, _)| *name == unit)?;
        seconds += number * allowed[index].1;
        allowed = &allowed[index + 1..];
        rest = after;
    }
    // model.Duration is an int64 of nanoseconds too.
    (seconds <= 9_223_372_036.0).then_some(seconds)
}

/// One argument of sleep(1), coreutils or busybox: `10`, `1.5`, `2m`, `1h`, `infinity`. Several arguments add up.
pub fn sleep(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("infinity") || text.eq_ignore_ascii_case("inf") {
        return Some(f64::INFINITY);
    }
    let (number, unit) = decimal(text)?;
    let seconds = number
        * match unit {
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
    seconds.is_finite().then_some(seconds)
}

/// An nginx time: `10s`, `500ms`, `1h 30m`, `60` (seconds). A month is 30 days, a year 365.
pub fn nginx(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 8] = [
        ("y", 31_536_000.0),
        ("M", 2_592_000.0),
        ("w", 604_800.0),
        ("d", 86_400.0),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ];
    let mut seconds = 0.0;
    let mut allowed = &UNITS[..];
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = whole(rest)?;
        let end = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(end);
        let unit = if unit.is_empty() { "s" } else { unit };
        let index = allowed.iter().position(|(name, _)| *name == unit)?;
        seconds += number * allowed[index].1;
        allowed = &allowed[index + 1..];
        rest = after.trim_start_matches(' ');
    }
    seconds.is_finite().then_some(seconds)
}

/// Spring's and Quarkus' durations: `30s`, `20000ms`, ISO-8601 `PT1M30S`, and a bare number in the unit that the setting has.
pub fn java(text: &str, bare: f64) -> Option<f64> {
    if text.starts_with(['P', 'p']) {
        return iso(text);
    }
    let (number, unit) = whole(text)?;
    let seconds = number
        * match unit {
            "" => bare,
            _ if unit.eq_ignore_ascii_case("ns") => 1e-9,
            _ if unit.eq_ignore_ascii_case("us") => 1e-6,
            _ if unit.eq_ignore_ascii_case("ms") => 0.001,
            "s" | "S" => 1.0,
            "m" | "M" => 60.0,
            "h" | "H" => 3600.0,
            "d" | "D" => 86_400.0,
            _ => return None,
        };
    seconds.is_finite().then_some(seconds)
}

/// Seconds for a reader: `300 ms`, `4 s`, `1 min 30 s`, `2 h`, `31 d`. At most two parts, and never `0 s` for what is not zero.
pub fn text(seconds: f64) -> String {
    if seconds.is_nan() {
        return "unknown".to_owned();
    }
    if seconds.is_infinite() {
        return if seconds > 0.0 { "no limit".to_owned() } else { "-no limit".to_owned() };
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let size = seconds.abs();
    if size == 0.0 {
        return "0 s".to_owned();
    }
    // Rounding may carry into the next unit (59.999 s is a minute), so each step rounds first and then asks how large it is.
    let small = [(1e-9, "ns", 1e-6), (1e-6, "µs", 1e-3), (1e-3, "ms", 1.0), (1.0, "s", 60.0)];
    for (unit, name, limit) in small {
        let count = size / unit;
        let shown =
            if count < 10.0 { (count * 100.0).round() / 100.0 } else { (count * 10.0).round() / 10.0 };
        if shown * unit < limit * (1.0 - 1e-12) {
            let shown = if shown == 0.0 { 0.01 } else { shown };
            return format!("{sign}{} {name}", trimmed(shown));
        }
    }
    let large = [(60.0, "min", 1.0, "s", 3600.0), (3600.0, "h", 60.0, "min", 86_400.0)];
    for (unit, name, part, part_name, limit) in large {
        let rounded = (size / part).round() * part;
        if rounded < limit {
            return two_parts(sign, rounded, unit, name, part, part_name);
        }
    }
    two_parts(sign, (size / 3600.0).round() * 3600.0, 86_400.0, "d", 3600.0, "h")
}

fn two_parts(sign: &str, size: f64, unit: f64, name: &str, part: f64, part_name: &str) -> String {
    let count = (size / unit).floor();
    let rest = ((size - count * unit) / part).round();
    if rest == 0.0 {
        format!("{sign}{count:.0} {name}")
    } else {
        format!("{sign}{count:.0} {name} {rest:.0} {part_name}")
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `PnDTnHnMn.nS`, as `java.time.Duration` reads it, without signs.
fn iso(text: &str) -> Option<f64> {
    let mut rest = &text[1..];
    let mut seconds = 0.0;
    let mut parts = 0;
    let (number, after) = whole(rest).unwrap_or((0.0, rest));
    if let Some(after) = after.strip_prefix(['D', 'd'])
        && after.len() < rest.len() - 1
    {
        seconds += number * 86_400.0;
        parts += 1;
        rest = after;
    }
    if rest.is_empty() {
        return (parts > 0).then_some(seconds);
    }
    rest = rest.strip_prefix(['T', 't'])?;
    let mut allowed = &[(b'H', 3600.0), (b'M', 60.0), (b'S', 1.0)][..];
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = decimal(rest)?;
        let unit = after.bytes().next()?.to_ascii_uppercase();
        let index = allowed.iter().position(|(name, _)| *name == unit)?;
        if unit != b'S' && rest[..rest.len() - after.len()].contains('.') {
            return None;
        }
        seconds += number * allowed[index].1;
        allowed = &allowed[index + 1..];
        rest = &after[1..];
    }
    Some(seconds)
}

/// Digits with at most one point, at least one digit, and what follows.
fn decimal(text: &str) -> Option<(f64, &str)> {
    let before = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = before;
    let mut digits = before;
    if text.as_bytes().get(before) == Some(&b'.') {
        let after = text[before + 1..].bytes().take_while(u8::is_ascii_digit).count();
        end += 1 + after;
        digits += after;
    }
    if digits == 0 {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn whole(text: &str) -> Option<(f64, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    if end == 0 {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(read: impl Fn(&str) -> Option<f64>, table: &[(&str, Option<f64>)]) {
        for (text, expected) in table {
            match (read(text), expected) {
                (Some(got), Some(want)) => {
                    assert!(
                        (got - want).abs() <= want.abs() * 1e-12 || got == *want,
                        "{text}: {got} is not {want}"
                    );
                }
                (got, want) => assert_eq!(got, *want, "{text}"),
            }
        }
    }

    #[test]
    fn go_durations() {
        check(
            go,
            &[
                ("0", Some(0.0)),
                ("+0", Some(0.0)),
                ("5s", Some(5.0)),
                ("1h30m", Some(5400.0)),
                ("1.5s", Some(1.5)),
                (".5s", Some(0.5)),
                ("5.s", Some(5.0)),
                ("300ms", Some(0.3)),
                ("12µs", Some(12e-6)),
                ("12μs", Some(12e-6)),
                ("12us", Some(12e-6)),
                ("100ns", Some(1e-7)),
                ("-1.5h", Some(-5400.0)),
                ("+5s", Some(5.0)),
                ("10.5s4m", Some(250.5)),
                ("5s5s", Some(10.0)),
                ("2562047h47m16s", Some(9_223_372_036.0)),
                ("", None),
                ("3", None),
                ("-", None),
                ("s", None),
                (".", None),
                ("-.s", None),
                ("+.s", None),
                ("1d", None),
                ("1w", None),
                ("1 h", None),
                ("3000000h", None),
                ("1e3s", None),
                ("Never", None),
                ("1µ", None),
            ],
        );
    }

    #[test]
    fn prometheus_durations() {
        check(
            prometheus,
            &[
                ("0", Some(0.0)),
                ("0s", Some(0.0)),
                ("5m", Some(300.0)),
                ("720h", Some(2_592_000.0)),
                ("1d", Some(86_400.0)),
                ("2w", Some(1_209_600.0)),
                ("1y", Some(31_536_000.0)),
                ("1h30m", Some(5400.0)),
                ("1d12h", Some(129_600.0)),
                ("324ms", Some(0.324)),
                ("10m1s1ms", Some(601.001)),
                ("", None),
                ("1", None),
                ("1.5h", None),
                ("-1m", None),
                ("1m1h", None),
                ("1m1m", None),
                ("1H", None),
                ("5 m", None),
                ("1000y", None),
            ],
        );
    }

    #[test]
    fn sleep_arguments() {
        check(
            sleep,
            &[
                ("10", Some(10.0)),
                ("1.5", Some(1.5)),
                ("0.5s", Some(0.5)),
                ("2m", Some(120.0)),
                ("1h", Some(3600.0)),
                ("1d", Some(86_400.0)),
                (".5", Some(0.5)),
                ("infinity", Some(f64::INFINITY)),
                ("inf", Some(f64::INFINITY)),
                ("", None),
                ("-5", None),
                ("5x", None),
                ("5ms", None),
                ("$N", None),
                ("ten", None),
            ],
        );
    }

    #[test]
    fn nginx_and_java_durations() {
        check(
            nginx,
            &[
                ("10s", Some(10.0)),
                ("60", Some(60.0)),
                ("500ms", Some(0.5)),
                ("1h 30m", Some(5400.0)),
                ("1h30m", Some(5400.0)),
                ("1M", Some(2_592_000.0)),
                ("1m 1h", None),
                ("", None),
                ("s", None),
            ],
        );
        check(
            |text| java(text, 0.001),
            &[
                ("30s", Some(30.0)),
                ("20000", Some(20.0)),
                ("20000ms", Some(20.0)),
                ("2m", Some(120.0)),
                ("PT30S", Some(30.0)),
                ("PT1M30S", Some(90.0)),
                ("PT0.5S", Some(0.5)),
                ("P1D", Some(86_400.0)),
                ("P1DT1H", Some(90_000.0)),
                ("P", None),
                ("PT", None),
                ("P1DT", None),
                ("PT1.5M", None),
                ("30 s", None),
                ("", None),
                ("D", None),
                ("PD", None),
            ],
        );
    }

    #[test]
    fn prints_at_most_two_parts() {
        let table: &[(f64, &str)] = &[
            (0.0, "0 s"),
            (0.3, "300 ms"),
            (0.0015, "1.5 ms"),
            (0.000_3, "300 µs"),
            (1e-12, "0.01 ns"),
            (5e-9, "5 ns"),
            (4.0, "4 s"),
            (1.5, "1.5 s"),
            (0.999_999, "1 s"),
            (59.99, "1 min"),
            (59.9, "59.9 s"),
            (60.0, "1 min"),
            (90.0, "1 min 30 s"),
            (3599.6, "1 h"),
            (3600.0, "1 h"),
            (7200.0, "2 h"),
            (5400.0, "1 h 30 min"),
            (3661.0, "1 h 1 min"),
            (86_399.0, "1 d"),
            (86_400.0, "1 d"),
            (129_600.0, "1 d 12 h"),
            (2_678_400.0, "31 d"),
            (2_592_000.0, "30 d"),
            (34_560_000.0, "400 d"),
            (-90.0, "-1 min 30 s"),
            (f64::INFINITY, "no limit"),
            (f64::NAN, "unknown"),
        ];
        for (seconds, printed) in table {
            assert_eq!(text(*seconds), *printed, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(input in "\\PC*", near in "[PT]{0,2}[0-9.]{0,4}[a-zA-Zµ]{0,3}[0-9.]{0,4}[a-zµ]{0,3}", value in any::<f64>()) {
            for text in [&input, &near] {
                let _ = (go(text), prometheus(text), sleep(text), nginx(text), java(text, 1.0));
            }
            let _ = text(value);
        }

        #[test]
        fn what_is_not_zero_never_prints_as_zero(seconds in 1e-15f64..1e9) {
            prop_assert!(!text(seconds).starts_with("0 "));
            prop_assert!(text(seconds).split(' ').count() <= 4);
        }
    }
}
