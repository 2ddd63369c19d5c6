//! Where manifests come from, and what is made of them before they are sent.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, slot_stream, stream, value, web};

#[test]
fn files_folders_and_standard_input_go_together() {
    let scene = ClusterScene::new().with_namespace();
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"json\"}}";
    let scene = scene
        .file("one.yaml", &map("one", "1"))
        .file("folder/two.yml", &map("two", "1"))
        .file("folder/three.json", json)
        .file("folder/README.md", "# not a manifest\n")
        .file("folder/deeper/four.yaml", &map("four", "1"));
    let flags = ["-f", "one.yaml", "-f", "folder"];
    done_with(
        scene.apply_text(&map("input", "1"), &flags),
        &["configmap/input", "configmap/one", "configmap/two", "configmap/json"]
            .map(|name| format!("{name} created"))
            .each_ref()
            .map(String::as_str),
    );
    let deeper = [&flags[..], &["-R"]].concat();
    let outcome = done(scene.apply_text(&map("input", "1"), &deeper));
    assert!(outcome.stdout.contains("configmap/four created\n"), "{}", outcome.report("-R"));
}

/// A web server for two requests: the file, and that there is no other.
fn web_server(file: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (status, body) in [("200 OK", file.as_str()), ("404 Not Found", "")] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
            while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close", body.len());
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        }
    });
    format!("http://{address}/settings.yaml")
}

#[test]
fn a_url_is_a_file_too() {
    let scene = ClusterScene::new().with_namespace();
    let url = web_server(map("settings", "1"));
    done_with(scene.apply(&["-n", scene.name(), "-f", &url]), &["configmap/settings created"]);
    fails(scene.apply(&["-n", scene.name(), "-f", &url]), 1, &[&url, "404"]);
}

#[test]
fn lists_are_unrolled() {
    let scene = ClusterScene::new().with_namespace();
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n";
    done_with(scene.apply_text(list, &[]), &["configmap/a created", "configmap/b created"]);
}

#[test]
fn json_objects_one_after_the_other_are_what_kubectl_makes_of_them() {
    let scene = ClusterScene::new().with_namespace();
    let names = ["nut", "bolt", "gear"];
    let text = names
        .map(|name| {
            format!("{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\"}}}}")
        })
        .join("");
    let theirs = scene.kubectl_with(&["apply", "--dry-run=server", "-o", "name", "-f", "-"], &text);
    assert_eq!(theirs, names.map(|name| format!("configmap/{name}\n")).concat());
    done_with(
        scene.apply_text(&text, &[]),
        &["configmap/nut created", "configmap/bolt created", "configmap/gear created"],
    );
}

#[test]
fn a_block_text_that_ends_with_the_file_is_what_kubectl_applied() {
    let scene = ClusterScene::new().with_namespace();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bell, namespace: NAME}\ndata:\n  note: |\n    ring";
    scene.kubectl_with(&["apply", "-f", "-"], text);
    assert_eq!(value(&scene, "configmap/bell", "/data/note"), "ring\n");
    done(scene.apply_text(text, &[]));
    assert_eq!(value(&scene, "configmap/bell", "/data/note"), "ring\n");
    done_with(scene.apply_text(text, &[]), &["configmap/bell unchanged"]);
    scene.file("bell.yaml", text).shell("kubectl diff -f bell.yaml").check();
}

#[test]
fn a_selector_chooses_by_labels() {
    let scene = ClusterScene::new().with_namespace();
    let labelled = map("mine", "1").replace("  name:", "  labels: {team: shop}\n  name:");
    done_with(
        scene.apply_text(&format!("{labelled}{}", map("other", "1")), &["-l", "team=shop"]),
        &["configmap/mine created"],
    );
    assert!(!scene.finds("configmap/other"));
}

#[test]
fn the_last_of_two_variables_of_one_name_stays_with_a_warning() {
    let scene = ClusterScene::new().with_namespace();
    let doubled = format!(
        "{}          env:\n            - {{name: A, value: one}}\n            - {{name: A, value: two}}\n",
        web("nginx")
    );
    let outcome = done_with(scene.apply_text(&doubled, &[]), &["deployment.apps/web created"]);
    for part in ["warning", "`A`", "standard input:17:"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
    let env = value(&scene, "deployment/web", "/spec/template/spec/containers/0/env");
    assert_eq!(env, r#"[{"name":"A","value":"two"}]"#);
}

#[test]
fn output_as_names_or_data() {
    let scene = ClusterScene::new().with_namespace();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {password: hunter2}\n";
    let manifests = format!("{}{secret}", map("settings", "1"));
    done_with(scene.apply_text(&manifests, &["-o", "name"]), &["configmap/settings", "secret/keys"]);
    let outcome = done(scene.apply_text(&manifests, &["-o", "json"]));
    serde_json::from_str::<serde_json::Value>(&outcome.stdout).unwrap();
    for part in ["settings", "keys", "same"] {
        assert!(outcome.stdout.contains(part), "{}", outcome.report(part));
    }
    for shown in ["hunter2", "aHVudGVyMg=="] {
        assert!(!outcome.stdout.contains(shown), "{}", outcome.report("shows a secret"));
    }
    let outcome = done(scene.apply_text(&manifests, &["-o", "yaml"]));
    assert!(outcome.stdout.contains("name: settings"), "{}", outcome.report("YAML"));
}

#[test]
fn flags_and_stream_must_agree() {
    let scene = ClusterScene::new().with_namespace();
    let text = stream(&map("settings", "1"));
    fails(scene.apply_text(&text, &["--slot", "2"]), 2, &["--slot", "1", "2"]);
    fails(scene.apply_text(&text, &["--env", "staging"]), 2, &["--env", "ai", "staging"]);
    let elsewhere = text.replace("\"namespace\":\"NAME\"", "\"namespace\":\"NAME-2\"");
    fails(scene.apply_text(&elsewhere, &[]), 2, &["--namespace"]);
    let two = scene.file("two.yaml", &slot_stream(2, &map("second", "1")));
    fails(two.apply_text(&text, &["-f", "two.yaml"]), 2, &["two.yaml"]);
    assert!(!two.finds("configmap/settings"));
}

#[test]
fn objects_go_in_waves_whatever_their_order() {
    let scene = ClusterScene::new().with_namespace();
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: agent}\n";
    let text = format!("{}---\n{}{account}", web("nginx"), map("settings", "1"));
    let outcome = done(scene.apply_text(&text, &[]));
    assert_eq!(
        outcome.stdout,
        "serviceaccount/agent created\nconfigmap/settings created\ndeployment.apps/web created\n"
    );
}
