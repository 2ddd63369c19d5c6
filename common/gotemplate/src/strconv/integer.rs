//! Integers from text (`strconv.ParseInt`, `strconv.ParseUint`).
//!
//! Takes digits in a given base, or base 0 for the literals of Go's source text, gives
//! 64-bit integers bounded to a width. Separate because the grammar is Go's own.

use super::{NumberError, underscores_separate_digits};

/// The unsigned integer that `text` writes in `base`, 2 to 36.
///
/// Base 0 takes the base from a prefix (`0b`, `0o`, `0x`, `0` for octal) and allows `_`
/// where Go's literals do. `bits` (1 to 64) is the width the result has to fit.
///
/// # Errors
/// [`NumberError::Syntax`] unless `text` is a number without a sign;
/// [`NumberError::Range`] as soon as its digits exceed `bits`, whatever follows them.
pub(crate) fn parse_uint(text: &[u8], base: u32, bits: u32) -> Result<u64, NumberError> {
    let (digits, radix) = match (base, text) {
        (_, []) => return Err(NumberError::Syntax),
        (0, [b'0', b'b' | b'B', digits @ ..]) if !digits.is_empty() => (digits, 2),
        (0, [b'0', b'o' | b'O', digits @ ..]) if !digits.is_empty() => (digits, 8),
        (0, [b'0', b'x' | b'X', digits @ ..]) if !digits.is_empty() => (digits, 16),
        (0, [b'0', digits @ ..]) => (digits, 8),
        (0, _) => (text, 10),
        _ => (text, base),
    };
    let highest = u64::MAX >> (64 - bits.clamp(1, 64));
    let mut value: u64 = 0;
    let mut separated = false;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            separated = true;
            continue;
        }
        let digit = char::from(byte).to_digit(radix).ok_or(NumberError::Syntax)?;
        value = value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .filter(|value| *value <= highest)
            .ok_or(NumberError::Range)?;
    }
    match separated && !underscores_separate_digits(text) {
        true => Err(NumberError::Syntax),
        false => Ok(value),
    }
}

/// The signed integer that `text` writes: an optional `+` or `-`, then as [`parse_uint`].
///
/// # Errors
/// [`NumberError::Syntax`] when it is no number; [`NumberError::Range`] when it does not
/// fit `bits` in two's complement.
pub(crate) fn parse_int(text: &[u8], base: u32, bits: u32) -> Result<i64, NumberError> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let magnitude = parse_uint(unsigned, base, bits)?;
    let limit = 1u64 << (bits.clamp(1, 64) - 1);
    match negative {
        true if magnitude <= limit => Ok(0i64.wrapping_sub_unsigned(magnitude)),
        false if magnitude < limit => Ok(0i64.wrapping_add_unsigned(magnitude)),
        _ => Err(NumberError::Range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberError::{Range, Syntax};

    #[test]
    fn prefixes_choose_the_base() {
        for (text, expect) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("+7", Ok(7)),
            ("0b101", Ok(5)),
            ("0O17", Ok(15)),
            ("017", Ok(15)),
            ("-0xFf", Ok(-255)),
            ("1_000", Ok(1000)),
            ("0x_f", Ok(15)),
            ("0_7", Ok(7)),
            ("08", Err(Syntax)),
            ("0x", Err(Syntax)),
            ("1__0", Err(Syntax)),
            ("_1", Err(Syntax)),
            ("1_", Err(Syntax)),
            ("", Err(Syntax)),
            ("-", Err(Syntax)),
            ("--1", Err(Syntax)),
            ("1.0", Err(Syntax)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("9223372036854775808", Err(Range)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("-9223372036854775809", Err(Range)),
            ("99999999999999999999z", Err(Range)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), 0, 64), expect, "{text}");
        }
    }

    #[test]
    fn unsigned_and_narrow() {
        assert_eq!(parse_uint(b"0xffffffffffffffff", 0, 64), Ok(18446744073709551615));
        assert_eq!(parse_uint(b"18446744073709551616", 10, 64), Err(Range));
        assert_eq!(parse_uint(b"+1", 0, 64), Err(Syntax));
        assert_eq!(parse_uint(b"1_0", 10, 64), Err(Syntax));
        assert_eq!(parse_uint(b"256", 10, 8), Err(Range));
        assert_eq!(parse_int(b"-128", 10, 8), Ok(-128));
        assert_eq!(parse_int(b"128", 10, 8), Err(Range));
        assert_eq!(parse_uint(b"zZ", 36, 64), Ok(35 * 36 + 35));
    }
}
