//! The shortest and the longest time between two firings, from bit sets and a walk over days, never over minutes.
//!
//! Times are those of a wall clock that nobody changes. The window begins on a fixed date, so that the answer for a schedule
//! is the same on every day of the year.

use super::calendar::{Days, Month};
use super::clock::{Clock, widen};

/// Both in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gaps {
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
}

/// 2026-01-01 as a day, and as a second. It must be the first of a month.
const START: i64 = 20_454;
pub(super) const START_SECOND: i64 = START * DAY;

const DAY: i64 = 86_400;
const WINDOW: i64 = 400;
/// After 28 years weekdays and leap years repeat, but for 2100 and its like.
const GENERATION: i64 = 10_227;
/// After 400 years the calendar repeats to the day.
const CYCLE: i64 = 146_097;

pub(super) fn of(days: &Days, clock: &Clock) -> Option<Gaps> {
    let spread = clock.spread()?;
    let (nearest, furthest) = if days.every_day() { (1, 1) } else { day_steps(days)? };
    // Days apart, from the last time of one day to the first of the other.
    let between = |step: i64| step as u64 * DAY as u64 - spread.last + spread.first;
    let (min, max) = widen(Some(widen(spread.gaps, between(nearest))), between(furthest));
    Some(Gaps { min, max })
}

/// Whether any day ever matches.
pub(super) fn any(days: &Days) -> bool {
    days.next(START, START + CYCLE).is_some()
}

/// The shortest and the longest step from one matching day to the next.
fn day_steps(days: &Days) -> Option<(i64, i64)> {
    let windows = if days.depends_on_year() { &[GENERATION][..] } else { &[WINDOW, GENERATION] };
    for window in windows {
        let walk = walk(days, *window);
        // An unfinished step at either end that is longer than any seen whole means that the window is too short.
        if let Some(walk) = walk
            && let Some((min, max)) = walk.steps
            && walk.before.max(walk.after) <= max
        {
            return Some((min, max));
        }
    }
    let walk = walk(days, CYCLE)?;
    let around = walk.before + walk.after;
    Some(walk.steps.map_or((around, around), |(min, max)| (min.min(around), max.max(around))))
}

struct Walk {
    before: i64,
    after: i64,
    steps: Option<(i64, i64)>,
}

/// Goes through the window a month at a time, and through a month by its bits.
fn walk(days: &Days, window: i64) -> Option<Walk> {
    let end = START + window;
    let mut month = Month::of(START).0;
    let mut first = None;
    let mut last = START;
    let mut steps: Option<(i64, i64)> = None;
    loop {
        let begin = month.first_day();
        if begin >= end {
            break;
        }
        let mut bits = days.in_month(month);
        while bits != 0 {
            let day = begin + i64::from(bits.trailing_zeros()) - 1;
            bits &= bits - 1;
            if day >= end {
                break;
            }
            if first.is_none() {
                first = Some(day);
            } else {
                let step = day - last;
                steps = Some(steps.map_or((step, step), |(min, max)| (min.min(step), max.max(step))));
            }
            last = day;
        }
        month = month.next();
    }
    Some(Walk { before: first? - START, after: end - last, steps })
}
