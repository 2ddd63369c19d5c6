//! The binary is the same whether it is built alone or with its siblings.

use std::path::Path;
use std::process::Command;

use codex_tests::{Scene, binary, repository};

/// Cargo unites the features that a workspace build asks of a shared crate, so an output
/// that depends on a feature would change with who else is built.
#[test]
fn alone_or_with_the_workspace_the_output_is_the_same() {
    let alone = binary("kubectl-codex-render").parent().unwrap().join("alone");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "-p", "kubectl-codex-render", "--target-dir"])
        .arg(&alone)
        .current_dir(repository())
        .status()
        .unwrap();
    assert!(status.success());
    let alone = alone.join("debug/kubectl-codex-render");
    for arguments in [
        &["--env", "staging"][..],
        &["--env", "ai", "--slot", "1", "-o", "json"],
        &["--env", "ai", "--list"],
        &["--env", "nowhere"],
    ] {
        assert_same(&alone, arguments);
    }
}

fn assert_same(alone: &Path, arguments: &[&str]) {
    let scene = Scene::shop();
    let expected = scene.render(arguments).unchecked();
    let found = scene.run_program(alone, arguments).unchecked();
    assert_eq!(found.stdout, expected.stdout);
    assert_eq!(found.stderr, expected.stderr);
    assert_eq!(found.exit, expected.exit);
}
