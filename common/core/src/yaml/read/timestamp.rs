//! Which texts Go's yaml.v3 takes for a date or a time.
//!
//! Dates are read as texts here, but where a text that looks like one is
//! written it needs quotes, and a `!!timestamp` has to be one.

/// Whether `text` has one of the forms `2006-1-2`, `2006-1-2 15:4:5`,
/// `2006-1-2T15:4:5Z` and `2006-1-2t15:4:5+07:00`, and names a day that exists.
pub(in crate::yaml) fn is_timestamp(text: &str) -> bool {
    // Nearly every text fails here.
    if text.len() < 8 || text.as_bytes()[4] != b'-' {
        return false;
    }
    let mut rest = Digits(text.as_bytes());
    let (Some(year), true) = (rest.exactly_four(), rest.eat(b'-')) else {
        return false;
    };
    let (Some(month), true) = (rest.one_or_two(), rest.eat(b'-')) else {
        return false;
    };
    let Some(day) = rest.one_or_two() else {
        return false;
    };
    if !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return false;
    }
    if rest.0.is_empty() {
        return true;
    }
    let has_zone = rest.eat(b'T') || rest.eat(b't');
    if !has_zone && !rest.eat_spaces() {
        return false;
    }
    let (Some(hour), true) = (rest.one_or_two(), rest.eat(b':')) else {
        return false;
    };
    let (Some(minute), true) = (rest.one_or_two(), rest.eat(b':')) else {
        return false;
    };
    let Some(second) = rest.one_or_two() else {
        return false;
    };
    if hour > 23 || minute > 59 || second > 59 {
        return false;
    }
    rest.eat_fraction();
    if !has_zone {
        return rest.0.is_empty();
    }
    if rest.eat(b'Z') {
        return rest.0.is_empty();
    }
    if !rest.eat(b'+') && !rest.eat(b'-') {
        return false;
    }
    let (Some(hours), true) = (rest.exactly_two(), rest.eat(b':')) else {
        return false;
    };
    let Some(minutes) = rest.exactly_two() else {
        return false;
    };
    rest.0.is_empty() && hours <= 24 && minutes <= 60
}

/// How many days a month has.
fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What of the text is still to be looked at.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((&first, rest)) if first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn eat_spaces(&mut self) -> bool {
        let mut found = false;
        while self.eat(b' ') {
            found = true;
        }
        found
    }

    /// A point or comma with digits.
    fn eat_fraction(&mut self) {
        if let [b'.' | b',', rest @ ..] = self.0 {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 0 {
                self.0 = &rest[digits..];
            }
        }
    }

    fn number(&mut self, length: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    fn exactly_four(&mut self) -> Option<u32> {
        self.number(4)
    }

    fn exactly_two(&mut self) -> Option<u32> {
        self.number(2)
    }

    fn one_or_two(&mut self) -> Option<u32> {
        self.number(2).or_else(|| self.number(1))
    }
}
