//! From a record to what is sent: a whole ConfigMap for a new one, a merge patch for a change.
//!
//! A patch and not an UPDATE, since it leaves alone what it doesn't name, and since codexctl patches too:
//! whoever may run codexctl may run this.

use codex_cluster::labels::{ENVIRONMENT, ISSUE, PR, PROJECT, SLOT, label_value};
use serde_json::{Map, Value, json};

use super::{Record, StateLocation};

/// The field manager of the records. Not the one of what is applied: a prune never takes a record.
pub const FIELD_MANAGER: &str = "kubectl-codex-slot";

impl Record {
    /// The ConfigMap of a new record.
    pub fn config_map(&self, location: &StateLocation) -> Value {
        let mut data = self.changing();
        data.insert("slot".to_owned(), self.slot.to_string().into());
        data.insert("env".to_owned(), self.env.as_str().into());
        data.insert("owner".to_owned(), self.owner.as_str().into());
        data.insert("createdAt".to_owned(), self.created_at.map(|time| time.to_string()).into());
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": location.name(self.slot),
                "namespace": location.namespace,
                "labels": stated(self.labels()),
            },
            "data": stated(data),
        })
    }

    /// The merge patch that makes the stored record, as it was read, into this one. It carries the version
    /// that was read: the server refuses it if there is another by then.
    pub fn patch(&self) -> Value {
        json!({
            "metadata": {
                "resourceVersion": self.resource_version,
                "labels": self.labels(),
            },
            "data": self.changing(),
        })
    }

    /// The options of a DELETE that takes this very version only.
    pub fn deletion(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": self.uid, "resourceVersion": self.resource_version},
        })
    }

    /// The keys that may change after the record is made; null where a key is to be missing.
    fn changing(&self) -> Map<String, Value> {
        let flag = |is_set: bool| if is_set { json!("true") } else { Value::Null };
        let claim = |claim: super::Links| json!({"issue": claim.issue, "pr": claim.pr}).to_string();
        let agent = |agent: &super::Agent| {
            json!({"host": agent.host, "pid": agent.pid, "heartbeat": agent.heartbeat.to_string()})
                .to_string()
        };
        [
            ("namespace", json!(self.namespace)),
            ("issue", json!(self.links.issue.to_string())),
            ("pr", json!(self.links.pr.to_string())),
            ("project", json!(self.project)),
            ("lastUsed", self.last_used.map(|time| time.to_string()).into()),
            ("claim", self.claim.map(claim).into()),
            ("fresh", flag(self.fresh)),
            ("cleaning", flag(self.cleaning)),
            ("agent", self.agent.as_ref().map(agent).into()),
            ("applied", json!(self.applied)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// The labels; issue and pull request are the claimed ones where there is a claim.
    fn labels(&self) -> Map<String, Value> {
        let links = self.claim.unwrap_or(self.links);
        let number = |number: u64| if number == 0 { Value::Null } else { json!(number.to_string()) };
        [
            (PROJECT, self.project.as_deref().map(label_value).into()),
            (ENVIRONMENT, label_value(&self.env).into()),
            (SLOT, self.slot.to_string().into()),
            (ISSUE, number(links.issue)),
            (PR, number(links.pr)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

/// Without the keys that are to be missing: a null means that in a patch only.
fn stated(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
