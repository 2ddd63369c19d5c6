//! What goes ahead of its wave: the webhook configuration that keeps others from being applied.
//!
//! Configurations come last, when what they call is there. But one that is in the cluster already, and calls what isn't
//! up, blocks the objects before it; where the stream changes that very configuration, it has to go first.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::Mutex;

use super::{Course, Status};
use crate::live::LiveObject;
use crate::plan::{Action, Planned};

/// What went ahead of its wave, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    sent: Mutex<BTreeMap<usize, Status>>,
}

impl Ahead {
    /// Whether an object of the plan went ahead.
    pub(super) async fn has(&self, index: usize) -> bool {
        self.sent.lock().await.contains_key(&index)
    }

    /// All that went ahead.
    pub(super) fn into_statuses(self) -> BTreeMap<usize, Status> {
        self.sent.into_inner()
    }
}

impl Course<'_> {
    /// Sends what the plan changes of a webhook that isn't up. Whether that was done just now: the objects that it blocks
    /// may go through then.
    pub(super) async fn repairs(&self, webhook: &str) -> bool {
        let mut sent = self.ahead.sent.lock().await;
        let next = self.plan.iter().enumerate();
        let mut next = next.filter(|(index, planned)| !sent.contains_key(index) && changes(planned, webhook));
        let Some((index, planned)) = next.next() else { return false };
        let name = planned.target.resource.display(&planned.target.object.identity.name);
        self.api
            .notices()
            .tell_of(&name, || format!("{name} goes ahead, since it changes webhook `{webhook}`"));
        let status = Box::pin(self.one(planned)).await;
        (self.done)(planned, &status);
        sent.insert(index, status);
        true
    }
}

/// Whether an object changes the configuration of this webhook.
fn changes(planned: &Planned, webhook: &str) -> bool {
    let identity = &planned.target.object.identity;
    let is_configuration = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]
        .iter()
        .any(|kind| identity.is("admissionregistration.k8s.io", kind));
    let is_named = |object: &Value| {
        let webhooks = object["webhooks"].as_array();
        webhooks.is_some_and(|webhooks| webhooks.iter().any(|entry| entry["name"] == webhook))
    };
    let before = || planned.before.as_ref().map(LiveObject::value);
    // What isn't there yet blocks nothing.
    is_configuration
        && planned.action != Action::Same
        && before().is_some_and(|before| is_named(&before) || is_named(&planned.target.object.value))
}
