//! Between YAML nodes and template values, for `toYaml`, `fromYaml` and `toJson`.

use gotemplate::{FunctionError, Kind, Value};

use crate::yaml::{Mapping, Node, Value as Yaml};

/// How deep values may be nested; deeper ones are made by accident or with intent to harm.
const MAX_DEPTH: usize = 500;

/// The YAML node of a template value; structs become mappings of their fields.
pub(super) fn node_of(value: &Value) -> Result<Node, FunctionError> {
    node_at(value, 0)
}

/// The template value of a YAML node: maps are `map[string]any`, lists `[]any`.
pub(super) fn value_of(node: &Node) -> Result<Value, FunctionError> {
    value_at(node, 0)
}

fn too_deep(depth: usize) -> Result<(), FunctionError> {
    if depth > MAX_DEPTH {
        return Err(FunctionError::new(format!("the value is nested more than {MAX_DEPTH} levels deep")));
    }
    Ok(())
}

fn node_at(value: &Value, depth: usize) -> Result<Node, FunctionError> {
    too_deep(depth)?;
    if value.is_nil() && !matches!(value.kind(), Kind::Map | Kind::Slice) {
        return Ok(Node::new(Yaml::Null));
    }
    if let Some(time) = value.as_time() {
        return Ok(Node::from(String::from_utf8_lossy(&time.go_text()).into_owned()));
    }
    let kind = value.kind();
    Ok(match kind {
        Kind::Bool => Node::from(value.as_bool().unwrap_or_default()),
        Kind::String => {
            let bytes = value.as_bytes().unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|_| FunctionError::new("the text is not UTF-8"))?;
            Node::from(text)
        }
        Kind::Float32 | Kind::Float64 => Node::from(value.as_float().unwrap_or_default()),
        Kind::Slice => {
            let items: Result<Vec<Node>, _> =
                value.items().iter().map(|item| node_at(item, depth + 1)).collect();
            Node::from(items?)
        }
        Kind::Map => {
            let mut entries = Mapping::new();
            for (key, item) in value.entries() {
                entries.insert(&super::functions::spelled(key), node_at(item, depth + 1)?);
            }
            Node::from(entries)
        }
        Kind::Struct => {
            let fields = value.fields().map(|(name, field)| Ok((name, node_at(field, depth + 1)?)));
            Node::from(fields.collect::<Result<Mapping, FunctionError>>()?)
        }
        Kind::Pointer => {
            value.target().map_or_else(|| Ok(Node::new(Yaml::Null)), |target| node_at(target, depth + 1))?
        }
        _ => match (value.as_int(), value.as_uint()) {
            (Some(number), _) => Node::from(number),
            (None, Some(number)) => Node::from(number),
            (None, None) => {
                return Err(FunctionError::new(format!("a {} has no YAML form", value.ty())));
            }
        },
    })
}

fn value_at(node: &Node, depth: usize) -> Result<Value, FunctionError> {
    too_deep(depth)?;
    Ok(match &node.value {
        Yaml::Null => Value::nil(),
        Yaml::Bool(value) => Value::from(*value),
        Yaml::Int(number) => Value::from(*number),
        Yaml::Uint(number) => Value::from(*number),
        Yaml::Float(number) => Value::from(*number),
        Yaml::String(text) => Value::from(text),
        Yaml::Sequence(items) => {
            let items: Result<Vec<Value>, _> = items.iter().map(|item| value_at(item, depth + 1)).collect();
            Value::list(items?)
        }
        Yaml::Mapping(entries) => {
            let mut values = Vec::with_capacity(entries.len());
            for (key, item) in entries.iter() {
                values.push((key.text().unwrap_or_default().into_owned(), value_at(item, depth + 1)?));
            }
            Value::map(values)
        }
    })
}
