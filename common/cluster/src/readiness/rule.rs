//! The project's own rules: what `ready` in services.yaml says of a kind.
//!
//! As with `kubectl wait --for=jsonpath`, a value is compared as a text, and where none is given it has to be
//! there. A path that finds several values wants all of them to be so, and several rules of one kind all hold.

use codex_common::stack::model::ReadyRule;
use serde_json::Value;

use super::condition::{is_about_this_generation, stalled};
use super::{Facts, Readiness, is_behind, jsonpath, unobserved};
use crate::identity::{group, kind};

/// How much of a value is shown.
const SHOWN: usize = 80;

/// How it stands by the project's rules; `None` if none is about this kind.
pub(super) fn judge(object: &Value, facts: &Facts<'_>) -> Option<Readiness> {
    let (group, kind) = (group(object), kind(object));
    let mut rules = facts.rules.iter().filter(|rule| rule.is_about(group, kind)).peekable();
    rules.peek()?;
    if is_behind(object) {
        return Some(unobserved());
    }
    let is_sure = is_about_this_generation(object, facts.watched);
    let verdicts: Vec<Readiness> = rules.map(|rule| by_rule(rule, object, is_sure)).collect();
    let failed = verdicts.iter().find(|verdict| matches!(verdict, Readiness::Failed { .. }));
    let waiting = || verdicts.iter().find(|verdict| matches!(verdict, Readiness::Waiting { .. }));
    let verdict = match failed {
        Some(failed) => Some(failed.clone()),
        // What the project doesn't ask about may have ended it all the same.
        None => waiting().map(|waiting| match stalled(object, facts.watched) {
            Some(stalled @ Readiness::Failed { .. }) => stalled,
            _ => waiting.clone(),
        }),
    };
    Some(verdict.unwrap_or(Readiness::READY))
}

fn by_rule(rule: &ReadyRule, object: &Value, is_sure: bool) -> Readiness {
    let path = &rule.jsonpath;
    let values: Vec<String> = jsonpath::find(object, path.steps()).into_iter().map(text).collect();
    if let Some(value) = values.iter().find(|value| rule.failed.contains(value)) {
        let reason = format!("`{path}` is `{}`", shown(value));
        return if is_sure { Readiness::failed(reason) } else { Readiness::waiting(reason) };
    }
    if values.is_empty() {
        return Readiness::waiting(format!("`{path}` isn't there yet"));
    }
    let Some(wanted) = &rule.value else { return Readiness::READY };
    match values.iter().find(|value| *value != wanted) {
        Some(other) => Readiness::waiting(format!("`{path}` is `{}`, not `{wanted}`", shown(other))),
        None => Readiness::READY,
    }
}

/// A value as it is compared: texts without the space around them, anything else as JSON writes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// The beginning of a value that may be of any length.
fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use codex_common::jsonpath::JsonPath;
    use serde_json::json;

    use super::*;
    use crate::readiness;

    fn rule(path: &str, value: Option<&str>, failed: &[&str]) -> ReadyRule {
        ReadyRule {
            kind: "Kafka".into(),
            group: Some("queue.example".into()),
            jsonpath: JsonPath::parse(path).expect("an expression"),
            value: value.map(str::to_owned),
            failed: failed.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn kafka(generation: u64, status: Value) -> Value {
        json!({"apiVersion": "queue.example/v1", "kind": "Kafka", "metadata": {"generation": generation}, "status": status})
    }

    fn judged(object: &Value, rules: &[ReadyRule]) -> Readiness {
        readiness::judge(object, &Facts { rules, ..Facts::default() })
    }

    #[test]
    fn a_value_is_waited_for() {
        let rules = [rule("{.status.phase}", Some("Up"), &[])];
        assert_eq!(judged(&kafka(1, json!({"phase": "Up"})), &rules), Readiness::READY);
        let waiting = judged(&kafka(1, json!({"phase": "Starting"})), &rules);
        assert_eq!(waiting, Readiness::waiting("`{.status.phase}` is `Starting`, not `Up`"));
        let nothing = Readiness::waiting("`{.status.phase}` isn't there yet");
        assert_eq!(judged(&kafka(1, json!({})), &rules), nothing);
        assert_eq!(judged(&kafka(1, json!({"phase": null})), &rules), nothing);
    }

    #[test]
    fn numbers_and_truth_values_are_compared_as_texts() {
        for (value, status) in
            [("3", json!(3)), ("true", json!(true)), ("1.5", json!(1.5)), ("Up", json!(" Up\n"))]
        {
            let rules = [rule(".status.it", Some(value), &[])];
            assert_eq!(judged(&kafka(1, json!({"it": status})), &rules), Readiness::READY, "{value}");
        }
    }

    #[test]
    fn without_a_value_it_only_has_to_be_there() {
        let rules = [rule("status.address", None, &[])];
        assert_eq!(judged(&kafka(1, json!({"address": ""})), &rules), Readiness::READY);
        assert!(matches!(judged(&kafka(1, json!({})), &rules), Readiness::Waiting { .. }));
    }

    #[test]
    fn of_several_values_all_have_to_be_so() {
        let rules = [rule("{.status.brokers[*].state}", Some("up"), &[])];
        let of = |states: &[&str]| {
            let brokers: Vec<Value> = states.iter().map(|state| json!({ "state": state })).collect();
            judged(&kafka(1, json!({ "brokers": brokers })), &rules)
        };
        assert_eq!(of(&["up", "up"]), Readiness::READY);
        assert_eq!(
            of(&["up", "down"]),
            Readiness::waiting("`{.status.brokers[*].state}` is `down`, not `up`")
        );
        assert_eq!(of(&[]), Readiness::waiting("`{.status.brokers[*].state}` isn't there yet"));
    }

    #[test]
    fn several_rules_of_a_kind_all_hold_and_those_of_others_do_not_count() {
        let mut other = rule("{.status.never}", None, &[]);
        other.group = Some("other.example".into());
        let rules = [rule("{.status.phase}", Some("Up"), &[]), rule("{.status.id}", None, &[]), other];
        assert!(matches!(judged(&kafka(1, json!({"phase": "Up"})), &rules), Readiness::Waiting { .. }));
        assert_eq!(judged(&kafka(1, json!({"phase": "Up", "id": 7})), &rules), Readiness::READY);
        assert!(
            matches!(judged(&kafka(1, json!({})), &rules[2..]), Readiness::Waiting { reason } if reason.contains("no condition"))
        );
    }

    #[test]
    fn a_value_of_failure_ends_it_unless_it_may_be_an_old_one() {
        let rules = [rule("{.status.phase}", Some("Up"), &["Broken", "Lost"])];
        let broken = json!({"phase": "Lost"});
        let reason = "`{.status.phase}` is `Lost`";
        assert_eq!(judged(&kafka(1, broken.clone()), &rules), Readiness::failed(reason));
        assert_eq!(judged(&kafka(2, broken.clone()), &rules), Readiness::waiting(reason));
        let later = Facts { rules: &rules, watched: Duration::from_secs(5), ..Facts::default() };
        assert_eq!(readiness::judge(&kafka(2, broken), &later), Readiness::failed(reason));
        let seen = json!({"phase": "Lost", "observedGeneration": 2});
        assert_eq!(judged(&kafka(2, seen), &rules), Readiness::failed(reason));
    }

    #[test]
    fn a_status_of_an_older_generation_does_not_count_and_stalled_still_does() {
        let rules = [rule("{.status.phase}", Some("Up"), &[])];
        let old = kafka(2, json!({"phase": "Up", "observedGeneration": 1}));
        assert_eq!(judged(&old, &rules), unobserved());
        let stalled =
            json!({"phase": "Half", "conditions": [{"type": "Stalled", "status": "True", "message": "m"}]});
        assert_eq!(judged(&kafka(1, stalled), &rules), Readiness::failed("m"));
    }

    #[test]
    fn a_rule_is_stronger_than_conditions_and_than_the_kinds_own() {
        let ready = json!({"phase": "Half", "conditions": [{"type": "Ready", "status": "True"}]});
        assert!(matches!(
            judged(&kafka(1, ready), &[rule("{.status.phase}", Some("Up"), &[])]),
            Readiness::Waiting { .. }
        ));
        let mut ingress = rule("{.status.loadBalancer.ingress[0].hostname}", None, &[]);
        (ingress.kind, ingress.group) = ("Ingress".into(), None);
        let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"});
        assert!(matches!(judged(&object, &[ingress]), Readiness::Waiting { .. }));
    }

    #[test]
    fn long_values_are_cut() {
        let rules = [rule("{.status.log}", Some("done"), &[])];
        let waiting = judged(&kafka(1, json!({"log": "é".repeat(500)})), &rules);
        let expected = format!("`{{.status.log}}` is `{}…`, not `done`", "é".repeat(80));
        assert_eq!(waiting, Readiness::waiting(expected));
    }
}
