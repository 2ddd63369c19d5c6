//! What a prune has to know of the cluster before something goes, from a server that makes it hard to find out.

use codex_tests::{Answer, Calls, Scene, ScriptedServer};
use serde_json::{Value, json};

use super::super::{done, done_with, fails, map};
use super::{apply, scene};

fn stream(text: &str) -> String {
    format!(
        "# kubectl-codex: {{\"project\":\"shop\",\"env\":\"ai\",\"slot\":1,\"namespace\":\"shop\"}}\n{text}"
    )
}

/// An object of the namespace `extra`, made by a controller.
fn controlled(number: usize) -> Value {
    let owner = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1"});
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": format!("part-{number:04}"), "namespace": "extra", "ownerReferences": [owner]},
    })
}

/// An apply made the namespace `extra`, where a controller keeps three pages of ConfigMaps; the manifests no longer
/// have it.
fn with_leftover(server: &ScriptedServer) -> Scene {
    let extra = "apiVersion: v1\nkind: Namespace\nmetadata: {name: extra}\n---\n";
    let scene = scene(server).stdin(stream(&format!("{extra}{}", map("a", "1"))));
    done_with(apply(&scene, &[]), &["namespace/extra created", "configmap/a created"]);
    (0..1200).for_each(|number| drop(server.put(controlled(number))));
    scene.stdin(stream(&map("a", "1")))
}

fn lists() -> Calls {
    Calls::list("configmaps").namespace("extra")
}

fn is_there(server: &ScriptedServer) -> bool {
    server.names("", "namespaces").iter().any(|name| name == "extra")
}

#[test]
fn a_namespace_is_looked_through_to_its_last_page_before_it_goes() {
    let server = ScriptedServer::start();
    let scene = with_leftover(&server);
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "extra"}});
    server.put(theirs.clone());
    let outcome = done(apply(&scene, &["--prune-all"]));
    let said = "namespace/extra stays: configmap/theirs is in it";
    assert!(outcome.stderr.contains(said), "{}", outcome.report("said"));
    assert!(is_there(&server));
    server.remove(&theirs);
    done(apply(&scene, &["--prune-all"]));
    assert!(!is_there(&server), "nobody else's objects are in it");
}

#[test]
fn a_look_into_a_namespace_begins_anew_where_its_list_became_too_old() {
    let server = ScriptedServer::start();
    let scene = with_leftover(&server);
    server.on(lists(), 2..=2, Answer::gone());
    done(apply(&scene, &["--prune-all"]));
    assert_eq!(server.count(&lists()), 5, "a page, the token that is too old, and three pages");
    assert!(!is_there(&server));
}

#[test]
fn what_is_no_list_does_not_say_that_a_namespace_is_empty() {
    let server = ScriptedServer::start();
    let scene = with_leftover(&server);
    let status = json!({"apiVersion": "v1", "kind": "Status", "status": "Success"});
    server.on(lists(), .., Answer::json(200, status));
    fails(
        apply(&scene, &["--prune-all"]),
        1,
        &["the response is no PartialObjectMetadataList of meta.k8s.io/v1: Status of v1"],
    );
    assert!(is_there(&server));
}
