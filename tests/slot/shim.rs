//! `codexctl ci ensure-slot` and `codexctl manage-env`: workflows written for codexctl go on working.

use codex_tests::{ClusterScene, Outcome, Scene};

use super::{fails, project, record};

fn codexctl(scene: &ClusterScene, arguments: &[&str]) -> Outcome {
    scene.scene().run("codexctl", arguments).any_stdout().stderr_mentions(&[]).check()
}

#[test]
fn ensure_slot_reports_as_codexctl_did() {
    let scene = project();
    let namespace = format!("{}-ai-1", scene.name());
    let ensure = ["ci", "ensure-slot", "--env", "ai", "--issue", "7", "--output"];
    let run = |format: &str| codexctl(&scene, &[&ensure[..], &[format]].concat()).stdout;
    let kv = run("kv");
    assert_eq!(kv, format!("slot=1\nnamespace={namespace}\nenv=ai\ncreated=true\n"));
    let json = run("json");
    assert!(
        json.starts_with(&format!("{{\"slot\":1,\"namespace\":\"{namespace}\",\"env\":\"ai\"")),
        "{json}"
    );
    assert_eq!(run("plain"), "");
    let plain = codexctl(&scene, &["ci", "ensure-slot", "--issue", "7", "--pr", "0", "--slot", "0"]);
    assert_eq!(plain.stdout, "");
    assert!(plain.stderr.contains("slot 1"), "{}", plain.report("logged"));
}

#[test]
fn manage_env_set_and_comment() {
    let scene = project();
    codexctl(&scene, &["ci", "ensure-slot", "--issue", "7"]);
    let set =
        codexctl(&scene, &["manage-env", "set", "--env", "ai", "--slot", "1", "--issue", "7", "--pr", "9"]);
    assert_eq!(set.stdout, "");
    assert_eq!(record(&scene, 1)["pr"], "9");
    let comment = codexctl(&scene, &["manage-env", "comment", "--env", "ai", "--slot", "1", "--lang", "ru"]);
    assert!(comment.stdout.contains("https://dev-1.ai.example.org"), "{}", comment.report("host"));
}

#[test]
fn a_selector_is_needed() {
    let scene = project();
    let said = "at least one of --issue, --pr or --slot must be specified";
    fails(scene.scene().run("codexctl", &["ci", "ensure-slot"]), 2, &[said]);
    fails(scene.scene().run("codexctl", &["manage-env", "cleanup"]), 2, &[said]);
}

#[test]
fn help_is_that_of_the_verb_under_codexctls_name() {
    for (arguments, usage) in [
        (["ci", "ensure-slot", "--help"], "Usage: codexctl ci ensure-slot [OPTIONS]"),
        (["ci", "ensure-ready", "--help"], "Usage: codexctl ci ensure-ready [OPTIONS]"),
        (["manage-env", "cleanup", "--help"], "Usage: codexctl manage-env cleanup [OPTIONS]"),
    ] {
        Scene::new().run("codexctl", &arguments).stdout_mentions(&[usage]).check();
    }
}
