//! Secrets in the values of objects, wherever they stand.
//!
//! Takes both states, hides in place. Values are masked, never the text that is made of them, so that JSON stays JSON
//! and a diff keeps its lines. Where a new value holds a secret, what stood there before was one too, if perhaps one
//! that nobody knows any more.

use codex_common::secrets::{MASK, Secrets};
use serde_json::{Map, Value};

/// What is said where a new value differs from the old one only in what is hidden.
const CHANGED: &str = " (changed)";

/// Hides secrets in two states of one object.
pub(super) fn hide(before: Option<&mut Value>, after: Option<&mut Value>, secrets: &Secrets) {
    match (before, after) {
        (Some(before), Some(after)) => both(before, after, secrets),
        (Some(one), None) | (None, Some(one)) => alone(one, secrets),
        (None, None) => {}
    }
}

fn both(before: &mut Value, after: &mut Value, secrets: &Secrets) {
    match (before, after) {
        (Value::String(before), Value::String(after)) => texts(before, after, secrets),
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in after.iter_mut() {
                hide(before.get_mut(key), Some(value), secrets);
            }
            before
                .iter_mut()
                .filter(|(key, _)| !after.contains_key(*key))
                .for_each(|(_, value)| alone(value, secrets));
            keys(before, secrets);
            keys(after, secrets);
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut is_paired = vec![false; before.len()];
            for (at, value) in after.iter_mut().enumerate() {
                let same =
                    before.iter().position(|old| value["name"].is_string() && old["name"] == value["name"]);
                match same.or(Some(at)).filter(|at| is_paired.get(*at) == Some(&false)) {
                    Some(at) => {
                        is_paired[at] = true;
                        both(&mut before[at], value, secrets);
                    }
                    None => alone(value, secrets),
                }
            }
            let left = before.iter_mut().zip(is_paired).filter(|(_, is_paired)| !is_paired);
            left.for_each(|(value, _)| alone(value, secrets));
        }
        (before, after) => {
            alone(before, secrets);
            alone(after, secrets);
        }
    }
}

fn alone(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => {
            if secrets.are_in(text) {
                *text = secrets.masked(text);
            }
        }
        Value::Number(number) => {
            if secrets.masked(&number.to_string()) == MASK {
                *value = Value::from(MASK);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| alone(item, secrets)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| alone(value, secrets));
            keys(fields, secrets);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Hides secrets in keys that somebody chose; one of letters alone is the name of a field.
fn keys(fields: &mut Map<String, Value>, secrets: &Secrets) {
    let is_shown = |key: &String| key.bytes().all(|byte| byte.is_ascii_alphabetic()) || !secrets.are_in(key);
    if fields.keys().all(is_shown) {
        return;
    }
    for (key, value) in std::mem::take(fields) {
        let masked = if is_shown(&key) { key } else { secrets.masked(&key) };
        let mut name = masked.clone();
        let mut number = 2;
        while fields.contains_key(&name) {
            name = format!("{masked}-{number}");
            number += 1;
        }
        fields.insert(name, value);
    }
}

fn texts(before: &mut String, after: &mut String, secrets: &Secrets) {
    let is_change = before != after;
    if secrets.are_in(before) {
        *before = secrets.masked(before);
    }
    if secrets.are_in(after) {
        *after = secrets.masked(after);
        if is_change {
            *before = hidden_like(before, after);
        }
    }
    if is_change && before == after {
        *after = after.replacen(MASK, &format!("{MASK}{CHANGED}"), 1);
    }
}

/// An old text without what stands where its new one has secrets. What is one line and looks otherwise is hidden as
/// a whole: Base64, for instance, has other neighbours for another value.
fn hidden_like(old: &str, new: &str) -> String {
    if new.trim() == MASK {
        return MASK.to_owned();
    }
    let is_line = !old.trim_end().contains('\n');
    let ends: Vec<(&str, &str)> = new
        .lines()
        .filter_map(|line| Some((&line[..line.find(MASK)?], &line[line.rfind(MASK)? + MASK.len()..])))
        .filter(|(head, tail)| !(head.trim().is_empty() && tail.trim().is_empty()))
        .collect();
    let hidden = old.split_inclusive('\n').map(|line| {
        let text = line.trim_end_matches('\n');
        let place = ends.iter().find(|(head, tail)| {
            text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
        });
        match place {
            Some((head, tail)) => format!("{head}{MASK}{tail}{}", &line[text.len()..]),
            None => line.to_owned(),
        }
    });
    let hidden: String = hidden.collect();
    if is_line && !hidden.contains(MASK) { MASK.to_owned() } else { hidden }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        secrets.learn("DB_PASSWORD", "hunter\"22");
        secrets.learn("PIN_KEY", "12345");
        secrets
    }

    fn pair(mut before: Value, mut after: Value) -> (Value, Value) {
        hide(Some(&mut before), Some(&mut after), &secrets());
        (before, after)
    }

    #[test]
    fn the_shape_stays_and_the_values_go() {
        let mut value = json!({"a": ["x hunter\"22", 12345, 123_456, true, null], "k-hunter\"22": 1, "k-hunter\"22 ": 2,
            "json": r#"{"p":"hunter\"22"}"#});
        hide(None, Some(&mut value), &secrets());
        assert_eq!(
            value,
            json!({"a": ["x ***", "***", 123_456, true, null], "k-***": 1, "k-*** ": 2, "json": r#"{"p":"***"}"#})
        );
    }

    #[test]
    fn a_change_of_what_is_hidden_is_said() {
        assert_eq!(
            pair(json!({"a": "old"}), json!({"a": "hunter\"22"})),
            (json!({"a": "***"}), json!({"a": "*** (changed)"}))
        );
        assert_eq!(pair(json!("p=12345"), json!("p=hunter\"22")), (json!("p=***"), json!("p=*** (changed)")));
        assert_eq!(pair(json!("p=12345"), json!("p=12345")), (json!("p=***"), json!("p=***")));
    }

    #[test]
    fn what_a_secret_replaces_is_hidden_too() {
        let (before, after) = pair(
            json!("user: a\npassword: old!\nport: 1\n"),
            json!("user: b\npassword: hunter\"22\nport: 1\n"),
        );
        assert_eq!(before, "user: a\npassword: ***\nport: 1\n");
        assert_eq!(after, "user: b\npassword: ***\nport: 1\n");
    }

    #[test]
    fn old_values_that_look_otherwise_are_hidden_as_a_whole() {
        let encoded = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        let (before, after) = pair(json!(encoded("ab:old secret")), json!(encoded("user:hunter\"22")));
        assert_eq!(before, "***");
        assert!(after.as_str().unwrap().contains("***"));
        let (before, after) =
            pair(json!("a: 1\npassword: 12345\nb: 2\n"), json!("a: 1\npassword: hunter\"22\nb: 2\n"));
        assert_eq!(before, "a: 1\npassword: ***\nb: 2\n");
        assert_eq!(after, "a: 1\npassword: *** (changed)\nb: 2\n");
    }

    #[test]
    fn items_are_compared_by_name() {
        let list = |items: &[(&str, &str)]| -> Value {
            items.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
        };
        let (before, after) = pair(
            list(&[("A", "old"), ("B", "plain")]),
            list(&[("B", "plain"), ("A", "hunter\"22"), ("C", "12345")]),
        );
        assert_eq!(before, list(&[("A", "***"), ("B", "plain")]));
        assert_eq!(after, list(&[("B", "plain"), ("A", "*** (changed)"), ("C", "***")]));
    }

    #[test]
    fn a_field_that_is_called_like_a_password_keeps_its_name() {
        let secrets = Secrets::default();
        secrets.learn("DB_PASSWORD", "data");
        let mut value = json!({"data": {"x": "data"}});
        hide(None, Some(&mut value), &secrets);
        assert_eq!(value, json!({"data": {"x": "***"}}));
    }
}
