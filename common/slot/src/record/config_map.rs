//! ConfigMaps as the server sends them, as far as records are concerned.
//!
//! Typed, so that what else they hold (half of it is `managedFields`) is skipped while it is read: a call waits
//! for nothing but the list of all records.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A ConfigMap.
#[derive(Debug, Deserialize)]
pub(crate) struct ConfigMap {
    pub(crate) metadata: Metadata,
    pub(crate) data: Option<BTreeMap<String, Option<String>>>,
}

/// Of its metadata, what a record has a use for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) resource_version: String,
    pub(crate) creation_timestamp: Option<String>,
    pub(crate) deletion_timestamp: Option<String>,
}

impl ConfigMap {
    /// The text of a key; an empty one counts as missing.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let text = self.data.as_ref()?.get(key)?.as_deref()?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }
}
