//! A point in time with the zone it is shown in (`time.Time`).
//!
//! Takes seconds since the Unix epoch, gives dates, clock times and other points in time.
//! Separate from its texts (`layout`, `encoding`).

use std::cmp::Ordering;

use super::date::{Date, days_from};
use super::duration::saturated;
use super::{Duration, Location, Month, Weekday};

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// From 0001-01-01, the zero time, to the Unix epoch, in seconds.
const ZERO_TO_EPOCH: i64 = 62_135_596_800;

/// A point in time, to the nanosecond, without a monotonic reading. Cloning is cheap.
///
/// The default is the zero time, 0001-01-01 00:00:00 UTC. Two are `==`, as in Go, when they
/// are the same point in time shown in the same zone; [`Time::compare`] looks at the former
/// only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    unix: i64,
    nanos: u32,
    location: Location,
}

impl Default for Time {
    fn default() -> Self {
        Self::new(-ZERO_TO_EPOCH, 0, Location::UTC)
    }
}

impl Time {
    /// The time `unix` seconds and `nanos` nanoseconds after 1970-01-01 00:00:00 UTC, shown
    /// in `location`. Nanoseconds beyond a second carry over.
    pub fn new(unix: i64, nanos: u32, location: Location) -> Self {
        let carried = nanos / NANOS_PER_SECOND as u32;
        Self { unix: unix.wrapping_add(i64::from(carried)), nanos: nanos % NANOS_PER_SECOND as u32, location }
    }

    /// The year.
    pub fn year(&self) -> i64 {
        self.date().year
    }

    /// The month of the year.
    pub fn month(&self) -> Month {
        Month(self.date().month)
    }

    /// The day of the month, 1 to 31.
    pub fn day(&self) -> i64 {
        self.date().day
    }

    /// The day of the year, 1 to 366.
    pub fn year_day(&self) -> i64 {
        self.date().day_of_year
    }

    /// The day of the week.
    pub fn weekday(&self) -> Weekday {
        // The first day of 1970 was a Thursday.
        Weekday((self.days() + 4).rem_euclid(7))
    }

    /// Year and week number as ISO 8601 counts them: week 1 has the year's first Thursday.
    pub fn iso_week(&self) -> (i64, i64) {
        let since_monday = (self.weekday().0 + 6) % 7;
        let thursday = Date::from_days(self.days() - since_monday + 3);
        (thursday.year, (thursday.day_of_year - 1) / 7 + 1)
    }

    /// The hour, 0 to 23.
    pub fn hour(&self) -> i64 {
        self.second_of_day() / 3600
    }

    /// The minute, 0 to 59.
    pub fn minute(&self) -> i64 {
        self.second_of_day() % 3600 / 60
    }

    /// The second, 0 to 59.
    pub fn second(&self) -> i64 {
        self.second_of_day() % 60
    }

    /// The nanosecond within the second.
    pub fn nanosecond(&self) -> i64 {
        i64::from(self.nanos)
    }

    /// Seconds since the Unix epoch.
    pub fn unix(&self) -> i64 {
        self.unix
    }

    /// Milliseconds since the Unix epoch; wraps like Go's.
    pub fn unix_milli(&self) -> i64 {
        self.unix_in(1_000)
    }

    /// Microseconds since the Unix epoch; wraps like Go's.
    pub fn unix_micro(&self) -> i64 {
        self.unix_in(1_000_000)
    }

    /// Nanoseconds since the Unix epoch; wraps like Go's.
    pub fn unix_nano(&self) -> i64 {
        self.unix_in(NANOS_PER_SECOND)
    }

    /// The zone it is shown in.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The same point in time, shown in `location`.
    #[must_use]
    pub fn in_location(&self, location: Location) -> Self {
        Self { location, ..*self }
    }

    /// Whether it is shown in daylight saving time: zones have none here.
    pub fn is_dst(&self) -> bool {
        false
    }

    /// Whether it is the zero time, 0001-01-01 00:00:00 UTC.
    pub fn is_zero(&self) -> bool {
        self.since_zero() == 0 && self.nanos == 0
    }

    /// Which of two comes first, whatever the zones.
    pub fn compare(&self, other: &Self) -> Ordering {
        let key = |time: &Self| (time.since_zero(), time.nanos);
        key(self).cmp(&key(other))
    }

    /// The time `duration` later.
    #[must_use]
    pub fn add(&self, duration: Duration) -> Self {
        let nanos = i64::from(self.nanos) + duration.0 % NANOS_PER_SECOND;
        let seconds = duration.0 / NANOS_PER_SECOND + nanos.div_euclid(NANOS_PER_SECOND);
        Self {
            unix: self.unix.wrapping_add(seconds),
            // A remainder by 10^9 fits.
            nanos: nanos.rem_euclid(NANOS_PER_SECOND) as u32,
            location: self.location.clone(),
        }
    }

    /// The same time of day, that many years, months and days later; a day that its month
    /// does not have carries over into the next.
    #[must_use]
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let date = self.date();
        let days = days_from(
            date.year.wrapping_add(years),
            date.month.wrapping_add(months),
            date.day.wrapping_add(days),
        );
        let local = days * i128::from(SECONDS_PER_DAY) + i128::from(self.second_of_day());
        let unix = local - i128::from(self.location.offset());
        Self {
            // Wraps, as Go's seconds do.
            unix: unix as i64,
            nanos: self.nanos,
            location: self.location.clone(),
        }
    }

    /// How much later it is than `other`; the longest duration if that is too much.
    pub fn sub(&self, other: &Self) -> Duration {
        Duration(saturated(self.nanos_since_zero() - other.nanos_since_zero()))
    }

    /// The latest multiple of `unit` since the zero time that is not later; unchanged if
    /// `unit` is not positive.
    #[must_use]
    pub fn truncate(&self, unit: Duration) -> Self {
        match unit.0 {
            ..=0 => self.clone(),
            _ => self.add(Duration(-self.rest(unit))),
        }
    }

    /// The nearest multiple of `unit` since the zero time, halves up; unchanged if `unit` is
    /// not positive.
    #[must_use]
    pub fn round(&self, unit: Duration) -> Self {
        if unit.0 <= 0 {
            return self.clone();
        }
        let rest = self.rest(unit);
        // Not doubled, which could overflow.
        let up = rest >= unit.0 - rest;
        self.add(Duration(if up { unit.0 - rest } else { -rest }))
    }

    pub(super) fn date(&self) -> Date {
        Date::from_days(self.days())
    }

    pub(super) fn since_zero(&self) -> i64 {
        self.unix.wrapping_add(ZERO_TO_EPOCH)
    }

    fn nanos_since_zero(&self) -> i128 {
        i128::from(self.since_zero()) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos)
    }

    /// Nanoseconds beyond the last multiple of `unit`, which is positive.
    fn rest(&self, unit: Duration) -> i64 {
        // Less than the unit, so it fits.
        self.nanos_since_zero().rem_euclid(i128::from(unit.0)) as i64
    }

    /// Seconds since the epoch of the zone's clock.
    fn local(&self) -> i128 {
        i128::from(self.unix) + i128::from(self.location.offset())
    }

    /// Days since the epoch of the zone's calendar.
    fn days(&self) -> i64 {
        // A quotient by 86,400 of little more than 64 bits fits.
        self.local().div_euclid(i128::from(SECONDS_PER_DAY)) as i64
    }

    fn second_of_day(&self) -> i64 {
        self.local().rem_euclid(i128::from(SECONDS_PER_DAY)) as i64
    }

    fn unix_in(&self, per_second: i64) -> i64 {
        let fraction = i64::from(self.nanos) / (NANOS_PER_SECOND / per_second);
        self.unix.wrapping_mul(per_second).wrapping_add(fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-30T12:34:56.789Z, a Friday.
    fn time() -> Time {
        Time::new(1_769_776_496, 789_000_000, Location::UTC)
    }

    #[test]
    fn calendar_and_clock() {
        let time = time();
        assert_eq!((time.year(), time.month(), time.day()), (2026, Month(1), 30));
        assert_eq!((time.hour(), time.minute(), time.second()), (12, 34, 56));
        assert_eq!((time.weekday(), time.year_day()), (Weekday(5), 30));
        assert_eq!(time.iso_week(), (2026, 5));
        assert_eq!(time.unix_milli(), 1_769_776_496_789);
        let west = time.in_location(Location::fixed("W", -13 * 3600));
        assert_eq!((west.day(), west.hour()), (29, 23));
        assert_eq!(west.compare(&time), Ordering::Equal);
    }

    #[test]
    fn weeks_at_the_turn_of_the_year() {
        for (year, month, day, expect) in [
            (2021, 1, 3, (2020, 53)),
            (2021, 1, 4, (2021, 1)),
            (2018, 12, 31, (2019, 1)),
            (2016, 1, 1, (2015, 53)),
        ] {
            let days = days_from(year, month, day) as i64;
            let time = Time::new(days * SECONDS_PER_DAY, 0, Location::UTC);
            assert_eq!(time.iso_week(), expect);
        }
    }

    #[test]
    fn arithmetic() {
        let time = time();
        assert_eq!(time.add(Duration(-789_000_001)).nanosecond(), 999_999_999);
        let next = time.add_date(0, 1, 1);
        assert_eq!((next.month(), next.day()), (Month(3), 3), "February 31");
        assert_eq!(next.sub(&time), Duration(32 * 24 * Duration::HOUR.0));
        assert_eq!(time.sub(&Time::default()), Duration(i64::MAX));
        assert_eq!(time.truncate(Duration::HOUR).minute(), 0);
        assert_eq!(time.round(Duration::HOUR).hour(), 13);
        assert_eq!(time.round(Duration(0)).nanosecond(), 789_000_000);
        assert!(Time::default().is_zero() && !time.is_zero());
    }

    #[test]
    fn extremes_wrap_instead_of_panicking() {
        for unix in [i64::MIN, i64::MAX] {
            let time = Time::new(unix, 999_999_999, Location::fixed("", i32::MAX));
            let _ = (time.year(), time.weekday(), time.iso_week(), time.unix_nano());
            let _ = time.add(Duration(i64::MAX)).round(Duration(i64::MAX));
            let _ = time.add_date(i64::MAX, i64::MAX, i64::MAX);
            let _ = time.sub(&time.add_date(i64::MIN, i64::MIN, i64::MIN));
        }
    }
}
