//! When nothing has to be done, and when a PATCH turns out to change nothing.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, value, web};

const SEVERAL: &str = "apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {b: Yg==}
stringData: {a: one, b: two}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    - {name: dns, port: 53, protocol: UDP}
    - {name: dns-tcp, port: 53}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
";

#[test]
fn every_kind_is_unchanged_the_second_time() {
    let scene = ClusterScene::new().with_namespace();
    let manifests = format!("{SEVERAL}{}{}", map("settings", "1"), web("nginx"));
    let objects = [
        "secret/keys",
        "service/web",
        "networkpolicy.networking.k8s.io/none",
        "configmap/settings",
        "deployment.apps/web",
    ];
    let lines = |verb: &str| objects.map(|object| format!("{object} {verb}"));
    done_with(scene.apply_text(&manifests, &[]), &lines("created").each_ref().map(String::as_str));
    let version = |object: &str| value(&scene, object, "/metadata/resourceVersion");
    let before = objects[..4].iter().map(|object| version(object)).collect::<Vec<_>>();
    done_with(scene.apply_text(&manifests, &[]), &lines("unchanged").each_ref().map(String::as_str));
    let after = objects[..4].iter().map(|object| version(object)).collect::<Vec<_>>();
    assert_eq!(before, after);
    assert_eq!(value(&scene, "secret/keys", "/data/b"), "dHdv", "stringData wins");
}

#[test]
fn an_object_with_nothing_but_a_name_is_unchanged() {
    let scene = ClusterScene::new().with_namespace();
    let bare =
        |kind: &str, name: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n---\n");
    let text = bare("ServiceAccount", "web") + &bare("Namespace", "NAME-bare");
    done(scene.apply_text(&text, &[]));
    let namespace = format!("namespace/{}-bare unchanged", scene.name());
    let version = value(&scene, "serviceaccount/web", "/metadata/resourceVersion");
    done_with(scene.apply_text(&text, &[]), &["serviceaccount/web unchanged", &namespace]);
    assert_eq!(value(&scene, "serviceaccount/web", "/metadata/resourceVersion"), version);
    scene.kubectl(&["delete", "namespace", &format!("{}-bare", scene.name()), "--wait=false"]);
    let labelled = bare("ServiceAccount", "web").replace("name: web", "name: web, labels: {a: b}");
    let outcome = done_with(scene.apply_text(&labelled, &[]), &["serviceaccount/web configured"]);
    assert!(!outcome.stderr.contains("taken over"), "{}", outcome.report("kubectl had no part in it"));
    done_with(scene.apply_text(&labelled, &[]), &["serviceaccount/web unchanged"]);
}

#[test]
fn what_others_changed_is_set_right_again() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "1"), &[]));
    // Under our own name, so that it's no conflict.
    scene.kubectl(&[
        "patch",
        "configmap/settings",
        "--type=merge",
        "--field-manager=kubectl-codex",
        "--patch",
        "{\"data\": {\"a\": \"2\"}}",
    ]);
    done_with(
        scene.apply_text(&map("settings", "1"), &["--force-conflicts"]),
        &["configmap/settings configured"],
    );
    assert_eq!(value(&scene, "configmap/settings", "/data/a"), "1");
}

#[test]
fn what_others_added_stays_and_needs_nothing() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "1"), &[]));
    scene.kubectl(&["annotate", "configmap/settings", "seen=yes"]);
    done_with(scene.apply_text(&map("settings", "1"), &[]), &["configmap/settings unchanged"]);
    assert_eq!(value(&scene, "configmap/settings", "/metadata/annotations/seen"), "yes");
}

#[test]
fn another_spelling_of_one_quantity_is_unchanged() {
    let scene = ClusterScene::new().with_namespace();
    let limited = |cpu: &str| format!("{}          resources: {{requests: {{cpu: {cpu}}}}}\n", web("nginx"));
    done(scene.apply_text(&limited("\"0.5\""), &[]));
    done_with(scene.apply_text(&limited("\"0.5\""), &[]), &["deployment.apps/web unchanged"]);
    done_with(scene.apply_text(&limited("500m"), &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn what_the_server_keeps_nothing_of_is_unchanged() {
    let scene = ClusterScene::new().with_namespace();
    let policy = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
";
    done(scene.apply_text(policy, &[]));
    let before = value(&scene, "networkpolicy/none", "/metadata/resourceVersion");
    done_with(scene.apply_text(policy, &[]), &["networkpolicy.networking.k8s.io/none unchanged"]);
    assert_eq!(value(&scene, "networkpolicy/none", "/metadata/resourceVersion"), before);
}

#[test]
fn a_field_that_is_dropped_goes() {
    let scene = ClusterScene::new().with_namespace();
    let two = format!("{}  b: two\n", map("settings", "1").trim_end_matches("---\n"));
    done(scene.apply_text(&two, &[]));
    assert_eq!(value(&scene, "configmap/settings", "/data/b"), "two");
    done_with(scene.apply_text(&map("settings", "1"), &[]), &["configmap/settings configured"]);
    assert_eq!(value(&scene, "configmap/settings", "/data/b"), "");
}

#[test]
fn an_objects_own_server_fields_do_not_matter() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "1"), &[]));
    let live = scene.kubectl(&["get", "configmap/settings", "--output=yaml"]);
    done_with(scene.apply_text(&live, &[]), &["configmap/settings unchanged"]);
    let web = web("nginx");
    done(scene.apply_text(&web, &[]));
    scene.wait_until("the pod is ready or not, but counted", || {
        !value(&scene, "deployment/web", "/status/replicas").is_empty()
    });
    let with_status = format!("{web}status: {{replicas: 7}}\n");
    done_with(scene.apply_text(&with_status, &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn more_objects_than_a_page_holds() {
    let scene = ClusterScene::new().with_namespace();
    let manifests: String = (0..600).map(|number| map(&format!("m{number}"), "1")).collect();
    let count = |outcome: codex_tests::Outcome, verb: &str| {
        outcome.stdout.lines().filter(|line| line.ends_with(verb)).count()
    };
    assert_eq!(count(done(scene.apply_text(&manifests, &[])), " created"), 600);
    let changed = manifests.replace("name: m599\ndata:\n  a: \"1\"", "name: m599\ndata:\n  a: \"2\"");
    let outcome = done(scene.apply_text(&changed, &[]));
    assert!(outcome.stdout.contains("configmap/m599 configured\n"), "{}", outcome.report("one"));
    assert_eq!(count(outcome, " unchanged"), 599);
}

#[test]
fn an_object_on_its_way_out_is_not_taken_for_one_that_stays() {
    let scene = ClusterScene::new().with_namespace();
    let held = map("settings", "1").replace("metadata:", "metadata:\n  finalizers: [example.org/hold]");
    done(scene.apply_text(&held, &[]));
    scene.kubectl(&["delete", "configmap/settings", "--wait=false"]);
    fails(
        scene.apply_text(&held, &["--wait", "--wait-timeout", "1s"]),
        4,
        &["configmap/settings", "is being deleted"],
    );
    scene.kubectl(&[
        "patch",
        "configmap/settings",
        "--type=json",
        "--patch",
        "[{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}]",
    ]);
    done_with(scene.apply_text(&map("settings", "1"), &[]), &["configmap/settings created"]);
}
