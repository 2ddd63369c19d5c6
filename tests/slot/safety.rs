//! Stories of what must not be lost: data of a slot that is there, and whatever is somebody else's.

use std::fs;
use std::os::unix::fs::symlink;

use codex_tests::{ControlPlane, Fault, FaultProxy};
use serde_json::{Value, json};

use super::done;
use super::project::{Project, fails};

#[test]
fn a_look_up_that_fails_deletes_nothing() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let file = project.fill_data(1);
    let before = project.record(1);
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&project.beside(""));
    let ready = [
        "ready",
        "--issue",
        "7",
        "--apply",
        "--request-timeout",
        "1s",
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
    ];
    done(project.slot(&ready));
    let path = format!("/api/v1/namespaces/{}", project.namespace(1));
    let number = proxy.calls().iter().find(|call| call.target == path).expect("it looks").number;
    for fault in [Fault::Error, Fault::TimeOut, Fault::Refused] {
        proxy.arm(number, fault);
        let outcome = match fault {
            // The port stays closed, whereas a single failed look is taken again.
            Fault::Refused => {
                let title = format!("cannot get namespace `{}`", project.namespace(1));
                fails(project.slot(&ready), 1, &[&title])
            }
            _ => done(project.slot(&ready)),
        };
        assert!(proxy.fired(), "{fault:?}");
        assert!(file.is_file(), "{fault:?}: {}", outcome.report("the data are gone"));
        assert_eq!(project.record(1), before, "{fault:?}");
    }
}

#[test]
fn who_may_not_look_deletes_nothing() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let file = project.fill_data(1);
    // May do all in the records' namespace, and nothing elsewhere.
    let role = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: records}
rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get, list, create, update, patch, delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: records}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: records}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: clerk}]
";
    project.scene.kubectl_with(&["--namespace", &project.state(), "apply", "-f", "-"], role);
    let list =
        format!("kubectl auth can-i list configmaps --as clerk --namespace {} || true", project.state());
    project
        .scene
        .wait_until("the server knows the role", || done(project.scene.shell(&list)).stdout == "yes\n");
    let outcome = fails(
        project.slot(&["ready", "--issue", "7", "--apply", "--as", "clerk"]),
        1,
        &[&format!("cannot get namespace `{}`", project.namespace(1)), "clerk may not get namespaces"],
    );
    assert!(file.is_file(), "{}", outcome.report("the data are gone"));
}

#[test]
fn a_namespace_that_another_record_names_stays() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    // As codexctl, or a project with another pattern, may have recorded it.
    let other = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "slot-40"},
        "data": {"slot": "40", "env": "other", "namespace": project.namespace(1), "project": "elsewhere"},
    });
    project.scene.kubectl_with(&["--namespace", &project.state(), "apply", "-f", "-"], &other.to_string());
    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    let stays =
        format!("namespace/{} stays: slot 40 of project `elsewhere` lives in it too", project.namespace(1));
    assert!(outcome.stderr.contains(&stays), "{}", outcome.report("not said"));
    assert!(project.has_namespace(&project.namespace(1)));
    // What the slot itself made in it is gone nevertheless.
    assert!(!project.finds_in(&project.namespace(1), "deployment/web"));
    assert_eq!(project.record(1), Value::Null);
    assert_eq!(project.record(40)["data"]["slot"], "40");
}

#[test]
fn a_namespace_that_another_environment_resolves_to_stays() {
    let project = Project::new()
        .replace(
            "services.yaml",
            "  ai: {kubeconfig: \"\"}\n",
            "  ai: {kubeconfig: \"\"}\n  staging: {from: ai}\n",
        )
        .replace(
            "services.yaml",
            "    ai: \"{{ .Project }}-ai-{{ .Slot }}\"\n",
            "    ai: \"{{ .Project }}-ai-{{ .Slot }}\"\n    staging: \"{{ .Project }}-ai-1\"\n",
        );
    project.ready(&["--issue", "7"]);
    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    let stays = format!("namespace/{} stays: environment `staging` lives in it too", project.namespace(1));
    assert!(outcome.stderr.contains(&stays), "{}", outcome.report("not said"));
    assert!(project.has_namespace(&project.namespace(1)));
}

#[test]
fn data_directories_do_not_lead_outside() {
    for (from, to) in [
        ("  dirs: [db]", "  dirs: [../../precious]"),
        ("  dirs: [db]", "  paths: ['{{ envOr \"DATA_ROOT\" \"\" }}/../precious']"),
        ("  dirs: [db]", "  paths: ['/']"),
    ] {
        let project = Project::new();
        let file = project.beside("precious");
        fs::create_dir_all(&file).unwrap();
        fs::write(file.join("file"), "mine").unwrap();
        let project = project.replace("services.yaml", from, to);
        let outcome = fails(
            project.slot(&["ready", "--issue", "7", "--apply"]),
            1,
            &["the data directories are left as they are"],
        );
        assert!(file.join("file").is_file(), "{to}: {}", outcome.report("it is gone"));
    }
    // A link that leads out of the root, planted where the directory should be.
    let project = Project::new();
    let outside = project.beside("precious");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "mine").unwrap();
    let folder = project.data(1).parent().unwrap().to_path_buf();
    fs::create_dir_all(&folder).unwrap();
    symlink(&outside, project.data(1)).unwrap();
    let _ = project.slot(&["ready", "--issue", "7", "--apply"]).any_stdout();
    let _ = project.slot(&["cleanup", "--issue", "7", "--with-configmap"]).any_stdout();
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "mine");
}

#[test]
fn data_that_slots_share_are_left_alone() {
    let project = Project::new().replace(
        "services.yaml",
        "  envDir: '{{ envOr \"DATA_ROOT\" \"\" }}/{{ .Env }}-{{ .Slot }}'\n",
        "  envDir: '{{ envOr \"DATA_ROOT\" \"\" }}/common'\n",
    );
    let file = project.beside("data").join("common/db/table");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "rows").unwrap();
    let (_, outcome) = project.ready_outcome(&["--issue", "7"]);
    assert!(outcome.stderr.contains("is left as it is"), "{}", outcome.report("not said"));
    done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    assert_eq!(fs::read_to_string(&file).unwrap(), "rows");
}

#[test]
fn two_projects_in_one_place_leave_each_other_alone() {
    let ours = Project::new();
    let state = ours.state();
    let theirs = Project::new();
    let name = theirs.state();
    let theirs = theirs.replace(
        "services.yaml",
        &format!("configmapNamespace: {name}"),
        &format!("configmapNamespace: {state}"),
    );
    assert_eq!(ours.ready(&["--issue", "7"])["slot"], 1);
    assert_eq!(theirs.ready(&["--issue", "7"])["slot"], 2);
    let outcome = done(theirs.slot(&["cleanup", "--all", "--with-configmap"]));
    assert!(!outcome.stdout.contains(&ours.namespace(1)), "{}", outcome.report("not its own"));
    assert!(!theirs.has_namespace(&theirs.namespace(2)));
    assert!(ours.finds_in(&ours.namespace(1), "deployment/web"));
    assert_eq!(ours.record(1)["data"]["issue"], "7");
    assert_eq!(ours.record(2), Value::Null);
}
