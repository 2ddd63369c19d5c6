//! Two states of one object side by side.
//!
//! Takes the live object and what it would become, gives both fit to be shown: without what only the server
//! writes, with a Secret's data and all other secrets hidden; and the unified diff of their texts. How an object
//! becomes text is the caller's: the suite has one YAML writer.

mod values;

use base64::Engine as _;
use codex_common::secrets::{MASK, Secrets};
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::identity::{group, kind};
use crate::ownership::takeover::without_annotation;

/// What differs between any two states of an object and tells nothing.
const NOISE: [&str; 6] =
    ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"];

/// How many lines that are alike stand around a change.
const CONTEXT: usize = 3;

/// Both states as they may be shown; either is `None` where the object isn't.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The live object.
    pub before: Option<Value>,
    /// What it would become.
    pub after: Option<Value>,
}

/// Makes two states of one object fit to be shown.
///
/// A Secret's values become `*** (12 bytes)`, and `*** (12 bytes, changed)` in the new state where they
/// differ; the values of secret variables are hidden wherever they stand. With `None` everything is shown. The
/// annotation of client-side apply goes: it repeats the object, secrets too.
pub fn shown(before: Option<&Value>, after: Option<&Value>, secrets: Option<&Secrets>) -> Shown {
    let mut shown = Shown { before: before.map(without_noise), after: after.map(without_noise) };
    if let Some(secrets) = secrets {
        for field in ["data", "stringData"] {
            let was = before.filter(|object| is_secret(object)).map(|object| object[field].clone());
            for (state, is_new) in [(&mut shown.before, false), (&mut shown.after, true)] {
                let Some(object) = state.as_mut().filter(|object| is_secret(object)) else {
                    continue;
                };
                hide(object, field, was.as_ref().filter(|_| is_new));
            }
        }
        values::hide(shown.before.as_mut(), shown.after.as_mut(), secrets);
    }
    shown
}

/// One object as it may be shown: see [`shown`].
pub fn redacted(object: &Value, secrets: &Secrets) -> Value {
    shown(None, Some(object), Some(secrets)).after.unwrap_or(Value::Null)
}

fn is_secret(object: &Value) -> bool {
    (group(object), kind(object)) == ("", "Secret")
}

fn without_noise(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(map) = object.as_object_mut() else {
        return object;
    };
    map.remove("status");
    let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) else {
        return object;
    };
    metadata.retain(|key, _| !NOISE.contains(&key.as_str()));
    without_annotation(&mut object);
    object
}

/// Hides the values of a Secret's field. What is no map is hidden as a whole.
fn hide(secret: &mut Value, field: &str, was: Option<&Value>) {
    let Some(values) = secret.get_mut(field).filter(|values| !values.is_null()) else {
        return;
    };
    let Some(values) = values.as_object_mut() else {
        *values = Value::from(MASK);
        return;
    };
    let before = was.and_then(Value::as_object);
    let hidden: Map<String, Value> = std::mem::take(values)
        .into_iter()
        .map(|(key, value)| {
            let old = before.and_then(|before| before.get(&key));
            let changed = if old.is_some_and(|old| *old != value) { ", changed" } else { "" };
            let hidden = match length(&value, field == "data") {
                Some(1) => format!("{MASK} (1 byte{changed})"),
                Some(length) => format!("{MASK} ({length} bytes{changed})"),
                None => format!("{MASK}{}", changed.replace(", ", " ")),
            };
            (key, Value::String(hidden))
        })
        .collect();
    *values = hidden;
}

/// How many bytes a value holds; `None` if it is no text, or no Base64 where it should be.
fn length(value: &Value, encoded: bool) -> Option<usize> {
    let text = value.as_str()?;
    if !encoded {
        return Some(text.len());
    }
    base64::engine::general_purpose::STANDARD.decode(text).ok().map(|bytes| bytes.len())
}

/// The unified diff of two texts under their names; empty if they are the same.
pub fn unified(before: (&str, &str), after: (&str, &str)) -> String {
    if before.1 == after.1 {
        return String::new();
    }
    let diff = TextDiff::from_lines(before.1, after.1);
    diff.unified_diff().context_radius(CONTEXT).header(before.0, after.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LAST_APPLIED;
    use proptest::prelude::*;
    use serde_json::json;

    fn secret(data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data})
    }

    #[test]
    fn a_secret_shows_only_what_changed() {
        let before = secret(json!({"same": "YQ==", "other": "aHVudGVyMg==", "gone": "eA=="}));
        let after =
            secret(json!({"same": "YQ==", "other": "aHVudGVyMw==", "new": "eHl6", "odd": "%", "worse": 7}));
        let shown = shown(Some(&before), Some(&after), Some(&Secrets::default()));
        assert_eq!(
            shown.before.expect("there")["data"],
            json!({"same": "*** (1 byte)", "other": "*** (7 bytes)", "gone": "*** (1 byte)"})
        );
        assert_eq!(
            shown.after.expect("there")["data"],
            json!({"same": "*** (1 byte)", "other": "*** (7 bytes, changed)", "new": "*** (3 bytes)", "odd": "***", "worse": "***"})
        );
    }

    #[test]
    fn secrets_are_shown_to_who_asks() {
        let object = secret(json!({"a": "YQ=="}));
        assert_eq!(shown(None, Some(&object), None).after, Some(object));
        assert_eq!(redacted(&secret(json!("text")), &Secrets::default())["data"], "***");
    }

    #[test]
    fn data_of_other_kinds_is_no_secret() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(redacted(&config, &Secrets::default()), config);
    }

    #[test]
    fn noise_is_left_out() {
        let mut object = secret(json!(null));
        let clean = object.clone();
        object["status"] = json!({"a": 1});
        for key in NOISE {
            object["metadata"][key] = json!("1");
        }
        object["metadata"]["annotations"] = json!({LAST_APPLIED: "hunter2"});
        assert_eq!(redacted(&object, &Secrets::default()), clean);
        object["metadata"]["annotations"] = json!({LAST_APPLIED: "hunter2", "a": "b"});
        assert_eq!(redacted(&object, &Secrets::default())["metadata"]["annotations"], json!({"a": "b"}));
    }

    #[test]
    fn the_diff_is_a_unified_one() {
        let before = "a\nb\nc\nd\ne\nf\n";
        let after = "a\nb\nc\nd\nE\nf\n";
        assert_eq!(
            unified(("live", before), ("applied", after)),
            "--- live\n+++ applied\n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n"
        );
        assert_eq!(unified(("live", before), ("applied", before)), "");
        assert_eq!(unified(("/dev/null", ""), ("new", "a\n")), "--- /dev/null\n+++ new\n@@ -0,0 +1 @@\n+a\n");
    }

    proptest! {
        #[test]
        fn no_secret_is_ever_shown(values in prop::collection::btree_map("[a-c]", "HUNTER[a-z]{1,9}", 1..4), old in "HUNTER[a-z]{1,9}") {
            let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
            let data: Map<String, Value> = values.iter().map(|(key, value)| (key.clone(), encode(value).into())).collect();
            let mut after = secret(Value::Object(data));
            after["stringData"] = json!({"x": old});
            let before = secret(json!({"a": encode(&old)}));
            let shown = shown(Some(&before), Some(&after), Some(&Secrets::default()));
            let text = format!("{:?}", shown);
            prop_assert!(!text.contains("HUNTER") && !text.contains(&encode("HUNTER")));
        }
    }
}
