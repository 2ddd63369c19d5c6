//! Claims and volumes.

use serde_json::Value;

use super::{CONDITION_PATIENCE, Consumer, Facts, Readiness};

/// A claim is ready when it is bound. A class may bind only when a pod uses the claim; without a pod there is
/// nothing to wait for. Where that can't be told, a moment must do.
pub(super) fn claim(object: &Value, facts: &Facts) -> Readiness {
    match (phase(object), facts.consumer) {
        ("Bound", _) => Readiness::READY,
        ("Lost", _) => Readiness::failed("its volume is lost"),
        (_, Consumer::Missing) => Readiness::noted("it is bound when a pod uses it"),
        (_, Consumer::Unknown) if facts.watched >= CONDITION_PATIENCE => {
            Readiness::noted("it isn't bound, and whether it waits for a pod can't be told")
        }
        _ => Readiness::waiting("it isn't bound"),
    }
}

/// A volume is ready when it can be claimed, or is.
pub(super) fn volume(object: &Value) -> Readiness {
    match phase(object) {
        "Available" | "Bound" => Readiness::READY,
        "Released" => Readiness::noted("released: no claim can have it until its claimRef is removed"),
        "Failed" => {
            let message = object["status"]["message"].as_str().filter(|message| !message.is_empty());
            Readiness::failed(message.unwrap_or("its reclamation failed"))
        }
        _ => Readiness::waiting("it isn't available"),
    }
}

fn phase(object: &Value) -> &str {
    object["status"]["phase"].as_str().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(phase: &str) -> Value {
        json!({"status": {"phase": phase}})
    }

    #[test]
    fn a_claim_waits_to_be_bound_unless_nobody_uses_it() {
        let with = |consumer| Facts { consumer, ..Facts::default() };
        let (needed, missing) = (with(Consumer::NotNeeded), with(Consumer::Missing));
        assert_eq!(claim(&of("Bound"), &needed), Readiness::READY);
        assert_eq!(claim(&of("Pending"), &needed), Readiness::waiting("it isn't bound"));
        assert!(matches!(claim(&of("Pending"), &missing), Readiness::Ready { note: Some(_) }));
        assert!(matches!(claim(&of("Lost"), &missing), Readiness::Failed { .. }));
        assert!(matches!(claim(&json!({}), &needed), Readiness::Waiting { .. }));
    }

    #[test]
    fn where_classes_may_not_be_looked_at_a_moment_must_do() {
        let unknown = |watched| Facts { consumer: Consumer::Unknown, watched, ..Facts::default() };
        let soon = unknown(CONDITION_PATIENCE - std::time::Duration::from_millis(1));
        assert_eq!(claim(&of("Pending"), &soon), Readiness::waiting("it isn't bound"));
        assert!(matches!(
            claim(&of("Pending"), &unknown(CONDITION_PATIENCE)),
            Readiness::Ready { note: Some(_) }
        ));
    }

    #[test]
    fn a_volume_is_ready_when_it_can_be_claimed() {
        assert_eq!(volume(&of("Available")), Readiness::READY);
        assert_eq!(volume(&of("Bound")), Readiness::READY);
        assert!(matches!(volume(&of("Released")), Readiness::Ready { note: Some(_) }));
        assert!(matches!(volume(&of("Pending")), Readiness::Waiting { .. }));
        let failed = json!({"status": {"phase": "Failed", "message": "m"}});
        assert_eq!(volume(&failed), Readiness::failed("m"));
    }
}
