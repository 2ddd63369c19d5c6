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

/// A CustomResourceDefinition is ready when it is established: only then objects of its kind can be made.
pub(super) fn definition(object: &Value) -> Readiness {
    if Condition::of(object, "Established").is_some_and(Condition::is_true) {
        return Readiness::READY;
    }
    match Condition::of(object, "NamesAccepted").filter(|names| names.is_false()) {
        Some(names) => Readiness::failed(names.words("its names are taken")),
        None => Readiness::waiting("it isn't established"),
    }
}

/// An APIService is ready when the server behind it answers.
pub(super) fn api_service(object: &Value) -> Readiness {
    match Condition::of(object, "Available") {
        Some(available) if available.is_true() => Readiness::READY,
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
        assert_eq!(definition(&with_condition("Established", "True")), Readiness::READY);
        assert!(matches!(definition(&with_condition("Established", "False")), Readiness::Waiting { .. }));
        assert_eq!(definition(&with_condition("NamesAccepted", "False")), Readiness::failed("m"));
        assert!(matches!(definition(&json!({})), Readiness::Waiting { .. }));
    }

    #[test]
    fn an_api_service_answers() {
        assert_eq!(api_service(&with_condition("Available", "True")), Readiness::READY);
        assert_eq!(api_service(&with_condition("Available", "False")), Readiness::waiting("m"));
        assert!(matches!(api_service(&json!({})), Readiness::Waiting { .. }));
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
