//! The cluster that the flags, or else the project's environment, mean.
//!
//! Takes the flags of every program that talks to a cluster, gives the way to it. Separate from the deploy
//! because slots are looked up where nothing is deployed.

use codex_cluster::connect::{self, Cluster, ConnectRequest, EnvironmentCluster, Relay};
use codex_common::cli::{Console, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;

use crate::arguments::ClusterArgs;

/// Finds the cluster, with one line on stderr that names it.
///
/// # Errors
/// See [`codex_cluster::connect::ConnectError`].
pub async fn connect(
    flags: &ClusterArgs,
    project: Option<&Project>,
    host: &Host,
    console: &Console,
) -> Result<Cluster, Diagnostic> {
    let environment = project.map(|project| EnvironmentCluster {
        name: &project.context.env,
        kubeconfig: &project.context.environment.kubeconfig,
        context: &project.context.environment.context,
    });
    let listener = console.clone();
    let cluster = connect::connect(&ConnectRequest {
        kubeconfig: flags.kubeconfig.as_deref(),
        context: flags.context.as_deref(),
        server: flags.server.as_deref(),
        insecure_skip_tls_verify: flags.insecure_skip_tls_verify,
        certificate_authority: flags.certificate_authority.as_deref(),
        impersonate: flags.impersonate.as_deref(),
        impersonate_groups: &flags.impersonate_groups,
        request_timeout: flags.request_timeout.as_deref(),
        environment,
        program: host.program(),
        stdin_is_terminal: host.stdin_is_terminal(),
        relay: Relay::new(move |line| listener.relay(line)),
        ..ConnectRequest::new(host.variables(), host.folder())
    })
    .await?;
    cluster.notes.iter().for_each(|note| console.info(note));
    console.info(format!("cluster: {} at {}", cluster.context, cluster.server));
    Ok(cluster)
}
