//! What a definition says of its kind's fields: which of them are owned as a whole.
//!
//! `fieldsV1` alone can't tell (see `atomic.rs`), and names mean nothing in a kind of someone's own. A
//! CustomResourceDefinition has the answer; one that comes with the objects and is known to stay as it is costs no
//! request.

use serde_json::{Map, Number, Value};

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
            _ if keeps_unknown(node) => Self::Anything,
            _ => Self::Unknown,
        }
    }

    /// The schema of a list's items.
    pub(super) fn items(self) -> Self {
        match self {
            Self::Node(node) if node["items"].is_null() && keeps_unknown(node) => Self::Anything,
            Self::Node(node) => Self::of(&node["items"]),
            other => other,
        }
    }

    /// A manifest's value of this place as the server keeps it: with its defaults, and whole numbers without a point.
    ///
    /// A null stays, whatever the server makes of it: then they differ, and the server is asked.
    pub(super) fn completed(self, value: &Value) -> Value {
        match (self, value) {
            (Self::Unknown, _) => value.clone(),
            (_, Value::Number(number)) => whole(number).map_or_else(|| value.clone(), Value::from),
            (_, Value::Array(items)) => items.iter().map(|item| self.items().completed(item)).collect(),
            (_, Value::Object(map)) => {
                let complete =
                    |(name, value): (&String, &Value)| (name.clone(), self.field(name).completed(value));
                let given: Map<String, Value> = map.iter().map(complete).collect();
                let defaults = self.defaults().filter(|(name, _)| !map.contains_key(*name));
                let filled: Vec<_> = defaults.map(complete).collect();
                given.into_iter().chain(filled).collect()
            }
            _ => value.clone(),
        }
    }

    /// The defaults of a map's fields.
    fn defaults(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let properties = match self {
            Self::Node(node) => node["properties"].as_object(),
            _ => None,
        };
        let default = |(name, field): (&'a String, &'a Value)| Some((name, field.get("default")?));
        properties.into_iter().flatten().filter_map(default).filter(|(_, default)| !default.is_null())
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

/// Whether what isn't described is kept.
fn keeps_unknown(node: &Value) -> bool {
    node["x-kubernetes-preserve-unknown-fields"] == true
}

/// A number that has a point and needs none.
fn whole(number: &Number) -> Option<i64> {
    /// Up to here each whole number is a number of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let is_whole = float.fract() == 0.0 && float.abs() < EXACT && (float != 0.0 || float.is_sign_positive());
    is_whole.then(|| format!("{float:.0}").parse().ok()).flatten()
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
    fn a_definition_tells_what_the_server_fills_in() {
        let item = json!({"properties": {
            "action": {"type": "string", "default": "replace"},
            "any": {"x-kubernetes-preserve-unknown-fields": true},
            "deep": {"type": "object", "default": {}, "properties": {"on": {"type": "boolean", "default": true}}},
            "more": {"additionalProperties": {"properties": {"n": {"default": 1}}}},
            "within": {"x-kubernetes-embedded-resource": true, "properties": {"x": {"default": 1}}}
        }});
        let node = json!({"type": "array", "items": item});
        let schema = Schema::of(&node);
        let filled = json!({"action": "replace", "deep": {"on": true}});
        for (given, kept) in [
            (json!([]), json!([])),
            (json!([{}]), json!([filled])),
            (
                json!([{"action": "drop", "deep": {"on": false}, "more": {"a": {}}}, {"within": {}}]),
                json!([{"action": "drop", "deep": {"on": false}, "more": {"a": {"n": 1}}},
                       {"action": "replace", "deep": {"on": true}, "within": {}}]),
            ),
            (
                json!([{"action": null, "deep": {}, "any": [1e3, 2.5, -3.0, 1e300, null, {"a": 7.0}]}]),
                json!([{"action": null, "deep": {"on": true}, "any": [1000, 2.5, -3, 1e300, null, {"a": 7}]}]),
            ),
            (json!([1, "a", null]), json!([1, "a", null])),
        ] {
            assert_eq!(schema.completed(&given), kept, "{given}");
        }
        assert_eq!(Schema::Unknown.completed(&json!([1.0])), json!([1.0]));
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
