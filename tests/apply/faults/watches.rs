//! Watches that end, break, fall silent or are too old while `--wait` relies on them.

use std::time::Duration;

use codex_tests::{Answer, Calls, Outcome, ScriptedServer, Verb};
use serde_json::{Value, json};

use super::super::custom_resources::DEFINITION;
use super::super::{done, web};
use super::{apply, scene};

/// Silence is told from a quiet cluster only after more than a minute.
const LONGEST: Duration = Duration::from_secs(180);

/// The Deployment as its controller leaves it when all is well.
fn ready(server: &ScriptedServer) {
    let like = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}});
    let mut object: Value = server.object(&like).unwrap();
    let generation = object["metadata"]["generation"].clone();
    object["status"] = json!({
        "observedGeneration": generation, "replicas": 1, "updatedReplicas": 1,
        "readyReplicas": 1, "availableReplicas": 1,
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ],
    });
    server.put(object);
}

/// The first watch of Deployments meets the fault, and the Deployment gets ready only when it is
/// watched anew.
fn wait_through(answer: Answer) -> Outcome {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(web("nginx")).time_limit(LONGEST);
    let watches = Calls::watch("deployments");
    server.on(watches.clone(), 1..=1, answer);
    let flags = ["--wait", "--wait-timeout", "170s"];
    std::thread::scope(|threads| {
        let apply = threads.spawn(|| done(apply(&scene, &flags)));
        server.wait_for(2, &watches);
        ready(&server);
        apply.join().unwrap()
    })
}

#[test]
fn a_watch_that_ends_is_begun_again() {
    wait_through(Answer::WatchEnds(0));
}

#[test]
fn a_watch_that_breaks_is_begun_again() {
    wait_through(Answer::WatchBreaks(0));
}

#[test]
fn a_watch_that_is_too_old_begins_with_a_list() {
    wait_through(Answer::WatchGone(0));
}

#[test]
fn a_watch_that_falls_silent_is_begun_again() {
    wait_through(Answer::WatchSilent(0));
}

#[test]
fn an_error_instead_of_a_watch_is_tried_again() {
    wait_through(Answer::internal_error("etcd is away"));
    wait_through(Answer::too_many_requests(0));
}

#[test]
fn a_definition_is_awaited_until_discovery_shows_it() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(DEFINITION.replace("NAME", "shop"));
    let discovery = Calls::with(Verb::Get).path("/apis");
    let old = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": []});
    server.on(discovery.clone(), 2..=4, Answer::json(200, old));
    let outcome = done(apply(&scene, &["--wait", "--wait-timeout", "30s"]));
    let waiting = "toys.shop.example.org waiting: the server doesn't serve it yet";
    assert!(outcome.stderr.contains(waiting), "{}", outcome.report("said"));
    assert_eq!(server.count(&discovery), 5, "{}", outcome.report("not asked again"));
}

#[test]
fn a_watch_that_is_never_allowed_for_says_so_once_and_how_long() {
    for answer in [Answer::too_many_requests(1), Answer::overloaded(1), Answer::text(429, "")] {
        let server = ScriptedServer::start();
        let scene = scene(&server).stdin(web("nginx"));
        server.on(Calls::watch("deployments"), 1.., answer);
        let outcome = super::super::fails(apply(&scene, &["--wait", "--wait-timeout", "6s"]), 4, &[]);
        let said = outcome.stderr.matches("cannot watch deployments in namespace shop").count();
        assert_eq!(said, 1, "{}", outcome.report("said once"));
    }
}
