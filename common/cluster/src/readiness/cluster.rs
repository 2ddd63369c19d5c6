//! What stands around workloads: Services, namespaces, definitions, autoscalers, budgets.

use serde_json::Value;

use super::condition::Condition;
use super::{Readiness, is_observed, number, unobserved};

/// A Service of type LoadBalancer is ready when it has an address; any other at once.
pub(super) fn service(object: &Value, await_load_balancer: bool) -> Readiness {
    let is_balancer = object["spec"]["type"] == "LoadBalancer";
    let addresses = object["status"]["loadBalancer"]["ingress"].as_array();
    if !is_balancer || addresses.is_some_and(|addresses| !addresses.is_empty()) {
        Readiness::READY
    } else if await_load_balancer {
        Readiness::waiting("it has no address of a load balancer")
    } else {
        Readiness::noted("its load balancer isn't awaited")
    }
}

/// A namespace is ready when it is active.
pub(super) fn namespace(object: &Value) -> Readiness {
    match object["status"]["phase"].as_str() {
        Some("Active") => Readiness::READY,
        Some("Terminating") => Readiness::waiting("it is being deleted"),
        _ => Readiness::waiting("it isn't active"),
    }
}

/// What is waited for when the server has accepted a definition, and its discovery doesn't show it.
const UNSERVED: &str = "the server doesn't serve it yet";

/// A CustomResourceDefinition is ready when it is established and served: only then objects of its kind can be
/// made, and found by those who ask what there is.
pub(super) fn definition(object: &Value, is_served: bool) -> Readiness {
    if Condition::of(object, "Established").is_some_and(Condition::is_true) {
        return if is_served { Readiness::READY } else { Readiness::waiting(UNSERVED) };
    }
    match Condition::of(object, "NamesAccepted").filter(|names| names.is_false()) {
        Some(names) => Readiness::failed(names.words("its names are taken")),
        None => Readiness::waiting("it isn't established"),
    }
}

/// Whether all that is missing of a definition or an APIService is that it is served.
pub(crate) fn is_unserved(readiness: &Readiness) -> bool {
    matches!(readiness, Readiness::Waiting { reason } if reason == UNSERVED)
}

/// An APIService is ready when the server behind it answers, and its kinds are served.
pub(super) fn api_service(object: &Value, is_served: bool) -> Readiness {
    match Condition::of(object, "Available") {
        Some(available) if available.is_true() && is_served => Readiness::READY,
        Some(available) if available.is_true() => Readiness::waiting(UNSERVED),
        Some(available) => Readiness::waiting(available.words("it isn't available")),
        None => Readiness::waiting("it isn't available"),
    }
}

/// An autoscaler is ready when it is accepted. That it can't scale, for want of metrics for instance, is no
/// reason to wait: the workload that it scales is awaited itself.
pub(super) fn autoscaler(object: &Value) -> Readiness {
    let unmet = ["AbleToScale", "ScalingActive"]
        .into_iter()
        .find_map(|name| Condition::of(object, name).filter(|condition| condition.is_false()));
    unmet.map_or(Readiness::READY, |condition| Readiness::noted(condition.words("it can't scale")))
}

/// A budget is ready when its controller has seen it. Its pods are awaited by their own workloads.
pub(super) fn disruption_budget(object: &Value) -> Readiness {
    if !is_observed(object) {
        return unobserved();
    }
    let [healthy, wanted] = ["currentHealthy", "desiredHealthy"].map(|key| number(&object["status"][key], 0));
    if healthy < wanted {
        return Readiness::noted(format!("{healthy} of {wanted} pods that it wants are healthy"));
    }
    Readiness::READY
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_condition(name: &str, status: &str) -> Value {
        json!({"status": {"conditions": [{"type": name, "status": status, "message": "m"}]}})
    }

    #[test]
    fn only_a_load_balancer_is_waited_for() {
        let balancer = json!({"spec": {"type": "LoadBalancer"}});
        assert!(matches!(service(&balancer, true), Readiness::Waiting { .. }));
        assert!(matches!(service(&balancer, false), Readiness::Ready { note: Some(_) }));
        let mut found = balancer.clone();
        found["status"] = json!({"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}});
        assert_eq!(service(&found, true), Readiness::READY);
        assert_eq!(service(&json!({"spec": {"type": "NodePort"}}), true), Readiness::READY);
    }

    #[test]
    fn a_namespace_is_active() {
        assert_eq!(namespace(&json!({"status": {"phase": "Active"}})), Readiness::READY);
        assert!(matches!(namespace(&json!({"status": {"phase": "Terminating"}})), Readiness::Waiting { .. }));
        assert!(matches!(namespace(&json!({})), Readiness::Waiting { .. }));
    }

    #[test]
    fn a_definition_is_established_or_its_names_are_taken() {
        let definition = |object: &Value| definition(object, true);
        assert_eq!(definition(&with_condition("Established", "True")), Readiness::READY);
        assert!(matches!(definition(&with_condition("Established", "False")), Readiness::Waiting { .. }));
        assert_eq!(definition(&with_condition("NamesAccepted", "False")), Readiness::failed("m"));
        assert!(matches!(definition(&json!({})), Readiness::Waiting { .. }));
    }

    #[test]
    fn an_api_service_answers() {
        assert_eq!(api_service(&with_condition("Available", "True"), true), Readiness::READY);
        assert_eq!(api_service(&with_condition("Available", "False"), true), Readiness::waiting("m"));
        assert!(matches!(api_service(&json!({}), true), Readiness::Waiting { .. }));
    }

    #[test]
    fn what_is_accepted_has_to_be_served_too() {
        let established = definition(&with_condition("Established", "True"), false);
        let available = api_service(&with_condition("Available", "True"), false);
        assert!(is_unserved(&established) && is_unserved(&available));
        assert!(!is_unserved(&definition(&with_condition("Established", "False"), false)));
        assert!(!is_unserved(&api_service(&with_condition("Available", "False"), false)));
    }

    #[test]
    fn autoscalers_and_budgets_are_accepted_with_a_note() {
        assert_eq!(autoscaler(&json!({})), Readiness::READY);
        assert_eq!(autoscaler(&with_condition("ScalingActive", "False")), Readiness::noted("m"));
        let budget = |healthy: u64, generation: u64| {
            json!({"metadata": {"generation": generation},
                   "status": {"observedGeneration": 1, "currentHealthy": healthy, "desiredHealthy": 2}})
        };
        assert_eq!(disruption_budget(&budget(2, 1)), Readiness::READY);
        assert!(matches!(disruption_budget(&budget(1, 1)), Readiness::Ready { note: Some(_) }));
        assert_eq!(disruption_budget(&budget(2, 2)), unobserved());
    }
}
