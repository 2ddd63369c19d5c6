//! `slotBootstrapInfra`: what a new slot gets at once.

use codex_tests::ClusterScene;

use super::{done, ensure, ensured, fails, project, record, slot};

/// A project whose new slots get their namespace and a ConfigMap; its services and other groups come later.
fn bootstrapped() -> ClusterScene {
    let map = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: '{{{{ .Namespace }}}}'}}\n"
        )
    };
    let groups = "infrastructure:
  - name: base
    manifests: [{path: namespace.yaml}, {path: base.yaml}]
  - name: data
    manifests: [{path: data.yaml}]
services:";
    project()
        .file("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ .Namespace }}'}\n")
        .file("base.yaml", &map("base"))
        .file("data.yaml", &map("data"))
        .with(|scene| {
            scene
                .replace(
                    "services.yaml",
                    "environments: {ai: {},",
                    "environments: {ai: {slotBootstrapInfra: [base]},",
                )
                .replace("services.yaml", "services:", groups)
        })
}

fn maps(scene: &ClusterScene, slot: u64) -> String {
    let namespace = format!("{}-ai-{slot}", scene.name());
    let found = scene.kubectl(&["get", "configmaps", "--namespace", &namespace, "--output=name"]);
    found.replace("configmap/kube-root-ca.crt\n", "")
}

#[test]
fn a_new_slot_gets_it_at_once_and_nothing_else() {
    let scene = bootstrapped();
    assert_eq!(ensure(&scene, &["--issue", "7"])["created"], true);
    assert_eq!(maps(&scene, 1), "configmap/base\n");
    let data = record(&scene, 1);
    assert_eq!((&data["fresh"], &data["applied"]), (&"true".into(), &"bootstrap".into()));
}

#[test]
fn a_slot_that_is_there_is_left_alone() {
    let scene = bootstrapped();
    ensured(&scene, &["--issue", "7"]);
    let namespace = format!("{}-ai-1", scene.name());
    scene.kubectl(&["delete", "configmap/base", "--namespace", &namespace]);
    ensured(&scene, &["--issue", "7"]);
    assert_eq!(maps(&scene, 1), "");
}

#[test]
fn what_failed_is_made_up_for_by_the_next_call() {
    let scene = bootstrapped();
    let manifest = scene.scene().path("base.yaml");
    let good = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, good.replace("name: base", "name: Bad_Name")).unwrap();
    let run = slot(&scene, &["ensure", "--issue", "7"]);
    fails(run, 1, &["Bad_Name"]);
    std::fs::write(&manifest, good).unwrap();
    let report = ensure(&scene, &["--issue", "7"]);
    assert_eq!((&report["slot"], &report["created"]), (&1.into(), &false.into()));
    assert_eq!(maps(&scene, 1), "configmap/base\n");
}

#[test]
fn an_unknown_group_is_named() {
    let scene = bootstrapped().with(|scene| scene.replace("services.yaml", "[base]}", "[basis]}"));
    fails(slot(&scene, &["ensure", "--issue", "7"]), 2, &["basis", "slotBootstrapInfra"]);
    assert!(!scene.finds(&format!("namespace/{}-state", scene.name())), "no slot is taken for nothing");
}

#[test]
fn stdout_stays_the_reports() {
    let scene = bootstrapped();
    let outcome = done(slot(&scene, &["ensure", "--issue", "7", "-o", "kv"]));
    assert_eq!(outcome.stdout.lines().count(), 4, "{}", outcome.report("one document"));
}

#[test]
fn hooks_know_what_they_run_around_and_a_removal_makes_no_data_directories() {
    let hooks = "hooks:
  beforeAll:
    - use: codex.ensure-data-dirs
    - name: note
      run: echo $CODEX_ACTION >>actions
dataPaths:
  root: '{{ envOr \"DATA_ROOT\" \"\" }}'
  envDir: '{{ envOr \"DATA_ROOT\" \"\" }}/{{ .Env }}-{{ .Slot }}'
  dirs: [db]
infrastructure:";
    let scene = bootstrapped().with(|scene| {
        let data = scene.project().parent().unwrap().join("data");
        std::fs::create_dir(&data).unwrap();
        scene
            .replace("services.yaml", "infrastructure:", hooks)
            .env("PATH", "/usr/bin:/bin")
            .env("DATA_ROOT", data)
            .time_limit(std::time::Duration::from_secs(180))
    });
    let data = scene.scene().project().parent().unwrap().join("data/ai-1/db");
    ensured(&scene, &["--issue", "7"]);
    assert!(data.is_dir());
    done(slot(&scene, &["ready", "--issue", "7", "--apply"]));
    std::fs::remove_dir_all(data.parent().unwrap()).unwrap();
    done(slot(&scene, &["cleanup", "--issue", "7", "--with-configmap"]));
    assert!(!data.exists(), "what is removed gets no directories");
    let actions = std::fs::read_to_string(scene.scene().path("actions")).unwrap();
    assert_eq!(actions, "bootstrap\napply\ndestroy\n");
}
