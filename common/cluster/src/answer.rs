//! What an answer of the API server means for the one who asked.
//!
//! Takes an HTTP status with its body (or the kind of failure, where there was no answer) and what was asked
//! for, gives one fact: a conflict, a reason to try again, whose fault it is (`apply.md`, "Conflicts and
//! errors"). Values that stand in the server's messages are left out as far as they can be told from its
//! words: they may be secret.

mod conflict;
mod forbidden;
mod invalid;
mod status;
mod warning;

use std::time::Duration;

use serde_json::Value;

pub use conflict::Conflict;
pub use forbidden::Forbidden;
pub use invalid::{Cause, clause};
pub use status::Status;
pub use warning::text as warning_text;

/// What was asked for; some answers don't repeat it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The API group of the object's kind; empty for the core group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// An answer that isn't success.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The HTTP status.
    pub code: u16,
    /// The body, if it is JSON; `Null` else.
    pub body: &'a Value,
    /// The header `Retry-After`, if it is there.
    pub retry_after: Option<Duration>,
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Nobody listens there, or the connection can't be made for another reason.
    Connect,
    /// The connection broke.
    Closed,
    /// There was no answer in time.
    TimedOut,
    /// The server isn't trusted, or doesn't trust us. Asking again doesn't help.
    Tls,
    /// The request couldn't be made: a bad address, a credential plugin that failed.
    Unsent,
    /// What came isn't what an API server says: a sign-in page, another object.
    Foreign,
    /// More came than is taken.
    TooLarge,
}

/// Why it is worth asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryReason {
    /// No answer: see [`Transport`].
    Connection,
    /// 429: the server has too much to do.
    Busy,
    /// 408, 502 to 504, the server's own time-out, or a 500 of something before it.
    Unavailable,
    /// 500 with the reason `InternalError` or `ServerTimeout`.
    Internal,
}

impl RetryReason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Connection => "the connection broke",
            Self::Busy => "the server has too much to do",
            Self::Unavailable => "the server is not available",
            Self::Internal => "the server has an internal error",
        }
    }
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Others own fields that were applied: one entry for each manager and field.
    Ownership(Vec<Conflict>),
    /// The object changed in between: read it again and decide anew.
    LostRace,
    /// Someone made an object of that name before.
    AlreadyExists {
        /// Whether it is on its way out, so that asking again will help.
        being_deleted: bool,
    },
    /// The same request may work later.
    Retry {
        /// How long the server wants to be left alone.
        after: Option<Duration>,
        /// Why.
        reason: RetryReason,
    },
    /// An admission webhook can't be reached; its service may come with this very apply.
    WebhookDown {
        /// The webhook's name; empty if the message doesn't say.
        webhook: String,
        /// Why it can't be reached, in the server's words.
        detail: String,
    },
    /// Admission refused the object. The message is the cluster's own policy talking.
    Denied {
        /// The message.
        message: String,
    },
    /// A webhook that a dry run would have to pass takes none: nothing is known of the object.
    NoDryRun {
        /// The server's words.
        message: String,
    },
    /// The manifest is wrong.
    Manifest {
        /// What is wrong where; empty if the server gave only a message.
        causes: Vec<Cause>,
        /// The message where there are no causes; empty else.
        message: String,
    },
    /// Fields were changed that can't be: the object would have to be made anew.
    Immutable {
        /// The fields that can't be changed.
        fields: Vec<Cause>,
        /// What is wrong besides. As long as there is something, the object can't be made anew either.
        others: Vec<Cause>,
    },
    /// A right is missing.
    Forbidden(Forbidden),
    /// The server doesn't know who asks.
    Unauthorized,
    /// The server has no such kind.
    KindNotServed {
        /// The group that lacks it; empty for the core group.
        group: String,
        /// The version asked for.
        version: String,
        /// The kind.
        kind: String,
    },
    /// The object's namespace doesn't exist.
    NamespaceMissing {
        /// The namespace.
        namespace: String,
    },
    /// The object, or one that it names, doesn't exist.
    NotFound {
        /// The message.
        message: String,
    },
    /// The object's namespace is being deleted.
    NamespaceTerminating {
        /// The namespace; empty if the answer doesn't say.
        namespace: String,
    },
    /// A quota doesn't allow it.
    QuotaExceeded {
        /// The quota's own words: which quota, requested, used, limited.
        message: String,
    },
    /// A list's continue token or a watch's version is too old: begin anew.
    Expired,
    /// The server can't be trusted or the request couldn't be made; see [`Transport`].
    Unreachable(Transport),
    /// Anything else.
    Other {
        /// The HTTP status.
        code: u16,
        /// The message, if there is one.
        message: String,
    },
}

/// What it means that there was no answer.
pub fn without_answer(transport: Transport) -> Answer {
    match transport {
        Transport::Connect | Transport::Closed | Transport::TimedOut => {
            Answer::Retry { after: None, reason: RetryReason::Connection }
        }
        Transport::Tls | Transport::Unsent | Transport::Foreign | Transport::TooLarge => {
            Answer::Unreachable(transport)
        }
    }
}

/// Whether the same request may work later, whatever it was about: how long the server wants to be left alone, if
/// it says so.
pub fn passing(reply: Reply<'_>) -> Option<Option<Duration>> {
    match classify(reply, Request { group: "", version: "", kind: "" }) {
        Answer::Retry { after, .. } => Some(after),
        _ => None,
    }
}

/// What an answer means.
pub fn classify(reply: Reply<'_>, request: Request<'_>) -> Answer {
    let status = Status::read(reply.body);
    let after = reply.retry_after.or(status.retry_after());
    let retry = |reason| Answer::Retry { after, reason };
    if let Some(message) = denial(status.message) {
        return Answer::Denied { message };
    }
    match reply.code {
        400 if status.message.ends_with(" does not support dry run") => {
            Answer::NoDryRun { message: status.message.to_owned() }
        }
        400 => manifest(&status),
        401 => Answer::Unauthorized,
        403 => forbidden::classify(&status),
        404 => not_found(&status, request),
        409 => conflict(&status),
        410 => Answer::Expired,
        422 => invalid::classify(&status),
        408 => retry(RetryReason::Unavailable),
        429 => retry(RetryReason::Busy),
        502..=504 => retry(RetryReason::Unavailable),
        500 if is_conversion(status.message) => conversion_down(status.message),
        500 => match status.reason {
            "InternalError" => webhook_down(status.message).unwrap_or(retry(RetryReason::Internal)),
            "ServerTimeout" | "Timeout" => retry(RetryReason::Unavailable),
            "" | "Unknown" if !status.message.is_empty() => manifest(&status),
            // What a proxy says in place of the API server has no message of its own.
            "" => retry(RetryReason::Unavailable),
            _ => other(reply.code, &status),
        },
        code => other(code, &status),
    }
}

fn other(code: u16, status: &Status<'_>) -> Answer {
    Answer::Other { code, message: status.message.to_owned() }
}

fn manifest(status: &Status<'_>) -> Answer {
    let causes = invalid::causes(status).unwrap_or_else(|| invalid::typed_patch_causes(status.message));
    let message = if causes.is_empty() { invalid::without_values(status.message) } else { String::new() };
    Answer::Manifest { causes, message }
}

fn conflict(status: &Status<'_>) -> Answer {
    let conflicts: Vec<Conflict> = status.causes().filter_map(|cause| Conflict::read(&cause)).collect();
    if !conflicts.is_empty() {
        return Answer::Ownership(conflicts);
    }
    match status.reason {
        "AlreadyExists" => {
            Answer::AlreadyExists { being_deleted: status.message.starts_with("object is being deleted") }
        }
        _ if status.causes().any(|cause| cause.reason == "NamespaceTerminating") => {
            Answer::NamespaceTerminating { namespace: String::new() }
        }
        _ => Answer::LostRace,
    }
}

fn not_found(status: &Status<'_>, request: Request<'_>) -> Answer {
    let unserved = status.message.is_empty()
        || status.message.starts_with("the server could not find the requested resource")
        || status.message.starts_with("404 page not found");
    if unserved {
        let [group, version, kind] = [request.group, request.version, request.kind].map(str::to_owned);
        return Answer::KindNotServed { group, version, kind };
    }
    let missing =
        status.message.strip_prefix("namespaces \"").and_then(|rest| rest.strip_suffix("\" not found"));
    match missing {
        Some(namespace) => Answer::NamespaceMissing { namespace: namespace.to_owned() },
        None => Answer::NotFound { message: status.message.to_owned() },
    }
}

/// The message of an admission webhook or policy that refused the object, whatever status it chose.
fn denial(message: &str) -> Option<String> {
    let webhook = message.starts_with("admission webhook \"") && message.contains(" denied the request");
    let policy = message.contains("ValidatingAdmissionPolicy '") && message.contains(" denied request");
    (webhook || policy).then(|| message.to_owned())
}

/// Whether an object can't be read in the version that was asked for, nor written, since the webhook that converts
/// it doesn't answer.
fn is_conversion(message: &str) -> bool {
    message.contains("conversion webhook for ") && message.contains(" failed: ")
}

fn conversion_down(message: &str) -> Answer {
    let rest = message.split_once("conversion webhook for ").map_or(message, |(_, rest)| rest);
    let (what, detail) = rest.split_once(" failed: ").unwrap_or((rest, ""));
    Answer::WebhookDown { webhook: format!("conversion of {what}"), detail: detail.to_owned() }
}

/// A webhook that isn't up. That it was down is told by these words alone: all else of the answer is that of
/// any internal error.
fn webhook_down(message: &str) -> Option<Answer> {
    let (_, rest) = message.split_once("failed calling webhook")?;
    let rest = rest.trim_start();
    let (webhook, detail) = match rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((webhook, detail)) => (webhook, detail),
        None => ("", rest),
    };
    let detail = detail.trim_start_matches([':', ' ']);
    Some(Answer::WebhookDown { webhook: webhook.to_owned(), detail: detail.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const REQUEST: Request<'_> = Request { group: "apps", version: "v1", kind: "Deployment" };

    fn answer(code: u16, body: Value) -> Answer {
        classify(Reply { code, body: &body, retry_after: None }, REQUEST)
    }

    fn retry(reason: RetryReason) -> Answer {
        Answer::Retry { after: None, reason }
    }

    #[test]
    fn conflicts_of_ownership_and_lost_races_are_told_apart() {
        let causes = json!([{
            "reason": "FieldManagerConflict", "field": ".spec.replicas",
            "message": "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1"
        }]);
        let Answer::Ownership(conflicts) =
            answer(409, json!({"reason": "Conflict", "details": {"causes": causes}}))
        else {
            panic!("it is a conflict")
        };
        assert!(conflicts[0].is_autoscaler());
        assert_eq!(
            answer(409, json!({"reason": "Conflict", "message": "the object has been modified"})),
            Answer::LostRace
        );
        assert_eq!(answer(409, Value::Null), Answer::LostRace);
        assert_eq!(
            answer(
                409,
                json!({"reason": "AlreadyExists", "message": "object is being deleted: pods \"a\" already exists"})
            ),
            Answer::AlreadyExists { being_deleted: true }
        );
    }

    #[test]
    fn what_may_work_later_is_asked_again() {
        for (code, reason) in [
            (429, RetryReason::Busy),
            (502, RetryReason::Unavailable),
            (503, RetryReason::Unavailable),
            (504, RetryReason::Unavailable),
            (408, RetryReason::Unavailable),
        ] {
            assert_eq!(answer(code, Value::Null), retry(reason), "{code}");
        }
        assert_eq!(
            answer(500, json!({"reason": "InternalError", "message": "x"})),
            retry(RetryReason::Internal)
        );
        let body = json!({"reason": "ServerTimeout", "message": "x", "details": {"retryAfterSeconds": 2}});
        let after = Some(Duration::from_secs(2));
        assert_eq!(answer(500, body), Answer::Retry { after, reason: RetryReason::Unavailable });
        let header = Reply { code: 429, body: &Value::Null, retry_after: Some(Duration::from_secs(9)) };
        let after = Some(Duration::from_secs(9));
        assert_eq!(classify(header, REQUEST), Answer::Retry { after, reason: RetryReason::Busy });
    }

    #[test]
    fn without_an_answer_only_the_connection_is_tried_again() {
        for transport in [Transport::Connect, Transport::Closed, Transport::TimedOut] {
            assert_eq!(without_answer(transport), retry(RetryReason::Connection));
        }
        for transport in [Transport::Tls, Transport::Unsent, Transport::Foreign, Transport::TooLarge] {
            assert_eq!(without_answer(transport), Answer::Unreachable(transport));
        }
    }

    #[test]
    fn a_500_without_reason_is_the_manifests_fault() {
        let message = "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema";
        let cause = Cause { field: ".spec.replcas".into(), clause: "field not declared in schema".into() };
        assert_eq!(
            answer(500, json!({"status": "Failure", "message": message, "code": 500})),
            Answer::Manifest { causes: vec![cause], message: String::new() }
        );
    }

    #[test]
    fn a_500_without_words_is_that_of_something_before_the_server() {
        assert_eq!(answer(500, Value::Null), retry(RetryReason::Unavailable));
    }

    #[test]
    fn a_webhook_that_takes_no_dry_run_says_nothing_of_the_object() {
        let message = "admission webhook \"audit.example.org\" does not support dry run";
        assert_eq!(
            answer(400, json!({"reason": "BadRequest", "message": message})),
            Answer::NoDryRun { message: message.into() }
        );
    }

    #[test]
    fn a_webhook_that_is_not_up_is_none_that_denies() {
        let message = "Internal error occurred: failed calling webhook \"guard.example.org\": failed to call webhook: Post \"https://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused";
        assert_eq!(
            answer(500, json!({"reason": "InternalError", "message": message})),
            Answer::WebhookDown {
                webhook: "guard.example.org".into(),
                detail: "failed to call webhook: Post \"https://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused".into()
            }
        );
        let message = "conversion webhook for example.org/v1, Kind=Pin failed: Post \"https://127.0.0.1:1/\": dial tcp: connection refused";
        for reason in ["InternalError", ""] {
            assert_eq!(
                answer(500, json!({"reason": reason, "message": message})),
                Answer::WebhookDown {
                    webhook: "conversion of example.org/v1, Kind=Pin".into(),
                    detail: "Post \"https://127.0.0.1:1/\": dial tcp: connection refused".into()
                }
            );
        }
        for (code, message) in [
            (400, "admission webhook \"guard.example.org\" denied the request: no latest tags"),
            (403, "admission webhook \"guard.example.org\" denied the request: failed calling webhook"),
            (
                422,
                "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
            ),
        ] {
            assert_eq!(answer(code, json!({"message": message})), Answer::Denied { message: message.into() });
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let unserved =
            Answer::KindNotServed { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
        assert_eq!(answer(404, Value::Null), unserved);
        let message = "the server could not find the requested resource";
        assert_eq!(answer(404, json!({"reason": "NotFound", "message": message})), unserved);
        assert_eq!(
            answer(404, json!({"reason": "NotFound", "message": "namespaces \"shop\" not found"})),
            Answer::NamespaceMissing { namespace: "shop".into() }
        );
        let message = "roles.rbac.authorization.k8s.io \"reader\" not found";
        assert_eq!(answer(404, json!({"message": message})), Answer::NotFound { message: message.into() });
    }

    #[test]
    fn a_bad_request_is_the_manifests_fault() {
        let message =
            "Deployment in version \"v1\" cannot be handled as a Deployment: no kind \"Deploymint\"";
        assert_eq!(
            answer(400, json!({"reason": "BadRequest", "message": message})),
            Answer::Manifest { causes: vec![], message: message.into() }
        );
    }

    #[test]
    fn the_rest_keeps_its_words() {
        assert_eq!(answer(401, Value::Null), Answer::Unauthorized);
        assert_eq!(answer(410, json!({"reason": "Expired"})), Answer::Expired);
        assert_eq!(
            answer(413, json!({"message": "too large"})),
            Answer::Other { code: 413, message: "too large".into() }
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_classified(code in 300u16..600, reason in "[A-Za-z]{0,8}", message in ".{0,80}", field in ".{0,20}") {
            let body = json!({"reason": reason, "message": message, "details": {
                "causes": [{"reason": "FieldManagerConflict", "message": message, "field": field}, 1, null]
            }});
            let _ = answer(code, body);
        }
    }
}
