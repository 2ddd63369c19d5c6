//! What the server said, and whether it is the server's at all.
//!
//! Takes status, headers and body; gives an [`Answer`], or the failure of a response that no API server gives:
//! a sign-in page, nothing at all, half of something.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WARNING};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{self, Reply, Transport};
use crate::transport::NoAnswer;

/// What the server said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to wait before another try.
    pub retry_after: Option<Duration>,
    /// The `Warning` headers, as they came: what users should know though the request was done.
    pub warnings: Vec<String>,
    /// The body; null if it is no JSON.
    pub body: Value,
}

impl Answer {
    /// An answer without headers.
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body, ..Self::default() }
    }

    /// Whether the request was done.
    pub fn is_success(&self) -> bool {
        is_success(self.status)
    }

    /// The objects of a list; whatever else a server sends is none.
    pub fn into_objects(self) -> Vec<Value> {
        let Value::Object(mut list) = self.body else { return Vec::new() };
        match list.remove("items") {
            Some(Value::Array(items)) => items.into_iter().filter(Value::is_object).collect(),
            _ => Vec::new(),
        }
    }

    /// The answer as [`crate::answer::classify`] takes it.
    pub fn reply(&self) -> Reply<'_> {
        Reply { code: self.status, body: &self.body, retry_after: self.retry_after }
    }

    /// What the server warns of.
    pub fn warning_texts(&self) -> Vec<String> {
        self.warnings.iter().map(|header| answer::warning_text(header)).collect()
    }

    /// The server's own words, or its status where it said nothing.
    pub fn message(&self) -> String {
        match self.body["message"].as_str() {
            Some(message) if !message.is_empty() => message.to_owned(),
            _ => format!("the server answered {}", self.status),
        }
    }
}

/// What came of reading a path.
#[derive(Debug, Clone)]
pub enum Read<T> {
    /// It is there.
    Found(T),
    /// The server says no.
    Refused(Answer),
}

/// What a request came to, as far as repeating it is concerned.
pub(super) trait Outcome {
    /// The server's no.
    fn refusal(&self) -> Option<&Answer>;
}

impl Outcome for Answer {
    fn refusal(&self) -> Option<&Answer> {
        (!self.is_success()).then_some(self)
    }
}

impl<T> Outcome for Read<T> {
    fn refusal(&self) -> Option<&Answer> {
        match self {
            Self::Found(_) => None,
            Self::Refused(answer) => Some(answer),
        }
    }
}

/// A response whose body is read and not yet looked at.
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) warnings: Vec<String>,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// A response without its body.
    pub(super) fn head(status: u16, headers: &HeaderMap) -> Self {
        let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
        let retry_after = headers.get(RETRY_AFTER).and_then(text);
        Self {
            status,
            retry_after: retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs),
            warnings: headers.get_all(WARNING).iter().filter_map(text).collect(),
            content_type: headers.get(CONTENT_TYPE).and_then(text).unwrap_or_default(),
            body: Vec::new(),
        }
    }

    /// The answer, whatever it says.
    ///
    /// # Errors
    /// It says yes and is no JSON.
    pub(super) fn into_answer(self) -> Result<Answer, NoAnswer> {
        let body = match self.parsed() {
            Ok(body) => body,
            Err(error) if is_success(self.status) => return Err(error),
            Err(_) => Value::Null,
        };
        let Self { status, retry_after, warnings, .. } = self;
        Ok(Answer { status, retry_after, warnings, body })
    }

    /// What was asked for, or why not.
    ///
    /// # Errors
    /// It says yes and is no `T`.
    pub(super) fn into_read<T: DeserializeOwned>(self) -> Result<Read<T>, NoAnswer> {
        if is_success(self.status) {
            return self.parsed().map(Read::Found);
        }
        self.into_answer().map(Read::Refused)
    }

    fn parsed<T: DeserializeOwned>(&self) -> Result<T, NoAnswer> {
        // Without the parser's own words: they may quote what was read.
        serde_json::from_slice(&self.body).map_err(|error| {
            let begins_as_json = self.body.trim_ascii_start().starts_with(b"{");
            if begins_as_json && error.is_eof() {
                return NoAnswer::new(Transport::Closed, "the response ended early");
            }
            self.foreign(begins_as_json)
        })
    }

    /// A response that no API server gives.
    fn foreign(&self, is_json: bool) -> NoAnswer {
        let Self { status, content_type, body, .. } = self;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        // What stands in a header is anybody's.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte);
        let is_known = !media_type.is_empty() && media_type.len() <= 80 && media_type.bytes().all(is_plain);
        let what = match is_known {
            _ if body.is_empty() => format!("it is empty (status {status})"),
            _ if is_json => format!("it can't be read (status {status})"),
            true => format!("{media_type} (status {status}); is it a proxy's or a sign-in page?"),
            false => format!("no JSON (status {status}); is it a proxy's or a sign-in page?"),
        };
        NoAnswer::new(Transport::Foreign, format!("the response is no Kubernetes object: {what}"))
    }
}

pub(super) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(status: u16, content_type: &str, body: &str) -> Received {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        Received { body: body.into(), ..Received::head(status, &headers) }
    }

    fn why(received: Received) -> (Transport, String) {
        let error = received.into_answer().unwrap_err();
        (error.transport, error.detail)
    }

    #[test]
    fn what_says_yes_and_is_no_json_is_not_the_servers() {
        assert_eq!(
            why(received(200, "text/html; charset=utf-8", "<html>Sign in</html>")),
            (
                Transport::Foreign,
                "the response is no Kubernetes object: text/html (status 200); is it a proxy's or a sign-in page?".into()
            )
        );
        assert_eq!(
            why(received(204, "application/json", "")),
            (Transport::Foreign, "the response is no Kubernetes object: it is empty (status 204)".into())
        );
        let (transport, detail) = why(received(200, "<b>: any words", "hello"));
        assert!(transport == Transport::Foreign && !detail.contains("<b>"), "{detail:?}");
    }

    #[test]
    fn half_a_response_is_a_broken_connection() {
        let half = (Transport::Closed, "the response ended early".to_owned());
        assert_eq!(why(received(200, "application/json", r#"{"kind": "Confi"#)), half);
        let typed = received(200, "application/json", r#"{"a": "b"#).into_read::<Value>().unwrap_err();
        assert_eq!((typed.transport, typed.detail), half);
    }

    #[test]
    fn a_refusal_counts_whatever_its_body() {
        let answer = received(502, "text/html", "<html>").into_answer().unwrap();
        assert_eq!((answer.status, answer.body), (502, Value::Null));
    }

    #[test]
    fn headers_that_matter_are_kept() {
        let mut headers = HeaderMap::new();
        headers.append(WARNING, r#"299 - "old""#.parse().unwrap());
        headers.append(WARNING, r#"299 - "older""#.parse().unwrap());
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let answer = Received { body: "{}".into(), ..Received::head(200, &headers) }.into_answer().unwrap();
        assert_eq!(answer.warnings, [r#"299 - "old""#, r#"299 - "older""#]);
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    }
}
