//! Which times of a day a schedule matches, as bits of seconds, minutes and hours.
//!
//! A day has 86,400 seconds here. That real days may not is the business of `fires`.

/// The time fields of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    pub seconds: u64,
    pub minutes: u64,
    pub hours: u64,
}

/// The matching seconds of a unit of time, in short: first, last, and the gaps between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    pub first: u64,
    pub last: u64,
    /// Shortest and longest gap inside; nothing where only one second matches.
    pub gaps: Option<(u64, u64)>,
}

impl Clock {
    pub(super) fn is_empty(&self) -> bool {
        self.seconds == 0 || self.minutes == 0 || self.hours == 0
    }

    /// The first matching second of the day at or after this one.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let (hour, minute, second) = (from / 3600, from / 60 % 60, from % 60);
        let first_second = next_bit(self.seconds, 0)?;
        let first_minute = next_bit(self.minutes, 0)?;
        if self.hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1
                && let Some(second) = next_bit(self.seconds, second)
            {
                return Some(hour * 3600 + minute * 60 + second);
            }
            if let Some(minute) = next_bit(self.minutes, minute + 1) {
                return Some(hour * 3600 + minute * 60 + first_second);
            }
        }
        let hour = next_bit(self.hours, hour + 1)?;
        Some(hour * 3600 + first_minute * 60 + first_second)
    }

    /// How the matching seconds lie in a day. Each level is built from the one below, so that no level is walked twice.
    pub(super) fn spread(&self) -> Option<Spread> {
        let second = Spread { first: 0, last: 0, gaps: None };
        let minute = level(self.seconds, 1, second)?;
        let hour = level(self.minutes, 60, minute)?;
        level(self.hours, 3600, hour)
    }
}

fn level(bits: u64, unit: u64, below: Spread) -> Option<Spread> {
    let mut gaps = below.gaps;
    let first = next_bit(bits, 0)?;
    let mut last = first;
    while let Some(next) = next_bit(bits, last + 1) {
        let gap = u64::from(next - last) * unit - below.last + below.first;
        gaps = Some(widen(gaps, gap));
        last = next;
    }
    Some(Spread {
        first: u64::from(first) * unit + below.first,
        last: u64::from(last) * unit + below.last,
        gaps,
    })
}

pub(super) fn widen(gaps: Option<(u64, u64)>, gap: u64) -> (u64, u64) {
    match gaps {
        Some((min, max)) => (min.min(gap), max.max(gap)),
        None => (gap, gap),
    }
}

/// The lowest set bit at or above a position.
fn next_bit(bits: u64, from: u32) -> Option<u32> {
    let rest = bits.checked_shr(from)?;
    (rest != 0).then(|| from + rest.trailing_zeros())
}
