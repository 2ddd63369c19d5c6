//! Stories of `kubectl codex-slot`, on the real control plane.

mod cleanup;
mod crash;
mod gc;
mod project;
mod ready;
mod safety;

use codex_tests::{Expectation, Outcome};

/// It went well; what it said is looked at elsewhere.
fn done(run: Expectation) -> Outcome {
    run.any_stdout().stderr_mentions(&[]).check()
}

/// It ended with this code, and standard error holds each part; what it printed before is looked
/// at elsewhere.
fn fails(run: Expectation, code: i32, parts: &[&str]) -> Outcome {
    run.any_stdout().exit(code).stderr_mentions(parts).check()
}
