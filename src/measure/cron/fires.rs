//! The firings of a schedule in a zone, and the runs that its clock changes take away or double.
//!
//! Between two clock changes local time is real time plus a constant. So everything works on stretches of constant offset:
//! a skipped hour is then simply in no stretch, and a repeated one is in two.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::Days;
use super::clock::Clock;
use super::{DstHazard, DstKind, Rhythm, Schedule};

const DAY: i64 = 86_400;

/// The moments at which a schedule fires, in order.
#[derive(Debug, Clone)]
pub struct Fires<'a> {
    schedule: &'a Schedule,
    zone: &'a TimeZone,
    /// The next moment to look at, in Unix seconds.
    at: i64,
    /// Where to stop.
    end: i64,
    /// The stretch of constant offset that `at` is in ends here; its offset.
    stretch: Option<(i64, i64)>,
}

impl<'a> Fires<'a> {
    pub(super) fn new(schedule: &'a Schedule, zone: &'a TimeZone, from: Timestamp, days: u32) -> Fires<'a> {
        let mut at = from.as_second();
        if from.subsec_nanosecond() > 0 {
            at = at.saturating_add(1);
        }
        let end = at.saturating_add(i64::from(days) * DAY).min(Timestamp::MAX.as_second());
        Fires { schedule, zone, at, end, stretch: None }
    }
}

impl Iterator for Fires<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        let (days, clock) = match &self.schedule.rhythm {
            Rhythm::Every(seconds) => {
                self.at = self.at.saturating_add(i64::try_from(*seconds).unwrap_or(i64::MAX));
                return if self.at < self.end { Timestamp::from_second(self.at).ok() } else { None };
            }
            Rhythm::Calendar(days, clock) => (days, clock),
        };
        while self.at < self.end {
            let (stretch_end, offset) = match self.stretch {
                Some(stretch) => stretch,
                None => *self.stretch.insert(stretch(self.zone, self.at)?),
            };
            let end = stretch_end.min(self.end);
            if let Some(local) = next_local(days, clock, self.at + offset, end + offset) {
                self.at = local - offset + 1;
                return Timestamp::from_second(local - offset).ok();
            }
            self.at = end;
            self.stretch = None;
        }
        None
    }
}

/// The first clock change in the window that takes away or doubles a run.
pub(super) fn dst_hazard(
    days: &Days,
    clock: &Clock,
    zone: &TimeZone,
    from: i64,
    window: u32,
) -> Option<DstHazard> {
    let end = from.saturating_add(i64::from(window) * DAY);
    let (mut change, mut before) = stretch(zone, from)?;
    while change < end {
        let (next_change, after) = stretch(zone, change)?;
        let shift = (after - before).abs();
        let kind = if after > before { DstKind::Skipped } else { DstKind::Repeated };
        // The local times that do not exist, or exist twice.
        let (gone, back) = (change + before.min(after), change + before.max(after));
        if let Some(first) = next_local(days, clock, gone, back)
            && !made_up_for(days, clock, first, gone, back, shift)
        {
            let local = Timestamp::from_second(first).ok()?;
            return Some(DstHazard {
                kind,
                local: TimeZone::UTC.to_datetime(local),
                change: Timestamp::from_second(change).ok()?,
            });
        }
        (change, before) = (next_change, after);
    }
    None
}

/// Whether the schedule also fires no further than the clocks move before the first and after the last run concerned: then
/// nobody notices.
fn made_up_for(days: &Days, clock: &Clock, first: i64, gone: i64, back: i64, shift: i64) -> bool {
    if next_local(days, clock, first - shift, gone).is_none() {
        return false;
    }
    // The last run of the interval, looked for from its end in growing steps: a schedule of every second is found at once.
    let mut width = 1;
    let mut last = first;
    while width < back - gone {
        if let Some(found) = next_local(days, clock, back - width, back) {
            last = found;
            break;
        }
        width *= 2;
    }
    while let Some(later) = next_local(days, clock, last + 1, back) {
        last = later;
    }
    next_local(days, clock, back, last + shift + 1).is_some()
}

/// The offset at a moment, and the moment at which it ends.
fn stretch(zone: &TimeZone, at: i64) -> Option<(i64, i64)> {
    let moment = Timestamp::from_second(at).ok()?;
    let offset = i64::from(zone.to_offset(moment).seconds());
    // Some transitions change a name and no offset. They are harmless here.
    let end = zone.following(moment).next().map_or(i64::MAX, |transition| transition.timestamp().as_second());
    // Leaves room to add an offset.
    Some((end.min(Timestamp::MAX.as_second()), offset))
}

/// The first matching local second in `[from, end)`.
fn next_local(days: &Days, clock: &Clock, from: i64, end: i64) -> Option<i64> {
    let last_day = end.div_euclid(DAY) + 1;
    let mut day = days.next(from.div_euclid(DAY), last_day)?;
    let second = if day == from.div_euclid(DAY) { from.rem_euclid(DAY) as u32 } else { 0 };
    let found = match clock.next(second) {
        Some(second) => day * DAY + i64::from(second),
        None => {
            day = days.next(day + 1, last_day)?;
            day * DAY + i64::from(clock.next(0)?)
        }
    };
    (found < end).then_some(found)
}
