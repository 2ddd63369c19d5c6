//! Whenever an object is taken for the same without asking, asking would have changed nothing.
//!
//! Random manifests, random edits by us and by others; what `apply` sends no PATCH for is put
//! to the server by kubectl's own server-side apply, under our name.

mod structs;

use std::collections::{BTreeMap, BTreeSet};

use codex_tests::{ClusterScene, ControlPlane, FaultProxy};
use serde_json::{Value, json};

use super::done;

const ROUNDS: u64 = 8;
const OBJECTS: usize = 21;

/// Makes the manifest of the object with this number, whose kind and name never change.
type Maker<'a> = &'a dyn Fn(usize, &mut Dice) -> Value;

/// A source of random numbers; the same seed gives the same story (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.roll(choices.len())]
    }

    fn chance(&mut self) -> bool {
        self.roll(2) == 0
    }

    /// Some of the keys, each with one of the values.
    fn map(&mut self, keys: &[&str], values: &[&str]) -> Value {
        let mut map = serde_json::Map::new();
        for key in keys {
            if self.chance() {
                map.insert((*key).into(), self.pick(values).into());
            }
        }
        map.into()
    }
}

const KINDS: [(&str, &str); 7] = [
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
];

/// A manifest of a kind that many use.
fn manifest(number: usize, dice: &mut Dice) -> Value {
    let (api_version, kind) = KINDS[number % KINDS.len()];
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": { "name": format!("object-{number}") },
    });
    for field in ["labels", "annotations"] {
        if dice.chance() {
            object["metadata"][field] = dice.map(&["a.example.org/x", "b"], &["1", "2", ""]);
        }
    }
    match kind {
        "ConfigMap" => {
            object["data"] = dice.map(&["a", "b", "c"], &["1", "two", ""]);
            object["binaryData"] = dice.map(&["d", "e"], &["b25l", "b25\nl", "dHdv"]);
        }
        "Secret" => object["data"] = dice.map(&["a", "b", "c"], &["b25l", "dH\ndv", "dHdv", ""]),
        "Service" => object["spec"] = service(dice),
        "StatefulSet" => object["spec"] = stateful_set(number, dice),
        "NetworkPolicy" => object["spec"] = network_policy(dice),
        "RoleBinding" => {
            object["subjects"] = subjects(dice);
            object["roleRef"] = json!({ "kind": "ClusterRole", "name": "view" });
            if dice.chance() {
                object["roleRef"]["apiGroup"] = "rbac.authorization.k8s.io".into();
            }
        }
        _ => object["spec"] = deployment(number, dice),
    }
    object
}

/// What may stand in a field or not be there.
fn maybe(dice: &mut Dice, map: &mut Value, field: &str, choices: &[Value]) {
    if dice.chance() {
        map[field] = choices[dice.roll(choices.len())].clone();
    }
}

fn stateful_set(number: usize, dice: &mut Dice) -> Value {
    let mut spec = deployment(number, dice);
    spec["serviceName"] = "web".into();
    let mut claim = json!({ "metadata": { "name": "data" }, "spec": { "accessModes": ["ReadWriteOnce"] } });
    claim["spec"]["resources"] = json!({ "requests": { "storage": dice.pick(&["1Gi", "1024Mi", "1.0Gi"]) } });
    maybe(dice, &mut claim["spec"], "volumeMode", &[json!("Filesystem")]);
    // Without a class is another thing than without the field.
    maybe(dice, &mut claim["spec"], "storageClassName", &[json!("")]);
    maybe(dice, &mut claim, "kind", &[json!("PersistentVolumeClaim")]);
    spec["volumeClaimTemplates"] = json!([claim]);
    spec
}

fn network_policy(dice: &mut Dice) -> Value {
    let mut spec = json!({ "podSelector": {} });
    for field in ["ingress", "egress"] {
        if dice.chance() {
            let mut port = json!({ "port": 80 + dice.roll(2) });
            maybe(dice, &mut port, "protocol", &[json!("TCP"), json!("UDP")]);
            spec[field] = json!([{ "ports": [port] }, {}]);
        }
    }
    maybe(dice, &mut spec, "ingress", &[json!([]), json!([{}])]);
    maybe(dice, &mut spec, "policyTypes", &[json!(["Ingress"]), json!([])]);
    spec
}

fn subjects(dice: &mut Dice) -> Value {
    let kind = dice.pick(&["User", "Group", "ServiceAccount"]);
    let mut subject = json!({ "kind": kind, "name": "somebody" });
    match kind {
        "ServiceAccount" => {
            subject["namespace"] = "default".into();
            maybe(dice, &mut subject, "apiGroup", &[json!("")]);
        }
        _ => maybe(dice, &mut subject, "apiGroup", &[json!("rbac.authorization.k8s.io")]),
    }
    if dice.roll(4) == 0 { json!([]) } else { json!([subject]) }
}

fn service(dice: &mut Dice) -> Value {
    let mut ports = vec![json!({ "name": "http", "port": 80 })];
    if dice.chance() {
        ports.push(json!({ "name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns" }));
    }
    if dice.chance() {
        ports.reverse();
    }
    if dice.chance() {
        ports[0]["protocol"] = "TCP".into();
        ports[0]["port"] = 8080.into();
    }
    let selector = json!({ "app": dice.pick(&["web", "api"]) });
    json!({ "selector": selector, "ports": ports })
}

fn deployment(number: usize, dice: &mut Dice) -> Value {
    let labels = json!({ "app": format!("object-{number}") });
    let mut container = json!({ "name": "web", "image": dice.pick(&["nginx", "httpd"]) });
    if dice.chance() {
        let mut env: Vec<Value> = ["A", "B"]
            .iter()
            .map(|name| json!({ "name": name, "value": dice.pick(&["1", "2", ""]) }))
            .collect();
        if dice.chance() {
            env.reverse();
        }
        container["env"] = env.into();
    }
    if dice.chance() {
        container["args"] = json!(["--level", dice.pick(&["1", "2"])]);
        let cpu = [json!("500m"), json!("0.5"), json!(0.5), json!("1"), json!(1), json!("1000m")];
        let mut requests = json!({});
        maybe(dice, &mut requests, "cpu", &cpu);
        maybe(dice, &mut requests, "memory", &[json!("1Gi"), json!("1024Mi"), json!("1.5Gi"), json!("1e3")]);
        container["resources"] = json!({ "requests": requests });
    }
    if dice.chance() {
        let mut reference = json!({ "fieldPath": dice.pick(&["metadata.name", "metadata.namespace"]) });
        maybe(dice, &mut reference, "apiVersion", &[json!("v1")]);
        let source = match dice.roll(3) {
            0 => {
                json!({ "resourceFieldRef": { "resource": "limits.cpu", "divisor": dice.pick(&["0", "1m", "1"]) } })
            }
            1 => json!({ "resourceFieldRef": { "resource": "limits.cpu" } }),
            _ => json!({ "fieldRef": reference }),
        };
        let entry = json!({ "name": "REF", "valueFrom": source });
        match container["env"].as_array_mut() {
            Some(env) => env.push(entry),
            None => container["env"] = json!([entry]),
        }
    }
    maybe(dice, &mut container, "stdin", &[json!(false), json!(true)]);
    maybe(dice, &mut container, "workingDir", &[json!(""), json!("/srv")]);
    maybe(dice, &mut container, "command", &[json!([]), json!(["run"])]);
    maybe(dice, &mut container, "securityContext", &[json!({}), json!({ "privileged": false })]);
    let mut spec = json!({
        "selector": { "matchLabels": labels },
        "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
    });
    if dice.chance() {
        spec["replicas"] = 0.into();
    }
    maybe(dice, &mut spec, "minReadySeconds", &[json!(0), json!(5)]);
    let pod = &mut spec["template"]["spec"];
    maybe(dice, pod, "hostNetwork", &[json!(false), json!(true)]);
    maybe(dice, pod, "nodeSelector", &[json!({}), json!({ "a": "b" })]);
    let token = json!({ "serviceAccountToken": { "path": "token" } });
    let down = json!({ "downwardAPI": { "items": [{ "path": "p", "fieldRef": { "fieldPath": "metadata.name" } }] } });
    let volumes = [
        json!([{ "name": "work", "emptyDir": { "sizeLimit": dice.pick(&["1Gi", "1024Mi"]) } }]),
        json!([{ "name": "work", "projected": { "sources": [token, down] } }]),
        json!([]),
    ];
    maybe(dice, pod, "volumes", &volumes);
    spec
}

/// Somebody changes an object, which is like this one, in one of many ways.
fn edit(scene: &ClusterScene, object: &Value, other: impl Fn(&mut Dice) -> Value, dice: &mut Dice) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (kind, version) = (text(&object["kind"]), text(&object["apiVersion"]));
    let group = version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
    let name = format!("{kind}{group}/{}", text(&object["metadata"]["name"]));
    let manager = format!("--field-manager={}", dice.pick(&["kubectl-codex", "someone"]));
    let patch = |kind: &str, patch: &Value| {
        let (kind, patch) = (format!("--type={kind}"), format!("--patch={patch}"));
        scene.kubectl(&["patch", &name, &kind, &patch, &manager]);
    };
    match dice.roll(6) {
        0 => {
            let changes = json!({ "labels": { "b": dice.pick(&["1", "2"]) }, "annotations": { "b": null } });
            patch("merge", &json!({ "metadata": changes }));
        }
        1 => patch("merge", &json!({ "metadata": { "managedFields": [{}] } })),
        2 => {
            let flags = ["apply", "--server-side", "--force-conflicts", "-f", "-", &manager];
            // Merged with what others own it may be invalid; then nothing was edited.
            scene.try_kubectl_with(&flags, &other(dice).to_string());
        }
        3 => {
            let mut object = other(dice);
            object["metadata"]["resourceVersion"] =
                scene.object(&name)["metadata"]["resourceVersion"].clone();
            if kind == "Service" {
                object["spec"]["clusterIP"] = scene.object(&name)["spec"]["clusterIP"].clone();
            }
            // A controller may have been faster; then nothing was edited either.
            scene.try_kubectl_with(&["replace", "-f", "-", &manager], &object.to_string());
        }
        4 if kind == "ConfigMap" => patch("merge", &json!({ "data": { "a": dice.pick(&["1", "9"]) } })),
        4 if matches!(kind.as_str(), "Deployment" | "StatefulSet") => {
            scene.kubectl(&["set", "env", &name, "A=9", &manager]);
        }
        5 if kind == "Deployment" => {
            let zero = json!({ "spec": { "minReadySeconds": dice.roll(2) * 5, "replicas": dice.roll(2) } });
            patch("merge", &zero);
        }
        _ => {}
    }
}

fn list(manifests: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": manifests }).to_string()
}

/// The object without what changes with every write.
fn substance(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("resourceVersion");
    if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        for entry in entries.iter_mut() {
            entry.as_object_mut().unwrap().remove("time");
        }
        entries.retain(|entry| entry["subresource"].is_null());
        // They come in the order of their times.
        entries.sort_by_key(|entry| format!("{}{}", entry["manager"], entry["operation"]));
    }
    object.as_object_mut().unwrap().remove("status");
    object
}

fn items(text: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(text).unwrap();
    list["items"].as_array().unwrap().iter().cloned().map(substance).collect()
}

#[test]
fn what_is_taken_for_the_same_is_the_same() {
    try_kinds(&ClusterScene::new().with_namespace(), &[], &manifest);
}

/// Random manifests and edits, in rounds; what is in `fixed` is applied with them and never edited.
fn try_kinds(scene: &ClusterScene, fixed: &[Value], manifest: Maker) {
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&scene.scene().project());
    let (mut same, mut others) = (BTreeMap::new(), 0);
    if !fixed.is_empty() {
        done(scene.apply_text(&list(fixed), &[]));
    }
    for seed in 0..ROUNDS {
        let mut dice = Dice(seed);
        let mut manifests: Vec<Value> = (0..OBJECTS).map(|number| manifest(number, &mut dice)).collect();
        scene.kubectl_with(&["delete", "--ignore-not-found", "-f", "-"], &list(&manifests));
        let all = |manifests: &[Value]| list(&[fixed, manifests].concat());
        done(scene.apply_text(&all(&manifests), &[]));
        for (number, changed) in manifests.iter_mut().enumerate() {
            if dice.chance() {
                let other = |dice: &mut Dice| manifest(number, dice);
                edit(scene, changed, other, &mut dice);
            }
            if dice.roll(4) == 0 {
                *changed = manifest(number, &mut dice);
            }
        }

        proxy.disarm();
        let flags = ["--dry-run=server", "--force-conflicts", "--kubeconfig", kubeconfig.to_str().unwrap()];
        // What others' ports make of ours may be refused: that isn't the same either.
        let outcome = scene.apply_text(&all(&manifests), &flags).unchecked();
        assert_eq!(outcome.stdout.lines().count(), OBJECTS + fixed.len(), "{}", outcome.report("the plan"));
        let calls = proxy.calls();
        let patched: BTreeSet<&str> = calls
            .iter()
            .filter(|call| call.method == "PATCH")
            .filter_map(|call| call.target.split('?').next()?.rsplit('/').next())
            .collect();
        let unasked: Vec<Value> = manifests
            .into_iter()
            .filter(|manifest| !patched.contains(manifest["metadata"]["name"].as_str().unwrap()))
            .collect();
        others += patched.len();
        for manifest in &unasked {
            *same.entry(manifest["kind"].to_string()).or_insert(0) += 1;
        }
        // Two, so that kubectl answers with a list.
        if unasked.len() < 2 {
            continue;
        }
        let output = ["--output=json", "--show-managed-fields", "-f", "-"];
        let get = [&["get"], &output[..]].concat();
        let apply = [
            &[
                "apply",
                "--server-side",
                "--dry-run=server",
                "--force-conflicts",
                "--field-manager=kubectl-codex",
            ],
            &output[..],
        ]
        .concat();
        let live = items(&scene.kubectl_with(&get, &list(&unasked)));
        let after = items(&scene.kubectl_with(&apply, &list(&unasked)));
        for (live, after) in live.iter().zip(&after) {
            assert_eq!(format!("{live:#}"), format!("{after:#}"), "seed {seed}");
        }
        assert_eq!(live.len(), after.len(), "seed {seed}");
    }
    println!("{same:?} taken for the same, {others} asked about");
    assert!(same.values().sum::<usize>() >= 20 && others >= 20, "{same:?} {others}");
}
