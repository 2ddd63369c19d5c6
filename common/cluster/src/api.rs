//! Requests to the API server, and what came back.
//!
//! Takes paths and JSON, gives answers as they are: status and body. What an answer means is decided by
//! [`crate::answer`]; nothing sleeps here, and nothing is sent again but with new credentials.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::access::{Access, UNAUTHORIZED};
use crate::answer::{Reply, Transport};
use crate::server_time::ServerTime;
pub use crate::transport::NoAnswer;

/// The media type of a server-side apply.
pub const APPLY: &str = "application/apply-patch+yaml";

/// The media type of a JSON patch.
pub const JSON_PATCH: &str = "application/json-patch+json";

const JSON: &str = "application/json";

/// What the server said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to wait before another try.
    pub retry_after: Option<Duration>,
    /// The body; null if it is no JSON.
    pub body: Value,
}

impl Answer {
    /// Whether the request was done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
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

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub struct List<T> {
    /// Where the list stands.
    pub metadata: ListMeta,
    /// The objects; null where an aggregated API says nothing as Go does.
    pub items: Option<Vec<T>>,
}

/// Where a list stands.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMeta {
    /// The version that the list shows.
    #[serde(default)]
    pub resource_version: String,
    /// The token of the next page; empty on the last.
    #[serde(default)]
    pub r#continue: String,
}

/// What a watch tells.
#[derive(Debug, Clone)]
pub enum Event {
    /// An object is there, or changed.
    Present(Value),
    /// An object is gone.
    Gone(Value),
    /// Nothing happened up to this version: a bookmark.
    Reached(String),
    /// The watch can't go on from where it was: 410, for instance. List anew.
    Over,
}

/// Why a watch can't begin.
#[derive(Debug)]
pub enum NoWatch {
    /// The server says no.
    Refused(Answer),
    /// No answer came.
    NoAnswer(NoAnswer),
}

/// A way to the API server.
#[derive(Clone)]
pub struct Api {
    access: Access,
    timeout: Option<Duration>,
    server_time: Arc<ServerTime>,
}

impl Api {
    /// Requests through `access`, each of which may take `timeout`; watches may take any time.
    pub fn new(access: Access, timeout: Option<Duration>) -> Self {
        Self { access, timeout, server_time: Arc::default() }
    }

    /// What time it is by the server's clock, in seconds since 1970: as its last answer said; `None` if none did.
    pub fn server_time(&self) -> Option<i64> {
        self.server_time.now()
    }

    /// Gets a path.
    ///
    /// # Errors
    /// No answer came.
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::GET, path, JSON, None).await.map(Answer::from)
    }

    /// Gets a path in another representation.
    ///
    /// # Errors
    /// No answer came.
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::GET, path, accept, None).await.map(Answer::from)
    }

    /// Gets a path whose body is a `T`. The fields that `T` doesn't have are never kept, which counts for long
    /// lists.
    ///
    /// # Errors
    /// No answer came, or one that is no `T`.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Read<T>, NoAnswer> {
        let reply = self.send(Method::GET, path, JSON, None).await?;
        if !(200..300).contains(&reply.status) {
            return Ok(Read::Refused(reply.into()));
        }
        // Without the parser's own words: they may quote what was read.
        let unreadable = |_| NoAnswer::new(Transport::Closed, "the server's answer isn't what was asked for");
        serde_json::from_slice(&reply.body).map(Read::Found).map_err(unreadable)
    }

    /// Patches an object; `kind` is the patch's media type.
    ///
    /// # Errors
    /// No answer came.
    pub async fn patch(&self, path: &str, kind: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::PATCH, path, JSON, Some((kind, body))).await.map(Answer::from)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// No answer came.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::POST, path, JSON, Some((JSON, body))).await.map(Answer::from)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// No answer came.
    pub async fn delete(&self, path: &str, options: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::DELETE, path, JSON, Some((JSON, options))).await.map(Answer::from)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Received, NoAnswer> {
        let mut pass = self.access.pass();
        loop {
            let mut request = Request::builder().method(&method).uri(path).header(ACCEPT, accept);
            let mut bytes = Vec::new();
            if let Some((kind, body)) = body {
                request = request.header(CONTENT_TYPE, kind);
                bytes = body.to_string().into_bytes();
            }
            let request = request.body(Body::from(bytes)).map_err(unsent)?;
            let answer = within(self.timeout, exchange(&pass.client, request, &self.server_time)).await?;
            pass.judged(answer.status);
            if answer.status != UNAUTHORIZED {
                return Ok(answer);
            }
            let Some(renewed) = self.access.renewed(&pass).await else {
                return Ok(answer);
            };
            pass = renewed;
        }
    }

    /// Watches a path, which has `watch=true` in it. The stream ends when the server ends it or the connection
    /// breaks; that is no error, a watch may end at any time.
    ///
    /// # Errors
    /// The server says no, or no answer came.
    pub async fn watch(&self, path: &str) -> Result<impl Stream<Item = Event> + use<>, NoWatch> {
        let mut pass = self.access.pass();
        let events = loop {
            let request = Request::builder().uri(path).header(ACCEPT, JSON).body(Vec::new());
            let request = request.map_err(|error| NoWatch::NoAnswer(unsent(error)))?;
            let begin = async { Ok(pass.client.request_events::<Value>(request).await) };
            let refused = match within(self.timeout, begin).await {
                Ok(Ok(events)) => break events,
                Ok(Err(kube::Error::Api(status))) => refusal(&status),
                Ok(Err(error)) => return Err(NoWatch::NoAnswer(error.into())),
                Err(no_answer) => return Err(NoWatch::NoAnswer(no_answer)),
            };
            pass.judged(refused.status);
            let renewed = match refused.status {
                UNAUTHORIZED => self.access.renewed(&pass).await,
                _ => None,
            };
            pass = renewed.ok_or(NoWatch::Refused(refused))?;
        };
        pass.judged(200);
        Ok(events.map(|event| match event {
            Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => Event::Present(object),
            Ok(WatchEvent::Deleted(object)) => Event::Gone(object),
            Ok(WatchEvent::Bookmark(bookmark)) => Event::Reached(bookmark.metadata.resource_version),
            Ok(WatchEvent::Error(_)) | Err(_) => Event::Over,
        }))
    }

    /// The client as it is now, for what isn't JSON.
    pub fn client(&self) -> Client {
        self.access.pass().client
    }
}

/// An answer whose body has yet to be read.
struct Received {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl From<Received> for Answer {
    fn from(received: Received) -> Self {
        let Received { status, retry_after, body } = received;
        Self { status, retry_after, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }
}

/// Sends a request and receives the answer.
async fn exchange(
    client: &Client,
    request: Request<Body>,
    time: &ServerTime,
) -> Result<Received, kube::Error> {
    let response = client.send(request).await?;
    time.note(response.headers());
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Ok(Received { status, retry_after, body: response.into_body().collect_bytes().await?.into() })
}

/// Runs an exchange with the server, within the time it may take.
async fn within<T>(
    timeout: Option<Duration>,
    exchange: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, NoAnswer> {
    let Some(timeout) = timeout else {
        return exchange.await.map_err(NoAnswer::from);
    };
    match tokio::time::timeout(timeout, exchange).await {
        Ok(answer) => answer.map_err(NoAnswer::from),
        Err(_) => Err(NoAnswer::new(Transport::TimedOut, format!("no answer within {timeout:?}"))),
    }
}

fn unsent(error: http::Error) -> NoAnswer {
    NoAnswer::new(Transport::Unsent, error.to_string())
}

/// kube's form of a refusal, back in the form that the server gave.
fn refusal(status: &kube::core::Status) -> Answer {
    Answer { status: status.code, retry_after: None, body: serde_json::to_value(status).unwrap_or_default() }
}
