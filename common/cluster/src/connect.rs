//! From flags, variables and kubeconfigs to a cluster that can be asked.
//!
//! ```text
//! ConnectRequest ──source──▶ Kubeconfig ──selection──▶ Selection ──client──▶ Cluster
//!                  (parse)          (proxy, tls, authorization, plugin)
//! ```
//!
//! The rules are kubectl's, with codexctl's own places before them: `--kubeconfig` or `CODEXCTL_KUBECONFIG`,
//! the environment's `kubeconfig`, `KUBECONFIG`, `~/.kube/config`, the pod's service account (inventory
//! F17–F19, A11; `apply.md`, "Input"). Nothing is asked of the cluster here: [`Cluster::unreachable`] explains
//! the first request that fails. Credential plugins do run here, so standard input must have been read.

mod address;
mod authorization;
mod client;
mod credentials;
mod dial;
mod download;
mod error;
mod http_client;
mod parse;
mod plugin;
mod proxy;
mod selection;
mod source;
mod tls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use credentials::Credentials;
pub(crate) use credentials::remove_all as remove_credentials;
pub use download::download;
pub use error::{ConnectError, Origin};
pub(crate) use http_client::anonymous;
pub use plugin::Relay;

use codex_common::diagnostic::Diagnostic;

use crate::api::{Api, NoAnswer, RequestError};
use crate::discovery::path_words;
use crate::refusal;
use selection::Selection;

/// How long one request may take when `--request-timeout` doesn't say; the API server's own limit.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Where a pod finds its service account.
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What the user says of the cluster, checked no further than clap does.
#[derive(Debug, Clone)]
pub struct ConnectRequest<'a> {
    /// `--kubeconfig`.
    pub kubeconfig: Option<&'a str>,
    /// `--context`.
    pub context: Option<&'a str>,
    /// `--server`.
    pub server: Option<&'a str>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `--certificate-authority`.
    pub certificate_authority: Option<&'a str>,
    /// `--as`.
    pub impersonate: Option<&'a str>,
    /// `--as-group`, each time.
    pub impersonate_groups: &'a [String],
    /// `--request-timeout`: `0` for none, whole seconds, or a Go duration.
    pub request_timeout: Option<&'a str>,
    /// What `services.yaml` says, if it has a say.
    pub environment: Option<EnvironmentCluster<'a>>,
    /// The process's variables.
    pub variables: &'a BTreeMap<String, String>,
    /// The working directory, absolute; relative paths are relative to it.
    pub folder: &'a Path,
    /// The program's name, for the server's logs.
    pub program: &'a str,
    /// Whether a credential plugin may ask the user something.
    pub stdin_is_terminal: bool,
    /// Who is told what a credential plugin says.
    pub relay: Relay,
    /// Where the service account's files are: [`SERVICE_ACCOUNT`].
    pub service_account: &'a Path,
}

impl<'a> ConnectRequest<'a> {
    /// What is asked for without flags and without a say of `services.yaml`, where nobody sits at a terminal.
    pub fn new(variables: &'a BTreeMap<String, String>, folder: &'a Path) -> Self {
        Self {
            kubeconfig: None,
            context: None,
            server: None,
            insecure_skip_tls_verify: false,
            certificate_authority: None,
            impersonate: None,
            impersonate_groups: &[],
            request_timeout: None,
            environment: None,
            variables,
            folder,
            program: "",
            stdin_is_terminal: false,
            relay: Relay::default(),
            service_account: Path::new(SERVICE_ACCOUNT),
        }
    }
}

/// The block `environments.<name>`, inheritance resolved.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentCluster<'a> {
    /// The environment's name.
    pub name: &'a str,
    /// Its `kubeconfig`; may be empty.
    pub kubeconfig: &'a str,
    /// Its `context`; may be empty.
    pub context: &'a str,
}

/// A cluster that can be asked.
#[derive(Clone)]
pub struct Cluster {
    /// Requests to it.
    pub api: Api,
    /// The context's name; `in-cluster` for the service account.
    pub context: String,
    /// The server's address.
    pub server: String,
    /// The namespace that the context gives.
    pub namespace: Option<String>,
    /// What the user should know of how it was found, a line each.
    pub notes: Vec<String>,
    /// The proxy that requests go through, without its credentials.
    proxy: Option<String>,
    selection: Selection,
}

/// Finds the cluster and gets the credentials.
///
/// # Errors
/// See [`ConnectError`]. No error holds a credential.
pub async fn connect(request: &ConnectRequest<'_>) -> Result<Cluster, ConnectError> {
    let timeout = client::request_timeout(request.request_timeout)?;
    let found = source::find(request)?;
    let (notes, selection) = (found.notes.clone(), Selection::of(found, request)?);
    let connection = client::connect(&selection, request).await?;
    Ok(Cluster {
        api: Api::new(connection.access, timeout),
        context: selection.context.clone(),
        server: connection.server,
        namespace: selection.namespace.clone(),
        notes,
        proxy: connection.proxy,
        selection,
    })
}

impl Cluster {
    /// Why the cluster can't be asked, after a request without an answer.
    pub fn unreachable(&self, no_answer: NoAnswer) -> ConnectError {
        ConnectError::Unreachable {
            context: self.context.clone(),
            server: self.server.clone(),
            proxy: self.proxy.clone(),
            no_answer,
        }
    }

    /// Why something can't be listed.
    pub fn unlisted(&self, error: RequestError) -> Diagnostic {
        match error {
            RequestError::NoAnswer(no_answer) => self.unreachable(no_answer).into(),
            RequestError::Refused { path, answer } => {
                Diagnostic::machine(format!("cannot list {}", path_words(&path)))
                    .note(refusal::reason(&answer))
            }
        }
    }
}

impl std::fmt::Debug for Cluster {
    /// Names only: credentials stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("context", &self.context).field("server", &self.server).finish()
    }
}

/// A path as people write it: a leading `~` is the home directory, relative ones start at the working directory.
fn resolved(path: &str, request: &ConnectRequest<'_>) -> PathBuf {
    let home = request.variables.get("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => PathBuf::from(home),
        (Some(rest), Some(home)) if rest.starts_with('/') => PathBuf::from(format!("{home}{rest}")),
        _ => request.folder.join(path),
    }
}

#[cfg(test)]
mod tests;
