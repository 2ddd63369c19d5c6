//! Conditions, and the rule for kinds that have no other: they say themselves whether they are ready.

use std::time::Duration;

use serde_json::Value;

use super::{CONDITION_PATIENCE, Readiness, is_observed, number, unobserved};

/// One condition of an object's status.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    raw: &'a Value,
}

impl<'a> Condition<'a> {
    /// The condition of a type, if the object shows it.
    pub(super) fn of(object: &'a Value, name: &str) -> Option<Self> {
        let conditions = object["status"]["conditions"].as_array()?;
        conditions.iter().find(|condition| condition["type"] == name).map(|raw| Self { raw })
    }

    /// Whether it is met.
    pub(super) fn is_true(self) -> bool {
        self.raw["status"] == "True"
    }

    /// Whether it isn't met; neither this nor [`Condition::is_true`] when that isn't known.
    pub(super) fn is_false(self) -> bool {
        self.raw["status"] == "False"
    }

    /// The reason in one word; empty if none is given.
    pub(super) fn reason(self) -> &'a str {
        self.raw["reason"].as_str().unwrap_or("")
    }

    /// The message; empty if none is given.
    pub(super) fn message(self) -> &'a str {
        self.raw["message"].as_str().unwrap_or("").trim()
    }

    /// `Reason: message`, as far as there is either; else `otherwise`.
    pub(super) fn words(self, otherwise: &str) -> String {
        match (self.reason(), self.message()) {
            ("", "") => otherwise.to_owned(),
            ("", message) => message.to_owned(),
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }

    /// Whether it speaks of the object as it is. Many conditions don't say.
    fn is_current(self, object: &Value) -> bool {
        let of = self.raw["observedGeneration"].as_u64();
        of.is_none_or(|of| of >= number(&object["metadata"]["generation"], 0))
    }
}

/// The rule for kinds that have no other: a condition `Ready`, or else `Available`, decides. Without one an
/// object of a kind of Kubernetes' own is ready; another once it has been watched for
/// [`CONDITION_PATIENCE`], since its controller may be about to add one.
pub(super) fn generic(object: &Value, built_in: bool, watched: Duration) -> Readiness {
    let reports_generation = !object["status"]["observedGeneration"].is_null();
    if reports_generation && !is_observed(object) {
        return unobserved();
    }
    match Condition::of(object, "Ready").or_else(|| Condition::of(object, "Available")) {
        Some(condition) if !condition.is_current(object) => unobserved(),
        Some(condition) if condition.is_true() => Readiness::READY,
        Some(condition) => Readiness::waiting(condition.words("its condition isn't met")),
        None if built_in || watched >= CONDITION_PATIENCE => Readiness::READY,
        None => Readiness::waiting("it shows no condition yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn certificate(generation: u64, status: Value) -> Value {
        json!({"metadata": {"generation": generation}, "status": status})
    }

    fn after(seconds: u64, object: &Value) -> Readiness {
        generic(object, false, Duration::from_secs(seconds))
    }

    #[test]
    fn its_own_condition_decides() {
        let status = |name, status| json!({"conditions": [{"type": name, "status": status, "reason": "R", "message": "m"}]});
        assert_eq!(after(0, &certificate(1, status("Ready", "True"))), Readiness::READY);
        assert_eq!(after(9, &certificate(1, status("Available", "False"))), Readiness::waiting("R: m"));
        assert_eq!(after(9, &certificate(1, status("Ready", "Unknown"))), Readiness::waiting("R: m"));
        let both = json!({"conditions": [
            {"type": "Available", "status": "True"}, {"type": "Ready", "status": "False", "message": "m"}
        ]});
        assert_eq!(after(9, &certificate(1, both)), Readiness::waiting("m"));
    }

    #[test]
    fn what_it_said_of_an_older_generation_does_not_count() {
        let old = json!({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]});
        assert_eq!(after(9, &certificate(2, old)), unobserved());
        let old = json!({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]});
        assert_eq!(after(9, &certificate(2, old)), unobserved());
    }

    #[test]
    fn without_conditions_it_is_ready_after_a_while() {
        assert_eq!(after(4, &certificate(1, json!({}))), Readiness::waiting("it shows no condition yet"));
        assert_eq!(after(5, &certificate(1, json!({}))), Readiness::READY);
        assert_eq!(generic(&json!({}), true, Duration::ZERO), Readiness::READY);
    }
}
