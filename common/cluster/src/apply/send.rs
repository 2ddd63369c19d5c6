//! One object on its way to the server: taking over, conflicts, races, retries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::{Answer as Meaning, Conflict, RetryReason};
use crate::api::{APPLY, Answer, Api, JSON_PATCH, NoAnswer};
use crate::interrupt::Interrupt;
use crate::live::LiveObject;
use crate::notices::SLOW_AFTER;
use crate::ownership::takeover::takeover;
use crate::ownership::unchanged::is_unchanged;
use crate::plan::{Planned, apply_path, meaning, without_replicas};
use crate::retry::Tries;
use crate::watch;

use super::{Applied, ApplyOptions, ESTABLISHED_WITHIN, Fault, Status, Verb};

/// How often an object that others keep changing is read again.
const MAX_RACES: u32 = 20;

/// How long is waited between two tries of a webhook that isn't up.
const WEBHOOK_PAUSE: Duration = Duration::from_secs(2);

/// How long is waited between two tries of an object whose kind isn't served yet.
const KIND_PAUSE: Duration = Duration::from_millis(200);

/// How long an object may take to go before it is made anew.
const GONE_WITHIN: Duration = Duration::from_secs(120);

/// Kinds that are never deleted to be made anew: too much goes with them.
const NEVER_RECREATED: [&str; 4] =
    ["Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition"];

/// An object that is being sent.
struct Sending<'a> {
    api: &'a Api,
    planned: &'a Planned,
    options: ApplyOptions,
    manifest: Value,
    before: Option<Value>,
    force: bool,
    overwritten: Vec<Conflict>,
    is_autoscaled: bool,
    was_deleted: bool,
    /// Whether a PATCH got no answer: it may have made the object.
    may_be_made: bool,
    /// Raised when trying again helps nobody.
    hopeless: &'a Interrupt,
    began: Instant,
    tries: Tries,
    races: u32,
    /// Until when its kind may become known.
    kind_known_by: Instant,
}

/// Sends one object until it is applied or that is in vain.
pub(super) async fn send(
    api: &Api,
    planned: &Planned,
    options: ApplyOptions,
    hopeless: &Interrupt,
) -> Status {
    let mut sending = Sending {
        api,
        planned,
        options,
        manifest: planned.target.object.value.clone(),
        before: planned.before.as_ref().map(LiveObject::value),
        force: false,
        overwritten: Vec::new(),
        is_autoscaled: false,
        was_deleted: false,
        may_be_made: false,
        hopeless,
        began: Instant::now(),
        tries: options.retry.tries(),
        races: 0,
        kind_known_by: Instant::now() + ESTABLISHED_WITHIN,
    };
    loop {
        match sending.round().await {
            Ok(Some(verb)) => {
                return Status::Applied(Applied {
                    verb,
                    overwritten: sending.overwritten,
                    is_autoscaled: sending.is_autoscaled,
                });
            }
            Ok(None) => {}
            Err(fault) => return Status::Failed(fault),
        }
    }
}

impl Sending<'_> {
    /// One try; `None` to try again.
    async fn round(&mut self) -> Result<Option<Verb>, Fault> {
        if !self.take_over().await? {
            return Ok(None);
        }
        let path = apply_path(&self.planned.target, self.force, false);
        let answer = self.api.patch(&path, APPLY, &self.manifest).await;
        match answer.and_then(|answer| self.planned.target.reference().checked(answer)) {
            Ok(answer) if answer.is_success() => Ok(Some(self.verb(&answer))),
            Ok(answer) => self.after_refusal(meaning(&self.planned.target, &answer)).await,
            Err(no_answer) => {
                self.may_be_made |= self.before.is_none();
                self.after_silence(no_answer).await.map(|()| None)
            }
        }
    }

    fn verb(&self, answer: &Answer) -> Verb {
        match &self.before {
            _ if self.was_deleted => Verb::Recreated,
            _ if answer.status == 201 || self.may_be_made => Verb::Created,
            Some(before) if is_unchanged(before, &answer.body) => Verb::Unchanged,
            _ => Verb::Configured,
        }
    }

    /// Makes ours what client-side apply made; `false` to begin anew.
    async fn take_over(&mut self) -> Result<bool, Fault> {
        let Some(patch) = self.before.as_ref().and_then(takeover).map(|takeover| takeover.patch()) else {
            return Ok(true);
        };
        let path = format!("{}?fieldManager={}", self.planned.target.path(), crate::FIELD_MANAGER);
        let answer = self.api.patch(&path, JSON_PATCH, &patch).await;
        match answer.and_then(|answer| self.planned.target.reference().checked(answer)) {
            Ok(answer) if answer.is_success() => {
                self.before = Some(answer.body);
                Ok(true)
            }
            Ok(answer) => self.after_refusal(meaning(&self.planned.target, &answer)).await.map(|_| false),
            // If it was done, the next one loses the race with it, and the object is read again.
            Err(no_answer) => self.after_silence(no_answer).await.map(|()| false),
        }
    }

    async fn after_refusal(&mut self, meaning: Meaning) -> Result<Option<Verb>, Fault> {
        match meaning {
            Meaning::Ownership(conflicts) => self.after_conflict(conflicts)?,
            Meaning::LostRace if self.races < MAX_RACES => {
                self.races += 1;
                self.read_again().await?;
            }
            Meaning::AlreadyExists { being_deleted: true } => self.pause(None, RetryReason::Busy).await?,
            Meaning::Retry { after, reason } => self.pause(after, reason).await?,
            Meaning::WebhookDown { ref webhook, .. }
                if Instant::now() + WEBHOOK_PAUSE < self.options.deadline =>
            {
                let words = || format!("waiting for webhook `{webhook}`, which is not up yet");
                self.api.notices().sleep(self.began, WEBHOOK_PAUSE, words).await;
            }
            // A definition is established a moment before its objects are served.
            Meaning::KindNotServed { ref kind, .. }
                if !self.planned.target.is_served && Instant::now() < self.kind_known_by =>
            {
                let words = || format!("waiting for kind {kind} to be served");
                self.api.notices().sleep(self.began, KIND_PAUSE, words).await;
            }
            Meaning::Immutable { ref others, .. } if self.options.recreate && others.is_empty() => {
                if NEVER_RECREATED.contains(&self.planned.target.object.identity.kind.as_str()) {
                    return Err(Fault::NotRecreated);
                }
                self.delete().await?;
            }
            meaning => return Err(Fault::Refused(Box::new(meaning))),
        }
        Ok(None)
    }

    async fn after_silence(&mut self, no_answer: NoAnswer) -> Result<(), Fault> {
        if !no_answer.may_pass() {
            return Err(Fault::NoAnswer(no_answer));
        }
        let why = no_answer.to_string();
        self.pause_for(None, &why, Fault::NoAnswer(no_answer)).await
    }

    /// What an autoscaler owns is left to it; the rest is won by force if that is asked for.
    fn after_conflict(&mut self, conflicts: Vec<Conflict>) -> Result<(), Fault> {
        let (autoscaled, real): (Vec<Conflict>, Vec<Conflict>) =
            conflicts.into_iter().partition(Conflict::is_autoscaler);
        if !autoscaled.is_empty() && !self.is_autoscaled {
            self.is_autoscaled = true;
            without_replicas(&mut self.manifest);
        }
        if real.is_empty() {
            return Ok(());
        }
        if !self.options.force || self.force {
            return Err(Fault::Refused(Box::new(Meaning::Ownership(real))));
        }
        self.force = true;
        self.overwritten = real;
        Ok(())
    }

    /// Waits before another try: as long as the server asks for, else longer each time.
    async fn pause(&mut self, after: Option<Duration>, reason: RetryReason) -> Result<(), Fault> {
        let fault = Fault::Refused(Box::new(Meaning::Retry { after, reason }));
        self.pause_for(after, reason.words(), fault).await
    }

    /// The same; gives the fault where no try is left, or none helps.
    async fn pause_for(&mut self, after: Option<Duration>, why: &str, fault: Fault) -> Result<(), Fault> {
        let target = &self.planned.target;
        let words = || format!("apply {}: {why}", target.resource.display(&target.object.identity.name));
        let (began, hopeless) = (self.began, self.hopeless);
        let paused = hopeless.unless_raised(self.api.pause(&mut self.tries, began, after, words)).await;
        if paused == Some(true) { Ok(()) } else { Err(fault) }
    }

    async fn read_again(&mut self) -> Result<(), Fault> {
        let target = &self.planned.target;
        let answer = self.api.get(&target.path()).await;
        let answer = answer.and_then(|answer| target.reference().checked(answer));
        self.before = match answer.map_err(Fault::NoAnswer)? {
            answer if answer.is_success() => Some(answer.body),
            answer if answer.status == 404 => None,
            answer => return Err(Fault::Refused(Box::new(meaning(target, &answer)))),
        };
        Ok(())
    }

    /// Deletes the object that is in the way and waits until it is gone. A StatefulSet's pods stay.
    async fn delete(&mut self) -> Result<(), Fault> {
        if self.before.is_none() {
            self.read_again().await?;
        }
        let target = &self.planned.target;
        let Some(uid) = self.before.as_ref().map(|before| before["metadata"]["uid"].clone()) else {
            return Ok(());
        };
        let is_stateful = target.object.identity.is("apps", "StatefulSet");
        let policy = if is_stateful { "Orphan" } else { "Background" };
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy,
            "preconditions": {"uid": uid},
        });
        let answer = self.api.delete_exactly(&target.path(), &options).await;
        let answer = answer.and_then(|answer| target.reference().checked_deletion(answer));
        let answer = answer.map_err(Fault::NoAnswer)?;
        // 409: another object of that name is there by now, which the next PATCH is about.
        if !answer.is_success() && !matches!(answer.status, 404 | 409) {
            return Err(Fault::Refused(Box::new(meaning(target, &answer))));
        }
        let gone = |object: Option<&Value>| {
            object.is_none_or(|object| object["metadata"]["uid"] != uid).then_some(())
        };
        let words = || format!("waiting for {} to go", target.resource.display(&target.object.identity.name));
        let gone = watch::until(self.api, target.reference(), Instant::now() + GONE_WITHIN, gone);
        if self.api.notices().during(SLOW_AFTER, words, gone).await.is_err() {
            return Err(Fault::NotEstablished("the old object doesn't go away".to_owned()));
        }
        (self.before, self.was_deleted) = (None, true);
        Ok(())
    }
}
