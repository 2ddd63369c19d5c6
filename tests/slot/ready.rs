//! Stories of `ready`: a slot with sources, data, and everything applied and ready.

use std::fs;
use std::time::{Duration, Instant};

use codex_tests::{ClusterScene, ControlPlane, FaultProxy, ProxiedCall, binary, repository};
use serde_json::{Value, json};

use super::done;
use super::project::{Project, fails};

fn facts(project: &Project, slot: u32, created: bool, recreated: bool, ready: bool) -> Value {
    json!({
        "slot": slot, "namespace": project.namespace(slot), "env": "ai",
        "created": created, "recreated": recreated, "infraReady": ready,
    })
}

#[test]
fn the_shop_goes_up_in_a_slot_of_its_own() {
    let Some(scene) = ClusterScene::own() else { return };
    let name = format!("project: {}\n", scene.name());
    let state = format!("configmapNamespace: {}-state", scene.name());
    let scene = scene.with(|scene| {
        let outside = scene.project().parent().unwrap().to_path_buf();
        scene
            .copy(&repository().join("examples/shop"))
            .replace("services.yaml", "project: shop\n", &name)
            .replace("services.yaml", "configmapNamespace: codex-system", &state)
            .env("PATH", "/usr/bin:/bin")
            .env("DATA_ROOT", outside.join("data"))
            .env("CODE_ROOT_BASE", outside.join("slots"))
    });
    let ready = ["ready", "--issue", "7", "--apply", "-o", "json"];
    let outcome = done(scene.scene().run("kubectl-codex-slot", &ready));
    let namespace = format!("{}-ai-1", scene.name());
    let expected = format!(
        "{{\"slot\":1,\"namespace\":\"{namespace}\",\"env\":\"ai\",\"created\":true,\"recreated\":false,\"infraReady\":true}}\n"
    );
    assert_eq!(outcome.stdout, expected, "{}", outcome.report("other facts"));
    let outside = scene.scene().project().parent().unwrap().to_path_buf();
    assert!(outside.join("slots/1/src/services/web/html/index.html").is_file());
    assert!(outside.join("data/ai-1/uploads").is_dir());
    let replicas = [
        "--namespace",
        &namespace,
        "get",
        "deployments,statefulsets",
        "--output=jsonpath={.items[*].status.readyReplicas}",
    ];
    assert_eq!(scene.kubectl(&replicas), "1 1 1 1 1");
}

#[test]
fn a_second_ready_asks_little_and_changes_nothing() {
    let project = Project::new();
    assert_eq!(project.ready(&["--issue", "7"]), facts(&project, 1, true, false, true));
    let before = project.record(1);
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&project.beside(""));
    let kubeconfig = kubeconfig.to_str().unwrap();
    let (found, _) = project.ready_outcome(&["--issue", "7", "--kubeconfig", kubeconfig]);
    assert_eq!(found, facts(&project, 1, false, false, true));
    let calls = proxy.calls();
    let writes: Vec<&ProxiedCall> = calls.iter().filter(|call| call.method != "GET").collect();
    assert!(writes.is_empty(), "{writes:?}");
    let asked = |part: &str| calls.iter().filter(|call| call.target.contains(part)).count();
    assert_eq!(asked("/configmaps"), 1, "{calls:?}");
    assert_eq!(asked(&format!("/namespaces/{}?", project.namespace(1))), 0, "{calls:?}");
    assert_eq!(
        calls.iter().filter(|call| call.target == "/apis" || call.target == "/api").count(),
        0,
        "{calls:?}"
    );
    assert!(calls.len() <= 10, "{calls:?}");
    assert_eq!(project.record(1), before);
}

#[test]
fn a_second_ready_is_quick() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            project.ready(&["--issue", "7"]);
            start.elapsed()
        })
        .collect();
    times.sort();
    // The shipped build is held to 0.3 s by the benchmark; this one isn't optimized, and others run beside it.
    assert!(times[0] < Duration::from_secs(2), "{times:?}");
}

#[test]
fn a_changed_project_is_applied_again_without_force() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let first = project.record(1)["data"]["applied"].clone();
    let project = project.replace("base.yaml", "hello", "good morning");
    // Without --apply nothing is applied, whatever changed.
    done(project.slot(&["ready", "--issue", "7"]));
    let greeting = |project: &Project| {
        project.kubectl_in(
            &project.namespace(1),
            &["get", "configmap/settings", "--output=jsonpath={.data.greeting}"],
        )
    };
    assert_eq!(greeting(&project), "hello");
    let (found, outcome) = project.ready_outcome(&["--issue", "7"]);
    assert_eq!(found, facts(&project, 1, false, false, true));
    assert_eq!(greeting(&project), "good morning", "{}", outcome.report("not applied"));
    assert_ne!(project.record(1)["data"]["applied"], first);
    assert!(outcome.stderr.contains("deployment.apps/web unchanged"), "{}", outcome.report("applied"));
}

#[test]
fn force_apply_brings_back_what_others_changed() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let namespace = project.namespace(1);
    let patch = r#"{"data":{"greeting":"bye"}}"#;
    project.kubectl_in(&namespace, &["patch", "configmap/settings", "--type=merge", "--patch", patch]);
    let outcome = done(project.slot(&["ready", "--issue", "7", "--force-apply"]));
    // The shim's and ready's way: what others own is taken, and said.
    assert!(
        outcome.stderr.contains("took `.data.greeting` from `kubectl-patch`"),
        "{}",
        outcome.report("said")
    );
    let greeting = ["get", "configmap/settings", "--output=jsonpath={.data.greeting}"];
    assert_eq!(project.kubectl_in(&namespace, &greeting), "hello");
}

#[test]
fn what_was_deleted_since_is_applied_again() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let namespace = project.namespace(1);
    project.kubectl_in(&namespace, &["delete", "deployment/web"]);
    // Without --apply it is only said.
    let outcome = done(project.slot(&["ready", "--issue", "7", "-o", "json"]));
    assert!(outcome.stdout.contains("\"infraReady\":false"), "{}", outcome.report("it isn't there"));
    let words = "warning: deleted since it was applied: deployment.apps/web\nhint: `--apply` makes it anew";
    assert!(outcome.stderr.contains(words), "{}", outcome.report(words));
    let (found, outcome) = project.ready_outcome(&["--issue", "7"]);
    assert_eq!(found, facts(&project, 1, false, false, true), "{}", outcome.report("ready again"));
    assert!(outcome.stderr.contains("deployment.apps/web created"), "{}", outcome.report("made anew"));
}

#[test]
fn a_namespace_that_was_deleted_is_made_anew_with_empty_data() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let file = project.fill_data(1);
    project.ready(&["--issue", "7"]);
    assert!(file.is_file(), "the data of a slot that is there stay");
    project.delete_namespace(&project.namespace(1));
    let (found, outcome) = project.ready_outcome(&["--issue", "7"]);
    assert_eq!(found, facts(&project, 1, false, true, true));
    assert!(!file.exists() && project.data(1).is_dir());
    let said = format!("emptying data directory {}", "/data/ai-1/db");
    assert!(outcome.stderr.contains(&said), "{}", outcome.report("not said"));
    assert!(project.finds_in(&project.namespace(1), "deployment/web"));
}

#[test]
fn a_namespace_on_its_way_out_is_waited_for() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    project.scene.kubectl(&["delete", "namespace", &project.namespace(1), "--wait=false"]);
    let (found, outcome) = project.ready_outcome(&["--issue", "7"]);
    assert_eq!(found, facts(&project, 1, false, true, true));
    assert!(outcome.stderr.contains("is being deleted; waiting"), "{}", outcome.report("not said"));
}

#[test]
fn a_namespace_that_does_not_go_is_named_with_what_holds_it() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let namespace = project.namespace(1);
    let hold = r#"{"metadata":{"finalizers":["example.org/hold"]}}"#;
    let free = r#"{"metadata":{"finalizers":null}}"#;
    let patch = |patch: &str| {
        project.kubectl_in(&namespace, &["patch", "configmap/settings", "--type=merge", "--patch", patch])
    };
    patch(hold);
    project.scene.kubectl(&["delete", "namespace", &namespace, "--wait=false"]);
    let file = project.fill_data(1);
    let ready = ["ready", "--issue", "7", "--apply", "--namespace-timeout", "30s"];
    fails(
        project.slot(&ready),
        1,
        &[&format!("namespace `{namespace}` is still being deleted"), "example.org/hold"],
    );
    assert!(file.is_file(), "nothing is deleted as long as the namespace is there");
    patch(free);
    done(project.slot(&["ready", "--issue", "7", "--apply"]));
}

#[test]
fn what_does_not_get_ready_is_a_failure_or_a_fact() {
    let Some(project) = Project::own() else { return };
    let labels = "labels: {app: web, kubectl-codex.test/behaviour: hang}";
    let project = project.replace("web.yaml", "      labels: {app: web}", &format!("      {labels}"));
    let ready = ["ready", "--issue", "7", "--apply", "--wait-timeout", "2s", "-o", "kv"];
    let outcome = fails(project.slot(&ready), 4, &["deployment.apps/web is not ready after 2s"]);
    assert!(outcome.stdout.ends_with("infraReady=false\n"), "{}", outcome.report("other facts"));
    let soft = [&ready[..], &["--wait-soft-fail"]].concat();
    // Nothing changed, so nothing is applied; that it isn't ready is still seen.
    let outcome = done(project.slot(&soft));
    let expected = format!(
        "slot=1\nnamespace={}\nenv=ai\ncreated=false\nrecreated=false\ninfraReady=false\n",
        project.namespace(1)
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn what_comes_after_a_migration_that_fails_is_applied_by_the_next_ready() {
    let Some(project) = Project::own() else { return };
    let job = |name: &str, labels: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n  backoffLimit: 0\n  template:\n    metadata: {{labels: {{{labels}}}}}\n    spec: {{restartPolicy: Never, containers: [{{name: main, image: app}}]}}\n"
        )
    };
    let project = project.file("base.yaml", &job("migrate", "kubectl-codex.test/behaviour: fail"));
    let ready = ["ready", "--issue", "7", "--apply"];
    let after = "service.web would come after the Jobs of infra.base";
    fails(project.slot(&ready), 4, &["job.batch/migrate won't get ready", after]);
    // The same again: not all was applied, so it is no "nothing changed".
    fails(project.slot(&ready), 4, &[after]);
    let project = project.file("base.yaml", &job("migrate-again", "run: once"));
    done(project.slot(&ready));
}

#[test]
fn the_projects_own_rules_say_what_is_ready() {
    let rule = "ready:\n  - {kind: ConfigMap, jsonpath: '{.data.greeting}', value: good night}\nservices:\n";
    let project = Project::new().replace("services.yaml", "services:\n", rule);
    let ready = ["ready", "--issue", "7", "--apply", "--wait-timeout", "2s"];
    let said = ["configmap/settings is not ready after 2s: `{.data.greeting}` is `hello`, not `good night`"];
    fails(project.slot(&ready), 4, &said);
    // Nothing changed, so nothing is applied; what isn't ready is still seen.
    fails(project.slot(&ready), 4, &said);
    let patch = r#"{"data":{"greeting":"good night"}}"#;
    let patch = ["patch", "configmap/settings", "--type=merge", "--patch", patch];
    project.kubectl_in(&project.namespace(1), &patch);
    done(project.slot(&ready));
}

#[test]
fn images_are_refused_before_anything_is_touched() {
    let project = Project::new();
    let ready = ["ready", "--issue", "7", "--prepare-images", "--apply"];
    fails(project.slot(&ready), 1, &["`--prepare-images` isn't there yet"]);
    assert!(!project.has_namespace(&project.state()));
    assert!(!project.base().exists());
}

#[test]
fn the_work_of_an_agent_is_saved_before_the_sync_and_can_be_got_back() {
    let project = Project::new();
    let git = |folder: &std::path::Path, line: &str| {
        let script =
            format!("cd '{}' && export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 && {line}", folder.display());
        done(project.scene.shell(&script)).stdout
    };
    let source = project.scene.scene().project();
    git(&source, "git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm first");
    done(project.slot(&["ready", "--issue", "7"]));
    let workspace = project.base().join("1/src");
    fs::write(workspace.join("base.yaml"), "the agent's change\n").unwrap();
    fs::write(workspace.join("new.txt"), "the agent's file\n").unwrap();
    fs::write(source.join("web.yaml"), "# the user's change\n").unwrap();
    let outcome = done(project.slot(&["ready", "--issue", "7"]));
    assert!(outcome.stderr.contains("refs/codex/saved/"), "{}", outcome.report("not said"));
    assert_ne!(fs::read_to_string(workspace.join("base.yaml")).unwrap(), "the agent's change\n");
    assert!(!workspace.join("new.txt").exists());
    let saved = git(&workspace, "git for-each-ref --format='%(refname)' refs/codex/saved");
    git(&workspace, &format!("git checkout {} -- .", saved.trim()));
    assert_eq!(fs::read_to_string(workspace.join("base.yaml")).unwrap(), "the agent's change\n");
    assert_eq!(fs::read_to_string(workspace.join("new.txt")).unwrap(), "the agent's file\n");
}

#[test]
fn work_in_a_project_without_git_is_copied_away_before_the_sync() {
    let project = Project::new();
    done(project.slot(&["ready", "--issue", "7"]));
    let workspace = project.base().join("1/src");
    let outcome = done(project.slot(&["ready", "--issue", "7"]));
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.report("nobody worked there"));
    fs::write(workspace.join("base.yaml"), "the agent's change\n").unwrap();
    fs::write(workspace.join("new.txt"), "the agent's file\n").unwrap();
    let outcome = done(project.slot(&["ready", "--issue", "7"]));
    assert!(
        outcome.stderr.contains("may hold work and is kept as it is in "),
        "{}",
        outcome.report("not said")
    );
    let saved = project.base().join("saved").join(project.scene.name());
    let kept = fs::read_dir(saved).unwrap().next().unwrap().unwrap().path();
    assert_ne!(fs::read_to_string(workspace.join("base.yaml")).unwrap(), "the agent's change\n");
    assert!(!workspace.join("new.txt").exists());
    assert_eq!(fs::read_to_string(kept.join("base.yaml")).unwrap(), "the agent's change\n");
    assert_eq!(fs::read_to_string(kept.join("new.txt")).unwrap(), "the agent's file\n");
}

#[test]
fn a_slot_in_which_an_agent_works_is_not_synced() {
    let project = Project::new();
    done(project.slot(&["ready", "--issue", "7"]));
    let work = project.base().join("1/src/base.yaml");
    fs::write(&work, "half written").unwrap();
    let now = done(project.scene.shell("date -u +%Y-%m-%dT%H:%M:%SZ")).stdout;
    let agent = json!({"host": "runner", "pid": 7, "heartbeat": now.trim()}).to_string();
    project.patch_record(1, &json!({"agent": agent}));
    let outcome = done(project.slot(&["ready", "--issue", "7"]));
    assert!(
        outcome.stderr.contains("is not synced: an agent works in slot 1"),
        "{}",
        outcome.report("not said")
    );
    assert_eq!(fs::read_to_string(&work).unwrap(), "half written");
    done(project.slot(&["ready", "--issue", "7", "--force-sync"]));
    assert_ne!(fs::read_to_string(&work).unwrap(), "half written");
}

#[test]
fn two_at_once_wait_for_each_other() {
    let project = Project::new();
    done(project.slot(&["ensure", "--issue", "7"]));
    let start = || {
        let arguments = ["ready", "--issue", "7", "--apply", "-o", "json"];
        project.scene.scene().start(&binary("kubectl-codex-slot"), &arguments)
    };
    let children = [start(), start()];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    for output in &outputs {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["slot"], 1, "{said}");
        assert_eq!(found["infraReady"], true, "{said}");
    }
    assert_eq!(project.record(2), Value::Null);
}

#[test]
fn a_slot_that_was_only_taken_is_new_to_ready() {
    let project = Project::new();
    done(project.slot(&["ensure", "--issue", "7"]));
    let file = project.fill_data(1);
    assert_eq!(project.ready(&["--issue", "7", "--slot", "1"]), facts(&project, 1, false, false, true));
    assert!(!file.exists(), "what an earlier slot of that number left is gone");
    assert_eq!(project.ready(&["--issue", "7"]), facts(&project, 1, false, false, true));
}
