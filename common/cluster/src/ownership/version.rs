//! Entries of `managedFields` in a version that isn't served any more.
//!
//! A definition may drop the version that an object was applied in. The server can't read such an entry then, and
//! refuses every server-side apply of the object, whoever's. Its fields are put down in the version that is
//! applied: mostly they are called the same, and what is called differently is nobody's then.

use std::collections::BTreeSet;

use serde_json::Value;

use super::entry::Entry;

/// The versions other than the manifest's that entries of an object name; of the same group.
pub fn others<'a>(live: &'a Value, api_version: &str) -> BTreeSet<&'a str> {
    let group = |api_version: &'_ str| api_version.rsplit_once('/').map(|(group, _)| group.to_owned());
    let versions = Entry::all(live).map(Entry::api_version);
    versions.filter(|other| *other != api_version && group(other) == group(api_version)).collect()
}

/// All entries of an object, those of these versions under the manifest's.
pub fn rewritten(live: &Value, gone: &BTreeSet<&str>, api_version: &str) -> Vec<Value> {
    let entry = |entry: Entry<'_>| {
        let mut raw = entry.raw().clone();
        if gone.contains(entry.api_version()) {
            raw["apiVersion"] = api_version.into();
        }
        raw
    };
    Entry::all(live).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live() -> Value {
        let entry = |manager: &str, version: &str| json!({"manager": manager, "operation": "Apply", "apiVersion": version});
        json!({"metadata": {"resourceVersion": "7", "managedFields": [
            entry("kubectl-codex", "example.org/v1alpha1"), entry("operator", "example.org/v1"),
            entry("backup", "example.org/v1alpha2"), entry("odd", "other.org/v1alpha1")
        ]}})
    }

    #[test]
    fn the_versions_of_the_same_group_are_found() {
        let found = ["example.org/v1alpha1", "example.org/v1alpha2"];
        assert_eq!(others(&live(), "example.org/v1"), BTreeSet::from(found));
        assert_eq!(others(&live(), "v1"), BTreeSet::new());
        assert_eq!(others(&json!(null), "v1"), BTreeSet::new());
    }

    #[test]
    fn only_entries_of_versions_that_are_gone_are_rewritten() {
        let entries = rewritten(&live(), &BTreeSet::from(["example.org/v1alpha1"]), "example.org/v1");
        let versions: Vec<&str> = entries.iter().map(|entry| entry["apiVersion"].as_str().unwrap()).collect();
        let expected = ["example.org/v1", "example.org/v1", "example.org/v1alpha2", "other.org/v1alpha1"];
        assert_eq!(versions, expected);
    }
}
