//! Every call of an apply, met by every fault, on the real control plane: the next apply mends it.

use std::process::Command;

use codex_tests::{ClusterScene, ControlPlane, Fault, FaultProxy, binary};

use super::super::{done_with, map, stream, value};

#[test]
fn the_next_apply_mends_what_any_fault_left() {
    let scene = ClusterScene::new().with_namespace();
    let manifests = stream(&format!("{}{}", map("changed", "2"), map("new", "2")));
    let scene = scene.file("manifests.yaml", &manifests);
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&scene.scene().project());
    let apply = || {
        let mut command = Command::new(binary("kubectl-codex-apply"));
        command.current_dir(scene.scene().project()).env_clear().env("HOME", scene.scene().project());
        command.args(["-f", "manifests.yaml", "--request-timeout", "1s"]);
        command.args(["--apply-retries", "0", "--kubeconfig"]).arg(&kubeconfig);
        command
    };
    let points = proxy.every_call(&Fault::ALL, |step| {
        // As an earlier apply left it: one object to change, one to make.
        let earlier = stream(&map("changed", "1"));
        scene.kubectl(&["delete", "configmap/new", "--ignore-not-found"]);
        scene.apply_text(&earlier, &[]).any_stdout().stderr_mentions(&[]).check();

        let faulty = step.run(&mut apply());
        assert_ne!(faulty.status.code(), Some(70), "{step}: {}", String::from_utf8_lossy(&faulty.stderr));
        let output = proxy.run(&mut apply());
        assert!(output.status.success(), "after {step}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(value(&scene, "configmap/changed", "/data/a"), "2", "after {step}");
        assert_eq!(value(&scene, "configmap/new", "/data/a"), "2", "after {step}");
    });
    assert!(points >= 25, "only {points} points");
    done_with(scene.apply_text(&manifests, &[]), &["configmap/changed unchanged", "configmap/new unchanged"]);
}
