//! Requests of built-ins: asked again while that may help, and told apart.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::FIELD_MANAGER;
use crate::answer::{self, Answer as Meaning, Forbidden, Request};
use crate::api::{APPLY, Answer, Api, NoAnswer};

use super::error::Fault;

/// How often a request is made at most.
const TRIES: u32 = 5;

/// The first pause between two tries; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// A Secret's kind.
const SECRET: Request<'static> = Request { group: "", version: "v1", kind: "Secret" };

/// Gets a Secret; `None` if there is none.
pub(super) async fn secret(api: &Api, namespace: &str, name: &str) -> Result<Option<Value>, Fault> {
    let path = path(namespace, name);
    let answer = persistent(async || api.get(&path).await).await?;
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
    let answer = persistent(async || api.patch(&path, APPLY, object).await).await?;
    if answer.is_success() {
        return Ok(());
    }
    Err(refused(&answer, &format!("cannot apply secret/{name} in namespace {namespace}")))
}

fn path(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets/{name}")
}

/// Asks until there is an answer that would be the same next time.
async fn persistent(ask: impl AsyncFn() -> Result<Answer, NoAnswer>) -> Result<Answer, Fault> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        let answer = ask().await;
        let meaning = match &answer {
            Ok(answer) if answer.is_success() => return Ok(answer.clone()),
            Ok(answer) => answer::classify(answer.reply(), SECRET),
            Err(no_answer) => answer::without_answer(no_answer.transport),
        };
        let Meaning::Retry { after, .. } = meaning else {
            return answer.map_err(|error| Fault::failed(error.to_string()));
        };
        sleep(after.unwrap_or(pause)).await;
        pause *= 2;
    }
    ask().await.map_err(|error| Fault::failed(error.to_string()))
}

/// What a refusal means, without values that the server repeats.
fn refused(answer: &Answer, what: &str) -> Fault {
    let reason = match answer::classify(answer.reply(), SECRET) {
        Meaning::Forbidden(Forbidden { user, verb, resource, .. }) => {
            format!("{user} may not {verb} {resource}")
        }
        Meaning::NamespaceMissing { .. } => "the namespace doesn't exist".to_owned(),
        Meaning::NamespaceTerminating { .. } => "the namespace is being deleted".to_owned(),
        Meaning::Unauthorized => "the server doesn't accept the credentials".to_owned(),
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
