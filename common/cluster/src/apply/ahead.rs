//! What goes ahead of its wave: the webhook configuration or the policy that keeps others from being applied.
//!
//! Configurations come last, when what they call is there. But one that is in the cluster already, and calls what isn't
//! up, blocks the objects before it; where the stream changes that very configuration, it has to go first. So it is with
//! a webhook or policy that denies an object, and that the stream changes.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::Mutex;

use super::{Course, Status};
use crate::live::LiveObject;
use crate::plan::Planned;

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
        let what = format!("webhook `{webhook}`");
        self.goes_ahead(&what, |planned| changes(planned, webhook)).await
    }

    /// The same of the webhook or policy that denied an object, by the server's words.
    pub(super) async fn reconsiders(&self, denial: &str) -> bool {
        match denied_by(denial) {
            Some(Denier::Webhook(webhook)) => self.repairs(webhook).await,
            Some(Denier::Policy(policy)) => {
                let what = format!("policy `{policy}`");
                self.goes_ahead(&what, |planned| changes_policy(planned, policy)).await
            }
            None => false,
        }
    }

    /// Sends the next object of this kind that wasn't yet: whether there was one.
    async fn goes_ahead(&self, what: &str, is_wanted: impl Fn(&Planned) -> bool) -> bool {
        let mut sent = self.ahead.sent.lock().await;
        let next = self.plan.iter().enumerate();
        let mut next = next.filter(|(index, planned)| !sent.contains_key(index) && is_wanted(planned));
        let Some((index, planned)) = next.next() else { return false };
        let name = planned.target.resource.display(&planned.target.object.identity.name);
        self.api.notices().tell_of(&name, || format!("{name} goes ahead, since it changes {what}"));
        let status = Box::pin(self.one(planned)).await;
        (self.done)(planned, &status);
        sent.insert(index, status);
        true
    }
}

/// Who denied an object.
#[derive(Debug, PartialEq, Eq)]
enum Denier<'m> {
    Webhook(&'m str),
    Policy(&'m str),
}

/// Who denied an object, as the server's words begin.
fn denied_by(denial: &str) -> Option<Denier<'_>> {
    let between = |before: &str, after: char| {
        let (_, rest) = denial.split_once(before)?;
        rest.split_once(after).map(|(name, _)| name)
    };
    let policy = || between("ValidatingAdmissionPolicy '", '\'').map(Denier::Policy);
    between("admission webhook \"", '"').map(Denier::Webhook).or_else(policy)
}

/// Whether an object changes an admission policy of this name, or where it counts.
fn changes_policy(planned: &Planned, policy: &str) -> bool {
    let object = &planned.target.object;
    let is_it = object.identity.is("admissionregistration.k8s.io", "ValidatingAdmissionPolicy")
        && object.identity.name == policy;
    let is_binding = object.identity.is("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding")
        && object.value["spec"]["policyName"] == policy;
    // What isn't there yet denies nothing.
    (is_it || is_binding) && planned.action.is_difference() && planned.before.is_some()
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
        && planned.action.is_difference()
        && before().is_some_and(|before| is_named(&before) || is_named(&planned.target.object.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_denied_stands_in_the_words() {
        let policy = "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'small' with binding 'all' denied request: too many";
        assert_eq!(denied_by(policy), Some(Denier::Policy("small")));
        let webhook = "admission webhook \"tags.example.org\" denied the request: no latest";
        assert_eq!(denied_by(webhook), Some(Denier::Webhook("tags.example.org")));
        assert_eq!(denied_by("pods \"web\" is forbidden: violates PodSecurity"), None);
    }
}
