//! Records as the cluster has them, and back.

use json_patch::merge;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn location() -> StateLocation {
    StateLocation { namespace: "codex-system".into(), prefix: "codex-env-".into() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What codexctl writes.
fn of_codexctl() -> Value {
    json!({
        "metadata": {"name": "codex-env-3", "uid": "u", "resourceVersion": "9"},
        "data": {
            "slot": "3", "env": "ai", "namespace": "shop-dev-3", "owner": "12345",
            "issue": "7", "pr": "0", "createdAt": "2026-01-02T15:04:05Z",
        },
    })
}

fn read(config_map: &Value) -> Result<Record, RecordError> {
    Listed::read(config_map, &location()).unwrap().record
}

#[test]
fn codexctls_records_are_read() {
    let record = read(&of_codexctl()).unwrap();
    assert_eq!((record.slot, record.env.as_str(), record.namespace.as_str()), (3, "ai", "shop-dev-3"));
    assert_eq!((record.owner.as_str(), record.links), ("12345", Links { issue: 7, pr: 0 }));
    assert_eq!(record.created_at, Some("2026-01-02T15:04:05Z".parse().unwrap()));
    assert_eq!((record.project, record.claim, record.last_used), (None, None, None));
    assert!(!record.fresh && !record.cleaning);
    assert_eq!((record.uid.as_str(), record.resource_version.as_str()), ("u", "9"));
}

#[test]
fn a_new_record_has_all_of_codexctls_keys() {
    let record = Record::new(3, "ai", "shop-dev-3", "my shop", "manual", at(1_767_366_245));
    let claimed = record.claimed(Links { issue: 7, pr: 0 });
    let config_map = claimed.config_map(&location());
    assert_eq!(
        config_map["data"],
        json!({
            "slot": "3", "env": "ai", "namespace": "shop-dev-3", "owner": "manual", "issue": "0", "pr": "0",
            "createdAt": "2026-01-02T15:04:05Z", "project": "my shop", "claim": "{\"issue\":7,\"pr\":0}",
            "fresh": "true",
        })
    );
    let labels = &config_map["metadata"]["labels"];
    assert_eq!(labels["kubectl-codex.dev/slot"], "3");
    assert_eq!(labels["kubectl-codex.dev/issue"], "7");
    assert_eq!(labels["kubectl-codex.dev/pr"], Value::Null);
    assert!(labels["kubectl-codex.dev/project"].as_str().unwrap().starts_with("my-shop-"));
}

#[test]
fn a_change_leaves_alone_what_it_does_not_know() {
    let mut stored = of_codexctl();
    stored["data"]["theirs"] = "kept".into();
    stored["metadata"]["labels"] = json!({"team": "blue"});
    let mut record = read(&stored).unwrap();
    record.project = Some("shop".to_owned());
    let patch = record.claimed(Links { issue: 7, pr: 12 }).patch();
    assert_eq!(patch["metadata"]["resourceVersion"], "9");
    merge(&mut stored, &patch);
    assert_eq!(stored["data"]["theirs"], "kept");
    assert_eq!(stored["data"]["createdAt"], "2026-01-02T15:04:05Z");
    assert_eq!(stored["data"]["issue"], "7");
    assert_eq!(stored["metadata"]["labels"]["team"], "blue");
    assert_eq!(stored["metadata"]["labels"]["kubectl-codex.dev/pr"], "12");
    let patch = read(&stored).unwrap().unclaimed().patch();
    merge(&mut stored, &patch);
    assert_eq!(stored["data"]["claim"], Value::Null);
    assert_eq!(stored["metadata"]["labels"]["kubectl-codex.dev/pr"], Value::Null);
}

#[test]
fn bad_data_are_named() {
    for (key, value, message) in [
        ("slot", json!("4"), "ConfigMap `codex-env-3`: key `slot` is `4`, but the name says 3"),
        ("slot", Value::Null, "ConfigMap `codex-env-3`: key `slot` is missing"),
        ("env", json!(" "), "ConfigMap `codex-env-3`: key `env` is missing"),
        ("issue", json!("seven"), "ConfigMap `codex-env-3`: key `issue` is `seven`, not a number"),
        ("pr", json!("-1"), "ConfigMap `codex-env-3`: key `pr` is `-1`, not a number"),
        (
            "createdAt",
            json!("yesterday"),
            "ConfigMap `codex-env-3`: key `createdAt` is `yesterday`, not a time like 2026-01-02T15:04:05Z",
        ),
        ("claim", json!("7"), "ConfigMap `codex-env-3`: key `claim` is no JSON object"),
        (
            "claim",
            json!("{\"issue\":\"7\"}"),
            "ConfigMap `codex-env-3`: key `claim` has `issue` that is no number",
        ),
        ("fresh", json!("1"), "ConfigMap `codex-env-3`: key `fresh` is `1`, neither `true` nor `false`"),
        ("agent", json!("{}"), "ConfigMap `codex-env-3`: key `agent` has no good `host`"),
    ] {
        let mut config_map = of_codexctl();
        config_map["data"][key] = value;
        assert_eq!(read(&config_map).unwrap_err().to_string(), message);
    }
}

#[test]
fn only_a_slots_name_is_a_records() {
    for (name, slot) in [
        ("codex-env-1", Some(1)),
        ("codex-env-4294967295", Some(u32::MAX)),
        ("codex-env-4294967296", None),
        ("codex-env-0", None),
        ("codex-env-01", None),
        ("codex-env-+1", None),
        ("codex-env-", None),
        ("codex-env-ai", None),
        ("kube-root-ca.crt", None),
    ] {
        assert_eq!(number_of(name, "codex-env-"), slot, "{name}");
    }
}

#[test]
fn a_record_without_a_project_is_ours_if_our_pattern_gives_its_namespace() {
    let is_of = |project: Option<&str>, env: &str, expected: Option<&str>| {
        let belonging = Belonging {
            project: project.map(str::to_owned),
            env: env.to_owned(),
            namespace: "shop-dev-3".to_owned(),
        };
        belonging.is_of("shop", "ai", || Ok::<_, ()>(expected.map(str::to_owned))).unwrap()
    };
    assert!(is_of(Some("shop"), "ai", None));
    assert!(!is_of(Some("shop"), "ai-repair", None));
    assert!(!is_of(Some("other"), "ai", Some("shop-dev-3")));
    assert!(is_of(None, "ai", Some("shop-dev-3")));
    assert!(!is_of(None, "ai", Some("other-dev-3")));
    assert!(!is_of(None, "ai", None));
}

#[test]
fn what_a_kept_record_was_given_for_has_to_be_claimed_anew() {
    let links = Links { issue: 7, pr: 12 };
    let record = Record { links, ..read(&of_codexctl()).unwrap() }.under_cleanup().after_cleanup();
    assert_eq!((record.links, record.claim, record.cleaning), (Links::default(), Some(links), false));
    let free = Record { links: Links::default(), ..read(&of_codexctl()).unwrap() };
    assert_eq!(free.clone().under_cleanup().after_cleanup(), free);
}

fn links() -> impl Strategy<Value = Links> {
    (0_u64..3, 0_u64..3).prop_map(|(issue, pr)| Links { issue, pr })
}

prop_compose! {
    fn record()(
        slot in 1..u32::MAX, links in links(), claim in proptest::option::of(links()),
        flags in any::<(bool, bool)>(), times in proptest::array::uniform3(0_i64..4_000_000_000),
        project in proptest::option::of("[a-z]{1,9}"), applied in proptest::option::of("[0-9a-f]{8}"),
        host in proptest::option::of("[a-z\"\\\\]{1,9}"), used in any::<bool>(),
    ) -> Record {
        let heartbeat = at(times[2]);
        Record {
            links, claim, project, applied, fresh: flags.0, cleaning: flags.1,
            agent: host.map(|host| Agent { host, pid: slot, heartbeat }),
            last_used: used.then(|| at(times[1])),
            ..Record::new(slot, "ai", "shop-dev-3", "shop", "manual", at(times[0]))
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(record in record()) {
        prop_assert_eq!(read(&record.config_map(&location())).unwrap(), record);
    }

    #[test]
    fn a_patch_makes_the_one_into_the_other(old in record(), new in record()) {
        let mut stored = old.config_map(&location());
        let never_changed = Record { slot: old.slot, owner: old.owner, created_at: old.created_at, ..new };
        let mut patch = never_changed.patch();
        patch["metadata"] = json!({});
        merge(&mut stored, &patch);
        prop_assert_eq!(read(&stored).unwrap(), never_changed);
    }

    #[test]
    fn any_config_map_is_read_without_panic(key in "slot|issue|claim|agent|createdAt|fresh", text in ".{0,30}") {
        let mut config_map = of_codexctl();
        config_map["data"][key] = text.into();
        let _ = read(&config_map);
    }
}
