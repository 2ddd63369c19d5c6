//! Floating-point numbers from text (`strconv.ParseFloat`).
//!
//! Takes Go's decimal and hexadecimal notations, gives the nearest `f64`. The standard
//! library converts the decimal ones, once they are known to follow Go's grammar.

use super::float_format::round_to_even;
use super::{NumberError, underscores_separate_digits};

/// The number that `text` writes.
///
/// Accepted are `1`, `1.5e-3`, `.5`, `5.`, `0x1.8p3` (the exponent is needed then) with `_`
/// where Go's literals allow it, `inf`, `infinity`, all with an optional sign, and `nan`
/// without one, in any case.
///
/// # Errors
/// [`NumberError::Syntax`] for anything else; [`NumberError::Range`] when the nearest
/// number would be infinite. Too small a number is zero, not an error.
pub(crate) fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word.as_bytes());
    let magnitude = if is("inf") || is("infinity") {
        f64::INFINITY
    } else if is("nan") && unsigned.len() == text.len() {
        f64::NAN
    } else if text.contains(&b'_') && !underscores_separate_digits(text) {
        return Err(NumberError::Syntax);
    } else {
        finite(unsigned)?
    };
    Ok(if negative { -magnitude } else { magnitude })
}

/// An unsigned number whose underscores are known to be where they may be.
fn finite(text: &[u8]) -> Result<f64, NumberError> {
    let digits: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
    let number = match digits.as_slice() {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits)?,
        digits => decimal(digits)?,
    };
    match number.is_finite() {
        true => Ok(number),
        false => Err(NumberError::Range),
    }
}

fn decimal(text: &[u8]) -> Result<f64, NumberError> {
    // Beyond this alphabet the standard library would accept words.
    let alphabet = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.iter().all(alphabet) || matches!(text.first(), Some(b'+' | b'-')) {
        return Err(NumberError::Syntax);
    }
    let text = str::from_utf8(text).map_err(|_| NumberError::Syntax)?;
    text.parse().map_err(|_| NumberError::Syntax)
}

/// The number whose text after `0x` is `text`.
fn hexadecimal(text: &[u8]) -> Result<f64, NumberError> {
    let split = text.iter().position(|byte| matches!(byte, b'p' | b'P'));
    let split = split.ok_or(NumberError::Syntax)?;
    let (mantissa, exponent) = (&text[..split], &text[split + 1..]);

    let mut bits: u64 = 0;
    let mut scale: i64 = 0;
    let mut point_seen = false;
    let mut digits = 0usize;
    for &byte in mantissa {
        if byte == b'.' && !point_seen {
            point_seen = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16).ok_or(NumberError::Syntax)?;
        digits += 1;
        scale -= if point_seen { 4 } else { 0 };
        if bits >> 60 == 0 {
            bits = bits << 4 | u64::from(digit);
        } else {
            // Too many for exactness: the last bit remembers that something followed.
            bits |= u64::from(digit != 0);
            scale += 4;
        }
    }
    if digits == 0 {
        return Err(NumberError::Syntax);
    }
    Ok(scaled(bits, scale.saturating_add(power(exponent)?)))
}

/// The signed decimal number after `p`; what exceeds any use is cut down.
fn power(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let mut value: i64 = 0;
    for &byte in digits {
        let digit = char::from(byte).to_digit(10).ok_or(NumberError::Syntax)?;
        value = value.saturating_mul(10).saturating_add(i64::from(digit));
    }
    Ok(if negative { -value } else { value })
}

/// `bits × 2^exponent`, rounded to nearest, ties to even.
fn scaled(bits: u64, exponent: i64) -> f64 {
    const FRACTION_BITS: i64 = 52;
    const LOWEST: i64 = -1022;
    const HIGHEST: i64 = 1023;
    if bits == 0 {
        return 0.0;
    }
    let leading = bits.leading_zeros();
    let bits = bits << leading;
    // The exponent of the leading one.
    let exponent = exponent.saturating_add(63 - i64::from(leading));
    if exponent > HIGHEST {
        return f64::INFINITY;
    }
    // Below the lowest exponent, fewer bits are left for the fraction.
    let missing = LOWEST.saturating_sub(exponent).max(0);
    let dropped = (63 - FRACTION_BITS).saturating_add(missing);
    let (fraction, biased) = match dropped {
        65.. => return 0.0,
        64 => (u64::from(bits > 1 << 63), 0),
        _ => (round_to_even(bits, dropped as u32), if missing > 0 { 0 } else { exponent - LOWEST }),
    };
    // The leading one of a normal number adds one to the exponent, and so does a fraction
    // that was rounded up to the next power of two: just what the formats want.
    f64::from_bits(fraction + ((biased as u64) << FRACTION_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberError::{Range, Syntax};

    #[test]
    fn numbers() {
        for (text, expect) in [
            ("0", Ok(0.0)),
            ("1.5e-3", Ok(0.0015)),
            (".5", Ok(0.5)),
            ("5.", Ok(5.0)),
            ("+1E2", Ok(100.0)),
            ("1_000.5", Ok(1000.5)),
            ("0x1p-2", Ok(0.25)),
            ("-0X.8p1", Ok(-1.0)),
            ("0x_1F.fp0", Ok(31.9375)),
            ("0x1.fffffffffffff8p0", Ok(2.0)),
            ("0x1p-1074", Ok(5e-324)),
            ("0x1p-1075", Ok(0.0)),
            ("0x1.8p-1075", Ok(5e-324)),
            ("0x1.fffffffffffffp-1023", Ok(f64::MIN_POSITIVE)),
            ("1e-400", Ok(0.0)),
            ("INF", Ok(f64::INFINITY)),
            ("-Infinity", Ok(f64::NEG_INFINITY)),
            ("1e309", Err(Range)),
            ("0x1p1024", Err(Range)),
            ("0x1.fffffffffffff8p1023", Err(Range)),
            ("0x1p99999999999999999999", Err(Range)),
            ("", Err(Syntax)),
            (".", Err(Syntax)),
            ("+", Err(Syntax)),
            ("++1", Err(Syntax)),
            ("1e", Err(Syntax)),
            ("1e+", Err(Syntax)),
            ("0x1", Err(Syntax)),
            ("0x.p1", Err(Syntax)),
            ("0x1p", Err(Syntax)),
            ("0x1.2.3p1", Err(Syntax)),
            ("1._5", Err(Syntax)),
            ("_1", Err(Syntax)),
            ("1_", Err(Syntax)),
            ("infin", Err(Syntax)),
            ("-nan", Err(Syntax)),
            ("1f", Err(Syntax)),
        ] {
            assert_eq!(parse_float(text.as_bytes()), expect, "{text}");
        }
        assert!(parse_float(b"NaN").unwrap().is_nan());
        assert!(parse_float(b"-0").unwrap().is_sign_negative());
    }
}
