//! What a request asks of the API server, in the terms of Kubernetes' authorizer.
//!
//! Takes method, path and query; gives verb, resource, namespace and name, which scripts match
//! and the store serves. Separate because both need the same reading of a URL.

use crate::http::{HttpRequest, header};

/// The verbs of Kubernetes' authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// One object, or any path that is no resource.
    Get,
    /// All objects of a resource.
    List,
    /// Changes from now on.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH of any kind, server-side apply too.
    Patch,
    /// DELETE of one object.
    Delete,
    /// DELETE of all that a selector matches.
    DeleteCollection,
}

impl Verb {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Get,
        Self::List,
        Self::Watch,
        Self::Create,
        Self::Update,
        Self::Patch,
        Self::Delete,
        Self::DeleteCollection,
    ];

    /// As Kubernetes writes it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }
}

/// One request as the server understood it, and as assertions see it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number, counted from 1.
    pub number: usize,
    /// What it asks for.
    pub verb: Verb,
    /// The API group; empty for the core group and for paths that are no resource.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The resource in plural, as in `configmaps`; empty for paths that are no resource.
    pub resource: String,
    /// `status`, `scale`, `log` …; empty if the object itself is meant.
    pub subresource: String,
    /// The namespace; empty if the path names none.
    pub namespace: String,
    /// The object's name; empty for a LIST, a CREATE and a WATCH.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query's parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// The headers; of those that carry a secret only the scheme is kept.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The status that it was answered with; nothing until then, and if there was no answer.
    pub answered: Option<u16>,
}

impl Call {
    /// Reads a request.
    pub(crate) fn read(number: usize, request: &HttpRequest) -> Self {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let query = parameters(query);
        let mut call = Self {
            number,
            verb: Verb::Get,
            group: String::new(),
            version: String::new(),
            resource: String::new(),
            subresource: String::new(),
            namespace: String::new(),
            name: String::new(),
            method: request.method.clone(),
            path: path.into(),
            query,
            headers: without_secrets(&request.headers),
            body: request.body.clone(),
            answered: None,
        };
        call.read_path();
        call.verb = call.read_verb();
        call
    }

    fn read_path(&mut self) {
        let path = self.path.clone();
        let mut parts = path.split('/').filter(|part| !part.is_empty()).map(decoded);
        let group = match parts.next().as_deref() {
            Some("api") => Some(String::new()),
            Some("apis") => parts.next(),
            _ => None,
        };
        let (Some(group), Some(version), Some(mut resource)) = (group, parts.next(), parts.next()) else {
            return;
        };
        let mut name = parts.next();
        // `namespaces/x/pods` is pods of x; `namespaces/x/status` is of the Namespace itself.
        if let ("namespaces", Some(namespace)) = (resource.as_str(), &name) {
            self.namespace.clone_from(namespace);
            match parts.next() {
                Some(own) if own == "status" || own == "finalize" => self.subresource = own,
                Some(inner) => {
                    resource = inner;
                    name = parts.next();
                }
                None => {}
            }
        }
        self.group = group;
        self.version = version;
        self.resource = resource;
        self.name = name.unwrap_or_default();
        if self.subresource.is_empty() {
            self.subresource = parts.next().unwrap_or_default();
        }
    }

    fn read_verb(&self) -> Verb {
        let one = self.resource.is_empty() || !self.name.is_empty();
        match self.method.as_str() {
            "POST" => Verb::Create,
            "PUT" => Verb::Update,
            "PATCH" => Verb::Patch,
            "DELETE" if one => Verb::Delete,
            "DELETE" => Verb::DeleteCollection,
            _ if matches!(self.parameter("watch"), Some("true" | "1")) => Verb::Watch,
            _ if one => Verb::Get,
            _ => Verb::List,
        }
    }

    /// The value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let named = |(found, _): &&(String, String)| found == name;
        self.query.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// The value of a header, whose name is looked up in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether nothing is to be changed.
    pub fn is_dry_run(&self) -> bool {
        self.parameter("dryRun") == Some("All")
    }

    /// Whether it is a server-side apply.
    pub fn is_apply(&self) -> bool {
        let media_type = self.header("content-type").unwrap_or_default();
        self.verb == Verb::Patch && media_type.starts_with("application/apply-patch")
    }

    /// `group/version`, or `v1` for the core group.
    pub(crate) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The resource with its group, as messages name it: `deployments.apps`.
    pub(crate) fn qualified_resource(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        }
    }
}

/// The parameters of a query.
fn parameters(query: &str) -> Vec<(String, String)> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    let filled = |text: &&str| !text.is_empty();
    query.split('&').filter(filled).map(pair).collect()
}

/// Resolves `%2F` and its like.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_secrets(headers: &[(String, String)]) -> Vec<(String, String)> {
    let secret = ["authorization", "proxy-authorization", "cookie"];
    let keep = |(name, value): &(String, String)| {
        let hidden = secret.iter().any(|other| name.eq_ignore_ascii_case(other));
        let scheme = value.split(' ').next().unwrap_or_default();
        let value = if hidden { format!("{scheme} (hidden)") } else { value.clone() };
        (name.clone(), value)
    };
    headers.iter().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, target: &str) -> Call {
        let request = HttpRequest {
            method: method.into(),
            target: target.into(),
            headers: vec![("Authorization".into(), "Bearer abc".into())],
            body: Vec::new(),
        };
        Call::read(1, &request)
    }

    #[track_caller]
    fn is(method: &str, target: &str, verb: Verb, rest: [&str; 5]) {
        let call = call(method, target);
        assert_eq!(call.verb, verb, "{target}");
        let found = [&call.group, &call.namespace, &call.resource, &call.name, &call.subresource];
        assert_eq!(found, rest.each_ref(), "{target}");
    }

    #[test]
    fn urls_are_read_as_the_authorizer_reads_them() {
        is("GET", "/api/v1/configmaps", Verb::List, ["", "", "configmaps", "", ""]);
        is("GET", "/api/v1/namespaces", Verb::List, ["", "", "namespaces", "", ""]);
        is("GET", "/api/v1/namespaces/a", Verb::Get, ["", "a", "namespaces", "a", ""]);
        is("PUT", "/api/v1/namespaces/a/finalize", Verb::Update, ["", "a", "namespaces", "a", "finalize"]);
        is("GET", "/api/v1/namespaces/a/pods?watch=true", Verb::Watch, ["", "a", "pods", "", ""]);
        is("GET", "/api/v1/namespaces/a/pods/p/log", Verb::Get, ["", "a", "pods", "p", "log"]);
        is(
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d",
            Verb::Patch,
            ["apps", "a", "deployments", "d", ""],
        );
        is("DELETE", "/api/v1/namespaces/a/pods", Verb::DeleteCollection, ["", "a", "pods", "", ""]);
        is(
            "DELETE",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%3Ab",
            Verb::Delete,
            ["rbac.authorization.k8s.io", "", "clusterroles", "a:b", ""],
        );
        is("GET", "/apis/apps/v1", Verb::Get, ["", "", "", "", ""]);
        is("GET", "/version", Verb::Get, ["", "", "", "", ""]);
    }

    #[test]
    fn queries_are_decoded() {
        let call = call("GET", "/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29&dryRun=All&x");
        assert_eq!(call.parameter("labelSelector"), Some("a=b,c in (d)"));
        assert_eq!(call.parameter("x"), Some(""));
        assert!(call.is_dry_run());
    }

    #[test]
    fn no_token_is_kept() {
        assert_eq!(call("GET", "/").header("authorization"), Some("Bearer (hidden)"));
    }
}
