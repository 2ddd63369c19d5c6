//! Stories of `cleanup`: all that is a slot's goes, and nothing else.

use std::fs;

use codex_tests::{ControlPlane, FaultProxy, Outcome};
use serde_json::Value;

use super::done;
use super::project::{Project, ROLES, fails};

/// The small project with roles: one that every slot means, one of each slot's own.
fn with_roles() -> Project {
    let project = Project::new();
    let base = fs::read_to_string(project.scene.scene().path("base.yaml")).unwrap();
    project.file("base.yaml", &format!("{base}{ROLES}"))
}

fn lines(outcome: &Outcome) -> Vec<&str> {
    let mut lines: Vec<&str> = outcome.stdout.lines().collect();
    lines.sort_unstable();
    lines
}

const HOLD: &str = r#"{"metadata":{"finalizers":["example.org/hold"]}}"#;
const FREE: &str = r#"{"metadata":{"finalizers":null}}"#;

#[test]
fn all_of_a_slot_goes_and_what_is_shared_stays_and_is_listed() {
    let project = with_roles();
    project.ready(&["--issue", "7"]);
    project.ready(&["--issue", "8"]);
    let (mine, others) = (project.fill_data(1), project.fill_data(2));
    let name = project.scene.name();

    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    let data = project.data(1).display().to_string();
    let mut expected = vec![
        format!("clusterrole.rbac.authorization.k8s.io/{name}-own-1 deleted"),
        "configmap/settings deleted".to_owned(),
        "configmap/slot-1 deleted".to_owned(),
        "deployment.apps/web deleted".to_owned(),
        format!("namespace/{} deleted", project.namespace(1)),
    ];
    expected.sort_unstable();
    let found: Vec<&str> =
        lines(&outcome).into_iter().filter(|line| !line.starts_with("directory ")).collect();
    assert_eq!(found, expected, "{}", outcome.report("other lines"));
    assert!(outcome.stdout.contains("directory "), "{}", outcome.report(&format!("{data} isn't named")));
    let stays = format!("clusterrole.rbac.authorization.k8s.io/{name}-everyones stays");
    assert!(outcome.stderr.contains(&stays), "{}", outcome.report("not listed"));

    assert!(!project.has_namespace(&project.namespace(1)));
    assert_eq!(project.record(1), Value::Null);
    assert!(!mine.exists() && !project.data(1).exists());
    // The other slot and what they share are as they were.
    assert!(project.finds_in(&project.namespace(2), "deployment/web") && others.is_file());
    assert!(project.scene.finds(&format!("clusterrole/{name}-everyones")));
    assert!(project.scene.finds(&format!("clusterrole/{name}-own-2")));
    assert_eq!(project.record(2)["data"]["issue"], "8");
}

#[test]
fn a_dry_run_lists_all_and_touches_nothing() {
    let project = with_roles();
    project.ready(&["--issue", "7"]);
    let file = project.fill_data(1);
    let before = project.record(1);
    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap", "--dry-run"]));
    for part in [
        "deployment.apps/web",
        "configmap/settings",
        "configmap/slot-1",
        &project.namespace(1),
        "/data/ai-1/db",
        "-own-1",
    ] {
        let line = outcome.stdout.lines().find(|line| line.contains(part));
        assert!(
            line.is_some_and(|line| line.ends_with("deleted (dry run)")),
            "{part}\n{}",
            outcome.report("not listed")
        );
    }
    assert!(!outcome.stdout.contains("everyones"), "{}", outcome.report("shared"));
    assert_eq!(project.record(1), before);
    assert!(file.is_file() && project.finds_in(&project.namespace(1), "deployment/web"));
}

#[test]
fn without_the_record_the_slot_keeps_its_number_and_can_be_made_ready_again() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    done(project.slot(&["cleanup", "--issue", "7"]));
    assert!(!project.has_namespace(&project.namespace(1)));
    let data = project.record(1)["data"].clone();
    assert_eq!((&data["slot"], &data["cleaning"]), (&"1".into(), &Value::Null), "{data}");
    let found = project.ready(&["--issue", "7"]);
    assert_eq!((&found["slot"], &found["infraReady"]), (&1.into(), &true.into()), "{found}");
}

#[test]
fn a_finalizer_is_named_and_the_next_cleanup_goes_on() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let namespace = project.namespace(1);
    let patch = |patch: &str| {
        project.kubectl_in(&namespace, &["patch", "configmap/settings", "--type=merge", "--patch", patch])
    };
    patch(HOLD);
    let cleanup = ["cleanup", "--issue", "7", "--with-configmap", "--timeout", "8s"];
    fails(project.slot(&cleanup), 1, &["slot 1", "not everything was gone after 8s", "example.org/hold"]);
    let data = project.record(1)["data"].clone();
    assert_eq!(data["cleaning"], "true", "the slot is taken until all is gone: {data}");
    // Nobody is given a slot that is being cleaned up.
    fails(project.slot(&["ensure", "--slot", "1", "--issue", "7", "--wait-for-slot", "0"]), 1, &["slot 1"]);
    patch(FREE);
    done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    assert_eq!(project.record(1), Value::Null);
    assert!(!project.has_namespace(&namespace));
}

#[test]
fn what_lies_outside_of_the_namespace_is_waited_for_too() {
    let project = with_roles();
    project.ready(&["--issue", "7"]);
    let role = format!("clusterrole/{}-own-1", project.scene.name());
    project.scene.kubectl(&["patch", &role, "--type=merge", "--patch", HOLD]);
    let cleanup = ["cleanup", "--slot", "1", "--with-configmap", "--timeout", "12s"];
    let named = format!("{}-own-1 has finalizer `example.org/hold`", project.scene.name());
    fails(project.slot(&cleanup), 1, &[&named]);
    project.scene.kubectl(&["patch", &role, "--type=merge", "--patch", FREE]);
    done(project.slot(&["cleanup", "--slot", "1", "--with-configmap"]));
    assert!(!project.scene.finds(&role));
}

#[test]
fn what_is_no_longer_rendered_goes_too() {
    let project = with_roles();
    project.ready(&["--issue", "7"]);
    let project = project.file(
        "base.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: '{{ .Namespace }}'}\n",
    );
    done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    assert!(!project.scene.finds(&format!("clusterrole/{}-own-1", project.scene.name())));
}

#[test]
fn one_slot_that_fails_keeps_no_other_from_going() {
    let project = Project::new();
    for issue in ["7", "8", "9"] {
        project.ready(&["--issue", issue]);
    }
    let namespace = project.namespace(2);
    let patch = |patch: &str| {
        project.kubectl_in(&namespace, &["patch", "configmap/settings", "--type=merge", "--patch", patch])
    };
    patch(HOLD);
    let all = ["cleanup", "--all", "--with-configmap", "--timeout", "40s"];
    fails(project.slot(&all), 1, &["slot 2", "example.org/hold", "1 of 3 slots"]);
    assert_eq!((project.record(1), project.record(3)), (Value::Null, Value::Null));
    assert_eq!(project.record(2)["data"]["cleaning"], "true");
    patch(FREE);
    done(project.slot(&["cleanup", "--all", "--with-configmap"]));
    assert_eq!(project.record(2), Value::Null);
}

#[test]
fn what_there_is_not_is_nothing_to_do() {
    let project = Project::new();
    for arguments in [&["cleanup", "--issue", "7"][..], &["cleanup", "--all", "--with-configmap"]] {
        let outcome = done(project.slot(arguments));
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains("no slot"), "{}", outcome.report("not said"));
    }
    fails(project.slot(&["cleanup"]), 2, &["--issue, --pr"]);
}

#[test]
fn hooks_run_around_the_removal() {
    let project = Project::new();
    let services = fs::read_to_string(project.scene.scene().path("services.yaml")).unwrap();
    let hooks = r#"    hooks:
      beforeDestroy:
        - name: before
          run: 'echo "before: $(cat "$KUBECONFIG" | wc -l | tr -d " ") lines, {{ .Namespace }}"'
      afterDestroy:
        - name: after
          run: 'echo "after {{ .Namespace }}"'
"#;
    let all = "hooks:\n  beforeAll: [{name: first, run: 'echo first'}]\n  afterAll: [{name: last, run: 'echo last'}]\n";
    let project = project.file("services.yaml", &format!("{services}{hooks}{all}"));
    project.ready(&["--issue", "7"]);
    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    let namespace = project.namespace(1);
    let at = |part: &str| outcome.stderr.find(part).unwrap_or_else(|| panic!("{}", outcome.report(part)));
    let order = [at("first"), at("before: "), at(&format!("after {namespace}")), at("last")];
    assert!(order.is_sorted(), "{}", outcome.report("another order"));
    assert!(!outcome.stdout.contains("first"), "{}", outcome.report("hooks speak on stderr"));
}

/// The slots of a report, in the order in which their lines stand.
fn slots_of(outcome: &Outcome, project: &Project, count: u32) -> Vec<u32> {
    let of = |line: &str| {
        (1..=count).find(|slot| {
            line.starts_with(&format!("namespace/{} ", project.namespace(*slot)))
                || line.starts_with(&format!("configmap/slot-{slot} "))
        })
    };
    outcome.stdout.lines().filter_map(of).collect()
}

#[test]
fn slots_are_removed_side_by_side_and_each_ones_lines_stay_together() {
    let project = with_roles();
    for issue in 1..=6 {
        project.ready(&["--issue", &issue.to_string()]);
    }
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&project.beside(""));
    let cleanup = |arguments: &[&str]| {
        let kubeconfig = ["--kubeconfig", kubeconfig.to_str().unwrap()];
        done(project.slot(&[&["cleanup", "--with-configmap"], arguments, &kubeconfig].concat()))
    };
    let lists = || {
        let calls = proxy.calls();
        let count = calls.iter().filter(|call| call.target.contains("labelSelector=")).count();
        proxy.disarm();
        count
    };
    proxy.disarm();
    cleanup(&["--issue", "6", "--dry-run"]);
    let for_one = lists();
    let outcome = cleanup(&["--all", "--dry-run"]);
    let for_all = lists();
    assert!(for_all <= for_one + 1, "{for_one} lists for one slot, {for_all} for six");
    assert_eq!(slots_of(&outcome, &project, 6), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);

    let outcome = cleanup(&["--all", "--jobs", "3"]);
    let asked = lists();
    assert!(asked <= for_one + 1, "{asked} lists");
    let mut slots = slots_of(&outcome, &project, 6);
    assert!(slots.chunks(2).all(|pair| pair[0] == pair[1]), "{}", outcome.report("mixed"));
    slots.sort_unstable();
    assert_eq!(slots, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    let shared = outcome.stderr.lines().filter(|line| line.contains("-everyones stays: ")).count();
    assert_eq!(shared, 1, "{}", outcome.report("said once for all"));
    assert!(!outcome.stderr.contains("other slots share it"), "{}", outcome.report("there are none"));
    assert!(!outcome.stderr.contains("is still there"), "{}", outcome.report("it goes its normal way"));
    assert_eq!(done(project.slot(&["list", "-o", "json"])).stdout, "[]\n");
}

#[test]
fn without_a_selector_the_flag_for_all_is_named() {
    fails(Project::new().slot(&["cleanup"]), 2, &["--issue, --pr or --slot", "`--all`"]);
}
