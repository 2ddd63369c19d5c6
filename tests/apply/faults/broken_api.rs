//! Aggregated APIs whose own server is down, and servers without aggregated discovery.

use codex_tests::ScriptedServer;

use super::super::{done_with, fails, map};
use super::{apply, scene};

#[test]
fn a_broken_aggregated_api_is_nobodys_business_but_its_own() {
    let server = ScriptedServer::start();
    server.break_group("metrics.k8s.io", "v1beta1");
    let scene = scene(&server).stdin(map("settings", "1"));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let scene = scene.stdin("apiVersion: metrics.k8s.io/v1beta1\nkind: NodeMetrics\nmetadata: {name: x}\n");
    fails(apply(&scene, &[]), 2, &["metrics.k8s.io/v1beta1", "NodeMetrics"]);
}

#[test]
fn it_keeps_nothing_from_being_pruned() {
    let server = ScriptedServer::start();
    server.break_group("metrics.k8s.io", "v1beta1");
    let stream = |text: &str| {
        format!(
            "# kubectl-codex: {{\"project\":\"shop\",\"env\":\"ai\",\"slot\":1,\"namespace\":\"shop\"}}\n{text}"
        )
    };
    let scene = scene(&server).stdin(stream(&format!("{}{}", map("a", "1"), map("b", "1"))));
    done_with(apply(&scene, &[]), &["configmap/a created", "configmap/b created"]);
    let scene = scene.stdin(stream(&map("a", "1")));
    super::super::done(apply(&scene, &["--prune"]));
    assert_eq!(server.names("", "configmaps"), ["shop/a"]);
}

#[test]
fn a_server_without_aggregated_discovery_is_too_old() {
    let server = ScriptedServer::start();
    server.without_aggregated_discovery();
    let scene = scene(&server).stdin(map("settings", "1"));
    fails(apply(&scene, &[]), 1, &[&server.url(), "older than Kubernetes 1.30"]);
}
