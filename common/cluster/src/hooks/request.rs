//! Requests of built-ins, and their refusals told apart.

use serde_json::Value;

use crate::FIELD_MANAGER;
use crate::answer::{self, Answer as Meaning, Request};
use crate::api::{Answer, Api, NoAnswer};
use crate::refusal;

use super::error::Fault;

/// A Secret's kind.
const SECRET: Request<'static> = Request { group: "", version: "v1", kind: "Secret" };

/// Gets a Secret; `None` if there is none.
pub(super) async fn secret(api: &Api, namespace: &str, name: &str) -> Result<Option<Value>, Fault> {
    let path = path(namespace, name);
    let answer = api.get(&path).await.map_err(unanswered)?;
    match answer.status {
        404 => Ok(None),
        _ if answer.is_success() => Ok(Some(answer.body)),
        _ => Err(refused(&answer, &format!("cannot read secret/{name} in namespace {namespace}"))),
    }
}

/// Makes a Secret be as `object` says, whoever else owns fields of it. Its content is in no message.
pub(super) async fn apply_secret(
    api: &Api,
    namespace: &str,
    name: &str,
    object: &Value,
) -> Result<(), Fault> {
    let path = format!("{}?fieldManager={FIELD_MANAGER}&force=true", path(namespace, name));
    let answer = api.apply(&path, object).await.map_err(unanswered)?;
    if answer.is_success() {
        return Ok(());
    }
    Err(refused(&answer, &format!("cannot apply secret/{name} in namespace {namespace}")))
}

fn path(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/{name}")
}

fn unanswered(no_answer: NoAnswer) -> Fault {
    Fault::failed(no_answer.to_string())
}

/// What a refusal means, without values that the server repeats.
fn refused(answer: &Answer, what: &str) -> Fault {
    let reason = match answer::classify(answer.reply(), SECRET) {
        Meaning::Forbidden(right) => refusal::forbidden(&right),
        Meaning::NamespaceMissing { .. } => "the namespace doesn't exist".to_owned(),
        Meaning::NamespaceTerminating { .. } => "the namespace is being deleted".to_owned(),
        Meaning::Unauthorized => refusal::UNAUTHORIZED.to_owned(),
        Meaning::Denied { message } | Meaning::QuotaExceeded { message } => message,
        Meaning::Manifest { causes, .. } | Meaning::Immutable { fields: causes, .. }
            if !causes.is_empty() =>
        {
            causes
                .iter()
                .map(|cause| format!("{}: {}", cause.field, cause.clause))
                .collect::<Vec<_>>()
                .join("; ")
        }
        _ => format!("the server answered {}", answer.status),
    };
    Fault::failed(format!("{what}: {reason}"))
}
