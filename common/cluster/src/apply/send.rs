//! One object on its way to the server: taking over, conflicts, races, retries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::answer::{self, Answer as Meaning, Conflict, RetryReason};
use crate::api::{APPLY, Answer, Api, JSON_PATCH, NoAnswer};
use crate::ownership::takeover::takeover;
use crate::ownership::unchanged::is_unchanged;
use crate::plan::{Planned, apply_path, meaning, without_replicas};
use crate::watch::{self, Target as Watched};

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
    tries: u32,
    races: u32,
    /// Until when its kind may become known.
    kind_known_by: Instant,
}

/// Sends one object until it is applied or that is in vain.
pub(super) async fn send(api: &Api, planned: &Planned, options: ApplyOptions) -> Status {
    let mut sending = Sending {
        api,
        planned,
        options,
        manifest: planned.target.object.value.clone(),
        before: planned.before.clone(),
        force: false,
        overwritten: Vec::new(),
        is_autoscaled: false,
        was_deleted: false,
        tries: 0,
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
        match self.api.patch(&path, APPLY, &self.manifest).await {
            Ok(answer) if answer.is_success() => Ok(Some(self.verb(&answer))),
            Ok(answer) => self.after_refusal(meaning(&self.planned.target, &answer)).await,
            Err(no_answer) => self.after_silence(no_answer).await,
        }
    }

    fn verb(&self, answer: &Answer) -> Verb {
        match &self.before {
            _ if self.was_deleted => Verb::Recreated,
            _ if answer.status == 201 => Verb::Created,
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
        match self.api.patch(&path, JSON_PATCH, &patch).await {
            Ok(answer) if answer.is_success() => {
                self.before = Some(answer.body);
                Ok(true)
            }
            Ok(answer) => self.after_refusal(meaning(&self.planned.target, &answer)).await.map(|_| false),
            Err(no_answer) => self.after_silence(no_answer).await.map(|_| false),
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
            Meaning::WebhookDown { .. } if Instant::now() + WEBHOOK_PAUSE < self.options.deadline => {
                sleep(WEBHOOK_PAUSE).await;
            }
            // A definition is established a moment before its objects are served.
            Meaning::KindNotServed { .. }
                if !self.planned.target.is_served && Instant::now() < self.kind_known_by =>
            {
                sleep(KIND_PAUSE).await;
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

    async fn after_silence(&mut self, no_answer: NoAnswer) -> Result<Option<Verb>, Fault> {
        match answer::without_answer(no_answer.transport) {
            Meaning::Retry { after, reason } if self.tries < self.options.retries => {
                self.pause(after, reason).await?;
                Ok(None)
            }
            _ => Err(Fault::NoAnswer(no_answer)),
        }
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
        if self.tries >= self.options.retries {
            return Err(Fault::Refused(Box::new(Meaning::Retry { after, reason })));
        }
        let longer = self.options.backoff.saturating_mul(2_u32.saturating_pow(self.tries));
        self.tries += 1;
        sleep(after.unwrap_or(longer)).await;
        Ok(())
    }

    async fn read_again(&mut self) -> Result<(), Fault> {
        match self.api.get(&self.planned.target.path()).await {
            Ok(answer) if answer.is_success() => self.before = Some(answer.body),
            Ok(answer) if answer.status == 404 => self.before = None,
            Ok(answer) => {
                self.after_retryable(meaning(&self.planned.target, &answer)).await?;
            }
            Err(no_answer) => {
                self.after_silence(no_answer).await?;
            }
        }
        Ok(())
    }

    async fn after_retryable(&mut self, meaning: Meaning) -> Result<(), Fault> {
        match meaning {
            Meaning::Retry { after, reason } => self.pause(after, reason).await,
            meaning => Err(Fault::Refused(Box::new(meaning))),
        }
    }

    /// Deletes the object that is in the way and waits until it is gone. A StatefulSet's pods stay.
    async fn delete(&mut self) -> Result<(), Fault> {
        let target = &self.planned.target;
        let is_stateful = target.object.identity.is("apps", "StatefulSet");
        let policy = if is_stateful { "Orphan" } else { "Background" };
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
        let answer = self.api.delete(&target.path(), &options).await.map_err(Fault::NoAnswer)?;
        if !answer.is_success() && answer.status != 404 {
            return Err(Fault::Refused(Box::new(meaning(target, &answer))));
        }
        let watched = Watched {
            resource: &target.resource,
            namespace: target.namespace(),
            name: &target.object.identity.name,
        };
        let gone = |object: Option<&Value>| object.is_none().then_some(());
        if watch::until(self.api, watched, Instant::now() + GONE_WITHIN, gone).await.is_err() {
            return Err(Fault::NotEstablished("the old object doesn't go away".to_owned()));
        }
        (self.before, self.was_deleted) = (None, true);
        Ok(())
    }
}
