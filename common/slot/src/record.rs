//! The record of a slot: a ConfigMap `<prefix><slot>` in the state namespace.
//!
//! Takes ConfigMaps as JSON, gives [`Record`]s, and back. The keys are codexctl's (inventory S1) with our own
//! beside them (`slots.md`, "Records"), so that both tools can share a cluster:
//!
//! | key | whose | |
//! |---|---|---|
//! | `slot` `env` `namespace` | codexctl's | which slot of which environment, and the namespace it lives in |
//! | `owner` | codexctl's | the CI run that made it, or `manual` |
//! | `issue` `pr` | codexctl's | what the slot was given for; `0` for nothing |
//! | `createdAt` | codexctl's | RFC 3339 |
//! | `project` | ours | whose it is (B2) |
//! | `lastUsed` | ours | when a call was last given the slot; missing until the first was |
//! | `claim` | ours | `{"issue":7,"pr":0}`: what the slot is about to be given for; given to nobody as long as it is there |
//! | `fresh` | ours | `true`: made by us, and the first apply isn't done |
//! | `cleaning` | ours | `true`: a cleanup is under way |
//! | `agent` | ours | `{"host":…,"pid":…,"heartbeat":…}`: an agent works in it |
//! | `applied` | ours | a hash of what was applied last |
//!
//! Keys and labels that aren't known here are never touched: changes are merge patches which don't name them.

mod belonging;
mod config_map;
mod read;
mod write;

use std::fmt;

use jiff::Timestamp;

pub use belonging::Belonging;
pub(crate) use config_map::ConfigMap;
pub use read::{Listed, RecordError, number_of};
pub use write::FIELD_MANAGER;

/// Where the records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateLocation {
    /// The state namespace: `state.configmapNamespace`.
    pub namespace: String,
    /// What comes before the number in a record's name: `state.configmapPrefix`.
    pub prefix: String,
}

impl StateLocation {
    /// The name of a slot's ConfigMap.
    pub fn name(&self, slot: u32) -> String {
        format!("{}{slot}", self.prefix)
    }
}

/// What a slot is linked to. `0` is nothing, as in codexctl's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Links {
    /// The number of an issue.
    pub issue: u64,
    /// The number of a pull request.
    pub pr: u64,
}

impl Links {
    /// Whether there is neither an issue nor a pull request.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What is there, the issue first.
    pub fn each(self) -> impl Iterator<Item = Link> {
        let there = |number: u64| Some(number).filter(|number| *number != 0);
        there(self.issue).map(Link::Issue).into_iter().chain(there(self.pr).map(Link::Pr))
    }

    /// The first issue or pull request that both name.
    pub fn common(self, other: Self) -> Option<Link> {
        self.each().find(|link| other.each().any(|others| others == *link))
    }

    /// Whether both name the same issue or the same pull request.
    pub fn share(self, other: Self) -> bool {
        self.common(other).is_some()
    }

    /// These, with what `other` names put over them.
    pub fn overlaid(self, other: Self) -> Self {
        let over = |mine: u64, others: u64| if others == 0 { mine } else { others };
        Self { issue: over(self.issue, other.issue), pr: over(self.pr, other.pr) }
    }

    /// Whether all that `other` names is named here too.
    pub fn cover(self, other: Self) -> bool {
        self.overlaid(other) == self
    }
}

/// One thing that a slot is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// An issue.
    Issue(u64),
    /// A pull request.
    Pr(u64),
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issue(number) => write!(f, "issue {number}"),
            Self::Pr(number) => write!(f, "pull request {number}"),
        }
    }
}

/// An agent that works in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Agent {
    /// The machine that it was started from.
    pub host: String,
    /// The process there.
    pub pid: u32,
    /// When it last said that it is alive.
    pub heartbeat: Timestamp,
}

/// The record of a slot; see the [module](self) for the keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    /// The slot's number, from 1.
    pub slot: u32,
    /// The environment.
    pub env: String,
    /// The namespace that the slot lives in.
    pub namespace: String,
    /// Who made it: a CI run's number, or `manual`.
    pub owner: String,
    /// What the slot was given for.
    pub links: Links,
    /// When it was made; the ConfigMap's own time where the key is missing.
    pub created_at: Option<Timestamp>,
    /// The project; `None` in records that codexctl wrote.
    pub project: Option<String>,
    /// When a call was last given the slot; `None` if none of ours ever was.
    pub last_used: Option<Timestamp>,
    /// What the slot is about to be given for. While it is there the slot is nobody's.
    pub claim: Option<Links>,
    /// Whether we made it and the first apply isn't done.
    pub fresh: bool,
    /// Whether a cleanup is under way.
    pub cleaning: bool,
    /// The agent that works in it.
    pub agent: Option<Agent>,
    /// A hash of what was applied last.
    pub applied: Option<String>,
    /// The ConfigMap's uid; empty before it is made.
    pub uid: String,
    /// The version that was read; a change is refused if there is another by then.
    pub resource_version: String,
}

impl Record {
    /// A new record without links, given to nobody.
    pub fn new(slot: u32, env: &str, namespace: &str, project: &str, owner: &str, now: Timestamp) -> Self {
        Self {
            slot,
            env: env.to_owned(),
            namespace: namespace.to_owned(),
            owner: owner.to_owned(),
            links: Links::default(),
            created_at: Some(now),
            project: Some(project.to_owned()),
            last_used: None,
            claim: None,
            fresh: true,
            cleaning: false,
            agent: None,
            applied: None,
            uid: String::new(),
            resource_version: String::new(),
        }
    }

    /// Whether any call can have been given this slot. One that wasn't is nobody's loss when it is deleted.
    pub fn was_given(&self) -> bool {
        !self.fresh || self.last_used.is_some()
    }

    /// Whether the record or its claim names an issue or pull request of `links`.
    ///
    /// Both count, since the claim may come to nothing: what it would replace is still held.
    pub fn touches(&self, links: Links) -> bool {
        self.links.share(links) || self.claim.is_some_and(|claim| claim.share(links))
    }

    /// Whether two records compete for an issue or pull request.
    pub fn competes_with(&self, other: &Self) -> bool {
        self.touches(other.links) || other.claim.is_some_and(|claim| self.touches(claim))
    }

    /// The record with a claim on it.
    #[must_use]
    pub fn claimed(mut self, claim: Links) -> Self {
        self.claim = Some(claim);
        self
    }

    /// The record without its claim.
    #[must_use]
    pub fn unclaimed(mut self) -> Self {
        self.claim = None;
        self
    }

    /// The record with its claim made true, and thereby given to someone.
    #[must_use]
    pub fn confirmed(mut self, now: Timestamp) -> Self {
        self.links = self.claim.take().unwrap_or(self.links);
        self.last_used = Some(now);
        self
    }

    /// The record under cleanup.
    #[must_use]
    pub fn under_cleanup(mut self) -> Self {
        self.cleaning = true;
        self
    }

    /// The record after a cleanup that keeps it. Someone else may have got its issue a slot meanwhile, so what
    /// it was given for becomes a claim, which is settled like any other.
    #[must_use]
    pub fn after_cleanup(mut self) -> Self {
        self.cleaning = false;
        self.applied = None;
        self.agent = None;
        if !self.links.is_empty() {
            self.claim = Some(std::mem::take(&mut self.links));
        }
        self
    }
}

#[cfg(test)]
mod tests;
