//! Sources that can't be asked, or may not be.

use std::time::Duration;

use crate::readiness::Readiness;
use crate::reflector::Reflector;

use super::super::relatives::Role;
use super::{Board, Heard};

impl Heard {
    fn tells_of_pods(&self) -> bool {
        matches!(self.role, Some(Role::Pod | Role::Revision))
    }
}

impl Board<'_> {
    /// Notes that a source can't be asked at the moment. Gives the words for it if they are news.
    pub(super) fn disturbed(&mut self, number: usize, message: String, now: Duration) -> Option<String> {
        // When the whole server is away, one line says so for all.
        let is_known = self.sources.iter().any(|heard| heard.disturbance.as_ref() == Some(&message));
        let heard = &mut self.sources[number];
        heard.disturbance = Some(message.clone());
        let unseen: Vec<usize> = heard.awaited.values().flatten().copied().collect();
        for at in unseen {
            if self.entries[at].object.is_none() && !self.entries[at].is_settled() {
                self.stands(
                    at,
                    Readiness::Waiting { reason: format!("it can't be looked at: {message}") },
                    now,
                );
            }
        }
        if is_known {
            return None;
        }
        let Reflector { resource, namespace, .. } = &self.sources[number].source;
        let place =
            namespace.as_ref().map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
        Some(format!("cannot watch {}{place}, trying again: {message}", resource.plural))
    }

    /// What can't be watched is asked for instead; one line says so for all.
    pub(super) fn unwatched(&mut self, message: String) -> Option<String> {
        let is_known = std::mem::replace(&mut self.is_polling, true);
        (!is_known).then(|| format!("watching isn't allowed, asking from time to time instead: {message}"))
    }

    /// Goes on without a source. Gives the words for what that means, once.
    pub(super) fn denied(&mut self, number: usize, message: String, now: Duration) -> Option<String> {
        let are_pods_known = !self.sources.iter().any(|heard| heard.is_denied && heard.tells_of_pods());
        let heard = &mut self.sources[number];
        heard.is_denied = true;
        let is_news = are_pods_known && heard.tells_of_pods();
        let awaited: Vec<usize> = heard.awaited.values().flatten().copied().collect();
        for at in awaited {
            if !self.entries[at].is_settled() {
                let reason = format!("nothing can be said of it: {message}");
                self.stands(at, Readiness::Failed { reason }, now);
            }
        }
        self.look_at_claims(self.sources[number].source.namespace.clone().as_deref(), now);
        is_news.then(|| format!("a pod that can't start won't be noticed before the time is over: {message}"))
    }
}
