//! Records on the API server: one request each, and what its answer means to a slot.
//!
//! Takes records, gives records. A read is asked again where that may help. A write is not: where its answer is
//! lost or says to come back, it may have been done or not, and only looking tells; so that is what
//! [`Written::Unknown`] has the caller do. All else that isn't success is an error at once (B4), which names
//! what was tried.

mod attempt;
mod changes;
mod error;

use std::collections::BTreeSet;

use codex_cluster::answer::{self, Answer as Meaning, Request, Transport};
use codex_cluster::api::{Answer, Api, List, ListRequest, NoAnswer, Read, RequestError, Step, escaped};
use codex_cluster::namespace::{self, Presence};
use codex_cluster::retry::Tries;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use attempt::Attempt;
pub use changes::Changes;
pub use error::{Cause, StoreError};

use crate::record::{ConfigMap, FIELD_MANAGER, Listed, Record, StateLocation};

/// How many ConfigMaps a page holds. Large, since each page is a request more for every call.
const PAGE: usize = 2000;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// It was done; the record as it is now. A deletion gives the record that is gone.
    Done(Box<Record>),
    /// Someone else was quicker: the number is taken, the record changed or is gone.
    Outrun,
    /// It may have been done or not.
    Unknown,
}

/// All ConfigMaps with a record's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What was listed.
    pub listed: Vec<Listed>,
    /// The version from which a watch goes on.
    pub version: String,
}

/// A way to the records.
#[derive(Clone)]
pub struct Store<'a> {
    api: &'a Api,
    location: &'a StateLocation,
    /// Tries of writing in a row. Reads are repeated below, and count for nothing here: between two writes there
    /// is always a read, and that it goes well doesn't say that the server takes writes.
    tries: Tries,
}

impl<'a> Store<'a> {
    /// A way to the records at `location`. Writes are tried as often as `api` repeats reads.
    pub fn new(api: &'a Api, location: &'a StateLocation) -> Self {
        Self { api, location, tries: api.retry().tries() }
    }

    /// The path of the state namespace's ConfigMaps.
    pub fn collection(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", escaped(&self.location.namespace))
    }

    fn path(&self, slot: u32) -> String {
        format!("{}/{}", self.collection(), escaped(&self.location.name(slot)))
    }

    fn on_records(&self, verb: &'static str, slot: Option<u32>) -> Attempt {
        Attempt {
            verb,
            resource: "configmaps",
            name: slot.map(|slot| self.location.name(slot)),
            namespace: Some(self.location.namespace.clone()),
        }
    }

    /// All records, as they were at one moment. By name and not by label: codexctl's have no labels.
    ///
    /// # Errors
    /// The list is refused, or there is no answer.
    pub async fn list(&mut self) -> Result<Snapshot, StoreError> {
        let attempt = self.on_records("list", None);
        let mut snapshot = Snapshot { listed: Vec::new(), version: String::new() };
        let mut pages = self.api.pages(ListRequest::at(self.collection(), "ConfigMapList", PAGE));
        while let Some(step) = pages.next().await.map_err(|error| StoreError::request(&attempt, error))? {
            let Step::Page(List { metadata, items, .. }) = step else {
                snapshot.listed.clear();
                continue;
            };
            let read = |item: &ConfigMap| Listed::of(item, self.location);
            snapshot.listed.extend(items.iter().flatten().filter_map(read));
            snapshot.version = metadata.resource_version;
        }
        snapshot.listed.sort_by_key(|listed| listed.slot);
        Ok(snapshot)
    }

    /// The record of a slot; `None` if there is none.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn get(&mut self, slot: u32) -> Result<Option<Listed>, StoreError> {
        let attempt = self.on_records("get", Some(slot));
        let path = self.path(slot);
        let failed = |error: RequestError| StoreError::request(&attempt, error);
        match self.api.read::<ConfigMap>(&path).await.map_err(|error| failed(error.into()))? {
            Read::Found(config_map) if config_map.metadata.name == self.location.name(slot) => {
                Ok(Listed::of(&config_map, self.location))
            }
            Read::Found(_) => Err(failed(another().into())),
            Read::Refused(answer) if answer.status == 404 => Ok(None),
            Read::Refused(answer) => Err(failed(RequestError::Refused { path, answer })),
        }
    }

    /// Makes a record, and the state namespace if it is missing.
    ///
    /// # Errors
    /// The request is refused, or can't be made.
    pub async fn create(&mut self, record: &Record) -> Result<Written, StoreError> {
        let attempt = self.on_records("create", Some(record.slot));
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.collection());
        let body = record.config_map(self.location);
        let mut answer = self.api.post(&path, &body).await;
        if let Ok(refused) = &answer
            && matches!(meaning(refused), Meaning::NamespaceMissing { .. })
        {
            if !self.create_namespace().await? {
                return Ok(Written::Unknown);
            }
            answer = self.api.post(&path, &body).await;
        }
        self.written(answer, attempt, record).await
    }

    /// Makes the state namespace; says whether it is there now.
    async fn create_namespace(&mut self) -> Result<bool, StoreError> {
        let name = &self.location.namespace;
        let attempt = Attempt::on_namespaces("create", Some(name));
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let path = format!("/api/v1/namespaces?fieldManager={FIELD_MANAGER}");
        match self.api.post(&path, &body).await {
            // 409: someone else made it at the same time.
            Ok(answer) if answer.is_success() || answer.status == 409 => Ok(true),
            other => self.pause(other, &attempt).await.map(|()| false),
        }
    }

    /// Changes a record, if it is still the version that was read.
    ///
    /// # Errors
    /// The request is refused, or can't be made.
    pub async fn patch(&mut self, record: &Record) -> Result<Written, StoreError> {
        let attempt = self.on_records("patch", Some(record.slot));
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.path(record.slot));
        let answer = self.api.patch(&path, MERGE_PATCH, &record.patch()).await;
        self.written(answer, attempt, record).await
    }

    /// Deletes a record, if it is still the version that was read. That it is gone already is as good.
    ///
    /// # Errors
    /// The request is refused, or can't be made.
    pub async fn delete(&mut self, record: &Record) -> Result<Written, StoreError> {
        let attempt = self.on_records("delete", Some(record.slot));
        match self.api.delete(&self.path(record.slot), &record.deletion()).await {
            Ok(answer)
                if answer.status == 404 || (answer.is_success() && answer.body["kind"] == "Status") =>
            {
                self.tries.forget();
                Ok(Written::Done(Box::new(record.clone())))
            }
            other => self.written(other, attempt, record).await,
        }
    }

    /// A namespace; `None` if there is none.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn namespace(&self, name: &str) -> Result<Option<Value>, StoreError> {
        match namespace::look(self.api, name).await {
            Ok(Presence::Missing) => Ok(None),
            Ok(Presence::Active(object) | Presence::Terminating(object)) => Ok(Some(object)),
            Err(error) => {
                Err(StoreError::request(&Attempt::on_namespaces("get", Some(name)), error.into_request()))
            }
        }
    }

    /// The namespaces that are on their way out.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn terminating(&self) -> Result<BTreeSet<String>, StoreError> {
        let attempt = Attempt::on_namespaces("list", None);
        let mut names = BTreeSet::new();
        let mut pages = self.api.pages(ListRequest::at("/api/v1/namespaces", "NamespaceList", PAGE));
        while let Some(step) = pages.next().await.map_err(|error| StoreError::request(&attempt, error))? {
            let Step::Page(List::<Value> { items, .. }) = step else {
                names.clear();
                continue;
            };
            let leaving = items.iter().flatten().filter(|namespace| is_on_its_way_out(namespace));
            names.extend(
                leaving.filter_map(|namespace| namespace["metadata"]["name"].as_str()).map(str::to_owned),
            );
        }
        Ok(names)
    }

    async fn written(
        &mut self,
        answer: Result<Answer, NoAnswer>,
        attempt: Attempt,
        sent: &Record,
    ) -> Result<Written, StoreError> {
        let failed = match answer {
            Ok(answer) if answer.is_success() => {
                let now = Listed::read(&answer.body, self.location).and_then(|listed| listed.record.ok());
                if let Some(now) = now.filter(|now| now.slot == sent.slot) {
                    self.tries.forget();
                    return Ok(Written::Done(Box::new(now)));
                }
                // Whatever else comes as an answer doesn't say what is stored.
                return self.look_again(another(), &attempt).await;
            }
            Ok(answer) if matches!(meaning(&answer), Meaning::AlreadyExists { .. } | Meaning::LostRace) => {
                return Ok(Written::Outrun);
            }
            Ok(answer) if answer.status == 404 && attempt.verb != "create" => return Ok(Written::Outrun),
            Err(error) if error.transport == Transport::Foreign => {
                return self.look_again(error, &attempt).await;
            }
            other => other,
        };
        self.pause(failed, &attempt).await.map(|()| Written::Unknown)
    }

    /// Waits before looking what became of a write whose answer nobody understands.
    async fn look_again(&mut self, error: NoAnswer, attempt: &Attempt) -> Result<Written, StoreError> {
        let words = || format!("{attempt}: {error}");
        if self.api.pause(&mut self.tries, Instant::now(), None, words).await {
            return Ok(Written::Unknown);
        }
        Err(StoreError::request(attempt, error.into()))
    }

    /// Waits before a write is tried again, if that may help.
    async fn pause(&mut self, answer: Result<Answer, NoAnswer>, attempt: &Attempt) -> Result<(), StoreError> {
        let (meant, why) = match &answer {
            Ok(answer) => (meaning(answer), answer.message()),
            Err(no_answer) => (answer::without_answer(no_answer.transport), no_answer.to_string()),
        };
        if let Meaning::Retry { after, .. } = meant {
            let words = || format!("{attempt}: {why}");
            if self.api.pause(&mut self.tries, Instant::now(), after, words).await {
                return Ok(());
            }
        }
        Err(StoreError::new(attempt.clone(), answer, meant))
    }
}

/// The failure of an answer that is no record.
fn another() -> NoAnswer {
    NoAnswer::new(Transport::Foreign, "the response is not the record that was asked for")
}

/// Whether a namespace is about to go.
pub(crate) fn is_on_its_way_out(namespace: &Value) -> bool {
    namespace["status"]["phase"] == "Terminating" || namespace["metadata"]["deletionTimestamp"].is_string()
}

/// What an answer to a request about records means.
pub(crate) fn meaning(answer: &Answer) -> Meaning {
    answer::classify(answer.reply(), Request { group: "", version: "v1", kind: "ConfigMap" })
}
