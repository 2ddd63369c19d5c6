//! From YAML nodes to JSON values and back.
//!
//! Separate because positions live in the nodes and everything that is sent is JSON.

use codex_common::yaml::{Mapping, Node, Value as Yaml};
use serde_json::{Map, Number, Value};

use crate::input::MAX_DEPTH;

/// The JSON value of a node. What is nested deeper than [`MAX_DEPTH`] is cut off one level below it, which
/// [`crate::input::check`] then refuses; numbers that JSON can't hold become null.
pub fn value_of(node: &Node) -> Value {
    value_at(node, 0)
}

fn value_at(node: &Node, depth: usize) -> Value {
    if depth > MAX_DEPTH + 1 {
        return Value::Null;
    }
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::Int(number) => Value::from(*number),
        Yaml::Uint(number) => Value::from(*number),
        Yaml::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Yaml::String(text) => Value::String(text.clone()),
        Yaml::Sequence(items) => items.iter().map(|item| value_at(item, depth + 1)).collect(),
        Yaml::Mapping(entries) => {
            let fields = entries.iter().map(|(key, value)| {
                (key.text().unwrap_or_default().into_owned(), value_at(value, depth + 1))
            });
            Value::Object(fields.collect::<Map<String, Value>>())
        }
    }
}

/// The same, with the texts moved from the node to the value: what is left of the node is where everything stands.
pub fn take_value(node: &mut Node) -> Value {
    taken_at(node, 0)
}

fn taken_at(node: &mut Node, depth: usize) -> Value {
    match &mut node.value {
        Yaml::String(text) if depth <= MAX_DEPTH + 1 => Value::String(std::mem::take(text)),
        Yaml::Sequence(items) if depth <= MAX_DEPTH + 1 => {
            items.iter_mut().map(|item| taken_at(item, depth + 1)).collect()
        }
        Yaml::Mapping(entries) if depth <= MAX_DEPTH + 1 => {
            let fields = entries.iter_mut().map(|(key, value)| {
                (key.text().unwrap_or_default().into_owned(), taken_at(value, depth + 1))
            });
            Value::Object(fields.collect::<Map<String, Value>>())
        }
        _ => value_at(node, depth),
    }
}

/// The node of a JSON value that came from the server, for the one YAML writer of the suite.
pub fn node_of(value: &Value) -> Node {
    match value {
        Value::Null => Node::new(Yaml::Null),
        Value::Bool(value) => Node::from(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Node::from(number),
            (None, Some(number)) => Node::from(number),
            (None, None) => Node::from(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Node::from(text.as_str()),
        Value::Array(items) => Node::from(items.iter().map(node_of).collect::<Vec<Node>>()),
        Value::Object(fields) => {
            Node::from(fields.iter().map(|(key, value)| (key, node_of(value))).collect::<Mapping>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_come_back_as_they_went() {
        let value = json!({"a": [1, 2.5, "x", null, true], "b": {"c": u64::MAX}});
        assert_eq!(value_of(&node_of(&value)), value);
        let mut node = node_of(&value);
        assert_eq!(take_value(&mut node), value);
        assert_eq!(value_of(&node)["a"][2], "", "its texts are gone, its places are not");
    }
}
