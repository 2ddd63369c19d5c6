//! Asking the server what an apply would do, without a write.
//!
//! Takes a target and the object as it is, gives the action and what comes out. A plain dry run tells most of it. What
//! is taken over or left to an autoscaler by then is asked about as if it were done already; what a dry run can't
//! tell, since something would have to be written first, is told by [`super::mend`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::mend::mend;
use super::{Action, apply_path, meaning, without_replicas};
use crate::answer::{Answer as Meaning, Conflict};
use crate::api::{Answer, Api, NoAnswer};
use crate::ownership::dropped::dropped;
use crate::ownership::handover::{Handover, about_values};
use crate::ownership::takeover::{
    is_annotated, is_cleared, is_client_side, nothing_of, takeover, without_annotation,
};
use crate::ownership::unchanged::{is_only_taken_over, is_unchanged};
use crate::place::Target;

/// What an apply would do.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) action: Action,
    /// What comes out, where that is known.
    pub(super) after: Option<Value>,
    pub(super) handover: Handover,
    /// What is taken from others by force.
    pub(super) taken: Vec<Conflict>,
    pub(super) warnings: Vec<String>,
}

impl Verdict {
    /// A verdict without a look at the object.
    pub(super) fn of(action: Action) -> Self {
        Self { action, after: None, handover: Handover::default(), taken: Vec::new(), warnings: Vec::new() }
    }
}

/// One object that the server is asked about.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) api: &'a Api,
    pub(super) target: &'a Target,
    /// Whether conflicts are won.
    pub(super) force: bool,
}

impl Question<'_> {
    /// The object as it would be if somebody owned it: see [`is_cleared`].
    pub(super) async fn owned(self, live: Value) -> Result<Value, NoAnswer> {
        if !is_cleared(&live, &self.target.object.value) {
            return Ok(live);
        }
        let answer = self.ask(&nothing_of(&self.target.object.value), false).await?;
        Ok(if answer.is_success() { answer.body } else { live })
    }

    /// What applying an object would do that isn't there.
    pub(super) async fn about_new(self) -> Result<Verdict, NoAnswer> {
        let answer = self.ask(&self.target.object.value, self.force).await?;
        if answer.is_success() {
            let warnings = answer.warning_texts();
            return Ok(Verdict { after: Some(answer.body), warnings, ..Verdict::of(Action::Create) });
        }
        Ok(Verdict::of(self.refused(meaning(self.target, &answer))))
    }

    /// What applying an object would do that is there.
    pub(super) async fn about(self, before: &Value) -> Result<Verdict, NoAnswer> {
        let mut manifest = self.target.object.value.clone();
        // Without force, so that the server says whose fields they are.
        let answer = self.ask(&manifest, false).await?;
        if answer.is_success() {
            return Ok(judged(&manifest, before, answer, BTreeSet::new()));
        }
        let Meaning::Ownership(conflicts) = meaning(self.target, &answer) else {
            return self.mended(before, &manifest, answer).await;
        };
        let annotated = is_annotated(before);
        let vanishes =
            |conflict: &Conflict| is_client_side(&conflict.manager, annotated) || conflict.is_autoscaler();
        let (gone, real): (Vec<Conflict>, Vec<Conflict>) = conflicts.into_iter().partition(vanishes);
        // What remains is taken over, or left to the autoscaler, or no conflict after all: the plan asks as if it were
        // done already.
        if gone.iter().any(Conflict::is_autoscaler) {
            without_replicas(&mut manifest);
        }
        let answer = self.ask(&manifest, true).await?;
        if !answer.is_success() {
            if !real.is_empty() && !self.force {
                return Ok(Verdict::of(Action::Conflict(real)));
            }
            let mut verdict = self.mended(before, &manifest, answer).await?;
            if verdict.action.is_difference() && !verdict.action.is_hopeless() {
                verdict.taken.splice(0..0, real);
            }
            return Ok(verdict);
        }
        if self.force {
            return Ok(Verdict { taken: real, ..judged(&manifest, before, answer, BTreeSet::new()) });
        }
        let managers: BTreeSet<String> = real.iter().map(|conflict| conflict.manager.clone()).collect();
        let real = about_values(real, before, &answer.body);
        Ok(match real.is_empty() {
            true => judged(&manifest, before, answer, managers),
            // What would come out if the fields were taken is what the manifest wants.
            false => Verdict {
                after: judged(&manifest, before, answer, managers).after,
                ..Verdict::of(Action::Conflict(real))
            },
        })
    }

    /// What a refusal means, once what can be done about it is done.
    async fn mended(self, before: &Value, manifest: &Value, refusal: Answer) -> Result<Verdict, NoAnswer> {
        let meaning = meaning(self.target, &refusal);
        let place = (self.api, self.target);
        Ok(match mend(place, before, manifest, &meaning, self.force).await? {
            Some(mend) => Verdict {
                action: match mend.is_taken_over && is_only_taken_over(before, &mend.after) {
                    true => Action::Own,
                    false => Action::Change,
                },
                after: Some(mend.after),
                warnings: mend.warnings,
                taken: mend.taken,
                handover: Handover { is_taken_over: mend.is_taken_over, ..Handover::default() },
            },
            None => Verdict::of(self.refused(meaning)),
        })
    }

    fn refused(self, meaning: Meaning) -> Action {
        match meaning {
            Meaning::NamespaceMissing { .. } => Action::CreateUnchecked,
            Meaning::Ownership(conflicts) => Action::Conflict(conflicts),
            meaning @ Meaning::WebhookDown { .. } => Action::Blocked(Box::new(meaning)),
            meaning => Action::Refused(Box::new(meaning)),
        }
    }

    async fn ask(self, manifest: &Value, force: bool) -> Result<Answer, NoAnswer> {
        let path = apply_path(self.target, force, true);
        self.target.reference().checked(self.api.apply(&path, manifest).await?)
    }
}

/// Change or not, and what comes out: without the fields that go once client-side apply's are taken over.
fn judged(manifest: &Value, before: &Value, answer: Answer, shared_with: BTreeSet<String>) -> Verdict {
    let warnings = answer.warning_texts();
    let mut after = answer.body;
    let taken = takeover(before, manifest);
    if let Some(taken) = &taken {
        for field in dropped(taken, before, manifest) {
            field.remove_from(&mut after);
        }
        without_annotation(&mut after);
    }
    let handover =
        Handover { is_taken_over: taken.as_ref().is_some_and(|taken| taken.is_known), shared_with };
    let action = match &taken {
        None if is_unchanged(before, &after) => Action::Same,
        Some(_) if is_only_taken_over(before, &after) => Action::Own,
        _ => Action::Change,
    };
    Verdict { action, after: Some(after), handover, taken: Vec::new(), warnings }
}
