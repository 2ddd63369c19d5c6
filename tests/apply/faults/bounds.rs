//! What comes in and never ends, or isn't the server's: it is bounded, and said what it was.

use std::time::{Duration, Instant};

use codex_tests::{Answer, Calls, Scene, ScriptedServer};
use serde_json::json;

use super::super::{done, done_with, fails, map};
use super::{apply, scene};

/// A scene with one object to apply.
fn settings(server: &ScriptedServer) -> Scene {
    scene(server).stdin(map("settings", "1"))
}

fn lists() -> Calls {
    Calls::list("configmaps")
}

fn patches() -> Calls {
    Calls::patch("configmaps").dry_run(false)
}

#[test]
fn a_list_that_is_always_too_old_is_given_up() {
    let server = ScriptedServer::start();
    server.on(lists(), .., Answer::gone());
    fails(apply(&settings(&server), &[]), 1, &["cannot list", "configmaps", "too old"]);
    assert_eq!(server.count(&lists()), 6);
}

#[test]
fn a_list_without_end_is_given_up() {
    let server = ScriptedServer::start();
    let page = json!({
        "apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"continue": "more"}, "items": [],
    });
    server.on(lists(), .., Answer::json(200, page));
    fails(apply(&settings(&server), &[]), 1, &["configmaps doesn't end"]);
    assert_eq!(server.count(&lists()), 2);
}

#[test]
fn a_response_without_end_is_cut_off() {
    let server = ScriptedServer::start();
    server.on(Calls::get("namespaces"), .., Answer::text(200, &" ".repeat(65 << 20)));
    fails(apply(&settings(&server), &[]), 1, &["the response is larger than 64 MiB"]);
    assert_eq!(server.count(&Calls::get("namespaces")), 1);
}

#[test]
fn a_page_that_is_too_large_is_asked_for_in_parts() {
    let server = ScriptedServer::start();
    server.on(lists(), ..=2, Answer::text(200, &" ".repeat(65 << 20)));
    done_with(apply(&settings(&server), &[]), &["configmap/settings created"]);
    let sizes: Vec<String> =
        server.calls_of(&lists()).iter().map(|call| call.parameter("limit").unwrap().to_owned()).collect();
    assert_eq!(sizes, ["500", "125", "31"]);
}

#[test]
fn a_refusal_of_any_length_is_a_refusal() {
    let server = ScriptedServer::start();
    server.on(patches(), .., Answer::text(403, &"x".repeat(2 << 20)));
    let outcome = fails(apply(&settings(&server), &[]), 1, &["configmap/settings"]);
    assert!(outcome.stderr.len() < 2000, "{}", outcome.stderr.len());
}

#[test]
fn what_is_no_answer_of_an_api_server_is_no_success() {
    let page = || Answer::text(200, "<html>Please sign in</html>");
    let foreign =
        "the response is no Kubernetes object: text/plain (status 200); is it a proxy's or a sign-in page?";
    let another =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "shop"}});
    let object = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}});
    let list = json!({"apiVersion": "v1", "kind": "SecretList", "metadata": {}, "items": []});
    for (calls, answer, words) in [
        (Calls::all().path("/apis"), page(), foreign),
        (Calls::get("namespaces"), page(), foreign),
        (lists(), page(), foreign),
        (lists(), Answer::json(200, list), "the response is no ConfigMapList of v1: SecretList of v1"),
        (lists(), Answer::json(200, object("settings")), "the response is no ConfigMapList of v1"),
        (patches(), page(), foreign),
        (patches(), Answer::text(204, ""), "the response is no Kubernetes object: it is empty (status 204)"),
        (
            patches(),
            Answer::json(200, another),
            "the response is not configmap/settings but Secret x (status 200)",
        ),
        (patches(), Answer::json(201, object("other")), "not configmap/settings but ConfigMap other"),
        (patches(), Answer::json(200, json!({})), "but no Kubernetes object at all"),
    ] {
        let server = ScriptedServer::start();
        server.on(calls, .., answer);
        let outcome = fails(apply(&settings(&server), &[]), 1, &[words]);
        assert!(!outcome.stdout.contains("settings c"), "{}", outcome.report("said to be applied"));
        assert!(server.count(&patches()) <= 1, "{}", outcome.report("tried again"));
    }
}

#[test]
fn a_dry_run_takes_nothing_else_for_the_object() {
    let server = ScriptedServer::start();
    server.on(Calls::patch("configmaps"), .., Answer::text(200, "<html>Please sign in</html>"));
    fails(
        apply(&settings(&server), &["--diff"]),
        1,
        &["the response is no Kubernetes object", "sign-in page"],
    );
}

#[test]
fn a_server_that_wants_to_be_left_alone_for_years_is_asked_again_and_that_is_said() {
    let server = ScriptedServer::start();
    server.on(patches(), ..=1, Answer::too_many_requests(99_999_999));
    let begun = Instant::now();
    let scene = settings(&server).time_limit(Duration::from_secs(90));
    let outcome = done(apply(&scene, &[]));
    assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
    let line = "waiting for the API server: apply configmap/settings: the server has too much to do";
    assert!(outcome.stderr.contains(line), "{}", outcome.report("not said"));
}
