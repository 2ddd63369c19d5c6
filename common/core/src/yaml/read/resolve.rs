//! What a scalar without quotes stands for: null, a truth value, a number or a
//! text.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::yaml::node::Value;

use super::Dialect;
use super::error::Problem;
use super::tag::Tag;
use super::timestamp::is_timestamp;

/// Resolves a scalar that carries `tag`.
pub(super) fn scalar(text: &str, is_plain: bool, tag: Tag, dialect: Dialect) -> Result<Value, Problem> {
    match tag {
        Tag::None if is_plain => return Ok(plain(text, dialect)),
        Tag::NonSpecific if is_plain && dialect != Dialect::Kubectl => {
            return Ok(plain(text, dialect));
        }
        Tag::None | Tag::NonSpecific | Tag::Str | Tag::Other | Tag::Merge => {
            return Ok(Value::String(text.to_owned()));
        }
        Tag::Binary => return binary(text).map(Value::String),
        Tag::Timestamp => {
            let problem = Problem::TagMismatch { text: text.to_owned(), tag: tag.name().to_owned() };
            return if is_timestamp(text) { Ok(Value::String(text.to_owned())) } else { Err(problem) };
        }
        Tag::Int | Tag::Float | Tag::Bool | Tag::Null => {}
    }
    match (tag, plain(text, dialect)) {
        (Tag::Int, value @ (Value::Int(_) | Value::Uint(_)))
        | (Tag::Float, value @ Value::Float(_))
        | (Tag::Bool, value @ Value::Bool(_))
        | (Tag::Null, value @ Value::Null) => Ok(value),
        (Tag::Float, Value::Int(number)) => Ok(Value::Float(number as f64)),
        (Tag::Float, Value::Uint(number)) => Ok(Value::Float(number as f64)),
        _ => Err(Problem::TagMismatch { text: text.to_owned(), tag: tag.name().to_owned() }),
    }
}

/// Resolves a scalar without quotes and tag.
pub(in crate::yaml) fn plain(text: &str, dialect: Dialect) -> Value {
    special(text, dialect).or_else(|| number(text, dialect)).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Whether `text`, written without quotes, would be read as something else than
/// this text by yaml.v3, dates included.
pub(in crate::yaml) fn is_text(text: &str) -> bool {
    special(text, Dialect::Go).is_none() && number(text, Dialect::Go).is_none() && !is_timestamp(text)
}

/// Whether YAML 1.1 reads `text` as a truth value where YAML 1.2 has a text.
pub(in crate::yaml) fn is_old_bool(text: &str) -> bool {
    old_bool(text).is_some()
}

fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The words that aren't texts.
fn special(text: &str, dialect: Dialect) -> Option<Value> {
    let first = match text.as_bytes() {
        [] => return Some(Value::Null),
        // None of the words is longer.
        bytes if bytes.len() > 5 => return None,
        [first, ..] => *first,
    };
    let value = match (first, text) {
        (b'~', "~") | (b'n' | b'N', "null" | "Null" | "NULL") => Value::Null,
        (b't' | b'T', "true" | "True" | "TRUE") => Value::Bool(true),
        (b'f' | b'F', "false" | "False" | "FALSE") => Value::Bool(false),
        (b'.', ".nan" | ".NaN" | ".NAN") => Value::Float(f64::NAN),
        (b'.', ".inf" | ".Inf" | ".INF") | (b'+', "+.inf" | "+.Inf" | "+.INF") => Value::Float(f64::INFINITY),
        (b'-', "-.inf" | "-.Inf" | "-.INF") => Value::Float(f64::NEG_INFINITY),
        _ if dialect == Dialect::Kubectl => Value::Bool(old_bool(text)?),
        _ => return None,
    };
    Some(value)
}

/// The number that `text` spells.
fn number(text: &str, dialect: Dialect) -> Option<Value> {
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {}
        _ => return None,
    }
    let without_underscores;
    let text = if text.contains('_') {
        // After a leading point they have to stand between two digits.
        if text.starts_with('.') && !separates_digits(text.as_bytes()) {
            return None;
        }
        without_underscores = text.replace('_', "");
        &without_underscores
    } else {
        text
    };
    integer(text).or_else(|| float(text)).or_else(|| late_sign(text, dialect))
}

/// Whether each underscore stands between two digits.
fn separates_digits(text: &[u8]) -> bool {
    let is_digit =
        |index: Option<usize>| index.and_then(|index| text.get(index)).is_some_and(u8::is_ascii_digit);
    (0..text.len())
        .filter(|&at| text[at] == b'_')
        .all(|at| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)))
}

/// `0b-11` and, in yaml.v3, `0o-17`: the sign may follow these two prefixes.
fn late_sign(text: &str, dialect: Dialect) -> Option<Value> {
    let (base, digits) = match text.split_at_checked(2)? {
        ("0b", digits) => (2, digits),
        ("0o", digits) if dialect != Dialect::Kubectl => (8, digits),
        _ => return None,
    };
    i64::from_str_radix(digits, base).ok().map(Value::Int)
}

/// Integers of any base: `0x`, `0o` or a leading zero, `0b`, decimal.
fn integer(text: &str) -> Option<Value> {
    let (is_negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    let number = u64::from_str_radix(digits, base).ok()?;
    if is_negative {
        0i64.checked_sub_unsigned(number).map(Value::Int)
    } else {
        Some(i64::try_from(number).map_or(Value::Uint(number), Value::Int))
    }
}

/// Decimal numbers with a fraction, an exponent, or too many digits.
fn float(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let eat_digits =
        |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(matches!(bytes[0], b'+' | b'-'));
    let mut end = eat_digits(start);
    let mut digits = end - start;
    if bytes.get(end) == Some(&b'.') {
        let fraction = eat_digits(end + 1);
        digits += fraction - end - 1;
        end = fraction;
    }
    if digits == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        end = eat_digits(exponent.min(bytes.len()));
        if end <= exponent {
            return None;
        }
    }
    if end != bytes.len() {
        return None;
    }
    // Beyond the range it stays a text.
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
}

/// Decodes `!!binary`, which has to hold a text.
fn binary(text: &str) -> Result<String, Problem> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true),
    );
    let compact: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let bytes = ENGINE.decode(compact).map_err(|_| Problem::InvalidBase64)?;
    String::from_utf8(bytes).map_err(|_| Problem::BinaryNotText)
}
