//! Everything that the scripted server's connections share.
//!
//! Takes calls, gives what is to be done with them: the scripted fault if it is one's turn,
//! otherwise the store's answer. Separate from the connections, so that the whole server can be
//! read as a function of one call.

use std::ops::{Bound, RangeBounds};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::call::{Call, Verb};
use super::calls::Calls;
use super::discovery::{Discovery, nowhere, unavailable};
use super::resources::REVIEWS;
use super::store::Store;
use super::{read, status, write};
use crate::http::{HttpRequest, HttpResponse, header};

/// The state, and the signal that it has changed.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
}

impl Shared {
    /// Waits for the next change, or until the time is over.
    pub(crate) fn wait<'a>(&self, state: MutexGuard<'a, State>, longest: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, longest);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// What the server is.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) calls: Vec<Call>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) token: Token,
    /// What the user has no right to.
    pub(crate) denied: Vec<Calls>,
    /// Aggregated groups and versions whose own server doesn't answer.
    pub(crate) broken: Vec<(String, String)>,
    /// Whether discovery is offered in one document.
    pub(crate) aggregated: bool,
    /// The server is about to end.
    pub(crate) closing: bool,
}

/// One line of the script.
pub(crate) struct Rule {
    calls: Calls,
    /// From which to which of the calls that fit, counted from 1.
    turns: (Bound<usize>, Bound<usize>),
    answer: Answer,
    seen: usize,
}

impl Rule {
    pub(crate) fn new(calls: Calls, turns: impl RangeBounds<usize>, answer: Answer) -> Self {
        let turns = (turns.start_bound().cloned(), turns.end_bound().cloned());
        Self { calls, turns, answer, seen: 0 }
    }
}

/// The token that is good at present.
pub(crate) struct Token {
    number: usize,
    /// Calls that it is still good for.
    left: Option<usize>,
    /// Where an exec plugin reads its credential.
    pub(crate) file: Option<PathBuf>,
    /// When the credential says that it ends.
    pub(crate) expiry: Option<String>,
}

impl Token {
    /// The token itself.
    pub(crate) fn text(&self) -> String {
        format!("token-{}", self.number)
    }

    /// The present token ends after so many more calls.
    pub(crate) fn expire_after(&mut self, calls: usize) {
        self.left = Some(calls);
        self.renew_if_due();
    }

    fn renew_if_due(&mut self) {
        if self.left == Some(0) {
            self.left = None;
            self.number += 1;
            self.write();
        }
    }

    /// Gives the exec plugin the present token.
    pub(crate) fn write(&self) {
        let Some(file) = &self.file else { return };
        let mut status = json!({ "token": self.text() });
        if let Some(expiry) = &self.expiry {
            status["expirationTimestamp"] = expiry.as_str().into();
        }
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
        });
        // In one step: the plugin may be reading it.
        let next = file.with_extension("next");
        std::fs::write(&next, credential.to_string()).unwrap();
        std::fs::rename(next, file).unwrap();
    }

    /// Whether the call shows it; that is one of the calls that it is good for.
    fn admits(&mut self, request: &HttpRequest) -> bool {
        let shown = header(&request.headers, "authorization").unwrap_or_default();
        if shown != format!("Bearer {}", self.text()) {
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        self.renew_if_due();
        true
    }
}

/// What is to be done with a call.
pub(crate) enum Todo {
    /// Send this.
    Answer(HttpResponse),
    /// Serve the watch, with a fault perhaps.
    Watch(Option<Answer>),
    /// Wait until the client gives up.
    Hang,
    /// End the connection without an answer.
    Close,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            store: Store::new(),
            calls: Vec::new(),
            rules: Vec::new(),
            token: Token { number: 1, left: None, file: None, expiry: None },
            denied: Vec::new(),
            broken: Vec::new(),
            aggregated: true,
            closing: false,
        }
    }

    /// Records a request, and does what it asks for unless the script has something else.
    pub(crate) fn take(&mut self, request: &HttpRequest) -> (Call, Todo) {
        let call = Call::read(self.calls.len() + 1, request);
        self.calls.push(call.clone());
        let todo = match self.token.admits(request) {
            true => self.decide(&call),
            false => Todo::Answer(json_response(401, &status::unauthorized())),
        };
        let record = &mut self.calls[call.number - 1];
        record.answered = match &todo {
            Todo::Answer(response) => Some(response.status),
            Todo::Watch(_) => Some(200),
            Todo::Hang | Todo::Close => None,
        };
        (call, todo)
    }

    fn decide(&mut self, call: &Call) -> Todo {
        match self.scripted(call) {
            None => self.serve(call),
            Some(Answer::Reply { code, body, retry_after }) => {
                Todo::Answer(super::answer::response(code, &body, retry_after, call))
            }
            Some(Answer::Hang) => Todo::Hang,
            Some(Answer::CloseBefore) => Todo::Close,
            Some(Answer::HangAfter) => {
                self.serve(call);
                Todo::Hang
            }
            Some(Answer::CloseAfter) => {
                self.serve(call);
                Todo::Close
            }
            Some(fault) => match self.serve(call) {
                Todo::Watch(_) => Todo::Watch(Some(fault)),
                other => other,
            },
        }
    }

    /// The first line of the script whose turn it is; each line counts all calls that fit it.
    fn scripted(&mut self, call: &Call) -> Option<Answer> {
        let mut chosen = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.calls.fit(call)) {
            rule.seen += 1;
            if chosen.is_none() && rule.turns.contains(&rule.seen) {
                chosen = Some(rule.answer.clone());
            }
        }
        chosen
    }

    /// What a healthy server does.
    fn serve(&mut self, call: &Call) -> Todo {
        let discovery = Discovery {
            resources: self.store.resources(),
            broken: self.broken.clone(),
            aggregated: self.aggregated,
        };
        if call.resource.is_empty() {
            let accept = call.header("accept").unwrap_or_default();
            return Todo::Answer(discovery.document(&call.path, accept).unwrap_or_else(nowhere));
        }
        if discovery.is_broken(&call.group, &call.version) {
            return Todo::Answer(unavailable());
        }
        let served = discovery.resources.iter().find(|found| {
            found.group == call.group && found.version == call.version && found.plural == call.resource
        });
        let known_part = matches!(call.subresource.as_str(), "" | "status" | "finalize");
        let Some(resource) = served.filter(|_| known_part) else {
            return Todo::Answer(nowhere());
        };
        if self.denied.iter().any(|calls| calls.fit(call)) {
            return Todo::Answer(json_response(403, &status::forbidden(call)));
        }
        let (code, body) = match call.verb {
            Verb::Watch => return Todo::Watch(None),
            Verb::Get | Verb::List => read::serve(&self.store, resource, call),
            Verb::Create if resource.group == REVIEWS => match write::parsed(call) {
                Ok(review) => (201, self.review(call, review)),
                Err(failure) => write::refused(failure),
            },
            _ => write::serve(&mut self.store, resource, call),
        };
        Todo::Answer(json_response(code, &body))
    }

    /// The answer to "may I": all that isn't denied.
    fn review(&self, call: &Call, mut review: Value) -> Value {
        if call.resource == "selfsubjectrulesreviews" {
            review["status"] = json!({
                "incomplete": !self.denied.is_empty(),
                "resourceRules": [{ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }],
                "nonResourceRules": [{ "verbs": ["*"], "nonResourceURLs": ["*"] }],
            });
            return review;
        }
        let asked = &review["spec"]["resourceAttributes"];
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let verb = Verb::ALL.into_iter().find(|verb| verb.word() == text("verb"));
        let mut meant = call.clone();
        meant.verb = verb.unwrap_or(Verb::Get);
        meant.group = text("group");
        meant.resource = text("resource");
        meant.subresource = text("subresource");
        meant.namespace = text("namespace");
        meant.name = text("name");
        meant.body = json!({ "metadata": { "name": meant.name } }).to_string().into();
        let denied = self.denied.iter().any(|calls| calls.fit(&meant));
        review["status"] = json!({ "allowed": !denied });
        review
    }
}

fn json_response(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(status, "application/json", body.to_string())
}
