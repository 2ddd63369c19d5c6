//! `list`: who has which slot, and how it is.

use codex_tests::{ClusterScene, FaultProxy};
use serde_json::{Value, json};

use super::{codexctls_record, done, ensured, project, slot};

/// Listed slots as JSON.
fn listed(scene: &ClusterScene, arguments: &[&str]) -> Vec<Value> {
    let outcome = done(slot(scene, &[&["list", "-o", "json"], arguments].concat()));
    match serde_json::from_str(&outcome.stdout).unwrap() {
        Value::Array(slots) => slots,
        other => panic!("{other}"),
    }
}

#[test]
fn an_empty_list_says_so() {
    let scene = project();
    let run = slot(&scene, &["list"]).stderr_mentions(&["no slots in environment `ai`"]);
    run.check();
    slot(&scene, &["list", "-o", "json"]).stdout("[]\n").stderr_mentions(&[]).check();
    assert!(!scene.finds(&format!("namespace/{}-state", scene.name())), "looking makes nothing");
}

#[test]
fn a_table_has_a_line_for_each_slot() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    codexctls_record(&scene, 12, &json!({"pr": "30"}));
    let outcome = done(slot(&scene, &["list"]));
    let lines: Vec<Vec<&str>> =
        outcome.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["SLOT", "STATE", "ISSUE", "PR", "NAMESPACE", "READY", "AGE", "LAST-USED"]);
    let name = scene.name();
    assert_eq!(lines[1][..6], ["1", "fresh", "7", "-", &format!("{name}-ai-1"), "0/0"]);
    assert_eq!(lines[2][..6], ["12", "no-namespace", "-", "30", &format!("{name}-ai-12"), "0/0"]);
    assert_eq!((lines[2][7], lines.len()), ("-", 3));
    let wide = done(slot(&scene, &["list", "-o", "wide"]));
    assert!(wide.stdout.lines().next().unwrap().ends_with("RECORD"), "{}", wide.report("wide"));
    assert_eq!(done(slot(&scene, &["list", "-o", "name"])).stdout, "configmap/slot-1\nconfigmap/slot-12\n");
}

#[test]
fn filters() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    ensured(&scene, &["--pr", "7"]);
    ensured(&scene, &["--env", "ai-repair", "--issue", "7"]);
    let slots = |arguments: &[&str]| -> Vec<u64> {
        listed(&scene, arguments).iter().map(|slot| slot["slot"].as_u64().unwrap()).collect()
    };
    assert_eq!(slots(&[]), [1, 2]);
    assert_eq!(slots(&["--issue", "7"]), [1]);
    assert_eq!(slots(&["--pr", "7"]), [2]);
    assert_eq!(slots(&["--slot", "2"]), [2]);
    assert_eq!(slots(&["--env", "ai-repair"]), [3]);
    assert_eq!(slots(&["-l", "kubectl-codex.dev/issue=7"]), [1]);
    assert_eq!(slots(&["-l", "kubectl-codex.dev/issue in (7,8),kubectl-codex.dev/slot!=1"]), [] as [u64; 0]);
}

#[test]
fn states_and_pods_are_those_of_the_namespace() {
    let scene = project();
    let name = scene.name().to_owned();
    for number in 1..=6 {
        codexctls_record(&scene, number, &json!({"issue": number.to_string()}));
    }
    for number in [1, 2] {
        scene.kubectl(&["create", "namespace", &format!("{name}-ai-{number}")]);
    }
    let namespace = format!("{name}-ai-1");
    scene.wait_until("the service account is there", || {
        let found = ["get", "serviceaccount/default", "--namespace", &namespace, "--ignore-not-found"];
        !scene.kubectl(&found).is_empty()
    });
    let pod = |name: &str, labels: Value| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
            "spec": {"containers": [{"name": "web", "image": "web"}]},
        })
        .to_string()
    };
    let hang = json!({"kubectl-codex.test/behaviour": "hang"});
    scene.kubectl_with(&["create", "--namespace", &namespace, "-f", "-"], &pod("good", json!({})));
    scene.kubectl_with(&["create", "--namespace", &namespace, "-f", "-"], &pod("bad", hang));
    let of = |slots: &[Value], number: u64| {
        let slot = slots.iter().find(|slot| slot["slot"] == number).unwrap().clone();
        (slot["state"].as_str().unwrap().to_owned(), slot["readyPods"].clone(), slot["pods"].clone())
    };
    let active = ("active".to_owned(), json!(1), json!(2));
    scene.wait_until("a pod is ready", || of(&listed(&scene, &[]), 1) == active);
    // The same, looked at one by one.
    assert_eq!(of(&listed(&scene, &["--slot", "1"]), 1), active);
    assert_eq!(of(&listed(&scene, &[]), 2), ("active".to_owned(), json!(0), json!(0)));
    assert_eq!(of(&listed(&scene, &[]), 3), ("no-namespace".to_owned(), json!(0), json!(0)));
}

#[test]
fn who_may_not_look_everywhere_is_told() {
    let scene = project();
    for number in 1..=6 {
        codexctls_record(&scene, number, &json!({"issue": number.to_string()}));
    }
    let state = format!("{}-state", scene.name());
    let who = "--user=reader";
    scene.kubectl(&[
        "create",
        "role",
        "reader",
        "--verb=list",
        "--resource=configmaps",
        "--namespace",
        &state,
    ]);
    scene.kubectl(&["create", "rolebinding", "reader", "--role=reader", who, "--namespace", &state]);
    let outcome = done(slot(&scene, &["list", "--as", "reader"]));
    assert!(outcome.stdout.contains(" ? "), "{}", outcome.report("unknown pods"));
    assert!(
        outcome.stderr.contains("you may not get namespaces and list pods"),
        "{}",
        outcome.report("said")
    );
}

#[test]
fn many_slots_need_few_requests() {
    let scene = project();
    for number in 1..=60 {
        codexctls_record(&scene, number, &json!({"issue": number.to_string(), "project": scene.name()}));
    }
    let proxy = FaultProxy::start(codex_tests::ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&scene.scene().project());
    proxy.disarm();
    let outcome = done(slot(&scene, &["list", "--kubeconfig", kubeconfig.to_str().unwrap()]));
    assert_eq!(outcome.stdout.lines().count(), 61);
    assert!(proxy.calls().len() <= 3, "{:?}", proxy.calls());
}
