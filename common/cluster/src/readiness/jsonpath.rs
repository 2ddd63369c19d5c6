//! What a JSONPath finds in an object.
//!
//! As in kubectl, what isn't there is simply not found, and no step fails. Nothing here recurses with the
//! object, which may be nested as deeply as a server lets it.

use std::cmp::Ordering;

use codex_common::jsonpath::{Filter, Operand, Operator, Step};
use serde_json::Value;

/// The values that steps lead to, in the object's order. Null counts as nothing.
pub(super) fn find<'a>(object: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    let mut found = vec![object];
    for step in steps {
        found = found.into_iter().flat_map(|value| take(value, step)).collect();
    }
    found.retain(|value| !value.is_null());
    found
}

fn take<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    match step {
        Step::Field(key) => value.as_object().and_then(|entries| entries.get(key)).into_iter().collect(),
        Step::Wildcard => children(value),
        Step::Descendants => descendants(value),
        Step::Index(at) => place(*at, items.len()).and_then(|at| items.get(at)).into_iter().collect(),
        Step::Slice { start, end, step } => {
            let bound = |at: i64| place(at, items.len()).unwrap_or(0).min(items.len());
            let (start, end) = (start.map_or(0, bound), end.map_or(items.len(), bound));
            items.get(start..end).unwrap_or_default().iter().step_by(*step).collect()
        }
        Step::Union(steps) => steps.iter().flat_map(|step| take(value, step)).collect(),
        Step::Filter(filter) => items.iter().filter(|item| passes(item, filter)).collect(),
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(entries) => entries.values().collect(),
        _ => Vec::new(),
    }
}

/// A value and all below it, parents first.
fn descendants(value: &Value) -> Vec<&Value> {
    let (mut found, mut ahead) = (Vec::new(), vec![value]);
    while let Some(value) = ahead.pop() {
        found.push(value);
        ahead.extend(children(value).into_iter().rev());
    }
    found
}

/// A place from the beginning of a list; `None` if it lies before that.
fn place(at: i64, length: usize) -> Option<usize> {
    match usize::try_from(at) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
    }
}

fn passes(item: &Value, filter: &Filter) -> bool {
    let values = |operand: &Operand| match operand {
        Operand::Path(steps) => find(item, steps).into_iter().cloned().collect(),
        Operand::Text(text) => vec![Value::from(text.as_str())],
        Operand::Number(number) => vec![Value::from(*number)],
        Operand::Bool(value) => vec![Value::from(*value)],
    };
    let left = values(&filter.left);
    let Some((operator, right)) = &filter.comparison else { return !left.is_empty() };
    let right = values(right);
    // One value is compared with one: what isn't there equals nothing and differs from nothing.
    let ([left], [right]) = (&left[..], &right[..]) else { return false };
    let order = order(left, right);
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// How two values of one kind compare; `None` for different kinds.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        _ => (left == right).then_some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use codex_common::jsonpath::JsonPath;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(text: &str) -> Value {
        let object = json!({
            "status": {
                "phase": "Up",
                "none": null,
                "brokers": [
                    {"id": 1, "up": true, "labels": {"zone.example/name": "a"}},
                    {"id": 2, "up": false, "port": 80},
                    {"id": 10, "up": true, "port": "80"}
                ]
            }
        });
        let path = JsonPath::parse(text).expect("an expression");
        find(&object, path.steps()).into_iter().cloned().collect()
    }

    #[test]
    fn steps_lead_to_values() {
        for (path, expected) in [
            ("{.status.phase}", json!(["Up"])),
            ("{.status.none}", json!([])),
            ("{.status.missing.phase}", json!([])),
            ("{.status.brokers[0].id}", json!([1])),
            ("{.status.brokers[-1].id}", json!([10])),
            ("{.status.brokers[3].id}", json!([])),
            ("{.status.brokers[-4].id}", json!([])),
            ("{.status.brokers[*].id}", json!([1, 2, 10])),
            ("{.status.brokers[1:].id}", json!([2, 10])),
            ("{.status.brokers[:-1].id}", json!([1, 2])),
            ("{.status.brokers[::2].id}", json!([1, 10])),
            ("{.status.brokers[2:1].id}", json!([])),
            ("{.status.brokers[0,2].id}", json!([1, 10])),
            ("{.status.brokers[0]['id','up']}", json!([1, true])),
            (r"{.status.brokers[0].labels.zone\.example/name}", json!(["a"])),
            ("{..id}", json!([1, 2, 10])),
            ("{.status.phase[0]}", json!([])),
            ("{.status.phase.*}", json!([])),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
    }

    #[test]
    fn filters_let_items_pass() {
        for (filter, expected) in [
            ("@.id==2", json!([2])),
            ("@.id!=2", json!([1, 10])),
            ("@.id<2", json!([1])),
            ("@.id<=2", json!([1, 2])),
            ("@.id>2", json!([10])),
            ("@.id>=2", json!([2, 10])),
            ("@.up==true", json!([1, 10])),
            ("@.port", json!([2, 10])),
            ("@.port==80", json!([2])),
            ("@.port=='80'", json!([10])),
            ("@.port!=80", json!([10])),
            ("@.nothing=='x'", json!([])),
        ] {
            assert_eq!(found(&format!("{{.status.brokers[?({filter})].id}}")), expected, "{filter}");
        }
    }

    #[test]
    fn an_object_may_be_nested_deeply() {
        let mut deep = json!({"id": 1});
        for _ in 0..1_000 {
            deep = json!([deep]);
        }
        let path = JsonPath::parse("{..id}").expect("an expression");
        assert_eq!(find(&deep, path.steps()), [&json!(1)]);
    }

    proptest! {
        #[test]
        fn no_place_is_out_of_reach(start in any::<i64>(), end in any::<i64>(), step in 1..5_usize, index in any::<i64>()) {
            let list = json!([1, 2, 3]);
            let slice = Step::Slice { start: Some(start), end: Some(end), step };
            prop_assert!(find(&list, &[slice]).len() <= 3);
            prop_assert!(find(&list, &[Step::Index(index)]).len() <= 1);
        }
    }
}
