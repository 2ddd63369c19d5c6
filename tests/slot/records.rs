//! The records: codexctl's are read, ours can be read by codexctl, and each project has its own.

use codex_tests::ClusterScene;
use serde_json::{Value, json};

use super::{codexctls_record, done, ensured, fails, project, record, records, slot};

#[test]
fn ours_have_all_of_codexctls_keys() {
    let scene = project().with(|scene| scene.env("GITHUB_RUN_ID", "4711"));
    ensured(&scene, &["--issue", "7"]);
    let data = record(&scene, 1);
    let expected = json!({
        "slot": "1", "env": "ai", "namespace": format!("{}-ai-1", scene.name()), "owner": "4711",
        "issue": "7", "pr": "0", "project": scene.name(), "fresh": "true",
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&data[key], value, "{key} of {data}");
    }
    for key in ["createdAt", "lastUsed"] {
        let time = data[key].as_str().unwrap();
        assert!(time.len() == 20 && time.ends_with('Z') && &time[10..11] == "T", "{key} of {data}");
    }
    assert!(data["claim"].is_null() && data["cleaning"].is_null(), "{data}");
    let ours = &records(&scene)[0];
    let labels = &ours["metadata"]["labels"];
    let of = |key: &str| labels[format!("kubectl-codex.dev/{key}")].as_str().unwrap_or_default().to_owned();
    assert_eq!((of("project").as_str(), of("environment").as_str()), (scene.name(), "ai"));
    assert_eq!((of("slot").as_str(), of("issue").as_str()), ("1", "7"));
}

#[test]
fn who_has_no_run_is_manual() {
    let scene = project();
    ensured(&scene, &["--issue", "7"]);
    assert_eq!(record(&scene, 1)["owner"], "manual");
}

#[test]
fn codexctls_records_are_used_and_its_keys_stay() {
    let scene = project();
    codexctls_record(&scene, 3, &json!({"issue": "7", "owner": "12345", "note": "mine"}));
    assert_eq!(ensured(&scene, &["--issue", "7"]), 3);
    assert_eq!(ensured(&scene, &["--issue", "7", "--pr", "9"]), 3);
    let data = record(&scene, 3);
    let expected = [
        ("slot", "3"),
        ("env", "ai"),
        ("owner", "12345"),
        ("issue", "7"),
        ("pr", "9"),
        ("createdAt", "2026-01-02T15:04:05Z"),
        ("note", "mine"),
    ];
    for (key, value) in expected {
        assert_eq!(data[key], value, "{key} of {data}");
    }
    // It was there, and in use, before us: nothing of it is emptied.
    assert!(data["fresh"].is_null(), "{data}");
}

/// A second project in the same state namespace, as another scene of its own.
fn neighbour(scene: &ClusterScene) -> ClusterScene {
    let own = super::project();
    let (ours, theirs) = (format!("{}-state", own.name()), format!("{}-state", scene.name()));
    own.with(|scene| scene.replace("services.yaml", &ours, &theirs))
}

#[test]
fn two_projects_share_a_state_namespace_and_nothing_else() {
    let scene = project();
    let other = neighbour(&scene);
    assert_eq!(ensured(&scene, &["--issue", "7"]), 1);
    assert_eq!(ensured(&other, &["--issue", "7"]), 2);
    assert_eq!(ensured(&scene, &["--issue", "7"]), 1);
    assert_eq!(ensured(&other, &["--issue", "7"]), 2);
    let before = record(&scene, 1);
    fails(slot(&other, &["ensure", "--slot", "1"]), 1, &["slot 1", scene.name()]);
    fails(slot(&other, &["set", "--slot", "1", "--issue", "9"]), 1, &["slot 1", scene.name()]);
    assert_eq!(record(&scene, 1), before);
    let listed: Value = serde_json::from_str(&done(slot(&other, &["list", "-o", "json"])).stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
}

#[test]
fn a_record_of_codexctl_is_ours_if_its_namespace_is() {
    let scene = project();
    codexctls_record(&scene, 1, &json!({"issue": "7", "namespace": "others-ai-1"}));
    assert_eq!(ensured(&scene, &["--issue", "7"]), 2);
    assert_eq!(record(&scene, 1)["namespace"], "others-ai-1");
}

#[test]
fn a_damaged_record_of_ours_is_named() {
    let scene = project();
    codexctls_record(&scene, 1, &json!({"issue": "seven"}));
    fails(slot(&scene, &["ensure", "--issue", "7"]), 1, &["slot-1", "issue", "seven"]);
    let listed = done(slot(&scene, &["list"]));
    assert!(listed.stderr.contains("slot-1"), "{}", listed.report("warned"));
}
