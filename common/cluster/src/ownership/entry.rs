//! The entries of `metadata.managedFields`.
//!
//! Takes a live object, gives views of its entries. Nothing here reads the fields of an entry: most entries
//! are someone else's and of no interest.

use serde_json::Value;

use super::fields::{FieldSet, FieldsError};
use crate::FIELD_MANAGER;

/// One entry: who wrote which fields how.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    raw: &'a Value,
}

impl<'a> Entry<'a> {
    /// The entries of an object, in its order.
    pub fn all(object: &'a Value) -> impl Iterator<Item = Self> {
        let entries = object.get("metadata").and_then(|metadata| metadata.get("managedFields"));
        entries.and_then(Value::as_array).into_iter().flatten().map(|raw| Self { raw })
    }

    /// The entry as it stands in the object.
    pub fn raw(self) -> &'a Value {
        self.raw
    }

    fn text(self, key: &str) -> &'a str {
        self.raw.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// Who wrote.
    pub fn manager(self) -> &'a str {
        self.text("manager")
    }

    /// The version in whose terms the fields are named.
    pub fn api_version(self) -> &'a str {
        self.text("apiVersion")
    }

    /// Whether it is what we own by server-side apply.
    pub fn is_ours(self) -> bool {
        self.manager() == FIELD_MANAGER && self.is("Apply")
    }

    /// Whether it was written by an operation on the object itself, not on a subresource of it.
    pub fn is(self, operation: &str) -> bool {
        self.text("operation") == operation && self.text("subresource").is_empty()
    }

    /// The fields.
    ///
    /// # Errors
    /// They aren't in the format that every served Kubernetes writes.
    pub fn fields(self) -> Result<FieldSet<'a>, FieldsError> {
        match self.raw.get("fieldsV1") {
            None => Ok(FieldSet::default()),
            Some(fields) => FieldSet::parse(fields),
        }
    }
}
