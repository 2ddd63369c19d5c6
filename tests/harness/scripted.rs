//! A scripted Kubernetes API server, for what a healthy one won't do.
//!
//! Takes a script of faults; serves discovery and a small store of objects on loopback, meets
//! the calls that the script names with those faults, and records every call. Separate from the
//! tests so that a fault reads as one line:
//!
//! ```no_run
//! use codex_tests::{Answer, Calls, ScriptedServer};
//! # let folder = std::path::Path::new("");
//!
//! let server = ScriptedServer::start();
//! server.on(Calls::patch("configmaps").name("web"), 1..=2, Answer::too_many_requests(1));
//! let kubeconfig = server.kubeconfig().write(folder);
//! // … run a command with this kubeconfig …
//! assert_eq!(server.count(&Calls::patch("configmaps")), 3);
//! ```
//!
//! It is no API server: it validates nothing, defaults nothing, lets all lists be atomic and
//! runs no controllers. [`ScriptedServer::put`] plays those.

mod answer;
mod call;
mod calls;
mod discovery;
mod fields;
mod kubeconfig;
mod read;
mod resources;
mod selector;
mod state;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod watch;
mod write;

use std::io;
use std::ops::RangeBounds;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

pub use answer::{Answer, Body};
pub use call::{Call, Verb};
pub use calls::Calls;
pub use kubeconfig::{ScriptedKubeconfig, plugin_runs, stolen_input};

use crate::certificate::Authority;
use crate::http::{Messages, header};
use crate::listener::Listener;
use crate::wire::{Wire, lock};
use state::{Rule, Shared, State, Todo};

/// How long a test waits for what its script makes happen.
const LONGEST_WAIT: Duration = Duration::from_secs(150);

/// The server; it ends with the value, and with it every connection.
pub struct ScriptedServer {
    shared: Arc<Shared>,
    authority: Option<Authority>,
    listener: Listener,
}

impl Default for ScriptedServer {
    fn default() -> Self {
        Self::start()
    }
}

impl ScriptedServer {
    /// Starts one that speaks TLS, with a certificate authority of its own.
    pub fn start() -> Self {
        Self::serve(Some(Authority::new()))
    }

    /// Starts one that speaks plain HTTP, for clients that are no Kubernetes clients.
    pub fn start_plain() -> Self {
        Self::serve(None)
    }

    fn serve(authority: Option<Authority>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(State::new()), changed: Condvar::new() });
        let config = authority.as_ref().map(Authority::server_config);
        let theirs = Arc::clone(&shared);
        let listener = Listener::start(config, move |wire| {
            // An error means that the client is gone, which is its own business.
            let _ = converse(&theirs, &wire);
        });
        Self { shared, authority, listener }
    }

    /// `https://127.0.0.1:PORT`, or `http:` for a plain one.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.listener.address())
    }

    /// The certificate of the server's authority.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::pem)
    }

    /// A kubeconfig for this server, to be written somewhere.
    pub fn kubeconfig(&self) -> ScriptedKubeconfig<'_> {
        ScriptedKubeconfig::new(self)
    }

    /// Adds a line to the script: of the calls that fit, those with these numbers (counted from
    /// 1, from now on) meet this answer. The first line whose turn it is wins; every line counts.
    ///
    /// `..` is all of them, `1..=1` the first, `3..` all from the third on.
    pub fn on(&self, calls: Calls, turns: impl RangeBounds<usize>, answer: Answer) {
        self.change(|state| state.rules.push(Rule::new(calls, turns, answer)));
    }

    /// Forgets the script: from now on the server is healthy.
    pub fn heal(&self) {
        self.change(|state| state.rules.clear());
    }

    /// The user has no right to these calls: they get 403, and access reviews say so.
    pub fn deny(&self, calls: Calls) {
        self.change(|state| state.denied.push(calls));
    }

    /// An aggregated API, such as `metrics.k8s.io` and `v1beta1`, whose own server doesn't
    /// answer: stale in the aggregated discovery, 503 everywhere else.
    pub fn break_group(&self, group: &str, version: &str) {
        self.change(|state| state.broken.push((group.into(), version.into())));
    }

    /// Offers only the older documents of discovery, one per group and version.
    pub fn without_aggregated_discovery(&self) {
        self.change(|state| state.aggregated = false);
    }

    /// The token is good for so many more calls; then another one is, which exec plugins get.
    pub fn expire_token_after(&self, calls: usize) {
        self.change(|state| state.token.expire_after(calls));
    }

    /// Stores an object as it is, as a controller or another user would, and gives it as stored.
    /// Watches hear of it; nothing is scripted or recorded.
    ///
    /// # Panics
    ///
    /// When the kind is unknown.
    pub fn put(&self, object: Value) -> Value {
        self.change(|state| state.store.put(object))
    }

    /// Removes an object, named by apiVersion, kind, namespace and name.
    ///
    /// # Panics
    ///
    /// When the kind is unknown.
    pub fn remove(&self, object: &Value) {
        self.change(|state| {
            let key = state.store.key_of(object);
            state.store.delete(&key);
        });
    }

    /// The object with the apiVersion, kind, namespace and name of this one.
    ///
    /// # Panics
    ///
    /// When the kind is unknown.
    pub fn object(&self, like: &Value) -> Option<Value> {
        let state = lock(&self.shared.state);
        state.store.get(&state.store.key_of(like)).cloned()
    }

    /// Names (with `namespace/` before it where there is one) of all objects of a resource.
    pub fn names(&self, group: &str, resource: &str) -> Vec<String> {
        let state = lock(&self.shared.state);
        let name = |namespace: &str, name: &str| match namespace {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        let found = state.store.list(group, resource, "");
        found.map(|(key, _)| name(&key.namespace, &key.name)).collect()
    }

    /// Sends a bookmark to all watches that asked for them.
    pub fn bookmark(&self) {
        self.change(|state| state.store.bookmark());
    }

    /// Forgets the history: watches and lists that go on from before get 410.
    pub fn compact(&self) {
        self.change(|state| state.store.compact());
    }

    /// All calls so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.state).calls.clone()
    }

    /// The calls of these so far.
    pub fn calls_of(&self, calls: &Calls) -> Vec<Call> {
        self.calls().into_iter().filter(|call| calls.fit(call)).collect()
    }

    /// How many of these calls there were so far.
    pub fn count(&self, calls: &Calls) -> usize {
        lock(&self.shared.state).calls.iter().filter(|call| calls.fit(call)).count()
    }

    /// Waits until there were so many of these calls.
    ///
    /// # Panics
    ///
    /// When that takes two and a half minutes: with the calls that there were.
    pub fn wait_for(&self, count: usize, calls: &Calls) {
        let end = Instant::now() + LONGEST_WAIT;
        let mut state = lock(&self.shared.state);
        while state.calls.iter().filter(|call| calls.fit(call)).count() < count {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                let line = |call: &Call| format!("{} {}\n", call.method, call.path);
                let lines: String = state.calls.iter().map(line).collect();
                panic!("no {count} calls of {calls:?} within {LONGEST_WAIT:?}:\n{lines}");
            };
            state = self.shared.wait(state, left);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut lock(&self.shared.state));
        self.shared.changed.notify_all();
        result
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.change(|state| state.closing = true);
    }
}

/// Serves one connection to its end.
fn converse(shared: &Shared, wire: &Wire) -> io::Result<()> {
    let mut messages = Messages::new(wire.clone());
    while let Some(request) = messages.request()? {
        let asked = header(&request.headers, "connection").unwrap_or_default();
        let last = asked.eq_ignore_ascii_case("close");
        let (call, todo) = lock(&shared.state).take(&request);
        shared.changed.notify_all();
        match todo {
            Todo::Answer(response) => wire.send(&response.bytes())?,
            Todo::Watch(fault) => {
                if !watch::serve(shared, wire, &call, fault)? {
                    return Ok(());
                }
            }
            Todo::Hang => {
                wire.wait_for_end();
                return Ok(());
            }
            Todo::Close => {
                wire.cut();
                return Ok(());
            }
        }
        if last {
            return Ok(());
        }
    }
    Ok(())
}
