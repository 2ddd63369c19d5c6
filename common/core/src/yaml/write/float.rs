//! Floats as Go prints them with the least digits that read back the same.

use std::fmt::{LowerExp, Write as _};

/// A float as yaml.v3 writes it: `1.5`, `1e+06`, `.inf`, `.nan`.
pub(in crate::yaml) fn float_text(number: f64) -> String {
    special(number).map_or_else(|| shortest(number), str::to_owned)
}

/// A float key as kubectl prints it, which it rounds to 32 bits.
pub(in crate::yaml) fn float32_text(number: f64) -> String {
    special(number).map_or_else(|| shortest(number as f32), str::to_owned)
}

fn special(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some(".nan")
    } else if number.is_infinite() {
        Some(if number > 0.0 { ".inf" } else { "-.inf" })
    } else {
        None
    }
}

/// Go's `%g` with the least digits: an exponent below -4 or from 6 on is
/// written, with two digits at least.
fn shortest(number: impl LowerExp) -> String {
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let mut text = String::with_capacity(scientific.len() + 8);
    text.push_str(sign);
    if !(-4..6).contains(&exponent) {
        text.push_str(mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a string can't fail.
        let _ = write!(text, "e{sign}{:02}", exponent.unsigned_abs());
        return text;
    }
    let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
    if exponent < 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize - 1));
        text.push_str(&digits);
        return text;
    }
    let before_point = exponent.unsigned_abs() as usize + 1;
    match digits.split_at_checked(before_point) {
        Some((whole, "")) => text.push_str(whole),
        Some((whole, fraction)) => {
            text.push_str(whole);
            text.push('.');
            text.push_str(fraction);
        }
        None => {
            text.push_str(&digits);
            text.extend(std::iter::repeat_n('0', before_point - digits.len()));
        }
    }
    text
}
