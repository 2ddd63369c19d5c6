//! Whose fields become ours on the way: taken over, shared, won, or set right before anything can be applied.

use serde_json::Value;

use super::{MAX_RACES, Sending};
use crate::answer::{Answer as Meaning, Conflict};
use crate::api::{APPLY, JSON_PATCH};
use crate::apply::Fault;
use crate::ownership::handover::about_values;
use crate::ownership::takeover::{is_cleared, nothing_of, takeover};
use crate::plan::mend::mend;
use crate::plan::{apply_path, meaning, without_replicas};

impl Sending<'_> {
    /// Makes ours what client-side apply made; `false` to begin anew.
    pub(super) async fn take_over(&mut self) -> Result<bool, Fault> {
        if self.before.as_ref().is_some_and(|before| is_cleared(before, &self.manifest)) {
            let path = apply_path(&self.planned.target, false, false);
            let nothing = nothing_of(&self.manifest);
            if !self.write(&path, APPLY, &nothing).await? {
                return Ok(false);
            }
        }
        let taken = self.before.as_ref().and_then(|before| takeover(before, &self.manifest));
        let Some((patch, is_known)) = taken.map(|taken| (taken.patch(), taken.is_known)) else {
            return Ok(true);
        };
        let is_written = self.own(&patch).await?;
        self.handover.is_taken_over |= is_written && is_known;
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
    pub(super) async fn mend(&mut self, refusal: &Meaning) -> Result<bool, Fault> {
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

    /// What an autoscaler owns is left to it, what others applied alike is shared with them; the rest is won by force if
    /// that is asked for.
    pub(super) async fn after_conflict(&mut self, conflicts: Vec<Conflict>) -> Result<(), Fault> {
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
        let Some(before) = &self.before else {
            return Err(Fault::Refused(Box::new(Meaning::Ownership(conflicts))));
        };
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
    pub(super) fn unpin(&mut self) {
        let metadata = self.manifest.get_mut("metadata").and_then(Value::as_object_mut);
        if metadata.and_then(|metadata| metadata.remove("resourceVersion")).is_some() {
            self.force = false;
            self.handover.shared_with.clear();
        }
    }
}
