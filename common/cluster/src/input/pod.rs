//! What server-side apply refuses in pods and Services though client-side apply took it: doubled variables
//! and doubled ports.

use std::collections::BTreeMap;

use serde_json::Value;

use super::problem::{Problem, Warning};
use crate::identity::{group, kind};
use crate::path::Path;

/// Where a kind that makes pods keeps the pod's spec; `None` for other kinds.
pub fn pod_spec(object: &Value) -> Option<Path> {
    let keys: &[&str] = match (group(object), kind(object)) {
        ("", "Pod") => &["spec"],
        ("", "PodTemplate") => &["template", "spec"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    Some(Path::of_keys(keys))
}

/// The places of all containers of an object.
fn containers(object: &Value) -> Vec<Path> {
    let Some(spec) = pod_spec(object) else {
        return Vec::new();
    };
    let lists = ["initContainers", "containers", "ephemeralContainers"].map(|list| spec.with(list));
    lists
        .into_iter()
        .flat_map(|list| {
            let count = list.find(object).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count).map(move |at| list.with(at))
        })
        .collect()
}

/// The ports that are there twice in one container or Service, by number and protocol.
pub(super) fn doubled_ports(object: &Value) -> Vec<(Path, Problem)> {
    let mut lists: Vec<(Path, &str)> =
        containers(object).iter().map(|place| (place.with("ports"), "containerPort")).collect();
    if (group(object), kind(object)) == ("", "Service") {
        lists.push((Path::of_keys(&["spec", "ports"]), "port"));
    }
    let mut problems = Vec::new();
    for (list, number) in lists {
        let mut first = BTreeMap::new();
        let ports = list.find(object).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (at, port) in ports.iter().enumerate() {
            let Some(number) = port.get(number).and_then(Value::as_u64) else {
                continue;
            };
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            let place = list.with(at);
            if let Some(first) = first.get(&(number, protocol)) {
                let protocol = protocol.to_owned();
                let first = Path::clone(first);
                problems.push((place, Problem::DoubledPort { port: number, protocol, first }));
            } else {
                first.insert((number, protocol), place);
            }
        }
    }
    problems
}

/// Keeps only the last of the `env` entries of one name in each container, where it stands. Gives the places
/// of the others as they were.
pub(super) fn thin_out_env(object: &mut Value) -> Vec<(Path, Warning)> {
    let mut warnings = Vec::new();
    for place in containers(object) {
        let place = place.with("env");
        let Some(entries) = find_mut(object, &place).and_then(Value::as_array_mut) else {
            continue;
        };
        let name = |entry: &Value| entry.get("name").and_then(Value::as_str).map(str::to_owned);
        let last: BTreeMap<String, usize> =
            entries.iter().enumerate().filter_map(|(at, entry)| Some((name(entry)?, at))).collect();
        let mut at = 0;
        entries.retain(|entry| {
            let here = at;
            at += 1;
            let Some(name) = name(entry) else { return true };
            let Some(&kept) = last.get(&name).filter(|&&last| last != here) else {
                return true;
            };
            warnings.push((place.with(here), Warning::EnvSetAgain { name, kept: place.with(kept) }));
            false
        });
    }
    warnings
}

fn find_mut<'a>(object: &'a mut Value, path: &Path) -> Option<&'a mut Value> {
    path.0.iter().try_fold(object, |value, step| match step {
        crate::path::Step::Key(key) => value.get_mut(key),
        crate::path::Step::Index(index) => value.get_mut(index),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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
        all.push(of("batch/v1", "Job", &template));
        all.push(of("batch/v1", "CronJob", &json!({"jobTemplate": {"spec": template}})));
        all
    }

    #[test]
    fn of_variables_of_one_name_the_last_stays() {
        let env =
            json!([{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "$(B)"}, {"odd": 1}]);
        let thin = json!([{"name": "B"}, {"name": "A", "value": "$(B)"}, {"odd": 1}]);
        for list in ["containers", "initContainers"] {
            for mut object in around(&json!({list: [{"name": "x"}, {"env": env}]})) {
                let warnings = thin_out_env(&mut object);
                let place = pod_spec(&object).expect("makes pods").with(list).with(1usize).with("env");
                assert_eq!(place.find(&object), Some(&thin), "{object}");
                let kept = place.with(2usize);
                let expected = (place.with(0usize), Warning::EnvSetAgain { name: "A".into(), kept });
                assert_eq!(warnings, [expected]);
            }
        }
    }

    #[test]
    fn ports_count_by_number_and_protocol() {
        let twice = json!([
            {"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"},
            {"containerPort": 53, "protocol": "TCP", "name": "dns"}
        ]);
        for object in around(&json!({"containers": [{"ports": twice}]})) {
            let problems = doubled_ports(&object);
            assert_eq!(problems.len(), 1, "{object}");
            assert_eq!(problems[0].1.to_string(), "port 53/TCP is there twice");
            assert!(problems[0].0.to_string().ends_with("containers[0].ports[2]"));
        }
    }

    #[test]
    fn two_containers_may_state_one_port() {
        let port = json!([{"containerPort": 80}]);
        for object in around(&json!({"containers": [{"ports": port}, {"ports": port}]})) {
            assert_eq!(doubled_ports(&object), []);
        }
    }

    #[test]
    fn a_services_ports_count_too() {
        let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports}});
        let same_target = json!([{"port": 80, "targetPort": 1}, {"port": 81, "targetPort": 1}]);
        assert_eq!(doubled_ports(&service(same_target)), []);
        assert_eq!(doubled_ports(&service(json!([{"port": 80}, {"port": 80, "name": "b"}]))).len(), 1);
        let foreign = json!({"apiVersion": "example.org/v1", "kind": "Service", "spec": {"ports": [{"port": 1}, {"port": 1}]}});
        assert_eq!(doubled_ports(&foreign), []);
    }

    #[test]
    fn odd_shapes_are_left_to_the_server() {
        for spec in [
            json!(null),
            json!({"containers": {}}),
            json!({"containers": [1, {"env": {"a": 1}, "ports": [1]}]}),
        ] {
            for mut object in around(&spec) {
                assert_eq!(thin_out_env(&mut object), []);
                assert_eq!(doubled_ports(&object), []);
            }
        }
    }
}
