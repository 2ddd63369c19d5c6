//! Durations from text (`time.ParseDuration`).
//!
//! Takes text like `1h15m30.5s`, gives a [`Duration`]. Separate because its errors are.

use std::fmt;

use super::{Duration, append_quoted};

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// It has no number where one must be, or is too long for the type.
    Invalid {
        /// The whole text.
        text: Vec<u8>,
    },
    /// A number is not followed by a unit.
    MissingUnit {
        /// The whole text.
        text: Vec<u8>,
    },
    /// A number is followed by something else than a unit.
    UnknownUnit {
        /// What stands for the unit.
        unit: Vec<u8>,
        /// The whole text.
        text: Vec<u8>,
    },
}

impl fmt::Display for DurationError {
    /// Go's message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        let text = match self {
            Self::Invalid { text } => {
                out.extend_from_slice(b"time: invalid duration ");
                text
            }
            Self::MissingUnit { text } => {
                out.extend_from_slice(b"time: missing unit in duration ");
                text
            }
            Self::UnknownUnit { unit, text } => {
                out.extend_from_slice(b"time: unknown unit ");
                append_quoted(&mut out, unit);
                out.extend_from_slice(b" in duration ");
                text
            }
        };
        append_quoted(&mut out, text);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl std::error::Error for DurationError {}

/// The duration that `text` writes: an optional sign, then decimal numbers each with a unit,
/// one of `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`; or `0`.
///
/// # Errors
/// When it is written otherwise, or longer than a [`Duration`] can be.
pub fn parse_duration(text: &[u8]) -> Result<Duration, DurationError> {
    /// One more than the longest: as far as a negative duration can go.
    const LIMIT: u64 = 1 << 63;
    let invalid = || DurationError::Invalid { text: text.to_vec() };
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(Duration(0));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let whole = prefix(rest, |byte| byte.is_ascii_digit());
        rest = &rest[whole.len()..];
        let fraction = match rest {
            [b'.', after @ ..] => {
                let fraction = prefix(after, |byte| byte.is_ascii_digit());
                rest = &after[fraction.len()..];
                fraction
            }
            _ => b"",
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let number = integer(whole, LIMIT).ok_or_else(invalid)?;
        let unit = prefix(rest, |byte| byte != b'.' && !byte.is_ascii_digit());
        rest = &rest[unit.len()..];
        let scale = scale(unit, text)?;
        let whole = number.checked_mul(scale).filter(|&nanos| nanos <= LIMIT);
        let nanos = whole.ok_or_else(invalid)? + scaled_fraction(fraction, scale);
        // Twice the limit wraps to nothing: so it does in Go.
        total = total.wrapping_add(nanos);
        if nanos > LIMIT || total > LIMIT {
            return Err(invalid());
        }
    }
    match negative {
        true => Ok(Duration(0i64.wrapping_sub_unsigned(total))),
        false => i64::try_from(total).map(Duration).map_err(|_| invalid()),
    }
}

fn prefix(text: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|&byte| !belongs(byte));
    &text[..end.unwrap_or(text.len())]
}

fn integer(digits: &[u8], limit: u64) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        let value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        (value <= limit).then_some(value)
    })
}

/// The fraction `0.DIGITS` of `scale`; digits that an integer can't hold are not looked at.
fn scaled_fraction(digits: &[u8], scale: u64) -> u64 {
    let (mut value, mut divisor) = (0u64, 1.0);
    for &digit in digits {
        let Some(longer) = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .filter(|&value| value <= 1 << 63)
        else {
            break;
        };
        (value, divisor) = (longer, divisor * 10.0);
    }
    (value as f64 * (scale as f64 / divisor)) as u64
}

/// Nanoseconds in one `unit`.
fn scale(unit: &[u8], text: &[u8]) -> Result<u64, DurationError> {
    let duration = match unit {
        b"ns" => Duration::NANOSECOND,
        // Both the micro sign and the Greek letter are in use.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => Duration::MICROSECOND,
        b"ms" => Duration::MILLISECOND,
        b"s" => Duration::SECOND,
        b"m" => Duration::MINUTE,
        b"h" => Duration::HOUR,
        b"" => {
            return Err(DurationError::MissingUnit { text: text.to_vec() });
        }
        _ => {
            return Err(DurationError::UnknownUnit { unit: unit.to_vec(), text: text.to_vec() });
        }
    };
    Ok(duration.0.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, nanos) in [
            ("0", 0),
            ("-0", 0),
            ("5s", 5_000_000_000),
            ("+1h15m30.5s", 4_530_500_000_000),
            ("-1.5h", -5_400_000_000_000),
            (".5ms", 500_000),
            ("1.us", 1_000),
            ("1µs2μs3ns", 3_003),
            ("-9223372036854775808ns", i64::MIN),
            ("0.33333333333333333333h", 1_200_000_000_000),
        ] {
            assert_eq!(parse_duration(text.as_bytes()), Ok(Duration(nanos)), "{text}");
        }
    }

    #[test]
    fn errors_are_worded_as_in_go() {
        for (text, expect) in [
            ("", r#"time: invalid duration """#),
            ("x", r#"time: invalid duration "x""#),
            (".s", r#"time: invalid duration ".s""#),
            ("1", r#"time: missing unit in duration "1""#),
            ("1s2é", r#"time: unknown unit "\xc3\xa9" in duration "1s2\xc3\xa9""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
        ] {
            let error = parse_duration(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expect);
        }
    }
}
