//! Nulls: a key without a value is a key that isn't there, as client-side apply has it.
//!
//! Server-side apply takes null for a value: it owns the field, and a key field of a list that is null is
//! another key than the default that the server fills in.

use serde_json::Value;

/// Drops the keys of all maps whose value is null. Items of lists stay, since the others would move.
///
/// Recursion is bounded by the depth that the caller has checked.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, child| !child.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_without_a_value_go_and_empty_maps_stay() {
        let mut value = json!({
            "a": null, "b": {"c": null}, "d": [null, {"e": null, "f": 1}, [{"g": null}]], "h": ""
        });
        drop_nulls(&mut value);
        assert_eq!(value, json!({"b": {}, "d": [null, {"f": 1}, [{}]], "h": ""}));
    }
}
