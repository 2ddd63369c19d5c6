//! `Secret.stringData` folded into `data`.
//!
//! The server does the same, but forgets who owns `stringData`, so a Secret that has some never compares as
//! unchanged and a key dropped from it never goes (`apply.md`, "Input").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::problem::{Problem, noun};
use crate::path::Path;

/// Folds a Secret's `stringData` into its `data`; of a key in both `stringData` wins. Null counts as empty, as
/// the server reads it: templates often leave it behind.
///
/// Gives what stands in the way; the values themselves are never part of it.
pub(super) fn fold(secret: &mut Value) -> Vec<(Path, Problem)> {
    let Some(secret) = secret.as_object_mut() else {
        return Vec::new();
    };
    let texts = match secret.remove("stringData") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(texts)) => texts,
        Some(other) => {
            return vec![(Path::of_keys(&["stringData"]), Problem::NotAMap { found: noun(&other) })];
        }
    };
    let data = secret.entry("data").or_insert(Value::Null);
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let Some(data) = data.as_object_mut() else {
        return vec![(Path::of_keys(&["data"]), Problem::NotAMap { found: noun(data) })];
    };
    let mut problems = Vec::new();
    for (key, value) in texts {
        let text = match &value {
            Value::String(text) => text.as_str(),
            Value::Null => "",
            other => {
                let field = Path::of_keys(&["stringData", &key]);
                problems.push((field.clone(), Problem::NotText { field, found: noun(other) }));
                continue;
            }
        };
        data.insert(key, Value::String(STANDARD.encode(text)));
    }
    // Both empty is the same as neither, and an empty map of ours would never compare as unchanged.
    if data.is_empty() {
        secret.remove("data");
    }
    problems
}

/// [`fold`] for any object: of other kinds nothing is folded.
pub(crate) fn fold_if_secret(object: &mut Value) -> Vec<(Path, Problem)> {
    match (crate::identity::group(object), crate::identity::kind(object)) {
        ("", "Secret") => fold(object),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folded(mut secret: Value) -> Value {
        assert_eq!(fold(&mut secret), []);
        secret
    }

    #[test]
    fn texts_are_encoded_and_win() {
        assert_eq!(
            folded(json!({"data": {"a": "b2xk", "b": "Yg=="}, "stringData": {"a": "new", "c": "ключ"}})),
            json!({"data": {"a": "bmV3", "b": "Yg==", "c": "0LrQu9GO0Yc="}})
        );
    }

    #[test]
    fn nothing_to_fold_changes_nothing() {
        assert_eq!(folded(json!({"data": {"a": "YQ=="}})), json!({"data": {"a": "YQ=="}}));
        assert_eq!(folded(json!({"stringData": null, "type": "Opaque"})), json!({"type": "Opaque"}));
        assert_eq!(folded(json!({"stringData": {}})), json!({}));
    }

    #[test]
    fn null_is_an_empty_text() {
        assert_eq!(folded(json!({"stringData": {"a": null}})), json!({"data": {"a": ""}}));
    }

    #[test]
    fn what_is_no_text_is_named_but_not_shown() {
        let problems = fold(&mut json!({"stringData": {"pin": 123_456}}));
        assert_eq!(problems[0].1.to_string(), "stringData.pin is a number, not a text");
        assert_eq!(fold(&mut json!({"stringData": {"a": "b"}, "data": []})).len(), 1);
        assert_eq!(fold(&mut json!({"stringData": "text"})).len(), 1);
    }
}
