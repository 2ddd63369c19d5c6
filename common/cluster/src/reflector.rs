//! The objects of one kind in one namespace, as they are and as they change.
//!
//! The one list-and-watch. Takes a collection, gives [`News`] for as long as someone listens: a LIST, then a WATCH
//! from where the list stood. A watch that ends or goes silent is taken up again from the last thing it told; one that is too
//! old begins with a new list. Who may not watch asks again and again, who may not even list asks for each name.
//! Only a lack of rights is final, for the rest the caller has the deadline. Separate because the same serves for
//! what is awaited, for what hangs on it, and for one object ([`crate::watch`]).

mod outage;

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout};

use crate::answer;
use crate::api::{Answer, Api, Event, List, ListRequest, NoWatch, RequestError, Step, escaped};
use crate::discovery::Resource;
use crate::object_ref::ObjectRef;
use crate::retry::{LONGEST_ASKED, jittered};

use outage::Outage;

/// How many objects a page of a list holds.
const PAGE: usize = 500;

/// The status of an answer to something that isn't allowed.
const FORBIDDEN: u16 = 403;

/// How long the server lets a watch go on. Short, so that a lost connection is noticed soon though nothing
/// happens.
const ROUND: Duration = Duration::from_secs(60);

/// How long a watch may be silent; longer than a round, at whose end the server would have said something.
const SILENCE: Duration = Duration::from_secs(75);

/// How long is waited before asking again when nothing came of it; doubled each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The longest that is waited before asking again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long is waited between two looks where watching isn't allowed.
const POLL: Duration = Duration::from_secs(2);

/// How often the server has to say that looking isn't allowed. Rights that were granted a moment ago may not count
/// everywhere yet.
const DENIALS: u32 = 5;

/// Objects of one kind in one namespace.
#[derive(Debug, Clone)]
pub(crate) struct Reflector {
    /// Their kind.
    pub(crate) resource: Resource,
    /// Their namespace, if they live in one.
    pub(crate) namespace: Option<String>,
    /// The names of those that matter; `None` for all.
    pub(crate) names: Option<BTreeSet<String>>,
    /// What all of them have in common, as a field selector: `type=Warning`.
    pub(crate) fields: Option<&'static str>,
}

/// What a source tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// An object is there, or changed.
    Present(Value),
    /// The object of this name is gone, or was never there.
    Gone(String),
    /// Everything that is there has been told.
    Listed,
    /// The server can't be asked at the moment; why. It is asked again.
    Disturbed {
        /// Why.
        error: RequestError,
        /// The same in words, with how long already.
        words: String,
    },
    /// Changes may not be watched, so they are told later; why.
    Unwatched(String),
    /// Nothing may be looked at, and nothing more will be told; the server's no.
    Denied(Answer),
}

/// News with the number of the reflector that they come from.
pub(crate) type Outlet = Sender<(usize, News)>;

/// What came of a round of asking.
enum Round {
    /// A list was told whole.
    Listed,
    /// A watch told something, or was quiet for long.
    Watched,
    /// Nothing.
    Fruitless,
}

/// Why a round of asking ended early.
enum Stop {
    /// Nobody listens any more.
    Unheard,
    /// The server did not answer, or not well.
    Disturbed(RequestError),
    /// The server says that this isn't allowed.
    Denied(Answer),
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Refused { answer, .. } if answer.status == FORBIDDEN => Self::Denied(answer),
            error => Self::Disturbed(error),
        }
    }
}

/// How long the server wants to be left alone, within reason.
fn asked_for(error: &RequestError) -> Option<Duration> {
    match error {
        RequestError::Refused { answer, .. } => answer::passing(answer.reply())?,
        RequestError::NoAnswer(_) => None,
    }
}

/// One source being followed.
struct Feed<'a> {
    api: &'a Api,
    source: &'a Reflector,
    number: usize,
    outlet: &'a Outlet,
    /// The names that the listener takes to be there.
    known: BTreeSet<String>,
    /// From where a watch may go on; `None` if a list is due.
    version: Option<String>,
    may_list: bool,
    may_watch: bool,
}

impl Reflector {
    /// Tells all news until nobody listens any more.
    pub(crate) async fn follow(self, api: Api, number: usize, outlet: Outlet) {
        // Whoever asks for names takes all of them to be there: a missing one is news.
        let known = self.names.clone().unwrap_or_default();
        // What fails is seen here, and asked again with pauses of its own.
        let api = api.once();
        let mut feed = Feed {
            api: &api,
            source: &self,
            number,
            outlet: &outlet,
            known,
            version: None,
            may_list: true,
            may_watch: true,
        };
        let mut pause = SHORTEST_PAUSE;
        let mut outage = Outage::default();
        let mut denials = 0;
        loop {
            let round = match feed.version.take() {
                None => feed.look().await,
                Some(version) => feed.watch(version).await,
            };
            let after = match round {
                // A list alone proves little: where watches fail at once, it is all that succeeds.
                Ok(Round::Listed) => {
                    denials = 0;
                    if !feed.may_watch {
                        outage.is_over();
                        sleep(POLL).await;
                    }
                    continue;
                }
                Ok(Round::Watched) => {
                    outage.is_over();
                    pause = SHORTEST_PAUSE;
                    continue;
                }
                Ok(Round::Fruitless) => None,
                Err(Stop::Unheard) => return,
                Err(Stop::Denied(answer)) => {
                    denials += 1;
                    if denials >= DENIALS {
                        // Nobody who has stopped listening needs to know.
                        let _ = feed.tell(News::Denied(answer)).await;
                        return;
                    }
                    None
                }
                Err(Stop::Disturbed(error)) => {
                    let after = asked_for(&error).map(|asked| asked.min(LONGEST_ASKED));
                    let words = outage.goes_on(error.to_string(), Instant::now());
                    if let Some(words) = words
                        && feed.tell(News::Disturbed { error, words }).await.is_err()
                    {
                        return;
                    }
                    after
                }
            };
            // Nobody is polled here: this keeps a server that fails at once from being asked without pause.
            sleep(after.unwrap_or_else(|| jittered(pause))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What is asked for besides: the one name, where there is only one.
    fn selector(&self) -> String {
        let mut names = self.names.iter().flatten();
        match (self.fields, names.next(), names.next()) {
            (Some(fields), ..) => format!("fieldSelector={}", escaped(fields)),
            (None, Some(name), None) => format!("fieldSelector=metadata.name%3D{}", escaped(name)),
            _ => String::new(),
        }
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }
}

impl Feed<'_> {
    /// Tells everything that is there, and what no longer is.
    async fn look(&mut self) -> Result<Round, Stop> {
        if self.may_list {
            match (self.list().await, &self.source.names) {
                (Err(Stop::Denied(_)), Some(_)) => self.may_list = false,
                (round, _) => return round,
            }
        }
        self.get_each().await
    }

    /// Looks at one name after the other, where lists aren't allowed.
    async fn get_each(&mut self) -> Result<Round, Stop> {
        for name in self.source.names.iter().flatten() {
            let Reflector { resource, namespace, .. } = self.source;
            let object = ObjectRef { resource, namespace: namespace.as_deref(), name };
            let path = object.path();
            let answer = self.api.get(&path).await.and_then(|answer| object.checked(answer));
            let answer = answer.map_err(RequestError::from)?;
            if answer.is_success() {
                self.known.insert(name.clone());
                self.tell(News::Present(answer.body)).await?;
            } else if answer.status != 404 {
                return Err(RequestError::Refused { path, answer }.into());
            } else if self.known.remove(name) {
                self.tell(News::Gone(name.clone())).await?;
            }
        }
        self.may_watch = false;
        self.tell(News::Listed).await?;
        Ok(Round::Listed)
    }

    async fn list(&mut self) -> Result<Round, Stop> {
        let mut seen = BTreeSet::new();
        let Reflector { resource, namespace, .. } = self.source;
        let request = ListRequest::of(resource, namespace.as_deref(), PAGE).query(self.source.selector());
        let mut pages = self.api.pages(request);
        let mut version = String::new();
        while let Some(step) = pages.next::<List<Value>>().await? {
            let Step::Page(page) = step else {
                seen.clear();
                continue;
            };
            version = page.metadata.resource_version;
            for mut item in page.items.into_iter().flatten().filter(Value::is_object) {
                let name = text(&item["metadata"]["name"]);
                if !self.source.is_wanted(&name) {
                    continue;
                }
                // Items of a list carry neither apiVersion nor kind.
                item["apiVersion"] = self.source.resource.api_version().into();
                item["kind"] = self.source.resource.kind.as_str().into();
                seen.insert(name);
                self.tell(News::Present(item)).await?;
            }
        }
        self.version = self.may_watch.then_some(version);
        for name in std::mem::take(&mut self.known).difference(&seen) {
            self.tell(News::Gone(name.clone())).await?;
        }
        self.known = seen;
        self.tell(News::Listed).await?;
        Ok(Round::Listed)
    }

    /// Tells what changes, from a version on.
    async fn watch(&mut self, version: String) -> Result<Round, Stop> {
        let begun = Instant::now();
        let seconds = ROUND.as_secs();
        // Without bookmarks, the watch of a quiet kind would go on from a version that is too old by then.
        let (selector, collection) =
            (self.source.selector(), self.source.resource.collection(self.source.namespace.as_deref()));
        let separator = if selector.is_empty() { "" } else { "&" };
        let path = format!(
            "{collection}?{selector}{separator}watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={seconds}",
            escaped(&version)
        );
        let events = match self.api.watch(&path).await {
            Ok(events) => events,
            Err(NoWatch::Refused(answer)) if answer.status == 410 => return Ok(Round::Fruitless),
            Err(NoWatch::Refused(answer)) if answer.status == FORBIDDEN => {
                self.may_watch = false;
                self.tell(News::Unwatched(answer.message())).await?;
                return Ok(Round::Listed);
            }
            Err(NoWatch::Refused(answer)) => {
                return Err(RequestError::Refused { path: collection, answer }.into());
            }
            Err(NoWatch::NoAnswer(error)) => {
                // What happened so far isn't lost: the watch goes on from there.
                self.version = Some(version);
                return Err(RequestError::from(error).into());
            }
        };
        self.version = Some(version);
        let mut has_told = false;
        let mut events = pin!(events);
        while let Ok(Some(event)) = timeout(SILENCE, events.next()).await {
            let (object, is_there) = match event {
                Event::Present(object) => (object, true),
                Event::Gone(object) => (object, false),
                Event::Reached(version) => {
                    self.version = Some(version);
                    continue;
                }
                Event::Over => {
                    self.version = None;
                    break;
                }
            };
            has_told = true;
            self.version = Some(text(&object["metadata"]["resourceVersion"]));
            let name = text(&object["metadata"]["name"]);
            if !self.source.is_wanted(&name) {
                continue;
            }
            if is_there {
                self.known.insert(name);
                self.tell(News::Present(object)).await?;
            } else {
                self.known.remove(&name);
                self.tell(News::Gone(name)).await?;
            }
        }
        let is_fruitful = has_told || begun.elapsed() >= LONGEST_PAUSE;
        Ok(if is_fruitful { Round::Watched } else { Round::Fruitless })
    }

    async fn tell(&self, news: News) -> Result<(), Stop> {
        self.outlet.send((self.number, news)).await.map_err(|_| Stop::Unheard)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
