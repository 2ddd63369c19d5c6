//! An API server in memory: ConfigMaps and namespaces, preconditions, faults, and a log of what was asked.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use json_patch::merge;
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
    /// What happened to ConfigMaps, and the version after it.
    history: Vec<(u64, Value)>,
    log: Vec<String>,
    /// After how many requests more, and what.
    fault: Option<(usize, Fault)>,
    /// Verbs and resources that are forbidden.
    forbidden: Vec<String>,
    /// Whether writes are answered by something else than what was written, and not done.
    is_nonsensical: bool,
}

/// The server; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Server {
    state: Arc<Mutex<State>>,
    /// Says that there is more history.
    changes: watch::Sender<()>,
}

impl Server {
    /// A server whose state namespace is there.
    pub(super) fn new() -> Self {
        let server = Self { state: Arc::default(), changes: watch::channel(()).0 };
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
        self.with(|state| state.delete(&format!("codex-env-{slot}")));
        self.changes.send_replace(());
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

    /// Answers all writes like something that is no API server.
    pub(super) fn answer_writes_with_nonsense(&self) {
        self.with(|state| state.is_nonsensical = true);
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
        let fault = self.with(|state| state.due());
        match fault {
            Some(Fault::Answers(code)) => return Ok(answer(code, &refusal("Unknown", "a fault"))),
            Some(Fault::CutBefore) => return Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            Some(Fault::HangsBefore) => std::future::pending::<()>().await,
            Some(Fault::CutAfter | Fault::HangsAfter) | None => {}
        }
        let answer = if query.contains("watch=true") {
            self.watched(path, query).await
        } else {
            let (code, body) = self.with(|state| state.answer(&parts.method, path, &body));
            self.changes.send_replace(());
            answer(code, &body)
        };
        match fault {
            Some(Fault::CutAfter) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            Some(Fault::HangsAfter) => std::future::pending().await,
            _ => Ok(answer),
        }
    }

    async fn watched(&self, path: &str, query: &str) -> Response<Body> {
        let line = format!("WATCH {}", path.rsplit('/').next().unwrap_or_default());
        self.with(|state| state.log.push(line));
        if self.with(|state| state.forbidden.contains(&"watch configmaps".to_owned())) {
            return answer(403, &refusal("Forbidden", "configmaps is forbidden"));
        }
        self.changes_since(version_of(query)).await
    }

    /// What happened after a version, as soon as something has; then the watch is over.
    async fn changes_since(&self, version: u64) -> Response<Body> {
        let mut changes = self.changes.subscribe();
        let happened = || self.with(|state| state.since(version));
        let some = async {
            while happened().is_empty() {
                changes.changed().await.unwrap();
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(600), some).await;
        let lines: String = happened().iter().map(|event| format!("{event}\n")).collect();
        Response::new(Body::from(lines.into_bytes()))
    }
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    Response::builder().status(code).body(Body::from(format!("{body}\n").into_bytes())).unwrap()
}

fn refusal(reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message})
}

fn version_of(query: &str) -> u64 {
    let version = query.split('&').find_map(|part| part.strip_prefix("resourceVersion="));
    version.unwrap().parse().unwrap()
}

type Answered = (u16, Value);

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
        let before = self.config_maps.insert(name.to_owned(), object.clone());
        let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.history.push((self.version, json!({"type": kind, "object": object})));
        object
    }

    fn delete(&mut self, name: &str) {
        if let Some(gone) = self.config_maps.remove(name) {
            self.version += 1;
            self.history.push((self.version, json!({"type": "DELETED", "object": gone})));
        }
    }

    fn since(&self, version: u64) -> Vec<Value> {
        let later = self.history.iter().filter(|(at, _)| *at > version);
        later.map(|(_, event)| event.clone()).collect()
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
            return (403, refusal("Forbidden", &message));
        }
        if self.is_nonsensical && *method != Method::GET {
            return (200, json!({"kind": "Welcome", "apiVersion": "v1", "metadata": {"name": "x"}}));
        }
        match (verb, parts.as_slice()) {
            ("list", ["namespaces"]) => {
                let items = self.namespaces.iter().map(|(name, phase)| namespace(name, phase));
                (
                    200,
                    json!({"apiVersion": "v1", "kind": "NamespaceList", "items": items.collect::<Vec<_>>()}),
                )
            }
            ("create", ["namespaces"]) => {
                self.namespaces
                    .insert(body["metadata"]["name"].as_str().unwrap().to_owned(), "Active".to_owned());
                (201, body.clone())
            }
            ("get", ["namespaces", name]) => match self.namespaces.get(*name) {
                Some(phase) => (200, namespace(name, phase)),
                None => {
                    let mut status = refusal("NotFound", &format!("namespaces \"{name}\" not found"));
                    status["details"] = json!({"name": name, "kind": "namespaces"});
                    (404, status)
                }
            },
            ("list", _) => {
                let items: Vec<&Value> = self.config_maps.values().collect();
                let metadata = json!({"resourceVersion": self.version.to_string()});
                (
                    200,
                    json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": metadata, "items": items}),
                )
            }
            ("create", ["namespaces", inside, _]) => self.create(inside, body),
            (_, ["namespaces", _, _, name]) => self.change(verb, name, body),
            _ => (404, Value::Null),
        }
    }

    fn create(&mut self, namespace: &str, body: &Value) -> Answered {
        let name = body["metadata"]["name"].as_str().unwrap();
        if !self.namespaces.contains_key(namespace) {
            return (404, refusal("NotFound", &format!("namespaces \"{namespace}\" not found")));
        }
        if self.config_maps.contains_key(name) {
            let message = format!("configmaps \"{name}\" already exists");
            return (409, refusal("AlreadyExists", &message));
        }
        let stored = self.store(name, body.clone());
        (201, stored)
    }

    fn change(&mut self, verb: &str, name: &str, body: &Value) -> Answered {
        let Some(mut stored) = self.config_maps.get(name).cloned() else {
            return (404, refusal("NotFound", &format!("configmaps \"{name}\" not found")));
        };
        let asked = if verb == "delete" { &body["preconditions"] } else { &body["metadata"] };
        let differs = |key: &str| !asked[key].is_null() && asked[key] != stored["metadata"][key];
        if differs("resourceVersion") || differs("uid") {
            return (409, refusal("Conflict", "the object has been modified"));
        }
        match verb {
            "get" => (200, stored),
            "delete" => {
                self.delete(name);
                (200, json!({"kind": "Status", "status": "Success"}))
            }
            _ => {
                merge(&mut stored, body);
                let stored = self.store(name, stored);
                (200, stored)
            }
        }
    }
}

fn namespace(name: &str, phase: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": phase}})
}
