//! Applying a slot's manifests when that is due, and whether everything is ready.
//!
//! Takes what is known of the slot, gives whether it is ready and what was applied. Separate because of the
//! question when it is due: what is unchanged is left alone, so that a second `ready` costs next to nothing.

use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_deploy::permission::Permission;
use codex_deploy::{Destination, Input, Standing, await_applied, deploy, kinds};

use crate::scene::Scene;

use super::Request;

/// What decides whether a slot's manifests are applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due<'a> {
    /// `--apply` or `--force-apply`.
    pub(super) is_asked_for: bool,
    /// `--force-apply`.
    pub(super) is_forced: bool,
    /// Whether the slot is new, or its namespace was missing.
    pub(super) is_new: bool,
    /// The hash of what was applied last, as the record has it.
    pub(super) applied: Option<&'a str>,
}

impl Due<'_> {
    /// Whether manifests with this hash are applied.
    pub(super) fn is_due(self, digest: &str) -> bool {
        self.is_asked_for && (self.is_forced || self.is_new || self.applied != Some(digest))
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rollout {
    /// The hash of what was applied; `None` if nothing was.
    pub(super) applied: Option<String>,
    /// Whether everything is ready.
    pub(super) is_ready: bool,
}

/// Applies what is due, and waits as long as the request says. Without `--apply` nothing is awaited: one look
/// tells how it is.
///
/// # Errors
/// The manifests are wrong, or could not be applied.
pub(super) async fn roll_out(
    request: &Request,
    scene: &Scene<'_>,
    project: Project,
    due: Due<'_>,
    ((cluster, interrupt), permission): ((&Cluster, &Interrupt), &dyn Permission),
) -> Result<Rollout, Diagnostic> {
    let slot = u32::try_from(project.context.slot).unwrap_or_default();
    let (host, console) = (scene.host, scene.console);
    let mut order = scene.deploy_request(slot);
    order.waiting.wait = true;
    order.waiting.wait_timeout = if due.is_asked_for { request.wait_timeout } else { Some(Duration::ZERO) };
    order.waiting.wait_soft_fail = request.wait_soft_fail || !due.is_asked_for;
    let mut input = Input::of_project(project.clone(), &order, host, console)?;
    let digest = input.digest()?;
    if !due.is_due(&digest) {
        if due.is_asked_for {
            console.info("nothing changed since it was applied last");
        }
        let left_alone = |is_ready| Ok(Rollout { applied: None, is_ready });
        if due.is_new {
            // What was never applied has nothing that could be ready.
            return left_alone(false);
        }
        let gone = match await_applied(&order, input, (cluster, interrupt), host, console).await? {
            Standing::Ready => return left_alone(true),
            Standing::NotReady => return left_alone(false),
            Standing::Missing(gone) => gone.join(", "),
        };
        if !due.is_asked_for {
            let message = Diagnostic::warning(format!("deleted since it was applied: {gone}"));
            console.say(&message.hint(Some("`--apply` makes it anew".to_owned())));
            return left_alone(false);
        }
        console.info(format!("deleted since it was applied: {gone}; everything is applied again"));
        input = Input::of_project(project, &order, host, console)?;
    }
    order.preflight = true;
    let kinds = kinds(cluster).await?;
    let destination = Destination { cluster, kinds: &kinds, interrupt, permission };
    let deployed = deploy(&order, input, destination, host, console).await?;
    let applied = deployed.is_complete.then_some(digest);
    Ok(Rollout { applied, is_ready: deployed.is_ready == Some(true) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(is_asked_for: bool, is_forced: bool, is_new: bool, applied: Option<&str>) -> bool {
        Due { is_asked_for, is_forced, is_new, applied }.is_due("a1")
    }

    #[test]
    fn what_is_new_or_changed_is_applied_if_asked_for() {
        assert!(due(true, false, true, None));
        assert!(due(true, false, true, Some("a1")), "a namespace that was missing has nothing in it");
        assert!(due(true, false, false, Some("b2")));
        assert!(due(true, false, false, None), "a record of codexctl doesn't say what was applied");
        assert!(!due(true, false, false, Some("a1")));
        assert!(!due(false, false, true, None));
        assert!(!due(false, false, false, Some("b2")));
    }

    #[test]
    fn force_applies_what_is_unchanged() {
        assert!(due(true, true, false, Some("a1")));
    }
}
