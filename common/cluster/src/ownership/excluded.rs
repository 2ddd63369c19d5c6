//! Fields of the live object that exclude what is applied, and that a server-side apply leaves where they are.
//!
//! `strategy: {type: Recreate}` is refused as long as the object has `rollingUpdate`; but the server filled that in
//! itself, for the type before, so that nobody owns it and no apply removes it. So it is with all fields of which
//! one excludes the other where the server's default is the other one. Client-side apply removes them.
//!
//! Which they are is told by what the server refuses, never by their names: the field that it refuses, where the
//! manifest doesn't have it; or those beside it, where the manifest does. They become ours, so that the next apply
//! removes them, since the manifest doesn't have them. What someone else owns is theirs, but by force.

use serde_json::{Map, Value};

use super::entry::Entry;
use super::fields::{Element, FieldSet, is_of_key};
use crate::FIELD_MANAGER;
use crate::answer::{Cause, Conflict};
use crate::path::{Path, Step, locate};

/// Fields that have to go before the manifest can be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Excluded {
    fields: Vec<Vec<Element<'static>>>,
    /// Those of them that others own.
    pub taken: Vec<Conflict>,
}

/// The fields that go, of an object that `causes` say can't be what the manifest makes of it; `None` if there are none,
/// or if they are others' and no `force` is used.
pub fn excluded(causes: &[Cause], live: &Value, manifest: &Value, force: bool) -> Option<Excluded> {
    let owners = Owners::of(live)?;
    let mut excluded = Excluded { fields: Vec::new(), taken: Vec::new() };
    for path in causes.iter().flat_map(|cause| candidates(&cause.field, live, manifest)) {
        let Some(elements) = owners.elements(&path, live) else { continue };
        let field: String = elements.iter().map(ToString::to_string).collect();
        let holders: Vec<Conflict> = owners.holders(&elements, &field);
        if !holders.is_empty() && !force {
            continue;
        }
        if !excluded.fields.contains(&elements) {
            excluded.fields.push(elements);
            excluded.taken.extend(holders);
        }
    }
    (!excluded.fields.is_empty()).then_some(excluded)
}

/// The places that may have to go, where the server refuses a field.
fn candidates(field: &str, live: &Value, manifest: &Value) -> Vec<Path> {
    let in_live = locate(field, live);
    if in_live.complete && in_manifest(&in_live.path, live, manifest).is_none() {
        return vec![in_live.path];
    }
    // The manifest has it: then it is something beside it, a part that can stand alone.
    let place = locate(field, manifest);
    let Some((_, above)) = place.path.0.split_last().filter(|(_, above)| place.complete && !above.is_empty())
    else {
        return Vec::new();
    };
    let parent = Path(above.to_vec());
    let (Some(Value::Object(ours)), Some(place)) =
        (parent.find(manifest), in_live_of(&parent, manifest, live))
    else {
        return Vec::new();
    };
    let Some(Value::Object(theirs)) = place.find(live) else { return Vec::new() };
    let parts = theirs.iter().filter(|(name, value)| value.is_object() && !ours.contains_key(*name));
    parts.map(|(name, _)| place.with(name.as_str())).collect()
}

/// The value in the manifest of a place in the live object: items of lists are told by their names.
fn in_manifest<'m>(path: &Path, live: &Value, manifest: &'m Value) -> Option<&'m Value> {
    in_live_of(path, live, manifest)?.find(manifest)
}

/// The place in `other` that `path` is in `object`.
fn in_live_of(path: &Path, object: &Value, other: &Value) -> Option<Path> {
    let mut found = Path::default();
    for (at, step) in path.0.iter().enumerate() {
        let value = found.find(other)?;
        let step = match step {
            Step::Key(key) => value.get(key).map(|_| Step::Key(key.clone()))?,
            Step::Index(index) => {
                let item = Path(path.0[..=at].to_vec()).find(object)?;
                let name = item.get("name").filter(|name| name.is_string());
                let named = |items: &Vec<Value>| items.iter().position(|other| other.get("name") == name);
                let same = match name {
                    Some(_) => value.as_array().and_then(named)?,
                    None => *index,
                };
                Step::Index(same)
            }
        };
        found.0.push(step);
    }
    found.find(other).map(|_| ())?;
    Some(found)
}

/// Who owns what of an object.
struct Owners<'a> {
    entries: Vec<(Entry<'a>, FieldSet<'a>)>,
}

impl<'a> Owners<'a> {
    /// `None` if an entry can't be read.
    fn of(live: &'a Value) -> Option<Self> {
        let entries = Entry::all(live).map(|entry| Some((entry, entry.fields().ok()?)));
        entries.collect::<Option<_>>().map(|entries| Self { entries })
    }

    /// The path as ownership has it; `None` where a list's items are known by nobody.
    fn elements(&self, path: &Path, live: &Value) -> Option<Vec<Element<'static>>> {
        let mut sets: Vec<&FieldSet<'_>> = self.entries.iter().map(|(_, fields)| fields).collect();
        let (mut value, mut elements) = (live, Vec::new());
        for step in &path.0 {
            let element = match step {
                Step::Key(key) => Element::Field(key.clone().into()),
                Step::Index(index) => {
                    let item = value.get(index)?;
                    let is_it = |element: &&Element<'_>| matches!(element, Element::Item(key) if is_of_key(key, item));
                    let known = sets.iter().find_map(|set| set.children.keys().find(is_it))?;
                    known.clone().into_owned()
                }
            };
            value = element.child_of(value)?;
            sets = sets.into_iter().filter_map(|set| set.children.get(&element)).collect();
            elements.push(element);
        }
        Some(elements)
    }

    /// Others who own a field or something in it.
    fn holders(&self, path: &[Element<'static>], field: &str) -> Vec<Conflict> {
        let foreign = self.entries.iter().filter(|(entry, _)| !entry.is_ours());
        let holding = foreign.filter(|(_, fields)| fields.at(path).is_some());
        let conflict = |(entry, _): &(Entry<'_>, FieldSet<'_>)| Conflict {
            manager: entry.manager().to_owned(),
            subresource: None,
            using: None,
            field: field.to_owned(),
        };
        holding.map(conflict).collect()
    }
}

impl Excluded {
    /// The object's entries once they are ours.
    pub fn entries(&self, live: &Value, api_version: &str) -> Vec<Value> {
        let mut ours = FieldSet::default();
        let mut entries = Vec::new();
        for entry in Entry::all(live) {
            let Ok(mut fields) = entry.fields() else {
                entries.push(entry.raw().clone());
                continue;
            };
            if entry.is_ours() {
                ours.join(fields);
                continue;
            }
            let mut raw = entry.raw().clone();
            if self.fields.iter().any(|path| fields.at(path).is_some()) {
                self.fields.iter().for_each(|path| fields.remove(path));
                raw["fieldsV1"] = fields.to_json();
            }
            entries.push(raw);
        }
        self.fields.iter().for_each(|path| ours.insert(path));
        let mut entry = Map::new();
        entry.insert("manager".into(), FIELD_MANAGER.into());
        entry.insert("operation".into(), "Apply".into());
        entry.insert("apiVersion".into(), api_version.into());
        entry.insert("fieldsType".into(), "FieldsV1".into());
        entry.insert("fieldsV1".into(), ours.to_json());
        entries.push(Value::Object(entry));
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cause(field: &str) -> Vec<Cause> {
        vec![Cause { field: field.into(), clause: "Forbidden".into() }]
    }

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    fn ours() -> Value {
        entry(
            "kubectl-codex",
            "Apply",
            &json!({"f:spec": {"f:paused": {}, "f:volumes": {"k:{\"name\":\"data\"}": {".": {}, "f:name": {}}}}}),
        )
    }

    fn live(entries: Vec<Value>) -> Value {
        json!({"metadata": {"resourceVersion": "7", "managedFields": entries}, "spec": {
            "paused": true,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
            "volumes": [{"name": "data", "emptyDir": {}}]
        }})
    }

    fn manifest() -> Value {
        json!({"spec": {
            "paused": true, "strategy": {"type": "Recreate"},
            "volumes": [{"name": "more", "emptyDir": {}}, {"name": "data", "configMap": {"name": "data"}}]
        }})
    }

    fn fields(causes: &[Cause], entries: Vec<Value>, force: bool) -> Vec<String> {
        let excluded = excluded(causes, &live(entries), &manifest(), force);
        let fields = excluded.map_or_else(Vec::new, |excluded| excluded.fields);
        fields.iter().map(|path| path.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn a_refused_field_that_nobody_owns_goes() {
        let rolling = cause("spec.strategy.rollingUpdate");
        assert_eq!(fields(&rolling, vec![ours()], false), [".spec.strategy.rollingUpdate"]);
        let live = live(vec![ours()]);
        let excluded = excluded(&rolling, &live, &manifest(), false).unwrap();
        let expected = json!({"f:spec": {
            "f:paused": {}, "f:strategy": {"f:rollingUpdate": {}},
            "f:volumes": {"k:{\"name\":\"data\"}": {".": {}, "f:name": {}}}
        }});
        assert_eq!(excluded.entries(&live, "apps/v1"), [entry("kubectl-codex", "Apply", &expected)]);
    }

    #[test]
    fn beside_a_refused_field_of_the_manifest_goes_what_nobody_owns() {
        let source = cause("spec.volumes[1].configMap");
        assert_eq!(fields(&source, vec![ours()], false), [".spec.volumes[name=\"data\"].emptyDir"]);
    }

    #[test]
    fn what_others_own_goes_only_by_force() {
        let rolling = cause("spec.strategy.rollingUpdate");
        let held = json!({"f:spec": {"f:strategy": {"f:rollingUpdate": {"f:maxSurge": {}}}}});
        let entries = || vec![entry("kubectl-edit", "Update", &held), ours()];
        assert_eq!(fields(&rolling, entries(), false), [""; 0]);
        assert_eq!(fields(&rolling, entries(), true), [".spec.strategy.rollingUpdate"]);
        let live = live(entries());
        let excluded = excluded(&rolling, &live, &manifest(), true).unwrap();
        assert_eq!(excluded.taken[0].manager, "kubectl-edit");
        assert_eq!(excluded.entries(&live, "apps/v1")[0], entry("kubectl-edit", "Update", &json!({})));
    }

    #[test]
    fn what_the_manifest_has_and_what_is_nowhere_stays() {
        for field in ["spec.paused", "spec.nowhere", "", "spec.volumes[7].configMap"] {
            assert_eq!(fields(&cause(field), vec![ours()], true), [""; 0], "{field}");
        }
        let odd = entry("odd", "Update", &json!({"q:odd": {}}));
        assert_eq!(fields(&cause("spec.strategy.rollingUpdate"), vec![odd], false), [""; 0]);
    }
}
