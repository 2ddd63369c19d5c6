//! stub
use crate::arguments::Request;
use crate::gather::Gathered;
use codex_cluster::connect::Cluster;
use codex_cluster::discovery::Kinds;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::plan::Planned;
use codex_common::cli::{Console, ExitCode};
use codex_common::diagnostic::Diagnostic;
pub(crate) async fn wait(
    _: &Request,
    _: &Console,
    _: &Cluster,
    _: &Gathered,
    _: &Kinds,
    _: &[Planned],
    _: &Interrupt,
) -> Result<ExitCode, Diagnostic> {
    Ok(ExitCode::Done)
}
