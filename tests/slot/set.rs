//! `set`: links a slot to an issue or a pull request.

use serde_json::json;

use super::{codexctls_record, done, ensured, fails, project, record, slot};

#[test]
fn a_slot_is_linked_and_linked_anew() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    let name = scene.name().to_owned();
    let outcome = done(slot(&scene, &["set", "--slot", "1", "--pr", "12"]));
    assert_eq!(outcome.stdout, "slot 1 is linked to issue 7, pull request 12\n");
    assert_eq!(ensured(&scene, &["--pr", "12"]), 1);
    let outcome = done(slot(&scene, &["set", "--slot", "1", "--pr", "13", "-o", "kv"]));
    assert_eq!(outcome.stdout, format!("slot=1\nnamespace={name}-ai-1\nenv=ai\nissue=7\npr=13\n"));
    assert_eq!(ensured(&scene, &["--pr", "12"]), 2);
}

#[test]
fn again_is_the_same() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    done(slot(&scene, &["set", "--slot", "1", "--issue", "7"]));
    let before = record(&scene, 1);
    done(slot(&scene, &["set", "--slot", "1", "--issue", "7"]));
    assert_eq!(record(&scene, 1), before);
}

#[test]
fn what_others_have_cannot_be_had() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    ensured(&scene, &["--issue", "8"]);
    fails(slot(&scene, &["set", "--slot", "1", "--issue", "8"]), 1, &["issue 8", "slot 2"]);
    fails(slot(&scene, &["set", "--slot", "3", "--issue", "9"]), 1, &["slot 3"]);
    assert_eq!(record(&scene, 1)["issue"], "7");
}

#[test]
fn records_of_codexctl_are_linked_too() {
    let scene = project();
    codexctls_record(&scene, 4, &json!({}));
    done(slot(&scene, &["set", "--slot", "4", "--issue", "7"]));
    assert_eq!(ensured(&scene, &["--issue", "7"]), 4);
}

#[test]
fn a_link_must_be_named() {
    let scene = project();
    fails(slot(&scene, &["set", "--slot", "1"]), 2, &["--issue", "--pr"]);
    fails(slot(&scene, &["set", "--slot", "0", "--issue", "1"]), 2, &["--slot"]);
}
