//! Number literals: one text, read as every type of number that can hold it.
//!
//! An argument decides by the parameter's type which reading counts, so a
//! literal keeps all of them.

use crate::strconv::{self, NumberError};
use crate::value::Value;

/// A number literal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// The value where no type is asked for; `None` if it overflows `int`.
    pub(crate) ideal: Option<Value>,
}

impl Number {
    /// A character literal such as `'a'`; the error is Go's text.
    pub(crate) fn from_character(text: &[u8]) -> Result<Number, String> {
        let character = strconv::unquote_char(&text[1..], b'\'').map_err(|_| "invalid syntax".to_owned())?;
        if character.rest != b"'" {
            return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
        }
        let rune = character.rune;
        Ok(Number {
            int: Some(i64::from(rune)),
            uint: Some(u64::from(rune)),
            float: Some(f64::from(rune)),
            complex: None,
            ideal: Some(Value::from(i64::from(rune))),
        })
    }

    /// A sum such as `1+2i`, which Go reads with `fmt.Sscan`; the error is its
    /// text.
    pub(crate) fn from_complex(text: &[u8]) -> Result<Number, String> {
        const ERROR: &str = "syntax error scanning complex number";
        let (real, rest) = text.split_at(float_length(text));
        let unsigned = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-")).ok_or(ERROR)?;
        let length = float_length(unsigned);
        // A lone `i` is taken for the start of `inf`.
        if length == 0 || unsigned.get(length) != Some(&b'i') {
            return Err(ERROR.to_owned());
        }
        let imaginary = &rest[..rest.len() - unsigned.len() + length];
        Ok(Number::of_complex(parse_part(real)?, parse_part(imaginary)?))
    }

    /// Any other number, such as `1`, `0x1p-2`, `1e3`, `2i`.
    pub(crate) fn parse(text: &[u8]) -> Result<Number, String> {
        if let Some(digits) = text.strip_suffix(b"i")
            && let Ok(imaginary) = strconv::parse_float(digits)
        {
            return Ok(Number::of_complex(0.0, imaginary));
        }
        let quoted = || String::from_utf8_lossy(&strconv::quote(text)).into_owned();
        let mut number = Number {
            uint: strconv::parse_uint(text, 0, 64).ok(),
            int: strconv::parse_int(text, 0, 64).ok(),
            ..Number::default()
        };
        if number.int == Some(0) {
            number.uint = Some(0); // "-0" is an unsigned zero as well.
        }
        let has_float_syntax = text.iter().any(|byte| b".eEpP".contains(byte));
        #[allow(clippy::cast_precision_loss)] // As Go converts integers to floats.
        match (number.int, number.uint) {
            (Some(int), _) => number.float = Some(int as f64),
            (None, Some(uint)) => number.float = Some(uint as f64),
            (None, None) => {
                let float = match strconv::parse_float(text) {
                    Ok(float) => float,
                    Err(NumberError::Syntax | NumberError::Range) => {
                        return Err(format!("illegal number syntax: {}", quoted()));
                    }
                };
                if !has_float_syntax {
                    return Err(format!("integer overflow: {}", quoted()));
                }
                number.float = Some(float);
                number.int = exact_int(float);
                number.uint = exact_uint(float);
            }
        }
        let hex = matches!(text, [b'0', b'x' | b'X', ..] | [b'+' | b'-', b'0', b'x' | b'X', ..]);
        let is_hex_int = hex && !text.iter().any(|byte| b"pP".contains(byte));
        number.ideal = match (number.float, number.int) {
            (Some(float), _) if has_float_syntax && !is_hex_int => Some(Value::from(float)),
            (_, Some(int)) => Some(Value::from(int)),
            _ => None,
        };
        Ok(number)
    }

    fn of_complex(real: f64, imaginary: f64) -> Number {
        let mut number = Number {
            complex: Some((real, imaginary)),
            ideal: Some(Value::complex(real, imaginary)),
            ..Number::default()
        };
        if imaginary == 0.0 {
            number.float = Some(real);
            number.int = exact_int(real);
            number.uint = exact_uint(real);
        }
        number
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn exact_int(float: f64) -> Option<i64> {
    // 2^63 itself would saturate to a number that converts back to it.
    let int = float as i64;
    (int as f64 == float && float < 9_223_372_036_854_775_808.0).then_some(int)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
fn exact_uint(float: f64) -> Option<u64> {
    let uint = float as u64;
    (uint as f64 == float && float < 18_446_744_073_709_551_616.0).then_some(uint)
}

/// Length of what looks like a number at the start of `text`.
fn float_length(text: &[u8]) -> usize {
    let mut pos = 0;
    let accept = |pos: &mut usize, valid: &[u8]| {
        let accepted = text.get(*pos).is_some_and(|byte| valid.contains(byte));
        *pos += usize::from(accepted);
        accepted
    };
    accept(&mut pos, b"+-");
    let mut digits: &[u8] = b"0123456789_";
    let mut exponent: &[u8] = b"eEpP";
    if accept(&mut pos, b"0") && accept(&mut pos, b"xX") {
        (digits, exponent) = (b"0123456789abcdefABCDEF_", b"pP");
    }
    while accept(&mut pos, digits) {}
    if accept(&mut pos, b".") {
        while accept(&mut pos, digits) {}
    }
    if accept(&mut pos, exponent) {
        accept(&mut pos, b"+-");
        while accept(&mut pos, b"0123456789_") {}
    }
    pos
}

/// A part of a sum as a number.
fn parse_part(text: &[u8]) -> Result<f64, String> {
    strconv::parse_float(text).map_err(|error| {
        let quoted = String::from_utf8_lossy(&strconv::quote(text)).into_owned();
        let why = match error {
            NumberError::Syntax => "invalid syntax",
            NumberError::Range => "value out of range",
        };
        format!("strconv.ParseFloat: parsing {quoted}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_sscan_reads_them() {
        let parts = |text: &str| Number::from_complex(text.as_bytes()).map(|number| number.complex);
        assert_eq!(parts("1_0+1_0i"), Ok(Some((10.0, 10.0))));
        assert_eq!(parts("0x1p2+0x1p-1i"), Ok(Some((4.0, 0.5))));
        assert_eq!(parts("1e+1+2i"), Ok(Some((10.0, 2.0))));
        assert_eq!(parts("1+i"), Err("syntax error scanning complex number".to_owned()));
        assert_eq!(parts("-+1i"), Err("strconv.ParseFloat: parsing \"-\": invalid syntax".to_owned()));
    }

    #[test]
    fn a_float_without_a_fraction_is_an_integer_too() {
        let number = Number::parse(b"1e3").expect("a number");
        assert_eq!((number.int, number.uint, number.float), (Some(1000), Some(1000), Some(1000.0)));
        assert_eq!(number.ideal.map(|value| value.ty().to_string()).as_deref(), Some("float64"));
    }

    #[test]
    fn too_large_integers_are_refused() {
        let message = Number::parse(b"99999999999999999999").map(|_| ());
        assert_eq!(message, Err("integer overflow: \"99999999999999999999\"".to_owned()));
    }
}
