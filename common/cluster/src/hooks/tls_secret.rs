//! `codex.reuse-dev-tls-secret` (H7, B34): a slot's certificate outlives the slot in the staging namespace.
//!
//! Certificates of public authorities are limited in number: a slot that is made anew takes the one it had
//! before. Never fails; it says what it did.

use std::time::Duration;

use codex_common::stack::Project;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::discovery::Resource;
use crate::object_ref::ObjectRef;
use crate::watch::{self, WatchError};

use super::error::Fault;
use super::settings::Settings;
use super::{HookContext, request};

/// How long is waited for a certificate when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(240);

/// Labels of ours say whose an object is: a copy belongs to nobody's apply.
const OUR_LABELS: &str = "kubectl-codex.dev/";

/// What is reused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reuse {
    name: String,
    /// Where it is kept; the project's staging namespace if it isn't given.
    staging: Option<String>,
    timeout: Duration,
}

impl Reuse {
    /// The names of its settings.
    pub(super) const SETTINGS: &'static [&'static str] = &["secretName", "stagingNamespace", "timeout"];

    /// Reads the settings.
    pub(super) fn of(settings: &Settings, project: &Project) -> Result<Self, Fault> {
        let context = &project.context;
        let default = || format!("{}-dev-{}-tls", context.project, context.slot);
        Ok(Self {
            name: settings.name("secretName")?.map_or_else(default, str::to_owned),
            staging: settings.name("stagingNamespace")?.map(str::to_owned),
            timeout: settings.duration("timeout", TIMEOUT)?,
        })
    }
}

/// Takes the kept certificate if the slot has none, else waits for the slot's and keeps that.
pub(super) async fn run(reuse: &Reuse, context: &HookContext<'_>) {
    match exchange(reuse, context).await {
        Ok(done) => context.listener.info(&format!("secret/{}: {done}", reuse.name)),
        Err(fault) => context.listener.warn(&format!("secret/{} is not reused: {fault}", reuse.name)),
    }
}

async fn exchange(reuse: &Reuse, context: &HookContext<'_>) -> Result<String, Fault> {
    let (api, name) = (&context.cluster.api, reuse.name.as_str());
    let slot = context.namespace()?;
    let staging = &staging(reuse, context)?;
    if *staging == slot {
        return Ok(format!("namespace {slot} is the staging namespace, there is nothing to copy"));
    }
    let kept = request::secret(api, staging, name).await?;
    let own = request::secret(api, slot, name).await?;
    let is_kept = kept.as_ref().is_some_and(is_issued);
    if let (Some(kept), true) = (&kept, is_kept && !own.as_ref().is_some_and(is_issued)) {
        request::apply_secret(api, slot, name, &copy(kept, name)).await?;
        return Ok(format!("copied from namespace {staging} to {slot}"));
    }
    let own = match own.filter(is_issued) {
        Some(own) => own,
        None => {
            let limit = format!("{:?}", reuse.timeout);
            context
                .listener
                .info(&format!("secret/{name}: waiting for it in namespace {slot}, up to {limit}"));
            issued(reuse, slot, context).await?
        }
    };
    if kept.is_some_and(|kept| kept["data"] == own["data"] && kept["type"] == own["type"]) {
        return Ok(format!("the same in namespaces {slot} and {staging}"));
    }
    request::apply_secret(api, staging, name, &copy(&own, name)).await?;
    Ok(format!("copied from namespace {slot} to {staging}"))
}

/// The namespace that certificates are kept in.
fn staging(reuse: &Reuse, context: &HookContext<'_>) -> Result<String, Fault> {
    let unknown = |why: &str| {
        Fault::failed(format!("the staging namespace is not known{why}; name it in `with.stagingNamespace`"))
    };
    if let Some(given) = &reuse.staging {
        return Ok(given.clone());
    }
    match (context.staging_namespace)() {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unknown("")),
        Err(why) => Err(unknown(&format!(" ({why})"))),
    }
}

/// Waits until the certificate is there.
async fn issued(reuse: &Reuse, namespace: &str, context: &HookContext<'_>) -> Result<Value, Fault> {
    let secrets = Resource {
        group: String::new(),
        version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        plural: "secrets".to_owned(),
        is_namespaced: true,
        is_deletable: true,
        aliases: Vec::new(),
    };
    let target = ObjectRef { resource: &secrets, namespace: Some(namespace), name: &reuse.name };
    let deadline = Instant::now() + reuse.timeout;
    let found = watch::until(&context.cluster.api, target, deadline, |object| {
        object.filter(|object| is_issued(object)).cloned()
    });
    found.await.map_err(|error| match error {
        WatchError::TimedOut => {
            Fault::failed(format!("it did not appear in namespace {namespace} within {:?}", reuse.timeout))
        }
        other => Fault::failed(other.to_string()),
    })
}

/// Whether there is a certificate in it: issuers make the Secret with the key first.
fn is_issued(secret: &Value) -> bool {
    let has = |key: &str| secret["data"][key].as_str().is_some_and(|text| !text.is_empty());
    has("tls.crt") && has("tls.key")
}

/// The Secret without what belongs to its place: only its content, its type and the labels of others.
fn copy(secret: &Value, name: &str) -> Value {
    let labels = secret["metadata"]["labels"].as_object();
    let labels: Map<String, Value> = labels
        .into_iter()
        .flatten()
        .filter(|(key, _)| !key.starts_with(OUR_LABELS))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut metadata = json!({"name": name});
    if !labels.is_empty() {
        metadata["labels"] = Value::Object(labels);
    }
    let mut copy =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret["data"]});
    if let Some(kind) = secret["type"].as_str() {
        copy["type"] = kind.into();
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_nothing_of_its_place() {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "immutable": true,
            "metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1", "managedFields": [],
                         "annotations": {"x": "y"}, "ownerReferences": [{}], "creationTimestamp": "t",
                         "labels": {"kubectl-codex.dev/slot": "1", "issuer": "le"}},
            "data": {"tls.crt": "YQ==", "tls.key": "Yg=="},
        });
        assert!(is_issued(&secret));
        assert_eq!(
            copy(&secret, "b"),
            json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                   "metadata": {"name": "b", "labels": {"issuer": "le"}},
                   "data": {"tls.crt": "YQ==", "tls.key": "Yg=="}})
        );
    }

    #[test]
    fn a_secret_with_a_key_alone_is_not_issued() {
        assert!(!is_issued(&json!({"data": {"tls.crt": "", "tls.key": "Yg=="}})));
        assert!(!is_issued(&json!({})));
    }
}
