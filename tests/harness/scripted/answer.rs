//! What a scripted call gets instead of what a healthy server would do.
//!
//! Gives one constructor per fault, each in the shape that a real API server, its front end or
//! a broken network gives it. Separate from the rules that say which call gets it.

use serde_json::{Value, json};

use super::call::Call;
use super::status;
use crate::http::HttpResponse;

/// The fault that a call meets.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This answer, and nothing is done.
    Reply {
        /// The HTTP status.
        code: u16,
        /// The body.
        body: Body,
        /// Seconds for a `Retry-After` header.
        retry_after: Option<u32>,
    },
    /// No answer until the client gives up; nothing is done.
    Hang,
    /// It is done, but there is no answer until the client gives up.
    HangAfter,
    /// The connection ends without an answer; nothing is done.
    CloseBefore,
    /// It is done, then the connection ends without an answer.
    CloseAfter,
    /// A watch that ends in order after so many events, as a server ends it after a while.
    WatchEnds(usize),
    /// A watch whose connection breaks after so many events.
    WatchBreaks(usize),
    /// A watch that stays open after so many events and tells nothing any more.
    WatchSilent(usize),
    /// A watch that ends after so many events with an ERROR event, 410 Gone.
    WatchGone(usize),
}

/// A scripted body.
#[derive(Clone, Debug)]
pub enum Body {
    /// A Status object; its details name the object of the call.
    Status {
        /// The reason; empty for none.
        reason: String,
        /// The message.
        message: String,
        /// More for `details`, such as `causes`.
        details: Value,
    },
    /// A lost race for the object of the call.
    LostRace,
    /// Pairs of managers and the fields that they own.
    Ownership(Vec<(String, String)>),
    /// Not allowed, as RBAC says it.
    Forbidden,
    /// Any JSON.
    Json(Value),
    /// Plain text, as from something in front of the server.
    Text(String),
}

impl Answer {
    /// An error with a Status body of one's own; an empty reason is left out.
    pub fn status(code: u16, reason: &str, message: &str) -> Self {
        Self::with_details(code, reason, message, Value::Null)
    }

    fn with_details(code: u16, reason: &str, message: &str, details: Value) -> Self {
        Self::reply(code, Body::Status { reason: reason.into(), message: message.into(), details })
    }

    fn reply(code: u16, body: Body) -> Self {
        Self::Reply { code, body, retry_after: None }
    }

    /// Any answer that isn't Kubernetes' own, such as a load balancer's.
    pub fn text(code: u16, text: &str) -> Self {
        Self::reply(code, Body::Text(text.into()))
    }

    /// Any JSON.
    pub fn json(code: u16, body: Value) -> Self {
        Self::reply(code, Body::Json(body))
    }

    /// Adds a `Retry-After` header, in seconds, to a reply.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        if let Self::Reply { retry_after, .. } = &mut self {
            *retry_after = Some(seconds);
        }
        self
    }

    /// A 409 of ownership: pairs of a manager, as `kubectl` or with its subresource
    /// `kube-controller-manager/scale`, and the field that it owns, as `.spec.replicas`.
    pub fn ownership_conflict(owned: &[(&str, &str)]) -> Self {
        let pair = |(manager, field): &(&str, &str)| (manager.to_string(), field.to_string());
        Self::reply(409, Body::Ownership(owned.iter().map(pair).collect()))
    }

    /// A 409 without causes: somebody wrote in between.
    pub fn lost_race() -> Self {
        Self::reply(409, Body::LostRace)
    }

    /// A 429 with `Retry-After`, as the server's own flow control sends it: plain text.
    pub fn overloaded(seconds: u32) -> Self {
        let text = "Too many requests, please try again later.\n";
        Self::text(429, text).retry_after(seconds)
    }

    /// A 429 with `Retry-After` and a Status body, as a handler sends it.
    pub fn too_many_requests(seconds: u32) -> Self {
        let message = "the server has received too many requests and has asked us to try again later";
        let details = json!({ "retryAfterSeconds": seconds });
        Self::with_details(429, "TooManyRequests", message, details).retry_after(seconds)
    }

    /// A 500 with the reason InternalError: something behind the server failed.
    pub fn internal_error(message: &str) -> Self {
        let details = json!({ "causes": [{ "message": message }] });
        let message = format!("Internal error occurred: {message}");
        Self::with_details(500, "InternalError", &message, details)
    }

    /// The InternalError of an admission webhook that isn't there yet.
    pub fn webhook_unavailable(webhook: &str) -> Self {
        Self::internal_error(&format!(
            "failed calling webhook \"{webhook}\": failed to call webhook: Post \"https://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused"
        ))
    }

    /// A 500 without a reason: the manifest itself is wrong.
    pub fn untyped_500(message: &str) -> Self {
        Self::status(500, "", message)
    }

    /// A 422 with one cause per field: pairs of field and message.
    pub fn invalid(causes: &[(&str, &str)]) -> Self {
        let list: Vec<Value> = causes.iter().map(|(field, message)| {
            json!({ "reason": "FieldValueInvalid", "message": message, "field": field })
        }).collect();
        let words: Vec<String> =
            causes.iter().map(|(field, message)| format!("{field}: {message}")).collect();
        let details = json!({ "causes": list });
        Self::with_details(422, "Invalid", &words.join(", "), details)
    }

    /// A 403 as RBAC phrases it.
    pub fn forbidden() -> Self {
        Self::reply(403, Body::Forbidden)
    }

    /// A 401: the token isn't good any more.
    pub fn unauthorized() -> Self {
        Self::json(401, status::unauthorized())
    }

    /// A 410: what the call goes on from has been forgotten.
    pub fn gone() -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result.";
        Self::json(410, status::expired(message))
    }

    /// A 502 of something in front of the server.
    pub fn bad_gateway() -> Self {
        Self::text(502, "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
    }

    /// A 503 with a Status body.
    pub fn unavailable() -> Self {
        let message = "the server is currently unable to handle the request";
        Self::status(503, "ServiceUnavailable", message)
    }

    /// A 504: it took the server too long.
    pub fn gateway_timeout() -> Self {
        let message = "Timeout: request did not complete within the allotted duration";
        Self::status(504, "Timeout", message)
    }
}

/// The answer's bytes-to-be.
pub(crate) fn response(code: u16, body: &Body, retry_after: Option<u32>, call: &Call) -> HttpResponse {
    let json = |value: Value| HttpResponse::new(code, "application/json", value.to_string());
    let mut response = match body {
        Body::Text(text) => HttpResponse::new(code, "text/plain; charset=utf-8", text.as_str()),
        Body::Json(value) => json(value.clone()),
        Body::Ownership(owned) => json(ownership(owned, &call.api_version())),
        Body::LostRace => json(status::lost_race(call, status::MODIFIED)),
        Body::Forbidden => json(status::forbidden(call)),
        Body::Status { reason, message, details } => {
            let mut all = status::details(call);
            if let (Some(all), Some(more)) = (all.as_object_mut(), details.as_object()) {
                all.extend(more.clone());
            }
            json(status::failure(code, reason, message, all))
        }
    };
    if let Some(seconds) = retry_after {
        response.headers.push(("retry-after".into(), seconds.to_string()));
    }
    response
}

/// The conflict of an apply with fields that other managers own.
fn ownership(owned: &[(String, String)], version: &str) -> Value {
    let phrase = |manager: &str| match manager.split_once('/') {
        Some((name, part)) => format!("\"{name}\" with subresource \"{part}\" using {version}"),
        None => format!("\"{manager}\" using {version}"),
    };
    let cause = |(manager, field): &(String, String)| {
        let message = format!("conflict with {}", phrase(manager));
        json!({ "reason": "FieldManagerConflict", "message": message, "field": field })
    };
    let causes: Vec<Value> = owned.iter().map(cause).collect();
    let message = match owned {
        [(manager, field)] => {
            format!("Apply failed with 1 conflict: conflict with {}: {field}", phrase(manager))
        }
        _ => {
            let line = |(manager, field): &(String, String)| {
                format!("\nconflicts with {}:\n- {field}", phrase(manager))
            };
            let lines: String = owned.iter().map(line).collect();
            format!("Apply failed with {} conflicts:{lines}", owned.len())
        }
    };
    status::failure(409, "Conflict", &message, json!({ "causes": causes }))
}
