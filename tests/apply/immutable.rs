//! Fields that can't be changed: named, and with `--recreate` the object is made anew, within limits.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, value, web};

#[test]
fn an_immutable_field_is_named_and_recreate_makes_the_object_anew() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    let uid = value(&scene, "deployment/web", "/metadata/uid");
    let other = web("nginx").replace("app: web", "app: other");
    let outcome = fails(
        scene.apply_text(&other, &[]),
        1,
        &["deployment.apps/web", "spec.selector", "immutable", "standard input:7:", "--recreate"],
    );
    // The server's message repeats the whole value.
    assert!(!outcome.stderr.contains("Invalid value"), "{}", outcome.report("the value"));
    assert_eq!(value(&scene, "deployment/web", "/metadata/uid"), uid);

    let outcome = done(scene.apply_text(&other, &["--recreate"]));
    assert!(outcome.stdout.starts_with("deployment.apps/web "), "{}", outcome.report("its line"));
    assert_ne!(value(&scene, "deployment/web", "/metadata/uid"), uid);
    assert_eq!(value(&scene, "deployment/web", "/spec/selector/matchLabels/app"), "other");
    done_with(scene.apply_text(&other, &["--recreate"]), &["deployment.apps/web unchanged"]);
}

#[test]
fn a_jobs_environment_is_not_shown() {
    let scene = ClusterScene::new().with_namespace();
    let job = |password: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: migrate}}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: main\n          image: app\n          env: [{{name: PASSWORD, value: {password}}}]\n"
        )
    };
    done(scene.apply_text(&job("hunter1"), &[]));
    let outcome = fails(
        scene.apply_text(&job("hunter2"), &[]),
        1,
        &["job.batch/migrate", "spec.template", "immutable"],
    );
    assert!(!outcome.stderr.contains("hunter"), "{}", outcome.report("a value"));
}

const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: CLASS
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
";

#[test]
fn claims_are_never_made_anew() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&CLAIM.replace("CLASS", "standard"), &[]));
    let uid = value(&scene, "persistentvolumeclaim/data", "/metadata/uid");
    let other = CLAIM.replace("CLASS", "other");
    fails(
        scene.apply_text(&other, &["--recreate"]),
        1,
        &["persistentvolumeclaim/data", "PersistentVolumeClaim"],
    );
    assert_eq!(value(&scene, "persistentvolumeclaim/data", "/metadata/uid"), uid);
    assert_eq!(value(&scene, "persistentvolumeclaim/data", "/metadata/deletionTimestamp"), "");
}

const SET: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: SERVICE
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]}
";

#[test]
fn a_stateful_sets_pods_stay() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&SET.replace("SERVICE", "db"), &[]));
    scene.wait_until("the pod is there", || scene.finds("pod/db-0"));
    let pod = value(&scene, "pod/db-0", "/metadata/uid");
    let set = value(&scene, "statefulset/db", "/metadata/uid");
    done(scene.apply_text(&SET.replace("SERVICE", "other"), &["--recreate"]));
    assert_ne!(value(&scene, "statefulset/db", "/metadata/uid"), set);
    assert_eq!(value(&scene, "pod/db-0", "/metadata/uid"), pod);
}

#[test]
fn what_is_wrong_besides_keeps_the_object() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    let uid = value(&scene, "deployment/web", "/metadata/uid");
    let other = web("nginx").replace("app: web", "app: other").replace("replicas: 1", "replicas: -1");
    fails(scene.apply_text(&other, &["--recreate"]), 1, &["spec.replicas", "standard input:6:"]);
    assert_eq!(value(&scene, "deployment/web", "/metadata/uid"), uid);
}
