//! Claims, which hang on more than themselves: on their class, and on the pods that use them.

use std::time::Duration;

use serde_json::Value;

use crate::identity::Identity;
use crate::readiness::Consumer;

use super::super::entry::{has_pods, is_claim};
use super::super::relatives::Role;
use super::{Board, Heard};

impl Board<'_> {
    /// Looks at a claim, of which a pod may be a user.
    pub(super) fn look_at_claim(&mut self, namespace: Option<&str>, name: &str, now: Duration) {
        let is_it = |identity: &Identity| {
            is_claim(identity) && identity.namespace.as_deref() == namespace && identity.name == name
        };
        self.look_at_all(is_it, now);
    }

    /// Looks at the claims of a namespace; `None` for all.
    pub(super) fn look_at_claims(&mut self, namespace: Option<&str>, now: Duration) {
        let is_it = |identity: &Identity| {
            is_claim(identity)
                && namespace.is_none_or(|namespace| identity.namespace.as_deref() == Some(namespace))
        };
        self.look_at_all(is_it, now);
    }

    fn look_at_all(&mut self, is_it: impl Fn(&Identity) -> bool, now: Duration) {
        let found = self.targets.iter().enumerate().filter(|(_, target)| is_it(&target.object.identity));
        let found: Vec<usize> = found.map(|(at, _)| at).collect();
        for at in found {
            self.look(at, now);
        }
    }

    /// Whether a claim waits for a pod, and one will come.
    pub(super) fn consumer(&self, at: usize, object: &Value) -> Consumer {
        let identity = &self.targets[at].object.identity;
        if !is_claim(identity) {
            return Consumer::NotNeeded;
        }
        let namespace = identity.namespace.as_deref();
        let has_pods_to_come = self.targets.iter().zip(&self.entries).any(|(target, entry)| {
            has_pods(&target.object.identity) && target.namespace() == namespace && !entry.is_settled()
        });
        let heard_of = |role: Role, namespace: Option<&str>| {
            let is_it =
                |heard: &&Heard| heard.role == Some(role) && heard.source.namespace.as_deref() == namespace;
            self.sources.iter().find(is_it)
        };
        let is_denied = |heard: Option<&Heard>| heard.is_some_and(|heard| heard.is_denied);
        let (pods, classes) = (heard_of(Role::Pod, namespace), heard_of(Role::Class, None));
        let class = object["spec"]["storageClassName"].as_str().unwrap_or("");
        if has_pods_to_come || self.relatives.is_used(namespace.unwrap_or(""), &identity.name) {
            Consumer::NotNeeded
        } else if is_denied(classes) || (is_denied(pods) && self.relatives.binds_late(class)) {
            Consumer::Unknown
        } else if pods.is_some_and(|pods| pods.is_listed) && self.relatives.binds_late(class) {
            Consumer::Missing
        } else {
            Consumer::NotNeeded
        }
    }
}
