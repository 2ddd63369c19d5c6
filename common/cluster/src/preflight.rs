//! What can be checked before anything is touched: cluster, rights, namespaces, images.
//!
//! Takes what a plan is about to do, gives one line per check. A check that fails stops none of the others:
//! the user sees all that is wrong at once.

mod registry;
mod rights;

use std::fmt;

use serde_json::Value;
use tokio::time::Instant;

use crate::api::Api;
use crate::namespace::{self, NamespaceError, Presence};
use crate::refusal;

pub use rights::Need;

/// The oldest minor version of Kubernetes 1 that serves what applying needs (aggregated discovery).
const OLDEST_MINOR: u32 = 30;

/// What is to be checked.
#[derive(Clone)]
pub struct PreflightRequest<'a> {
    /// The cluster.
    pub api: &'a Api,
    /// Its address, for the report.
    pub server: &'a str,
    /// The rights that the plan needs.
    pub needs: &'a [Need],
    /// The namespaces that the plan touches.
    pub namespaces: &'a [String],
    /// The images that the plan's pods name.
    pub images: &'a [String],
    /// The local registries, `HOST[:PORT]`: images from elsewhere aren't looked for.
    pub registries: &'a [String],
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It can't be told, or may be harmless.
    Warn,
    /// The apply would fail.
    Fail,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub detail: String,
}

impl Check {
    fn new(name: impl Into<String>, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { name: name.into(), outcome, detail: detail.into() }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Warn => "warn",
            Outcome::Fail => "fail",
        };
        write!(f, "{outcome}: {}: {}", self.name, self.detail)
    }
}

/// Checks everything, the cluster first.
pub async fn run(request: &PreflightRequest<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let images = registry::checks(request.images, request.registries);
    let is_reachable = version(request, &mut checks).await;
    let cluster = async {
        if !is_reachable {
            let names = ["namespaces", "rights"];
            return names
                .map(|name| Check::new(name, Outcome::Warn, "not checked: the cluster doesn't answer"))
                .into();
        }
        let mut checks = Vec::new();
        for namespace in request.namespaces {
            checks.push(namespace_check(request.api, namespace).await);
        }
        checks.extend(rights::checks(request.api, request.needs).await);
        checks
    };
    let (cluster, images): (Vec<Check>, Vec<Check>) = tokio::join!(cluster, images);
    checks.extend(cluster.into_iter().chain(images));
    checks
}

/// Whether the cluster answers, how fast, and what it is.
async fn version(request: &PreflightRequest<'_>, checks: &mut Vec<Check>) -> bool {
    let before = Instant::now();
    let answer = match request.api.get("/version").await {
        Ok(answer) => answer,
        Err(error) => {
            checks.push(Check::new("cluster", Outcome::Fail, format!("{}: {error}", request.server)));
            return false;
        }
    };
    let took = before.elapsed().as_millis();
    let server = request.server;
    if !answer.is_success() {
        let detail = format!("{server}: {}", refusal::reason(&answer));
        checks.push(Check::new("cluster", Outcome::Fail, detail));
        return false;
    }
    checks.push(Check::new("cluster", Outcome::Ok, format!("{server} answers after {took} ms")));
    checks.push(version_check(&answer.body));
    true
}

fn version_check(body: &Value) -> Check {
    let name = body["gitVersion"].as_str().unwrap_or_default();
    // Vendors write `30+`.
    let minor =
        body["minor"].as_str().map(|text| text.trim_end_matches(|letter: char| !letter.is_ascii_digit()));
    match minor.and_then(|text| text.parse::<u32>().ok()) {
        None => Check::new("version", Outcome::Warn, "the cluster doesn't say its version"),
        Some(minor) if body["major"] == "1" && minor < OLDEST_MINOR => {
            Check::new("version", Outcome::Fail, format!("{name} is older than Kubernetes 1.{OLDEST_MINOR}"))
        }
        Some(_) => Check::new("version", Outcome::Ok, name),
    }
}

/// Whether a namespace can take objects: one that is missing will be made.
async fn namespace_check(api: &Api, namespace: &str) -> Check {
    let name = format!("namespace {namespace}");
    let check = |outcome, detail: &str| Check::new(name.as_str(), outcome, detail);
    match namespace::look(api, namespace).await {
        Ok(Presence::Missing) => check(Outcome::Ok, "doesn't exist yet"),
        Ok(Presence::Active(_)) => check(Outcome::Ok, "is there"),
        Ok(Presence::Terminating(_)) => check(Outcome::Fail, "is being deleted"),
        Err(NamespaceError::Refused { answer, .. }) if answer.status == 403 => {
            check(Outcome::Warn, &refusal::reason(&answer))
        }
        Err(NamespaceError::Refused { answer, .. }) => check(Outcome::Fail, &refusal::reason(&answer)),
        Err(NamespaceError::NoAnswer { no_answer, .. }) => check(Outcome::Fail, &no_answer.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_compared_as_numbers() {
        let check =
            |minor: &str| version_check(&json!({"major": "1", "minor": minor, "gitVersion": "v"})).outcome;
        assert_eq!(check("36"), Outcome::Ok);
        assert_eq!(check("30+"), Outcome::Ok);
        assert_eq!(check("9"), Outcome::Fail);
        assert_eq!(check("29+"), Outcome::Fail);
        assert_eq!(check(""), Outcome::Warn);
        assert_eq!(version_check(&Value::Null).outcome, Outcome::Warn);
    }

    #[test]
    fn a_check_is_one_line() {
        let check = Check::new("namespace shop", Outcome::Fail, "is being deleted");
        assert_eq!(check.to_string(), "fail: namespace shop: is being deleted");
    }
}
