//! One cron engine for every dialect: what a schedule means, when it fires, how far apart, and what a clock change does to it.
//!
//! The dialects are those of the controllers that read manifests; where they differ from a Unix crontab, the controller is
//! right. A controller's own zone, its start-up delay and its missed runs are not known here.

mod calendar;
mod clock;
mod fires;
mod gaps;
mod read;

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use fires::Fires;
pub use gaps::Gaps;

use calendar::Days;
use clock::Clock;

/// Who reads the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Five fields, `@` macros and `TZ=`: `ParseStandard` of robfig/cron v3, read by Kubernetes CronJobs, Argo CronWorkflows,
    /// Velero and Karpenter. Sunday is 0 only, and `*/2` restricts a day field as any number would.
    Standard,
    /// Seconds first, the weekday may be left out: `Parse` of robfig/cron v1, read by CloudNativePG. Five fields are accepted
    /// and mean something else than in a crontab. No `TZ=`, and `*/2` counts as a star.
    SecondsFirst,
    /// Five fields, or six with seconds first, `@` macros and `TZ=`: robfig/cron v3 with optional seconds.
    OptionalSeconds,
    /// A Unix crontab of Vixie's line: Sunday is 0 or 7, a day field that begins with `*` counts as a star.
    Crontab,
}

/// A schedule that its dialect accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    rhythm: Rhythm,
    zone: Option<Zone>,
}

/// The `TZ=` or `CRON_TZ=` in front of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name, as it is written.
    pub name: String,
    /// The name's place in the schedule's text.
    pub range: Range<usize>,
}

/// Why a schedule is refused, in a sentence, and the bytes of the part at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError {
    /// The sentence.
    pub message: String,
    /// The part at fault.
    pub range: Range<usize>,
}

/// A run that a clock change takes away or doubles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DstHazard {
    /// What the clock change does to the run.
    pub kind: DstKind,
    /// The local time at which the schedule fires and which does not exist, or exists twice.
    pub local: DateTime,
    /// The moment at which the clocks change.
    pub change: Timestamp,
}

/// What a clock change does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DstKind {
    /// The local time is skipped in spring: no run.
    Skipped,
    /// The local time happens twice in autumn: two runs.
    Repeated,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rhythm {
    /// `@every`: so many seconds apart, from whenever the controller started.
    Every(u64),
    Calendar(Days, Clock),
}

impl Schedule {
    /// Reads a schedule.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Schedule, CronError> {
        read::schedule(text, dialect)
    }

    /// The zone that the schedule itself names. Kubernetes refuses new CronJobs that have one.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// Whether it is `@every`, and so bound to no time of day.
    pub fn is_interval(&self) -> bool {
        matches!(self.rhythm, Rhythm::Every(_))
    }

    /// Every firing in `[from, from + days)`, in order. A local time that a clock change skips does not fire, one that it
    /// repeats fires twice, as in robfig/cron. The schedule's own zone is the caller's to look up and pass.
    pub fn fires<'a>(&'a self, zone: &'a TimeZone, from: Timestamp, days: u32) -> Fires<'a> {
        Fires::new(self, zone, from, days)
    }

    /// The shortest and the longest time between two firings by the wall clock, in seconds: over 400 days from 2026-01-01, or
    /// longer where the schedule is too rare, or depends on leap years, for these days to show it.
    pub fn gaps(&self) -> Option<Gaps> {
        match &self.rhythm {
            Rhythm::Every(seconds) => Some(Gaps { min: *seconds, max: *seconds }),
            Rhythm::Calendar(days, clock) => gaps::of(days, clock),
        }
    }

    /// The shortest time between two firings, in seconds.
    pub fn min_gap(&self) -> Option<f64> {
        self.gaps().map(|gaps| gaps.min as f64)
    }

    /// The longest time between two firings, in seconds.
    pub fn max_gap(&self) -> Option<f64> {
        self.gaps().map(|gaps| gaps.max as f64)
    }

    /// No date in the calendar ever matches (30 February).
    pub fn never_fires(&self) -> bool {
        match &self.rhythm {
            Rhythm::Every(_) => false,
            Rhythm::Calendar(days, clock) => clock.is_empty() || !gaps::any(days),
        }
    }

    /// The first clock change of 2026 and 2027 that takes away or doubles a run in this zone. Where the schedule runs often
    /// enough around the change that the next run makes up for it (every quarter of an hour, every hour), there is none.
    ///
    /// Cron daemons of Vixie's line make up for clock changes themselves; for `Dialect::Crontab` there is never a hazard.
    pub fn dst_hazard(&self, zone: &TimeZone) -> Option<DstHazard> {
        self.dst_hazard_within(zone, gaps::START_SECOND, 730)
    }

    /// The same, for the days that follow a moment (in Unix seconds).
    pub fn dst_hazard_within(&self, zone: &TimeZone, from: i64, days: u32) -> Option<DstHazard> {
        match &self.rhythm {
            Rhythm::Every(_) => None,
            Rhythm::Calendar(days_of, _) if days_of.daemon_mends_clock_changes() => None,
            Rhythm::Calendar(days_of, clock) => fires::dst_hazard(days_of, clock, zone, from, days),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::zone;
    use super::*;
    use proptest::prelude::*;

    const HOUR: f64 = 3600.0;
    const DAY: f64 = 86_400.0;

    fn standard(text: &str) -> Schedule {
        Schedule::parse(text, Dialect::Standard).unwrap_or_else(|error| panic!("{text}: {}", error.message))
    }

    fn seconds_first(text: &str) -> Schedule {
        Schedule::parse(text, Dialect::SecondsFirst)
            .unwrap_or_else(|error| panic!("{text}: {}", error.message))
    }

    /// The first firing strictly after a moment, as robfig's `Next` answers it.
    fn next(schedule: &Schedule, zone_name: &str, after: &str) -> Option<String> {
        let zone = zone::find(zone_name).unwrap();
        let after: Timestamp = after.parse().unwrap();
        let from = Timestamp::from_second(after.as_second() + 1).unwrap();
        schedule.fires(&zone, from, 5 * 366).next().map(|at| at.to_string())
    }

    #[test]
    fn gaps_of_common_schedules() {
        let table = [
            ("* * * * *", 60.0, 60.0),
            ("*/5 * * * *", 300.0, 300.0),
            ("*/7 * * * *", 240.0, 420.0),
            ("0 * * * *", HOUR, HOUR),
            ("30 * * * *", HOUR, HOUR),
            ("0 */6 * * *", 6.0 * HOUR, 6.0 * HOUR),
            ("0 9-17 * * *", HOUR, 16.0 * HOUR),
            ("0 2 * * *", DAY, DAY),
            ("0 2 * * 0", 7.0 * DAY, 7.0 * DAY),
            ("0 2 * * 1-5", DAY, 3.0 * DAY),
            ("0 0 1 * *", 28.0 * DAY, 31.0 * DAY),
            ("0 0 31 * *", 31.0 * DAY, 61.0 * DAY),
            ("0 0 1 1 *", 365.0 * DAY, 366.0 * DAY),
            ("0 0 29 2 *", 1461.0 * DAY, 1461.0 * DAY),
            ("0 0 28,29 2 *", DAY, 365.0 * DAY),
            ("0 0 1 1,2 *", 31.0 * DAY, 335.0 * DAY),
            ("0 0 13 * 5", DAY, 7.0 * DAY),
            ("0 1,13 * * 1", 12.0 * HOUR, 6.5 * DAY),
            ("@hourly", HOUR, HOUR),
            ("@daily", DAY, DAY),
            ("@midnight", DAY, DAY),
            ("@weekly", 7.0 * DAY, 7.0 * DAY),
            ("@monthly", 28.0 * DAY, 31.0 * DAY),
            ("@yearly", 365.0 * DAY, 366.0 * DAY),
            ("@annually", 365.0 * DAY, 366.0 * DAY),
            ("@every 1h30m", 1.5 * HOUR, 1.5 * HOUR),
            ("@every 1500ms", 1.0, 1.0),
            ("@every 10ms", 1.0, 1.0),
            ("@every -5m", 1.0, 1.0),
            ("TZ=Asia/Tokyo 0 2 * * *", DAY, DAY),
        ];
        for (text, min, max) in table {
            let schedule = standard(text);
            assert_eq!((schedule.min_gap(), schedule.max_gap()), (Some(min), Some(max)), "{text}");
            assert!(!schedule.never_fires(), "{text}");
        }
        // CloudNativePG: five fields are seconds first, and the weekday is left out.
        assert_eq!(seconds_first("0 2 * * *").min_gap(), Some(HOUR));
        assert_eq!(seconds_first("0 0 2 * * *").min_gap(), Some(DAY));
        assert_eq!(seconds_first("* * * * * *").max_gap(), Some(1.0));
        assert_eq!(seconds_first("*/20 30 * * * *").max_gap(), Some(3560.0));
        let optional = Schedule::parse("30 0 2 * * *", Dialect::OptionalSeconds).unwrap();
        assert_eq!(optional.min_gap(), Some(DAY));
    }

    #[test]
    fn dates_that_do_not_exist_never_fire() {
        for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30 Feb ?", ", * * * *", "0 0 , , *"] {
            let schedule = standard(text);
            assert!(schedule.never_fires(), "{text}");
            assert_eq!(schedule.gaps(), None, "{text}");
            assert_eq!(schedule.fires(&TimeZone::UTC, Timestamp::UNIX_EPOCH, 10_000).next(), None, "{text}");
        }
        // With a weekday beside it, the date need not exist: either is enough.
        assert!(!standard("0 0 30 2 1").never_fires());
    }

    #[test]
    fn day_of_month_and_weekday_as_robfig_joins_them() {
        let table = [
            ("2012-07-15", "* * 1,15 * Sun", true),
            ("2012-06-15", "* * 1,15 * Sun", true),
            ("2012-08-01", "* * 1,15 * Sun", true),
            ("2012-07-15", "* * */10 * Sun", true),
            ("2012-07-15", "* * * * Mon", false),
            ("2012-07-09", "* * 1,15 * *", false),
            ("2012-07-15", "* * 1,15 * *", true),
            ("2012-07-15", "* * */2 * Sun", true),
            ("2012-07-15", "30 08 ? Jul Sun", true),
            ("2012-07-16", "30 08 15 Jul ?", false),
            ("2012-07-15", "0/15 * * Jun *", false),
            ("2012-07-15", "0 0 */1 * mon", false),
            ("2012-07-13", "0 0 ? * TUE-fri", true),
            ("2012-07-14", "0 0 ? * TUE-fri", false),
        ];
        for (date, text, expected) in table {
            let from: Timestamp = format!("{date}T00:00:00Z").parse().unwrap();
            let fires = standard(text).fires(&TimeZone::UTC, from, 1).next().is_some();
            assert_eq!(fires, expected, "{text} on {date}");
        }
        // v1 and crontabs keep the star of `*/10`, so both fields must match there.
        let from: Timestamp = "2012-07-15T00:00:00Z".parse().unwrap();
        assert!(seconds_first("0 0 0 */10 * Sun").fires(&TimeZone::UTC, from, 1).next().is_none());
        let crontab = Schedule::parse("0 0 */10 * 7", Dialect::Crontab).unwrap();
        assert!(crontab.fires(&TimeZone::UTC, from, 1).next().is_none());
        let crontab = Schedule::parse("0 0 * * 7", Dialect::Crontab).unwrap();
        assert!(crontab.fires(&TimeZone::UTC, from, 1).next().is_some());
    }

    #[test]
    fn clock_changes_as_robfig_tests_them() {
        let table = [
            // 2 a.m. is skipped, an hourly job is not disturbed.
            ("0 30 2 11 3 *", "2012-03-11T05:00:00Z", Some("2013-03-11T06:30:00Z")),
            ("0 0 * * * *", "2012-03-11T06:00:00Z", Some("2012-03-11T07:00:00Z")),
            ("0 0 2 * * *", "2012-03-11T05:00:00Z", Some("2012-03-12T06:00:00Z")),
            ("0 0 1 * * *", "2012-03-11T06:00:00Z", Some("2012-03-12T05:00:00Z")),
            // 1 a.m. happens twice.
            ("0 0 1 * * *", "2012-11-04T04:00:00Z", Some("2012-11-04T05:00:00Z")),
            ("0 0 1 * * *", "2012-11-04T05:00:00Z", Some("2012-11-04T06:00:00Z")),
            ("0 0 1 * * *", "2012-11-04T06:00:00Z", Some("2012-11-05T06:00:00Z")),
            ("0 30 1 4 11 *", "2012-11-04T05:45:00Z", Some("2012-11-04T06:30:00Z")),
            ("0 0 2 * * *", "2012-11-04T04:00:00Z", Some("2012-11-04T07:00:00Z")),
            ("0 0 3 3 * *", "2012-11-04T04:00:00Z", Some("2012-12-03T08:00:00Z")),
            ("0 0 0 29 2 *", "2012-07-09T23:35:00Z", Some("2016-02-29T05:00:00Z")),
        ];
        for (text, after, expected) in table {
            let schedule = seconds_first(text);
            assert_eq!(
                next(&schedule, "America/New_York", after).as_deref(),
                expected,
                "{text} after {after}"
            );
        }
        // A zone where midnight itself is skipped.
        let schedule = seconds_first("0 0 9 10 * *");
        assert_eq!(
            next(&schedule, "America/Sao_Paulo", "2018-10-17T09:00:00Z").as_deref(),
            Some("2018-11-10T11:00:00Z")
        );
    }

    #[test]
    fn firings_in_order_across_a_repeated_hour() {
        let zone = zone::find("America/New_York").unwrap();
        let from: Timestamp = "2026-11-01T05:00:00Z".parse().unwrap();
        let schedule = standard("*/30 1 * * *");
        let fires: Vec<_> = schedule.fires(&zone, from, 1).map(|at| at.to_string()).collect();
        assert_eq!(
            fires,
            ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z"]
        );
    }

    #[test]
    fn hazards() {
        use DstKind::{Repeated, Skipped};
        let table = [
            ("30 2 * * *", "Europe/Berlin", Some((Skipped, "2026-03-29T02:30:00"))),
            ("30 2 * * *", "America/New_York", Some((Skipped, "2026-03-08T02:30:00"))),
            ("30 1 * * *", "America/New_York", Some((Repeated, "2026-11-01T01:30:00"))),
            ("30 1 * * *", "Europe/London", Some((Skipped, "2026-03-29T01:30:00"))),
            ("0 0 1 11 *", "America/New_York", None),
            ("30 1 1 * *", "America/New_York", Some((Repeated, "2026-11-01T01:30:00"))),
            ("0 4 * * *", "Europe/Berlin", None),
            ("30 2 * * 1-5", "Europe/Berlin", None),
            ("30 2 * * *", "Etc/UTC", None),
            ("30 2 * * *", "Asia/Tokyo", None),
            ("0 * * * *", "Europe/Berlin", None),
            ("*/15 * * * *", "Europe/Berlin", None),
            ("*/15 0-5 * * *", "Europe/Berlin", None),
            ("* * * * *", "Europe/Berlin", None),
            ("0 */2 * * *", "Europe/Berlin", Some((Skipped, "2026-03-29T02:00:00"))),
            ("*/15 2 * * *", "Europe/Berlin", Some((Skipped, "2026-03-29T02:00:00"))),
            ("0 1,2 * * *", "America/New_York", Some((Skipped, "2026-03-08T02:00:00"))),
            // Half an hour only.
            ("15 2 * * *", "Australia/Lord_Howe", Some((Skipped, "2026-10-04T02:15:00"))),
            ("45 2 * * *", "Australia/Lord_Howe", None),
            ("@every 1h", "Europe/Berlin", None),
            ("@daily", "Europe/Berlin", None),
            ("0 0 30 2 *", "Europe/Berlin", None),
        ];
        for (text, zone_name, expected) in table {
            let hazard = standard(text).dst_hazard(&zone::find(zone_name).unwrap());
            let found = hazard.map(|hazard| (hazard.kind, hazard.local.to_string()));
            let expected = expected.map(|(kind, local)| (kind, local.to_owned()));
            assert_eq!(found, expected, "{text} in {zone_name}");
        }
        let crontab = Schedule::parse("30 2 * * *", Dialect::Crontab).unwrap();
        assert_eq!(crontab.dst_hazard(&zone::find("Europe/Berlin").unwrap()), None);
    }

    #[test]
    fn zones_in_front() {
        let schedule = standard("CRON_TZ=Asia/Tokyo  0 5 * * *");
        let zone = schedule.zone().unwrap();
        assert_eq!((zone.name.as_str(), zone.range.clone()), ("Asia/Tokyo", 8..18));
        assert_eq!(standard("TZ=UTC  @midnight").zone().unwrap().name, "UTC");
        assert_eq!(standard("0 5 * * *").zone(), None);
    }

    #[test]
    fn refusals_say_why_and_where() {
        let table = [
            ("", Dialect::Standard, 0..0, "empty"),
            ("   ", Dialect::Standard, 0..3, "5 fields"),
            ("* * * *", Dialect::Standard, 0..7, "5 fields"),
            ("0 0 0 * * *", Dialect::Standard, 0..11, "seconds"),
            ("60 0 * * *", Dialect::Standard, 0..2, "59"),
            ("0 24 * * *", Dialect::Standard, 2..4, "23"),
            ("0 0 0 * *", Dialect::Standard, 4..5, "1"),
            ("0 0 * 13 *", Dialect::Standard, 6..8, "12"),
            ("0 0 * * 7", Dialect::Standard, 8..9, "Sunday"),
            ("0 0 * * 5-7", Dialect::Standard, 8..11, "Sunday"),
            ("0 0 * * XYZ", Dialect::Standard, 8..11, "XYZ"),
            ("0 0 * * monday", Dialect::Standard, 8..14, "monday"),
            ("5 j * * *", Dialect::Standard, 2..3, "j"),
            ("0 22-4 * * *", Dialect::Standard, 2..6, "backwards"),
            ("5--5 * * * *", Dialect::Standard, 0..4, "hyphen"),
            ("*//2 * * * *", Dialect::Standard, 0..4, "slash"),
            ("*/0 * * * *", Dialect::Standard, 0..3, "step"),
            ("*/-12 * * * *", Dialect::Standard, 0..5, "step"),
            ("1,2,99 * * * *", Dialect::Standard, 4..6, "59"),
            ("@every Xm", Dialect::Standard, 7..9, "duration"),
            ("@every 1d", Dialect::Standard, 7..9, "duration"),
            ("@fortnightly", Dialect::Standard, 0..12, "@fortnightly"),
            ("@Daily", Dialect::Standard, 0..6, "@Daily"),
            ("@reboot", Dialect::Standard, 0..7, "@reboot"),
            ("TZ=Mars/Base 0 0 * * *", Dialect::Standard, 3..12, "Mars/Base"),
            ("TZ=UTC", Dialect::Standard, 0..6, "TZ="),
            ("TZ=UTC 0 24 * * *", Dialect::Standard, 9..11, "23"),
            ("TZ=UTC 0 0 * * *", Dialect::SecondsFirst, 0..6, "TZ=UTC"),
            ("xyz", Dialect::Standard, 0..3, "5 fields"),
            ("0 0 ? * *", Dialect::Crontab, 4..5, "?"),
            ("${SCHEDULE}", Dialect::Standard, 0..11, "5 fields"),
            ("0 0 L * *", Dialect::Standard, 4..5, "L"),
        ];
        for (text, dialect, range, word) in table {
            let error = Schedule::parse(text, dialect).expect_err(text);
            assert_eq!(error.range, range, "{text}: {}", error.message);
            assert!(error.message.contains(word), "{text}: {}", error.message);
        }
    }

    #[test]
    fn oddities_that_robfig_accepts() {
        // A star swallows what follows its hyphen, empty list items vanish, a step on a number runs to the end.
        for (text, same) in [
            ("*-5 * * * *", "* * * * *"),
            ("1,,2 * * * *", "1,2 * * * *"),
            ("5/15 * * * *", "5,20,35,50 * * * *"),
            ("+5 * * * *", "5 * * * *"),
            ("05 * * * *", "5 * * * *"),
            ("*/100 * * * *", "0-0 * * * *"),
            ("0 0 * * Mon/2", "0 0 * * 1,3,5"),
            ("  0 0 * * *", "0 0 * * *"),
        ] {
            assert_eq!(standard(text), standard(same), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(
            text in "\\PC*",
            near in "(TZ=[A-Za-z/]{0,8} )?(@every |@)?[-0-9*/,?A-Za-z+]{0,6}( [-0-9*/,?A-Za-z]{0,6}){0,6}",
        ) {
            for text in [&text, &near] {
                for dialect in [Dialect::Standard, Dialect::SecondsFirst, Dialect::OptionalSeconds, Dialect::Crontab] {
                    match Schedule::parse(text, dialect) {
                        Ok(schedule) => {
                            let _ = (schedule.gaps(), schedule.never_fires());
                            let berlin = zone::find("Europe/Berlin").unwrap();
                            let _ = schedule.dst_hazard(&berlin);
                            let _ = schedule.fires(&berlin, Timestamp::UNIX_EPOCH, u32::MAX).take(5).count();
                            let _ = schedule.fires(&berlin, Timestamp::MAX, 7).take(5).count();
                            let _ = schedule.fires(&berlin, Timestamp::MIN, 7).take(5).count();
                        }
                        Err(error) => prop_assert!(text.get(error.range.clone()).is_some(), "{text:?} {error:?}"),
                    }
                }
            }
        }

        /// The arithmetic of the gaps against the firings themselves.
        #[test]
        fn gaps_agree_with_firings(
            minute in prop::collection::btree_set(0u32..60, 1..4),
            hour in prop::collection::btree_set(0u32..24, 1..4),
            day in prop::option::of(prop::collection::btree_set(1u32..28, 1..3)),
            weekday in prop::option::of(prop::collection::btree_set(0u32..7, 1..3)),
        ) {
            let list = |set: &std::collections::BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            let text = format!(
                "{} {} {} * {}",
                list(&minute),
                list(&hour),
                day.as_ref().map_or("*".to_owned(), list),
                weekday.as_ref().map_or("*".to_owned(), list),
            );
            let schedule = standard(&text);
            let from = Timestamp::from_second(gaps::START_SECOND).unwrap();
            let fires: Vec<i64> = schedule.fires(&TimeZone::UTC, from, 400).map(|at| at.as_second()).collect();
            let differences: Vec<i64> = fires.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let gaps = schedule.gaps().unwrap();
            prop_assert_eq!(gaps.min as i64, *differences.iter().min().unwrap(), "{}", text);
            prop_assert_eq!(gaps.max as i64, *differences.iter().max().unwrap(), "{}", text);
        }
    }

    /// Not a benchmark: a guard against minute-by-minute loops.
    #[test]
    fn gaps_are_cheap() {
        let started = std::time::Instant::now();
        for text in ["* * * * *", "*/5 * * * *", "0 2 * * *", "0 0 * * 1", "0 0 29 2 *", "0 0 30 2 *"] {
            for _ in 0..100 {
                std::hint::black_box(standard(text).gaps());
            }
        }
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
