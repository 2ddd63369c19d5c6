//! Fields that others own: named with who and where, taken only when asked to; and autoscalers.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, value, web};

const IMAGE: &str = "/spec/template/spec/containers/0/image";

#[test]
fn a_conflict_names_manager_field_and_line() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    scene.kubectl(&["set", "image", "deployment/web", "web=other"]);
    let parts = [
        "deployment.apps/web",
        "kubectl-set",
        ".spec.template.spec.containers[name=\"web\"].image",
        "standard input:15:",
        "--force-conflicts",
    ];
    let outcome = fails(scene.apply_text(&web("nginx"), &[]), 1, &parts);
    assert_eq!(outcome.stdout, "");
    assert_eq!(value(&scene, "deployment/web", IMAGE), "other");
}

#[test]
fn force_conflicts_wins_and_lists_what_it_took() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    scene.kubectl(&["set", "image", "deployment/web", "web=other"]);
    let field = "`.spec.template.spec.containers[name=\"web\"].image` from `kubectl-set`\n";
    for plan in ["--diff", "--dry-run=server"] {
        let outcome = done(scene.apply_text(&web("nginx"), &["--force-conflicts", plan]));
        let words = format!("info: deployment.apps/web: takes {field}");
        assert!(outcome.stderr.contains(&words), "{}", outcome.report(&words));
    }
    let outcome = done_with(
        scene.apply_text(&web("nginx"), &["--force-conflicts"]),
        &["deployment.apps/web configured"],
    );
    let words = format!("info: deployment.apps/web: took {field}");
    assert!(outcome.stderr.contains(&words), "{}", outcome.report(&words));
    assert_eq!(value(&scene, "deployment/web", IMAGE), "nginx");
    done_with(scene.apply_text(&web("nginx"), &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn every_manager_and_field_is_named() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    scene.kubectl(&["set", "image", "deployment/web", "web=other"]);
    scene.kubectl(&["scale", "deployment/web", "--replicas=3"]);
    fails(
        scene.apply_text(&web("nginx"), &[]),
        1,
        &["kubectl-set", ".image", "standard input:15:", ".spec.replicas", "standard input:6:", "scale"],
    );
    assert_eq!(value(&scene, "deployment/web", "/spec/replicas"), "3", "kubectl scale is a real conflict");
}

#[test]
fn a_conflict_keeps_all_back_unless_asked_to_keep_going() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    scene.kubectl(&["set", "image", "deployment/web", "web=other"]);
    let second = web("nginx").replace("name: web", "name: second").replace("app: web", "app: second");
    let both = format!("{}---\n{second}", web("nginx"));
    let known = ["kubectl-set", "nothing was applied: 1 of 2 objects can't be"];
    let outcome = fails(scene.apply_text(&both, &[]), 1, &known);
    assert_eq!(outcome.stdout, "");
    assert!(!scene.finds("deployment/second"));
    let outcome = fails(
        scene.apply_text(&both, &["--keep-going"]),
        1,
        &["kubectl-set", "1 applied, 1 failed, 0 not tried"],
    );
    assert_eq!(outcome.stdout, "deployment.apps/second created\n");
}

#[test]
fn a_restart_is_no_conflict_and_survives() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx"), &[]));
    scene.kubectl(&["rollout", "restart", "deployment/web"]);
    let restarted = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    let at = value(&scene, "deployment/web", restarted);
    assert_ne!(at, "");
    done_with(scene.apply_text(&web("nginx"), &[]), &["deployment.apps/web unchanged"]);
    done_with(scene.apply_text(&web("other"), &[]), &["deployment.apps/web configured"]);
    assert_eq!(value(&scene, "deployment/web", restarted), at);
}

/// A Deployment whose environment the server fills in, in a field that is owned as a whole.
fn with_reference(image: &str, path: &str) -> String {
    let env = format!("          env: [{{name: NS, valueFrom: {{fieldRef: {{fieldPath: {path}}}}}}}]\n");
    format!("{}{env}", web(image))
}

#[test]
fn the_same_file_applied_by_kubectl_is_no_conflict() {
    let scene = ClusterScene::new().with_namespace();
    let manifest = with_reference("nginx", "metadata.namespace");
    scene.kubectl_with(&["apply", "--server-side", "-f", "-"], &manifest);
    let words = "info: deployment.apps/web: shares fields with kubectl\n";
    let plan = scene.apply_text(&manifest, &["--diff", "--exit-code"]);
    let plan = fails(plan, 3, &[]);
    assert!(plan.stderr.contains(words), "{}", plan.report("words"));
    let line = "/deployment.apps/web: nothing differs; shares fields with kubectl\n";
    assert_eq!(plan.stdout, format!("{}{line}", scene.name()));
    let generation = value(&scene, "deployment/web", "/metadata/generation");
    let outcome = done_with(scene.apply_text(&manifest, &[]), &["deployment.apps/web configured"]);
    assert!(outcome.stderr.contains(words), "{}", outcome.report("words"));
    assert_eq!(value(&scene, "deployment/web", "/metadata/generation"), generation);
    done_with(scene.apply_text(&manifest, &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn only_fields_whose_value_changes_are_in_conflict() {
    let scene = ClusterScene::new().with_namespace();
    let manifest = with_reference("nginx", "metadata.namespace");
    scene.kubectl_with(&["apply", "--server-side", "-f", "-"], &manifest);
    let outcome =
        fails(scene.apply_text(&with_reference("other", "metadata.namespace"), &[]), 1, &[".image"]);
    assert!(!outcome.stderr.contains("fieldRef"), "{}", outcome.report("the rest is shared"));
    fails(scene.apply_text(&with_reference("nginx", "metadata.name"), &[]), 1, &[".valueFrom.fieldRef"]);
    assert_eq!(value(&scene, "deployment/web", IMAGE), "nginx");
}

const AUTOSCALER: &str = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 4
";

#[test]
fn an_autoscalers_replicas_are_left_to_it_even_by_force() {
    let scene = ClusterScene::new().with_namespace();
    let both = |image: &str| format!("{}---\n{AUTOSCALER}", web(image));
    done(scene.apply_text(&both("nginx"), &[]));
    // The real controller brings it to the least that is allowed.
    scene
        .wait_until("the autoscaler has scaled", || value(&scene, "deployment/web", "/spec/replicas") == "2");
    for (image, flags) in [("one", &[][..]), ("two", &["--force-conflicts"])] {
        let plan = done(scene.apply_text(&both(image), &[flags, &["--diff"]].concat()));
        assert!(!plan.stdout.contains("+  replicas"), "{}", plan.report("they stay in the plan, too"));
        let outcome = done(scene.apply_text(&both(image), flags));
        assert!(outcome.stdout.contains("deployment.apps/web configured\n"), "{}", outcome.report("image"));
        assert!(outcome.stderr.contains("autoscaler"), "{}", outcome.report("it says so"));
        assert_eq!(value(&scene, "deployment/web", "/spec/replicas"), "2");
        assert_eq!(value(&scene, "deployment/web", IMAGE), image);
    }
    done_with(
        scene.apply_text(&both("two"), &[]),
        &["deployment.apps/web unchanged", "horizontalpodautoscaler.autoscaling/web unchanged"],
    );
}

#[test]
fn dropping_replicas_warns_of_the_reset() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&web("nginx").replace("replicas: 1", "replicas: 3"), &[]));
    let outcome = done(scene.apply_text(&web("nginx").replace("  replicas: 1\n", ""), &[]));
    for part in ["replicas", "deployment.apps/web"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
    assert_eq!(value(&scene, "deployment/web", "/spec/replicas"), "1");
}
