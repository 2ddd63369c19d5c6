//! Quantities as the API server keeps them: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.
//!
//! Takes what a manifest says, gives the server's spelling, or nothing where that takes rounding, an exponent or more
//! digits than there are: then the server is asked.

use serde_json::Value;

/// Maps whose values are quantities, in all of Kubernetes' own kinds that have them.
const MAPS: [&str; 6] = ["capacity", "hard", "limits", "overhead", "podFixed", "requests"];

/// Decimal suffixes, with the power of ten that they stand for.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

/// Binary suffixes, by the power of 1024 that they stand for.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Whether the values of a map of this name are quantities.
pub(super) fn holds_quantities(map: &str) -> bool {
    MAPS.contains(&map)
}

/// Whether the field `name` of the map `map` is a quantity.
pub(super) fn is_quantity(map: &str, name: &str) -> bool {
    holds_quantities(map)
        || matches!((map, name), ("emptyDir", "sizeLimit") | ("scaleUp" | "scaleDown", "tolerance"))
}

/// Whether a manifest's value and the server's are the same quantity, as far as that is certain.
pub(super) fn is_same_quantity(ours: &Value, theirs: &Value) -> bool {
    theirs.as_str().is_some_and(|theirs| canonical(ours).as_deref() == Some(theirs))
}

/// The server's spelling of a quantity.
pub(super) fn canonical(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than these fit no int64.
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction) || digits.len() > 18 {
        return None;
    }
    let mantissa: i128 = digits.parse().ok()?;
    let scale = -i32::try_from(fraction.len()).ok()?;
    if let Some((_, exponent)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return decimal(mantissa, scale + exponent);
    }
    let power = BINARY.iter().position(|known| *known == suffix)?;
    binary(mantissa, scale, u32::try_from(power).ok()?)
}

/// `mantissa` times ten to the power of `exponent`.
fn decimal(mut mantissa: i128, mut exponent: i32) -> Option<String> {
    if mantissa == 0 {
        return Some("0".to_owned());
    }
    while mantissa % 10 == 0 {
        (mantissa, exponent) = (mantissa / 10, exponent + 1);
    }
    while exponent.rem_euclid(3) != 0 {
        (mantissa, exponent) = (mantissa * 10, exponent - 1);
    }
    let (suffix, _) = DECIMAL.iter().find(|(_, known)| *known == exponent)?;
    let ten = |exponent: i32| 10_i128.checked_pow(u32::try_from(exponent).unwrap_or(0));
    is_in_range(mantissa.checked_mul(ten(exponent)?)?).then(|| format!("{mantissa}{suffix}"))
}

/// `mantissa` times ten to the power of `scale`, which isn't positive, times 1024 to the power of `power`.
fn binary(mantissa: i128, scale: i32, power: u32) -> Option<String> {
    let scaled = mantissa.checked_mul(1024_i128.checked_pow(power)?)?;
    let divisor = 10_i128.checked_pow(scale.unsigned_abs())?;
    if scaled % divisor != 0 {
        return None;
    }
    let mut value = scaled / divisor;
    if !is_in_range(value) {
        return None;
    }
    if value < 1024 {
        return decimal(value, 0);
    }
    let mut power = 0;
    while value % 1024 == 0 {
        (value, power) = (value / 1024, power + 1);
    }
    BINARY.get(power).map(|suffix| format!("{value}{suffix}"))
}

/// Whether a value is one that the server doesn't cap.
fn is_in_range(value: i128) -> bool {
    value < i128::from(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_quantity_has_one_spelling() {
        for (given, kept) in [
            (json!("1000m"), "1"),
            (json!("0.5"), "500m"),
            (json!(0.5), "500m"),
            (json!(1), "1"),
            (json!(1.5), "1500m"),
            (json!("0.1"), "100m"),
            (json!("1.0"), "1"),
            (json!("100"), "100"),
            (json!("1000"), "1k"),
            (json!(2000), "2k"),
            (json!("1024"), "1024"),
            (json!("1500M"), "1500M"),
            (json!("1000M"), "1G"),
            (json!("1024Mi"), "1Gi"),
            (json!("10240Mi"), "10Gi"),
            (json!("1.5Gi"), "1536Mi"),
            (json!("0.5Gi"), "512Mi"),
            (json!("0.5Ki"), "512"),
            (json!("512Ki"), "512Ki"),
            (json!("0"), "0"),
            (json!("0Gi"), "0"),
            (json!("00.50"), "500m"),
        ] {
            assert_eq!(canonical(&given).as_deref(), Some(kept), "{given}");
        }
    }

    #[test]
    fn what_is_not_certain_is_not_said() {
        for given in [
            json!("1e3"),
            json!("-1"),
            json!("+1"),
            json!(".5"),
            json!(""),
            json!("Gi"),
            json!("1gi"),
            json!("1.5.5"),
            json!("0.0000000001"),
            json!("0.3Ki"),
            json!("9E3"),
            json!("100E"),
            json!("16Ei"),
            json!("9999999999999999999"),
            json!(true),
            json!(null),
        ] {
            assert_eq!(canonical(&given), None, "{given}");
        }
        assert!(!is_same_quantity(&json!("1"), &json!(1)), "the server keeps texts");
    }
}
