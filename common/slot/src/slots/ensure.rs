//! `ensure` and `set`: going round until there is an answer.

use std::time::Duration;

use futures::future::OptionFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::patience::{About, Patience, Seen};
use super::room::Numbers;
use super::round::Rounds;
use super::{SlotError, Slots};
use crate::allocation::{self, Obstacle, Selector, Step};
use crate::record::{Links, Record};
use crate::store::{Snapshot, Store, Written};
use crate::view::View;

/// How old `lastUsed` may get before a call that reuses the slot writes it anew. Within it a reuse is one
/// request.
const USE_IS_NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How a slot is got.
#[derive(Debug, Clone, Copy)]
pub struct EnsureOptions<'a> {
    /// The highest number of a new slot; 0 for no limit.
    pub max: u32,
    /// How long is waited for a slot to get free; zero for not at all.
    pub wait: Duration,
    /// Who makes a record: the CI run's number, or `manual`.
    pub owner: &'a str,
}

/// A slot that was got.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensured {
    /// Its record.
    pub record: Record,
    /// Whether this call made it. Whether it has yet to be set up says [`Record::fresh`], which a call that
    /// died leaves to the next.
    pub created: bool,
    /// Other slots that fit too, and shouldn't be there.
    pub doubles: Vec<u32>,
    /// The slot's namespace as it was there already when this call made the slot; `None` if there was none.
    pub found: Option<Value>,
}

/// A record that this call made or may have made.
#[derive(Debug, Clone)]
struct Made {
    slot: u32,
    created_at: Option<Timestamp>,
    /// `None` if the server's answer was lost.
    uid: Option<String>,
    /// The namespace, if there was one.
    found: Option<Value>,
}

impl Made {
    fn is(&self, record: &Record) -> bool {
        match &self.uid {
            Some(uid) => *uid == record.uid,
            None => record.fresh && (self.slot, self.created_at) == (record.slot, record.created_at),
        }
    }
}

/// What a round of a call came to.
enum Round {
    Given(Box<Ensured>),
    Again,
}

/// A call of `ensure` that is under way.
struct Call<'a> {
    slots: Slots<'a>,
    store: Store<'a>,
    selector: Selector,
    owner: &'a str,
    numbers: Numbers,
    patience: Patience,
    made: Option<Made>,
    /// What was seen right after the last write, where that is known without a look.
    seen: Option<Snapshot>,
}

impl Slots<'_> {
    /// The slot that fits `selector`, else a new one (`slots.md`, "ensure"). The selector names something.
    ///
    /// A reuse is one request, two if the use is noted; a new slot five.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn ensure(&self, selector: Selector, options: EnsureOptions<'_>) -> Result<Ensured, SlotError> {
        let mut call = Call {
            slots: *self,
            store: self.store(),
            selector,
            owner: options.owner,
            numbers: Numbers::up_to(options.max),
            patience: Patience::of(options.wait),
            made: None,
            seen: None,
        };
        self.unless_interrupted(call.run()).await
    }

    /// Links a slot that is there to an issue, a pull request or both; what `links` leaves open stays.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn set(&self, slot: u32, links: Links) -> Result<Record, SlotError> {
        self.unless_interrupted(self.relink(slot, links)).await
    }

    async fn relink(&self, slot: u32, links: Links) -> Result<Record, SlotError> {
        let mut store = self.store();
        let mut rounds = Rounds::default();
        loop {
            rounds.next()?;
            let snapshot = store.list().await?;
            let view = View::of(&snapshot.listed, &self.scope)?;
            let step = allocation::set(&view, slot, links);
            match step {
                Step::Return { record, .. } => return Ok(record.clone()),
                Step::Refuse(refusal) => return Err(SlotError::Refused(refusal)),
                Step::Wait(obstacle) => {
                    return Err(SlotError::Unavailable { obstacle, waited: Duration::ZERO });
                }
                step => {
                    let confirmed = self.perform(&mut store, &step).await?;
                    if let Some(record) =
                        confirmed.filter(|record| record.slot == slot && record.links.cover(links))
                    {
                        return Ok(record);
                    }
                }
            }
        }
    }
}

impl Call<'_> {
    async fn run(&mut self) -> Result<Ensured, SlotError> {
        let mut rounds = Rounds::default();
        loop {
            rounds.next()?;
            let snapshot = match self.seen.take() {
                Some(seen) => seen,
                None => self.store.list().await?,
            };
            let view = View::of(&snapshot.listed, &self.slots.scope)?;
            let step = allocation::ensure(&view, self.selector, self.numbers.room());
            let round = match step {
                Step::Return { record, doubles } => self.reuse(record, doubles).await?,
                Step::Create { .. } => self.create(&view, &snapshot).await?,
                Step::Refuse(refusal) => return Err(SlotError::Refused(refusal)),
                Step::Wait(obstacle) => {
                    self.wait(obstacle, &view, &snapshot).await?;
                    rounds.forget();
                    Round::Again
                }
                step => match self.slots.perform(&mut self.store, &step).await? {
                    Some(record) => self.fitting(record),
                    None => Round::Again,
                },
            };
            if let Round::Given(ensured) = round {
                return Ok(*ensured);
            }
        }
    }

    /// A record that was just confirmed: it may be what the call is for.
    fn fitting(&self, record: Record) -> Round {
        let is_at = self.selector.slot.is_none_or(|slot| slot == record.slot);
        if is_at && record.links.cover(self.selector.links) {
            self.given(record, Vec::new())
        } else {
            Round::Again
        }
    }

    fn given(&self, record: Record, doubles: Vec<u32>) -> Round {
        let made = self.made.as_ref().filter(|made| made.is(&record));
        let (created, found) = (made.is_some(), made.and_then(|made| made.found.clone()));
        Round::Given(Box::new(Ensured { record, created, doubles, found }))
    }

    /// A slot that fits: its use is noted, and what codexctl left open or the project's pattern changed.
    async fn reuse(&mut self, record: &Record, doubles: Vec<u32>) -> Result<Round, SlotError> {
        let namespace = self.slots.namespace(record.slot)?;
        let now = self.slots.clock.now();
        let is_recent = |last: Timestamp| now.duration_since(last) < USE_IS_NOTED_EVERY;
        let has_moved = !namespace.is_empty() && namespace != record.namespace;
        if record.last_used.is_some_and(is_recent) && record.project.is_some() && !has_moved {
            return Ok(self.given(record.clone(), doubles));
        }
        let mut used = self.slots.signed(Record { last_used: Some(now), ..record.clone() });
        if has_moved {
            let line = "the project's pattern gives slot";
            let Record { slot, namespace: before, .. } = record;
            self.slots
                .listener
                .info(&format!("{line} {slot} the namespace {namespace} now; it was {before}"));
            used.namespace = namespace;
        }
        Ok(match self.store.patch(&used).await? {
            Written::Done(record) => self.given(*record, doubles),
            Written::Outrun | Written::Unknown => Round::Again,
        })
    }

    /// Makes a record at the first number whose namespace isn't on its way out.
    async fn create(&mut self, view: &View<'_>, snapshot: &Snapshot) -> Result<Round, SlotError> {
        while let Step::Create { slot, claim } = allocation::ensure(view, self.selector, self.numbers.room())
        {
            let namespace = self.slots.free_namespace(&mut self.store, &mut self.numbers, slot).await?;
            let Some((namespace, found)) = namespace else {
                if self.numbers.has_no_end() {
                    let (obstacle, waited) = (Obstacle::Terminating(slot), Duration::ZERO);
                    return Err(SlotError::Unavailable { obstacle, waited });
                }
                continue;
            };
            let record = self.slots.new_record(slot, claim, &namespace, self.owner);
            let made = Made { slot, created_at: record.created_at, uid: None, found };
            // Where many call at once, a list less often is better than a watch more for each of them.
            let is_watched = claim.is_some() && self.numbers.collisions == 0;
            let store = self.store.clone();
            let watch = OptionFuture::from(is_watched.then(|| store.changes_since(snapshot)));
            let (written, changes) = tokio::join!(self.store.create(&record), watch);
            match written? {
                Written::Done(record) => {
                    self.made = Some(Made { uid: Some(record.uid.clone()), ..made });
                    if record.claim.is_none() {
                        return Ok(self.given(*record, Vec::new()));
                    }
                    if let Some(changes) = changes.flatten() {
                        self.seen = changes.up_to(&record).await;
                    }
                }
                Written::Outrun => self.numbers.collisions += 1,
                Written::Unknown => self.made = Some(made),
            }
            return Ok(Round::Again);
        }
        // There was a free number, but its namespace is on its way out: the next look says what to wait for.
        Ok(Round::Again)
    }

    async fn wait(
        &mut self,
        obstacle: Obstacle,
        view: &View<'_>,
        snapshot: &Snapshot,
    ) -> Result<(), SlotError> {
        if matches!(obstacle, Obstacle::NoFreeSlot { .. }) {
            match self.patience.about_claims(view) {
                About::LookAgain => {
                    self.slots.breathe().await;
                    return Ok(());
                }
                About::TakeBack(record) => {
                    self.slots.perform(&mut self.store, &Step::Drop(record)).await?;
                    return Ok(());
                }
                About::Nothing => {}
            }
        }
        let has_leaving = self.numbers.left_any_out();
        let seen = Seen { obstacle, has_leaving, version: &snapshot.version };
        self.slots.wait(&mut self.patience, self.selector, seen).await?;
        self.numbers.forget();
        Ok(())
    }
}
