//! Waiting until an object is as it should be.
//!
//! Takes one object's place and a judgement, gives what the judgement gave: a [`Reflector`] of one name, listened
//! to until a deadline.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::answer;
use crate::api::{Answer, Api, NoAnswer, RequestError};
use crate::object_ref::ObjectRef;
use crate::reflector::{News, Reflector};

/// How long the first look may take, however early the deadline.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Why waiting ended without what was waited for.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The time is over.
    #[error("the time is over")]
    TimedOut,
    /// The server says no.
    #[error("{}", .0.message())]
    Refused(Answer),
    /// The server can't be reached, and trying again won't help.
    #[error(transparent)]
    NoAnswer(NoAnswer),
}

/// Looks at the object, then at each of its changes, until `judge` gives something or `deadline` comes.
///
/// `judge` sees `None` where there is no such object. It is asked at least once, however early the deadline.
///
/// # Errors
/// See [`WatchError`]. Failures that may pass are waited out.
pub async fn until<T>(
    api: &Api,
    target: ObjectRef<'_>,
    deadline: Instant,
    mut judge: impl FnMut(Option<&Value>) -> Option<T>,
) -> Result<T, WatchError> {
    let reflector = Reflector {
        resource: target.resource.clone(),
        namespace: target.namespace.map(str::to_owned),
        names: Some([target.name.to_owned()].into()),
        fields: None,
    };
    let (outlet, mut inlet) = mpsc::channel(1);
    let mut following = std::pin::pin!(reflector.follow(api.clone(), 0, outlet));
    let first_look = deadline.max(Instant::now() + FIRST_LOOK);
    let mut is_seen = false;
    loop {
        let end = if is_seen { deadline } else { first_look };
        let news = tokio::select! {
            biased;
            Some((_, news)) = inlet.recv() => news,
            () = &mut following, if !inlet.is_closed() => continue,
            () = sleep_until(end) => return Err(WatchError::TimedOut),
        };
        let verdict = match news {
            News::Present(object) => judge(Some(&object)),
            News::Gone(_) => judge(None),
            News::Listed => {
                is_seen = true;
                None
            }
            News::Disturbed { error, .. } => {
                passing(error)?;
                None
            }
            News::Unwatched(_) => None,
            News::Denied(answer) => return Err(WatchError::Refused(answer)),
        };
        if let Some(verdict) = verdict {
            return Ok(verdict);
        }
    }
}

/// Whether a failure may pass; `Err` if it won't.
fn passing(error: RequestError) -> Result<(), WatchError> {
    match error {
        RequestError::Refused { answer, .. }
            if answer::passing(answer.reply()).is_none() && answer.status != 410 =>
        {
            Err(WatchError::Refused(answer))
        }
        RequestError::NoAnswer(no_answer) if !no_answer.may_pass() => Err(WatchError::NoAnswer(no_answer)),
        _ => Ok(()),
    }
}
