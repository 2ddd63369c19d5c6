//! Lengths of time in nanoseconds (`time.Duration`).
//!
//! Takes and gives integers, fractions of a unit and Go's text like `1h2m3.5s`. Separate
//! from its parser, which only the host may need.

use std::fmt;

/// A length of time in nanoseconds, up to about 292 years in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

impl Duration {
    /// One nanosecond.
    pub const NANOSECOND: Self = Self(1);
    /// One microsecond.
    pub const MICROSECOND: Self = Self(1_000);
    /// One millisecond.
    pub const MILLISECOND: Self = Self(1_000_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60 * Self::SECOND.0);
    /// One hour.
    pub const HOUR: Self = Self(60 * Self::MINUTE.0);

    /// The length in hours.
    pub fn hours(self) -> f64 {
        self.in_units_of(Self::HOUR)
    }

    /// The length in minutes.
    pub fn minutes(self) -> f64 {
        self.in_units_of(Self::MINUTE)
    }

    /// The length in seconds.
    pub fn seconds(self) -> f64 {
        self.in_units_of(Self::SECOND)
    }

    /// The length in whole milliseconds, rounded towards zero.
    pub fn milliseconds(self) -> i64 {
        self.0 / Self::MILLISECOND.0
    }

    /// The length in whole microseconds, rounded towards zero.
    pub fn microseconds(self) -> i64 {
        self.0 / Self::MICROSECOND.0
    }

    /// The length in nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// The nearest multiple of `unit` towards zero; unchanged if `unit` is not positive.
    #[must_use]
    pub fn truncate(self, unit: Self) -> Self {
        match unit.0 {
            ..=0 => self,
            unit => Self(self.0 - self.0 % unit),
        }
    }

    /// The nearest multiple of `unit`, halves away from zero; unchanged if `unit` is not
    /// positive, the outermost duration if the result exceeds it.
    #[must_use]
    pub fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let (value, unit) = (i128::from(self.0), i128::from(unit.0));
        let rest = value % unit;
        let up = rest.abs() * 2 >= unit;
        let rounded = value - rest + if up { unit * value.signum() } else { 0 };
        Self(saturated(rounded))
    }

    /// The length without its sign; the most negative one becomes the longest.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Whole units and the rest are converted each on its own, which keeps more digits.
    fn in_units_of(self, unit: Self) -> f64 {
        (self.0 / unit.0) as f64 + (self.0 % unit.0) as f64 / unit.0 as f64
    }
}

/// The nearest `i64`.
pub(super) fn saturated(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

impl fmt::Display for Duration {
    /// Go's text: `72h3m0.5s`, and below a second `1.5ms`, `2µs`, `3ns`; `0s` for zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write_decimal(f, nanos, 1_000, "µs"),
            1_000_000..1_000_000_000 => write_decimal(f, nanos, 1_000_000, "ms"),
            _ => {
                let minutes = nanos / 60_000_000_000;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write_decimal(f, nanos % 60_000_000_000, 1_000_000_000, "s")
            }
        }
    }
}

/// Writes `nanos / unit` (a power of ten, more than one) without needless zeros.
fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    let fraction = nanos % unit;
    if fraction > 0 {
        let width = unit.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    f.write_str(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (nanos, expect) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (4 * 60_000_000_000 + 5_001_000_000, "4m5.001s"),
            (-3_600_000_000_000, "-1h0m0s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(Duration(nanos).to_string(), expect);
        }
    }

    #[test]
    fn rounding() {
        let round = |value, unit| Duration(value).round(Duration(unit)).0;
        assert_eq!([round(25, 10), round(-25, 10), round(24, 10)], [30, -30, 20]);
        assert_eq!([round(25, 0), round(25, -10)], [25, 25]);
        assert_eq!(round(i64::MAX, 1000), i64::MAX);
        assert_eq!(round(i64::MIN, 1000), i64::MIN);
        assert_eq!(Duration(-25).truncate(Duration(10)), Duration(-20));
        assert_eq!(Duration(i64::MIN).abs(), Duration(i64::MAX));
    }

    #[test]
    fn units() {
        let duration = Duration(5_400_000_000_001);
        assert_eq!(duration.minutes(), 90.0 + 1.0 / 60e9);
        assert_eq!(Duration(-5_400_000_000_000).hours(), -1.5);
        assert_eq!(Duration(1_500_000).seconds(), 0.0015);
        assert_eq!(Duration(-1_999_999).milliseconds(), -1);
        assert_eq!(Duration(1_999).microseconds(), 1);
    }
}
