//! Waiting until an object is as it should be, by a watch.
//!
//! Takes one object's place and a judgement, gives what the judgement gave. A watch that ends, goes silent or
//! is too old is begun anew from a fresh look, so nothing is missed and nothing is polled.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::answer::{self, Answer as Meaning, Request};
use crate::api::{Answer, Api, Event, NoAnswer, NoWatch};
use crate::discovery::Resource;

/// How long a watch may go on before it is begun anew.
const ROUND: Duration = Duration::from_secs(240);

/// How long is waited before asking again a server that didn't answer well.
const PAUSE: Duration = Duration::from_secs(1);

/// One object, there or not.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its kind.
    pub resource: &'a Resource,
    /// Its namespace, if it lives in one.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

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
    target: Target<'_>,
    deadline: Instant,
    mut judge: impl FnMut(Option<&Value>) -> Option<T>,
) -> Result<T, WatchError> {
    loop {
        // The first look is given a moment even if the deadline is past.
        let look = timeout_at(deadline.max(Instant::now() + 5 * PAUSE), look(api, target)).await;
        let version = match look.unwrap_or(Err(WatchError::TimedOut)) {
            Ok((object, version)) => match judge(object.as_ref()) {
                Some(verdict) => return Ok(verdict),
                None => Some(version),
            },
            Err(error) => {
                passing(error, target)?;
                None
            }
        };
        let round = async {
            let Some(version) = version else {
                sleep(PAUSE).await;
                return Ok(None);
            };
            follow(api, target, &version, &mut judge).await
        };
        match timeout_at(deadline, round).await {
            Ok(Ok(Some(verdict))) => return Ok(verdict),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => passing(error, target)?,
            Err(_) => return Err(WatchError::TimedOut),
        }
    }
}

/// The object and the version from which a watch sees what comes after it. A list of one, since only a list
/// has a version when there is no such object.
async fn look(api: &Api, target: Target<'_>) -> Result<(Option<Value>, String), WatchError> {
    let answer = api.get(&path(target, "")).await.map_err(WatchError::NoAnswer)?;
    if !answer.is_success() {
        return Err(WatchError::Refused(answer));
    }
    let version = answer.body["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    let mut body = answer.body;
    let object = body["items"].as_array_mut().and_then(Vec::pop);
    Ok((object, version))
}

/// Follows the changes until the judgement is made or the watch ends.
async fn follow<T>(
    api: &Api,
    target: Target<'_>,
    version: &str,
    judge: &mut impl FnMut(Option<&Value>) -> Option<T>,
) -> Result<Option<T>, WatchError> {
    let query = format!("&watch=true&resourceVersion={version}&timeoutSeconds={}", ROUND.as_secs());
    let events = api.watch(&path(target, &query)).await.map_err(|error| match error {
        NoWatch::Refused(answer) => WatchError::Refused(answer),
        NoWatch::NoAnswer(error) => WatchError::NoAnswer(error),
    })?;
    let mut events = pin!(events);
    // The server ends the watch after a round; one that is silent for longer lost its connection.
    while let Ok(Some(event)) = timeout(ROUND + ROUND / 8, events.next()).await {
        let verdict = match &event {
            Event::Present(object) => judge(Some(object)),
            Event::Gone(_) => judge(None),
            Event::Reached(_) => continue,
            Event::Over => break,
        };
        if verdict.is_some() {
            return Ok(verdict);
        }
    }
    // Not a wait for the object: it keeps a server whose watches end at once from being asked without pause.
    sleep(PAUSE / 10).await;
    Ok(None)
}

/// Whether a failure may pass; `Err` if it won't.
fn passing(error: WatchError, target: Target<'_>) -> Result<(), WatchError> {
    let resource = target.resource;
    let request = Request { group: &resource.group, version: &resource.version, kind: &resource.kind };
    let meaning = match &error {
        WatchError::TimedOut => return Err(error),
        WatchError::Refused(answer) => answer::classify(answer.reply(), request),
        WatchError::NoAnswer(no_answer) => answer::without_answer(no_answer.transport),
    };
    match meaning {
        Meaning::Retry { .. } | Meaning::Expired => Ok(()),
        _ => Err(error),
    }
}

fn path(target: Target<'_>, query: &str) -> String {
    let Target { resource, namespace, name } = target;
    format!("{}?fieldSelector=metadata.name%3D{name}{query}", resource.collection(namespace))
}
