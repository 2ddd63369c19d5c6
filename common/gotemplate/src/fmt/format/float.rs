//! Floating-point and complex numbers: `%e`, `%E`, `%f`, `%F`, `%g`, `%G`, `%x`, `%X`, `%b`
//! and `%v`.
//!
//! Takes a number and the bits of its type, appends what `strconv` makes of it with sign,
//! padding and the alternate form. Separate because of the latter.

use super::Flags;
use crate::strconv::append_float;

impl Flags {
    /// Appends `number`, a float of `bits` (32 or 64) bits.
    ///
    /// `v` is `g`, `F` is `f`; without a precision `e` and `f` have 6 digits after the
    /// point, the others as many as needed.
    pub(crate) fn fmt_float(&self, out: &mut Vec<u8>, number: f64, bits: u32, verb: char) {
        let verb = match verb {
            'v' => b'g',
            'F' => b'f',
            _ => u8::try_from(verb).unwrap_or(b'g'),
        };
        let precision = match verb {
            b'e' | b'E' | b'f' => self.precision.or(Some(6)),
            _ => self.precision,
        };
        let mut text = Vec::with_capacity(24);
        append_float(&mut text, number, verb, precision, bits);
        let sign = match text.first() {
            Some(&sign @ (b'+' | b'-')) => {
                text.remove(0);
                sign
            }
            _ => b'+',
        };
        let shown_sign = match sign {
            b'+' if self.plus => Some(b'+'),
            b'+' if self.space => Some(b' '),
            b'+' if number.is_infinite() => Some(b'+'),
            b'+' => None,
            _ => Some(sign),
        };
        if !number.is_finite() {
            text.splice(0..0, shown_sign);
            return self.without_zero().pad(out, &text);
        }
        if self.sharp && verb != b'b' {
            keep_zeros(&mut text, verb, self.precision);
        }
        match (shown_sign, self.width) {
            // Zeros go between the sign and the digits.
            (Some(sign), Some(width)) if self.pads_with_zeros() => {
                out.push(sign);
                let flags = Flags { width: width.checked_sub(1), ..*self };
                flags.pad(out, &text);
            }
            _ => {
                text.splice(0..0, shown_sign);
                self.pad(out, &text);
            }
        }
    }

    /// Appends the complex number of `bits` (64 or 128) bits as `(1+2i)`.
    ///
    /// Width and flags concern each of the two parts.
    pub(crate) fn fmt_complex(
        &self,
        out: &mut Vec<u8>,
        (real, imaginary): (f64, f64),
        bits: u32,
        verb: char,
    ) {
        out.push(b'(');
        self.fmt_float(out, real, bits / 2, verb);
        let signed = Flags { plus: true, ..*self };
        signed.fmt_float(out, imaginary, bits / 2, verb);
        out.extend_from_slice(b"i)");
    }
}

/// The alternate form: always a decimal point, and for `g`, `G` and `x` the zeros that
/// complete the precision, 6 without one.
///
/// `text` has no sign. Go counts the `x` of the prefix among the digits, and leaves `X` as
/// it is.
fn keep_zeros(text: &mut Vec<u8>, verb: u8, precision: Option<usize>) {
    let hexadecimal = matches!(verb, b'x' | b'X');
    let is_exponent = |byte: &u8| match hexadecimal {
        true => matches!(byte, b'p' | b'P'),
        false => matches!(byte, b'e' | b'E'),
    };
    let end = text.iter().position(is_exponent).unwrap_or(text.len());
    let exponent = text.split_off(end);

    let wanted = match verb {
        b'g' | b'G' | b'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let significant = text.iter().filter(|&&byte| byte != b'.').skip_while(|&&byte| byte == b'0').count();
    let whole = !text.contains(&b'.');
    // A lone zero is a significant digit.
    let zero = usize::from(whole && text.as_slice() == b"0");
    if whole {
        text.push(b'.');
    }
    let zeros = wanted.saturating_sub(significant + zero);
    text.resize(text.len() + zeros, b'0');
    text.extend_from_slice(&exponent);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(flags: &str, width: usize, precision: Option<usize>, number: f64, verb: char) -> String {
        let flags = Flags {
            width: Some(width),
            precision,
            minus: flags.contains('-'),
            plus: flags.contains('+'),
            sharp: flags.contains('#'),
            space: flags.contains(' '),
            zero: flags.contains('0'),
            ..Flags::default()
        };
        let mut out = Vec::new();
        flags.fmt_float(&mut out, number, 64, verb);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats() {
        for (flags, width, precision, number, verb, expect) in [
            ("", 0, None, 1.0, 'v', "1"),
            ("", 0, None, 1.0, 'f', "1.000000"),
            ("", 8, Some(2), 5.67891, 'f', "    5.68"),
            ("0", 8, Some(2), -5.67891, 'F', "-0005.68"),
            ("0", 8, Some(2), 5.67891, 'f', "00005.68"),
            ("0+", 8, Some(2), 5.67891, 'f', "+0005.68"),
            ("-0", 8, Some(2), 5.67891, 'f', "5.68    "),
            (" ", 0, Some(1), 2.0, 'f', " 2.0"),
            ("+", 0, Some(3), 1234.5, 'e', "+1.234e+03"),
            ("0", 6, None, f64::INFINITY, 'f', "  +Inf"),
            ("0", 6, None, f64::NAN, 'f', "   NaN"),
            ("+", 6, None, f64::NAN, 'f', "  +NaN"),
            (" ", 0, None, f64::INFINITY, 'f', " Inf"),
            ("", 0, None, f64::INFINITY, 'f', "+Inf"),
            ("#", 0, None, 1.0, 'g', "1.00000"),
            ("#", 0, Some(3), 0.0, 'g', "0.00"),
            ("#", 0, None, 1e7, 'g', "1.00000e+07"),
            ("#", 0, Some(0), 2.0, 'f', "2."),
            ("#", 0, Some(0), 2.0, 'e', "2.e+00"),
            ("", 0, None, 0.5, 'x', "0x1p-01"),
            ("#", 0, None, 0.5, 'x', "0x1.0000p-01"),
            ("#", 0, None, 0.5, 'X', "0X1.P-01"),
        ] {
            assert_eq!(
                text(flags, width, precision, number, verb),
                expect,
                "%{flags}{width}.{precision:?}{verb} of {number}"
            );
        }
    }

    #[test]
    fn complex() {
        let mut out = Vec::new();
        Flags::default().fmt_complex(&mut out, (1.0, -2.5), 128, 'v');
        Flags::default().fmt_complex(&mut out, (0.0, 1.0), 128, 'g');
        assert_eq!(out, b"(1-2.5i)(0+1i)");
    }
}
