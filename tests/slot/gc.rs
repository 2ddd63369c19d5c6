//! Stories of `gc`: slots that nobody needs any longer go, and no others.

use serde_json::{Value, json};

use super::done;
use super::project::{Project, fails};

#[test]
fn slots_that_nobody_used_for_long_go() {
    let project = Project::new();
    for issue in ["7", "8", "9"] {
        project.ready(&["--issue", issue]);
    }
    let old = json!({"createdAt": "2020-01-01T00:00:00Z", "lastUsed": "2020-01-02T00:00:00Z"});
    project.patch_record(1, &old);
    project.patch_record(2, &json!({"createdAt": "2020-01-01T00:00:00Z"}));

    let outcome = done(project.slot(&["gc", "--ttl", "24h", "--dry-run"]));
    assert!(outcome.stdout.contains(&project.namespace(1)), "{}", outcome.report("not listed"));
    assert!(!outcome.stdout.contains(&project.namespace(2)), "{}", outcome.report("it was used lately"));
    assert!(project.has_namespace(&project.namespace(1)));

    let outcome = done(project.slot(&["gc", "--ttl", "24h"]));
    assert!(outcome.stderr.contains("slot 1: not used for "), "{}", outcome.report("no reason"));
    assert_eq!(project.record(1), Value::Null);
    assert!(!project.has_namespace(&project.namespace(1)));
    assert!(project.has_namespace(&project.namespace(2)) && project.has_namespace(&project.namespace(3)));

    let outcome = done(project.slot(&["gc", "--max-age", "24h"]));
    assert!(outcome.stderr.contains("slot 2: "), "{}", outcome.report("no reason"));
    assert_eq!(project.record(2), Value::Null);
    assert_eq!(project.record(3)["data"]["issue"], "9");
}

#[test]
fn a_slot_in_which_an_agent_works_stays() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let now = done(project.scene.shell("date -u +%Y-%m-%dT%H:%M:%SZ")).stdout;
    let agent = |heartbeat: &str| json!({"host": "runner", "pid": 7, "heartbeat": heartbeat}).to_string();
    project.patch_record(
        1,
        &json!({"createdAt": "2020-01-01T00:00:00Z", "lastUsed": "2020-01-01T00:00:00Z", "agent": agent(now.trim())}),
    );
    let outcome = done(project.slot(&["gc", "--ttl", "1h", "--max-age", "1h"]));
    assert!(outcome.stderr.contains("slot 1 stays: an agent works in it"), "{}", outcome.report("not said"));
    assert!(project.has_namespace(&project.namespace(1)));
    // An agent that has been silent for long is gone with its machine.
    project.patch_record(1, &json!({"agent": agent("2020-01-01T00:00:00Z")}));
    done(project.slot(&["gc", "--ttl", "1h"]));
    assert_eq!(project.record(1), Value::Null);
}

#[test]
fn without_a_limit_nothing_goes() {
    let project = Project::new();
    fails(project.slot(&["gc"]), 2, &["--ttl", "--max-age"]);
}

#[test]
fn a_clock_that_is_wrong_makes_nothing_old() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let project = Project { scene: project.scene.with(|scene| scene.env("SOURCE_DATE_EPOCH", "4102444800")) };
    done(project.slot(&["gc", "--ttl", "1d", "--max-age", "2w"]));
    assert_eq!(project.record(1)["data"]["issue"], "7");
    assert!(project.has_namespace(&project.namespace(1)));
}
