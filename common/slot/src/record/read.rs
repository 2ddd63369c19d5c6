//! From a ConfigMap to a record.

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use super::config_map::ConfigMap;
use super::{Agent, Belonging, Links, Record, StateLocation};

/// A ConfigMap that isn't what a record has to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("ConfigMap `{config_map}`: key `{key}` {problem}")]
pub struct RecordError {
    /// The ConfigMap's name.
    pub config_map: String,
    /// The key of its data.
    pub key: &'static str,
    /// What is wrong with it, to be read after the key.
    pub problem: String,
}

/// A ConfigMap of the state namespace that has a record's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The slot that the name says. It is taken, whatever the data are.
    pub slot: u32,
    /// Whose the record is.
    pub belonging: Belonging,
    /// The record, or why it can't be read.
    pub record: Result<Record, RecordError>,
}

/// The slot that a ConfigMap's name says; `None` if it isn't a record's name.
pub fn number_of(name: &str, prefix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_number)
}

impl Listed {
    /// Reads a ConfigMap from JSON; `None` if it is none, or hasn't a record's name.
    pub fn read(json: &Value, location: &StateLocation) -> Option<Self> {
        Self::of(&ConfigMap::deserialize(json).ok()?, location)
    }

    /// Reads a ConfigMap; `None` if it hasn't a record's name.
    pub(crate) fn of(config_map: &ConfigMap, location: &StateLocation) -> Option<Self> {
        let slot = number_of(&config_map.metadata.name, &location.prefix)?;
        let source = Source(config_map);
        let belonging = Belonging {
            project: source.text("project").map(str::to_owned),
            env: source.text("env").unwrap_or_default().to_owned(),
            namespace: source.text("namespace").unwrap_or_default().to_owned(),
        };
        let record = source.record(slot, &belonging);
        Some(Self { slot, belonging, record })
    }
}

/// The ConfigMap that is read.
#[derive(Clone, Copy)]
struct Source<'a>(&'a ConfigMap);

impl<'a> Source<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.0.text(key)
    }

    fn bad(self, key: &'static str, problem: impl Into<String>) -> RecordError {
        RecordError { config_map: self.0.metadata.name.clone(), key, problem: problem.into() }
    }

    fn needed(self, key: &'static str) -> Result<&'a str, RecordError> {
        self.text(key).ok_or_else(|| self.bad(key, "is missing"))
    }

    fn record(self, slot: u32, belonging: &Belonging) -> Result<Record, RecordError> {
        let said = self.needed("slot")?;
        if said.parse() != Ok(slot) {
            return Err(self.bad("slot", format!("is `{said}`, but the name says {slot}")));
        }
        let env = self.needed("env")?.to_owned();
        let namespace = self.needed("namespace")?.to_owned();
        let metadata = &self.0.metadata;
        let made = metadata.creation_timestamp.as_ref().and_then(|text| text.parse().ok());
        Ok(Record {
            slot,
            env,
            namespace,
            owner: self.text("owner").unwrap_or_default().to_owned(),
            links: Links { issue: self.number("issue")?, pr: self.number("pr")? },
            created_at: self.time("createdAt")?.or(made),
            project: belonging.project.clone(),
            last_used: self.time("lastUsed")?,
            claim: self.claim()?,
            fresh: self.flag("fresh")?,
            // One that waits for a finalizer is as good as gone.
            cleaning: self.flag("cleaning")? || metadata.deletion_timestamp.is_some(),
            agent: self.agent()?,
            applied: self.text("applied").map(str::to_owned),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        })
    }

    fn number(self, key: &'static str) -> Result<u64, RecordError> {
        match self.text(key) {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| self.bad(key, format!("is `{text}`, not a number"))),
        }
    }

    fn flag(self, key: &'static str) -> Result<bool, RecordError> {
        match self.text(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(self.bad(key, format!("is `{text}`, neither `true` nor `false`"))),
        }
    }

    fn time(self, key: &'static str) -> Result<Option<Timestamp>, RecordError> {
        let time = |text: &str| {
            text.parse()
                .map_err(|_| self.bad(key, format!("is `{text}`, not a time like 2026-01-02T15:04:05Z")))
        };
        self.text(key).map(time).transpose()
    }

    fn json(self, key: &'static str) -> Result<Option<Value>, RecordError> {
        let parse = |text| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let json = |text| parse(text).ok_or_else(|| self.bad(key, "is no JSON object"));
        self.text(key).map(json).transpose()
    }

    fn claim(self) -> Result<Option<Links>, RecordError> {
        let Some(claim) = self.json("claim")? else {
            return Ok(None);
        };
        let number = |field: &str| match &claim[field] {
            Value::Null => Ok(0),
            value => {
                value.as_u64().ok_or_else(|| self.bad("claim", format!("has `{field}` that is no number")))
            }
        };
        Ok(Some(Links { issue: number("issue")?, pr: number("pr")? }))
    }

    fn agent(self) -> Result<Option<Agent>, RecordError> {
        let Some(agent) = self.json("agent")? else {
            return Ok(None);
        };
        let lacks = |field: &str| self.bad("agent", format!("has no good `{field}`"));
        let heartbeat = agent["heartbeat"].as_str().and_then(|text| text.parse().ok());
        Ok(Some(Agent {
            host: agent["host"].as_str().ok_or_else(|| lacks("host"))?.to_owned(),
            pid: agent["pid"].as_u64().and_then(|pid| pid.try_into().ok()).ok_or_else(|| lacks("pid"))?,
            heartbeat: heartbeat.ok_or_else(|| lacks("heartbeat"))?,
        }))
    }
}
