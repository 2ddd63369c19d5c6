//! What the API server won't do: the command fails at once, and names the verb and the resource (B4).

use std::time::{Duration, Instant};

use codex_tests::{Answer, Calls, Expectation, Scene, ScriptedServer};
use serde_json::json;

const PROJECT: &str = "\
project: shop
environments: {ai: {}}
state: {configmapNamespace: codex-system, configmapPrefix: slot-}
";

/// A scene whose kubeconfig leads to the server, where the state namespace is.
fn scene(server: &ScriptedServer) -> Scene {
    server.put(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "codex-system" },
        "status": { "phase": "Active" },
    }));
    let scene = Scene::new().file("services.yaml", PROJECT);
    let kubeconfig = server.kubeconfig().write(&scene.path("kubeconfigs"));
    scene.env("KUBECONFIG", kubeconfig)
}

fn ensure(scene: &Scene) -> Expectation {
    scene.run("kubectl-codex-slot", &["ensure", "--issue", "7", "--request-timeout", "1s"])
}

/// It fails soon, with 1, and says each part.
fn fails_soon(scene: &Scene, parts: &[&str]) {
    let start = Instant::now();
    ensure(scene).exit(1).stderr_mentions(parts).check();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_missing_right_is_named() {
    for (calls, verb) in [(Calls::list("configmaps"), "list"), (Calls::create("configmaps"), "create")] {
        let server = ScriptedServer::start();
        let scene = scene(&server);
        server.deny(calls.clone());
        fails_soon(&scene, &[verb, "configmaps", "codex-system"]);
        assert_eq!(server.count(&calls), 1, "asked once");
    }
}

#[test]
fn a_server_that_fails_is_no_taken_slot() {
    for (calls, verb) in [(Calls::list("configmaps"), "list"), (Calls::create("configmaps"), "create")] {
        let server = ScriptedServer::start();
        let scene = scene(&server);
        server.on(calls.clone(), .., Answer::internal_error("etcd is away"));
        fails_soon(&scene, &[verb, "configmaps"]);
        // The first try and the six of the retry policy; a taken slot would lead to the next number, without end.
        assert!(server.count(&calls) <= 7, "{} tries", server.count(&calls));
        assert!(server.names("", "configmaps").is_empty());
    }
}

#[test]
fn a_look_at_the_namespace_that_fails_takes_nothing() {
    let server = ScriptedServer::start();
    let scene = scene(&server);
    server.deny(Calls::get("namespaces"));
    fails_soon(&scene, &["get", "namespaces"]);
    assert!(server.names("", "configmaps").is_empty());
}

#[test]
fn who_isnt_known_is_told() {
    let server = ScriptedServer::start();
    let scene = scene(&server);
    server.on(Calls::list("configmaps"), .., Answer::unauthorized());
    fails_soon(&scene, &["credentials"]);
    assert_eq!(server.count(&Calls::list("configmaps")), 1, "asked once");
}

#[test]
fn nobody_listens() {
    let server = ScriptedServer::start();
    let scene = scene(&server);
    let url = server.url();
    drop(server);
    fails_soon(&scene, &[&url]);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let server = ScriptedServer::start();
    let scene = scene(&server);
    server.on(Calls::list("configmaps"), 1..=1, Answer::too_many_requests(1));
    server.on(Calls::create("configmaps"), 1..=1, Answer::unavailable());
    ensure(&scene).any_stdout().stderr_mentions(&[]).check();
    assert_eq!(server.names("", "configmaps"), ["codex-system/slot-1"]);
}

#[test]
fn an_answer_that_was_lost_doubles_nothing() {
    let server = ScriptedServer::start();
    let scene = scene(&server);
    server.on(Calls::create("configmaps"), 1..=1, Answer::HangAfter);
    ensure(&scene).any_stdout().stderr_mentions(&[]).check();
    assert_eq!(server.names("", "configmaps"), ["codex-system/slot-1"]);
}
