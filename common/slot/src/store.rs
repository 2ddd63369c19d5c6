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
use std::time::Duration;

use codex_cluster::answer::{self, Answer as Meaning, Request};
use codex_cluster::api::{Answer, Api, List, NoAnswer, Read};
use codex_cluster::live::escaped;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::sleep;

pub use attempt::Attempt;
pub use changes::Changes;
pub use error::{Cause, StoreError};

use crate::record::{ConfigMap, FIELD_MANAGER, Listed, Record, StateLocation};

/// How many ConfigMaps a page holds. Large, since each page is a request more for every call.
const PAGE: usize = 2000;

/// The longest that is waited before asking again, unless the server says how long.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

const MERGE_PATCH: &str = "application/merge-patch+json";

/// How often a server is asked again that can't answer now.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    /// How often in a row.
    pub retries: u32,
    /// How long is waited before the first; doubled each time.
    pub backoff: Duration,
}

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
    tries: Tries,
    failures: Failures,
}

/// How many requests in a row came to nothing. Reads and writes are counted apart: between two writes there is
/// always a read, and that it goes well doesn't say that the server takes writes.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    reads: u32,
    writes: u32,
}

impl Failures {
    fn of(&mut self, attempt: &Attempt) -> &mut u32 {
        if matches!(attempt.verb, "get" | "list") { &mut self.reads } else { &mut self.writes }
    }
}

impl<'a> Store<'a> {
    /// A way to the records at `location`.
    pub fn new(api: &'a Api, location: &'a StateLocation, tries: Tries) -> Self {
        Self { api, location, tries, failures: Failures::default() }
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
        let mut page = String::new();
        loop {
            let path = format!("{}?limit={PAGE}{page}", self.collection());
            let Some(list) = self.read::<List<ConfigMap>>(&path, &attempt).await? else {
                // The rest of the list is too old by now: begin anew.
                snapshot.listed.clear();
                page.clear();
                continue;
            };
            let items = list.items.iter().flatten();
            snapshot.listed.extend(items.filter_map(|item| Listed::of(item, self.location)));
            match list.metadata.r#continue.as_str() {
                "" => {
                    snapshot.version = list.metadata.resource_version;
                    snapshot.listed.sort_by_key(|listed| listed.slot);
                    return Ok(snapshot);
                }
                next => page = format!("&continue={}", escaped(next)),
            }
        }
    }

    /// The record of a slot; `None` if there is none.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn get(&mut self, slot: u32) -> Result<Option<Listed>, StoreError> {
        let attempt = self.on_records("get", Some(slot));
        let found = self.read::<ConfigMap>(&self.path(slot), &attempt).await?;
        Ok(found.and_then(|config_map| Listed::of(&config_map, self.location)))
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
            Ok(answer) if answer.is_success() || answer.status == 404 => {
                self.failures.writes = 0;
                Ok(Written::Done(Box::new(record.clone())))
            }
            other => self.written(other, attempt, record).await,
        }
    }

    /// A namespace; `None` if there is none.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn namespace(&mut self, name: &str) -> Result<Option<Value>, StoreError> {
        let attempt = Attempt::on_namespaces("get", Some(name));
        self.read(&format!("/api/v1/namespaces/{}", escaped(name)), &attempt).await
    }

    /// The namespaces that are on their way out.
    ///
    /// # Errors
    /// The request is refused, or there is no answer.
    pub async fn terminating(&mut self) -> Result<BTreeSet<String>, StoreError> {
        let attempt = Attempt::on_namespaces("list", None);
        let body: Value = self.read("/api/v1/namespaces", &attempt).await?.unwrap_or_default();
        let namespaces = body["items"].as_array().into_iter().flatten();
        let leaving = namespaces.filter(|namespace| is_on_its_way_out(namespace));
        Ok(leaving
            .filter_map(|namespace| namespace["metadata"]["name"].as_str().map(str::to_owned))
            .collect())
    }

    /// Reads a path until there is an answer; `None` if what is asked for isn't there (any more).
    async fn read<T: DeserializeOwned>(
        &mut self,
        path: &str,
        attempt: &Attempt,
    ) -> Result<Option<T>, StoreError> {
        loop {
            let answer = match self.api.read(path).await {
                Ok(Read::Found(body)) => {
                    self.failures.reads = 0;
                    return Ok(Some(body));
                }
                Ok(Read::Refused(answer)) if matches!(meaning(&answer), Meaning::Expired) => return Ok(None),
                Ok(Read::Refused(answer)) if answer.status == 404 && attempt.name.is_some() => {
                    return Ok(None);
                }
                Ok(Read::Refused(answer)) => Ok(answer),
                Err(no_answer) => Err(no_answer),
            };
            self.pause(answer, attempt).await?;
        }
    }

    async fn written(
        &mut self,
        answer: Result<Answer, NoAnswer>,
        attempt: Attempt,
        sent: &Record,
    ) -> Result<Written, StoreError> {
        match answer {
            Ok(answer) if answer.is_success() => {
                self.failures.writes = 0;
                let now = Listed::read(&answer.body, self.location).and_then(|listed| listed.record.ok());
                let is_it = |now: &Record| now.slot == sent.slot;
                // Whatever else comes as an answer doesn't say what is stored.
                Ok(now.filter(is_it).map_or(Written::Unknown, |now| Written::Done(Box::new(now))))
            }
            Ok(answer) if matches!(meaning(&answer), Meaning::AlreadyExists { .. } | Meaning::LostRace) => {
                Ok(Written::Outrun)
            }
            Ok(answer) if answer.status == 404 && attempt.verb != "create" => Ok(Written::Outrun),
            other => self.pause(other, &attempt).await.map(|()| Written::Unknown),
        }
    }

    /// Waits before the server is asked again, if that may help.
    async fn pause(&mut self, answer: Result<Answer, NoAnswer>, attempt: &Attempt) -> Result<(), StoreError> {
        let meant = match &answer {
            Ok(answer) => meaning(answer),
            Err(no_answer) => answer::without_answer(no_answer.transport),
        };
        let failures = self.failures.of(attempt);
        match meant {
            Meaning::Retry { after, .. } if *failures < self.tries.retries => {
                let longer = self.tries.backoff.saturating_mul(2_u32.saturating_pow(*failures));
                *failures += 1;
                sleep(after.unwrap_or(longer.min(LONGEST_PAUSE))).await;
                Ok(())
            }
            meant => Err(StoreError::new(attempt.clone(), answer, meant)),
        }
    }
}

/// Whether a namespace is about to go.
pub(crate) fn is_on_its_way_out(namespace: &Value) -> bool {
    namespace["status"]["phase"] == "Terminating" || namespace["metadata"]["deletionTimestamp"].is_string()
}

/// What an answer to a request about records means.
pub(crate) fn meaning(answer: &Answer) -> Meaning {
    answer::classify(answer.reply(), Request { group: "", version: "v1", kind: "ConfigMap" })
}
