//! An API server in memory: ConfigMaps and namespaces, preconditions, faults, and a log of what was asked.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server says so, and does nothing.
    Answers(u16),
    /// The connection breaks before the request arrives.
    CutBefore,
    /// The connection breaks after it was done.
    CutAfter,
    /// Nothing ever comes back; it wasn't done.
    HangsBefore,
    /// Nothing ever comes back; it was done.
    HangsAfter,
}

#[derive(Debug, Default)]
struct State {
    config_maps: BTreeMap<String, Value>,
    /// The phase of each.
    namespaces: BTreeMap<String, String>,
    version: u64,
    log: Vec<String>,
    /// After how many requests more, and what.
    fault: Option<(usize, Fault)>,
    /// Verbs and resources that are forbidden.
    forbidden: Vec<String>,
}

/// The server; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Server {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<Option<Value>>,
}

impl Server {
    /// A server whose state namespace is there.
    pub(super) fn new() -> Self {
        let server = Self { state: Arc::default(), changes: watch::channel(None).0 };
        server.namespace("codex-system", "Active");
        server
    }

    pub(super) fn client(&self) -> kube::Client {
        let server = self.clone();
        let service = tower::service_fn(move |request| server.clone().serve(request));
        kube::Client::new(service, "default")
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    pub(super) fn namespace(&self, name: &str, phase: &str) {
        self.with(|state| state.namespaces.insert(name.to_owned(), phase.to_owned()));
    }

    pub(super) fn forget_namespace(&self, name: &str) {
        self.with(|state| state.namespaces.remove(name));
    }

    /// Puts a record there as codexctl writes it, with more keys.
    pub(super) fn put(&self, slot: u32, more: &[(&str, &str)]) {
        let mut data = json!({
            "slot": slot.to_string(), "env": "ai", "namespace": format!("shop-dev-{slot}"), "owner": "manual",
            "issue": "0", "pr": "0", "createdAt": "2026-01-02T15:04:05Z",
        });
        for (key, value) in more {
            data[*key] = json!(value);
        }
        let name = format!("codex-env-{slot}");
        self.with(|state| state.store(&name, json!({"metadata": {"name": name}, "data": data})));
    }

    pub(super) fn remove(&self, slot: u32) {
        let gone = self.with(|state| state.config_maps.remove(&format!("codex-env-{slot}")));
        self.changes.send_replace(gone.map(|object| json!({"type": "DELETED", "object": object})));
    }

    pub(super) fn data(&self, slot: u32) -> Option<Value> {
        self.with(|state| Some(state.config_maps.get(&format!("codex-env-{slot}"))?["data"].clone()))
    }

    pub(super) fn slots(&self) -> Vec<String> {
        self.with(|state| state.config_maps.keys().cloned().collect())
    }

    /// What was asked since the last look.
    pub(super) fn asked(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.log))
    }

    pub(super) fn forbid(&self, what: &str) {
        self.with(|state| state.forbidden.push(what.to_owned()));
    }

    /// Lets a request go wrong, after this many that don't.
    pub(super) fn fail(&self, after: usize, fault: Fault) {
        self.with(|state| state.fault = Some((after, fault)));
    }

    /// Whether the fault is still to come.
    pub(super) fn is_to_fail(&self) -> bool {
        self.with(|state| state.fault.take().is_some())
    }

    async fn serve(self, request: Request<Body>) -> Result<Response<Body>, io::Error> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect_bytes().await.map_err(io::Error::other)?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        if query.contains("watch=true") {
            let line = format!("WATCH {}", path.rsplit('/').next().unwrap_or_default());
            self.with(|state| state.log.push(line));
            return Ok(self.next_change().await);
        }
        let fault = self.with(|state| state.due());
        match fault {
            Some(Fault::Answers(code)) => return Ok(answer(code, &refusal("Unknown", "a fault"))),
            Some(Fault::CutBefore) => return Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            Some(Fault::HangsBefore) => std::future::pending::<()>().await,
            Some(Fault::CutAfter | Fault::HangsAfter) | None => {}
        }
        let (code, body, change) = self.with(|state| state.answer(&parts.method, path, &body));
        if change.is_some() {
            self.changes.send_replace(change);
        }
        match fault {
            Some(Fault::CutAfter) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            Some(Fault::HangsAfter) => std::future::pending().await,
            _ => Ok(answer(code, &body)),
        }
    }

    /// One event, as soon as there is one; then the watch is over.
    async fn next_change(&self) -> Response<Body> {
        let mut changes = self.changes.subscribe();
        let _ = tokio::time::timeout(Duration::from_secs(600), changes.changed()).await;
        let event = changes.borrow().clone().unwrap_or_default();
        answer(200, &event)
    }
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    Response::builder().status(code).body(Body::from(format!("{body}\n").into_bytes())).unwrap()
}

fn refusal(reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message})
}

type Answered = (u16, Value, Option<Value>);

impl State {
    fn due(&mut self) -> Option<Fault> {
        match self.fault {
            Some((0, fault)) => {
                self.fault = None;
                Some(fault)
            }
            Some((after, fault)) => {
                self.fault = Some((after - 1, fault));
                None
            }
            None => None,
        }
    }

    fn store(&mut self, name: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", self.version).into();
        }
        self.config_maps.insert(name.to_owned(), object.clone());
        object
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Value) -> Answered {
        let parts: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
        let resource = if parts.len() > 2 { "configmaps" } else { "namespaces" };
        self.log.push(format!("{method} {}", parts.last().unwrap()));
        let verb = match (method, parts.len()) {
            (&Method::GET, 1 | 3) => "list",
            (&Method::GET, _) => "get",
            (&Method::POST, _) => "create",
            (&Method::PATCH, _) => "patch",
            _ => "delete",
        };
        if self.forbidden.contains(&format!("{verb} {resource}")) {
            let message = format!(
                "{resource} is forbidden: User \"ci\" cannot {verb} resource \"{resource}\" in API group \"\""
            );
            return (403, refusal("Forbidden", &message), None);
        }
        match (verb, parts.as_slice()) {
            ("list", ["namespaces"]) => {
                let items = self.namespaces.iter().map(|(name, phase)| namespace(name, phase));
                (200, json!({"items": items.collect::<Vec<_>>()}), None)
            }
            ("create", ["namespaces"]) => {
                self.namespaces
                    .insert(body["metadata"]["name"].as_str().unwrap().to_owned(), "Active".to_owned());
                (201, body.clone(), None)
            }
            ("get", ["namespaces", name]) => match self.namespaces.get(*name) {
                Some(phase) => (200, namespace(name, phase), None),
                None => (404, refusal("NotFound", &format!("namespaces \"{name}\" not found")), None),
            },
            ("list", _) => {
                let items: Vec<&Value> = self.config_maps.values().collect();
                (
                    200,
                    json!({"metadata": {"resourceVersion": self.version.to_string()}, "items": items}),
                    None,
                )
            }
            ("create", ["namespaces", inside, _]) => self.create(inside, body),
            (_, ["namespaces", _, _, name]) => self.change(verb, name, body),
            _ => (404, Value::Null, None),
        }
    }

    fn create(&mut self, namespace: &str, body: &Value) -> Answered {
        let name = body["metadata"]["name"].as_str().unwrap();
        if !self.namespaces.contains_key(namespace) {
            return (404, refusal("NotFound", &format!("namespaces \"{namespace}\" not found")), None);
        }
        if self.config_maps.contains_key(name) {
            let message = format!("configmaps \"{name}\" already exists");
            return (409, refusal("AlreadyExists", &message), None);
        }
        let stored = self.store(name, body.clone());
        (201, stored.clone(), Some(json!({"type": "ADDED", "object": stored})))
    }

    fn change(&mut self, verb: &str, name: &str, body: &Value) -> Answered {
        let Some(mut stored) = self.config_maps.get(name).cloned() else {
            return (404, refusal("NotFound", &format!("configmaps \"{name}\" not found")), None);
        };
        let asked = if verb == "delete" { &body["preconditions"] } else { &body["metadata"] };
        let differs = |key: &str| !asked[key].is_null() && asked[key] != stored["metadata"][key];
        if differs("resourceVersion") || differs("uid") {
            return (409, refusal("Conflict", "the object has been modified"), None);
        }
        match verb {
            "get" => (200, stored, None),
            "delete" => {
                self.config_maps.remove(name);
                (200, json!({"status": "Success"}), Some(json!({"type": "DELETED", "object": stored})))
            }
            _ => {
                merge(&mut stored, body);
                let stored = self.store(name, stored);
                (200, stored.clone(), Some(json!({"type": "MODIFIED", "object": stored})))
            }
        }
    }
}

fn namespace(name: &str, phase: &str) -> Value {
    json!({"metadata": {"name": name}, "status": {"phase": phase}})
}

/// What the server makes of a merge patch.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}
