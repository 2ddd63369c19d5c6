//! Stories of what a healthy API server won't do, against a scripted one.

mod answers;
mod bounds;
mod broken_api;
mod credentials;
mod every_call;
mod kubeconfigs;
mod passing;
mod plugins;
mod proxies;
mod prune;
mod reading;
mod silence;
mod watches;

use codex_tests::{Expectation, Scene, ScriptedServer};
use serde_json::json;

/// A scene whose kubeconfig leads to the server, where the namespace `shop` is.
pub(crate) fn scene(server: &ScriptedServer) -> Scene {
    server.put(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" },
        "status": { "phase": "Active" },
    }));
    let scene = Scene::new();
    let kubeconfig = server.kubeconfig().write(&scene.path("kubeconfigs"));
    scene.env("KUBECONFIG", kubeconfig)
}

/// Applies the scene's standard input to the namespace `shop`, with short pauses between tries.
fn apply(scene: &Scene, arguments: &[&str]) -> Expectation {
    let arguments = [&["-n", "shop", "-f", "-", "--apply-backoff", "10ms"], arguments].concat();
    scene.run("kubectl-codex-apply", &arguments)
}
