//! One object on its way to the server: taking over, conflicts, races, retries.

mod claims;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::answer::{Answer as Meaning, Conflict, RetryReason};
use crate::api::{APPLY, Answer, Api, NoAnswer};
use crate::interrupt::Interrupt;
use crate::live::LiveObject;
use crate::notices::SLOW_AFTER;
use crate::ownership::handover::Handover;
use crate::ownership::unchanged::{is_only_taken_over, is_unchanged};
use crate::plan::{Action, Planned, apply_path, may_be_recreated, meaning};
use crate::retry::Tries;
use crate::watch;

use super::{Applied, ApplyOptions, Course, ESTABLISHED_WITHIN, Fault, Status, Verb};

/// How often an object that others keep changing is read again.
const MAX_RACES: u32 = 20;

/// How long is waited between two tries of a webhook that isn't up.
const WEBHOOK_PAUSE: Duration = Duration::from_secs(2);

/// How long a changed webhook configuration may take until it counts.
const MENDED_WITHIN: Duration = Duration::from_secs(20);

/// How long is waited between two tries of an object whose kind isn't served yet.
const KIND_PAUSE: Duration = Duration::from_millis(200);

/// How long an object may take to go before it is made anew.
const GONE_WITHIN: Duration = Duration::from_secs(120);

/// How long the server may take to notice what was sent before an object and mends what it says of that.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// How long is waited between two tries of such an object.
const NOTICED_PAUSE: Duration = Duration::from_millis(250);

/// An object that is being sent.
struct Sending<'a> {
    course: &'a Course<'a>,
    api: &'a Api,
    planned: &'a Planned,
    options: ApplyOptions,
    manifest: Value,
    before: Option<Value>,
    force: bool,
    overwritten: Vec<Conflict>,
    handover: Handover,
    is_autoscaled: bool,
    /// Whether what kept it from being applied was set right.
    is_mended: bool,
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
    /// Until when the server may notice what was sent before it.
    noticed_by: Instant,
    /// Whether it was looked whether the object is there.
    is_looked_up: bool,
    /// Until when webhooks that aren't up are waited for.
    webhooks_until: Instant,
    /// What the server warns of.
    warnings: Vec<String>,
}

/// Sends one object until it is applied or that is in vain.
pub(super) async fn send(course: &Course<'_>, planned: &Planned) -> Status {
    let Course { api, options, hopeless, .. } = *course;
    let mut sending = Sending {
        course,
        api,
        planned,
        options,
        is_looked_up: !matches!(planned.action, Action::Unlisted(_)),
        webhooks_until: options.deadline,
        warnings: Vec::new(),
        manifest: planned.target.object.value.clone(),
        before: planned.before.as_ref().map(LiveObject::value),
        force: false,
        overwritten: Vec::new(),
        handover: Handover::default(),
        is_autoscaled: false,
        is_mended: false,
        was_deleted: false,
        may_be_made: false,
        hopeless,
        began: Instant::now(),
        tries: options.retry.tries(),
        races: 0,
        kind_known_by: Instant::now() + ESTABLISHED_WITHIN,
        noticed_by: Instant::now() + NOTICED_WITHIN,
    };
    loop {
        match sending.round().await {
            Ok(Some(verb)) => {
                return Status::Applied(Applied {
                    verb,
                    overwritten: sending.overwritten,
                    handover: sending.handover,
                    is_autoscaled: sending.is_autoscaled,
                    warnings: sending.warnings,
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
        if !self.is_looked_up {
            return self.look().await.map(|()| None);
        }
        if !self.take_over().await? {
            return Ok(None);
        }
        let path = apply_path(&self.planned.target, self.force, false);
        let answer = self.api.patch(&path, APPLY, &self.manifest).await;
        match answer.and_then(|answer| self.planned.target.reference().checked(answer)) {
            Ok(answer) if answer.is_success() => {
                self.warnings = answer.warning_texts();
                Ok(Some(self.verb(&answer)))
            }
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
            Some(before) if self.handover.is_taken_over && is_only_taken_over(before, &answer.body) => {
                Verb::Unchanged
            }
            _ => Verb::Configured,
        }
    }

    async fn after_refusal(&mut self, meaning: Meaning) -> Result<Option<Verb>, Fault> {
        if Box::pin(self.mend(&meaning)).await? {
            return Ok(None);
        }
        match meaning {
            Meaning::Ownership(conflicts) => self.after_conflict(conflicts).await?,
            Meaning::LostRace if self.races < MAX_RACES => {
                self.races += 1;
                self.unpin();
                self.read_again().await?;
            }
            Meaning::AlreadyExists { being_deleted: true } => self.pause(None, RetryReason::Busy).await?,
            Meaning::Retry { after, reason } => self.pause(after, reason).await?,
            Meaning::WebhookDown { webhook, detail } => self.await_webhook(webhook, detail).await?,
            // A definition is established a moment before its objects are served.
            Meaning::KindNotServed { ref kind, .. }
                if !self.planned.target.is_served && Instant::now() < self.kind_known_by =>
            {
                let words = || format!("waiting for kind {kind} to be served");
                self.api.notices().sleep(self.began, KIND_PAUSE, words).await;
            }
            Meaning::Denied { ref message }
                if self.planned.may_be_mended && Instant::now() < self.noticed_by =>
            {
                if Box::pin(self.course.reconsiders(message)).await {
                    self.noticed_by = Instant::now() + NOTICED_WITHIN;
                }
                self.pause_for_others().await;
            }
            // A changed definition, role or policy counts a moment after it was taken.
            Meaning::Manifest { .. }
            | Meaning::Immutable { .. }
            | Meaning::Forbidden(_)
            | Meaning::QuotaExceeded { .. }
            | Meaning::NotFound { .. }
            | Meaning::KindNotServed { .. }
                if self.planned.may_be_mended && Instant::now() < self.noticed_by =>
            {
                self.pause_for_others().await;
            }
            Meaning::Immutable { ref others, .. } if self.options.recreate && others.is_empty() => {
                if !may_be_recreated(&self.planned.target.object.identity.kind) {
                    return Err(Fault::NotRecreated);
                }
                self.delete().await?;
            }
            meaning => return Err(Fault::Refused(Box::new(meaning))),
        }
        Ok(None)
    }

    /// Waits a moment for the server to notice what else was sent.
    async fn pause_for_others(&self) {
        let words = || "waiting for the server to notice what was applied before".to_owned();
        self.api.notices().sleep(self.began, NOTICED_PAUSE, words).await;
    }

    /// Waits before a webhook that isn't up is tried again, and says so at once; sends ahead what mends it.
    async fn await_webhook(&mut self, webhook: String, detail: String) -> Result<(), Fault> {
        let left = self.webhooks_until.saturating_duration_since(Instant::now());
        let target = &self.planned.target;
        let name = target.resource.display(&target.object.identity.name);
        if self.course.repairs(&webhook).await {
            // A changed configuration counts a moment after it was written.
            self.webhooks_until = self.webhooks_until.max(Instant::now() + MENDED_WITHIN);
            return Ok(());
        }
        if left < WEBHOOK_PAUSE {
            return Err(Fault::Refused(Box::new(Meaning::WebhookDown { webhook, detail })));
        }
        let seconds = left.as_secs_f64().round();
        let words =
            || format!("{name}: webhook `{webhook}` is not up: {detail}; it is tried again for {seconds}s");
        self.api.notices().tell_of(&webhook, words);
        sleep(WEBHOOK_PAUSE).await;
        Ok(())
    }

    /// Looks whether the object is there, where no list could tell.
    async fn look(&mut self) -> Result<(), Fault> {
        let target = &self.planned.target;
        let answer = self.api.once().get(&target.path()).await;
        match answer.and_then(|answer| target.reference().checked(answer)) {
            Ok(answer) if answer.is_success() || answer.status == 404 => {
                self.before = answer.is_success().then_some(answer.body);
                self.is_looked_up = true;
                Ok(())
            }
            Ok(answer) => self.after_refusal(meaning(target, &answer)).await.map(|_| ()),
            Err(no_answer) => self.after_silence(no_answer).await,
        }
    }

    async fn after_silence(&mut self, no_answer: NoAnswer) -> Result<(), Fault> {
        if !no_answer.may_pass() {
            return Err(Fault::NoAnswer(no_answer));
        }
        let why = no_answer.to_string();
        self.pause_for(None, &why, Fault::NoAnswer(no_answer)).await
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
