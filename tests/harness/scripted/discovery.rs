//! The documents by which a client learns what the server serves.
//!
//! Takes the kinds and the groups that are broken; gives the aggregated documents
//! (`apidiscovery.k8s.io/v2`) and the older ones, one per group and version. Separate because
//! nothing of it depends on the objects.

use serde_json::{Value, json};

use super::resources::Resource;
use super::status;
use crate::http::HttpResponse;

/// The media type of the aggregated documents.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What there is to discover.
pub(crate) struct Discovery {
    /// All kinds, those of one group together.
    pub(crate) resources: Vec<Resource>,
    /// Aggregated groups, with their version, whose own server doesn't answer.
    pub(crate) broken: Vec<(String, String)>,
    /// Whether the aggregated documents are offered, as since Kubernetes 1.26.
    pub(crate) aggregated: bool,
}

impl Discovery {
    /// The document at that path; nothing if it is none of discovery's.
    pub(crate) fn document(&self, path: &str, accept: &str) -> Option<HttpResponse> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let aggregated =
            self.aggregated && accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;");
        let document = match parts[..] {
            ["api"] if aggregated => return Some(self.lists(true)),
            ["apis"] if aggregated => return Some(self.lists(false)),
            ["api"] => json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [],
            }),
            ["apis"] => {
                let groups: Vec<Value> = self.groups(false).iter().map(|name| self.group(name)).collect();
                json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
            }
            ["api", "v1"] => self.resource_list("", "v1")?,
            ["apis", group] if self.groups(false).iter().any(|name| name == group) => self.group(group),
            ["apis", group, version] if self.is_broken(group, version) => {
                return Some(unavailable());
            }
            ["apis", group, version] => self.resource_list(group, version)?,
            ["version"] => json!({
                "major": "1", "minor": "36", "gitVersion": "v1.36.2", "gitCommit": "",
                "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z",
                "goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64",
            }),
            ["readyz" | "livez" | "healthz"] => {
                return Some(HttpResponse::new(200, "text/plain; charset=utf-8", "ok"));
            }
            _ => return None,
        };
        Some(HttpResponse::new(200, "application/json", document.to_string()))
    }

    /// Whether that group's own server doesn't answer.
    pub(crate) fn is_broken(&self, group: &str, version: &str) -> bool {
        self.broken.iter().any(|(name, number)| name == group && number == version)
    }

    fn groups(&self, core: bool) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let known = self.resources.iter().map(|resource| &resource.group);
        for name in known.chain(self.broken.iter().map(|(name, _)| name)) {
            if name.is_empty() == core && !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    fn versions(&self, group: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let known = self.resources.iter().map(|found| (&found.group, &found.version));
        let broken = self.broken.iter().map(|(name, version)| (name, version));
        for (name, version) in known.chain(broken) {
            if name == group && !names.contains(version) {
                names.push(version.clone());
            }
        }
        names
    }

    fn of<'a>(&'a self, group: &'a str, version: &'a str) -> impl Iterator<Item = &'a Resource> {
        let here = move |found: &&Resource| found.group == group && found.version == version;
        self.resources.iter().filter(here)
    }

    fn lists(&self, core: bool) -> HttpResponse {
        let items = self.groups(core);
        let items: Vec<Value> = items.iter().map(|name| self.aggregated_group(name)).collect();
        let list = json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {}, "items": items,
        });
        HttpResponse::new(200, AGGREGATED, list.to_string())
    }

    fn aggregated_group(&self, group: &str) -> Value {
        let version = |version: &String| {
            let resources: Vec<Value> = self.of(group, version).map(aggregated_resource).collect();
            let stale = self.is_broken(group, version);
            let mut entry = json!({
                "version": version, "freshness": if stale { "Stale" } else { "Current" },
            });
            if !stale {
                entry["resources"] = resources.into();
            }
            entry
        };
        let versions: Vec<Value> = self.versions(group).iter().map(version).collect();
        let mut entry = json!({ "metadata": {}, "versions": versions });
        if !group.is_empty() {
            entry["metadata"]["name"] = group.into();
        }
        entry
    }

    fn group(&self, group: &str) -> Value {
        let version =
            |version: &String| json!({ "groupVersion": format!("{group}/{version}"), "version": version });
        let versions: Vec<Value> = self.versions(group).iter().map(version).collect();
        json!({
            "kind": "APIGroup", "apiVersion": "v1", "name": group,
            "preferredVersion": versions[0], "versions": versions,
        })
    }

    fn resource_list(&self, group: &str, version: &str) -> Option<Value> {
        let resource = |found: &Resource| {
            json!({
                "name": found.plural, "singularName": found.kind.to_lowercase(),
                "namespaced": found.namespaced, "kind": found.kind, "verbs": found.verbs(), "shortNames": found.short_names,
            })
        };
        let api_version = self.of(group, version).next()?.api_version();
        let resources: Vec<Value> = self.of(group, version).map(resource).collect();
        Some(json!({
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": api_version, "resources": resources,
        }))
    }
}

fn aggregated_resource(found: &Resource) -> Value {
    json!({
        "resource": found.plural, "singularResource": found.kind.to_lowercase(),
        "responseKind": { "group": found.group, "version": found.version, "kind": found.kind },
        "scope": if found.namespaced { "Namespaced" } else { "Cluster" },
        "verbs": found.verbs(), "shortNames": found.short_names,
    })
}

/// What the aggregator says for a server behind it that doesn't answer.
pub(crate) fn unavailable() -> HttpResponse {
    HttpResponse::new(503, "text/plain; charset=utf-8", "service unavailable\n")
}

/// The answer for a path that nothing is served at.
pub(crate) fn nowhere() -> HttpResponse {
    let body = status::no_such_path().to_string();
    HttpResponse::new(404, "application/json", body)
}
