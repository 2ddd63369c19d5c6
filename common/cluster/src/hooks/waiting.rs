//! `kubectl.wait` (H2): until a condition of an object is met, by a watch.

use std::time::Duration;

use codex_common::suggestion::did_you_mean;
use serde_json::Value;
use tokio::time::Instant;

use crate::discovery::Kinds;
use crate::object_ref::ObjectRef;
use crate::watch::{self, WatchError};

use super::HookContext;
use super::error::Fault;
use super::settings::Settings;

/// How long is waited when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(1200);

/// What is waited for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The kind, in any of the names that kubectl takes.
    kind: String,
    name: String,
    /// The namespace; the environment's if it isn't given.
    namespace: Option<String>,
    condition: Condition,
    timeout: Duration,
}

/// `TYPE` or `TYPE=STATUS`.
#[derive(Debug, PartialEq, Eq)]
struct Condition {
    name: String,
    status: String,
}

impl Wait {
    /// The names of its settings.
    pub(super) const SETTINGS: &'static [&'static str] =
        &["kind", "name", "namespace", "condition", "timeout"];

    /// Reads the settings.
    pub(super) fn of(settings: &Settings) -> Result<Self, Fault> {
        let condition = settings.text("condition").unwrap_or("Available");
        let (name, status) = condition.split_once('=').unwrap_or((condition, "True"));
        settings.required("name")?;
        Ok(Self {
            kind: settings.required("kind")?.to_owned(),
            name: settings.name("name")?.unwrap_or_default().to_owned(),
            namespace: settings.name("namespace")?.map(str::to_owned),
            condition: Condition { name: name.to_owned(), status: status.to_owned() },
            timeout: settings.duration("timeout", TIMEOUT)?,
        })
    }
}

/// Waits. An object that isn't there fails at once, as with kubectl: its name is more likely wrong than late.
pub(super) async fn run(wait: &Wait, context: &HookContext<'_>) -> Result<(), Fault> {
    let deadline = Instant::now() + wait.timeout;
    let api = &context.cluster.api;
    let kinds = Kinds::of_server(api).await.map_err(|error| Fault::failed(error.to_string()))?;
    let Some(resource) = kinds.named(&wait.kind) else {
        let fault = Fault::failed(format!("the cluster has no kind `{}`", wait.kind));
        return Err(match did_you_mean(&wait.kind, kinds.names()) {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
    };
    let of_environment = Some(context.project.context.namespace.as_str()).filter(|name| !name.is_empty());
    let of_context = context.cluster.namespace.as_deref();
    // kubectl's own last resort.
    let namespace = wait.namespace.as_deref().or(of_environment).or(of_context).or(Some("default"));
    let namespace = namespace.filter(|_| resource.is_namespaced);
    let what = match namespace {
        Some(namespace) => format!("{} in namespace {namespace}", resource.display(&wait.name)),
        None => resource.display(&wait.name),
    };
    let target = ObjectRef { resource, namespace, name: &wait.name };
    let mut state = String::new();
    let is_met = watch::until(api, target, deadline, |object| match object {
        None => Some(false),
        Some(object) if wait.condition.is_met(object) => Some(true),
        Some(object) => {
            state = wait.condition.state(object);
            None
        }
    });
    match is_met.await {
        Ok(true) => {
            context.listener.info(&format!("{what}: {} is {}", wait.condition.name, wait.condition.status));
            Ok(())
        }
        Ok(false) => Err(Fault::failed(format!("there is no {what}"))),
        Err(WatchError::TimedOut) => Err(Fault::failed(format!(
            "{what}: {} is not {} after {:?}{state}",
            wait.condition.name, wait.condition.status, wait.timeout
        ))),
        Err(error) => Err(Fault::failed(format!("cannot watch {what}: {error}"))),
    }
}

impl Condition {
    /// Whether an object meets it; a condition that speaks of an older generation doesn't count.
    fn is_met(&self, object: &Value) -> bool {
        self.find(object).is_some_and(|condition| {
            let of_condition = condition["observedGeneration"].as_i64();
            let observed = of_condition.or_else(|| object["status"]["observedGeneration"].as_i64());
            let wanted = object["metadata"]["generation"].as_i64();
            let is_current = observed.is_none() || wanted.is_none() || observed >= wanted;
            is_current
                && condition["status"]
                    .as_str()
                    .is_some_and(|status| status.eq_ignore_ascii_case(&self.status))
        })
    }

    /// How it stands, for the message that time is over.
    fn state(&self, object: &Value) -> String {
        let Some(condition) = self.find(object) else {
            return format!("; it has no condition {}", self.name);
        };
        let words = ["status", "reason", "message"].map(|key| condition[key].as_str().unwrap_or_default());
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("; it is {}", words.join(", "))
    }

    fn find<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        let conditions = object["status"]["conditions"].as_array()?;
        conditions.iter().find(|condition| {
            condition["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&self.name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn condition(status: &str) -> Condition {
        Condition { name: "Available".into(), status: status.into() }
    }

    #[test]
    fn conditions_are_met_as_kubectl_has_it() {
        let object = |status: &str, generation: i64, observed: i64| {
            json!({"metadata": {"generation": generation},
                   "status": {"observedGeneration": observed,
                              "conditions": [{"type": "available", "status": status, "reason": "Because"}]}})
        };
        assert!(condition("True").is_met(&object("True", 2, 2)));
        assert!(condition("true").is_met(&object("True", 2, 2)));
        assert!(condition("False").is_met(&object("False", 2, 2)));
        assert!(!condition("True").is_met(&object("False", 2, 2)));
        assert!(!condition("True").is_met(&object("True", 2, 1)), "it speaks of an older generation");
        assert!(!condition("True").is_met(&json!({})));
        assert_eq!(condition("True").state(&object("False", 1, 1)), "; it is False, Because");
        assert_eq!(condition("True").state(&json!({"status": 1})), "; it has no condition Available");
    }
}
