//! Kubeconfigs as people and programs write them: what is read, and what is said of the rest.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codex_tests::{Calls, Scene, ScriptedServer};
use serde_json::{Value, json};

use super::super::{done_with, fails, map};
use super::{apply, scene};

/// A scene whose kubeconfig is the server's, changed.
fn changed(server: &ScriptedServer, change: impl FnOnce(&mut Value)) -> Scene {
    let scene = scene(server).stdin(map("settings", "1"));
    let path = scene.path("kubeconfigs/kubeconfig");
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut kubeconfig);
    fs::write(&path, kubeconfig.to_string()).unwrap();
    scene
}

/// As [`changed`], with another user entry.
fn with_user(server: &ScriptedServer, user: Value) -> Scene {
    changed(server, |kubeconfig| kubeconfig["users"][0]["user"] = user)
}

#[test]
fn white_space_around_a_token_does_not_count() {
    let server = ScriptedServer::start();
    let scene = with_user(&server, json!({"token": " token-1\r\n"}));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let scene =
        with_user(&server, json!({"tokenFile": "token"})).file("kubeconfigs/token", "\ttoken-1\r\n\n");
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
}

#[test]
fn a_token_that_cannot_be_sent_is_an_error_that_names_the_user() {
    let server = ScriptedServer::start();
    for (name, token) in
        [("line", "s3cr3t\nmore"), ("carriage", "s3cr3t\rmore"), ("control", "s3cr3t\u{7}more")]
    {
        let what = if name == "control" { "control character" } else { "line break" };
        let scene = with_user(&server, json!({ "token": token }));
        let outcome = fails(apply(&scene, &[]), 1, &["user `tester`", "token", what]);
        assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a token"));
        let scene = with_user(&server, json!({"tokenFile": "token"})).file("kubeconfigs/token", token);
        let outcome = fails(apply(&scene, &[]), 1, &["user `tester`", "kubeconfigs/token", what]);
        assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a token"));
    }
    let scene = with_user(&server, json!({"tokenFile": "token"})).file("kubeconfigs/token", " \n");
    fails(apply(&scene, &[]), 1, &["user `tester`", "kubeconfigs/token", "is empty"]);
    let scene = with_user(&server, json!({"tokenFile": "/dev/zero"}));
    fails(apply(&scene, &[]), 1, &["user `tester`", "/dev/zero is larger than 1 MiB"]);
    assert_eq!(server.count(&Calls::all()), 0);
}

#[test]
fn whom_to_act_as_may_have_any_name_that_can_be_sent() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    done_with(
        apply(&scene, &["--as", "Jürgen Müller", "--as-group", "система"]),
        &["configmap/settings created"],
    );
    fails(apply(&scene, &["--as", "jane\nroot"]), 2, &["--as", "line break"]);
    fails(apply(&scene, &["--as", "jane", "--as-group", "a\rb"]), 2, &["--as-group", "line break"]);
    let user =
        json!({"token": "token-1", "as": "jane", "as-user-extra": {"a b/%ü": ["x", "y"]}, "as-uid": "7"});
    done_with(apply(&with_user(&server, user), &[]), &["configmap/settings unchanged"]);
    let extra = server
        .calls()
        .into_iter()
        .find_map(|call| call.header("impersonate-extra-a%20b%2f%25%c3%bc").map(str::to_owned));
    assert!(extra.is_some_and(|extra| extra.starts_with('x')));
    let user = json!({"token": "token-1", "as": "jane", "as-uid": "a\nb"});
    fails(apply(&with_user(&server, user), &[]), 1, &["user `tester`", "impersonate-uid", "line break"]);
    let user = json!({"token": "token-1", "as-groups": ["a"]});
    fails(apply(&with_user(&server, user), &[]), 1, &["user `tester`", "`as` is missing"]);
}

#[test]
fn base64_may_be_broken_into_lines_or_be_decoded_already() {
    let server = ScriptedServer::start();
    let wrap = |text: &str| {
        let lines: Vec<&str> =
            text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join("\n") + "\n"
    };
    let scene = changed(&server, |kubeconfig| {
        let data = &mut kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"];
        *data = wrap(data.as_str().unwrap()).into();
    });
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    // kubectl takes Base64 of Base64 here.
    for twice in [false, true] {
        let path = scene.path("kubeconfigs/kubeconfig");
        let mut kubeconfig: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let data = kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"].take();
        let clean: String = data.as_str().unwrap().split_whitespace().collect();
        let text = kubeconfig.to_string();
        let value = if twice { STANDARD.encode(&clean) } else { clean };
        let tagged = text.replace(
            r#""certificate-authority-data":null"#,
            &format!(r#""certificate-authority-data": !!binary {value}"#),
        );
        assert_ne!(text, tagged);
        let scene = scene.path("tagged");
        fs::write(&scene, tagged).unwrap();
        let scene_of = super::scene(&server).stdin(map("settings", "1")).env("KUBECONFIG", scene);
        done_with(apply(&scene_of, &[]), &["configmap/settings unchanged"]);
    }
    let scene = changed(&server, |kubeconfig| {
        kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"] = "no-base64!".into();
    });
    fails(apply(&scene, &[]), 1, &["certificate-authority-data is no Base64"]);
}

#[test]
fn a_name_twice_in_one_list_is_an_error() {
    let server = ScriptedServer::start();
    for list in ["clusters", "users", "contexts"] {
        let scene = changed(&server, |kubeconfig| {
            let entries = kubeconfig[list].as_array_mut().unwrap();
            entries.push(entries[0].clone());
        });
        let name = if list == "users" { "`tester`" } else { "`scripted`" };
        fails(apply(&scene, &[]), 1, &["kubeconfigs/kubeconfig", list, name]);
    }
    assert_eq!(server.count(&Calls::all()), 0);
    // In several files the first one counts.
    let scene = with_user(&server, json!({"token": "token-1"}));
    let first = scene.path("kubeconfigs/kubeconfig");
    let second = fs::read_to_string(&first).unwrap().replace("token-1", "other");
    let scene = scene.file("second", second);
    let list = format!(":{}::missing:{}:", first.display(), scene.path("second").display());
    done_with(apply(&scene.env("KUBECONFIG", list), &[]), &["configmap/settings created"]);
}

#[test]
fn credentials_count_in_kubectls_order() {
    let server = ScriptedServer::start();
    let plugin = |command: &str| json!({"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"});
    // A plugin isn't asked where there is something else.
    let scene = with_user(&server, json!({"token": "token-1", "exec": plugin("/bin/false")}));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    // A token file wins over the token beside it, while it can be read.
    let user = json!({"token": "old", "tokenFile": "token"});
    let scene = with_user(&server, user).file("kubeconfigs/token", "token-1\n");
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
    let scene = with_user(&server, json!({"token": "token-1", "tokenFile": "gone"}));
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
    // Data win over the file beside them.
    let scene = changed(&server, |kubeconfig| {
        kubeconfig["clusters"][0]["cluster"]["certificate-authority"] = "gone".into();
    });
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
    let refused = [
        (json!({"token": "token-1", "username": "jane", "password": "s3cr3t"}), "token and a username"),
        (json!({"tokenFile": "gone"}), "kubeconfigs/gone"),
        (json!({"auth-provider": {"name": "gcp"}}), "gke-gcloud-auth-plugin"),
        (json!({"auth-provider": {"name": "azure", "config": {"a": "b"}}}), "kubelogin"),
        (json!({"auth-provider": {"name": "mine"}}), "`mine` is not supported"),
        (json!({"client-certificate-data": "QQ=="}), "no client-key"),
        (
            json!({"client-certificate-data": "QQ==", "client-key-data": "QQ=="}),
            "no certificate in its client certificate",
        ),
        (json!({"exec": plugin("")}), "names no command"),
        (
            json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "a", "interactiveMode": "Always"}}),
            "no terminal",
        ),
    ];
    for (user, words) in refused {
        let outcome = fails(apply(&with_user(&server, user), &[]), 1, &[words]);
        assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a password"));
    }
    let scene = changed(&server, |kubeconfig| {
        kubeconfig["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = true.into();
    });
    fails(apply(&scene, &[]), 1, &["insecure-skip-tls-verify", "certificate-authority"]);
}

#[test]
fn credentials_in_the_servers_address_are_sent_and_never_shown() {
    let server = ScriptedServer::start();
    let scene = changed(&server, |kubeconfig| {
        let address = &mut kubeconfig["clusters"][0]["cluster"]["server"];
        *address = address.as_str().unwrap().replace("://", "://jane:s3cr3t%40@").into();
    });
    let outcome = done_with(apply(&scene, &[]), &["configmap/settings created"]);
    assert!(outcome.stderr.contains(&server.url()), "{}", outcome.report("names no address"));
    assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a password"));
    for address in
        ["https://jane:s3cr3t@127.0.0.1:1", "https://jane:s3cr3t@127.0.0.1:99999", "https://jane:s3cr3t@a b"]
    {
        let outcome = apply(&scene, &["--server", address, "--apply-retries=0"]).unchecked();
        assert_eq!(outcome.exit, 1, "{}", outcome.report("must fail"));
        assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a password"));
    }
}

#[test]
fn requests_say_which_program_asks() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let machine = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
    let expected = format!("kubectl-codex-apply/{} (linux/{machine})", env!("CARGO_PKG_VERSION"));
    for call in server.calls() {
        assert_eq!(call.header("user-agent"), Some(expected.as_str()), "{} {}", call.method, call.path);
    }
}
