//! The events of a watch: JSON, one per line, each of bounded length.

use futures::{Stream, StreamExt as _, stream};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use super::body::MAX_EVENT;
use crate::transport::NoAnswer;

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

/// An event as it comes.
#[derive(Deserialize)]
struct RawEvent {
    r#type: String,
    object: Value,
}

/// The events in a body. The stream ends with the body, or when the connection breaks.
pub(super) fn events(body: Body) -> impl Stream<Item = Event> + use<> {
    let lines = stream::unfold((body, Lines::default()), |(mut body, mut lines)| async move {
        loop {
            if let Some(line) = lines.next() {
                return Some((event(&line), (body, lines)));
            }
            if lines.is_too_long() {
                lines.end();
                return Some((Some(Event::Over), (body, lines)));
            }
            // A broken connection is an end like any other; half a line tells nothing.
            let frame = if lines.has_ended { None } else { body.frame().await };
            if let Ok(data) = frame?.ok()?.into_data() {
                lines.add(&data);
            }
        }
    });
    lines.filter_map(async |event| event)
}

/// Lines of what came in so far.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Up to where there is no line's end.
    searched: usize,
    has_ended: bool,
}

impl Lines {
    fn add(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let rest = self.buffer.split_off(self.searched + at + 1);
        self.searched = 0;
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    fn is_too_long(&self) -> bool {
        self.buffer.len() > MAX_EVENT
    }

    fn end(&mut self) {
        *self = Self { has_ended: true, ..Self::default() };
    }
}

/// The event of a line; none for an empty line.
fn event(line: &[u8]) -> Option<Event> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    let Ok(RawEvent { r#type, object }) = serde_json::from_slice(line) else {
        return Some(Event::Over);
    };
    Some(match r#type.as_str() {
        "ADDED" | "MODIFIED" => Event::Present(object),
        "DELETED" => Event::Gone(object),
        "BOOKMARK" => {
            let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
            Event::Reached(version.to_owned())
        }
        _ => Event::Over,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn told(body: String) -> Vec<String> {
        let words = |event: Event| match event {
            Event::Present(object) => format!("present {}", object["metadata"]["name"]),
            Event::Gone(object) => format!("gone {}", object["metadata"]["name"]),
            Event::Reached(version) => format!("reached {version}"),
            Event::Over => "over".to_owned(),
        };
        events(Body::from(body.into_bytes())).map(words).collect().await
    }

    fn line(kind: &str, name: &str) -> String {
        json!({"type": kind, "object": {"metadata": {"name": name, "resourceVersion": "7"}}}).to_string()
            + "\n"
    }

    #[tokio::test]
    async fn each_line_is_an_event() {
        let body = line("ADDED", "a") + "\n" + &line("DELETED", "a") + &line("BOOKMARK", "") + "{\"type\": ";
        assert_eq!(told(body).await, ["present \"a\"", "gone \"a\"", "reached 7"]);
        assert_eq!(told(line("ERROR", "")).await, ["over"]);
        assert_eq!(told("<html>\n".to_owned()).await, ["over"]);
    }

    #[tokio::test]
    async fn an_event_without_end_ends_the_watch() {
        assert_eq!(told("x".repeat(MAX_EVENT + 1)).await, ["over"]);
    }
}
