//! Go's layouts of dates: an example of the date, `2006-01-02 15:04:05`, says how dates are written.

use jiff::civil::{Date, DateTime, Time, Weekday};

/// A part of a layout that stands for a part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    LongMonth,
    Month,
    MonthNumber,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Noon,
    SmallNoon,
    ZoneName,
    /// An offset; whether UTC is `Z`, whether colons stand in it, how many numbers it has.
    Offset(bool, bool, u8),
    /// A fraction of so many digits; whether zeros at its end are left out.
    Fraction(usize, bool),
}

/// A date with all that a layout can show.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) civil: DateTime,
    /// Seconds east of Greenwich.
    pub(super) offset: i32,
    pub(super) zone: String,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The longest parts come first.
const PARTS: [(&str, Part); 35] = [
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::Weekday),
    ("MST", Part::ZoneName),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::MonthNumber),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::SpaceYearDay),
    ("_2", Part::SpaceDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Noon),
    ("pm", Part::SmallNoon),
    ("-07:00:00", Part::Offset(false, true, 3)),
    ("-070000", Part::Offset(false, false, 3)),
    ("-07:00", Part::Offset(false, true, 2)),
    ("-0700", Part::Offset(false, false, 2)),
    ("-07", Part::Offset(false, false, 1)),
    ("Z07:00:00", Part::Offset(true, true, 3)),
    ("Z070000", Part::Offset(true, false, 3)),
    ("Z07:00", Part::Offset(true, true, 2)),
    ("Z0700", Part::Offset(true, false, 2)),
    ("Z07", Part::Offset(true, false, 1)),
    (".", Part::Fraction(0, false)),
    (",", Part::Fraction(0, false)),
];

/// The text before the first part of a layout, the part, and what follows.
fn next(layout: &str) -> (&str, Option<Part>, &str) {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some(after) = rest.strip_prefix("_2006") {
            return (&layout[..at + 1], Some(Part::LongYear), after);
        }
        for (spelling, part) in PARTS {
            if !rest.starts_with(spelling) {
                continue;
            }
            match part {
                // A word that goes on in small letters is another word.
                Part::Month | Part::Weekday
                    if rest[3..].starts_with(|next: char| next.is_ascii_lowercase()) => {}
                Part::Fraction(..) => {
                    let digit = rest.as_bytes().get(1).copied().unwrap_or_default();
                    let run = rest[1..].len() - rest[1..].trim_start_matches(char::from(digit)).len();
                    let ends = !rest[1 + run..].starts_with(|next: char| next.is_ascii_digit());
                    if matches!(digit, b'0' | b'9') && run > 0 && ends {
                        return (&layout[..at], Some(Part::Fraction(run, digit == b'9')), &rest[1 + run..]);
                    }
                }
                _ => return (&layout[..at], Some(part), &rest[spelling.len()..]),
            }
        }
    }
    (layout, None, "")
}

fn weekday(date: Date) -> usize {
    match date.weekday() {
        Weekday::Sunday => 0,
        day => day.to_monday_one_offset() as usize,
    }
}

/// A date as its layout shows it.
pub(super) fn format(moment: &Moment, layout: &str) -> String {
    let (date, time) = (moment.civil.date(), moment.civil.time());
    let mut out = String::new();
    let mut rest = layout;
    loop {
        let (before, part, after) = next(rest);
        out.push_str(before);
        let Some(part) = part else { return out };
        rest = after;
        let month = MONTHS[(date.month() - 1) as usize];
        let day = DAYS[weekday(date)];
        let hour = match time.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let year = date.year();
        out.push_str(&match part {
            Part::LongMonth => month.to_owned(),
            Part::Month => month[..3].to_owned(),
            Part::MonthNumber => date.month().to_string(),
            Part::ZeroMonth => format!("{:02}", date.month()),
            Part::LongWeekday => day.to_owned(),
            Part::Weekday => day[..3].to_owned(),
            Part::Day => date.day().to_string(),
            Part::SpaceDay => format!("{:2}", date.day()),
            Part::ZeroDay => format!("{:02}", date.day()),
            Part::SpaceYearDay => format!("{:3}", date.day_of_year()),
            Part::ZeroYearDay => format!("{:03}", date.day_of_year()),
            Part::Hour => format!("{:02}", time.hour()),
            Part::Hour12 => hour.to_string(),
            Part::ZeroHour12 => format!("{hour:02}"),
            Part::Minute => time.minute().to_string(),
            Part::ZeroMinute => format!("{:02}", time.minute()),
            Part::Second => time.second().to_string(),
            Part::ZeroSecond => format!("{:02}", time.second()),
            Part::LongYear if year < 0 => format!("-{:04}", -year),
            Part::LongYear => format!("{year:04}"),
            Part::Year => format!("{:02}", year.rem_euclid(100)),
            Part::Noon => if time.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
            Part::SmallNoon => if time.hour() >= 12 { "pm" } else { "am" }.to_owned(),
            Part::ZoneName => moment.zone.clone(),
            Part::Offset(z, colons, numbers) => offset(moment.offset, z, colons, numbers),
            Part::Fraction(digits, trims) => {
                let point = &layout[layout.len() - rest.len() - digits - 1..][..1];
                fraction(time.subsec_nanosecond(), digits, trims, point)
            }
        });
    }
}

fn offset(seconds: i32, z: bool, colons: bool, numbers: u8) -> String {
    if z && seconds == 0 {
        return "Z".to_owned();
    }
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let mut out = format!("{sign}{:02}", size / 3600);
    for number in [size / 60 % 60, size % 60].into_iter().take(usize::from(numbers) - 1) {
        out.push_str(&format!("{}{number:02}", if colons { ":" } else { "" }));
    }
    out
}

fn fraction(nanoseconds: i32, digits: usize, trims: bool, point: &str) -> String {
    let all = format!("{nanoseconds:09}");
    let mut shown: String = all.chars().chain(std::iter::repeat('0')).take(digits.min(9)).collect();
    if trims {
        shown.truncate(shown.trim_end_matches('0').len());
        if shown.is_empty() {
            return String::new();
        }
    }
    format!("{point}{shown}")
}

/// Takes a number of one digit or two off a text.
fn number(text: &mut &str, fixed: bool) -> Option<i64> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || fixed && digits < 2 {
        return None;
    }
    let number = text[..digits].parse().ok();
    *text = &text[digits..];
    number
}

fn name(text: &mut &str, names: &[&str], short: bool) -> Option<usize> {
    let found = names.iter().position(|name| {
        let name = if short { &name[..3] } else { name };
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    })?;
    *text = &text[if short { 3 } else { names[found].len() }..];
    Some(found)
}

/// Passes over the text between parts; spaces fit any number of spaces.
fn skip(text: &mut &str, wanted: &str) -> Option<()> {
    let mut wanted = wanted;
    while let Some(char) = wanted.chars().next() {
        if char == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            wanted = wanted.trim_start_matches(' ');
            *text = text.trim_start_matches(' ');
        } else {
            *text = text.strip_prefix(char)?;
            wanted = &wanted[char.len_utf8()..];
        }
    }
    Some(())
}

/// Reads a date by its layout. What the layout does not show is the start of the year 0, in UTC.
pub(super) fn parse(layout: &str, text: &str) -> Option<Moment> {
    let (mut year, mut month, mut day, mut year_day) = (0, None, None, None);
    let (mut hour, mut minute, mut second, mut nanosecond) = (0, 0, 0, 0i64);
    let (mut afternoon, mut morning) = (false, false);
    let (mut seconds_east, mut zone) = (0, "UTC".to_owned());
    let (mut layout, mut rest) = (layout, text);
    loop {
        let (before, part, after) = next(layout);
        skip(&mut rest, before)?;
        let Some(part) = part else { break };
        layout = after;
        match part {
            Part::LongMonth => month = Some(name(&mut rest, &MONTHS, false)? as i64 + 1),
            Part::Month => month = Some(name(&mut rest, &MONTHS, true)? as i64 + 1),
            Part::MonthNumber => month = Some(number(&mut rest, false)?),
            Part::ZeroMonth => month = Some(number(&mut rest, true)?),
            Part::LongWeekday => drop(name(&mut rest, &DAYS, false)?),
            Part::Weekday => drop(name(&mut rest, &DAYS, true)?),
            Part::Day | Part::SpaceDay | Part::ZeroDay => {
                if part == Part::SpaceDay {
                    rest = rest.strip_prefix(' ').unwrap_or(rest);
                }
                day = Some(number(&mut rest, part == Part::ZeroDay)?);
            }
            Part::SpaceYearDay | Part::ZeroYearDay => {
                let shown = rest.get(..3)?.trim_start_matches(' ');
                year_day = Some(shown.parse::<i64>().ok()?);
                rest = &rest[3..];
            }
            Part::Hour => hour = number(&mut rest, false).filter(|hour| *hour < 24)?,
            Part::Hour12 | Part::ZeroHour12 => {
                hour = number(&mut rest, part == Part::ZeroHour12).filter(|hour| *hour <= 12)?;
            }
            Part::Minute | Part::ZeroMinute => minute = number(&mut rest, part == Part::ZeroMinute)?,
            Part::Second | Part::ZeroSecond => {
                second = number(&mut rest, part == Part::ZeroSecond)?;
                // A fraction may follow that the layout does not show.
                let shown = matches!(next(layout), ("", Some(Part::Fraction(..)), _));
                if !shown
                    && rest.starts_with(['.', ','])
                    && rest[1..].starts_with(|next: char| next.is_ascii_digit())
                {
                    nanosecond = nanoseconds(&mut rest, None)?;
                }
            }
            Part::LongYear => {
                let shown = rest.get(..4)?;
                year =
                    shown.bytes().all(|byte| byte.is_ascii_digit()).then(|| shown.parse::<i64>().ok())??;
                rest = &rest[4..];
            }
            Part::Year => {
                year = number(&mut rest, true)?;
                year += if year >= 69 { 1900 } else { 2000 };
            }
            Part::Noon | Part::SmallNoon => {
                let shown = rest.get(..2)?;
                let (noon, midnight) = if part == Part::Noon { ("PM", "AM") } else { ("pm", "am") };
                afternoon = shown == noon;
                morning = shown == midnight;
                if !afternoon && !morning {
                    return None;
                }
                rest = &rest[2..];
            }
            Part::ZoneName => {
                let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                if !(3..=5).contains(&letters) {
                    return None;
                }
                zone = rest[..letters].to_owned();
                rest = &rest[letters..];
            }
            Part::Offset(z, colons, numbers) => {
                if z && rest.starts_with('Z') {
                    rest = &rest[1..];
                    continue;
                }
                let sign = match rest.chars().next()? {
                    '+' => 1,
                    '-' => -1,
                    _ => return None,
                };
                rest = &rest[1..];
                for (at, unit) in [3600, 60, 1].into_iter().take(usize::from(numbers)).enumerate() {
                    if colons && at > 0 {
                        rest = rest.strip_prefix(':')?;
                    }
                    seconds_east += sign * unit * number(&mut rest, true)? as i32;
                }
                if seconds_east != 0 {
                    zone = offset(seconds_east, false, false, 2);
                }
            }
            Part::Fraction(digits, trims) => {
                if trims && !rest.starts_with(['.', ',']) {
                    continue;
                }
                nanosecond = nanoseconds(&mut rest, (!trims).then_some(digits))?;
            }
        }
    }
    if !rest.is_empty() || minute > 59 || second > 59 {
        return None;
    }
    match () {
        () if afternoon && hour < 12 => hour += 12,
        () if morning && hour == 12 => hour = 0,
        () => {}
    }
    let small = |number: i64| i8::try_from(number).ok();
    let mut date =
        Date::new(i16::try_from(year).ok()?, small(month.unwrap_or(1))?, small(day.unwrap_or(1))?).ok()?;
    if let Some(year_day) = year_day {
        date = date.first_of_year().checked_add(jiff::Span::new().days(year_day - 1)).ok()?;
    }
    let time =
        Time::new(small(hour)?, small(minute)?, small(second)?, i32::try_from(nanosecond).ok()?).ok()?;
    Some(Moment { civil: date.to_datetime(time), offset: seconds_east, zone })
}

/// The digits behind a point, all of them or so many.
fn nanoseconds(text: &mut &str, digits: Option<usize>) -> Option<i64> {
    let run = text[1..].bytes().take_while(u8::is_ascii_digit).count();
    let count = digits.unwrap_or(run);
    if run < count || !text.starts_with(['.', ',']) {
        return None;
    }
    let shown: String = text[1..1 + count].chars().chain(std::iter::repeat('0')).take(9).collect();
    *text = &text[1 + count..];
    shown.parse().ok()
}
