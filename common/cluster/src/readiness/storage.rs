//! Claims and volumes.

use serde_json::Value;

use super::Readiness;

/// A claim is ready when it is bound. A class may bind only when a pod uses the claim; without a pod there is
/// nothing to wait for.
pub(super) fn claim(object: &Value, without_consumer: bool) -> Readiness {
    match phase(object) {
        "Bound" => Readiness::READY,
        "Lost" => Readiness::failed("its volume is lost"),
        _ if without_consumer => Readiness::noted("it is bound when a pod uses it"),
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
        assert_eq!(claim(&of("Bound"), false), Readiness::READY);
        assert_eq!(claim(&of("Pending"), false), Readiness::waiting("it isn't bound"));
        assert!(matches!(claim(&of("Pending"), true), Readiness::Ready { note: Some(_) }));
        assert!(matches!(claim(&of("Lost"), true), Readiness::Failed { .. }));
        assert!(matches!(claim(&json!({}), false), Readiness::Waiting { .. }));
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
