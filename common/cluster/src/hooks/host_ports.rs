//! `codex.check-dev-host-ports` (H6): whether an ingress answers on this machine's ports 80 and 443.
//!
//! Only ever warns: a cluster may be elsewhere.

use std::time::Duration;

use codex_common::stack::Project;
use http::Request;
use http::header::{HOST, HeaderValue};
use kube::client::Body;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connect;
use crate::transport::NoAnswer;

use super::HookContext;
use super::error::Fault;
use super::settings::Settings;

/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostPorts {
    /// The host name that is asked for; `None` where nothing gives one.
    host: Option<String>,
}

impl HostPorts {
    /// The names of its settings.
    pub(super) const SETTINGS: &'static [&'static str] = &["host"];

    /// Reads the settings; the default host is the slot's in the environment `ai`.
    pub(super) fn of(settings: &Settings, project: &Project) -> Result<Self, Fault> {
        let context = &project.context;
        let domain =
            context.base_domain.get("ai").map(|domain| domain.trim()).filter(|domain| !domain.is_empty());
        let of_slot = domain.map(|domain| format!("dev-{}.{domain}", context.slot));
        Ok(Self { host: settings.text("host").map(str::to_owned).or(of_slot) })
    }
}

/// Looks at both ports, then asks the first for the host.
pub(super) async fn run(ports: &HostPorts, context: &HookContext<'_>) {
    for port in [80, 443] {
        match timeout(PATIENCE, TcpStream::connect(("127.0.0.1", port))).await {
            Ok(Ok(_)) => context.listener.debug(&format!("127.0.0.1:{port} is open")),
            Ok(Err(error)) => {
                let reason = codex_common::diagnostic::system_reason(&error);
                context.listener.warn(&format!("nothing answers on 127.0.0.1:{port}: {reason}"));
            }
            Err(_) => context.listener.warn(&format!("nothing answers on 127.0.0.1:{port} within 5 s")),
        }
    }
    let Some(host) = &ports.host else { return };
    match timeout(PATIENCE, status(host)).await {
        Ok(Ok(status)) => context.listener.info(&format!("http://{host}/ answers {status} on this machine")),
        Ok(Err(reason)) => {
            context.listener.warn(&format!("http://{host}/ does not answer on this machine: {reason}"))
        }
        Err(_) => {
            context.listener.warn(&format!("http://{host}/ does not answer on this machine within 5 s"))
        }
    }
}

async fn status(host: &str) -> Result<u16, String> {
    let header = HeaderValue::from_str(host).map_err(|_| "it is no host name".to_owned())?;
    let client = connect::anonymous("http://127.0.0.1", None, None)?;
    let request = Request::builder().uri("/").header(HOST, header).body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let response = client.send(request).await.map_err(|error| NoAnswer::from(error).detail)?;
    Ok(response.status().as_u16())
}
