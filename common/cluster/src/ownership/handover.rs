//! What becomes ours of what others own, though no value changes for it.
//!
//! Two ways lead there: client-side apply made the object ([`super::takeover`]), or another manager applied the
//! very same. The second is a conflict by the server's rules where it filled in a default in a field that is owned as
//! a whole: the manifest isn't what is there then, and yet applying it changes nothing. A dry run with force tells.

use std::collections::BTreeSet;

use serde_json::Value;

use super::unchanged::is_alike;
use crate::answer::Conflict;
use crate::path::locate;

/// Whose fields become ours, of values that stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handover {
    /// Whether they are those of client-side apply.
    pub is_taken_over: bool,
    /// The managers that applied the same values.
    pub shared_with: BTreeSet<String>,
}

impl Handover {
    /// Whether anything becomes ours.
    pub fn is_something(&self) -> bool {
        self.is_taken_over || !self.shared_with.is_empty()
    }
}

/// Of conflicts those in which the field has another value `after` an apply with force than `before`.
pub fn about_values(conflicts: Vec<Conflict>, before: &Value, after: &Value) -> Vec<Conflict> {
    match is_alike(before, after) {
        true => Vec::new(),
        false => {
            conflicts.into_iter().filter(|conflict| !is_about_nothing(conflict, before, after)).collect()
        }
    }
}

/// Whether the field that a conflict is about has the same value in both states, or is in neither: the server keeps
/// nothing of a `hostNetwork: false`, and yet it has an owner.
fn is_about_nothing(conflict: &Conflict, before: &Value, after: &Value) -> bool {
    let (place, place_after) = (locate(&conflict.field, before), locate(&conflict.field, after));
    // What can't be found may be named in a way that we don't know: then nothing around it may have changed.
    place.complete == place_after.complete
        && place.path == place_after.path
        && place.path.find(before) == place.path.find(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conflict(field: &str) -> Conflict {
        Conflict { manager: "kubectl".into(), subresource: None, using: None, field: field.into() }
    }

    fn object(api_version: Option<&str>, image: &str) -> Value {
        let mut reference = json!({"fieldPath": "metadata.name"});
        if let Some(version) = api_version {
            reference["apiVersion"] = json!(version);
        }
        json!({"spec": {"containers": [
            {"name": "side", "image": "side"},
            {"name": "web", "image": image, "env": [{"name": "A", "valueFrom": {"fieldRef": reference}}]}
        ]}})
    }

    #[test]
    fn a_field_that_keeps_its_value_is_no_conflict() {
        let reference = ".spec.containers[name=\"web\"].env[name=\"A\"].valueFrom.fieldRef";
        let image = ".spec.containers[name=\"web\"].image";
        let both = || vec![conflict(reference), conflict(image)];
        let before = object(Some("v1"), "one");
        assert_eq!(about_values(both(), &before, &object(Some("v1"), "one")), []);
        assert_eq!(about_values(both(), &before, &object(Some("v1"), "two")), [conflict(image)]);
        assert_eq!(about_values(both(), &before, &object(Some("v2"), "one")), [conflict(reference)]);
    }

    #[test]
    fn a_field_that_comes_or_goes_is_one() {
        let (there, gone) = (json!({"data": {"a": "1"}}), json!({"data": {}}));
        for (before, after) in [(&there, &gone), (&gone, &there)] {
            assert_eq!(about_values(vec![conflict(".data.a")], before, after), [conflict(".data.a")]);
        }
        assert_eq!(about_values(vec![conflict(".data.a")], &there, &there), []);
    }

    #[test]
    fn a_field_of_which_nothing_is_kept_is_no_conflict() {
        let pod = |image: &str, ports: Value| json!({"kind": "Pod", "spec": {"containers": [{"image": image}], "dns": {"ports": ports}}});
        let field = || vec![conflict(".spec.dns.hostNetwork")];
        let before = pod("one", json!([]));
        assert_eq!(about_values(field(), &before, &pod("two", json!([]))), []);
        assert_eq!(about_values(field(), &before, &pod("one", json!([{}]))), field(), "it may be meant");
        let class = |version: &str, value: u32| json!({"metadata": {"generation": value, "resourceVersion": version}, "value": value});
        let field = || vec![conflict(".description")];
        assert_eq!(about_values(field(), &class("1", 1), &class("2", 1)), []);
        assert_eq!(about_values(field(), &class("1", 1), &class("2", 2)), field());
    }
}
