//! `ensure`: the slot that one has, or the lowest free one, and how it is reported.

use std::fs;

use serde_json::json;

use super::{codexctls_record, done, ensure, ensured, fails, project, record, records, slot};

#[test]
fn the_first_gets_the_first_and_keeps_it() {
    let scene = project();
    let name = scene.name();
    let expected = |created: bool| json!({"slot": 1, "namespace": format!("{name}-ai-1"), "env": "ai", "created": created});
    assert_eq!(ensure(&scene, &["--issue", "7"]), expected(true));
    assert_eq!(ensure(&scene, &["--issue", "7"]), expected(false));
    assert_eq!(ensured(&scene, &["--issue", "8"]), 2);
    assert_eq!(ensured(&scene, &["--pr", "7"]), 3);
    assert_eq!(ensured(&scene, &["--issue", "7"]), 1);
    assert_eq!(records(&scene).len(), 3);
}

#[test]
fn the_lowest_free_one_is_taken() {
    let scene = project();
    for number in [1, 2, 4] {
        codexctls_record(&scene, number, &json!({"issue": number.to_string()}));
    }
    assert_eq!(ensured(&scene, &["--issue", "30"]), 3);
    assert_eq!(ensured(&scene, &["--issue", "50"]), 5);
}

#[test]
fn a_pull_request_joins_its_issue() {
    let scene = project();
    assert_eq!(ensured(&scene, &["--issue", "7"]), 1);
    assert_eq!(ensured(&scene, &["--issue", "7", "--pr", "12"]), 1);
    assert_eq!(ensured(&scene, &["--pr", "12"]), 1);
    let data = record(&scene, 1);
    assert_eq!((&data["issue"], &data["pr"]), (&json!("7"), &json!("12")));
    assert!(data["claim"].is_null(), "{data}");
}

#[test]
fn a_number_gives_that_slot_or_says_whose_it_is() {
    let scene = project();
    assert_eq!(ensured(&scene, &["--slot", "5"]), 5);
    assert_eq!(ensured(&scene, &["--slot", "5", "--issue", "7"]), 5);
    fails(slot(&scene, &["ensure", "--slot", "5", "--issue", "8"]), 1, &["slot 5", "issue 7"]);
    fails(slot(&scene, &["ensure", "--slot", "6", "--issue", "7"]), 1, &["issue 7", "slot 5"]);
    // Beyond --max too: the bound is for slots that are chosen.
    assert_eq!(ensured(&scene, &["--slot", "9", "--max", "3"]), 9);
}

#[test]
fn formats() {
    let scene = project();
    let name = scene.name().to_owned();
    let run =
        |arguments: &[&str]| done(slot(&scene, &[&["ensure", "--issue", "7"], arguments].concat())).stdout;
    assert_eq!(run(&[]), format!("slot 1, namespace {name}-ai-1, environment ai (created)\n"));
    assert_eq!(run(&[]), format!("slot 1, namespace {name}-ai-1, environment ai\n"));
    let kv = format!("slot=1\nnamespace={name}-ai-1\nenv=ai\ncreated=false\n");
    assert_eq!(run(&["-o", "kv"]), kv);
    let json = format!("{{\"slot\":1,\"namespace\":\"{name}-ai-1\",\"env\":\"ai\",\"created\":false}}\n");
    assert_eq!(run(&["-o", "json"]), json);

    let file = scene.scene().path("output");
    fs::write(&file, "before=1\n").unwrap();
    let scene = scene.with(|scene| scene.env("GITHUB_OUTPUT", &file));
    let github = slot(&scene, &["ensure", "--issue", "7", "-o", "github"]);
    github.stderr_mentions(&["slot 1"]).check();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("before=1\n{kv}"));
}

#[test]
fn nothing_is_touched_that_cannot_be_reported() {
    let scene = project();
    let run = |scene: &_| slot(scene, &["ensure", "--issue", "7", "-o", "github"]);
    fails(run(&scene), 2, &["GITHUB_OUTPUT"]);
    let folder = scene.scene().project();
    let scene = scene.with(|scene| scene.env("GITHUB_OUTPUT", folder));
    fails(run(&scene), 1, &["GITHUB_OUTPUT", "/project"]);
    let state = format!("namespace/{}-state", scene.name());
    assert!(!scene.finds(&state));
}

#[test]
fn a_namespace_on_its_way_out_is_not_taken() {
    let scene = project();
    let name = scene.name();
    for number in [1, 2] {
        let namespace = format!("{name}-ai-{number}");
        scene.kubectl(&["create", "namespace", &namespace]);
        let finalizer = r#"{"metadata":{"finalizers":["example.org/block"]}}"#;
        let map = ["create", "configmap", "blocker", "--namespace", &namespace];
        scene.kubectl(&map);
        scene.kubectl(&["patch", "configmap/blocker", "--namespace", &namespace, "--patch", finalizer]);
        scene.kubectl(&["delete", "namespace", &namespace, "--wait=false"]);
    }
    let number = ensured(&scene, &["--issue", "7"]);
    let refused = slot(&scene, &["ensure", "--slot", "1", "--wait-for-slot", "0"]);
    let refused = refused.exit(1).stderr_mentions(&["slot 1", "is being deleted"]).unchecked();
    for number in [1, 2] {
        let namespace = format!("{name}-ai-{number}");
        let free = r#"{"metadata":{"finalizers":null}}"#;
        scene.kubectl(&["patch", "configmap/blocker", "--namespace", &namespace, "--patch", free]);
    }
    assert_eq!(number, 3);
    assert_eq!(refused.exit, 1, "{}", refused.report("taken"));
}

#[test]
fn no_free_slot_fails_or_waits() {
    let scene = project();
    assert_eq!(ensured(&scene, &["--issue", "1", "--max", "1"]), 1);
    let full = ["ensure", "--issue", "2", "--max", "1", "--wait-for-slot"];
    fails(slot(&scene, &[&full[..], &["0"]].concat()), 1, &["no free slot", "--max"]);
    fails(slot(&scene, &[&full[..], &["1s"]].concat()), 1, &["no free slot", "1s"]);
    let outcome = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| done(slot(&scene, &[&full[..], &["1m"]].concat())));
        std::thread::sleep(std::time::Duration::from_secs(2));
        let state = format!("{}-state", scene.name());
        scene.kubectl(&["delete", "configmap/slot-1", "--namespace", &state]);
        waiting.join().unwrap()
    });
    assert!(outcome.stdout.starts_with("slot 1,"), "{}", outcome.report("waited"));
    assert!(outcome.stderr.contains("no free slot"), "{}", outcome.report("says why it waits"));
}

#[test]
fn the_projects_own_limit_is_the_default() {
    let scene =
        project().with(|scene| scene.replace("services.yaml", "baseDomain:", "maxSlots: 1\nbaseDomain:"));
    assert_eq!(ensured(&scene, &["--issue", "1"]), 1);
    let run = slot(&scene, &["ensure", "--issue", "2", "--wait-for-slot", "0"]);
    fails(run, 1, &["no free slot", "maxSlots"]);
    assert_eq!(ensured(&scene, &["--issue", "2", "--max", "0"]), 2);
}

#[test]
fn a_namespace_that_somebody_made_by_hand_is_said() {
    let scene = project();
    let namespace = format!("{}-ai-1", scene.name());
    scene.kubectl(&["create", "namespace", &namespace]);
    let outcome = done(slot(&scene, &["ensure", "--issue", "7"]));
    let said = format!("warning: namespace {namespace} was there before slot 1");
    assert!(outcome.stderr.contains(&said), "{}", outcome.report("not said"));
    let again = done(slot(&scene, &["ensure", "--issue", "7"]));
    assert!(!again.stderr.contains("was there before"), "{}", again.report("said once"));
    let other = done(slot(&scene, &["ensure", "--issue", "8"]));
    assert!(!other.stderr.contains("was there before"), "{}", other.report("there was none"));
}
