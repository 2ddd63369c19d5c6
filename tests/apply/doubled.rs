//! What is there twice, or there without a value: kubectl's client-side apply takes it, and so do we as far as
//! it can keep its meaning.

use codex_tests::ClusterScene;
use serde_json::{Value, json};

use super::{done, done_with, fails, value};

/// A Pod `jug` whose container has these fields, and whose spec these.
fn jug(container: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: jug
spec:
{spec}  containers:
    - name: jug
      image: jug:1
{container}"
    )
}

fn list(scene: &ClusterScene, object: &str, pointer: &str) -> Value {
    serde_json::from_str(&value(scene, object, pointer)).unwrap()
}

#[test]
fn a_variable_that_is_set_twice_and_used_in_between_keeps_its_values() {
    let scene = ClusterScene::new().with_namespace();
    let pod = jug(
        "      env:
        - {name: MODULES, value: core}
        - {name: MODULES, value: \"$(MODULES),mail\"}
        - {name: HOST, value: left}
        - {name: ADDRESS, value: \"tcp://$(HOST):1\"}
        - {name: HOST, value: right}
        - {name: LAST, value: \"$(HOST)\"}
",
        "",
    );
    let outcome = done_with(scene.apply_text(&pod, &[]), &["pod/jug created"]);
    for part in ["`MODULES` is set again below", "written out", "standard input:10:", "standard input:12:"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
    assert_eq!(
        list(&scene, "pod/jug", "/spec/containers/0/env"),
        json!([
            {"name": "MODULES", "value": "core,mail"},
            {"name": "ADDRESS", "value": "tcp://left:1"},
            {"name": "HOST", "value": "right"},
            {"name": "LAST", "value": "$(HOST)"},
        ])
    );
    done_with(scene.apply_text(&pod, &[]), &["pod/jug unchanged"]);
}

#[test]
fn a_variable_whose_first_value_cannot_be_written_out_is_refused_with_both_lines() {
    let scene = ClusterScene::new().with_namespace();
    let pod = jug(
        "      env:
        - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: ADDRESS, value: \"tcp://$(HOST):1\"}
        - {name: HOST, value: right}
",
        "",
    );
    let first = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: spout}\n---\n";
    let outcome = fails(
        scene.apply_text(&format!("{first}{pod}"), &[]),
        2,
        &["`HOST`", "standard input:15:", "14 |", "15 |", "set here before"],
    );
    assert!(outcome.stdout.is_empty() && !scene.finds("configmap/spout"), "{}", outcome.report("sent"));
}

const DOUBLED: &str = "  imagePullSecrets: [{name: global}, {name: local}, {name: global}]
  hostAliases:
    - {ip: 10.20.0.1, hostnames: [db]}
    - {ip: 10.20.0.1, hostnames: [cache, db]}
";

#[test]
fn what_is_equal_is_sent_once_and_names_of_one_address_together() {
    let scene = ClusterScene::new().with_namespace();
    let pod = jug("      ports: [{containerPort: 53}, {containerPort: 53, protocol: TCP}]\n", DOUBLED);
    let outcome = done_with(scene.apply_text(&pod, &[]), &["pod/jug created"]);
    for part in ["`global` is there twice in imagePullSecrets", "`10.20.0.1`", "put together", "`53/TCP`"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
    assert_eq!(
        list(&scene, "pod/jug", "/spec/imagePullSecrets"),
        json!([{"name": "global"}, {"name": "local"}])
    );
    assert_eq!(
        list(&scene, "pod/jug", "/spec/hostAliases"),
        json!([{"ip": "10.20.0.1", "hostnames": ["db", "cache"]}])
    );
    assert_eq!(list(&scene, "pod/jug", "/spec/containers/0/ports").as_array().unwrap().len(), 1);
    done_with(scene.apply_text(&pod, &[]), &["pod/jug unchanged"]);
}

#[test]
fn what_kubectl_left_twice_is_there_once_after_us() {
    let scene = ClusterScene::new().with_namespace();
    let account = "apiVersion: v1
kind: ServiceAccount
metadata: {name: keeper, finalizers: [example.org/keep, example.org/keep]}
secrets: [{name: one}, {name: one}]
imagePullSecrets: [{name: pull}, {name: pull}]
";
    scene.kubectl_with(&["apply", "-f", "-"], account);
    assert_eq!(
        list(&scene, "serviceaccount/keeper", "/secrets").as_array().unwrap().len(),
        2,
        "kubectl takes it"
    );
    done(scene.apply_text(account, &[]));
    assert_eq!(list(&scene, "serviceaccount/keeper", "/secrets"), json!([{"name": "one"}]));
    assert_eq!(list(&scene, "serviceaccount/keeper", "/metadata/finalizers"), json!(["example.org/keep"]));
    done_with(scene.apply_text(account, &[]), &["serviceaccount/keeper unchanged"]);
    done(scene.apply_text(&account.replace(", finalizers: [example.org/keep, example.org/keep]", ""), &[]));
}

#[test]
fn one_port_on_two_addresses_is_refused_before_anything_is_sent() {
    let scene = ClusterScene::new().with_namespace();
    let pod = jug(
        "      ports:
        - {containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}
        - {containerPort: 80, hostPort: 80, hostIP: 127.0.0.2}
",
        "",
    );
    let first = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: spout}\n---\n";
    fails(
        scene.apply_text(&format!("{first}{pod}"), &[]),
        2,
        &["`80/TCP` is there twice in ports", "standard input:15:", "14 |", "first here"],
    );
    assert!(!scene.finds("configmap/spout"));
}

#[test]
fn a_key_without_a_value_is_a_key_that_is_not_there() {
    let scene = ClusterScene::new().with_namespace();
    let text = "apiVersion: v1
kind: Service
metadata: {name: tap, creationTimestamp: null, annotations: null}
spec:
  selector: {app: tap}
  ports: [{port: 81, protocol: null}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tap, labels: }
spec:
  replicas: null
  selector: {matchLabels: {app: tap}}
  template:
    metadata: {creationTimestamp: null, labels: {app: tap}}
    spec:
      nodeSelector:
      containers:
        - {name: tap, image: 'tap:1', resources: null, ports: [{containerPort: 81, protocol: null}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: tap}
data: {hot: null, cold: '1'}
";
    scene.kubectl_with(&["apply", "-f", "-"], &text.replace("name: tap", "name: tap-2"));
    done(scene.apply_text(text, &[]));
    for object in ["service/tap", "deployment.apps/tap", "configmap/tap"] {
        let spec = |name: &str| {
            let mut object = scene.object(name);
            let spec = object["spec"].take();
            let mut parts = json!({"data": object["data"].take()});
            for field in ["ports", "replicas", "template"] {
                parts[field] = spec[field].clone();
            }
            parts.to_string().replace("tap-2", "tap")
        };
        assert_eq!(spec(object), spec(&format!("{object}-2")), "what kubectl makes of it");
    }
    for _ in 0..2 {
        done_with(
            scene.apply_text(text, &[]),
            &["service/tap unchanged", "deployment.apps/tap unchanged", "configmap/tap unchanged"],
        );
    }
    assert_eq!(
        list(&scene, "deployment/tap", "/spec/template/spec/containers/0/ports").as_array().unwrap().len(),
        1
    );
    let diff = done(scene.apply_text(text, &["--diff", "--exit-code"]));
    assert_eq!(diff.stdout, "");
}
