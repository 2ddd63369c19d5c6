//! Who asks, and whom: tokens that end, plugins, and servers that aren't trusted.

use codex_tests::{Answer, Calls, ConnectProxy, Scene, ScriptedServer, plugin_runs, stolen_input};

use super::super::{done, done_with, fails, map};
use super::{apply, scene};

fn settings(server: &ScriptedServer) -> Scene {
    scene(server).stdin(map("settings", "1"))
}

#[test]
fn a_server_of_an_unknown_authority_is_not_spoken_to() {
    let server = ScriptedServer::start();
    let scene = settings(&server);
    let kubeconfig = server.kubeconfig().unknown_authority().write(&scene.path("unknown"));
    let flags = ["--kubeconfig", kubeconfig.to_str().unwrap()];
    fails(apply(&scene, &flags), 1, &[&server.url(), "certificate"]);
    assert_eq!(server.count(&Calls::all()), 0);
    let skip = [&flags[..], &["--insecure-skip-tls-verify"]].concat();
    done_with(apply(&scene, &skip), &["configmap/settings created"]);
}

#[test]
fn a_plugin_gives_the_token_and_never_reads_the_manifests() {
    let server = ScriptedServer::start();
    let scene = settings(&server).env("PATH", "/usr/bin:/bin");
    let folder = scene.path("plugin");
    let kubeconfig = server.kubeconfig().exec_plugin().write(&folder);
    done_with(
        apply(&scene, &["--kubeconfig", kubeconfig.to_str().unwrap()]),
        &["configmap/settings created"],
    );
    assert_eq!(stolen_input(&folder), "");
    assert_eq!(plugin_runs(&folder), 1);
}

#[test]
fn a_credential_that_says_it_is_over_is_used_until_it_is_refused() {
    let server = ScriptedServer::start();
    let scene = settings(&server).env("PATH", "/usr/bin:/bin");
    let folder = scene.path("plugin");
    let kubeconfig = server.kubeconfig().exec_plugin_until("2020-01-01T00:00:00Z").write(&folder);
    server.expire_token_after(2);
    done_with(
        apply(&scene, &["--kubeconfig", kubeconfig.to_str().unwrap()]),
        &["configmap/settings created"],
    );
    assert_eq!(plugin_runs(&folder), 2, "once, and once more when it was refused");
}

#[test]
fn a_token_that_is_refused_is_renewed_once_and_the_apply_goes_on() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1") + &map("more", "1")).env("PATH", "/usr/bin:/bin");
    let folder = scene.path("plugin");
    let kubeconfig = server.kubeconfig().exec_plugin().write(&folder);
    server.expire_token_after(3);
    done_with(
        apply(&scene, &["--kubeconfig", kubeconfig.to_str().unwrap()]),
        &["configmap/settings created", "configmap/more created"],
    );
    assert_eq!(plugin_runs(&folder), 2);
}

#[test]
fn a_plugin_whose_tokens_are_all_refused_is_not_asked_again_and_again() {
    let server = ScriptedServer::start();
    let scene = settings(&server).env("PATH", "/usr/bin:/bin");
    let folder = scene.path("plugin");
    let kubeconfig = server.kubeconfig().exec_plugin().write(&folder);
    server.on(Calls::all(), 1.., Answer::unauthorized());
    let flags = ["--kubeconfig", kubeconfig.to_str().unwrap()];
    fails(apply(&scene, &flags), 1, &[&server.url(), "Unauthorized"]);
    assert_eq!(plugin_runs(&folder), 2);
}

#[test]
fn a_token_that_cannot_be_renewed_is_an_error() {
    let server = ScriptedServer::start();
    let scene = settings(&server);
    server.expire_token_after(0);
    let outcome = fails(apply(&scene, &[]), 1, &[&server.url(), "Unauthorized"]);
    assert!(!outcome.stderr.contains("token-1"), "{}", outcome.report("shows a token"));
}

#[test]
fn a_proxy_of_the_kubeconfig_is_used() {
    let server = ScriptedServer::start();
    let proxy = ConnectProxy::start();
    let scene = settings(&server);
    let kubeconfig = server.kubeconfig().proxy(&proxy.url()).write(&scene.path("proxied"));
    done(apply(&scene, &["--kubeconfig", kubeconfig.to_str().unwrap()]));
    assert!(!proxy.targets().is_empty());
}
