//! The text of a schedule, read as its dialect reads it, with refusals that a person understands.
//!
//! It follows robfig/cron field by field, and accepts what that accepts: a linter that is stricter than the controller would
//! be wrong about what happens in the cluster.

use std::ops::Range;

use super::super::{duration, zone};
use super::calendar::{ALL_MONTH_DAYS, ALL_MONTHS, ALL_WEEKDAYS, Days};
use super::clock::Clock;
use super::{CronError, Dialect, Rhythm, Schedule, Zone};

pub(super) fn schedule(text: &str, dialect: Dialect) -> Result<Schedule, CronError> {
    if text.is_empty() {
        return refuse(0..0, "the schedule is empty");
    }
    let (zone, start) = zone_prefix(text, dialect)?;
    let rest = &text[start..];
    let rhythm =
        if rest.starts_with('@') { macro_of(text, start, dialect)? } else { calendar(text, start, dialect)? };
    Ok(Schedule { rhythm, zone })
}

/// `TZ=` or `CRON_TZ=` and where the schedule proper begins.
fn zone_prefix(text: &str, dialect: Dialect) -> Result<(Option<Zone>, usize), CronError> {
    let name_start = match text {
        _ if text.starts_with("TZ=") => 3,
        _ if text.starts_with("CRON_TZ=") => 8,
        _ => return Ok((None, 0)),
    };
    if matches!(dialect, Dialect::SecondsFirst | Dialect::Crontab) {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let prefix = &text[..end];
        return refuse(0..end, format!("`{prefix}` in front of the schedule is not understood here"));
    }
    let Some(name_end) = text.find(' ') else {
        return refuse(0..text.len(), "`TZ=` needs a zone, a space, and then the schedule");
    };
    let name = &text[name_start..name_end];
    // `Local` is whatever the controller's machine has: accepted, and not known here.
    if name != "Local" && zone::find(name).is_none() {
        return refuse(name_start..name_end, format!("there is no time zone called `{name}`"));
    }
    let rest = &text[name_end..];
    let start = name_end + (rest.len() - rest.trim_start().len());
    Ok((Some(Zone { name: name.to_owned(), range: name_start..name_end }), start))
}

fn macro_of(text: &str, start: usize, dialect: Dialect) -> Result<Rhythm, CronError> {
    // With a zone in front the rest is trimmed, without one it is taken as it stands.
    let name = if start > 0 { text[start..].trim_end() } else { text };
    let range = start..start + name.len();
    let (hours, month_days, months, week_days) = match name {
        "@yearly" | "@annually" => (1, 1 << 1, 1 << 1, ALL_WEEKDAYS),
        "@monthly" => (1, 1 << 1, ALL_MONTHS, ALL_WEEKDAYS),
        "@weekly" => (1, ALL_MONTH_DAYS, ALL_MONTHS, 1),
        "@daily" | "@midnight" => (1, ALL_MONTH_DAYS, ALL_MONTHS, ALL_WEEKDAYS),
        "@hourly" => (HOURS.all(), ALL_MONTH_DAYS, ALL_MONTHS, ALL_WEEKDAYS),
        _ => {
            if let Some(interval) = name.strip_prefix("@every ")
                && dialect != Dialect::Crontab
            {
                let Some(seconds) = duration::go(interval) else {
                    let at = range.end - interval.len()..range.end;
                    return refuse(at, format!("`{interval}` is not a duration such as `90s` or `1h30m`"));
                };
                // Less than a second is a second, and fractions are dropped.
                return Ok(Rhythm::Every(seconds.max(1.0) as u64));
            }
            let known = "`@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` or `@every 1h`";
            return refuse(
                range,
                format!("`{name}` is not a schedule that is known here: it would be {known}"),
            );
        }
    };
    let days = Days {
        of_month: month_days,
        months,
        of_week: week_days,
        star: true,
        mended: dialect == Dialect::Crontab,
    };
    Ok(Rhythm::Calendar(days, Clock { seconds: 1, minutes: 1, hours }))
}

fn calendar(text: &str, start: usize, dialect: Dialect) -> Result<Rhythm, CronError> {
    let mut fields: [(&str, usize); 6] = [("", 0); 6];
    let mut count = 0;
    for (word, at) in words(text, start) {
        if let Some(field) = fields.get_mut(count) {
            *field = (word, at);
        }
        count += 1;
    }
    let fields = &fields[..count.min(6)];
    let whole = if count == 0 { start..text.len() } else { start..text.trim_end().len() };

    let star = ("*", start);
    let [second, minute, hour, month_day, month, week_day] = match (dialect, fields) {
        (Dialect::Standard | Dialect::Crontab | Dialect::OptionalSeconds, &[m, h, d, mo, w])
            if count == 5 =>
        {
            [("0", start), m, h, d, mo, w]
        }
        (Dialect::OptionalSeconds | Dialect::SecondsFirst, &[s, m, h, d, mo, w]) if count == 6 => {
            [s, m, h, d, mo, w]
        }
        (Dialect::SecondsFirst, &[s, m, h, d, mo]) if count == 5 => [s, m, h, d, mo, star],
        (Dialect::Standard | Dialect::Crontab, _) => {
            let hint = if count == 6 { "; there is no field for seconds here" } else { "" };
            return refuse(
                whole,
                format!(
                    "a schedule has 5 fields (minute, hour, day of month, month, day of week), and this has {count}{hint}"
                ),
            );
        }
        (Dialect::SecondsFirst, _) => {
            return refuse(
                whole,
                format!(
                    "a schedule has 6 fields here (second, minute, hour, day of month, month, day of week), and this has {count}"
                ),
            );
        }
        (Dialect::OptionalSeconds, _) => {
            return refuse(
                whole,
                format!("a schedule has 5 fields here, or 6 with seconds first, and this has {count}"),
            );
        }
    };
    let (seconds, _) = SECONDS.read(second, dialect)?;
    let (minutes, _) = MINUTES.read(minute, dialect)?;
    let (hours, _) = HOURS.read(hour, dialect)?;
    let (of_month, month_star) = MONTH_DAYS.read(month_day, dialect)?;
    let (months, _) = MONTHS.read(month, dialect)?;
    let (of_week, week_star) = WEEK_DAYS.read(week_day, dialect)?;
    // Sunday as 7, where that is allowed, is Sunday.
    let of_week = (of_week | of_week >> 7) & ALL_WEEKDAYS;
    let days = Days {
        of_month,
        months,
        of_week,
        star: month_star || week_star,
        mended: dialect == Dialect::Crontab,
    };
    Ok(Rhythm::Calendar(days, Clock { seconds, minutes, hours }))
}

/// Words and where they begin.
fn words(text: &str, start: usize) -> impl Iterator<Item = (&str, usize)> {
    text[start..].split_whitespace().map(move |word| (word, word.as_ptr() as usize - text.as_ptr() as usize))
}

struct Field {
    name: &'static str,
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const SECONDS: Field = Field { name: "second", min: 0, max: 59, names: &[] };
const MINUTES: Field = Field { name: "minute", min: 0, max: 59, names: &[] };
const HOURS: Field = Field { name: "hour", min: 0, max: 23, names: &[] };
const MONTH_DAYS: Field = Field { name: "day of month", min: 1, max: 31, names: &[] };
const MONTHS: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEK_DAYS: Field =
    Field { name: "day of week", min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Field {
    fn all(&self) -> u64 {
        bits(self.min, self.max, 1)
    }

    /// The set of values, and whether the field counts as a star.
    fn read(&self, (text, at): (&str, usize), dialect: Dialect) -> Result<(u64, bool), CronError> {
        let mut set = 0;
        let mut star = false;
        let mut begin = 0;
        for item in text.split(',') {
            let range = at + begin..at + begin + item.len();
            begin += item.len() + 1;
            // robfig drops empty items; so `,` alone is a field that nothing matches.
            if item.is_empty() {
                continue;
            }
            let (values, item_star) = self.item(item, dialect).or_else(|message| refuse(range, message))?;
            set |= values;
            star |= item_star;
        }
        if dialect == Dialect::Crontab {
            star = text.starts_with('*');
        }
        Ok((set, star))
    }

    /// `*`, `5`, `5-9`, each with an optional `/step`.
    fn item(&self, item: &str, dialect: Dialect) -> Result<(u64, bool), String> {
        let crontab = dialect == Dialect::Crontab;
        let max = if crontab && self.max == 6 { 7 } else { self.max };
        let (span, step) = match item.split_once('/') {
            None => (item, None),
            Some((_, step)) if step.contains('/') => {
                return Err(format!("`{item}` has more than one slash"));
            }
            Some((span, step)) => (span, Some(step)),
        };
        let mut ends = span.split('-');
        let low = ends.next().unwrap_or_default();
        let high = ends.next();
        let too_many = ends.next().is_some();
        let any = low == "*" || (low == "?" && !crontab);
        let (start, mut end) = if any {
            // What stands behind a star's hyphen is not looked at.
            (self.min, self.max)
        } else {
            if too_many {
                return Err(format!("`{item}` has more than one hyphen"));
            }
            let start = self.value(low, item)?;
            let end = match high {
                None => start,
                Some(high) => self.value(high, item)?,
            };
            (start, end)
        };
        let step = match step {
            None => 1,
            Some(step) => {
                if high.is_none() && !any {
                    end = max;
                }
                match integer(step) {
                    Some(step) if step > 0 => step,
                    _ => {
                        return Err(format!("the step in `{item}` must be a whole number above 0"));
                    }
                }
            }
        };
        if start < self.min {
            return Err(format!(
                "{} {start} in `{item}` does not exist: the first is {}",
                self.name, self.min
            ));
        }
        if end > max {
            let hint = if self.max == 6 && end == 7 { ", and Sunday is 0" } else { "" };
            return Err(format!("{} {end} in `{item}` does not exist: the last is {max}{hint}", self.name));
        }
        if start > end {
            return Err(format!("the range `{item}` runs backwards, and ranges do not wrap around"));
        }
        let star = any && (step == 1 || dialect == Dialect::SecondsFirst);
        Ok((bits(start, end, step), star))
    }

    fn value(&self, text: &str, item: &str) -> Result<u64, String> {
        if let Some(index) = self.names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
            return Ok(index as u64 + self.min);
        }
        integer(text).ok_or_else(|| {
            let shown = if text.is_empty() { item } else { text };
            if self.names.is_empty() {
                format!("`{shown}` is not a {}: a number from {} to {} is wanted", self.name, self.min, self.max)
            } else {
                let (first, last) = (self.names[0].to_uppercase(), self.names[self.names.len() - 1].to_uppercase());
                format!(
                    "`{shown}` is not a {}: a number from {} to {} or a name from {first} to {last} is wanted",
                    self.name, self.min, self.max
                )
            }
        })
    }
}

/// Go's `strconv.Atoi`, for what is not negative.
fn integer(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|value| *value <= i64::MAX as u64)
}

/// Every `step`th value from `start` to `end`, both below 64.
fn bits(start: u64, end: u64, step: u64) -> u64 {
    let mut set = 0;
    let mut value = start;
    while value <= end {
        set |= 1 << value;
        value = value.saturating_add(step);
    }
    set
}

fn refuse<T>(range: Range<usize>, message: impl Into<String>) -> Result<T, CronError> {
    Err(CronError { message: message.into(), range })
}
