//! `kubectl-codex-apply`: applies the manifests of an environment and waits for them.

mod arguments;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
