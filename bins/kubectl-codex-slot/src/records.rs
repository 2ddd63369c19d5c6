//! The records of slots as `ready`, `cleanup` and `gc` need them: their own ones told apart, failures in words.

use codex_cluster::answer::{self, Answer as Meaning, Request};
use codex_cluster::api::Answer;
use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{self, Beginning, Ending, Selector};
use codex_slot::record::{Listed, Record, RecordError};

use crate::scene::Scene;

const TRIES: u32 = 20;

/// The records of one environment's slots.
#[derive(Clone, Copy)]
pub(crate) struct Records<'a> {
    scene: &'a Scene<'a>,
    cluster: &'a Cluster,
}

impl<'a> Records<'a> {
    pub(crate) fn of(scene: &'a Scene<'a>, cluster: &'a Cluster) -> Self {
        Self { scene, cluster }
    }

    fn path(&self, slot: u32) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{}", self.scene.state.namespace, self.scene.state.name(slot))
    }

    fn refused(&self, verb: &str, answer: &Answer) -> Diagnostic {
        let request = Request { group: "", version: "v1", kind: "ConfigMap" };
        let words = match answer::classify(answer.reply(), request) {
            Meaning::Forbidden(right) => format!("{} may not {} {}", right.user, right.verb, right.resource),
            _ => answer.message(),
        };
        Diagnostic::machine(format!("cannot {verb} records in namespace `{}`", self.scene.state.namespace)).note(words)
    }

    /// All records in the state namespace, of others too.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, Diagnostic> {
        let path = format!("/api/v1/namespaces/{}/configmaps", self.scene.state.namespace);
        let answer = self.cluster.api.get(&path).await;
        let answer = answer.map_err(|error| Diagnostic::from(self.cluster.unreachable(error)))?;
        if !answer.is_success() {
            return Err(self.refused("list", &answer));
        }
        let items = answer.body["items"].as_array().into_iter().flatten();
        Ok(items.filter_map(|item| Listed::read(item, &self.scene.state)).collect())
    }

    /// Those of the scene's project and environment.
    pub(crate) fn own(&self, listed: &[Listed]) -> Result<Vec<Record>, Diagnostic> {
        let namespace_of = |slot| self.scene.namespace_or_failure(slot);
        let scope = self.scene.scope(&namespace_of);
        let mut own = Vec::new();
        for listed in listed {
            if scope.has(listed).map_err(crate::failure::of_view)? {
                own.push(listed.record.clone().map_err(|error: RecordError| crate::failure::of_view(error.into()))?);
            }
        }
        Ok(own)
    }

    /// The record of a slot as it is now.
    pub(crate) async fn get(&self, slot: u32) -> Result<Option<Record>, Diagnostic> {
        let answer = self.cluster.api.get(&self.path(slot)).await;
        let answer = answer.map_err(|error| Diagnostic::from(self.cluster.unreachable(error)))?;
        match answer.status {
            404 => Ok(None),
            200 => {
                let listed: Vec<Listed> = Listed::read(&answer.body, &self.scene.state).into_iter().collect();
                Ok(self.own(&listed)?.pop())
            }
            _ => Err(self.refused("get", &answer)),
        }
    }

    async fn patch(&self, record: &Record) -> Result<Option<Record>, Diagnostic> {
        let path = format!("{}?fieldManager={}", self.path(record.slot), codex_slot::record::FIELD_MANAGER);
        let answer = self.cluster.api.patch(&path, "application/merge-patch+json", &record.patch()).await;
        let answer = answer.map_err(|error| Diagnostic::from(self.cluster.unreachable(error)))?;
        match answer.status {
            404 | 409 => Ok(None),
            200 => {
                let listed: Vec<Listed> = Listed::read(&answer.body, &self.scene.state).into_iter().collect();
                Ok(self.own(&listed)?.pop())
            }
            _ => Err(self.refused("patch", &answer)),
        }
    }

    /// Changes the record of a slot that is ours.
    pub(crate) async fn update(
        &self,
        record: &Record,
        change: impl Fn(&mut Record),
    ) -> Result<Record, Diagnostic> {
        let mut now = record.clone();
        for _ in 0..TRIES {
            let mut changed = now.clone();
            change(&mut changed);
            if let Some(written) = self.patch(&changed).await? {
                return Ok(written);
            }
            match self.get(record.slot).await?.filter(|now| now.uid == record.uid && !now.cleaning) {
                Some(newer) => now = newer,
                None => break,
            }
        }
        Err(Diagnostic::machine(format!("slot {} was taken away meanwhile", record.slot)))
    }

    /// Marks the record of a slot that is to be removed, if it still is as `is_meant` says; `None` if not.
    pub(crate) async fn begin_cleanup(
        &self,
        slot: u32,
        is_meant: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Option<Record>, Diagnostic> {
        for _ in 0..TRIES {
            let record = self.get(slot).await?.filter(is_meant);
            match allocation::begin_cleanup(record.as_ref(), Selector::default()) {
                Beginning::Nothing => return Ok(None),
                Beginning::Begun(record) => return Ok(Some(record.clone())),
                Beginning::Drop(record) => {
                    self.delete(record).await?;
                }
                Beginning::Mark(record) => {
                    self.patch(&record.clone().under_cleanup()).await?;
                }
            }
        }
        Err(Diagnostic::machine(format!("slot {slot} keeps changing")))
    }

    /// Deletes the record of a slot that is gone, or with `keep` takes its mark off.
    pub(crate) async fn end_cleanup(&self, marked: &Record, keep: bool) -> Result<(), Diagnostic> {
        for _ in 0..TRIES {
            let record = self.get(marked.slot).await?;
            match allocation::end_cleanup(record.as_ref(), &marked.uid, keep) {
                Ending::Over => return Ok(()),
                Ending::Delete(record) => self.delete(record).await?,
                Ending::Release(record) => {
                    self.patch(&record.clone().after_cleanup()).await?;
                }
                Ending::Settle(record) => {
                    self.patch(&record.clone().confirmed(jiff::Timestamp::now())).await?;
                }
            }
        }
        Err(Diagnostic::machine(format!("slot {} keeps changing", marked.slot)))
    }

    async fn delete(&self, record: &Record) -> Result<(), Diagnostic> {
        let answer = self.cluster.api.delete(&self.path(record.slot), &record.deletion()).await;
        let answer = answer.map_err(|error| Diagnostic::from(self.cluster.unreachable(error)))?;
        if answer.is_success() || matches!(answer.status, 404 | 409) { Ok(()) } else { Err(self.refused("delete", &answer)) }
    }
}
