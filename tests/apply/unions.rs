//! Fields of which one excludes the other, where the server's default is the other one: it goes by itself.

use codex_tests::ClusterScene;
use serde_json::{Value, json};

use super::{done, done_with, fails, value};

/// A workload of this kind, changed by `edit`.
fn workload(kind: &str, edit: impl Fn(&mut Value)) -> String {
    let labels = json!({"app": "web"});
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
        }
    });
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = json!("web");
    }
    edit(&mut object);
    object.to_string()
}

fn service(spec: Value) -> String {
    let mut object =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
    object["spec"]["ports"] = json!([{"port": 80}]);
    object.to_string()
}

/// Applies one after the other; the plan of the second says change, and a third run has nothing to do.
fn changes(scene: &ClusterScene, object: &str, first: &str, second: &str) {
    done_with(scene.apply_text(first, &[]), &[&format!("{object} created")]);
    let plan = done(scene.apply_text(second, &["--dry-run=server"]));
    assert_eq!(plan.stdout, format!("{object} configured (server dry run)\n"));
    done_with(scene.apply_text(second, &[]), &[&format!("{object} configured")]);
    done_with(scene.apply_text(second, &[]), &[&format!("{object} unchanged")]);
}

#[test]
fn a_deployment_is_recreated_from_now_on() {
    let scene = ClusterScene::new().with_namespace();
    let first = workload("Deployment", |_| ());
    let second = workload("Deployment", |object| object["spec"]["strategy"] = json!({"type": "Recreate"}));
    changes(&scene, "deployment.apps/web", &first, &second);
    assert_eq!(value(&scene, "deployment/web", "/spec/strategy"), r#"{"type":"Recreate"}"#);
    done_with(scene.apply_text(&first, &[]), &["deployment.apps/web configured"]);
    assert_eq!(value(&scene, "deployment/web", "/spec/strategy/type"), "RollingUpdate");
}

#[test]
fn the_diff_has_the_change_and_all_that_goes_with_it() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&workload("Deployment", |_| ()), &[]));
    let second = workload("Deployment", |object| {
        object["spec"]["strategy"] = json!({"type": "Recreate", "rollingUpdate": null});
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("other");
    });
    let outcome = done(scene.apply_text(&second, &["--diff"]));
    let changed: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|line| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---"))
        .map(str::trim_end)
        .collect();
    assert_eq!(
        changed,
        [
            "-    rollingUpdate:",
            "-      maxSurge: 25%",
            "-      maxUnavailable: 25%",
            "-    type: RollingUpdate",
            "+    type: Recreate",
            "-        - image: nginx",
            "+        - image: other",
        ]
    );
    assert_eq!(value(&scene, "deployment/web", "/spec/strategy/type"), "RollingUpdate", "nothing is applied");
}

#[test]
fn sets_whose_pods_somebody_else_deletes() {
    for (kind, name) in [("StatefulSet", "statefulset"), ("DaemonSet", "daemonset")] {
        let scene = ClusterScene::new().with_namespace();
        let first = workload(kind, |_| ());
        let second = workload(kind, |object| object["spec"]["updateStrategy"] = json!({"type": "OnDelete"}));
        changes(&scene, &format!("{name}.apps/web"), &first, &second);
        assert_eq!(value(&scene, &format!("{name}/web"), "/spec/updateStrategy/type"), "OnDelete");
    }
}

#[test]
fn a_service_that_forgets_its_clients() {
    for second in [json!({"sessionAffinity": "None"}), json!({})] {
        let scene = ClusterScene::new().with_namespace();
        let first = service(json!({"sessionAffinity": "ClientIP"}));
        changes(&scene, "service/web", &first, &service(second));
        assert_eq!(value(&scene, "service/web", "/spec/sessionAffinity"), "None");
        assert_eq!(value(&scene, "service/web", "/spec/sessionAffinityConfig"), "");
    }
}

#[test]
fn a_volume_that_gets_a_source() {
    let scene = ClusterScene::new().with_namespace();
    let with = |volume: Value| {
        workload("Deployment", |object| object["spec"]["template"]["spec"]["volumes"] = json!([volume]))
    };
    let (first, second) =
        (with(json!({"name": "data"})), with(json!({"name": "data", "configMap": {"name": "settings"}})));
    changes(&scene, "deployment.apps/web", &first, &second);
    let volume = value(&scene, "deployment/web", "/spec/template/spec/volumes/0");
    assert!(volume.contains("configMap") && !volume.contains("emptyDir"), "{volume}");
}

#[test]
fn what_somebody_chose_stays_unless_it_is_taken() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&workload("Deployment", |_| ()), &[]));
    let patch = r#"{"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}}"#;
    scene.kubectl(&["patch", "deployment/web", "--type=merge", "--patch", patch]);
    let second = workload("Deployment", |object| object["spec"]["strategy"] = json!({"type": "Recreate"}));
    fails(scene.apply_text(&second, &[]), 1, &["spec.strategy.rollingUpdate"]);
    let outcome =
        done_with(scene.apply_text(&second, &["--force-conflicts"]), &["deployment.apps/web configured"]);
    assert!(outcome.stderr.contains("kubectl-patch"), "{}", outcome.report("whose it was"));
    assert_eq!(value(&scene, "deployment/web", "/spec/strategy"), r#"{"type":"Recreate"}"#);
}

#[test]
fn what_kubectl_apply_made_changes_in_the_same_way() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["apply", "-f", "-"], &workload("Deployment", |_| ()));
    let second = workload("Deployment", |object| object["spec"]["strategy"] = json!({"type": "Recreate"}));
    let plan = done(scene.apply_text(&second, &["--dry-run=server"]));
    assert_eq!(plan.stdout, "deployment.apps/web configured (server dry run)\n");
    done_with(scene.apply_text(&second, &[]), &["deployment.apps/web configured"]);
    assert_eq!(value(&scene, "deployment/web", "/spec/strategy"), r#"{"type":"Recreate"}"#);
}
