//! `kubectl-codex-apply`: applies the manifests of an environment and waits for them.

mod apply;
mod arguments;
mod explain;
mod gather;
mod report;
mod scene;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
