//! Between YAML nodes and template values, for `toYaml`, `fromYaml` and `toJson`.

use gotemplate::{FunctionError, Kind, Value};

use crate::yaml::{Mapping, Node, Value as Yaml};

use super::functions::spelled;

/// How deep values may be nested; deeper ones are made by accident or with intent to harm.
const MAX_DEPTH: usize = 500;

/// How many bytes a tree of nodes may take that is only made to be written.
const MAX_TREE: usize = 64 << 20;

/// The YAML node of a template value; structs become mappings of their fields.
///
/// A value that holds another twice shares it, a tree has it twice: it may be larger by any measure.
pub(super) fn node_of(value: &Value) -> Result<Node, FunctionError> {
    node_at(value, 0, &mut MAX_TREE.clone())
}

/// The template value of a YAML node: maps are `map[string]any`, lists `[]any`. It may take `room` bytes.
pub(super) fn value_of(node: &Node, room: usize) -> Result<Value, FunctionError> {
    value_at(node, 0, &mut room.clone())
}

fn too_deep(depth: usize) -> Result<(), FunctionError> {
    if depth > MAX_DEPTH {
        return Err(FunctionError::new(format!("the value is nested more than {MAX_DEPTH} levels deep")));
    }
    Ok(())
}

/// The node of a value `depth` levels deep; takes what it weighs away from `room`.
fn node_at(value: &Value, depth: usize, room: &mut usize) -> Result<Node, FunctionError> {
    too_deep(depth)?;
    let weight = size_of::<Node>() + value.as_bytes().map_or(0, <[u8]>::len);
    *room = room.checked_sub(weight).ok_or_else(FunctionError::too_large)?;
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
                value.items().iter().map(|item| node_at(item, depth + 1, room)).collect();
            Node::from(items?)
        }
        Kind::Map => {
            let mut entries = Vec::with_capacity(value.len().unwrap_or(0));
            for (key, item) in value.entries() {
                // Keys of one map are of one type and different, so their texts are, too.
                let key = node_at(&Value::from(spelled(key, *room)?), depth + 1, room)?;
                entries.push((key, node_at(item, depth + 1, room)?));
            }
            Node::from(Mapping::from_entries(entries))
        }
        Kind::Struct => {
            let fields = value.fields().map(|(name, field)| Ok((name, node_at(field, depth + 1, room)?)));
            Node::from(fields.collect::<Result<Mapping, FunctionError>>()?)
        }
        Kind::Pointer => {
            let target = value.target();
            target.map_or_else(|| Ok(Node::new(Yaml::Null)), |target| node_at(target, depth + 1, room))?
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

fn value_at(node: &Node, depth: usize, room: &mut usize) -> Result<Value, FunctionError> {
    too_deep(depth)?;
    let weight = size_of::<Value>() + node.as_str().map_or(0, str::len);
    *room = room.checked_sub(weight).ok_or_else(FunctionError::too_large)?;
    Ok(match &node.value {
        Yaml::Null => Value::nil(),
        Yaml::Bool(value) => Value::from(*value),
        Yaml::Int(number) => Value::from(*number),
        Yaml::Uint(number) => Value::from(*number),
        Yaml::Float(number) => Value::from(*number),
        Yaml::String(text) => Value::from(text),
        Yaml::Sequence(items) => {
            let items: Result<Vec<Value>, _> =
                items.iter().map(|item| value_at(item, depth + 1, room)).collect();
            Value::list(items?)
        }
        Yaml::Mapping(entries) => {
            let mut values = Vec::with_capacity(entries.len());
            for (key, item) in entries.iter() {
                let key = key.text().unwrap_or_default().into_owned();
                *room =
                    room.checked_sub(size_of::<Value>() + key.len()).ok_or_else(FunctionError::too_large)?;
                values.push((key, value_at(item, depth + 1, room)?));
            }
            Value::map(values)
        }
    })
}
