//! Which days a schedule matches, a month at a time as bits: bit `n` is day `n` of the month.
//!
//! Days are counted from 1970-01-01 in the proleptic Gregorian calendar; no zone is involved.

/// The day fields of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    /// Bits 1 to 31.
    pub of_month: u64,
    /// Bits 1 to 12.
    pub months: u64,
    /// Bits 0 (Sunday) to 6.
    pub of_week: u64,
    /// One of the day fields is a star: then both must match, else either is enough.
    pub star: bool,
    /// Read by a daemon that catches up on skipped runs and suppresses repeated ones.
    pub mended: bool,
}

pub(super) const ALL_MONTH_DAYS: u64 = 0xffff_fffe;
pub(super) const ALL_MONTHS: u64 = 0x1ffe;
pub(super) const ALL_WEEKDAYS: u64 = 0x7f;

impl Days {
    pub(super) fn daemon_mends_clock_changes(&self) -> bool {
        self.mended
    }

    pub(super) fn every_day(&self) -> bool {
        let days = if self.star {
            self.of_month == ALL_MONTH_DAYS && self.of_week == ALL_WEEKDAYS
        } else {
            self.of_month == ALL_MONTH_DAYS || self.of_week == ALL_WEEKDAYS
        };
        days && self.months == ALL_MONTHS
    }

    /// Whether leap years change the pattern, or years differ for another reason than the weekday.
    pub(super) fn depends_on_year(&self) -> bool {
        self.months != ALL_MONTHS || (self.of_month != ALL_MONTH_DAYS && self.of_month >> 29 != 0)
    }

    /// The matching days of a month.
    pub(super) fn in_month(&self, month: Month) -> u32 {
        if self.months >> month.number & 1 == 0 {
            return 0;
        }
        let week = self.of_week & ALL_WEEKDAYS;
        // The week's bits turned so that bit 0 is the weekday of the first of the month, then repeated through it.
        let first = month.first_day().rem_euclid(7) + 4;
        let turn = (first % 7) as u32;
        let turned = (week >> turn | week << (7 - turn)) & ALL_WEEKDAYS;
        let by_week = (turned | turned << 7 | turned << 14 | turned << 21 | turned << 28) << 1;
        let days = if self.star { self.of_month & by_week } else { self.of_month | by_week };
        let exist = (1u64 << (month.length() + 1)) - 2;
        (days & exist) as u32
    }

    /// The first matching day at or after `from` and before `end`.
    pub(super) fn next(&self, from: i64, end: i64) -> Option<i64> {
        if from >= end {
            return None;
        }
        if self.every_day() {
            return Some(from);
        }
        let (mut month, day) = Month::of(from);
        let mut days = self.in_month(month) & (u32::MAX << day);
        loop {
            let first = month.first_day();
            if days != 0 {
                let found = first + i64::from(days.trailing_zeros()) - 1;
                return (found < end).then_some(found);
            }
            if first >= end {
                return None;
            }
            month = month.next();
            days = self.in_month(month);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    pub year: i64,
    /// 1 to 12.
    pub number: u32,
}

impl Month {
    /// The month of a day, and the day's number in it.
    pub(super) fn of(day: i64) -> (Month, u32) {
        // Years begin in March here, so that the leap day is the last of its year and every formula is a plain division.
        let shifted = day + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let number = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(number <= 2);
        let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
        (Month { year, number: number as u32 }, day_of_month as u32)
    }

    /// The day number of the first of the month.
    pub(super) fn first_day(self) -> i64 {
        let year = if self.number <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let from_march = i64::from(if self.number > 2 { self.number - 3 } else { self.number + 9 });
        let of_year = (153 * from_march + 2) / 5;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * 146_097 + of_era - 719_468
    }

    pub(super) fn length(self) -> u32 {
        match self.number {
            4 | 6 | 9 | 11 => 30,
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            _ => 31,
        }
    }

    pub(super) fn next(self) -> Month {
        if self.number == 12 {
            Month { year: self.year + 1, number: 1 }
        } else {
            Month { year: self.year, number: self.number + 1 }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use jiff::civil::Date;

    #[test]
    fn agrees_with_the_calendar_of_another() {
        let epoch = Date::new(1970, 1, 1).unwrap();
        let mut date = Date::new(1895, 12, 30).unwrap();
        let last = Date::new(2105, 3, 5).unwrap();
        while date < last {
            let day = i64::from(epoch.until(date).unwrap().get_days());
            let (month, number) = Month::of(day);
            assert_eq!(
                (month.year, month.number, number),
                (date.year().into(), date.month() as u32, date.day() as u32)
            );
            assert_eq!(month.first_day() + i64::from(number) - 1, day);
            assert_eq!(month.length(), date.days_in_month() as u32);
            let weekday = date.weekday().to_sunday_zero_offset() as u32;
            let days = Days {
                of_month: ALL_MONTH_DAYS,
                months: ALL_MONTHS,
                of_week: 1 << weekday,
                star: true,
                mended: false,
            };
            assert_eq!(days.in_month(month) >> number & 1, 1, "{date}");
            date = date.tomorrow().unwrap();
        }
    }
}
