//! A slot as it is listed: its record, and what its namespace and pods look like.

use std::fmt;

use codex_slot::record::{Agent, Record};
use jiff::{SignedDuration, Timestamp};

/// After how long without a sign of life an agent counts as gone.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);

/// A listed slot.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) record: &'a Record,
    pub(super) home: Home,
    /// `None` where the user may not look.
    pub(super) pods: Option<Pods>,
    /// Whether nobody has a record of it.
    pub(super) is_orphaned: bool,
}

/// The slot's namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// It is there.
    Present,
    /// It is on its way out.
    Terminating,
    /// There is none.
    Missing,
    /// The user may not look.
    Unknown,
}

/// The slot's pods, without those that have done their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pods {
    pub(super) ready: u32,
    pub(super) all: u32,
}

impl fmt::Display for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ready, self.all)
    }
}

/// How a slot is: what keeps it from being used comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A call is about to be given it.
    Claimed,
    /// A cleanup is under way.
    Cleaning,
    /// Its namespace is on its way out.
    Terminating,
    /// An agent works in it.
    AgentRunning,
    /// It was taken; nothing has been applied yet.
    Fresh,
    /// Something was applied, but the namespace is gone.
    NoNamespace,
    /// Its namespace is there, but nobody has a record of it.
    Orphaned,
    /// It is in use.
    Active,
}

impl State {
    /// As it is printed: one word, so that scripts can split lines at blanks.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Cleaning => "cleaning",
            Self::Terminating => "terminating",
            Self::AgentRunning => "agent-running",
            Self::Fresh => "fresh",
            Self::NoNamespace => "no-namespace",
            Self::Orphaned => "orphaned",
            Self::Active => "active",
        }
    }
}

impl Entry<'_> {
    pub(super) fn state(&self, now: Timestamp) -> State {
        let record = self.record;
        match self.home {
            _ if self.is_orphaned => State::Orphaned,
            _ if record.claim.is_some() => State::Claimed,
            _ if record.cleaning => State::Cleaning,
            Home::Terminating => State::Terminating,
            _ if record.agent.as_ref().is_some_and(|agent| is_alive(agent, now)) => State::AgentRunning,
            _ if record.fresh => State::Fresh,
            Home::Missing => State::NoNamespace,
            Home::Present | Home::Unknown => State::Active,
        }
    }
}

fn is_alive(agent: &Agent, now: Timestamp) -> bool {
    now.duration_since(agent.heartbeat) <= SILENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T15:04:05Z".parse().unwrap()
    }

    fn state(home: Home, change: impl FnOnce(&mut Record)) -> &'static str {
        let mut record = Record::new(3, "ai", "shop-ai-3", "shop", "manual", now());
        record.fresh = false;
        change(&mut record);
        Entry { record: &record, home, pods: None, is_orphaned: false }.state(now()).word()
    }

    #[test]
    fn what_keeps_a_slot_from_being_used_comes_first() {
        let agent = |seconds: i64| Agent {
            host: "runner".into(),
            pid: 7,
            heartbeat: now() - SignedDuration::from_secs(seconds),
        };
        assert_eq!(state(Home::Present, |_| {}), "active");
        assert_eq!(state(Home::Unknown, |_| {}), "active");
        assert_eq!(state(Home::Missing, |_| {}), "no-namespace");
        assert_eq!(state(Home::Missing, |record| record.fresh = true), "fresh");
        assert_eq!(state(Home::Present, |record| record.agent = Some(agent(5))), "agent-running");
        assert_eq!(state(Home::Present, |record| record.agent = Some(agent(3600))), "active");
        assert_eq!(state(Home::Terminating, |record| record.agent = Some(agent(5))), "terminating");
        assert_eq!(state(Home::Terminating, |record| record.cleaning = true), "cleaning");
        assert_eq!(state(Home::Missing, |record| record.claim = Some(Default::default())), "claimed");
    }
}
