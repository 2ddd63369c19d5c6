//! Why something about slots could not be done, in words.
//!
//! Takes the facts of the records' functions, gives the one message to the user.

use std::fmt;
use std::time::Duration;

use codex_cluster::answer::{self, Answer as Meaning};
use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{Obstacle, Refusal, Selector};
use codex_slot::view::ViewError;

use crate::age;
use crate::provisional::SlotError;
use crate::scene::Scene;

/// A message that travels as an error through functions that know nothing of messages.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Diagnostic);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.title)
    }
}

impl std::error::Error for Failure {}

/// The message about records that can't be read, or of which it can't be told whose they are.
pub(crate) fn of_view(error: ViewError) -> Diagnostic {
    match error {
        ViewError::Record(error) => Diagnostic::machine("cannot read the records of the slots")
            .note(error.to_string())
            .hint(Some("repair the record, or delete it if its slot isn't used".to_owned())),
        ViewError::Namespace { slot, source } => match source.downcast::<Failure>() {
            Ok(failure) => failure.0,
            Err(source) => Diagnostic::machine(format!("cannot tell the namespace of slot {slot}"))
                .note(source.to_string()),
        },
    }
}

/// The message about a slot that could not be had or changed.
pub(crate) fn of_slot(error: SlotError, scene: &Scene<'_>, cluster: &Cluster, wish: Selector) -> Diagnostic {
    match error {
        SlotError::View(error) => of_view(error),
        SlotError::Refused(refusal) => {
            let hint = match &refusal {
                Refusal::Missing { .. } => Some("`ensure --slot N` takes a slot by its number".to_owned()),
                _ => Some("`kubectl codex slot list` shows who has which slot".to_owned()),
            };
            Diagnostic::machine(format!("{wish} can't be had: {refusal}")).hint(hint)
        }
        SlotError::NoSlot { obstacle, waited } => of_obstacle(obstacle, waited),
        SlotError::Server { verb, resource, answer } => {
            let title = Diagnostic::machine(format!("cannot {verb} {resource}"));
            let request = answer::Request { group: "", version: "v1", kind: "ConfigMap" };
            match answer::classify(answer.reply(), request) {
                Meaning::Unauthorized => {
                    title.note(format!("{} doesn't accept the credentials", cluster.server))
                }
                _ => title.note(answer.message()),
            }
        }
        SlotError::NoAnswer(no_answer) => cluster.unreachable(no_answer).into(),
        SlotError::Interrupted => {
            let env = scene.env();
            Diagnostic::interrupted(format!("stopped before {wish} of environment `{env}` was settled"))
                .hint(Some("the same command goes on where this one stopped".to_owned()))
        }
    }
}

fn of_obstacle(obstacle: Obstacle, waited: Duration) -> Diagnostic {
    let message = Diagnostic::machine(obstacle.to_string());
    let message = match waited.as_secs() {
        0 => message,
        seconds => message.note(format!("waited {}", age::short(i64::try_from(seconds).unwrap_or(i64::MAX)))),
    };
    message.hint(match obstacle {
        Obstacle::NoFreeSlot { .. } => Some(
            "`--max` or `maxSlots` of services.yaml allows more; `gc` removes what isn't used".to_owned(),
        ),
        Obstacle::Cleaning(_) | Obstacle::Terminating(_) => None,
    })
}
