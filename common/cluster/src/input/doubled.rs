//! Items that are there twice in a list in which server-side apply knows each by its key.
//!
//! Client-side apply takes them; server-side apply refuses the whole object. What is equal is sent once, what
//! can keep its meaning in one item is put together, and the rest is wrong before anything is sent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lists::{self, KeyField, Keyed, list_mut};
use super::problem::{Problem, Warning};
use super::variables::{self, Left, Stuck, Why};
use crate::path::{Path, Step};

/// What came of the lists of an object. Places are those of the object as it was.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Settled {
    /// What was left out or put together.
    pub(super) warnings: Vec<(Path, Warning)>,
    /// What can't be put right.
    pub(super) problems: Vec<(Path, Problem)>,
}

/// Leaves one item of each key in all lists of an object.
pub(super) fn settle(object: &mut Value) -> Settled {
    let mut settled = Settled::default();
    // From the inside out, so that an index on the way to an inner list is still that of the input.
    for (place, keyed) in lists::of(object).into_iter().rev() {
        let name = match place.0.last() {
            Some(Step::Key(name)) => name.clone(),
            _ => continue,
        };
        let Some(items) = list_mut(object, &place) else { continue };
        match name.as_str() {
            "env" => settle_variables(items, &place, &mut settled),
            _ => settle_items(items, &place, &name, keyed, &mut settled),
        }
    }
    settled.warnings.sort_by(|(one, _), (other, _)| one.cmp(other));
    settled.problems.sort_by(|(one, _), (other, _)| one.cmp(other));
    settled
}

fn settle_variables(env: &mut Vec<Value>, place: &Path, settled: &mut Settled) {
    let name = |at: usize| env[at]["name"].as_str().unwrap_or_default().to_owned();
    match variables::thin_out(env) {
        Ok(None) => {}
        Ok(Some(thinned)) => {
            for &(at, kept, left) in &thinned.left {
                let (name, kept) = (name(at), place.with(kept));
                let warning = match left {
                    Left::Same => Warning::ItemTwice { list: "env".to_owned(), item: name },
                    Left::Unused => Warning::EnvSetAgain { name, kept },
                    Left::WrittenOut => Warning::EnvWrittenOut { name, kept },
                };
                settled.warnings.push((place.with(at), warning));
            }
            *env = thinned.entries;
        }
        Err(Stuck { first, at, why }) => {
            let problem = match why {
                Why::Used => Problem::EnvUsedBetween { name: name(first), first: place.with(first) },
                Why::Optional => Problem::EnvOptional { name: name(first), first: place.with(first) },
            };
            settled.problems.push((place.with(at), problem));
        }
    }
}

fn settle_items(items: &mut Vec<Value>, place: &Path, list: &str, keyed: Keyed, settled: &mut Settled) {
    let keys: Vec<Option<String>> = items.iter().map(|item| key(item, keyed.fields)).collect();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut left_out = vec![false; items.len()];
    for (at, key) in keys.iter().enumerate() {
        let Some(key) = key else { continue };
        let Some(&first) = first.get(key.as_str()) else {
            first.insert(key, at);
            continue;
        };
        let item = shown(&items[at], keyed.fields);
        let list = list.to_owned();
        if with_defaults(&items[first], keyed.fields) == with_defaults(&items[at], keyed.fields) {
            settled.warnings.push((place.with(at), Warning::ItemTwice { list, item }));
        } else if let Some(both) = put_together(&list, &items[first], &items[at]) {
            items[first] = both;
            settled.warnings.push((place.with(at), Warning::PutTogether { list, item }));
        } else {
            let problem = Problem::DoubledItem { list, item, first: place.with(first) };
            settled.problems.push((place.with(at), problem));
            continue;
        }
        left_out[at] = true;
    }
    let mut left_out = left_out.into_iter();
    items.retain(|_| !left_out.next().unwrap_or_default());
}

/// The key of an item as text; `None` where it lacks a field, which the server refuses in its own words.
fn key(item: &Value, fields: &[KeyField]) -> Option<String> {
    if fields.is_empty() {
        return Some(item.to_string());
    }
    let values = fields.iter().map(|field| Some(key_value(item, *field)?.to_string()));
    values.collect::<Option<Vec<String>>>().map(|values| values.join(" "))
}

fn key_value(item: &Value, (field, default): KeyField) -> Option<Value> {
    item.as_object()?.get(field).cloned().or_else(|| default.map(Value::from))
}

/// A key for people: `80/TCP`.
fn shown(item: &Value, fields: &[KeyField]) -> String {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if fields.is_empty() {
        return text(item.clone());
    }
    let values = fields.iter().filter_map(|field| key_value(item, *field)).map(text);
    values.collect::<Vec<_>>().join("/")
}

/// An item with the key fields that the server would fill in.
fn with_defaults(item: &Value, fields: &[KeyField]) -> Value {
    let mut item = item.clone();
    if let Some(map) = item.as_object_mut() {
        for (field, default) in fields {
            if let Some(default) = default {
                map.entry(*field).or_insert_with(|| Value::from(*default));
            }
        }
    }
    item
}

/// One item that means what two of one key mean together: the names of one address.
fn put_together(list: &str, one: &Value, other: &Value) -> Option<Value> {
    let names = |item: &Value| {
        let only = item.as_object()?.keys().all(|key| matches!(key.as_str(), "ip" | "hostnames"));
        match item.get("hostnames") {
            None if only => Some(Vec::new()),
            Some(Value::Array(names)) if only => Some(names.clone()),
            _ => None,
        }
    };
    if list != "hostAliases" {
        return None;
    }
    let mut all = names(one)?;
    for name in names(other)? {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let mut both = one.clone();
    both["hostnames"] = Value::from(all);
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::pod::pod_spec;
    use serde_json::json;

    /// Every kind that makes pods, around one pod spec.
    fn around(spec: &Value) -> Vec<Value> {
        let template = json!({"template": {"spec": spec}});
        let of = |version: &str, kind: &str, spec: &Value| json!({"apiVersion": version, "kind": kind, "spec": spec});
        let mut all = vec![of("v1", "Pod", spec), of("v1", "ReplicationController", &template)];
        all.extend(
            ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]
                .map(|kind| of("apps/v1", kind, &template)),
        );
        all.push(json!({"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": spec}}));
        all.push(of("batch/v1", "Job", &template));
        all.push(of("batch/v1", "CronJob", &json!({"jobTemplate": {"spec": template}})));
        all
    }

    fn settled(mut object: Value) -> (Value, Vec<String>, Vec<String>) {
        let Settled { warnings, problems } = settle(&mut object);
        let warnings = warnings.iter().map(|(path, warning)| format!("{path}: {warning}")).collect();
        (object, warnings, problems.iter().map(|(path, problem)| format!("{path}: {problem}")).collect())
    }

    #[test]
    fn of_variables_of_one_name_the_last_stays() {
        let env =
            json!([{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "$(B)"}, {"odd": 1}]);
        let thin = json!([{"name": "B"}, {"name": "A", "value": "$(B)"}, {"odd": 1}]);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            for mut object in around(&json!({list: [{"name": "x"}, {"name": "y", "env": env}]})) {
                let found = settle(&mut object);
                let place = pod_spec(&object).expect("makes pods").with(list).with(1usize).with("env");
                assert_eq!(place.find(&object), Some(&thin), "{object}");
                let kept = place.with(2usize);
                let expected = (place.with(0usize), Warning::EnvSetAgain { name: "A".into(), kept });
                assert_eq!(found, Settled { warnings: vec![expected], problems: vec![] });
            }
        }
    }

    #[test]
    fn what_is_equal_is_sent_once() {
        let spec = json!({
            "imagePullSecrets": [{"name": "a"}, {"name": "b"}, {"name": "a"}, {}, {"name": ""}],
            "containers": [{"name": "c", "ports": [
                {"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}
            ], "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"mountPath": "/v", "name": "v"}]}]
        });
        let thin = json!({
            "imagePullSecrets": [{"name": "a"}, {"name": "b"}, {}],
            "containers": [{"name": "c", "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]
        });
        for (object, expected) in around(&spec).into_iter().zip(around(&thin)) {
            let (object, warnings, problems) = settled(object);
            assert_eq!(object, expected);
            assert_eq!((warnings.len(), problems.len()), (4, 0), "{warnings:?}");
            assert!(
                warnings[0]
                    .ends_with("containers[0].ports[2]: `53/TCP` is there twice in ports: it is sent once")
            );
        }
    }

    #[test]
    fn sets_and_other_kinds_too() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"finalizers": ["x/a", "x/b", "x/a"]}, "secrets": [{"name": "a"}, {"name": "a"}],
            "imagePullSecrets": [{"name": "a"}, {"name": "a"}]});
        let (object, warnings, problems) = settled(account);
        assert_eq!(object["metadata"]["finalizers"], json!(["x/a", "x/b"]));
        assert_eq!(object["secrets"], json!([{"name": "a"}]));
        assert_eq!(object["imagePullSecrets"], json!([{"name": "a"}, {"name": "a"}]), "a list without keys");
        assert_eq!((warnings.len(), problems.len()), (2, 0));
        let flow = json!({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
            "spec": {"rules": [{}, {"resourceRules": [{"verbs": ["get", "get"]}]}]}});
        assert_eq!(
            settled(flow).1,
            ["spec.rules[1].resourceRules[0].verbs[1]: `get` is there twice in verbs: it is sent once"]
        );
    }

    #[test]
    fn names_of_one_address_are_put_together() {
        let spec = json!({"hostAliases": [
            {"ip": "10.1.0.9", "hostnames": ["a", "b"]}, {"ip": "10.1.0.8", "hostnames": ["x"]},
            {"ip": "10.1.0.9", "hostnames": ["c", "a"]}, {"ip": "10.1.0.9"}
        ]});
        for object in around(&spec) {
            let spec = pod_spec(&object).unwrap();
            let (object, warnings, problems) = settled(object);
            assert_eq!(
                spec.with("hostAliases").find(&object),
                Some(
                    &json!([{"ip": "10.1.0.9", "hostnames": ["a", "b", "c"]}, {"ip": "10.1.0.8", "hostnames": ["x"]}])
                )
            );
            assert_eq!((warnings.len(), problems.len()), (2, 0));
        }
    }

    #[test]
    fn what_differs_is_wrong_with_both_places() {
        let spec = json!({"containers": [
            {"name": "a", "image": "x", "ports": [{"containerPort": 80, "hostIP": "127.0.0.1"}, {"containerPort": 80, "hostIP": "127.0.0.2"}]},
            {"name": "a", "image": "y"},
            {"name": "b", "ports": [{"containerPort": 80}]}
        ], "volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "hostPath": {"path": "/"}}]});
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
        let problems = settle(&mut pod).problems;
        let messages: Vec<String> =
            problems.iter().map(|(path, problem)| format!("{path}: {problem}")).collect();
        assert_eq!(
            messages,
            [
                "spec.containers[0].ports[1]: `80/TCP` is there twice in ports",
                "spec.containers[1]: `a` is there twice in containers",
                "spec.volumes[1]: `v` is there twice in volumes"
            ]
        );
        assert!(
            matches!(&problems[0].1, Problem::DoubledItem { first, .. } if first.to_string() == "spec.containers[0].ports[0]")
        );
        let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports}});
        assert_eq!(
            settled(service(json!([{"port": 80, "targetPort": 1}, {"port": 81, "targetPort": 1}]))).2.len(),
            0
        );
        assert_eq!(settled(service(json!([{"port": 80}, {"port": 80, "name": "b"}]))).2.len(), 1);
        let foreign = json!({"apiVersion": "example.org/v1", "kind": "Service", "spec": {"ports": [{"port": 1}, {"port": 1}]}});
        assert_eq!(settled(foreign.clone()), (foreign, vec![], vec![]));
    }

    #[test]
    fn odd_shapes_are_left_to_the_server() {
        for spec in [
            json!(null),
            json!({"containers": {}}),
            json!({"containers": [1, {"env": {"a": 1}, "ports": [1, 1]}, {"env": [1, {"name": 2}, {"name": 2}]}]}),
        ] {
            for object in around(&spec) {
                assert_eq!(settled(object.clone()), (object, vec![], vec![]));
            }
        }
    }
}
