//! Texts of a time by Go's layouts, which show how the reference time
//! `Mon Jan 2 15:04:05 MST 2006` would be written (`Time.Format`).
//!
//! Takes a time and a layout, gives bytes. Separate because layouts are a language of
//! their own.

use std::fmt::Write as _;

use super::{Month, Time, Weekday};

/// How a time's `String` looks.
const STRING: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";

/// A part of a layout that stands for a part of the time.
#[derive(Clone, Copy)]
enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
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
    UpperNoon,
    LowerNoon,
    Abbreviation,
    Offset(Offset),
    Fraction(Fraction),
}

/// How an offset from UTC is written.
#[derive(Clone, Copy)]
struct Offset {
    /// `Z` for no offset.
    iso: bool,
    colon: bool,
    /// Hours, minutes, seconds: how many of them.
    fields: u8,
}

/// How a fraction of a second is written.
#[derive(Clone, Copy)]
struct Fraction {
    point: u8,
    digits: usize,
    /// Zeros at the end are left out, and so is the point if nothing follows.
    trimmed: bool,
}

const fn offset(iso: bool, colon: bool, fields: u8) -> Element {
    Element::Offset(Offset { iso, colon, fields })
}

/// What the elements other than fractions look like; the longer before its own beginning.
const SPELLINGS: &[(&[u8], Element)] = &[
    (b"January", Element::LongMonth),
    (b"Jan", Element::Month),
    (b"Monday", Element::LongWeekday),
    (b"Mon", Element::Weekday),
    (b"MST", Element::Abbreviation),
    (b"2006", Element::LongYear),
    (b"2", Element::Day),
    (b"15", Element::Hour),
    (b"1", Element::NumMonth),
    (b"01", Element::ZeroMonth),
    (b"02", Element::ZeroDay),
    (b"03", Element::ZeroHour12),
    (b"04", Element::ZeroMinute),
    (b"05", Element::ZeroSecond),
    (b"06", Element::Year),
    (b"002", Element::ZeroYearDay),
    (b"__2", Element::UnderYearDay),
    (b"_2", Element::UnderDay),
    (b"3", Element::Hour12),
    (b"4", Element::Minute),
    (b"5", Element::Second),
    (b"PM", Element::UpperNoon),
    (b"pm", Element::LowerNoon),
    (b"-070000", offset(false, false, 3)),
    (b"-07:00:00", offset(false, true, 3)),
    (b"-0700", offset(false, false, 2)),
    (b"-07:00", offset(false, true, 2)),
    (b"-07", offset(false, false, 1)),
    (b"Z070000", offset(true, false, 3)),
    (b"Z07:00:00", offset(true, true, 3)),
    (b"Z0700", offset(true, false, 2)),
    (b"Z07:00", offset(true, true, 2)),
    (b"Z07", offset(true, false, 1)),
];

/// The element that `layout` begins with, and its length.
fn leading_element(layout: &[u8]) -> Option<(Element, usize)> {
    match layout.first()? {
        b'.' | b',' => return leading_fraction(layout),
        b'J' | b'M' | b'0'..=b'5' | b'_' | b'P' | b'p' | b'-' | b'Z' => {}
        _ => return None,
    }
    let &(spelling, element) = SPELLINGS.iter().find(|(spelling, _)| layout.starts_with(spelling))?;
    let follows = &layout[spelling.len()..];
    let stands_for_itself = match element {
        // The beginning of another word.
        Element::Month | Element::Weekday => follows.first().is_some_and(u8::is_ascii_lowercase),
        // An underscore before the year.
        Element::UnderDay => follows.starts_with(b"006"),
        _ => false,
    };
    (!stands_for_itself).then_some((element, spelling.len()))
}

/// A `.` or `,` with zeros or nines, which no other digit may follow.
fn leading_fraction(layout: &[u8]) -> Option<(Element, usize)> {
    let (&point, rest) = layout.split_first()?;
    let &digit @ (b'0' | b'9') = rest.first()? else {
        return None;
    };
    let digits = rest.iter().take_while(|&&byte| byte == digit).count();
    if rest.get(digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let fraction = Fraction { point, digits, trimmed: digit == b'9' };
    Some((Element::Fraction(fraction), digits + 1))
}

impl Time {
    /// The time as `layout` shows it.
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(layout.len() + 10);
        self.append_format(&mut out, layout);
        out
    }

    /// Appends the time as `layout` shows it.
    pub fn append_format(&self, out: &mut Vec<u8>, layout: &[u8]) {
        let mut rest = layout;
        while let Some((&first, after)) = rest.split_first() {
            match leading_element(rest) {
                Some((element, len)) => {
                    out.extend_from_slice(self.element(element).as_bytes());
                    rest = &rest[len..];
                }
                None => {
                    out.push(first);
                    rest = after;
                }
            }
        }
    }

    /// Go's `String`, for example `2026-01-30 12:34:56.7 +0000 UTC`.
    pub fn go_text(&self) -> Vec<u8> {
        self.format(STRING)
    }

    /// The Go expression for the time, as `%#v` prints it.
    pub fn go_string(&self) -> Vec<u8> {
        let date = self.date();
        let mut out = format!(
            "time.Date({}, time.{}, {}, {}, {}, {}, {}, ",
            date.year,
            Month(date.month),
            date.day,
            self.hour(),
            self.minute(),
            self.second(),
            self.nanosecond()
        )
        .into_bytes();
        self.location().append_go_string(&mut out);
        out.push(b')');
        out
    }

    fn element(&self, element: Element) -> String {
        let hour12 = (self.hour() + 11) % 12 + 1;
        let number = |value: i64| value.to_string();
        let two = |value: i64| format!("{value:02}");
        match element {
            Element::LongMonth => month(self.month()).to_owned(),
            Element::Month => month(self.month())[..3].to_owned(),
            Element::NumMonth => number(self.month().0),
            Element::ZeroMonth => two(self.month().0),
            Element::LongWeekday => weekday(self.weekday()).to_owned(),
            Element::Weekday => weekday(self.weekday())[..3].to_owned(),
            Element::Day => number(self.day()),
            Element::UnderDay => format!("{:2}", self.day()),
            Element::ZeroDay => two(self.day()),
            Element::UnderYearDay => format!("{:3}", self.year_day()),
            Element::ZeroYearDay => format!("{:03}", self.year_day()),
            Element::Hour => two(self.hour()),
            Element::Hour12 => number(hour12),
            Element::ZeroHour12 => two(hour12),
            Element::Minute => number(self.minute()),
            Element::ZeroMinute => two(self.minute()),
            Element::Second => number(self.second()),
            Element::ZeroSecond => two(self.second()),
            Element::LongYear => signed(self.year(), 4),
            Element::Year => two((self.year() % 100).abs()),
            Element::UpperNoon => if self.hour() < 12 { "AM" } else { "PM" }.to_owned(),
            Element::LowerNoon => if self.hour() < 12 { "am" } else { "pm" }.to_owned(),
            Element::Abbreviation => match self.location().abbreviation() {
                "" => self.offset(Offset { iso: false, colon: false, fields: 2 }),
                name => name.to_owned(),
            },
            Element::Offset(offset) => self.offset(offset),
            Element::Fraction(fraction) => self.fraction(fraction),
        }
    }

    fn offset(&self, style: Offset) -> String {
        let offset = self.location().offset();
        if style.iso && offset == 0 {
            return "Z".to_owned();
        }
        let minutes = offset / 60;
        // Only whole minutes have a sign: less than one shows it at the seconds.
        let (sign, offset) = match minutes {
            ..0 => ('-', offset.wrapping_neg()),
            _ => ('+', offset),
        };
        let minutes = minutes.unsigned_abs();
        let colon = if style.colon { ":" } else { "" };
        let mut text = format!("{sign}{:02}", minutes / 60);
        if style.fields > 1 {
            // Writing to a String can't fail.
            let _ = write!(text, "{colon}{:02}", minutes % 60);
        }
        if style.fields > 2 {
            text.push_str(colon);
            text.push_str(&signed(i64::from(offset % 60), 2));
        }
        text
    }

    fn fraction(&self, style: Fraction) -> String {
        let digits = format!("{:09}", self.nanosecond());
        let digits = &digits[..style.digits.min(9)];
        let digits = match style.trimmed {
            true => digits.trim_end_matches('0'),
            false => digits,
        };
        match digits {
            "" => String::new(),
            _ => format!("{}{digits}", char::from(style.point)),
        }
    }
}

/// At least `width` digits after the sign.
fn signed(value: i64, width: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:0width$}", value.unsigned_abs())
}

fn month(month: Month) -> &'static str {
    // Months of a time are in range; the default is never seen.
    month.name().unwrap_or("   ")
}

fn weekday(weekday: Weekday) -> &'static str {
    // Weekdays of a time are in range; the default is never seen.
    weekday.name().unwrap_or("   ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Duration, Location};
    use super::*;

    /// 2026-02-03T04:05:06.0789Z, a Tuesday.
    fn time() -> Time {
        Time::new(1_770_091_506, 78_900_000, Location::UTC)
    }

    #[test]
    fn layouts() {
        for (layout, expect) in [
            ("2006-01-02T15:04:05Z07:00", "2026-02-03T04:05:06Z"),
            ("Monday Mon January Jan 1 2 06", "Tuesday Tue February Feb 2 3 26"),
            ("_2|__2|002|_2006", " 3| 34|034|_2026"),
            ("3 03 4 04 5 05 PM pm", "4 04 5 05 6 06 AM am"),
            (".000 .0000000000 ,999 .9 .999999", ".078 .078900000 ,078  .0789"),
            (".01 .90 05.000", ".02 .90 06.078"),
            ("Janus Month Mono", "Janus Month Mono"),
            ("-0700 -07:00 -07 Z0700 MST", "+0000 +00:00 +00 Z UTC"),
            ("é\u{0}x", "é\u{0}x"),
        ] {
            let text = time().format(layout.as_bytes());
            assert_eq!(String::from_utf8(text).unwrap(), expect, "{layout}");
        }
    }

    #[test]
    fn zones_and_years() {
        let time = time().in_location(Location::fixed("", -5430));
        assert_eq!(time.format(b"15:04 -07:00:00 Z070000 MST"), b"02:34 -01:30:30 -013030 -0130");
        let time = time.add_date(-12_026, 0, 0);
        assert_eq!(time.format(b"2006 06"), b"-10000 00");
        assert_eq!(time.add_date(30_000, 0, 0).format(b"2006 06"), b"20000 00");
    }

    proptest! {
        #[test]
        fn any_time_has_a_text(
            unix: i64,
            nanos: u32,
            offset: i32,
            layout in "[-_ZMJPp.,:0-9a-yMST]{0,20}",
            years: i64,
            duration: i64,
        ) {
            let time = Time::new(unix, nanos, Location::fixed("", offset));
            let moved = time.add_date(years, duration, years).add(Duration(duration));
            for time in [&time, &moved, &time.round(Duration(duration))] {
                let _ = (time.format(layout.as_bytes()), time.go_string(), time.iso_week());
                let _ = (time.marshal_json(), time.marshal_binary(), time.sub(&moved));
            }
            prop_assert_eq!(time.format(b"\xff|"), b"\xff|");
        }
    }

    #[test]
    fn go_texts() {
        assert_eq!(time().go_text(), b"2026-02-03 04:05:06.0789 +0000 UTC");
        assert_eq!(time().go_string(), b"time.Date(2026, time.February, 3, 4, 5, 6, 78900000, time.UTC)");
        let zone = Location::fixed("a\"é", 60);
        assert_eq!(
            Time::default().in_location(zone).go_string(),
            br#"time.Date(1, time.January, 1, 0, 1, 0, 0, time.Location("a\"\xc3\xa9"))"#
        );
    }
}
