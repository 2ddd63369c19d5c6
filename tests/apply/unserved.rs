//! Kinds that the server doesn't serve: those objects fail by name, as with kubectl, and the others are applied.

use codex_tests::ClusterScene;

use super::{fails, map};

const UNSERVED: &str = "apiVersion: apps/v1
kind: Deploymnt
metadata: {name: typo}
---
apiVersion: apps/v1beta1
kind: StatefulSet
metadata: {name: removed}
---
apiVersion: toys.unserved.example.org/v1
kind: Yoyo
metadata: {name: stranger}
---
";

#[test]
fn objects_of_unknown_kinds_fail_by_name_and_the_others_are_applied() {
    let scene = ClusterScene::new().with_namespace();
    let theirs = scene.try_kubectl_with(&["apply", "-f", "-"], &format!("{UNSERVED}{}", map("theirs", "1")));
    assert_eq!((theirs.exit, theirs.stdout.as_str()), (1, "configmap/theirs created\n"), "what kubectl does");
    let outcome = fails(
        scene.apply_text(&format!("{UNSERVED}{}", map("settings", "1")), &[]),
        1,
        &[
            "cannot apply deploymnt.apps/typo",
            "did you mean `Deployment`?",
            "cannot apply statefulset.apps/removed",
            "did you mean `apps/v1`?",
            "cannot apply yoyo.toys.unserved.example.org/stranger",
            "CustomResourceDefinition",
            "1 applied, 3 failed, 0 not tried",
        ],
    );
    assert_eq!(outcome.stdout, "configmap/settings created\n");
    assert!(scene.finds("configmap/settings"));
}

#[test]
fn a_plan_names_them_too() {
    let scene = ClusterScene::new().with_namespace();
    let text = format!("{UNSERVED}{}", map("settings", "1"));
    let outcome =
        fails(scene.apply_text(&text, &["--dry-run=server"]), 1, &["cannot apply deploymnt.apps/typo"]);
    assert_eq!(outcome.stdout, "configmap/settings created (server dry run)\n");
    assert!(!scene.finds("configmap/settings"));
}
