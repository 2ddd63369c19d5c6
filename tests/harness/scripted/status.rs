//! The Status objects that an API server answers errors with.
//!
//! Takes what happened, gives the body word for word as kube-apiserver phrases it. Separate so
//! that the store's own errors and scripted ones can't differ.

use serde_json::{Value, json};

use super::call::Call;

/// Why a write with a resourceVersion that isn't the newest is refused.
pub(crate) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// A Failure. `details` is left out if null.
pub(crate) fn failure(code: u16, reason: &str, message: &str, details: Value) -> Value {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Failure", "message": message, "code": code,
    });
    if !reason.is_empty() {
        status["reason"] = reason.into();
    }
    if !details.is_null() {
        status["details"] = details;
    }
    status
}

/// What `details` says of the object that a call is about.
pub(crate) fn details(call: &Call) -> Value {
    let mut details = json!({ "kind": call.resource });
    for (key, value) in [("name", &call.name), ("group", &call.group)] {
        if !value.is_empty() {
            details[key] = value.as_str().into();
        }
    }
    details
}

pub(crate) fn not_found(call: &Call) -> Value {
    let message = format!("{} \"{}\" not found", call.qualified_resource(), call.name);
    failure(404, "NotFound", &message, details(call))
}

pub(crate) fn no_such_path() -> Value {
    let message = "the server could not find the requested resource";
    failure(404, "NotFound", message, json!({}))
}

pub(crate) fn no_such_namespace(name: &str) -> Value {
    let message = format!("namespaces \"{name}\" not found");
    let details = json!({ "name": name, "kind": "namespaces" });
    failure(404, "NotFound", &message, details)
}

pub(crate) fn already_exists(call: &Call) -> Value {
    let message = format!("{} \"{}\" already exists", call.qualified_resource(), call.name);
    failure(409, "AlreadyExists", &message, details(call))
}

/// A lost race: a 409 without causes.
pub(crate) fn lost_race(call: &Call, what: &str) -> Value {
    let message =
        format!("Operation cannot be fulfilled on {} \"{}\": {what}", call.qualified_resource(), call.name);
    failure(409, "Conflict", &message, details(call))
}

pub(crate) fn bad_request(message: &str) -> Value {
    failure(400, "BadRequest", message, Value::Null)
}

pub(crate) fn unsupported_media_type(media_type: &str) -> Value {
    let message = format!("the scripted API server reads no body of type {media_type:?}");
    failure(415, "UnsupportedMediaType", &message, json!({}))
}

pub(crate) fn unauthorized() -> Value {
    failure(401, "Unauthorized", "Unauthorized", Value::Null)
}

pub(crate) fn forbidden(call: &Call) -> Value {
    let verb = call.verb.word();
    let place = match call.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let message = format!(
        "{}{} is forbidden: User \"tester\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
        call.qualified_resource(),
        if call.name.is_empty() { String::new() } else { format!(" \"{}\"", call.name) },
        call.resource,
        call.group,
    );
    failure(403, "Forbidden", &message, details(call))
}

/// A list's `continue`, or a watch's resourceVersion, is older than what the server kept.
pub(crate) fn expired(message: &str) -> Value {
    failure(410, "Expired", message, Value::Null)
}

pub(crate) fn deleted(call: &Call, uid: &Value) -> Value {
    let mut details = details(call);
    details["uid"] = uid.clone();
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Success", "details": details,
    })
}
