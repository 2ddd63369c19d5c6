//! Why something about slots could not be done, in words.
//!
//! Takes the facts of the records' functions, gives the one message to the user.

use std::fmt;
use std::time::Duration;

use codex_cluster::answer::Answer as Meaning;
use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{Obstacle, Refusal};
use codex_slot::slots::SlotError;
use codex_slot::store::{Cause, StoreError};
use codex_slot::view::ViewError;

use crate::age;

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
pub(crate) fn of_slot(error: SlotError, cluster: &Cluster) -> Diagnostic {
    match error {
        SlotError::View(error) => of_view(error),
        SlotError::Refused(refusal) => {
            let hint = match refusal {
                Refusal::Missing { .. } => "`ensure --slot N` takes a slot by its number",
                _ => "`kubectl codex slot list` shows who has which slot",
            };
            Diagnostic::machine(refusal.to_string()).hint(Some(hint.to_owned()))
        }
        SlotError::Unavailable { obstacle, waited } => of_obstacle(obstacle, waited),
        SlotError::Store(StoreError { attempt, cause }) => match cause {
            Cause::NoAnswer(no_answer) => {
                Diagnostic::from(cluster.unreachable(no_answer)).note(format!("it was asked to {attempt}"))
            }
            Cause::Refused { meaning, answer } => {
                Diagnostic::machine(format!("cannot {attempt}")).note(match *meaning {
                    Meaning::Unauthorized => format!("{} doesn't accept the credentials", cluster.server),
                    _ => answer.message(),
                })
            }
        },
        SlotError::Interrupted => Diagnostic::interrupted("stopped; the same command goes on from here"),
        SlotError::Gone { .. } | SlotError::Contended { .. } | SlotError::Watch { .. } => {
            Diagnostic::machine(error.to_string())
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
