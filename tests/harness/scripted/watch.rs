//! Watches: the history of a resource from a resourceVersion on, and their faults.
//!
//! Takes a call and the server's state; sends events until the watch's time is over, a script
//! ends it or the server goes. Separate because it is the only answer without an end.

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::read::{Form, form};
use super::selector::Selector;
use super::state::{Shared, State};
use super::store::{Event, Store};
use super::{status, write};
use crate::http::{chunk, chunked_head};
use crate::wire::{Wire, lock};

/// As long as the real server keeps a watch at most, nearly.
const LONGEST: Duration = Duration::from_secs(3600);

/// One watch.
struct Watch<'a> {
    call: &'a Call,
    selector: Selector,
    form: Form,
    bookmarks: bool,
    /// What is known to the client.
    version: u64,
    /// Events sent, bookmarks not counted.
    sent: usize,
    fault: Option<Answer>,
}

/// How a watch is over.
enum End {
    InOrder,
    Broken,
}

/// Serves a watch to its end; an error means that the client is gone. Gives whether the
/// connection may go on.
pub(crate) fn serve(shared: &Shared, wire: &Wire, call: &Call, fault: Option<Answer>) -> io::Result<bool> {
    let selector = match write::selector(call) {
        Ok(selector) => selector,
        Err(failure) => {
            let body = failure.to_string();
            wire.send(&crate::http::HttpResponse::new(400, "application/json", body).bytes())?;
            return Ok(true);
        }
    };
    let watch = Watch {
        call,
        selector,
        form: form(call),
        bookmarks: call.parameter("allowWatchBookmarks").is_some_and(|text| text != "false"),
        version: 0,
        sent: 0,
        fault,
    };
    match watch.run(shared, wire)? {
        End::InOrder => wire.send(&chunk(b""))?,
        End::Broken => {
            wire.cut();
            return Ok(false);
        }
    }
    Ok(true)
}

impl Watch<'_> {
    fn run(mut self, shared: &Shared, wire: &Wire) -> io::Result<End> {
        let seconds = self.call.parameter("timeoutSeconds").and_then(|text| text.parse().ok());
        let end = Instant::now() + seconds.map_or(LONGEST, Duration::from_secs);
        let first = self.begin(&lock(&shared.state).store);
        // Only now: who sees the head may rely on hearing of every change from then on.
        wire.send(&chunked_head("application/json"))?;
        for frame in first {
            if let Some(end) = self.fault_is_due(wire)? {
                return Ok(end);
            }
            self.send(wire, &frame)?;
        }
        loop {
            if let Some(end) = self.fault_is_due(wire)? {
                return Ok(end);
            }
            let Some(frame) = self.next(shared, end) else {
                if self.bookmarks {
                    self.send(wire, &self.bookmark(false))?;
                }
                return Ok(End::InOrder);
            };
            self.send(wire, &frame)?;
            if frame["type"] == "ERROR" {
                return Ok(End::InOrder);
            }
        }
    }

    /// Finds out where to begin; what is there already comes first if the client names no
    /// resourceVersion or asks for it.
    fn begin(&mut self, store: &Store) -> Vec<Value> {
        let from = self.call.parameter("resourceVersion").unwrap_or_default();
        let initial = self.call.parameter("sendInitialEvents") == Some("true");
        if !initial && !matches!(from, "" | "0") {
            self.version = from.parse().unwrap_or_default();
            return Vec::new();
        }
        self.version = store.version();
        let call = self.call;
        let there = store.list(&call.group, &call.resource, &call.namespace);
        let there = there.filter(|(_, object)| self.selector.selects(object));
        let mut frames: Vec<Value> = there.map(|(_, object)| self.frame("ADDED", object)).collect();
        if initial {
            frames.push(self.bookmark(true));
        }
        frames
    }

    /// The next event, once there is one; nothing when the time is over.
    fn next(&mut self, shared: &Shared, end: Instant) -> Option<Value> {
        let mut state = lock(&shared.state);
        loop {
            if state.closing {
                return None;
            }
            if let Some(frame) = self.found(&state) {
                return Some(frame);
            }
            let left = end.checked_duration_since(Instant::now())?;
            state = shared.wait(state, left);
        }
    }

    fn found(&mut self, state: &State) -> Option<Value> {
        let Some(events) = state.store.since(self.version) else {
            let message = format!("too old resource version: {} ({})", self.version, state.store.version());
            return Some(json!({ "type": "ERROR", "object": status::expired(&message) }));
        };
        for event in events {
            self.version = event.version;
            if let Some(frame) = self.frame_of(event) {
                return Some(frame);
            }
        }
        None
    }

    /// What the client hears of a change: one that leaves the selection is a removal to it.
    fn frame_of(&self, event: &Event) -> Option<Value> {
        let Some(key) = &event.key else {
            return self.bookmarks.then(|| self.bookmark(false));
        };
        let call = self.call;
        let here = key.group == call.group
            && key.resource == call.resource
            && (call.namespace.is_empty() || key.namespace == call.namespace || key.namespace.is_empty());
        if !here {
            return None;
        }
        let selected = |object: &&Value| self.selector.selects(object);
        let old = event.old.as_ref().filter(selected);
        let new = event.new.as_ref().filter(selected);
        match (old, new) {
            (None, None) => None,
            (None, Some(new)) => Some(self.frame("ADDED", new)),
            (Some(_), Some(new)) => Some(self.frame("MODIFIED", new)),
            (Some(old), None) => Some(self.frame("DELETED", event.new.as_ref().unwrap_or(old))),
        }
    }

    fn frame(&self, kind: &str, object: &Value) -> Value {
        json!({ "type": kind, "object": self.form.of(object.clone(), self.call) })
    }

    fn bookmark(&self, initial_events_end: bool) -> Value {
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if initial_events_end {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let object = json!({
            "kind": self.call.resource, "apiVersion": self.call.api_version(), "metadata": metadata,
        });
        json!({ "type": "BOOKMARK", "object": object })
    }

    fn send(&mut self, wire: &Wire, frame: &Value) -> io::Result<()> {
        self.sent += usize::from(frame["type"] != "BOOKMARK");
        wire.send(&chunk(format!("{frame}\n").as_bytes()))
    }

    /// Plays the scripted fault if it is its turn.
    fn fault_is_due(&mut self, wire: &Wire) -> io::Result<Option<End>> {
        Ok(match self.fault {
            Some(Answer::WatchEnds(after)) if self.sent >= after => Some(End::InOrder),
            Some(Answer::WatchBreaks(after)) if self.sent >= after => Some(End::Broken),
            Some(Answer::WatchSilent(after)) if self.sent >= after => {
                wire.wait_for_end();
                Some(End::Broken)
            }
            Some(Answer::WatchGone(after)) if self.sent >= after => {
                let object = status::expired("The resourceVersion for the provided watch is too old.");
                self.send(wire, &json!({ "type": "ERROR", "object": object }))?;
                Some(End::InOrder)
            }
            _ => None,
        })
    }
}
