//! Dates. What time it is, and in which zone "here" is, is known only to a clock; a given date can be computed with.

use std::rc::Rc;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Table;
use super::arguments::{Answer, derived, derived_text, exactly, int, text, unknown, unknown_text};
use super::duration::{parse_duration, shown};
use crate::render::origin::Origin;
use crate::render::template::function::Call;
use crate::render::value::{Data, Object, Value};

mod layout;

use layout::Moment;

pub(super) const TABLE: Table = &[
    ("now", now),
    ("date", date),
    ("date_in_zone", date_in_zone),
    ("dateInZone", date_in_zone),
    ("htmlDate", html_date),
    ("htmlDateInZone", html_date_in_zone),
    ("date_modify", date_modify),
    ("dateModify", date_modify),
    ("must_date_modify", must_date_modify),
    ("mustDateModify", must_date_modify),
    ("ago", ago),
    ("toDate", to_date),
    ("mustToDate", must_to_date),
    ("unixEpoch", unix_epoch),
];

const CLOCK: &str = "the time at which it runs";

/// The stand-in for now: the start of the year 2000.
const NOW: i64 = 946_684_800;

/// Go's `time.Time`.
#[derive(Clone, Debug)]
struct Date {
    at: Timestamp,
    zone: TimeZone,
    /// The zone's name where it has no other.
    name: Option<String>,
    origin: Origin,
}

impl Date {
    fn moment(&self) -> Moment {
        let info = self.zone.to_offset_info(self.at);
        let zone = match &self.name {
            Some(name) => name.clone(),
            None => info.abbreviation().to_owned(),
        };
        Moment { civil: self.zone.to_datetime(self.at), offset: info.offset().seconds(), zone }
    }

    fn text(&self, text: impl Into<Rc<str>>) -> Value {
        Value::text(text, self.origin)
    }

    fn number(&self, number: i64) -> Value {
        Value::new(Data::Int(number), self.origin)
    }

    fn value(self) -> Value {
        let origin = self.origin;
        Value::new(Data::Object(Rc::new(self)), origin)
    }

    fn shown(&self, layout: &str) -> String {
        layout::format(&self.moment(), layout)
    }

    /// So much later by the calendar; the 31st of a month that has none is a day of the next one.
    fn moved(&self, years: i64, months: i64, days: i64) -> Option<Self> {
        let civil = self.moment().civil;
        let month = jiff::Span::new().try_years(years).ok()?.try_months(months).ok()?;
        let days = jiff::Span::new().try_days(days.checked_add(i64::from(civil.day()) - 1)?).ok()?;
        let date = civil.date().first_of_month().checked_add(month).ok()?.checked_add(days).ok()?;
        Some(Self { at: self.zone.to_timestamp(date.to_datetime(civil.time())).ok()?, ..self.clone() })
    }

    fn later(&self, by: i128) -> Option<Self> {
        let by = SignedDuration::try_from_nanos_i128(by)?;
        Some(Self { at: self.at.checked_add(by).ok()?, ..self.clone() })
    }
}

impl Object for Date {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let civil = self.moment().civil;
        Some(match name {
            "Unix" => self.number(self.at.as_second()),
            "UnixMilli" => self.number(self.at.as_millisecond()),
            "UnixMicro" => self.number(self.at.as_microsecond()),
            "UnixNano" => self.number(i64::try_from(self.at.as_nanosecond()).unwrap_or_default()),
            "Year" => self.number(i64::from(civil.year())),
            "Month" => self.text(self.shown("January")),
            "Day" => self.number(i64::from(civil.day())),
            "Hour" => self.number(i64::from(civil.hour())),
            "Minute" => self.number(i64::from(civil.minute())),
            "Second" => self.number(i64::from(civil.second())),
            "Nanosecond" => self.number(i64::from(civil.subsec_nanosecond())),
            "YearDay" => self.number(i64::from(civil.date().day_of_year())),
            "Weekday" => self.text(self.shown("Monday")),
            "UTC" | "Local" => Self { zone: TimeZone::UTC, name: None, ..self.clone() }.value(),
            "IsZero" => Value::new(Data::Bool(false), self.origin),
            "String" => self.text(self.shown("2006-01-02 15:04:05.999999999 -0700 MST")),
            _ => return None,
        })
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let changed =
            |date: Option<Self>| date.map(Self::value).ok_or_else(|| "time out of range".to_owned());
        Some(match (name, arguments) {
            ("Format", [layout]) => text(layout).map(|layout| self.text(self.shown(layout.as_str()))),
            ("Add", [by]) => int(by).and_then(|by| changed(self.later(i128::from(by)))),
            ("AddDate", [years, months, days]) => {
                int(years).and_then(|years| changed(self.moved(years, int(months)?, int(days)?)))
            }
            ("Before" | "After" | "Equal", [other]) => date_of(other).map(|other| {
                let holds = match name {
                    "Before" => self.at < other.at,
                    "After" => self.at > other.at,
                    _ => self.at == other.at,
                };
                Value::new(Data::Bool(holds), self.origin)
            }),
            (_, []) => return self.field(name).map(Ok),
            _ => return None,
        })
    }

    fn plain(&self) -> Option<Value> {
        Some(self.text(self.shown("2006-01-02T15:04:05.999999999Z07:00")))
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

fn utc(at: Timestamp, origin: Origin) -> Date {
    Date { at, zone: TimeZone::UTC, name: None, origin }
}

/// A value that is a date.
fn date_of(value: &Value) -> Result<Date, String> {
    let wrong = || format!("wrong type for value; expected time.Time; got {}", value.data.type_name());
    match &value.data {
        Data::Nil => Err("wrong type for value; expected time.Time; got interface {}".to_owned()),
        Data::Object(object) if object.type_name() == "time.Time" => {
            let nanoseconds = object.field("UnixNano").and_then(|value| int(&value).ok()).unwrap_or_default();
            let at = Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
            Ok(utc(at, value.origin))
        }
        _ => Err(wrong()),
    }
}

/// The date that a function is given: a date, seconds since 1970, or else now.
fn given(call: &mut Call<'_>, value: &Value) -> Date {
    match &value.data {
        Data::Int(seconds) => utc(at(*seconds), value.origin),
        _ => date_of(value).unwrap_or_else(|_| {
            let origin = unknown(call, CLOCK);
            utc(at(NOW), origin)
        }),
    }
}

fn now(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [] = exactly("now", values)?;
    let origin = unknown(call, CLOCK);
    Ok(utc(at(NOW), origin).value())
}

fn formatted(call: &mut Call<'_>, layout: &str, value: &Value, zone: &str) -> Answer {
    let mut date = given(call, value);
    if !matches!(zone, "Local" | "" | "UTC") {
        // A zone that nobody knows is UTC.
        date.zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    }
    call.budget.bytes(layout.len() * 4)?;
    let text = date.shown(layout);
    Ok(Value::text(text, date.origin))
}

fn date(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [layout, value] = exactly("date", values)?;
    formatted(call, text(layout)?.as_str(), value, "Local")
}

fn date_in_zone(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [layout, value, zone] = exactly("dateInZone", values)?;
    formatted(call, text(layout)?.as_str(), value, text(zone)?.as_str())
}

fn html_date(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("htmlDate", values)?;
    formatted(call, "2006-01-02", value, "Local")
}

fn html_date_in_zone(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value, zone] = exactly("htmlDateInZone", values)?;
    formatted(call, "2006-01-02", value, text(zone)?.as_str())
}

fn modified(call: &mut Call<'_>, values: &[Value], by: i128) -> Answer {
    let date = date_of(&values[1])?;
    let origin = derived(call, Data::Nil, values).origin;
    let date = date.later(by).ok_or_else(|| "time out of range".to_owned())?;
    Ok(Date { origin, ..date }.value())
}

fn date_modify(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [by, date] = exactly("dateModify", values)?;
    date_of(date)?;
    match parse_duration(text(by)?.as_str()) {
        Ok(by) => modified(call, values, i128::from(by)),
        Err(_) => Ok(date.clone()),
    }
}

fn must_date_modify(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [by, _] = exactly("mustDateModify", values)?;
    let by = parse_duration(text(by)?.as_str())?;
    modified(call, values, i128::from(by))
}

fn ago(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("ago", values)?;
    let date = given(call, value);
    let text = shown(i128::from(NOW - date.at.as_second()) * 1_000_000_000);
    unknown_text(call, CLOCK, text)
}

/// A date read from text; where none is written, the year 1 as in Go, or the error.
fn read(
    call: &mut Call<'_>,
    values: &[Value],
    layout: &Value,
    value: &Value,
) -> Result<Option<Value>, String> {
    let origin = derived(call, Data::Nil, values).origin;
    let Some(moment) = layout::parse(text(layout)?.as_str(), text(value)?.as_str()) else { return Ok(None) };
    let zone = Offset::from_seconds(moment.offset).map_or(TimeZone::UTC, |offset| offset.to_time_zone());
    let name = (moment.offset != 0).then_some(moment.zone);
    Ok(zone.to_timestamp(moment.civil).ok().map(|at| Date { at, zone, name, origin }.value()))
}

fn to_date(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [layout, value] = exactly("toDate", values)?;
    let origin = derived(call, Data::Nil, values).origin;
    Ok(read(call, values, layout, value)?.unwrap_or_else(|| utc(at(-62_135_596_800), origin).value()))
}

fn must_to_date(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [layout, value] = exactly("mustToDate", values)?;
    read(call, values, layout, value)?.ok_or_else(|| {
        let shown = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("parsing time \"{}\" as \"{}\": cannot parse", shown(value), shown(layout))
    })
}

fn unix_epoch(call: &mut Call<'_>, values: &[Value]) -> Answer {
    let [value] = exactly("unixEpoch", values)?;
    let seconds = date_of(value)?.at.as_second().to_string();
    derived_text(call, seconds, values)
}
