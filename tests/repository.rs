//! Stories of the repository itself: the example, the house rules, the packages.

use std::path::Path;
use std::process::{Command, Output};

use codex_tests::{Scene, TemporaryFolder, binary, repository};
use serde_json::Value;

fn python(script: &str, arguments: &[&Path]) -> Output {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    Command::new(python).arg(repository().join(script)).args(arguments).output().unwrap()
}

fn assert_success(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{message}");
}

/// Every object of the example in one environment.
fn example(arguments: &[&str]) -> Vec<Value> {
    let arguments = [arguments, &["-o", "json"]].concat();
    let outcome = Scene::shop().render(&arguments).any_stdout().check();
    let mut list: Value = serde_json::from_str(&outcome.stdout).unwrap();
    match list["items"].take() {
        Value::Array(items) => items,
        other => panic!("{other}"),
    }
}

const ENVIRONMENTS: [&[&str]; 4] = [
    &["--env", "dev"],
    &["--env", "staging"],
    &["--env", "ai", "--slot", "1"],
    &["--env", "ai-repair", "--slot", "2"],
];

fn has_labels(labels: &Value, selector: &Value) -> bool {
    selector.as_object().is_some_and(|selector| selector.iter().all(|(key, value)| &labels[key] == value))
}

#[test]
fn the_examples_selectors_and_ports_fit() {
    for environment in ENVIRONMENTS {
        let objects = example(environment);
        let of_kind = |kinds: &'static [&str]| {
            let is = move |object: &&Value| kinds.iter().any(|kind| object["kind"] == *kind);
            objects.iter().filter(is)
        };
        for workload in of_kind(&["Deployment", "StatefulSet"]) {
            let spec = &workload["spec"];
            let labels = &spec["template"]["metadata"]["labels"];
            assert!(has_labels(labels, &spec["selector"]["matchLabels"]), "{workload}");
        }
        for service in of_kind(&["Service"]) {
            let spec = &service["spec"];
            let pods: Vec<&Value> = of_kind(&["Deployment", "StatefulSet"])
                .map(|workload| &workload["spec"]["template"])
                .filter(|pod| has_labels(&pod["metadata"]["labels"], &spec["selector"]))
                .collect();
            assert_eq!(pods.len(), 1, "{service}");
            let wanted = &spec["ports"][0]["targetPort"];
            let ports = &pods[0]["spec"]["containers"][0]["ports"];
            assert!(ports.as_array().unwrap().iter().any(|port| &port["name"] == wanted), "{service}");
        }
    }
}

#[test]
fn the_examples_objects_are_in_one_namespace() {
    for environment in ENVIRONMENTS {
        let objects = example(environment);
        let namespace = &objects[0]["metadata"]["name"];
        assert_eq!(objects[0]["kind"], "Namespace");
        for object in &objects[1..] {
            assert_eq!(&object["metadata"]["namespace"], namespace, "{object}");
        }
    }
}

#[test]
fn the_house_rules_catch_planted_violations() {
    assert_success(&python("tests/house-rules", &[Path::new("--self-test")]));
}

#[test]
fn packages_follow_krews_and_helms_rules() {
    let built = binary("kubectl-codex-render");
    let folder = TemporaryFolder::new();
    let packed = python("plugin-index/pack.py", &[built.parent().unwrap(), folder.path()]);
    assert_success(&packed);
    let first = std::fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
    assert_success(&python("plugin-index/check.py", &[folder.path()]));

    assert_success(&python("plugin-index/pack.py", &[built.parent().unwrap(), folder.path()]));
    let second = std::fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
    assert_eq!(first, second, "packing twice gives the same archives");
}

#[test]
fn packages_that_break_a_rule_are_refused() {
    assert_success(&python("plugin-index/check.py", &[Path::new("--self-test")]));
}

#[test]
fn bare_make_prints_the_targets() {
    let output = Command::new("make").current_dir(repository()).output().unwrap();
    assert_success(&output);
    let text = String::from_utf8_lossy(&output.stdout);
    for target in [
        "demo",
        "test",
        "test-cluster",
        "cluster-up",
        "cluster-down",
        "check",
        "bench",
        "golden",
        "fuzz",
        "install",
        "dist",
        "clean",
    ] {
        assert!(text.contains(&format!("make {target} ")), "{target}\n{text}");
    }
}
