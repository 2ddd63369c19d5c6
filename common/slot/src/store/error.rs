//! Why a request came to nothing.

use codex_cluster::answer::{self, Answer as Meaning};
use codex_cluster::api::{Answer, NoAnswer, RequestError};
use codex_cluster::refusal;

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
    #[error("{}", refusal::reason(answer))]
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
    /// A request that came to nothing after all tries.
    pub(super) fn request(attempt: &Attempt, error: RequestError) -> Self {
        let answer = match error {
            RequestError::Refused { answer, .. } => Ok(answer),
            RequestError::NoAnswer(no_answer) => Err(no_answer),
        };
        let meaning = match &answer {
            Ok(answer) => super::meaning(answer),
            Err(no_answer) => answer::without_answer(no_answer.transport),
        };
        Self::new(attempt.clone(), answer, meaning)
    }

    pub(super) fn new(attempt: Attempt, answer: Result<Answer, NoAnswer>, meaning: Meaning) -> Self {
        let cause = match answer {
            Ok(answer) => Cause::Refused { answer: Box::new(answer), meaning: Box::new(meaning) },
            Err(no_answer) => Cause::NoAnswer(no_answer),
        };
        Self { attempt, cause }
    }
}
