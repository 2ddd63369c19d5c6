//! Months and weekdays with their English names.
//!
//! Takes numbers, gives names. Separate because both are values of their own in a template
//! and may be out of range there.

use std::fmt;

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

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A month, January being 1 (`time.Month`). Any number is allowed, as in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i64);

/// A day of the week, Sunday being 0 (`time.Weekday`). Any number is allowed, as in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weekday(pub i64);

impl Month {
    /// The English name, if the number is one of 1 to 12.
    pub fn name(self) -> Option<&'static str> {
        let index = usize::try_from(self.0).ok()?.checked_sub(1)?;
        MONTHS.get(index).copied()
    }
}

impl Weekday {
    /// The English name, if the number is one of 0 to 6.
    pub fn name(self) -> Option<&'static str> {
        WEEKDAYS.get(usize::try_from(self.0).ok()?).copied()
    }
}

impl fmt::Display for Month {
    /// The name, or for example `%!Month(13)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "%!Month({})", self.0 as u64),
        }
    }
}

impl fmt::Display for Weekday {
    /// The name, or for example `%!Weekday(7)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "%!Weekday({})", self.0 as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_name_complain() {
        assert_eq!(Month(1).to_string(), "January");
        assert_eq!(Month(12).to_string(), "December");
        assert_eq!(Month(0).to_string(), "%!Month(0)");
        assert_eq!(Month(13).to_string(), "%!Month(13)");
        assert_eq!(Month(-1).to_string(), "%!Month(18446744073709551615)");
        assert_eq!(Weekday(0).to_string(), "Sunday");
        assert_eq!(Weekday(7).to_string(), "%!Weekday(7)");
    }
}
