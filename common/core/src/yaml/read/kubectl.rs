//! What kubectl's way from YAML through JSON makes of keys and numbers.

use crate::yaml::node::Value;
use crate::yaml::write::float32_text;

use super::error::Problem;

/// A key as kubectl turns it into JSON: always a text.
pub(super) fn kubectl_key(value: Value, text: &str) -> Result<Value, Problem> {
    match value {
        Value::String(text) => Ok(Value::String(text)),
        Value::Bool(value) => Ok(Value::String(value.to_string())),
        Value::Int(number) => Ok(Value::String(number.to_string())),
        Value::Float(number) => Ok(Value::String(float32_text(number))),
        Value::Uint(_) => Err(Problem::NumberKey { text: text.to_owned() }),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => Err(Problem::NullKey),
    }
}

/// A value as it comes out of kubectl's way through JSON, where a number is an
/// integer if it is printed as one and fits in 64 bits with sign.
pub(super) fn kubectl_value(value: Value, text: &str) -> Result<Value, Problem> {
    match value {
        Value::Uint(number) => Ok(Value::Float(number as f64)),
        Value::Float(number) if !number.is_finite() => Err(Problem::NotJson { text: text.to_owned() }),
        // Both Go and Rust print the least digits that tell the number from
        // others and fill up with zeros.
        Value::Float(number) if number.fract() == 0.0 => {
            Ok(number.to_string().parse().map_or(Value::Float(number), Value::Int))
        }
        value => Ok(value),
    }
}
