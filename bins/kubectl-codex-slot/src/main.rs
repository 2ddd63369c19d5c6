//! `kubectl-codex-slot`: gives every issue and pull request a live copy of the project.

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<kubectl_codex_slot::Arguments>()
}
