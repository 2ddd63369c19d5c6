//! Requests to the API server, and what came back.
//!
//! Takes paths and JSON, gives answers as they are: status and body. What an answer means is decided by
//! [`crate::answer`]. What is safe to repeat is repeated here, by one policy ([`Retry`]): reads, server-side
//! applies, questions and deletions of one very object. All else is sent once: its answer may be lost after it was
//! done, and only the caller knows where to look then. What comes in is bounded, and said where it is waited for
//! long.

mod body;
mod list;
mod response;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::Stream;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use kube::client::Body;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::access::{Access, Pass, UNAUTHORIZED};
use crate::answer::{self, Transport};
use crate::notices::{Notices, SLOW_AFTER};
use crate::retry::{Retry, Tries};
use crate::server_time::ServerTime;
pub use crate::transport::NoAnswer;
pub use list::{List, ListHead, ListMeta, ListRequest, Page, Pages, Step};
pub use response::{Answer, Read};
use response::{Outcome, Received, is_success};
pub use watch::{Event, NoWatch};

/// The media type of a server-side apply.
pub const APPLY: &str = "application/apply-patch+yaml";

/// The media type of a JSON patch.
pub const JSON_PATCH: &str = "application/json-patch+json";

const JSON: &str = "application/json";

/// How often a server is tried again that has never answered: more likely, its address is wrong.
const STRANGER_TRIES: u32 = 2;

/// Why something can't be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// The server says no.
    #[error("{}", answer.message())]
    Refused {
        /// The path that was asked for.
        path: String,
        /// What it said.
        answer: Answer,
    },
    /// No answer came.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// A way to the API server.
#[derive(Clone)]
pub struct Api {
    access: Access,
    timeout: Option<Duration>,
    server_time: Arc<ServerTime>,
    retry: Retry,
    notices: Notices,
    /// Whether anything ever came back.
    has_answered: Arc<AtomicBool>,
}

/// A request.
#[derive(Clone, Copy)]
struct Call<'a> {
    method: &'static str,
    path: &'a str,
    accept: &'a str,
    /// A media type and what is sent.
    body: Option<(&'a str, &'a Value)>,
    /// How much may come back.
    limit: usize,
}

impl<'a> Call<'a> {
    fn get(path: &'a str, accept: &'a str) -> Self {
        Self { method: "GET", path, accept, body: None, limit: body::MAX_BODY }
    }

    fn send(method: &'static str, path: &'a str, kind: &'a str, body: &'a Value) -> Self {
        Self { method, path, accept: JSON, body: Some((kind, body)), limit: body::MAX_BODY }
    }

    /// What it is called in lines about waiting: without the query, which tells little.
    fn words(&self) -> String {
        format!("{} {}", self.method, self.path.split('?').next().unwrap_or(self.path))
    }
}

impl Api {
    /// Requests through `access`, each of which may take `timeout`; watches may take any time.
    pub fn new(access: Access, timeout: Option<Duration>) -> Self {
        let (retry, notices) = (Retry::default(), Notices::default());
        Self { access, timeout, retry, notices, has_answered: Arc::default(), server_time: Arc::default() }
    }

    /// What time it is by the server's clock, in seconds since 1970: as its last answer said; `None` if none did.
    pub fn server_time(&self) -> Option<i64> {
        self.server_time.now()
    }

    /// The same way, where what is safe to repeat is repeated by another policy.
    #[must_use]
    pub fn with_retry(&self, retry: Retry) -> Self {
        Self { retry, ..self.clone() }
    }

    /// The same way for those who ask again by themselves: nothing is repeated.
    #[must_use]
    pub fn once(&self) -> Self {
        self.with_retry(Retry::NEVER)
    }

    /// How what is safe to repeat is repeated.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// What is said of waits that take long.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Gets a path.
    ///
    /// # Errors
    /// No answer came.
    pub async fn get(&self, path: &str) -> Result<Answer, NoAnswer> {
        self.get_as(path, JSON).await
    }

    /// Gets a path in another representation.
    ///
    /// # Errors
    /// No answer came.
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Answer, NoAnswer> {
        self.repeat(Call::get(path, accept), Received::into_answer).await
    }

    /// Gets a path whose body is a `T`. The fields that `T` doesn't have are never kept, which counts for long
    /// lists.
    ///
    /// # Errors
    /// No answer came, or one that is no `T`.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Read<T>, NoAnswer> {
        self.read_as(path, JSON).await
    }

    async fn read_as<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<Read<T>, NoAnswer> {
        self.repeat(Call::get(path, accept), Received::into_read).await
    }

    /// Lists objects, page by page.
    pub fn pages<'a>(&'a self, request: ListRequest<'a>) -> Pages<'a> {
        Pages::new(self, request)
    }

    /// Gets a text, of which `limit` bytes are read; `None` if the server says no.
    ///
    /// # Errors
    /// No answer came.
    pub async fn text(&self, path: &str, limit: usize) -> Result<Option<String>, NoAnswer> {
        let received = self.send(Call { limit, ..Call::get(path, "*/*") }).await?;
        let text = || String::from_utf8_lossy(&received.body).into_owned();
        Ok(is_success(received.status).then(text))
    }

    /// Applies an object, or asks what that would do: a server-side apply.
    ///
    /// # Errors
    /// No answer came.
    pub async fn apply(&self, path: &str, object: &Value) -> Result<Answer, NoAnswer> {
        self.repeat(Call::send("PATCH", path, APPLY, object), Received::into_answer).await
    }

    /// Asks a question that is posted: a review, which the server doesn't keep.
    ///
    /// # Errors
    /// No answer came.
    pub async fn ask(&self, path: &str, review: &Value) -> Result<Answer, NoAnswer> {
        self.repeat(Call::send("POST", path, JSON, review), Received::into_answer).await
    }

    /// Deletes one very object: `options` have its uid as a precondition, so that repeating is safe.
    ///
    /// # Errors
    /// No answer came.
    pub async fn delete_exactly(&self, path: &str, options: &Value) -> Result<Answer, NoAnswer> {
        self.repeat(Call::send("DELETE", path, JSON, options), Received::into_answer).await
    }

    /// Patches an object, once; `kind` is the patch's media type.
    ///
    /// # Errors
    /// No answer came; it may have been done nevertheless.
    pub async fn patch(&self, path: &str, kind: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Call::send("PATCH", path, kind, body)).await?.into_answer()
    }

    /// Creates an object; asked once.
    ///
    /// # Errors
    /// No answer came; it may have been done nevertheless.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Call::send("POST", path, JSON, body)).await?.into_answer()
    }

    /// Deletes an object; asked once.
    ///
    /// # Errors
    /// No answer came; it may have been done nevertheless.
    pub async fn delete(&self, path: &str, options: &Value) -> Result<Answer, NoAnswer> {
        self.send(Call::send("DELETE", path, JSON, options)).await?.into_answer()
    }

    /// Sends a request until there is an answer that would be the same next time, or the tries are used up.
    async fn repeat<T: Outcome>(
        &self,
        call: Call<'_>,
        read: impl Fn(Received) -> Result<T, NoAnswer>,
    ) -> Result<T, NoAnswer> {
        let mut tries = self.retry.tries();
        let began = Instant::now();
        loop {
            let outcome = self.send(call).await.and_then(&read);
            let refused = outcome.as_ref().map(T::refusal);
            let (after, why) = match refused {
                Ok(None) => return outcome,
                Ok(Some(answer)) => match answer::passing(answer.reply()) {
                    Some(after) => (after, answer.message()),
                    None => return outcome,
                },
                Err(error) if error.may_pass() => (None, error.to_string()),
                Err(_) => return outcome,
            };
            if !self.pause(&mut tries, began, after, || format!("{}: {why}", call.words())).await {
                return outcome;
            }
        }
    }

    /// Waits before something is tried again; `false` if there is no further try. `words` say what failed, and
    /// why, where that takes long.
    pub async fn pause(
        &self,
        tries: &mut Tries,
        began: Instant,
        after: Option<Duration>,
        words: impl Fn() -> String,
    ) -> bool {
        let is_stranger = !self.has_answered.load(Ordering::Relaxed);
        if is_stranger && tries.failures() >= STRANGER_TRIES {
            return false;
        }
        let Some(pause) = tries.failed(after) else { return false };
        let told = || format!("waiting for the API server: {}; it is asked again", words());
        self.notices.sleep(began, pause, told).await;
        true
    }

    /// Sends a request, and again only with new credentials.
    async fn send(&self, call: Call<'_>) -> Result<Received, NoAnswer> {
        let mut pass = self.access.pass();
        loop {
            let received = self.receive(&pass, call).await?;
            pass.judged(received.status);
            if received.status != UNAUTHORIZED {
                return Ok(received);
            }
            let Some(renewed) = self.access.renewed(&pass).await else {
                return Ok(received);
            };
            pass = renewed;
        }
    }

    async fn receive(&self, pass: &Pass, call: Call<'_>) -> Result<Received, NoAnswer> {
        let exchange = async {
            let response = pass.client.send(request(call)?).await?;
            self.server_time.note(response.headers());
            let mut received = Received::head(response.status().as_u16(), response.headers());
            received.body = if !is_success(received.status) {
                // A refusal without words is one all the same.
                let (bytes, is_whole) = body::read_up_to(response.into_body(), body::MAX_REFUSAL).await?;
                if is_whole { bytes } else { Vec::new() }
            } else if call.limit < body::MAX_BODY {
                body::read_up_to(response.into_body(), call.limit).await?.0
            } else {
                body::read(response.into_body(), call.limit).await?
            };
            Ok(received)
        };
        let words = || format!("waiting for the API server: {}: no answer yet", call.words());
        let received = self.notices.during(SLOW_AFTER, words, within(self.timeout, exchange)).await;
        if received.is_ok() {
            self.has_answered.store(true, Ordering::Relaxed);
        }
        received
    }

    /// Watches a path, which has `watch=true` in it. The stream ends when the server ends it or the connection
    /// breaks; that is no error, a watch may end at any time.
    ///
    /// # Errors
    /// The server says no, or no answer came.
    pub async fn watch(&self, path: &str) -> Result<impl Stream<Item = Event> + use<>, NoWatch> {
        let mut pass = self.access.pass();
        loop {
            let begin = async {
                let response = pass.client.send(request(Call::get(path, JSON))?).await?;
                let mut head = Received::head(response.status().as_u16(), response.headers());
                if is_success(head.status) {
                    return Ok(Ok(response.into_body()));
                }
                (head.body, _) = body::read_up_to(response.into_body(), body::MAX_REFUSAL).await?;
                Ok(Err(head))
            };
            let refused = match within(self.timeout, begin).await.map_err(NoWatch::NoAnswer)? {
                Ok(body) => {
                    pass.judged(200);
                    return Ok(watch::events(body));
                }
                Err(refused) => refused.into_answer().map_err(NoWatch::NoAnswer)?,
            };
            pass.judged(refused.status);
            let renewed = match refused.status {
                UNAUTHORIZED => self.access.renewed(&pass).await,
                _ => None,
            };
            pass = renewed.ok_or(NoWatch::Refused(refused))?;
        }
    }
}

fn request(call: Call<'_>) -> Result<Request<Body>, NoAnswer> {
    let method: Method = call.method.parse().unwrap_or_default();
    let mut request = Request::builder().method(method).uri(call.path).header(ACCEPT, call.accept);
    let mut bytes = Vec::new();
    if let Some((kind, body)) = call.body {
        request = request.header(CONTENT_TYPE, kind);
        bytes = body.to_string().into_bytes();
    }
    request.body(Body::from(bytes)).map_err(|error| NoAnswer::new(Transport::Unsent, error.to_string()))
}

/// Runs an exchange with the server, within the time it may take.
async fn within<T>(
    timeout: Option<Duration>,
    exchange: impl Future<Output = Result<T, NoAnswer>>,
) -> Result<T, NoAnswer> {
    let Some(timeout) = timeout else {
        return exchange.await;
    };
    let late = |_| NoAnswer::new(Transport::TimedOut, format!("no answer within {timeout:?}"));
    tokio::time::timeout(timeout, exchange).await.map_err(late)?
}

/// A text as a query's value.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
