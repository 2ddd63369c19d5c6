//! What is said to who writes something that another tool takes, or that is nearly right.

use codex_tests::{ClusterScene, Scene};

use super::{done, done_with, fails, map, value};

#[test]
fn what_minus_n_does_not_move_is_said() {
    let scene = ClusterScene::new().with_namespace();
    let text = map("lamp", "1").replace("  name:", "  namespace: NAME\n  name:");
    let other = scene.name().to_owned();
    let text = text.replace("NAME", &other);
    let run =
        scene.scene().run_with("kubectl-codex-apply", &["-n", "quiet", "-f", "-", "--dry-run=client"], &text);
    let message = format!("configmap/lamp (standard input:1) stays in namespace `{other}`, not `quiet`");
    run.stdout("configmap/lamp created (dry run)\n").stderr_mentions(&["warning", &message]).check();
    let outcome = done_with(scene.apply_text(&text, &[]), &["configmap/lamp created"]);
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.report("it is where -n says"));
}

#[test]
fn names_may_hold_nearly_anything() {
    let scene = ClusterScene::new();
    let role = |name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: \"{name}\"}}\n\
             rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]\n"
        )
    };
    let text = role("night shift: <é> & co? #1 NAME");
    let created = format!("clusterrole.rbac.authorization.k8s.io/night shift: <é> & co? #1 {}", scene.name());
    done_with(scene.apply_text(&text, &[]), &[&format!("{created} created")]);
    done_with(scene.apply_text(&text, &[]), &[&format!("{created} unchanged")]);
}

#[test]
fn what_yaml_reads_as_something_else_wants_quotes() {
    let scene = ClusterScene::new().with_namespace();
    let labelled =
        |value: &str| map("lamp", "1").replace("  name:", &format!("  labels: {{lit: {value}}}\n  name:"));
    for (value, what) in [("yes", "a boolean"), ("1.10", "a number"), ("0x1F", "a number")] {
        let message = format!("expected string, not {what}: put it in quotes");
        fails(
            scene.apply_text(&labelled(value), &[]),
            1,
            &["cannot apply configmap/lamp", "labels", &message],
        );
    }
    done(scene.apply_text(&labelled("\"yes\""), &[]));
}

#[test]
fn a_kustomization_is_piped() {
    let scene = Scene::new()
        .file("base/kustomization.yaml", "resources: [a.yaml]\n")
        .file("base/a.yaml", map("a", "1"));
    let pipe = "kubectl kustomize base | kubectl codex apply -f -";
    for arguments in [["-f", "base"], ["-k", "base"], ["-f", "base/kustomization.yaml"]] {
        scene.run("kubectl-codex-apply", &arguments).fails(2, &[pipe]);
    }
}

#[test]
fn dry_run_without_a_cluster_has_all_formats() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {pin: hunter2}\n";
    let scene = Scene::new().stdin(format!("{}{secret}", map("lamp", "1")));
    let run = |format: &str| {
        scene.run("kubectl-codex-apply", &["-n", "attic", "-f", "-", "--dry-run=client", "-o", format])
    };
    run("name").stdout("configmap/lamp\nsecret/keys\n").check();
    let json = run("json").any_stdout().check();
    let plan: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let objects = plan["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["object"]["metadata"]["namespace"], "attic");
    assert_eq!(objects[0]["action"], "create");
    assert!(objects[1]["object"]["stringData"].is_null() && !json.stdout.contains("hunter2"));
    run("yaml").stdout_mentions(&["objects:", "    namespace: attic", "  - name: keys"]).check();
    let stream = "# kubectl-codex: {\"project\":\"tea\",\"env\":\"ai\",\"slot\":2,\"namespace\":\"tea-2\"}\n";
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n";
    let scene = Scene::new().stdin(format!("{stream}{}{role}", map("lamp", "1")));
    let run =
        scene.run("kubectl-codex-apply", &["-f", "-", "--dry-run=client", "-o", "json"]).any_stdout().check();
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let metadata = |at: usize| plan["objects"][at]["object"]["metadata"].clone();
    assert_eq!(metadata(0)["labels"]["kubectl-codex.dev/slot"], "2");
    assert_eq!((metadata(0)["namespace"].as_str(), metadata(1)["namespace"].as_str()), (Some("tea-2"), None));
}

#[test]
fn a_namespace_that_comes_along_is_made_once_and_said_once() {
    let scene = ClusterScene::new();
    let text = format!(
        "# kubectl-codex: {{\"project\":\"NAME\",\"env\":\"ai\",\"slot\":3,\"namespace\":\"NAME\"}}\n\
         # kubectl-codex: {{\"item\":\"infra.home\"}}\n\
         apiVersion: v1\nkind: Namespace\nmetadata: {{name: NAME, labels: {{team: tea}}}}\n---\n{}",
        map("lamp", "1")
    );
    let created = format!("namespace/{} created", scene.name());
    let outcome = done_with(scene.apply_text(&text, &[]), &[&created, "configmap/lamp created"]);
    assert!(outcome.stderr.contains("plan: 2 to create\n"), "{}", outcome.report("the plan"));
    assert!(!outcome.stderr.contains("made"), "{}", outcome.report("said twice"));
    let namespace = format!("namespace/{}", scene.name());
    for (label, expected) in [
        ("team", "tea"),
        ("kubectl-codex.dev~1project", scene.name()),
        ("kubectl-codex.dev~1environment", "ai"),
        ("kubectl-codex.dev~1slot", "3"),
        ("kubectl-codex.dev~1item", "infra.home"),
    ] {
        assert_eq!(value(&scene, &namespace, &format!("/metadata/labels/{label}")), expected);
    }
    let again = done(scene.apply_text(&text, &[]));
    assert!(again.stderr.contains("plan: 2 unchanged\n"), "{}", again.report("again"));
}

#[test]
fn a_list_that_is_not_allowed_is_named_by_kind_and_namespace() {
    let scene = ClusterScene::new().with_namespace();
    let outcome = fails(
        scene.apply_text(&map("lamp", "1"), &["--as", "nobody-in-particular"]),
        1,
        &["cannot list configmaps in namespace", "forbidden"],
    );
    assert!(!outcome.stderr.contains("/api/v1"), "{}", outcome.report("a path"));
}

#[test]
fn an_annotation_that_is_too_long_says_the_limit() {
    let scene = ClusterScene::new().with_namespace();
    let long = map("lamp", "1")
        .replace("  name:", &format!("  annotations: {{a: {}}}\n  name:", "x".repeat(270_000)));
    let outcome = fails(scene.apply_text(&long, &[]), 1, &["too long: may not be more than 262144 bytes"]);
    assert!(
        !outcome.stderr.contains("<nil>") && !outcome.stderr.contains("`[]`"),
        "{}",
        outcome.report("no field")
    );
}

#[test]
fn a_port_that_somebody_changed_is_named_with_who_did() {
    let scene = ClusterScene::new().with_namespace();
    let service = "apiVersion: v1
kind: Service
metadata: {name: bell}
spec:
  selector: {app: bell}
  ports: [{name: ring, port: 70}]
";
    done(scene.apply_text(service, &[]));
    let patch = r#"[{"op":"replace","path":"/spec/ports/0/port","value":71}]"#;
    scene.kubectl(&["patch", "service", "bell", "--field-manager=kubectl-edit", "--type=json", "-p", patch]);
    let message = "`kubectl-edit` gave it port 71/TCP";
    fails(scene.apply_text(service, &[]), 1, &["cannot apply service/bell", message]);
    fails(scene.apply_text(service, &["--dry-run=server"]), 1, &["cannot apply service/bell", message]);
}
