//! `kubectl-codex-render`: prints the manifests of an environment.

mod arguments;
mod render;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
