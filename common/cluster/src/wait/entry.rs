//! One awaited object: how it stands, since when, and what its pods suffer from.
//!
//! Takes what the rule of its kind says and the object's pods; gives its readiness with their trouble in it.
//! Separate from the board because it knows of no other object.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::identity::Identity;
use crate::readiness::pods::{Limits, Patience, Stuck, Trouble};
use crate::readiness::{CONDITION_PATIENCE, Readiness};

/// An awaited object.
pub(super) struct Entry {
    /// How it stands.
    pub(super) readiness: Readiness,
    /// Since when.
    pub(super) since: Duration,
    /// The object as it was seen last; forgotten when it is ready.
    pub(super) object: Option<Arc<Value>>,
    /// When it was seen first.
    pub(super) seen_at: Option<Duration>,
    /// When it was judged last.
    pub(super) looked_at: Duration,
    /// The pods for which waiting is in vain.
    pub(super) stuck: Vec<Stuck>,
    /// These pods as they were then.
    pub(super) stuck_pods: Vec<Value>,
    patience: Patience,
    /// What its rule waited for when `trouble` came up.
    wanting: String,
    /// What its pods suffer from, which may last or not.
    trouble: Option<Suffering>,
    /// Whether the server serves what it defines, if it defines anything.
    pub(super) is_served: bool,
}

/// What pods suffer from, in words.
struct Suffering {
    words: String,
    /// Whether only an event says so: the state of a container says it better.
    by_event: bool,
}

impl Entry {
    /// Nothing is known yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            readiness: Readiness::Waiting { reason: "it hasn't been looked at".to_owned() },
            since: Duration::ZERO,
            object: None,
            seen_at: None,
            looked_at: Duration::ZERO,
            stuck: Vec::new(),
            stuck_pods: Vec::new(),
            patience: Patience::new(limits),
            wanting: String::new(),
            trouble: None,
            is_served: false,
        }
    }

    /// Whether it is waited for no longer.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.readiness, Readiness::Waiting { .. })
    }

    /// When to look again though nothing happens; `has_rule` says whether its readiness has nothing to do with
    /// the time.
    pub(super) fn due(&self, has_rule: bool) -> Option<Duration> {
        if self.is_settled() {
            return None;
        }
        let conditions = self.seen_at.filter(|_| !has_rule).map(|seen| seen + CONDITION_PATIENCE);
        // What was looked at after its time is waited for by events alone.
        let is_ahead = |due: &Duration| *due > self.looked_at;
        conditions.into_iter().chain(self.patience.deadline()).filter(is_ahead).min()
    }

    /// How it stands with a workload that waits for `wanting`, given the pods of its newest revision and what
    /// events say of them.
    pub(super) fn with_pods(
        &mut self,
        pods: &[&Value],
        wanting: String,
        warning: Option<String>,
        now: Duration,
    ) -> Readiness {
        if let Some(failed) = self.given_up(pods, now) {
            return failed;
        }
        self.suffering(wanting, trouble_of(pods, now).as_ref().map(clause), warning)
    }

    /// How it stands with a pod that waits for `wanting`, which tells of its trouble itself.
    pub(super) fn as_pod(
        &mut self,
        pod: &Value,
        wanting: String,
        warning: Option<String>,
        now: Duration,
    ) -> Readiness {
        if let Some(failed) = self.given_up(&[pod], now) {
            return failed;
        }
        let pull = trouble_of(&[pod], now).filter(|found| found.trouble == Trouble::ImagePull);
        match pull.as_ref().map(clause) {
            Some(reason) => Readiness::Waiting { reason },
            None => self.suffering(wanting, None, warning),
        }
    }

    /// What is waited for, and what keeps it from coming: by the state of a container, else by an event. What
    /// comes and goes (a container that crashes runs in between) is said once, until there is progress.
    pub(super) fn suffering(
        &mut self,
        wanting: String,
        state: Option<String>,
        warning: Option<String>,
    ) -> Readiness {
        if self.wanting != wanting {
            self.wanting = wanting;
            self.trouble = None;
        }
        match (&self.trouble, state, warning) {
            (None | Some(Suffering { by_event: true, .. }), Some(words), _) => {
                self.trouble = Some(Suffering { words, by_event: false });
            }
            (None, None, Some(words)) => self.trouble = Some(Suffering { words, by_event: true }),
            _ => {}
        }
        let reason = match &self.trouble {
            Some(trouble) => format!("{}; {}", self.wanting, trouble.words),
            None => self.wanting.clone(),
        };
        Readiness::Waiting { reason }
    }

    /// Whether waiting for its pods is in vain.
    fn given_up(&mut self, pods: &[&Value], now: Duration) -> Option<Readiness> {
        self.stuck = self.patience.observe(now, pods, &[]);
        let reason = sentence(self.stuck.first()?);
        let is_stuck =
            |pod: &&&Value| self.stuck.iter().any(|stuck| pod["metadata"]["name"] == stuck.pod.as_str());
        self.stuck_pods = pods.iter().filter(is_stuck).map(|pod| (*pod).clone()).collect();
        Some(Readiness::Failed { reason })
    }

    /// The pods for which waiting is in vain, each with what its events say.
    pub(super) fn stuck_with(&self, events: &[Value]) -> Vec<Stuck> {
        let pods: Vec<&Value> = self.stuck_pods.iter().collect();
        let events: Vec<&Value> = events.iter().collect();
        self.patience.clone().observe(self.since, &pods, &events)
    }
}

/// What the first of these pods suffers from right now, if any does.
fn trouble_of(pods: &[&Value], now: Duration) -> Option<Stuck> {
    Patience::new(Limits::scaled(Duration::ZERO)).observe(now, pods, &[]).into_iter().next()
}

/// What a pod suffers from, in words that stay the same while it does.
fn clause(stuck: &Stuck) -> String {
    let reason = match stuck.trouble {
        // The two take turns.
        Trouble::ImagePull => "ImagePullBackOff",
        _ => &stuck.reason,
    };
    match &stuck.container {
        Some(container) => format!("container {container}: {reason}"),
        None if stuck.message.is_empty() => reason.to_owned(),
        None => format!("{reason}: {}", stuck.message),
    }
}

/// Why waiting for a pod is in vain.
fn sentence(stuck: &Stuck) -> String {
    let Stuck { pod, restarts, .. } = stuck;
    let clause = clause(stuck);
    match stuck.trouble {
        Trouble::Unschedulable => format!("pod {pod} can't be scheduled"),
        Trouble::Crashing => format!("pod {pod} restarted {restarts} times; {clause}"),
        _ => format!("pod {pod} can't start; {clause}"),
    }
}

/// Whether it is a PersistentVolumeClaim.
pub(super) fn is_claim(identity: &Identity) -> bool {
    identity.is("", "PersistentVolumeClaim")
}

/// Whether it is a pod by itself.
pub(super) fn is_pod(identity: &Identity) -> bool {
    identity.is("", "Pod")
}

/// Whether objects of this kind tell in events alone why they aren't ready.
pub(super) fn tells_by_events(identity: &Identity) -> bool {
    has_pods(identity) || is_claim(identity) || identity.is("", "Service")
}

/// Whether objects of this kind are ready by pods.
pub(super) fn has_pods(identity: &Identity) -> bool {
    matches!(
        (identity.group.as_str(), identity.kind.as_str()),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job")
            | ("", "Pod" | "ReplicationController")
    )
}
