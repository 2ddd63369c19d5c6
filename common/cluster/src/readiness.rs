//! When an object is ready, and when waiting for it is in vain.
//!
//! Takes a live object, gives [`Readiness`] by the rule of its kind (B26; `apply.md`, "Waiting"). A rule looks
//! at the object alone; what else it needs to know stands in [`Facts`]. Why a workload's pods don't start is
//! told by [`pods`] and [`warnings`].

mod cluster;
mod condition;
mod image;
mod job;
mod jsonpath;
mod pod;
pub mod pods;
pub mod revision;
mod rule;
mod storage;
pub(crate) mod warnings;
mod workload;

use std::time::Duration;

use codex_common::stack::model::ReadyRule;
use serde_json::Value;

use crate::identity::{group, is_built_in, kind};

pub(crate) use cluster::is_unserved;

/// How it stands with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// There is nothing more to wait for.
    Ready {
        /// What one should know nevertheless, for instance that a Deployment is paused.
        note: Option<String>,
    },
    /// It isn't ready yet.
    Waiting {
        /// What it waits for.
        reason: String,
    },
    /// It won't be ready by itself.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Readiness {
    /// Ready, and nothing to say.
    pub const READY: Self = Self::Ready { note: None };

    fn noted(note: impl Into<String>) -> Self {
        Self::Ready { note: Some(note.into()) }
    }

    fn waiting(reason: impl Into<String>) -> Self {
        Self::Waiting { reason: reason.into() }
    }

    fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }
}

/// The pod that a claim waits for, where its class binds only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    /// None is needed, or one is there or on its way.
    NotNeeded,
    /// None is there, and none will come.
    Missing,
    /// It can't be told: pods or classes may not be looked at.
    Unknown,
}

/// What a rule needs to know beyond the object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts<'a> {
    /// For a PersistentVolumeClaim: whether it waits for a pod that uses it.
    pub consumer: Consumer,
    /// Whether Services of type LoadBalancer are awaited until they have an address.
    pub await_load_balancer: bool,
    /// How long the object has been watched.
    pub watched: Duration,
    /// For a CustomResourceDefinition or an APIService: whether the server serves what it defines.
    pub is_served: bool,
    /// The project's own rules, of any kind.
    pub rules: &'a [ReadyRule],
}

impl Default for Facts<'_> {
    fn default() -> Self {
        Self {
            consumer: Consumer::NotNeeded,
            await_load_balancer: true,
            watched: Duration::ZERO,
            is_served: true,
            rules: &[],
        }
    }
}

/// After how long an object whose kind has no rule, and that shows no condition, is ready.
pub const CONDITION_PATIENCE: Duration = Duration::from_secs(5);

/// How it stands with a live object.
pub fn judge(object: &Value, facts: &Facts<'_>) -> Readiness {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return Readiness::waiting("is being deleted");
    }
    if let Some(by_rule) = rule::judge(object, facts) {
        return by_rule;
    }
    match (group(object), kind(object)) {
        ("apps", "Deployment") => workload::deployment(object),
        ("apps", "StatefulSet") => workload::stateful_set(object),
        ("apps", "DaemonSet") => workload::daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workload::replica_set(object),
        ("batch", "Job") => job::job(object),
        ("batch", "CronJob") => job::cron_job(object),
        ("", "Pod") => pod::pod(object),
        ("", "PersistentVolumeClaim") => storage::claim(object, facts),
        ("", "PersistentVolume") => storage::volume(object),
        ("", "Service") => cluster::service(object, facts.await_load_balancer),
        ("", "Namespace") => cluster::namespace(object),
        ("networking.k8s.io", "Ingress") => Readiness::READY,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => cluster::definition(object, facts.is_served),
        ("apiregistration.k8s.io", "APIService") => cluster::api_service(object, facts.is_served),
        ("autoscaling", "HorizontalPodAutoscaler") => cluster::autoscaler(object),
        ("policy", "PodDisruptionBudget") => cluster::disruption_budget(object),
        (group, _) => condition::generic(object, is_built_in(group), facts.watched),
    }
}

/// The reason of an object that is gone though it was applied.
pub const GONE: &str = "was deleted";

/// How it stands with an object that is gone though it was applied; `last_seen` is how it looked before.
pub fn judge_gone(last_seen: &Value) -> Readiness {
    let ends_by_itself = !last_seen["spec"]["ttlSecondsAfterFinished"].is_null();
    match (group(last_seen), kind(last_seen)) {
        ("batch", "Job") if ends_by_itself => match job::job(last_seen) {
            failed @ Readiness::Failed { .. } => failed,
            _ => Readiness::noted("complete, and gone by its time to live"),
        },
        _ => Readiness::failed(GONE),
    }
}

/// A number of the status or spec; `default` where it isn't given. Zeros are left out of a status.
fn number(value: &Value, default: u64) -> u64 {
    value.as_u64().unwrap_or(default)
}

/// A generation that an object or its status states. What isn't a whole number states none: controllers have
/// been seen to write texts and hashes.
fn generation(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

/// Whether the controller has seen the object as it is, where its kind's controller always says so. Objects
/// without a generation have no such thing.
fn is_observed(object: &Value) -> bool {
    let of = |part: &str, key: &str| generation(&object[part][key]).unwrap_or(0);
    of("status", "observedGeneration") >= of("metadata", "generation")
}

/// Whether the status says that it is about an object that has changed since. Many don't say.
fn is_behind(object: &Value) -> bool {
    generation(&object["status"]["observedGeneration"]).is_some() && !is_observed(object)
}

/// What is said of an object that its controller hasn't seen as it is.
fn unobserved() -> Readiness {
    Readiness::waiting("its controller hasn't seen the change yet")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(api_version: &str, kind: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}})
    }

    #[test]
    fn what_is_being_deleted_is_not_ready() {
        let mut config = of("v1", "ConfigMap");
        assert_eq!(judge(&config, &Facts::default()), Readiness::READY);
        config["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(judge(&config, &Facts::default()), Readiness::waiting("is being deleted"));
    }

    #[test]
    fn kinds_of_kubernetes_without_a_rule_are_ready_at_once() {
        for (version, kind) in [
            ("v1", "Secret"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("networking.k8s.io/v1", "Ingress"),
            ("storage.k8s.io/v1", "StorageClass"),
        ] {
            assert_eq!(judge(&of(version, kind), &Facts::default()), Readiness::READY, "{kind}");
        }
    }

    #[test]
    fn a_job_that_its_ttl_removed_is_complete() {
        let mut job = of("batch/v1", "Job");
        assert!(matches!(judge_gone(&job), Readiness::Failed { .. }));
        job["spec"] = json!({"ttlSecondsAfterFinished": 0});
        assert!(matches!(judge_gone(&job), Readiness::Ready { note: Some(_) }));
        job["status"] = json!({"conditions": [{"type": "Failed", "status": "True", "message": "m"}]});
        assert!(matches!(judge_gone(&job), Readiness::Failed { .. }));
        assert!(matches!(judge_gone(&of("v1", "Pod")), Readiness::Failed { .. }));
    }

    const KINDS: [(&str, &str); 16] = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "PersistentVolume"),
        ("v1", "Service"),
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiregistration.k8s.io/v1", "APIService"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("policy/v1", "PodDisruptionBudget"),
        ("example.org/v1", "Thing"),
    ];

    fn any_part() -> impl Strategy<Value = Value> {
        let word = "conditions|type|status|Ready|True|Failed|phase|replicas|updatedReplicas|strategy|rollingUpdate|partition|containerStatuses|spec|completions|active|Complete|message";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word.prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(word, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn objects_of_any_shape_are_judged(kind in 0..KINDS.len(), spec in any_part(), status in any_part()) {
            let mut object = of(KINDS[kind].0, KINDS[kind].1);
            object["spec"] = spec;
            object["status"] = status;
            let _ = judge(&object, &Facts::default());
            let _ = judge_gone(&object);
        }
    }
}
