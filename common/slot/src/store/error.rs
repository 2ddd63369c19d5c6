//! Why a request came to nothing.

use codex_cluster::answer::Answer as Meaning;
use codex_cluster::api::{Answer, NoAnswer};

use super::Attempt;

/// A request that came to nothing, and asking again won't help or didn't.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {attempt}: {cause}")]
pub struct StoreError {
    /// What was tried.
    pub attempt: Attempt,
    /// Why it came to nothing.
    pub cause: Cause,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// The server says no.
    #[error("{}", answer.message())]
    Refused {
        /// What it says.
        answer: Box<Answer>,
        /// What that means.
        meaning: Box<Meaning>,
    },
    /// There was no answer.
    #[error(transparent)]
    NoAnswer(NoAnswer),
}

impl StoreError {
    pub(super) fn new(attempt: Attempt, answer: Result<Answer, NoAnswer>, meaning: Meaning) -> Self {
        let cause = match answer {
            Ok(answer) => Cause::Refused { answer: Box::new(answer), meaning: Box::new(meaning) },
            Err(no_answer) => Cause::NoAnswer(no_answer),
        };
        Self { attempt, cause }
    }
}
