//! Text of floating-point numbers (`strconv.FormatFloat`).
//!
//! Takes a number, a verb and a precision, gives bytes. The standard library finds the
//! decimal digits (the fewest that read back the same, or a number of them, correctly
//! rounded); here they are laid out Go's way. Flags and padding are `fmt`'s business.

use std::io::Write as _;

/// More significant digits than any `f64` has; all that follow are zeros.
const MOST_DIGITS: usize = 800;

/// More decimal places than any `f64` has; all that follow are zeros.
const MOST_PLACES: usize = 1100;

/// The text of `number`: what [`append_float`] appends.
#[cfg(test)]
pub(crate) fn format_float(number: f64, verb: u8, precision: Option<usize>, bits: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    append_float(&mut out, number, verb, precision, bits);
    out
}

/// Appends `number` as `verb` wants it:
///
/// * `e`, `E`: `-d.dddde±dd`; `precision` counts digits after the point;
/// * `f`: `-ddd.dddd`; `precision` counts digits after the point;
/// * `g`, `G`: like `e` for large and small exponents, else like `f`; `precision` counts
///   significant digits;
/// * `x`, `X`: `-0xd.dddp±dd`; `precision` counts hexadecimal digits after the point;
/// * `b`: `-ddddp±ddd`, mantissa and power of two, `precision` ignored.
///
/// No `precision` means the fewest digits that read back as the same number of `bits`
/// (32 or 64) bits. With 32, `number` is rounded to `f32` first. Another verb gives `%`
/// and that verb. At most `precision` and about 330 more bytes are written.
pub(crate) fn append_float(out: &mut Vec<u8>, number: f64, verb: u8, precision: Option<usize>, bits: u32) {
    let format = match bits {
        32 => Format::SINGLE,
        _ => Format::DOUBLE,
    };
    let number = format.rounded(number);
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
        return;
    }
    if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"+Inf" } else { b"-Inf" });
        return;
    }
    if !matches!(verb, b'e' | b'E' | b'f' | b'g' | b'G' | b'x' | b'X' | b'b') {
        out.extend_from_slice(&[b'%', verb]);
        return;
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = number.abs();
    match verb {
        b'e' | b'E' => append_exponential(out, magnitude, verb, precision, format),
        b'f' => append_fixed(out, magnitude, precision, format),
        b'g' | b'G' => append_general(out, magnitude, verb, precision, format),
        b'b' => append_binary(out, magnitude, format),
        _ => append_hexadecimal(out, magnitude, verb, precision, format),
    }
}

/// One of the two IEEE 754 formats.
#[derive(Clone, Copy)]
struct Format {
    single: bool,
    /// Bits of the fraction, the leading one not counted.
    fraction_bits: u32,
    /// The exponent of the smallest normal number.
    lowest_exponent: i32,
}

impl Format {
    const SINGLE: Self = Self { single: true, fraction_bits: 23, lowest_exponent: -126 };
    const DOUBLE: Self = Self { single: false, fraction_bits: 52, lowest_exponent: -1022 };

    fn rounded(self, number: f64) -> f64 {
        match self.single {
            true => f64::from(number as f32),
            false => number,
        }
    }

    /// `magnitude` as an integer and the power of two to multiply it with.
    fn parts(self, magnitude: f64) -> (u64, i32) {
        let (bits, exponent_bits) = match self.single {
            true => (u64::from((magnitude as f32).to_bits()), 8),
            false => (magnitude.to_bits(), 11),
        };
        let fraction = bits & ((1 << self.fraction_bits) - 1);
        let biased = (bits >> self.fraction_bits) & ((1 << exponent_bits) - 1);
        let scale = self.lowest_exponent - self.fraction_bits as i32;
        match biased {
            0 => (fraction, scale),
            _ => (fraction | 1 << self.fraction_bits, scale + biased as i32 - 1),
        }
    }
}

/// A decimal number `0.DIGITS × 10^point`.
struct Decimal {
    /// ASCII digits, none of them a leading or trailing zero; empty for zero.
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// The fewest digits that identify `magnitude` in `format`, the closest such number.
    fn shortest(magnitude: f64, format: Format) -> Self {
        // Two candidates can be as close as each other only if the last digit is as small as
        // the rounding error, for which an `f32` needs this many digits, an `f64` more.
        // (Subnormal numbers have fewer, but lie halfway between no short decimals.)
        const FEWEST_IN_A_TIE: usize = 6;
        let mut text = Vec::with_capacity(32);
        // Writing to a Vec can't fail.
        let _ = match format.single {
            true => write!(text, "{:e}", magnitude as f32),
            false => write!(text, "{magnitude:e}"),
        };
        let shortest = Self::from_scientific(&text);
        match shortest.digits.as_slice() {
            [rest @ .., last] if rest.len() + 1 >= FEWEST_IN_A_TIE && last % 2 == 1 => {
                shortest.even_of_tie(magnitude, format)
            }
            _ => shortest,
        }
    }

    /// Of two shortest decimals as close as each other Go takes the even one, where the
    /// standard library takes the upper one, `self`.
    fn even_of_tie(self, magnitude: f64, format: Format) -> Self {
        let places = self.digits.len() - 1;
        let text = format!("{magnitude:.places$e}");
        let reads_back = match format.single {
            true => text.parse() == Ok(magnitude as f32),
            false => text.parse() == Ok(magnitude),
        };
        match reads_back {
            true => Self::from_scientific(text.as_bytes()),
            false => self,
        }
    }

    /// `magnitude` rounded to `count` significant digits, ties to even.
    fn rounded(magnitude: f64, count: usize) -> Self {
        let places = count.clamp(1, MOST_DIGITS) - 1;
        let mut text = Vec::with_capacity(places + 8);
        // Writing to a Vec can't fail.
        let _ = write!(text, "{magnitude:.places$e}");
        Self::from_scientific(&text)
    }

    /// Reads the `D.DDDe-DD` of the standard library.
    fn from_scientific(text: &[u8]) -> Self {
        let mut parts = text.split(|&byte| byte == b'e');
        let mantissa = parts.next().unwrap_or_default();
        let exponent = parts.next().unwrap_or_default();
        let exponent = str::from_utf8(exponent).unwrap_or_default();
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let mut digits: Vec<u8> = mantissa.iter().copied().filter(|&b| b != b'.').collect();
        let significant = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        digits.truncate(significant);
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Self { digits, point }
    }

    /// The digit at `at`, counted from the first one; zeros surround them.
    fn digit(&self, at: i32) -> u8 {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at));
        digit.copied().unwrap_or(b'0')
    }

    fn len(&self) -> usize {
        self.digits.len()
    }

    /// How many digits stand after the point when it is written out.
    fn places(&self) -> usize {
        let places = self.digits.len() as i32 - self.point;
        usize::try_from(places).unwrap_or(0)
    }
}

fn append_exponential(out: &mut Vec<u8>, magnitude: f64, verb: u8, precision: Option<usize>, format: Format) {
    match precision {
        Some(places) => {
            let decimal = Decimal::rounded(magnitude, places.saturating_add(1));
            write_exponential(out, &decimal, places, verb);
        }
        None => {
            let decimal = Decimal::shortest(magnitude, format);
            write_exponential(out, &decimal, decimal.len().saturating_sub(1), verb);
        }
    }
}

fn append_fixed(out: &mut Vec<u8>, magnitude: f64, precision: Option<usize>, format: Format) {
    let Some(places) = precision else {
        let decimal = Decimal::shortest(magnitude, format);
        return write_fixed(out, &decimal, decimal.places());
    };
    let known = places.min(MOST_PLACES);
    // Writing to a Vec can't fail.
    let _ = write!(out, "{magnitude:.known$}");
    out.resize(out.len() + (places - known), b'0');
}

fn append_general(out: &mut Vec<u8>, magnitude: f64, verb: u8, precision: Option<usize>, format: Format) {
    let (decimal, threshold) = match precision {
        None => (Decimal::shortest(magnitude, format), 6),
        Some(wanted) => {
            let wanted = wanted.max(1);
            let decimal = Decimal::rounded(magnitude, wanted);
            // Digits that aren't there don't count, unless the point is beyond them.
            let threshold = match decimal.len() as i32 >= decimal.point {
                true => wanted.min(decimal.len()),
                false => wanted,
            };
            (decimal, i32::try_from(threshold).unwrap_or(i32::MAX))
        }
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= threshold {
        write_exponential(out, &decimal, decimal.len().saturating_sub(1), verb - 2);
    } else {
        write_fixed(out, &decimal, decimal.places());
    }
}

/// `d.ddde±dd` with `places` digits after the point; `letter` is `e` or `E`.
fn write_exponential(out: &mut Vec<u8>, decimal: &Decimal, places: usize, letter: u8) {
    out.push(decimal.digit(0));
    if places > 0 {
        out.push(b'.');
        let known = decimal.digits.get(1..).unwrap_or_default();
        let known = &known[..known.len().min(places)];
        out.extend_from_slice(known);
        out.resize(out.len() + (places - known.len()), b'0');
    }
    let exponent = match decimal.digits.is_empty() {
        true => 0,
        false => decimal.point - 1,
    };
    write_exponent(out, letter, exponent, 2);
}

/// `ddd.ddd` with `places` digits after the point.
fn write_fixed(out: &mut Vec<u8>, decimal: &Decimal, places: usize) {
    if decimal.point > 0 {
        out.extend((0..decimal.point).map(|at| decimal.digit(at)));
    } else {
        out.push(b'0');
    }
    if places > 0 {
        out.push(b'.');
        let first = decimal.point;
        out.extend((0..places).map(|at| decimal.digit(first.saturating_add(at as i32))));
    }
}

/// The letter, a sign, and at least `width` digits.
fn write_exponent(out: &mut Vec<u8>, letter: u8, exponent: i32, width: usize) {
    let sign = if exponent < 0 { '-' } else { '+' };
    let magnitude = exponent.unsigned_abs();
    // Writing to a Vec can't fail.
    let _ = write!(out, "{}{sign}{magnitude:0width$}", char::from(letter));
}

/// `ddddp±ddd`: the exact integer and power of two.
fn append_binary(out: &mut Vec<u8>, magnitude: f64, format: Format) {
    let (mantissa, exponent) = format.parts(magnitude);
    // Writing to a Vec can't fail.
    let _ = write!(out, "{mantissa}");
    write_exponent(out, b'p', exponent, 1);
}

/// `0x1.dddp±dd`; `verb` is `x` or `X`.
fn append_hexadecimal(out: &mut Vec<u8>, magnitude: f64, verb: u8, precision: Option<usize>, format: Format) {
    const POINT: u32 = 60;
    let (mut mantissa, mut exponent) = format.parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading one goes to bit 60, so that 15 whole digits follow the point.
        let shift = mantissa.leading_zeros() - (63 - POINT);
        mantissa <<= shift;
        exponent += POINT as i32 - shift as i32;
    }
    if let Some(digits @ 0..15) = precision {
        let dropped = POINT - 4 * digits as u32;
        mantissa = round_to_even(mantissa, dropped) << dropped;
        if mantissa >> (POINT + 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let upper = verb == b'X';
    let hex: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.extend_from_slice(&[b'0', verb, b'0' + (mantissa >> POINT) as u8]);
    let mut fraction = mantissa << (64 - POINT);
    let places = precision.unwrap_or(16 - fraction.trailing_zeros() as usize / 4);
    if places > 0 {
        out.push(b'.');
        for _ in 0..places {
            out.push(hex[(fraction >> 60) as usize]);
            fraction <<= 4;
        }
    }
    write_exponent(out, if upper { b'P' } else { b'p' }, exponent, 2);
}

/// `value` without its low `dropped` (1 to 63) bits, rounded to nearest, ties to even.
pub(super) fn round_to_even(value: u64, dropped: u32) -> u64 {
    let kept = value >> dropped;
    let remainder = value & ((1 << dropped) - 1);
    let half = 1 << (dropped - 1);
    kept + u64::from(remainder > half || remainder == half && kept & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64, verb: u8, precision: Option<usize>) -> String {
        String::from_utf8(format_float(number, verb, precision, 64)).unwrap()
    }

    #[test]
    fn shortest() {
        for (number, e, f, g) in [
            (0.0, "0e+00", "0", "0"),
            (-0.0, "-0e+00", "-0", "-0"),
            (1.0, "1e+00", "1", "1"),
            (100000.0, "1e+05", "100000", "100000"),
            (123456.7, "1.234567e+05", "123456.7", "123456.7"),
            (1e6, "1e+06", "1000000", "1e+06"),
            (0.0001, "1e-04", "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001", "1e-05"),
            (1e100, "1e+100", &format!("1{}", "0".repeat(100)), "1e+100"),
            (5e-324, "5e-324", &format!("0.{}5", "0".repeat(323)), "5e-324"),
            (f64::INFINITY, "+Inf", "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf", "-Inf"),
            (f64::NAN, "NaN", "NaN", "NaN"),
        ] {
            assert_eq!(text(number, b'e', None), e);
            assert_eq!(text(number, b'f', None), f);
            assert_eq!(text(number, b'g', None), g);
        }
        assert_eq!(format_float(f64::from(0.1f32), b'g', None, 32), b"0.1", "32 bits need fewer digits");
        assert_eq!(text(f64::from_bits(0x4081_0B9C_A000_0000), b'g', None), "545.4514770507812");
        assert_eq!(format_float(448165.125, b'g', None, 32), b"448165.12");
    }

    #[test]
    fn precision_rounds_ties_of_the_exact_value_to_even() {
        for (number, verb, precision, expect) in [
            (2.5, b'f', 0, "2"),
            (0.5, b'f', 0, "0"),
            (1.005, b'f', 2, "1.00"),
            (9.995, b'e', 2, "9.99e+00"),
            (99.5, b'e', 1, "1.0e+02"),
            (1234.5678, b'E', 3, "1.235E+03"),
            (100.0, b'g', 3, "100"),
            (100.0, b'g', 2, "1e+02"),
            (123456789.0, b'G', 4, "1.235E+08"),
            (1e20, b'g', 30, "100000000000000000000"),
            (0.0, b'g', 0, "0"),
            (0.0, b'e', 3, "0.000e+00"),
        ] {
            assert_eq!(text(number, verb, Some(precision)), expect);
        }
        assert_eq!(text(1.5, b'f', Some(70_000)).len(), 70_002);
        assert_eq!(text(1.5, b'e', Some(70_000)).len(), 70_006);
        assert_eq!(text(1.5, b'x', Some(70_000)).len(), 70_008);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(text(1.0, b'x', None), "0x1p+00");
        assert_eq!(text(0.0, b'x', Some(2)), "0x0.00p+00");
        assert_eq!(text(-10.75, b'X', None), "-0X1.58P+03");
        assert_eq!(text(5e-324, b'x', None), "0x1p-1074");
        assert_eq!(text(1.96875, b'x', Some(0)), "0x1p+01");
        assert_eq!(text(1.03125, b'x', Some(1)), "0x1.0p+00");
        assert_eq!(text(1.0, b'b', None), "4503599627370496p-52");
        assert_eq!(text(0.0, b'b', None), "0p-1074");
        assert_eq!(format_float(1.0, b'b', None, 32), b"8388608p-23");
        assert_eq!(text(1.0, b'q', None), "%q");
    }
}
