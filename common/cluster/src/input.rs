//! From parsed documents to objects that may be sent.
//!
//! Takes JSON values with their origins, gives checked objects or everything that is wrong with them: nothing
//! is sent while input is wrong (`apply.md`, "Input"). It stands before any connection, so it knows nothing
//! of scopes, namespaces or the kinds that a server has.

mod doubled;
mod list;
mod lists;
mod null;
mod pod;
mod problem;
mod secret;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::identity::Identity;
use crate::path::Path;

pub use pod::pod_spec;
pub use problem::{Problem, Refused, Warned, Warning};
pub(crate) use secret::fold_if_secret as fold_secret;

/// How deep an object may be nested.
///
/// A server's answer wraps an object into a few levels more, and JSON readers commonly stop at 128. It also
/// bounds the recursion of everything behind this gate.
pub const MAX_DEPTH: usize = 100;

/// Where an object comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file as the user wrote its name, or `standard input`.
    pub file: Arc<str>,
    /// The line on which the document begins, from 1.
    pub line: u32,
}

/// One document of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What the document says; `Null` for an empty one.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// One object that may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The object, without what only the server writes.
    pub value: Value,
    /// Which object it is.
    pub identity: Identity,
    /// The document that it comes from.
    pub origin: Origin,
    /// Where it stands in that document: nowhere deeper, unless the document is a list.
    pub within: Path,
}

impl Object {
    /// The apiVersion that the object is written in.
    pub fn api_version(&self) -> &str {
        self.value.get("apiVersion").and_then(Value::as_str).unwrap_or("")
    }
}

/// The objects of an input, and what is worth saying of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The objects in the order of the input.
    pub objects: Vec<Object>,
    /// What was changed on the way that the author should know.
    pub warnings: Vec<Warned>,
}

/// What only the server writes. Sent along it would be claimed as ours, or refused.
const SERVER_METADATA: [&str; 6] =
    ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"];

/// Checks a whole input and makes it ready to be compared and sent.
///
/// # Errors
/// All that is wrong, in the order of the input; [`Problem::Empty`] if there is no object at all.
pub fn check(documents: Vec<Document>) -> Result<Checked, Vec<Refused>> {
    let mut checked = Checked::default();
    let mut refused = Vec::new();
    for Document { value, origin } in documents {
        if deeper_than(&value, MAX_DEPTH) {
            dismantle(value);
            refused.push(Refused {
                origin,
                path: Path::default(),
                within: Path::default(),
                problem: Problem::TooDeep,
            });
            continue;
        }
        for (value, within) in list::unroll(value) {
            match object(value, &origin, within, &mut checked.warnings) {
                Ok(object) => checked.objects.push(object),
                Err(more) => refused.extend(more),
            }
        }
    }
    refused.extend(doubled(&checked.objects));
    match refused.is_empty() {
        false => Err(refused),
        true if checked.objects.is_empty() => Err(vec![Refused {
            origin: Origin { file: "".into(), line: 0 },
            path: Path::default(),
            within: Path::default(),
            problem: Problem::Empty,
        }]),
        true => Ok(checked),
    }
}

/// The objects that are there twice, each with the place of the first.
///
/// To be asked again once namespaces are filled in: an object without one may then be another's double.
pub fn doubled<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<Refused> {
    let mut first: BTreeMap<&Identity, &Object> = BTreeMap::new();
    let mut refused = Vec::new();
    for object in objects {
        match first.get(&object.identity) {
            None => drop(first.insert(&object.identity, object)),
            Some(first) => refused.push(Refused {
                origin: object.origin.clone(),
                path: object.within.clone(),
                within: object.within.clone(),
                problem: Problem::Doubled {
                    identity: object.identity.clone(),
                    first: first.origin.clone(),
                    first_within: first.within.clone(),
                },
            }),
        }
    }
    refused
}

/// Checks one object and drops, folds and thins out what must not be sent as it stands.
fn object(
    mut value: Value,
    origin: &Origin,
    within: Path,
    warnings: &mut Vec<Warned>,
) -> Result<Object, Vec<Refused>> {
    let refuse = |(path, problem): (Path, Problem)| Refused {
        origin: origin.clone(),
        path: within.join(&path),
        within: within.clone(),
        problem,
    };
    let identity = identity(&value).map_err(|found| found.into_iter().map(refuse).collect::<Vec<_>>())?;
    if let Some(object) = value.as_object_mut() {
        strip(object);
    }
    null::drop_nulls(&mut value);
    let mut problems = fold_secret(&mut value);
    let settled = doubled::settle(&mut value);
    problems.extend(settled.problems);
    if !problems.is_empty() {
        return Err(problems.into_iter().map(refuse).collect());
    }
    for (path, warning) in settled.warnings {
        warnings.push(Warned { origin: origin.clone(), path: within.join(&path), warning });
    }
    Ok(Object { value, identity, origin: origin.clone(), within })
}

/// Drops what only the server writes.
fn strip(object: &mut Map<String, Value>) {
    object.remove("status");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !SERVER_METADATA.contains(&key.as_str()));
    }
}

/// The identity of a value that should be an object, or all that keeps it from having one.
fn identity(value: &Value) -> Result<Identity, Vec<(Path, Problem)>> {
    let Some(object) = value.as_object() else {
        return Err(vec![(Path::default(), Problem::NotAnObject { found: problem::noun(value) })]);
    };
    let mut problems = Vec::new();
    let metadata = match object.get("metadata") {
        None | Some(Value::Null) => None,
        Some(Value::Object(metadata)) => Some(metadata),
        Some(other) => {
            let found = problem::noun(other);
            problems.push((Path::of_keys(&["metadata"]), Problem::NotAMap { found }));
            None
        }
    };
    let labels = metadata.and_then(|metadata| metadata.get("labels")).filter(|labels| !labels.is_null());
    if let Some(labels) = labels.filter(|labels| !labels.is_object()) {
        let found = problem::noun(labels);
        problems.push((Path::of_keys(&["metadata", "labels"]), Problem::NotAMap { found }));
    }
    let mut text = |map: Option<&Map<String, Value>>, keys: &[&'static str]| {
        let key = keys.last().copied().unwrap_or("");
        let path = Path::of_keys(keys);
        match map.and_then(|map| map.get(key)) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            None | Some(Value::Null | Value::String(_)) if key == "namespace" => None,
            None | Some(Value::Null | Value::String(_)) => {
                let generated = key == "name" && metadata.is_some_and(|map| map.contains_key("generateName"));
                let above = Path(path.0[..path.0.len() - 1].to_vec());
                let problem =
                    if generated { Problem::GeneratedName } else { Problem::Missing { field: path } };
                problems.push((above, problem));
                None
            }
            Some(other) => {
                problems.push((path.clone(), Problem::NotText { field: path, found: problem::noun(other) }));
                None
            }
        }
    };
    let api_version = text(Some(object), &["apiVersion"]);
    let kind = text(Some(object), &["kind"]);
    let name = text(metadata, &["metadata", "name"]);
    let namespace = text(metadata, &["metadata", "namespace"]);
    if let Some(version) = api_version.as_deref().filter(|version| !is_api_version(version)) {
        let problem = Problem::NotAnApiVersion { found: version.to_owned() };
        problems.push((Path::of_keys(&["apiVersion"]), problem));
    }
    match (api_version, kind, name) {
        (Some(api_version), Some(kind), Some(name)) if problems.is_empty() => {
            Ok(Identity { group: crate::identity::group_of(&api_version).to_owned(), kind, namespace, name })
        }
        _ => Err(problems),
    }
}

/// Whether a text is `version` or `group/version`.
fn is_api_version(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    match text.split_once('/') {
        None => part(text),
        Some((group, version)) => part(group) && part(version),
    }
}

/// Whether a value is nested deeper than `limit`, found without recursion.
fn deeper_than(value: &Value, limit: usize) -> bool {
    let mut waiting = vec![(value, 1)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > limit {
            return true;
        }
        match value {
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(map) => waiting.extend(map.values().map(|child| (child, depth + 1))),
            _ => {}
        }
    }
    false
}

/// Drops a value level by level: the derived drop recurses and would overflow the stack.
fn dismantle(value: Value) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(map) => waiting.extend(map.into_iter().map(|(_, child)| child)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn given(values: Vec<Value>) -> Result<Checked, Vec<Refused>> {
        let document = |(at, value)| Document { value, origin: origin(at as u32 * 10 + 1) };
        check(values.into_iter().enumerate().map(document).collect())
    }

    fn origin(line: u32) -> Origin {
        Origin { file: "a.yaml".into(), line }
    }

    fn config(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
    }

    fn messages(values: Vec<Value>) -> Vec<String> {
        given(values).expect_err("it is wrong").iter().map(|refused| refused.problem.to_string()).collect()
    }

    #[test]
    fn nothing_to_apply_is_an_error_in_kubectls_words() {
        assert_eq!(messages(vec![]), ["no objects passed to apply"]);
        assert_eq!(messages(vec![Value::Null]), ["no objects passed to apply"]);
        let list = json!({"apiVersion": "v1", "kind": "List", "items": []});
        assert_eq!(messages(vec![list]), ["no objects passed to apply"]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        assert_eq!(
            messages(vec![
                json!([config("a")]),
                json!("text"),
                json!({"a": 1}),
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}),
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 7}}),
                json!({"apiVersion": "a/b/c", "kind": "Pod", "metadata": {"name": "p", "labels": []}}),
            ]),
            [
                "the document is a list, not an object",
                "the document is a text, not an object",
                "apiVersion is missing",
                "kind is missing",
                "metadata.name is missing",
                "metadata.generateName can't be applied: the object needs metadata.name",
                "metadata.name is a number, not a text",
                "this is a list, not a map",
                "apiVersion `a/b/c` is neither VERSION nor GROUP/VERSION",
            ]
        );
    }

    #[test]
    fn two_objects_of_one_identity_are_refused_with_both_places() {
        let mut other = config("a");
        other["metadata"]["namespace"] = json!("elsewhere");
        let refused = given(vec![config("a"), other, config("b"), config("a")]).expect_err("doubled");
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].origin, origin(31));
        match &refused[0].problem {
            Problem::Doubled { identity, first, .. } => {
                assert_eq!((identity.to_string().as_str(), first), ("configmap/a", &origin(1)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn versions_of_one_group_are_one_identity() {
        let ingress = |version| json!({"apiVersion": version, "kind": "Ingress", "metadata": {"name": "a"}});
        let both = vec![ingress("networking.k8s.io/v1"), ingress("networking.k8s.io/v1beta1")];
        assert_eq!(messages(both).len(), 1);
    }

    #[test]
    fn what_only_the_server_writes_is_dropped() {
        let mut live = config("a");
        live["status"] = json!({"phase": "x"});
        live["data"] = json!({"status": "kept"});
        for key in SERVER_METADATA {
            live["metadata"][key] = json!("1");
        }
        let mut kept = config("a");
        kept["data"] = json!({"status": "kept"});
        assert_eq!(given(vec![live]).expect("fine").objects[0].value, kept);
    }

    #[test]
    fn an_object_knows_where_it_stands() {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [config("a"), config("b")]});
        let checked = given(vec![config("c"), list]).expect("fine");
        let places: Vec<_> = checked.objects.iter().map(|o| (o.origin.line, o.within.to_string())).collect();
        assert_eq!(places, [(1, String::new()), (11, "items[0]".into()), (11, "items[1]".into())]);
        assert_eq!(checked.objects[0].api_version(), "v1");
    }

    #[test]
    fn bottomless_nesting_is_refused_without_overflow() {
        let mut value = json!(1);
        for _ in 0..200_000 {
            value = Value::Array(vec![value]);
        }
        assert_eq!(messages(vec![value]), ["the document is nested more than 100 levels deep"]);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let words =
            "apiVersion|kind|metadata|name|items|List|v1|Pod|Secret|spec|containers|env|ports|stringData";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            words.prop_map(Value::from)
        ];
        leaf.prop_recursive(6, 60, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(words, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn anything_is_either_checked_or_refused(values in prop::collection::vec(any_value(), 0..4)) {
            match given(values) {
                Ok(checked) => prop_assert!(!checked.objects.is_empty()),
                Err(refused) => prop_assert!(!refused.is_empty()),
            }
        }

        #[test]
        fn what_was_checked_is_checked_again_unchanged(inner in any_value()) {
            let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": inner});
            if let Ok(once) = given(vec![object]) {
                let again = given(vec![once.objects[0].value.clone()]).expect("checked already");
                prop_assert_eq!(&again.objects[0].value, &once.objects[0].value);
                prop_assert!(again.warnings.is_empty());
            }
        }
    }
}
