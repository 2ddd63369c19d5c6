//! Errors that the server answers with: which are tried again, and what is said of the others.

use std::time::{Duration, Instant};

use codex_tests::{Answer, Calls, Scene, ScriptedServer};
use serde_json::json;

use super::super::custom_resources::{DEFINITION, TOY};
use super::super::{done, done_with, fails, map};
use super::{apply, scene};

fn patches() -> Calls {
    Calls::patch("configmaps").dry_run(false)
}

/// The fault meets the first tries; gives the scene.
fn faulty(server: &ScriptedServer, tries: usize, answer: Answer) -> Scene {
    server.on(patches(), ..=tries, answer);
    scene(server).stdin(map("settings", "1"))
}

#[test]
fn what_may_work_later_is_tried_again() {
    for answer in [
        Answer::too_many_requests(0),
        Answer::internal_error("etcd is away"),
        Answer::bad_gateway(),
        Answer::unavailable(),
        Answer::gateway_timeout(),
        Answer::CloseBefore,
        Answer::CloseAfter,
    ] {
        let server = ScriptedServer::start();
        let scene = faulty(&server, 2, answer.clone());
        let outcome = done(apply(&scene, &[]));
        assert_eq!(server.count(&patches()), 3, "{}", outcome.report(&format!("{answer:?}")));
        assert_eq!(server.names("", "configmaps"), ["shop/settings"]);
    }
}

#[test]
fn tries_come_to_an_end() {
    let server = ScriptedServer::start();
    let scene = faulty(&server, usize::MAX, Answer::unavailable());
    fails(apply(&scene, &["--apply-retries", "2"]), 1, &["configmap/settings", "0 applied, 1 failed"]);
    assert_eq!(server.count(&patches()), 3);
}

#[test]
fn the_server_is_left_alone_as_long_as_it_asks() {
    let server = ScriptedServer::start();
    let scene = faulty(&server, 1, Answer::too_many_requests(1));
    let start = Instant::now();
    done(apply(&scene, &[]));
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_manifests_own_error_is_not_tried_again() {
    for (answer, part) in [
        (
            Answer::untyped_500(
                "failed to create typed patch object (shop/settings; /v1, Kind=ConfigMap): .dota: field not declared in schema",
            ),
            ".dota",
        ),
        (Answer::invalid(&[("data[a]", "Invalid value: \"hunter2\": must be short")]), "must be short"),
        (Answer::forbidden(), "tester"),
        (Answer::status(400, "BadRequest", "the body is wrong"), "the body is wrong"),
    ] {
        let server = ScriptedServer::start();
        let scene = faulty(&server, usize::MAX, answer);
        let outcome = fails(apply(&scene, &[]), 1, &["configmap/settings", part]);
        assert_eq!(server.count(&patches()), 1, "{}", outcome.report("tried again"));
        assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.report("shows a value"));
    }
}

#[test]
fn a_lost_race_is_run_again() {
    let server = ScriptedServer::start();
    let scene = faulty(&server, 3, Answer::lost_race());
    // Not an error to be patient about: no tries are used up.
    done_with(apply(&scene, &["--apply-retries", "0"]), &["configmap/settings created"]);
    assert_eq!(server.count(&patches()), 4);
}

#[test]
fn taking_over_is_decided_anew_when_somebody_was_faster() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    server.put(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "settings", "namespace": "shop",
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            "managedFields": [{
                "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1",
                "fieldsType": "FieldsV1", "time": "2026-01-01T00:00:00Z",
                "fieldsV1": { "f:data": { ".": {}, "f:a": {}, "f:b": {} } },
            }],
        },
        "data": { "a": "0", "b": "0" },
    }));
    server.on(Calls::patch("configmaps"), 2..=2, Answer::lost_race());
    done_with(apply(&scene, &[]), &["configmap/settings configured"]);
    let live = server.object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}}));
    assert_eq!(live.unwrap()["data"], json!({"a": "1"}));
}

#[test]
fn a_conflict_of_ownership_is_no_race() {
    let server = ScriptedServer::start();
    let scene = faulty(&server, usize::MAX, Answer::ownership_conflict(&[("helm", ".data.a")]));
    fails(apply(&scene, &[]), 1, &["helm", ".data.a", "standard input:6:", "--force-conflicts"]);
    assert_eq!(server.count(&patches()), 1);
}

#[test]
fn an_autoscalers_replicas_are_sent_again_without() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(super::super::web("nginx"));
    server.on(
        Calls::patch("deployments").dry_run(false),
        1..=1,
        Answer::ownership_conflict(&[("kube-controller-manager/scale", ".spec.replicas")]),
    );
    let outcome = done(apply(&scene, &[]));
    assert!(outcome.stderr.contains("autoscaler"), "{}", outcome.report("it says so"));
    let calls = server.calls_of(&Calls::patch("deployments").dry_run(false));
    assert_eq!(calls.len(), 2);
    assert!(calls[1].json()["spec"]["replicas"].is_null() && calls[1].parameter("force") != Some("true"));
}

#[test]
fn a_list_that_is_too_old_begins_anew() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    for number in 0..501 {
        server.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("map-{number}"), "namespace": "shop"}}));
    }
    server.on(Calls::list("configmaps").parameter("continue"), 1..=1, Answer::gone());
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    assert_eq!(server.count(&Calls::list("configmaps")), 4);
}

#[test]
fn new_objects_are_asked_about_only_where_something_could_break() {
    let server = ScriptedServer::start();
    let asked = || server.count(&Calls::patch("configmaps").dry_run(true));
    let text = map("a", "1") + &map("b", "1");
    let scene = scene(&server).stdin(text.clone());
    done(apply(&scene, &[]));
    assert_eq!((asked(), server.count(&patches())), (0, 2), "a first apply sends each object once");
    done(apply(&scene, &[]));
    assert_eq!((asked(), server.count(&patches())), (0, 2), "and what is the same not at all");
    let scene = scene.stdin(text + &map("c", "1"));
    done(apply(&scene, &[]));
    assert_eq!((asked(), server.count(&patches())), (1, 3), "what comes to others is asked about");
}

#[test]
fn the_first_failure_stops_later_waves() {
    let server = ScriptedServer::start();
    let text = format!("{}{}{}", super::super::web("nginx"), "---\n", map("settings", "1"));
    server.on(patches(), .., Answer::forbidden());
    let scene = scene(&server).stdin(text);
    fails(apply(&scene, &[]), 1, &["0 applied, 1 failed, 1 not tried", "deployment.apps/web"]);
    assert_eq!(server.count(&Calls::patch("deployments").dry_run(false)), 0);
    server.heal();
}

#[test]
fn a_look_that_fails_changes_nothing() {
    for answer in [Answer::forbidden(), Answer::internal_error("etcd is away")] {
        let server = ScriptedServer::start();
        let scene = scene(&server).stdin(map("settings", "1"));
        server.on(Calls::list("configmaps"), .., answer.clone());
        server.on(Calls::get("configmaps"), .., answer);
        fails(apply(&scene, &[]), 1, &["configmaps"]);
        assert_eq!(server.count(&Calls::patch("configmaps")), 0);
    }
}

#[test]
fn a_kind_that_is_established_but_not_served_yet_is_waited_for() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(format!("{DEFINITION}{TOY}").replace("NAME", "shop"));
    server.on(Calls::patch("toys"), 1..=2, Answer::text(404, "404 page not found\n"));
    let lines = [
        "customresourcedefinition.apiextensions.k8s.io/toys.shop.example.org created",
        "toy.shop.example.org/ball created",
    ];
    done_with(apply(&scene, &[]), &lines);
    assert_eq!(server.count(&Calls::patch("toys")), 3);
}
