//! Namespaces: whether one is there, and its going.
//!
//! Takes a name, gives what the server says of it. Separate because of what hangs on the answer: data are
//! emptied where a namespace is missing, so only the server's own "there is none" counts as missing (B1), and a
//! namespace goes slowly, held up by what is in it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::{Answer, Api, NoAnswer, RequestError};
use crate::discovery::Resource;
use crate::interrupt::Interrupt;
use crate::object_ref::ObjectRef;
use crate::refusal;
use crate::watch::{self, WatchError};

/// How it stands with a namespace.
#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    /// The server says that there is none.
    Missing,
    /// It is there.
    Active(Value),
    /// It is there, and on its way out.
    Terminating(Value),
}

impl Presence {
    /// How it stands with a namespace that the server gave, alone or in a list.
    pub fn of(object: Value) -> Self {
        let is_leaving =
            !object["metadata"]["deletionTimestamp"].is_null() || object["status"]["phase"] == "Terminating";
        if is_leaving { Self::Terminating(object) } else { Self::Active(object) }
    }
}

/// Why a request about a namespace came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The server says no.
    #[error("cannot {verb} namespace `{name}`: {}", refusal::reason(answer))]
    Refused {
        /// What was to be done: `get`, `make`, `delete` or `watch`.
        verb: &'static str,
        /// The namespace.
        name: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// No answer came.
    #[error("cannot {verb} namespace `{name}`: {no_answer}")]
    NoAnswer {
        /// What was to be done.
        verb: &'static str,
        /// The namespace.
        name: String,
        /// Why there is none.
        no_answer: NoAnswer,
    },
}

impl NamespaceError {
    /// The same without the namespace.
    pub fn into_request(self) -> RequestError {
        match self {
            Self::Refused { name, answer, .. } => RequestError::Refused { path: name, answer: *answer },
            Self::NoAnswer { no_answer, .. } => RequestError::NoAnswer(no_answer),
        }
    }
}

/// Asks for a namespace.
///
/// # Errors
/// Everything but the namespace itself and a 404: who doesn't know must not take it for missing.
pub async fn look(api: &Api, name: &str) -> Result<Presence, NamespaceError> {
    let resource = resource();
    let object = ObjectRef { resource: &resource, namespace: None, name };
    let answer = api.get(&object.path()).await.and_then(|answer| object.checked(answer));
    let answer = answer.map_err(|no_answer| NamespaceError::NoAnswer {
        verb: "get",
        name: name.to_owned(),
        no_answer,
    })?;
    match answer.status {
        _ if answer.is_success() => Ok(Presence::of(answer.body)),
        404 if is_about_the_namespace(&answer.body) => Ok(Presence::Missing),
        _ => Err(NamespaceError::Refused { verb: "get", name: name.to_owned(), answer: Box::new(answer) }),
    }
}

/// Whether a 404 is Kubernetes' own: a proxy's, or one for a wrong path, says nothing about the namespace.
fn is_about_the_namespace(body: &Value) -> bool {
    body["kind"] == "Status" && body["reason"] == "NotFound" && body["details"]["kind"] == "namespaces"
}

/// Makes a namespace be as `object` says.
///
/// # Errors
/// The server says no, or doesn't answer.
pub async fn apply(api: &Api, name: &str, object: &Value) -> Result<(), NamespaceError> {
    let resource = resource();
    let target = ObjectRef { resource: &resource, namespace: None, name };
    let path = format!("{}?fieldManager={}", target.path(), crate::FIELD_MANAGER);
    let answer = api.apply(&path, object).await.and_then(|answer| target.checked(answer));
    match answer {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => {
            Err(NamespaceError::Refused { verb: "make", name: name.to_owned(), answer: Box::new(answer) })
        }
        Err(no_answer) => Err(NamespaceError::NoAnswer { verb: "make", name: name.to_owned(), no_answer }),
    }
}

/// Asks the server to delete the very namespace that was looked at. One that is gone already is no error.
///
/// # Errors
/// The server says no, or doesn't answer.
pub async fn delete(api: &Api, name: &str, object: &Value) -> Result<(), NamespaceError> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
        "preconditions": {"uid": object["metadata"]["uid"]},
    });
    let resource = resource();
    let target = ObjectRef { resource: &resource, namespace: None, name };
    let answer = api.delete_exactly(&target.path(), &options).await;
    match answer.and_then(|answer| target.checked_deletion(answer)) {
        Ok(answer) if answer.is_success() || answer.status == 404 => Ok(()),
        Ok(answer) => {
            Err(NamespaceError::Refused { verb: "delete", name: name.to_owned(), answer: Box::new(answer) })
        }
        Err(no_answer) => Err(NamespaceError::NoAnswer { verb: "delete", name: name.to_owned(), no_answer }),
    }
}

/// How waiting for a namespace to go ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Going {
    /// It is gone.
    Gone,
    /// It was still there at the deadline; what holds it up, a line each, if the server says so.
    Held(Vec<String>),
    /// The user doesn't want to wait any longer.
    Interrupted,
}

/// For how long a namespace goes its normal way: its pods take their time to end. What holds it up then isn't
/// worth a word.
const NORMAL: Duration = Duration::from_secs(45);

/// Waits until a namespace is gone; `told` hears once of each thing that holds it up for longer than is normal.
///
/// # Errors
/// The server doesn't let it be looked at, or can't be reached.
pub async fn until_gone(
    api: &Api,
    name: &str,
    deadline: Instant,
    interrupt: &Interrupt,
    told: impl Fn(&str),
) -> Result<Going, NamespaceError> {
    let resource = resource();
    let target = ObjectRef { resource: &resource, namespace: None, name };
    let (mut held, mut said) = (Vec::new(), BTreeSet::new());
    let normal = deadline.min(Instant::now() + NORMAL);
    let watching = async {
        let ended = watch::until(api, target, normal, |object| {
            held = object.map(blockers).unwrap_or_default();
            object.is_none().then_some(())
        });
        match ended.await {
            Err(WatchError::TimedOut) if normal < deadline => {}
            ended => return ended,
        }
        let judge = |object: Option<&Value>| {
            held = object.map(blockers).unwrap_or_default();
            for blocker in &held {
                if said.insert(blocker.clone()) {
                    told(blocker);
                }
            }
            object.is_none().then_some(())
        };
        watch::until(api, target, deadline, judge).await
    };
    let ended = tokio::select! {
        ended = watching => ended,
        () = interrupt.raised() => return Ok(Going::Interrupted),
    };
    match ended {
        Ok(()) => Ok(Going::Gone),
        Err(WatchError::TimedOut) => Ok(Going::Held(held)),
        Err(WatchError::Refused(answer)) => {
            Err(NamespaceError::Refused { verb: "watch", name: name.to_owned(), answer: Box::new(answer) })
        }
        Err(WatchError::NoAnswer(no_answer)) => {
            Err(NamespaceError::NoAnswer { verb: "watch", name: name.to_owned(), no_answer })
        }
    }
}

/// What holds a namespace up on its way out, as its own conditions and finalizers say.
pub fn blockers(namespace: &Value) -> Vec<String> {
    let conditions = namespace["status"]["conditions"].as_array().into_iter().flatten();
    let told = conditions.filter(|condition| condition["status"] == "True").filter_map(|condition| {
        let message = condition["message"].as_str().filter(|message| !message.is_empty());
        message.or_else(|| condition["reason"].as_str()).map(str::to_owned)
    });
    let finalizers = namespace["metadata"]["finalizers"].as_array().into_iter().flatten();
    let own =
        finalizers.filter_map(Value::as_str).map(|name| format!("the namespace has finalizer `{name}`"));
    told.chain(own).collect()
}

fn resource() -> Resource {
    Resource {
        group: String::new(),
        version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        plural: "namespaces".to_owned(),
        is_namespaced: false,
        is_deletable: true,
        aliases: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_namespace_up_is_told_in_the_servers_words() {
        let namespace = json!({
            "metadata": {"finalizers": ["example.org/hold"]},
            "status": {"phase": "Terminating", "conditions": [
                {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all discovered"},
                {"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain",
                 "message": "Some content in the namespace has finalizers remaining: a/b in 1 resource instances"},
                {"type": "Other", "status": "True", "reason": "OnlyAReason", "message": ""},
            ]},
        });
        assert_eq!(
            blockers(&namespace),
            [
                "Some content in the namespace has finalizers remaining: a/b in 1 resource instances",
                "OnlyAReason",
                "the namespace has finalizer `example.org/hold`",
            ]
        );
        assert!(blockers(&json!({})).is_empty());
    }

    #[test]
    fn only_the_servers_own_404_says_that_there_is_none() {
        let own =
            json!({"kind": "Status", "reason": "NotFound", "details": {"name": "a", "kind": "namespaces"}});
        assert!(is_about_the_namespace(&own));
        for other in [
            json!(null),
            json!("404 page not found"),
            json!({"kind": "Status", "reason": "NotFound", "details": {}}),
            json!({"kind": "Status", "reason": "NotFound", "details": {"name": "a", "kind": "configmaps"}}),
        ] {
            assert!(!is_about_the_namespace(&other), "{other}");
        }
    }

    #[test]
    fn a_refusal_names_verb_and_resource() {
        let answer = |status, body| {
            let error = NamespaceError::Refused {
                verb: "get",
                name: "shop-ai-1".into(),
                answer: Box::new(Answer::new(status, body)),
            };
            error.to_string()
        };
        let broken =
            json!({"kind": "Status", "message": "etcd is away", "reason": "InternalError", "code": 500});
        assert_eq!(answer(500, broken), "cannot get namespace `shop-ai-1`: etcd is away (500)");
        assert_eq!(answer(502, json!(null)), "cannot get namespace `shop-ai-1`: the server answered 502");
    }
}
