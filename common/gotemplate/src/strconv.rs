//! Text to values and back, as Go's `strconv` package and the literals of its source
//! text have it: quoting, integers, floating-point numbers.
//!
//! Takes and gives bytes, since Go strings need not be UTF-8. Separate from the number
//! parsing of the standard library because Go's grammar differs from Rust's (prefixes,
//! `_`, hexadecimal floats), and so does the choice and look of a number's digits.

mod float_format;
mod float_parse;
mod integer;
mod quote;
mod unquote;

pub(crate) use float_format::append_float;
pub(crate) use float_parse::parse_float;
pub(crate) use integer::{parse_int, parse_uint};
pub(crate) use quote::{
    append_quote, append_quote_rune, append_quote_rune_to_ascii, append_quote_to_ascii, can_backquote, quote,
};

pub(crate) use unquote::{unquote, unquote_char};

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// The text does not follow the grammar.
    Syntax,
    /// The text is a number that the type can't hold.
    Range,
}

/// The text is not a literal of Go's source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiteralError;

/// Whether every `_` of a number stands between two digits, or between a base prefix and
/// a digit: Go's rule for the literals of its source text.
fn underscores_separate_digits(number: &[u8]) -> bool {
    let unsigned = match number {
        [b'+' | b'-', rest @ ..] => rest,
        _ => number,
    };
    let (digits, hex) = match unsigned {
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (rest, false),
        [b'0', b'x' | b'X', rest @ ..] => (rest, true),
        _ => (unsigned, false),
    };
    let prefixed = digits.len() < unsigned.len();
    let is_digit = |byte: u8| byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
    digits.iter().enumerate().all(|(at, &byte)| {
        let after_digit = match at.checked_sub(1) {
            Some(before) => is_digit(digits[before]),
            None => prefixed,
        };
        let before_digit = digits.get(at + 1).is_some_and(|&next| is_digit(next));
        byte != b'_' || after_digit && before_digit
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::float_format::format_float;
    use super::*;

    proptest! {
        #[test]
        fn any_text_survives_quoting(text: Vec<u8>) {
            let mut ascii = Vec::new();
            append_quote_to_ascii(&mut ascii, &text);
            prop_assert!(ascii.is_ascii());
            prop_assert_eq!(unquote(&ascii), Ok(Cow::Borrowed(text.as_slice())));
            let literal = quote(&text);
            prop_assert_eq!(unquote(&literal), Ok(Cow::Borrowed(text.as_slice())));
        }

        #[test]
        fn the_shortest_text_reads_back(bits: u64, verb in "[efgxEGX]") {
            let number = f64::from_bits(bits);
            let text = format_float(number, verb.as_bytes()[0], None, 64);
            let read = parse_float(&text);
            match number.is_nan() {
                true => prop_assert!(read.is_ok_and(f64::is_nan)),
                false => prop_assert_eq!(read, Ok(number)),
            }
        }

        #[test]
        fn integers_read_back(number: i64) {
            prop_assert_eq!(parse_int(format!("{number}").as_bytes(), 0, 64), Ok(number));
            prop_assert_eq!(parse_int(format!("{number:#x}").as_bytes(), 0, 64).is_ok(), number >= 0);
        }

        #[test]
        fn nothing_panics(text: Vec<u8>, number in "[-+0-9a-fxXoObBpPeE._]{0,12}") {
            for text in [text.as_slice(), number.as_bytes()] {
                let _ = (unquote(text), unquote_char(text, b'"'), can_backquote(text));
                let _ = (parse_float(text), parse_int(text, 0, 64), parse_uint(text, 0, 8));
            }
        }
    }
}
