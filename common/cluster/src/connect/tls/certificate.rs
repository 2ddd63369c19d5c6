//! What trust needs to know of a certificate and the TLS library doesn't tell: when it is valid, and for what.

/// DER's tag of a sequence.
pub(super) const SEQUENCE: u8 = 0x30;

/// A text in DER, read element by element.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag and its content.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, behind) = rest.split_at_checked(count)?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = behind;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The next element's content, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The next element's content if it has this tag; else it stays the next.
    fn skip(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.expect(tag) } else { None }
    }
}

/// What a certificate says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The first second of its validity, since 1970.
    pub(super) not_before: i64,
    /// The last one.
    pub(super) not_after: i64,
    /// Whether it may sign others. One of before version 3 doesn't say, and may.
    pub(super) may_sign: bool,
    /// Whether it may be a server's.
    pub(super) may_serve: bool,
}

impl Certificate {
    /// Reads a certificate; `None` if it is none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        const VERSION: u8 = 0xa0;
        const INTEGER: u8 = 0x02;
        const EXTENSIONS: u8 = 0xa3;
        let mut body = Der(Der(Der(der).expect(SEQUENCE)?).expect(SEQUENCE)?);
        let version = body.skip(VERSION).and_then(|version| version.last().copied());
        body.expect(INTEGER)?;
        // The signature's algorithm and the issuer.
        body.expect(SEQUENCE)?;
        body.expect(SEQUENCE)?;
        let mut validity = Der(body.expect(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        // The subject and its key.
        body.expect(SEQUENCE)?;
        body.expect(SEQUENCE)?;
        let is_of_version_3 = version == Some(2);
        let mut certificate = Self { not_before, not_after, may_sign: !is_of_version_3, may_serve: true };
        while let Some((tag, content)) = body.next() {
            if tag == EXTENSIONS {
                certificate.extensions(Der(content).expect(SEQUENCE)?)?;
            }
        }
        Some(certificate)
    }

    fn extensions(&mut self, list: &[u8]) -> Option<()> {
        const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
        const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
        const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
        const ID: u8 = 0x06;
        const BOOLEAN: u8 = 0x01;
        const BITS: u8 = 0x03;
        const OCTETS: u8 = 0x04;
        const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
        const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
        let (mut list, mut is_no_signer) = (Der(list), false);
        while let Some(extension) = list.skip(SEQUENCE) {
            let mut extension = Der(extension);
            let id = extension.expect(ID)?;
            extension.skip(BOOLEAN);
            let value = extension.expect(OCTETS)?;
            match id {
                BASIC_CONSTRAINTS => {
                    let is_authority = Der(Der(value).expect(SEQUENCE)?).skip(BOOLEAN);
                    self.may_sign = is_authority.is_some_and(|value| value != [0]);
                }
                KEY_USAGE => {
                    // keyCertSign is the sixth bit; the first byte counts the unused ones at the end.
                    is_no_signer = Der(value).expect(BITS)?.get(1).is_none_or(|bits| bits & 0x04 == 0);
                }
                EXTENDED_KEY_USAGE => {
                    let mut uses = Der(Der(value).expect(SEQUENCE)?);
                    self.may_serve =
                        std::iter::from_fn(|| uses.expect(ID)).any(|id| id == ANY || id == SERVER);
                }
                _ => {}
            }
        }
        self.may_sign &= !is_no_signer;
        Some(())
    }
}

/// A point in time, in seconds since 1970: `YYMMDDhhmmssZ` or, with another tag, `YYYYMMDDhhmmssZ`.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
    const SHORT: u8 = 0x17;
    const LONG: u8 = 0x18;
    let digits = text.strip_suffix(b"Z")?;
    let number = |digits: &[u8]| -> Option<i64> {
        let add = |sum: i64, digit: &u8| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'));
        digits.iter().try_fold(0, add)
    };
    let (year, rest) = match tag {
        SHORT => {
            let (year, rest) = digits.split_at_checked(2)?;
            // The century that RFC 5280 gives two digits.
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        LONG => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let parts: Vec<i64> = rest.chunks(2).map(number).collect::<Option<_>>()?;
    let [month @ 1..=12, day @ 1..=31, hour @ 0..=23, minute @ 0..=59, second @ 0..=59] = *parts else {
        return None;
    };
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar. Years begin in March, so that a leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days_before_month = (153 * month + 2) / 5;
    year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1970() {
        assert_eq!(time((0x17, b"700101000000Z")), Some(0));
        assert_eq!(time((0x17, b"491231235959Z")), Some(2_524_607_999));
        assert_eq!(time((0x18, b"20240229120000Z")), Some(1_709_208_000));
        assert_eq!(time((0x18, b"21000301000000Z")), Some(4_107_542_400));
        for text in
            ["", "Z", "7001010000Z", "701301000000Z", "700101000000", "-00101000000Z", "7001010000000Z"]
        {
            assert_eq!(time((0x17, text.as_bytes())), None, "{text}");
        }
    }

    #[test]
    fn lengths_that_lead_nowhere_end_the_reading() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 5],
            &[0x30, 0x80],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x84, 255, 255, 255, 255],
        ] {
            assert_eq!(Der(bytes).next(), None, "{bytes:?}");
            assert_eq!(Certificate::read(bytes), None, "{bytes:?}");
        }
    }
}
