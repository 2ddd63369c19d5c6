//! `kubectl-codex-apply`: applies the manifests of an environment and waits for them.

mod apply;
mod arguments;
mod explain;
mod gather;
mod hooks;
mod namespaces;
mod preflight;
mod prune;
mod report;
mod scene;
mod send;
mod waiting;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
