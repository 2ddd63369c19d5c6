//! Credentials in addresses: of servers, proxies, downloads.

use codex_tests::{Outcome, Scene, ScriptedServer};

use crate::apply::faults;

fn shows_none(outcome: &Outcome) {
    for part in ["hunter22", "aHVudGVyMj", "alice"] {
        assert!(!(outcome.stdout.clone() + &outcome.stderr).contains(part), "{}", outcome.report(part));
    }
}

/// Applies a ConfigMap with these arguments and says all there is to say.
fn apply(scene: &Scene, arguments: &[&str]) -> Outcome {
    let arguments = [&["-n", "shop", "--log-level", "debug"], arguments].concat();
    let outcome = scene.run_with("kubectl-codex-apply", &arguments, crate::apply::map("a", "1")).unchecked();
    shows_none(&outcome);
    outcome
}

#[test]
fn of_a_server_are_not_shown() {
    let scene = Scene::new();
    for server in [
        "https://alice:hunter22@127.0.0.1:1",
        "https://alice:hunter22@127.0.0.1:port",
        "http://alice:hunter22/x@127.0.0.1:1",
        "https://alice:hunter22\"x@127.0.0.1:1",
    ] {
        let outcome = apply(&scene, &["-f", "-", "--server", server]);
        assert_ne!(outcome.exit, 0);
        assert!(!outcome.stderr.is_empty());
        shows_none(&scene.run("kubectl-codex-slot", &["list", &format!("--server={server}")]).unchecked());
    }
    let scene = scene.env("CODEXCTL_SERVER", "https://alice:hunter22@127.0.0.1:1");
    apply(&scene, &["-f", "-"]);
    apply(&scene, &["-f", "-", "--no-such-flag=https://alice:hunter22@127.0.0.1:1"]);
}

#[test]
fn of_a_kubeconfig_are_not_shown() {
    let kubeconfig = |server: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a}}}}]\nclusters: [{{name: a, cluster: {{{server}}}}}]\n"
        )
    };
    for cluster in [
        "server: 'https://alice:hunter22@127.0.0.1:1'",
        "server: 'https://alice:hunter22@127.0.0.1:port'",
        "server: 'https://192.0.2.1', proxy-url: 'http://alice:hunter22@127.0.0.1:1'",
        "server: 'https://192.0.2.1', proxy-url: 'ftp://alice:hunter22@127.0.0.1:1'",
    ] {
        let scene = Scene::new().file("kubeconfig", kubeconfig(cluster));
        let outcome = apply(&scene, &["-f", "-", "--kubeconfig", "kubeconfig"]);
        assert_eq!(outcome.exit, 1, "{}", outcome.report(cluster));
    }
}

#[test]
fn of_proxies_and_downloads_are_not_shown() {
    let server = ScriptedServer::start();
    let scene = faults::scene(&server);
    for url in ["http://alice:hunter22@127.0.0.1:1/a.yaml", "https://alice:hunter22@127.0.0.1:x/a"] {
        let outcome = apply(&scene, &["-f", url]);
        assert!(outcome.exit == 1 || outcome.exit == 2, "{}", outcome.report(url));
        assert!(outcome.stderr.contains("***"), "{}", outcome.report(url));
    }
    let scene = scene.env("HTTP_PROXY", "http://alice:hunter22@127.0.0.1:1");
    apply(&scene, &["-f", "http://192.0.2.1/a.yaml"]);
}

#[test]
fn of_a_download_that_is_no_manifest_are_not_shown() {
    let files = ScriptedServer::start_plain();
    let server = ScriptedServer::start();
    let scene = faults::scene(&server);
    // What answers there is JSON, but no manifest: the message names the file.
    let url = format!("{}/version", files.url().replace("http://", "http://alice:hunter22@"));
    let outcome = apply(&scene, &["-f", &url]);
    assert_ne!(outcome.exit, 0, "{}", outcome.report("no manifest"));
    assert!(outcome.stderr.contains("***@127.0.0.1"), "{}", outcome.report("the file's name"));
}
