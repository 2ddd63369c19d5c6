//! What a definition says of its kind's fields: which of them are owned as a whole.
//!
//! `fieldsV1` alone can't tell (see `atomic.rs`), and names mean nothing in a kind of someone's own. A
//! CustomResourceDefinition has the answer; one that comes with the objects and is known to stay as it is costs no
//! request.

use serde_json::Value;

/// The schema of one place in an object.
#[derive(Debug, Clone, Copy)]
pub(super) enum Schema<'a> {
    /// Nothing is known of it.
    Unknown,
    /// It is described.
    Node(&'a Value),
    /// It may hold anything: then lists are owned as a whole, and maps by their keys.
    Anything,
}

impl<'a> Schema<'a> {
    /// The schema of a whole object, in one version of a definition.
    pub(super) fn of_kind(definition: &'a Value, api_version: &str) -> Self {
        let version = api_version.rsplit('/').next().unwrap_or(api_version);
        let versions = definition["spec"]["versions"].as_array();
        let schema = versions.into_iter().flatten().find(|one| one["name"] == version);
        schema.map_or(Self::Unknown, |one| Self::of(&one["schema"]["openAPIV3Schema"]))
    }

    fn of(node: &'a Value) -> Self {
        match node {
            // An object within has the metadata of all objects, which no schema describes.
            Value::Object(map) if !map.contains_key("x-kubernetes-embedded-resource") => Self::Node(node),
            _ => Self::Unknown,
        }
    }

    /// The schema of a field.
    pub(super) fn field(self, name: &str) -> Self {
        let Self::Node(node) = self else { return self };
        match (node["properties"].get(name), &node["additionalProperties"]) {
            (Some(field), _) => Self::of(field),
            (None, values @ Value::Object(_)) => Self::of(values),
            (None, Value::Bool(true)) => Self::Anything,
            _ if node["x-kubernetes-preserve-unknown-fields"] == true => Self::Anything,
            _ => Self::Unknown,
        }
    }

    /// The schema of a list's items.
    pub(super) fn items(self) -> Self {
        match self {
            Self::Node(node) => Self::of(&node["items"]),
            other => other,
        }
    }

    /// Whether a value of this place is owned as a whole.
    pub(super) fn is_atomic(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Anything, Value::Array(_)) => true,
            (Self::Node(node), Value::Array(_)) => {
                node["x-kubernetes-list-type"].as_str().is_none_or(|kind| kind == "atomic")
            }
            (Self::Node(node), Value::Object(_)) => node["x-kubernetes-map-type"] == "atomic",
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition() -> Value {
        let item = json!({"type": "object", "properties": {"name": {}, "args": {"type": "array"}}});
        json!({"spec": {"versions": [
            {"name": "v1beta1"},
            {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "list": {"type": "array"},
                "whole": {"type": "array", "x-kubernetes-list-type": "atomic"},
                "keyed": {"type": "array", "x-kubernetes-list-type": "map", "items": item},
                "set": {"type": "array", "x-kubernetes-list-type": "set"},
                "selector": {"type": "object", "x-kubernetes-map-type": "atomic"},
                "spec": {"type": "object"},
                "named": {"type": "object", "additionalProperties": {"type": "array"}},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "within": {"type": "object", "x-kubernetes-embedded-resource": true}
            }}}}
        ]}})
    }

    #[test]
    fn a_definition_tells_what_is_owned_as_a_whole() {
        let definition = definition();
        let schema = Schema::of_kind(&definition, "example.org/v1");
        let (list, map) = (json!([1]), json!({"a": 1}));
        for name in ["list", "whole"] {
            assert!(schema.field(name).is_atomic(&list), "{name}");
        }
        for name in ["keyed", "set", "nowhere", "within"] {
            assert!(!schema.field(name).is_atomic(&list), "{name}");
        }
        assert!(schema.field("selector").is_atomic(&map) && !schema.field("spec").is_atomic(&map));
        assert!(schema.field("named").field("x").is_atomic(&list));
        assert!(schema.field("keyed").items().field("args").is_atomic(&list));
        let any = schema.field("any").field("deep").field("deeper");
        assert!(any.is_atomic(&list) && !any.is_atomic(&map) && any.items().is_atomic(&list));
        assert!(!schema.field("within").field("spec").is_atomic(&list));
    }

    #[test]
    fn of_another_version_nothing_is_known() {
        let definition = definition();
        for version in ["example.org/v2", "example.org/v1beta1"] {
            let schema = Schema::of_kind(&definition, version);
            assert!(!schema.is_atomic(&json!([1])) && !schema.field("list").is_atomic(&json!([1])));
        }
    }
}
