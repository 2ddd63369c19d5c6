//! Conditions, and the rule for kinds that have no other: they say themselves whether they are ready.

use std::time::Duration;

use serde_json::Value;

use super::{CONDITION_PATIENCE, Readiness, generation, is_behind, unobserved};

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
    pub(super) fn is_current(self, object: &Value) -> bool {
        let of = generation(&self.raw["observedGeneration"]);
        of.is_none_or(|of| of >= generation(&object["metadata"]["generation"]).unwrap_or(0))
    }

    /// Whether it says of which generation it speaks.
    fn is_dated(self) -> bool {
        generation(&self.raw["observedGeneration"]).is_some()
    }
}

/// Conditions that say that the object isn't as it should be, whatever its other conditions say.
const UNDER_WAY: [&str; 3] = ["Reconciling", "ReconcileFailed", "ReconcileError"];

/// Conditions that decide, the first that is there.
const DECISIVE: [&str; 3] = ["Ready", "Available", "ReconcileSucceeded"];

/// Conditions that say that something is wrong, where none decides.
const WRONG: [&str; 4] = ["Failed", "Failure", "Error", "Degraded"];

/// The rule for kinds that have no other: what kstatus reads out of conditions, and what it doesn't know.
///
/// `Stalled` ends it, `Reconciling` and a failed reconciliation go on, then `Ready` or its like decides. Without
/// one an object of a kind of Kubernetes' own is ready; another once it has been watched for
/// [`CONDITION_PATIENCE`], since its controller may be about to add one.
pub(super) fn generic(object: &Value, built_in: bool, watched: Duration) -> Readiness {
    if is_behind(object) {
        return unobserved();
    }
    if let Some(stalled) = stalled(object, watched) {
        return stalled;
    }
    let holds = |name: &&str| {
        let condition = Condition::of(object, name)?;
        (condition.is_true() && condition.is_current(object))
            .then(|| Readiness::waiting(format!("{name}: {}", condition.words("its controller isn't done"))))
    };
    if let Some(under_way) = UNDER_WAY.iter().find_map(holds) {
        return under_way;
    }
    match DECISIVE.iter().find_map(|name| Condition::of(object, name)) {
        Some(condition) if !condition.is_current(object) => return unobserved(),
        Some(condition) if condition.is_true() => return Readiness::READY,
        Some(condition) => return Readiness::waiting(condition.words("its condition isn't met")),
        None => {}
    }
    match WRONG.iter().find_map(holds) {
        Some(wrong) => wrong,
        None if built_in || watched >= CONDITION_PATIENCE => Readiness::READY,
        None => Readiness::waiting("it shows no condition yet"),
    }
}

/// What the condition `Stalled` says, if it holds: that its controller has given up.
pub(super) fn stalled(object: &Value, watched: Duration) -> Option<Readiness> {
    let stalled = Condition::of(object, "Stalled")?;
    if !stalled.is_true() || !stalled.is_current(object) {
        return None;
    }
    let words = stalled.words("its controller has given up");
    let is_sure = stalled.is_dated() || is_about_this_generation(object, watched);
    Some(if is_sure { Readiness::failed(words) } else { Readiness::waiting(words) })
}

/// Whether what a status says can't be left over from before a change: it names the generation that it is about,
/// there was no other, or its controller has had a moment to look.
pub(super) fn is_about_this_generation(object: &Value, watched: Duration) -> bool {
    generation(&object["status"]["observedGeneration"]).is_some()
        || generation(&object["metadata"]["generation"]) == Some(1)
        || watched >= CONDITION_PATIENCE
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

    /// An object with these conditions, all of the same words.
    fn showing(conditions: &[(&str, &str)]) -> Value {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(name, status)| json!({"type": name, "status": status, "reason": "R", "message": "m"}))
            .collect();
        certificate(1, json!({ "conditions": conditions }))
    }

    #[test]
    fn a_controller_at_work_is_waited_for_though_the_object_was_ready() {
        for name in ["Reconciling", "ReconcileFailed", "ReconcileError"] {
            let expected = Readiness::waiting(format!("{name}: R: m"));
            assert_eq!(after(9, &showing(&[("Ready", "True"), (name, "True")])), expected);
            assert_eq!(after(9, &showing(&[(name, "True")])), expected, "it needs no other condition");
            assert_eq!(after(0, &showing(&[("Ready", "True"), (name, "False")])), Readiness::READY);
        }
        assert_eq!(after(0, &showing(&[("ReconcileSucceeded", "True")])), Readiness::READY);
    }

    #[test]
    fn a_controller_that_gave_up_ends_it() {
        let failed = Readiness::failed("R: m");
        assert_eq!(after(0, &showing(&[("Stalled", "True")])), failed);
        let all = [("Reconciling", "True"), ("Ready", "True"), ("Stalled", "True")];
        assert_eq!(after(0, &showing(&all)), failed);
        assert_eq!(after(0, &showing(&[("Stalled", "False"), ("Ready", "True")])), Readiness::READY);
        let mut observed = showing(&[("Stalled", "True")]);
        observed["metadata"]["generation"] = json!(7);
        observed["status"]["observedGeneration"] = json!(7);
        assert_eq!(after(0, &observed), failed);
    }

    #[test]
    fn what_may_be_left_from_before_a_change_gets_a_moment() {
        let mut changed = showing(&[("Stalled", "True")]);
        changed["metadata"]["generation"] = json!(2);
        assert_eq!(after(0, &changed), Readiness::waiting("R: m"));
        assert_eq!(after(5, &changed), Readiness::failed("R: m"));
        changed["status"]["observedGeneration"] = json!(1);
        assert_eq!(after(9, &changed), unobserved());
        let mut dated = showing(&[("Stalled", "True"), ("Ready", "True")]);
        dated["metadata"]["generation"] = json!(2);
        dated["status"]["conditions"][0]["observedGeneration"] = json!(1);
        assert_eq!(after(9, &dated), Readiness::READY, "it was another generation that stalled");
        dated["status"]["conditions"][0]["observedGeneration"] = json!(2);
        assert_eq!(after(0, &dated), Readiness::failed("R: m"));
    }

    #[test]
    fn without_a_decisive_condition_trouble_counts() {
        for name in ["Failed", "Failure", "Error", "Degraded"] {
            let expected = Readiness::waiting(format!("{name}: R: m"));
            assert_eq!(after(9, &showing(&[(name, "True")])), expected);
            assert_eq!(after(9, &showing(&[(name, "False")])), Readiness::READY);
            assert_eq!(after(0, &showing(&[(name, "True"), ("Available", "True")])), Readiness::READY);
        }
    }

    #[test]
    fn a_generation_that_is_no_number_says_nothing() {
        for odd in [json!("1"), json!("6cf78c66c5"), json!(null), json!({}), json!(1.5), json!([2])] {
            let ready = json!({"observedGeneration": odd, "conditions": [
                {"type": "Ready", "status": "True", "observedGeneration": odd}
            ]});
            assert_eq!(after(0, &certificate(2, ready)), Readiness::READY, "{odd}");
        }
        let never = json!({"observedGeneration": -1, "conditions": [{"type": "Ready", "status": "True"}]});
        assert_eq!(after(9, &certificate(1, never)), unobserved(), "some begin with -1");
        let whole = json!({"observedGeneration": 2.0, "conditions": [{"type": "Ready", "status": "True"}]});
        assert_eq!(after(0, &certificate(2, whole)), Readiness::READY);
    }
}
