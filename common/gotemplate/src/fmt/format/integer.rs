//! Integers and code points: `%d`, `%b`, `%o`, `%O`, `%x`, `%X`, `%U`, `%c`, and `%q` of a
//! number.
//!
//! Takes 64 bits and whether they have a sign, appends digits. Separate because signs,
//! prefixes and zero padding interact here in their own way.

use super::Flags;
use crate::strconv::{append_quote_rune, append_quote_rune_to_ascii};
use crate::unicode::{MAX_RUNE, REPLACEMENT, append_rune, is_print};

impl Flags {
    /// Appends the integer `bits`, in two's complement if `signed`, as digits of `base`
    /// (2, 8, 10 or 16).
    ///
    /// `verb` decides about upper-case digits (`X`) and the prefix `0o` (`O`).
    pub(crate) fn fmt_integer(&self, out: &mut Vec<u8>, bits: u64, base: u32, signed: bool, verb: char) {
        let negative = signed && (bits as i64) < 0;
        let sign = match (negative, self.plus, self.space) {
            (true, _, _) => Some(b'-'),
            (_, true, _) => Some(b'+'),
            (_, _, true) => Some(b' '),
            _ => None,
        };
        let fewest_digits = match (self.precision, self.width) {
            (Some(0), _) if bits == 0 => {
                // Zero with no digits is nothing at all, not even a sign.
                self.without_zero().pad(out, b"");
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.pads_with_zeros() => {
                width.saturating_sub(usize::from(sign.is_some()))
            }
            _ => 0,
        };
        let magnitude = if negative { bits.wrapping_neg() } else { bits };
        let digits = digits(magnitude, base, verb == 'X');
        let zeros = fewest_digits.saturating_sub(digits.len());

        let mut text = Vec::with_capacity(digits.len() + zeros + 5);
        text.extend(sign);
        if verb == 'O' {
            text.extend_from_slice(b"0o");
        }
        if self.sharp {
            match base {
                2 => text.extend_from_slice(b"0b"),
                8 if zeros == 0 && magnitude != 0 => text.push(b'0'),
                16 if verb == 'X' => text.extend_from_slice(b"0X"),
                16 => text.extend_from_slice(b"0x"),
                _ => {}
            }
        }
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(&digits);
        // The zeros asked for are in the digits already.
        self.without_zero().pad(out, &text);
    }

    /// Appends `bits` as `U+0041`, with `#` followed by the character if it is printable
    /// (`%U`).
    pub(crate) fn fmt_unicode(&self, out: &mut Vec<u8>, bits: u64) {
        let digits = digits(bits, 16, true);
        let fewest_digits = self.precision.unwrap_or(4).max(4);
        let zeros = fewest_digits.saturating_sub(digits.len());
        let mut text = b"U+".to_vec();
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(&digits);
        match u32::try_from(bits) {
            Ok(rune) if self.sharp && is_print(rune) => {
                text.extend_from_slice(b" '");
                append_rune(&mut text, rune);
                text.push(b'\'');
            }
            _ => {}
        }
        self.without_zero().pad(out, &text);
    }

    /// Appends the character of number `bits` (`%c`); beyond Unicode, U+FFFD.
    pub(crate) fn fmt_c(&self, out: &mut Vec<u8>, bits: u64) {
        let mut text = Vec::with_capacity(4);
        append_rune(&mut text, rune(bits));
        self.pad(out, &text);
    }

    /// Appends the character literal of number `bits` (`%q`); with `+` in ASCII only.
    pub(crate) fn fmt_qc(&self, out: &mut Vec<u8>, bits: u64) {
        let mut text = Vec::with_capacity(12);
        match self.plus {
            true => append_quote_rune_to_ascii(&mut text, rune(bits)),
            false => append_quote_rune(&mut text, rune(bits)),
        }
        self.pad(out, &text);
    }
}

fn rune(bits: u64) -> u32 {
    match u32::try_from(bits) {
        Ok(rune @ 0..=MAX_RUNE) => rune,
        _ => REPLACEMENT,
    }
}

fn digits(magnitude: u64, base: u32, upper: bool) -> Vec<u8> {
    match (base, upper) {
        (2, _) => format!("{magnitude:b}"),
        (8, _) => format!("{magnitude:o}"),
        (16, false) => format!("{magnitude:x}"),
        (16, true) => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str) -> Flags {
        Flags {
            minus: text.contains('-'),
            plus: text.contains('+'),
            sharp: text.contains('#'),
            space: text.contains(' '),
            zero: text.contains('0'),
            ..Flags::default()
        }
    }

    #[test]
    fn integers() {
        for (flag, width, precision, value, base, verb, expect) in [
            ("", None, None, -42, 10, 'd', "-42"),
            ("+", None, None, 42, 10, 'd', "+42"),
            (" ", None, None, 42, 10, 'd', " 42"),
            ("0", Some(6), None, -42, 10, 'd', "-00042"),
            ("-0", Some(6), None, 42, 10, 'd', "42    "),
            ("0", Some(6), Some(3), 42, 10, 'd', "   042"),
            ("+", Some(4), Some(0), 0, 10, 'd', "    "),
            ("#", None, None, 255, 16, 'X', "0XFF"),
            ("#0", Some(6), None, 255, 16, 'x', "0x0000ff"),
            ("#", None, None, 8, 8, 'o', "010"),
            ("#", None, None, 0, 8, 'o', "0"),
            ("", None, None, 8, 8, 'O', "0o10"),
            ("#", None, None, 8, 8, 'O', "0o010"),
            ("#", None, None, 5, 2, 'b', "0b101"),
            ("", None, None, i64::MIN, 10, 'd', "-9223372036854775808"),
        ] {
            let flags = Flags { width, precision, ..flags(flag) };
            let mut out = Vec::new();
            flags.fmt_integer(&mut out, value as u64, base, true, verb);
            assert_eq!(out, expect.as_bytes(), "{flags:?}");
        }
        let mut out = Vec::new();
        flags("").fmt_integer(&mut out, u64::MAX, 10, false, 'd');
        assert_eq!(out, b"18446744073709551615");
    }

    #[test]
    fn characters() {
        let mut out = Vec::new();
        flags("#").fmt_unicode(&mut out, 0x263A);
        flags("#").fmt_unicode(&mut out, 0x0A);
        flags("").fmt_unicode(&mut out, u64::MAX);
        assert_eq!(out, "U+263A '☺'U+000AU+FFFFFFFFFFFFFFFF".as_bytes());
        let mut out = Vec::new();
        flags("").fmt_c(&mut out, 0xE9);
        flags("").fmt_c(&mut out, 1 << 40);
        flags("").fmt_qc(&mut out, 0xE9);
        flags("+").fmt_qc(&mut out, 0xE9);
        assert_eq!(out, "é\u{fffd}'é''\\u00e9'".as_bytes());
    }
}
