//! One object on its way to the server: taking over, conflicts, races, retries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::answer::{Answer as Meaning, Conflict, RetryReason};
use crate::api::{APPLY, Answer, Api, JSON_PATCH, NoAnswer};
use crate::interrupt::Interrupt;
use crate::live::LiveObject;
use crate::notices::SLOW_AFTER;
use crate::ownership::handover::{Handover, about_values};
use crate::ownership::takeover::{is_cleared, nothing_of, takeover};
use crate::ownership::unchanged::is_unchanged;
use crate::plan::mend::mend;
use crate::plan::{Action, Planned, apply_path, meaning, without_replicas};
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

/// Kinds that are never deleted to be made anew: too much goes with them.
const NEVER_RECREATED: [&str; 4] =
    ["Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition"];

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
            _ => Verb::Configured,
        }
    }

    /// Makes ours what client-side apply made; `false` to begin anew.
    async fn take_over(&mut self) -> Result<bool, Fault> {
        if self.before.as_ref().is_some_and(is_cleared) {
            let path = apply_path(&self.planned.target, false, false);
            let nothing = nothing_of(&self.manifest);
            if !self.write(&path, APPLY, &nothing).await? {
                return Ok(false);
            }
        }
        let taken = self.before.as_ref().and_then(|before| takeover(before, &self.manifest));
        let Some(patch) = taken.map(|taken| taken.patch()) else {
            return Ok(true);
        };
        let is_written = self.own(&patch).await?;
        self.handover.is_taken_over |= is_written;
        Ok(is_written)
    }

    /// Changes who owns what; `false` to begin anew.
    async fn own(&mut self, patch: &Value) -> Result<bool, Fault> {
        let path = format!("{}?fieldManager={}", self.planned.target.path(), crate::FIELD_MANAGER);
        self.write(&path, JSON_PATCH, patch).await
    }

    /// Writes something to the object that is there; `false` to begin anew.
    async fn write(&mut self, path: &str, kind: &str, body: &Value) -> Result<bool, Fault> {
        let answer = self.api.patch(path, kind, body).await;
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

    /// Sets right what keeps the object from being applied, if that is what a refusal is about.
    async fn mend(&mut self, refusal: &Meaning) -> Result<bool, Fault> {
        let Some(before) = self.before.as_ref().filter(|_| !self.is_mended) else {
            return Ok(false);
        };
        let place = (self.api, &self.planned.target);
        let mend = mend(place, before, &self.manifest, refusal, self.options.force).await;
        let Some(mend) = mend.map_err(Fault::NoAnswer)? else {
            return Ok(false);
        };
        self.is_mended = self.own(&mend.patch()).await?;
        if self.is_mended {
            self.overwritten.extend(mend.taken);
        }
        Ok(true)
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

    /// Waits before a webhook that isn't up is tried again, and says so at once; sends ahead what mends it.
    async fn await_webhook(&mut self, webhook: String, detail: String) -> Result<(), Fault> {
        let now = Instant::now();
        let left = self.webhooks_until.saturating_duration_since(now);
        let target = &self.planned.target;
        let name = target.resource.display(&target.object.identity.name);
        let tell = |left: Duration| {
            let again = match left.as_secs() {
                0 => String::new(),
                seconds => format!("; it is tried again for {seconds}s"),
            };
            let words = || format!("{name}: webhook `{webhook}` is not up: {detail}{again}");
            self.api.notices().tell_of(&webhook, words);
        };
        if self.course.repairs(&webhook).await {
            // A changed configuration counts a moment after it was written.
            self.webhooks_until = self.webhooks_until.max(Instant::now() + MENDED_WITHIN);
            return Ok(());
        }
        if left < WEBHOOK_PAUSE {
            return Err(Fault::Refused(Box::new(Meaning::WebhookDown { webhook, detail })));
        }
        tell(left);
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

    /// What an autoscaler owns is left to it, what others applied alike is shared with them; the rest is won by force if
    /// that is asked for.
    async fn after_conflict(&mut self, conflicts: Vec<Conflict>) -> Result<(), Fault> {
        let (autoscaled, real): (Vec<Conflict>, Vec<Conflict>) =
            conflicts.into_iter().partition(Conflict::is_autoscaler);
        if !autoscaled.is_empty() && !self.is_autoscaled {
            self.is_autoscaled = true;
            without_replicas(&mut self.manifest);
        }
        if real.is_empty() {
            return Ok(());
        }
        if self.force {
            return Err(Fault::Refused(Box::new(Meaning::Ownership(real))));
        }
        if self.options.force {
            self.force = true;
            self.overwritten = real;
            return Ok(());
        }
        self.share(real).await
    }

    /// Takes part in fields of others whose values stay. The object must be the one that was asked about: a value that
    /// changes meanwhile isn't shared.
    async fn share(&mut self, conflicts: Vec<Conflict>) -> Result<(), Fault> {
        if self.before.is_none() {
            self.read_again().await?;
        }
        let Some(before) = &self.before else { return Ok(()) };
        let mut pinned = self.manifest.clone();
        pinned["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
        let target = &self.planned.target;
        let answer = self.api.apply(&apply_path(target, true, true), &pinned).await;
        let answer = answer.and_then(|answer| target.reference().checked(answer)).map_err(Fault::NoAnswer)?;
        if !answer.is_success() {
            let meaning = meaning(target, &answer);
            if meaning == Meaning::LostRace && self.races < MAX_RACES {
                self.races += 1;
                return self.read_again().await;
            }
            return Err(Fault::Refused(Box::new(Meaning::Ownership(conflicts))));
        }
        let managers: Vec<String> = conflicts.iter().map(|conflict| conflict.manager.clone()).collect();
        let real = about_values(conflicts, before, &answer.body);
        if !real.is_empty() {
            return Err(Fault::Refused(Box::new(Meaning::Ownership(real))));
        }
        (self.manifest, self.force) = (pinned, true);
        self.handover.shared_with.extend(managers);
        Ok(())
    }

    /// Forgets which version of the object was asked about.
    fn unpin(&mut self) {
        let metadata = self.manifest.get_mut("metadata").and_then(Value::as_object_mut);
        if metadata.and_then(|metadata| metadata.remove("resourceVersion")).is_some() {
            self.force = false;
            self.handover.shared_with.clear();
        }
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
