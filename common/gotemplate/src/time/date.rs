//! The proleptic Gregorian calendar: days since the Unix epoch to year, month, day and back.
//!
//! Takes and gives plain numbers. Separate because it is arithmetic only.

const DAYS_PER_ERA: i64 = 146_097;
const YEARS_PER_ERA: i64 = 400;

/// From 0000-03-01, where the count of eras starts, to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// A day as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
    /// 1 to 366.
    pub(super) day_of_year: i64,
}

impl Date {
    /// The day that comes `days` after 1970-01-01.
    pub(super) fn from_days(days: i64) -> Self {
        // Years run from March here, so that the leap day is the last of its year.
        let days = days + DAYS_TO_EPOCH;
        let era = days.div_euclid(DAYS_PER_ERA);
        let of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let from_march = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Months from March have 153 days in five, in a pattern that repeats.
        let month_from_march = (5 * from_march + 2) / 153;
        let day = from_march - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * YEARS_PER_ERA + year_of_era + i64::from(month <= 2);
        let day_of_year = match month {
            // March 1 is the 306th day before the next January 1.
            1 | 2 => from_march - 305,
            _ => from_march + 60 + i64::from(is_leap(year)),
        };
        Self { year, month, day, day_of_year }
    }
}

/// Days from 1970-01-01 to the given day; `month` and `day` may be out of their ranges and
/// carry over into the year and month then.
pub(super) fn days_from(year: i64, month: i64, day: i64) -> i128 {
    let months = i128::from(month) - 1;
    let year = i128::from(year) + months.div_euclid(12);
    let month_from_march = (months.rem_euclid(12) + 10) % 12;
    let year = year - i128::from(month_from_march >= 10);
    let era = year.div_euclid(i128::from(YEARS_PER_ERA));
    let year_of_era = year.rem_euclid(i128::from(YEARS_PER_ERA));
    let from_march = (153 * month_from_march + 2) / 5;
    let of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + from_march;
    era * i128::from(DAYS_PER_ERA) + of_era - i128::from(DAYS_TO_EPOCH) + i128::from(day) - 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_there_and_back() {
        let (mut year, mut day_of_year) = (1600, 0);
        for days in -135_140..157_054 {
            let date = Date::from_days(days);
            day_of_year += 1;
            if date.year != year {
                (year, day_of_year) = (year + 1, 1);
            }
            assert_eq!((date.year, date.day_of_year), (year, day_of_year));
            assert_eq!(days_from(date.year, date.month, date.day), i128::from(days));
        }
    }

    #[test]
    fn months_and_days_carry_over() {
        let normal = |year, month, day| {
            let date = Date::from_days(days_from(year, month, day) as i64);
            (date.year, date.month, date.day)
        };
        assert_eq!(normal(2026, 14, 1), (2027, 2, 1));
        assert_eq!(normal(2026, 0, 31), (2025, 12, 31));
        assert_eq!(normal(2026, 2, 30), (2026, 3, 2));
        assert_eq!(normal(2024, 3, 0), (2024, 2, 29));
        assert_eq!(normal(-1, -11, 1), (-2, 1, 1));
    }
}
