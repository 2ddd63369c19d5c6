//! The API server's `Status` object, as far as it matters here.

use std::time::Duration;

use serde_json::Value;

/// The parts of a `Status`; empty where the body isn't one.
#[derive(Debug, Clone, Copy)]
pub struct Status<'a> {
    /// The reason in one word, for instance `Conflict`; often missing.
    pub reason: &'a str,
    /// The message, made for people.
    pub message: &'a str,
    details: Option<&'a Value>,
}

/// One of the causes that a `Status` lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatusCause<'a> {
    /// The reason in one word, for instance `FieldValueInvalid`.
    pub(super) reason: &'a str,
    /// The message; may repeat the value that is wrong.
    pub(super) message: &'a str,
    /// The field, in one of two notations; see [`crate::path`].
    pub(super) field: &'a str,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

impl<'a> Status<'a> {
    /// Reads a body; one that is no `Status` gives empty parts.
    pub fn read(body: &'a Value) -> Self {
        Self { reason: text(body, "reason"), message: text(body, "message"), details: body.get("details") }
    }

    /// How long the server wants to be left alone, if it says so.
    pub fn retry_after(self) -> Option<Duration> {
        let seconds = self.details?.get("retryAfterSeconds")?.as_u64()?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    pub(super) fn causes(self) -> impl Iterator<Item = StatusCause<'a>> {
        let causes = self.details.and_then(|details| details.get("causes")).and_then(Value::as_array);
        causes.into_iter().flatten().map(|cause| StatusCause {
            reason: text(cause, "reason"),
            message: text(cause, "message"),
            field: text(cause, "field"),
        })
    }
}
