//! Many callers at once, each a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Output};

use codex_tests::{ClusterScene, binary};
use serde_json::Value;

use super::{project, records};

/// Starts a process for each list of arguments, all at once, and gives what became of each.
fn all_at_once(scene: &ClusterScene, calls: &[Vec<String>]) -> Vec<Output> {
    let program = binary("kubectl-codex-slot");
    let start = |arguments: &Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        scene.scene().start(&program, &arguments)
    };
    let children: Vec<Child> = calls.iter().map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

fn ensure(issue: u64, more: &[&str]) -> Vec<String> {
    let issue = issue.to_string();
    let words = [&["ensure", "-o", "json", "--issue", &issue], more].concat();
    words.into_iter().map(str::to_owned).collect()
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn slot_of(output: &Output) -> u64 {
    assert!(output.status.success(), "{}", message(output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["slot"].as_u64().unwrap()
}

#[test]
fn two_hundred_callers_of_a_hundred_issues_get_a_hundred_slots() {
    let scene = project();
    let calls: Vec<Vec<String>> = (0..200).map(|call| ensure(call / 2 + 1, &["--max", "0"])).collect();
    let outputs = all_at_once(&scene, &calls);
    let mut slots: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (call, output) in outputs.iter().enumerate() {
        slots.entry(call / 2 + 1).or_default().insert(slot_of(output));
    }
    let doubled: Vec<_> = slots.iter().filter(|(_, slots)| slots.len() != 1).collect();
    assert!(doubled.is_empty(), "both callers of an issue get the same slot: {doubled:?}");
    let taken: BTreeSet<u64> = slots.values().flatten().copied().collect();
    assert_eq!(taken.len(), 100, "no slot is given twice");

    let records = records(&scene);
    assert_eq!(records.len(), 100, "no slot is lost");
    for record in records {
        let data = &record["data"];
        let number = |key: &str| data[key].as_str().unwrap().parse::<u64>().unwrap();
        let issue = usize::try_from(number("issue")).unwrap();
        assert_eq!(slots[&issue], BTreeSet::from([number("slot")]), "{data}");
        assert!(data["claim"].is_null(), "{data}");
    }
}

#[test]
fn ten_slots_serve_ten_of_fifty() {
    let scene = project();
    let limits = ["--max", "10", "--wait-for-slot", "0"];
    let calls: Vec<Vec<String>> = (1..=50).map(|issue| ensure(issue, &limits)).collect();
    let outputs = all_at_once(&scene, &calls);
    let (served, refused): (Vec<&Output>, Vec<&Output>) =
        outputs.iter().partition(|output| output.status.success());
    let slots: BTreeSet<u64> = served.iter().map(|output| slot_of(output)).collect();
    assert_eq!((served.len(), slots), (10, (1..=10).collect()));
    for output in refused {
        let message = message(output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("error: no free slot") && output.stdout.is_empty(), "{message}");
    }
    assert_eq!(records(&scene).len(), 10);
}

#[test]
fn an_issue_and_its_pull_request_end_up_together() {
    let scene = project();
    let words =
        |words: &[&str]| [&["ensure", "-o", "json"], words].concat().into_iter().map(str::to_owned).collect();
    let calls: Vec<Vec<String>> =
        (0..6).flat_map(|_| [words(&["--issue", "7"]), words(&["--issue", "7", "--pr", "9"])]).collect();
    let slots: BTreeSet<u64> = all_at_once(&scene, &calls).iter().map(slot_of).collect();
    assert_eq!(slots.len(), 1, "{slots:?}");
    let records = records(&scene);
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["data"]["issue"], &records[0]["data"]["pr"]), (&"7".into(), &"9".into()));
}
