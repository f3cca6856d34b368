//! Lengths of time, as Go's `time.Duration` reads and writes them.

use super::Table;
use super::arguments::{Answer, derived_text, exactly};
use crate::render::template::function::Call;
use crate::render::value::{Data, Value};

pub(super) const TABLE: Table = &[("duration", duration), ("durationRound", duration_round)];

const SECOND: i128 = 1_000_000_000;

/// The units and how many nanoseconds they have.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

/// `time.ParseDuration`: nanoseconds, or Go's error.
pub(super) fn parse_duration(whole: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration \"{whole}\"");
    let (negative, mut rest) = match whole.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, whole.strip_prefix('+').unwrap_or(whole)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if number.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let unit = after.find(|char: char| char == '.' || char.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration \"{whole}\""));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit \"{unit}\" in duration \"{whole}\""));
        };
        let number: i128 = if number.is_empty() { 0 } else { number.parse().map_err(|_| invalid())? };
        let part: f64 = format!("0.{fraction}0").parse().map_err(|_| invalid())?;
        total = number
            .checked_mul(*size)
            .and_then(|nanoseconds| nanoseconds.checked_add((part * *size as f64) as i128))
            .and_then(|nanoseconds| total.checked_add(nanoseconds))
            .ok_or_else(invalid)?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

/// `time.Duration.String`.
pub(super) fn shown(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.abs();
    let decimal = |unit: i128, name: &str| {
        let digits = unit.ilog10() as usize;
        let number = format!("{}.{:0digits$}", size / unit, size % unit);
        format!("{sign}{}{name}", number.trim_end_matches('0').trim_end_matches('.'))
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => decimal(1_000, "µs"),
        1_000_000..SECOND => decimal(1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (size / (60 * SECOND), size % (60 * SECOND));
            let number = format!("{}.{:09}", rest / SECOND, rest % SECOND);
            let seconds = number.trim_end_matches('0').trim_end_matches('.');
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

fn duration(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("duration", values)?;
    let seconds = match &value.data {
        Data::Int(seconds) => *seconds,
        Data::Text(text) => text.as_str().parse().unwrap_or_default(),
        _ => 0,
    };
    // Go multiplies without a look at the size.
    let text = shown(i128::from(seconds.wrapping_mul(1_000_000_000)));
    derived_text(call, text, values)
}

fn duration_round(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("durationRound", values)?;
    let size = match &value.data {
        Data::Int(nanoseconds) => *nanoseconds,
        Data::Text(text) => parse_duration(text.as_str()).unwrap_or_default(),
        _ => 0,
    }
    .unsigned_abs();
    const HOUR: u64 = 3_600_000_000_000;
    let text = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ]
    .into_iter()
    .find(|(unit, _)| size > *unit)
    .map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit));
    derived_text(call, text, values)
}
