//! Which kubeconfig is meant: the places in order, and the pod's service account where there is none.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};

use super::{ConnectError, ConnectRequest, Origin, parse, resolved};

/// The name of the context that stands for the service account.
pub(super) const IN_CLUSTER: &str = "in-cluster";

/// A kubeconfig and where it comes from.
#[derive(Debug)]
pub(super) struct Found {
    /// All files merged.
    pub(super) kubeconfig: Kubeconfig,
    /// Who named it.
    pub(super) origin: Origin,
    /// What the user should know, a line each.
    pub(super) notes: Vec<String>,
}

/// Looks in one place after the other.
pub(super) fn find(request: &ConnectRequest<'_>) -> Result<Found, ConnectError> {
    let variable =
        |name: &str| request.variables.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let of_codexctl = variable("CODEXCTL_KUBECONFIG");
    let flag = request.kubeconfig.filter(|path| !path.is_empty());
    if let Some(list) = flag.or(of_codexctl) {
        // The flag's own twin in the environment is that variable, so it may arrive as the flag.
        let is_variable = flag.is_none() || flag == of_codexctl;
        let origin =
            if is_variable { Origin::Variable("CODEXCTL_KUBECONFIG") } else { Origin::Flag("--kubeconfig") };
        return match merged(list, request)? {
            Some(kubeconfig) => Ok(Found { kubeconfig, origin, notes: Vec::new() }),
            None => Err(ConnectError::NoFile { path: resolved(list, request), origin }),
        };
    }
    if let Some(environment) = &request.environment
        && !environment.kubeconfig.is_empty()
    {
        let origin = Origin::Environment(environment.name.to_owned());
        if let Some(kubeconfig) = merged(environment.kubeconfig, request)? {
            return Ok(Found { kubeconfig, origin, notes: Vec::new() });
        }
        let path = resolved(environment.kubeconfig, request);
        let note = format!("{} ({origin}) does not exist: using the pod's service account", path.display());
        return match service_account(request) {
            Some(kubeconfig) => Ok(Found { kubeconfig, origin: Origin::ServiceAccount, notes: vec![note] }),
            None => Err(ConnectError::NoFile { path, origin }),
        };
    }
    by_default(request, variable("KUBECONFIG"))
}

/// kubectl's own places. A `KUBECONFIG` whose files don't exist doesn't lead to `~/.kube/config`: that would
/// be another cluster than the one that was meant.
fn by_default(request: &ConnectRequest<'_>, list: Option<&str>) -> Result<Found, ConnectError> {
    let (place, origin) = match list {
        Some(list) => (list.to_owned(), Origin::Variable("KUBECONFIG")),
        None => (resolved("~/.kube/config", request).to_string_lossy().into_owned(), Origin::Default),
    };
    let kubeconfig = merged(&place, request)?;
    let is_there = kubeconfig.is_some();
    if let Some(kubeconfig) = kubeconfig
        && !(kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty())
    {
        return Ok(Found { kubeconfig, origin, notes: Vec::new() });
    }
    if let Some(kubeconfig) = service_account(request) {
        return Ok(Found { kubeconfig, origin: Origin::ServiceAccount, notes: Vec::new() });
    }
    if request.server.is_some() {
        return Ok(Found { kubeconfig: bare(), origin: Origin::Flag("--server"), notes: Vec::new() });
    }
    let what = if is_there { "names no cluster" } else { "does not exist" };
    let of = if origin == Origin::Default { String::new() } else { format!(" ({origin})") };
    Err(ConnectError::Nothing {
        looked: vec![format!("{place}{of} {what}"), "this is no pod with a service account".to_owned()],
    })
}

/// The files of a list, the first to say something winning; `None` if none of them exists.
fn merged(list: &str, request: &ConnectRequest<'_>) -> Result<Option<Kubeconfig>, ConnectError> {
    let whole = resolved(list, request);
    let paths: Vec<PathBuf> = if is_missing(&whole) {
        list.split(':').filter(|path| !path.is_empty()).map(|path| resolved(path, request)).collect()
    } else {
        vec![whole]
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths.iter().filter(|path| !is_missing(path)) {
        let next = parse::file(path)?;
        merged = Some(match merged {
            None => next,
            Some(before) => before.merge(next).map_err(|error| ConnectError::Invalid {
                path: path.clone(),
                line: 0,
                problem: format!("it can't be merged with the others: {error}"),
            })?,
        });
    }
    Ok(merged)
}

/// Whether there is nothing at a path. What is there and can't be read is an error of its own, later.
#[allow(clippy::disallowed_methods, reason = "the one place where kubeconfigs are looked for")]
fn is_missing(path: &std::path::Path) -> bool {
    let absent = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    fs::metadata(path).is_err_and(|error| absent(error.kind()))
}

/// The service account of the pod that this is, as a kubeconfig.
fn service_account(request: &ConnectRequest<'_>) -> Option<Kubeconfig> {
    let variable = |name: &str| request.variables.get(name).filter(|text| !text.is_empty());
    let (host, port) = (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
    let file = |name: &str| request.service_account.join(name);
    let token = file("token");
    if is_missing(&token) {
        return None;
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let text = |path: PathBuf| Some(path.to_string_lossy().into_owned());
    let cluster = Cluster {
        server: Some(format!("https://{host}:{port}")),
        certificate_authority: text(file("ca.crt")),
        ..Cluster::default()
    };
    let user = AuthInfo { token_file: text(token), ..AuthInfo::default() };
    Some(of_parts(cluster, user, namespace_of(&file("namespace"))))
}

fn namespace_of(path: &std::path::Path) -> Option<String> {
    let text = codex_common::stack::files::read_text(path, "namespace", 4096).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A kubeconfig in which only the flags say something.
fn bare() -> Kubeconfig {
    of_parts(Cluster::default(), AuthInfo::default(), None)
}

fn of_parts(cluster: Cluster, user: AuthInfo, namespace: Option<String>) -> Kubeconfig {
    let name = || IN_CLUSTER.to_owned();
    let context = Context { cluster: name(), user: Some(name()), namespace, ..Context::default() };
    Kubeconfig {
        clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: name(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(name()),
        ..Kubeconfig::default()
    }
}
