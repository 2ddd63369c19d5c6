//! Waiting for a slot: for claims to be settled, then for something to happen.
//!
//! While there are claims a number may be free again at once, so it is looked anew for a short while. A claim
//! that stands still for all of it was left by a call that died: it is taken back, as anyone may. After that
//! it is the server that tells, by a watch.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use codex_cluster::answer::{self, Answer as Meaning};
use codex_cluster::api::{Event, NoWatch};
use codex_cluster::retry::{jitter, jittered};
use futures::StreamExt as _;
use tokio::time::{Instant, sleep, timeout_at};

use super::{SlotError, Slots};
use crate::allocation::{Obstacle, Selector};
use crate::record::{Listed, Record};
use crate::store::Attempt;
use crate::view::View;

/// How long claims may stand in the way before they count as left behind.
const CLAIMS_MOVE_WITHIN: Duration = Duration::from_secs(2);

/// How long is waited between two looks at claims, on average.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a watch may go on before it is looked anew: a lost connection is noticed then.
const ROUND: Duration = Duration::from_secs(60);

/// How often it is looked anew where namespaces on their way out are in the way, which no watch on records tells.
const NAMESPACES: Duration = Duration::from_secs(5);

/// How far those are spread that are woken by the same slot.
const SPREAD: Duration = Duration::from_millis(250);

/// How long is waited after a watch that ended or could not begin.
const WATCH_PAUSE: Duration = Duration::from_secs(1);

/// What a call that has no room remembers from one look to the next.
#[derive(Debug)]
pub(super) struct Patience {
    began: Instant,
    /// Until when a slot is waited for; `None` if for ever.
    deadline: Option<Instant>,
    /// Since when claims are in the way, and which were there all the time.
    claims: Option<(Instant, BTreeSet<(String, String)>)>,
    has_told: bool,
}

/// What is in the way, and when that was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// What is in the way.
    pub(super) obstacle: Obstacle,
    /// Whether namespaces on their way out are a part of it.
    pub(super) has_leaving: bool,
    /// The version of the list.
    pub(super) version: &'a str,
}

/// What to do about claims that are in the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum About<'a> {
    /// Look again: they may be gone.
    LookAgain,
    /// Take this one back.
    TakeBack(&'a Record),
    /// Nothing: they aren't what is in the way.
    Nothing,
}

impl Patience {
    /// The patience of a call that may wait this long.
    pub(super) fn of(wait: Duration) -> Self {
        let began = Instant::now();
        Self { began, deadline: began.checked_add(wait), claims: None, has_told: false }
    }

    /// What to do about the claims that are there while there is no room.
    pub(super) fn about_claims<'a>(&mut self, view: &View<'a>) -> About<'a> {
        let version = |record: &Record| (record.uid.clone(), record.resource_version.clone());
        let there: BTreeSet<_> = view.claims().map(version).collect();
        if there.is_empty() {
            self.claims = None;
            return About::Nothing;
        }
        let (since, unmoved) = self.claims.get_or_insert_with(|| (Instant::now(), there.clone()));
        unmoved.retain(|claim| there.contains(claim));
        if since.elapsed() < CLAIMS_MOVE_WITHIN {
            return About::LookAgain;
        }
        let left = view.claims().find(|claim| unmoved.contains(&version(claim)));
        self.claims = None;
        left.map_or(About::Nothing, About::TakeBack)
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Slots<'_> {
    /// A short pause between two looks.
    pub(super) async fn breathe(&self) {
        sleep(PAUSE / 2 + jitter(PAUSE)).await;
    }

    /// Waits until it is worth to look again.
    pub(super) async fn wait(
        &self,
        patience: &mut Patience,
        selector: Selector,
        seen: Seen<'_>,
    ) -> Result<(), SlotError> {
        let obstacle = seen.obstacle;
        let unavailable = |began: Instant| SlotError::Unavailable { obstacle, waited: began.elapsed() };
        if patience.is_over() {
            return Err(unavailable(patience.began));
        }
        if !patience.has_told {
            patience.has_told = true;
            self.listener.info(&format!("{obstacle}; waiting"));
        }
        let is_about_namespaces = seen.has_leaving || matches!(obstacle, Obstacle::Terminating(_));
        let round = if is_about_namespaces { NAMESPACES } else { ROUND };
        let until = Instant::now() + round;
        let until = patience.deadline.map_or(until, |deadline| deadline.min(until));
        // The time being over is no error yet: what is there then is looked at once more.
        if let Ok(change) = timeout_at(until, self.change(selector, seen.version)).await {
            change?;
            sleep(jitter(SPREAD)).await;
        }
        Ok(())
    }

    /// Waits for a change of the records that may help.
    async fn change(&self, selector: Selector, version: &str) -> Result<(), SlotError> {
        let collection = self.store().collection();
        let seconds = ROUND.as_secs();
        let path = format!("{collection}?watch=true&resourceVersion={version}&timeoutSeconds={seconds}");
        let events = match self.api.watch(&path).await {
            Ok(events) => events,
            Err(error) if is_passing(&error) => {
                sleep(jittered(WATCH_PAUSE)).await;
                return Ok(());
            }
            Err(error) => return Err(SlotError::watch(self.watching(), &error)),
        };
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            match event {
                Event::Over => break,
                event if self.helps(&event, selector) => return Ok(()),
                Event::Present(_) | Event::Gone(_) | Event::Reached(_) => {}
            }
        }
        // Not a wait for a slot: it keeps a server whose watches end at once from being asked without pause.
        sleep(jittered(WATCH_PAUSE)).await;
        Ok(())
    }

    /// Whether an event may be the end of an obstacle: a number gets free, the slot asked for changes, or
    /// someone else gets a slot for the same.
    fn helps(&self, event: &Event, selector: Selector) -> bool {
        let listed = |object| Listed::read(object, self.location);
        let is_at = |listed: &Listed| selector.slot.is_none_or(|slot| slot == listed.slot);
        match event {
            Event::Gone(object) => listed(object).is_some_and(|listed| is_at(&listed)),
            Event::Present(object) => listed(object).is_some_and(|listed| {
                (selector.slot.is_some() && is_at(&listed))
                    || listed.record.is_ok_and(|record| record.touches(selector.links))
            }),
            Event::Over => true,
            Event::Reached(_) => false,
        }
    }

    fn watching(&self) -> Attempt {
        Attempt {
            verb: "watch",
            resource: "configmaps",
            name: None,
            namespace: Some(self.location.namespace.clone()),
        }
    }
}

/// Whether a watch that can't begin may begin later.
fn is_passing(error: &NoWatch) -> bool {
    let meaning = match error {
        NoWatch::Refused(answer) => crate::store::meaning(answer),
        NoWatch::NoAnswer(error) => answer::without_answer(error.transport),
    };
    matches!(meaning, Meaning::Retry { .. } | Meaning::Expired)
}
