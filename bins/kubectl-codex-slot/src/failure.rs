//! Why something about slots could not be done, in words.
//!
//! Takes the facts of the records' functions, gives the one message to the user.

use std::fmt;

use codex_common::diagnostic::Diagnostic;
use codex_slot::view::ViewError;

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
