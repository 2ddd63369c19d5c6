//! Why a cluster could not be connected to, as facts, and what may help.

use std::fmt;
use std::path::PathBuf;

use codex_common::diagnostic::{Blame, Diagnostic};
use codex_common::suggestion::did_you_mean;
use thiserror::Error;

use crate::answer::Transport;
use crate::api::NoAnswer;

/// Who named a kubeconfig or a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// `environments.<name>` in `services.yaml`.
    Environment(String),
    /// Nobody: it is where kubectl looks.
    Default,
    /// The pod's service account.
    ServiceAccount,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "`{name}`"),
            Self::Variable(name) => f.write_str(name),
            Self::Environment(name) => write!(f, "environments.{name}"),
            Self::Default => f.write_str("the default"),
            Self::ServiceAccount => f.write_str("the service account"),
        }
    }
}

/// Why there is no cluster to ask.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// A kubeconfig that someone named isn't there.
    #[error("there is no kubeconfig at {} ({origin})", path.display())]
    NoFile {
        /// Where it should be.
        path: PathBuf,
        /// Who named it.
        origin: Origin,
    },
    /// A kubeconfig can't be read.
    #[error("{reason}")]
    Unreadable {
        /// Path and reason.
        reason: String,
    },
    /// A kubeconfig isn't YAML, or isn't one.
    #[error("the kubeconfig {} is not valid{}: {problem}", path.display(), line_words(*line))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, 0 if it isn't one line's fault.
        line: u32,
        /// What is wrong, without the values that stand there.
        problem: String,
    },
    /// There is no kubeconfig and no service account.
    #[error("no cluster is configured: {}", looked.join(", "))]
    Nothing {
        /// Where was looked, and what was found.
        looked: Vec<String>,
    },
    /// A context that someone named isn't in the kubeconfig.
    #[error("there is no context `{name}` ({origin})")]
    UnknownContext {
        /// The name.
        name: String,
        /// Who named it.
        origin: Origin,
        /// The contexts that are there.
        known: Vec<String>,
    },
    /// The kubeconfig has contexts, none is chosen.
    #[error("the kubeconfig chooses no context")]
    NoContext {
        /// The contexts that are there.
        known: Vec<String>,
    },
    /// A context's cluster isn't in the kubeconfig, or has no server.
    #[error("the kubeconfig doesn't say where the cluster `{cluster}` of context `{context}` is")]
    NoServer {
        /// The context.
        context: String,
        /// Its cluster.
        cluster: String,
    },
    /// A flag's value can't be used.
    #[error("`{flag} {value}`: {problem}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        problem: String,
    },
    /// Something of the kubeconfig can't be used.
    #[error("context `{context}`: {problem}")]
    Setting {
        /// The context.
        context: String,
        /// What is wrong.
        problem: String,
    },
    /// The credential plugin gave no credentials.
    #[error("the credential plugin `{command}` of context `{context}` failed: {reason}")]
    Plugin {
        /// The context.
        context: String,
        /// The plugin's program.
        command: String,
        /// Why; of what it printed only the last line of its stderr.
        reason: String,
        /// What the kubeconfig says on how to get it, if it couldn't be started.
        install: Option<String>,
    },
    /// The cluster doesn't answer.
    #[error("cannot reach the cluster at {server} (context `{context}`){}: {no_answer}", proxy_words(proxy.as_deref()))]
    Unreachable {
        /// The context.
        context: String,
        /// The server's address.
        server: String,
        /// The proxy, without its credentials.
        proxy: Option<String>,
        /// Why.
        no_answer: NoAnswer,
    },
}

impl ConnectError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Nothing { .. } => Some("set KUBECONFIG, or name a file with `--kubeconfig`".to_owned()),
            Self::UnknownContext { name, known, .. } => {
                did_you_mean(name, known.iter().map(String::as_str)).or_else(|| list("there is", known))
            }
            Self::NoContext { known } => list("choose one with `--context`:", known),
            Self::Plugin { install, .. } => install.clone(),
            Self::Unreachable { no_answer, proxy, .. } => unreachable_hint(no_answer, proxy.is_some()),
            _ => None,
        }
    }
}

fn unreachable_hint(no_answer: &NoAnswer, has_proxy: bool) -> Option<String> {
    let hint = match no_answer.transport {
        Transport::Tls if no_answer.detail.contains("TLS") => "does the server speak plain HTTP?",
        Transport::Tls => "is it the right cluster? `--certificate-authority` names another authority",
        Transport::Connect | Transport::TimedOut if has_proxy => {
            "requests go through a proxy; NO_PROXY names hosts that are reached without one"
        }
        Transport::Connect | Transport::TimedOut => {
            "is the cluster running, and this machine on its network?"
        }
        Transport::Foreign if has_proxy => {
            "is it the proxy that answers? NO_PROXY names hosts that are reached without one"
        }
        Transport::Foreign => "is it the API server that answers at this address?",
        Transport::Closed | Transport::Unsent | Transport::TooLarge => return None,
    };
    Some(hint.to_owned())
}

impl From<ConnectError> for Diagnostic {
    fn from(error: ConnectError) -> Self {
        let blame = match error {
            ConnectError::Flag { .. } => Blame::Input,
            _ => Blame::Machine,
        };
        let hint = error.hint();
        Self { blame, ..Self::input(error.to_string()) }.hint(hint)
    }
}

fn list(words: &str, names: &[String]) -> Option<String> {
    const MOST: usize = 10;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{words} {}{more}", shown.join(", ")))
}

fn line_words(line: u32) -> String {
    if line == 0 { String::new() } else { format!(" (line {line})") }
}

fn proxy_words(proxy: Option<&str>) -> String {
    proxy.map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"))
}
