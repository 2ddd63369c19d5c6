//! Ways to the server that lead through a proxy.

use std::fs;

use codex_tests::{ConnectProxy, Scene, ScriptedServer, SocksProxy};
use serde_json::Value;

use super::super::{done_with, fails, map};
use super::{apply, scene};

/// A scene whose kubeconfig names the server by a name that only a proxy knows, and perhaps that proxy.
fn far_away(server: &ScriptedServer, proxy: Option<&str>) -> Scene {
    let scene = scene(server).stdin(map("settings", "1"));
    let path = scene.path("kubeconfigs/kubeconfig");
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let cluster = &mut kubeconfig["clusters"][0]["cluster"];
    cluster["server"] = server.url().replace("127.0.0.1", "cluster.invalid").into();
    cluster["tls-server-name"] = "localhost".into();
    if let Some(proxy) = proxy {
        cluster["proxy-url"] = proxy.into();
    }
    fs::write(&path, kubeconfig.to_string()).unwrap();
    scene
}

#[test]
fn a_socks_proxy_looks_the_servers_name_up() {
    let server = ScriptedServer::start();
    for scheme in ["socks5", "socks5h"] {
        let proxy = SocksProxy::start(None);
        let address = format!("{scheme}://{}", proxy.address());
        let scene = far_away(&server, Some(&address));
        apply(&scene, &[]).unchecked();
        let port = server.url().rsplit_once(':').unwrap().1.to_owned();
        assert!(proxy.targets().contains(&format!("cluster.invalid:{port}")), "{:?}", proxy.targets());
    }
    assert!(server.calls().iter().any(|call| call.method == "PATCH"));
}

#[test]
fn a_socks_proxy_may_want_a_password() {
    let server = ScriptedServer::start();
    let proxy = SocksProxy::start(Some("jane:s3cr3t:@"));
    let scene = far_away(&server, Some(&format!("socks5://jane:s3cr3t%3A%40@{}", proxy.address())));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let scene = far_away(&server, Some(&format!("socks5://jane:other@{}", proxy.address())));
    let outcome = fails(apply(&scene, &[]), 1, &["SOCKS proxy refuses the credentials", &proxy.address()]);
    assert!(!outcome.stderr.contains("jane"), "{}", outcome.report("shows credentials"));
    let scene = far_away(&server, Some(&format!("socks5://{}", proxy.address())));
    fails(apply(&scene, &[]), 1, &["SOCKS proxy asks for credentials"]);
}

#[test]
fn the_environments_proxies_count_as_in_go() {
    let server = ScriptedServer::start();
    let proxy = SocksProxy::start(None);
    let address = format!("socks5://{}", proxy.address());
    let scene = far_away(&server, None).env("HTTPS_PROXY", &address);
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let count = proxy.targets().len();
    assert!(count > 0);
    // Exceptions: the name, and a domain with a port.
    for exceptions in ["cluster.invalid", "other, .invalid", "*.invalid", "*"] {
        let scene = far_away(&server, None).env("https_proxy", &address).env("NO_PROXY", exceptions);
        fails(apply(&scene, &["--apply-retries=0"]), 1, &["cluster.invalid"]);
        assert_eq!(proxy.targets().len(), count, "{exceptions}");
    }
    // This machine itself is never asked through a proxy.
    let scene = super::scene(&server).stdin(map("settings", "1")).env("HTTPS_PROXY", &address);
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
    assert_eq!(proxy.targets().len(), count);
}

#[test]
fn a_proxy_that_says_no_is_quoted() {
    let server = ScriptedServer::start();
    let proxy = ConnectProxy::start();
    let scene = far_away(&server, Some(&proxy.url()));
    // It doesn't know the name either, and hangs up.
    fails(
        apply(&scene, &["--apply-retries=0"]),
        1,
        &["through the proxy", "the proxy closed the connection on CONNECT"],
    );
    let plain = ScriptedServer::start_plain();
    let scene = far_away(&server, Some(&plain.url()));
    fails(apply(&scene, &["--apply-retries=0"]), 1, &["the proxy answered 4", "to CONNECT cluster.invalid:"]);
    let scene = far_away(&server, Some("socks4://127.0.0.1:1"));
    fails(apply(&scene, &[]), 1, &["proxy-url", "socks4"]);
}
