//! The scripted server as clients see it: a plain HTTP client for what it serves.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

mod faults;
mod verbs;
mod watches;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

/// A plain server and a client with its first token.
struct Scene {
    server: ScriptedServer,
    agent: ureq::Agent,
}

type Events = BufReader<ureq::BodyReader<'static>>;

impl Scene {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { server: ScriptedServer::start_plain(), agent: config.into() }
    }

    /// Sends a request with headers `Name: value`; an error is the client's own.
    fn try_call(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, String, String), ureq::Error> {
        let url = format!("{}{target}", self.server.url());
        let mut request =
            ureq::http::Request::builder().method(method).uri(url).header("authorization", "Bearer token-1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(body.to_owned()).unwrap())?;
        let retry = response.headers().get("retry-after");
        let retry = retry.map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), text, retry))
    }

    fn call(&self, method: &str, target: &str, media_type: &str, body: Value) -> (u16, Value) {
        let headers = [("content-type", media_type)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, text, _) = self.try_call(method, target, &headers, &body).unwrap();
        (status, serde_json::from_str(&text).unwrap_or_else(|_| text.into()))
    }

    fn get(&self, target: &str) -> (u16, Value) {
        self.call("GET", target, "", Value::Null)
    }

    fn get_as(&self, target: &str, accept: &str) -> Value {
        let text = self.try_call("GET", target, &[("accept", accept)], "").unwrap().1;
        serde_json::from_str(&text).unwrap()
    }

    fn apply(&self, name: &str, object: Value) -> (u16, Value) {
        self.call("PATCH", &format!("{MAPS}/{name}?fieldManager=t"), APPLY, object)
    }

    /// Begins a watch, whose events are its lines.
    fn watch(&self, target: &str) -> Events {
        let request = self.agent.get(format!("{}{target}", self.server.url()));
        let response = request.header("authorization", "Bearer token-1").call().unwrap();
        BufReader::new(response.into_body().into_reader())
    }
}

/// The next event as `TYPE name`, an ERROR's code in place of the name; nothing at the end.
fn next(events: &mut Events) -> Option<String> {
    let mut line = String::new();
    if events.read_line(&mut line).expect("an orderly end") == 0 {
        return None;
    }
    let event: Value = serde_json::from_str(&line).unwrap();
    let object = &event["object"];
    let kind = event["type"].as_str().unwrap();
    Some(match (object["metadata"]["name"].as_str(), &object["code"]) {
        (Some(name), _) => format!("{kind} {name}"),
        (None, Value::Null) => kind.to_owned(),
        (None, code) => format!("{kind} {code}"),
    })
}

/// A ConfigMap with one label and one entry.
fn map(name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default", "labels": { "v": value } },
        "data": { "a": value },
    })
}
