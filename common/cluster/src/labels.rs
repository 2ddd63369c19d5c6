//! Whose an object is: the labels that say so, and the selectors that find it again.
//!
//! Takes project, environment, slot and item, gives labels for an object's own `metadata.labels`. They never
//! go on pod templates, selectors or claim templates: changing those restarts pods or is refused
//! (`apply.md`, "Labels and prune"). The keys stand here and nowhere else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::identity::Identity;

/// The project that the object belongs to.
pub const PROJECT: &str = "kubectl-codex.dev/project";
/// The environment.
pub const ENVIRONMENT: &str = "kubectl-codex.dev/environment";
/// The slot's number, for environments that have slots.
pub const SLOT: &str = "kubectl-codex.dev/slot";
/// The issue that a slot's record is linked to.
pub const ISSUE: &str = "kubectl-codex.dev/issue";
/// The pull request that a slot's record is linked to.
pub const PR: &str = "kubectl-codex.dev/pr";
/// The item of `services.yaml` that the object comes from: `infra.NAME` or `service.NAME`.
pub const ITEM: &str = "kubectl-codex.dev/item";

/// How long a label's value may be.
const LONGEST: usize = 63;

/// What one apply is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The project's name.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// The slot, in an environment that has slots.
    pub slot: Option<u32>,
}

/// How far an object is the apply's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It lives in the environment's namespace, or another slot would have one of its own: it goes with the
    /// slot.
    Own,
    /// Other slots or environments of the project mean the same object.
    Project,
}

impl Share {
    /// How far an object is the apply's own.
    ///
    /// `namespace` is the environment's; `elsewhere` holds the identities of the same manifests rendered for
    /// another slot, where there are slots: what is in it too is shared between them.
    pub fn of(identity: &Identity, namespace: &str, elsewhere: Option<&BTreeSet<Identity>>) -> Self {
        let inside = identity.namespace.as_deref() == Some(namespace);
        // The environment's namespace is its own as what lives in it is, unless other slots are known to have
        // the same.
        let is_home = identity.is("", "Namespace") && identity.name == namespace;
        let changes_with_slot = elsewhere.map_or(is_home, |elsewhere| !elsewhere.contains(identity));
        if inside || changes_with_slot { Self::Own } else { Self::Project }
    }
}

impl Owner {
    /// The labels of an object. What is shared carries the project's only: it is never deleted as a slot's.
    pub fn labels(&self, share: Share, item: Option<&str>) -> Vec<(&'static str, String)> {
        let mut labels = vec![(PROJECT, label_value(&self.project))];
        if share == Share::Own {
            labels.push((ENVIRONMENT, label_value(&self.environment)));
            labels.extend(self.slot.map(|slot| (SLOT, slot.to_string())));
            labels.extend(item.map(|item| (ITEM, label_value(item))));
        }
        labels
    }

    /// Puts the labels on an object's own metadata; metadata or labels of another shape are left alone.
    pub fn put_on(&self, object: &mut Value, share: Share, item: Option<&str>) {
        let Some(object) = object.as_object_mut() else {
            return;
        };
        let Some(metadata) = map_of(object, "metadata") else {
            return;
        };
        let Some(labels) = map_of(metadata, "labels") else {
            return;
        };
        for (key, value) in self.labels(share, item) {
            labels.insert(key.to_owned(), Value::String(value));
        }
    }

    /// The selector of what this apply, or an earlier one of its kind, made for itself alone. Without a slot it
    /// leaves out what belongs to one.
    pub fn selector(&self) -> String {
        let [project, environment] = [&self.project, &self.environment].map(|name| label_value(name));
        let mut selector = format!("{PROJECT}={project},{ENVIRONMENT}={environment}");
        // Writing to a String can't fail.
        let _ = match self.slot {
            Some(slot) => write!(selector, ",{SLOT}={slot}"),
            None => write!(selector, ",!{SLOT}"),
        };
        selector
    }

    /// The selector of what any slot of the environment has for itself alone.
    pub fn slots_selector(&self) -> String {
        let [project, environment] = [&self.project, &self.environment].map(|name| label_value(name));
        format!("{PROJECT}={project},{ENVIRONMENT}={environment},{SLOT}")
    }

    /// The selector of what the project's slots and environments share.
    pub fn shared_selector(&self) -> String {
        format!("{PROJECT}={},!{ENVIRONMENT},!{SLOT}", label_value(&self.project))
    }

    /// The selector of all that any environment and slot of the project made.
    pub fn project_selector(&self) -> String {
        format!("{PROJECT}={}", label_value(&self.project))
    }

    /// Whether a live object carries the labels that [`Owner::selector`] asks for.
    pub fn selects(&self, object: &Value) -> bool {
        let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        label(PROJECT) == Some(label_value(&self.project).as_str())
            && label(ENVIRONMENT) == Some(label_value(&self.environment).as_str())
            && label(SLOT) == self.slot.map(|slot| slot.to_string()).as_deref()
    }
}

/// Whether a live object carries the labels that [`Owner::shared_selector`] asks for.
pub fn is_shared(object: &Value, owner: &Owner) -> bool {
    let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    label(PROJECT) == Some(label_value(&owner.project).as_str())
        && label(ENVIRONMENT).is_none()
        && label(SLOT).is_none()
}

/// The labels that a manifest takes over from the live object, since it can't know them itself.
///
/// One that says nothing of an owner leaves whose the object is as it is. A manifest that doesn't name its item keeps
/// the live one of the same owner. With `unsure`, an apply that
/// doesn't know what is shared with other slots, it also keeps what marks the live object as that owner's.
pub fn to_keep(manifest: &Value, live: &Value, unsure: Option<&Owner>) -> Vec<(&'static str, String)> {
    let label = |object: &Value, key: &str| object["metadata"]["labels"][key].as_str().map(str::to_owned);
    let kept = |keys: &[&'static str]| {
        keys.iter().filter_map(|key| label(live, key).map(|value| (*key, value))).collect()
    };
    if label(manifest, PROJECT).is_none() {
        return kept(&[PROJECT, ENVIRONMENT, SLOT, ITEM]);
    }
    let is_shared = label(manifest, ENVIRONMENT).is_none();
    if is_shared {
        let was_own = unsure.is_some_and(|owner| owner.selects(live));
        return if was_own { kept(&[ENVIRONMENT, SLOT, ITEM]) } else { Vec::new() };
    }
    let is_same_owner =
        [PROJECT, ENVIRONMENT, SLOT].iter().all(|key| label(manifest, key) == label(live, key));
    if is_same_owner && label(manifest, ITEM).is_none() { kept(&[ITEM]) } else { Vec::new() }
}

/// The project that a live object belongs to, if it is another than the manifest's.
pub fn other_project(manifest: &Value, live: &Value) -> Option<String> {
    let project = |object: &Value| object["metadata"]["labels"][PROJECT].as_str().map(str::to_owned);
    let (ours, theirs) = (project(manifest)?, project(live)?);
    (ours != theirs).then_some(theirs)
}

/// Puts labels on an object.
pub fn add(object: &mut Value, added: &[(&'static str, String)]) {
    if added.is_empty() {
        return;
    }
    let metadata = object.as_object_mut().and_then(|object| map_of(object, "metadata"));
    if let Some(labels) = metadata.and_then(|metadata| map_of(metadata, "labels")) {
        labels.extend(added.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())));
    }
}

/// The slot that a live object's label names, if it is one of an environment.
pub fn slot_of(object: &Value, owner: &Owner) -> Option<u32> {
    let slot = object.get("metadata")?.get("labels")?.get(SLOT)?.as_str()?.parse().ok()?;
    Owner { slot: Some(slot), ..owner.clone() }.selects(object).then_some(slot)
}

/// The item that a live object's label names, as [`label_value`] wrote it.
pub fn item_of(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("labels")?.get(ITEM)?.as_str()
}

/// The map of a key, made if it is missing or null.
fn map_of<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let value = map.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// A name as a label's value. A name that is no legal value becomes one that looks alike, ended by a piece of
/// its SHA-256, so that different names stay different and one name always gives one value.
pub fn label_value(name: &str) -> String {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends_well = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if name.is_empty() || (name.len() <= LONGEST && name.chars().all(within) && ends_well(name)) {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let hash = digest.iter().take(4).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
    let alike: String = name.chars().map(|c| if within(c) { c } else { '-' }).collect();
    let alike = alike.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    // All of it is ASCII now, so it can be cut anywhere.
    let alike = &alike[..alike.len().min(LONGEST - hash.len() - 1)];
    let alike = alike.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    if alike.is_empty() { hash } else { format!("{alike}-{hash}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_stream_keeps_what_marks_an_object_of_the_slot() {
        let owner = Owner { project: "shop".into(), environment: "ai".into(), slot: Some(1) };
        let labelled = |share, item| {
            let mut object = json!({"metadata": {"name": "shop-ai-1"}});
            owner.put_on(&mut object, share, item);
            object
        };
        let manifest = labelled(Share::Project, None);
        let live = labelled(Share::Own, Some("infra.namespace"));
        let of_slot = [(ENVIRONMENT, "ai"), (SLOT, "1"), (ITEM, "infra.namespace")];
        let of_slot = of_slot.map(|(key, value)| (key, value.to_owned()));
        assert_eq!(to_keep(&manifest, &live, Some(&owner)), of_slot);
        let other = Owner { slot: Some(2), ..owner.clone() };
        assert_eq!(to_keep(&manifest, &live, Some(&other)), []);
        assert_eq!(to_keep(&manifest, &live, None), [], "who knows what is shared takes nothing over");
    }

    #[test]
    fn whose_an_object_is_shows_only_between_projects() {
        let of = |project: &str| json!({"metadata": {"labels": {PROJECT: project, SLOT: "1"}}});
        assert_eq!(other_project(&of("shop"), &of("blog")).as_deref(), Some("blog"));
        assert_eq!(other_project(&of("shop"), &of("shop")), None);
        assert_eq!(other_project(&of("shop"), &json!({"metadata": {}})), None);
        assert_eq!(other_project(&json!({"metadata": {}}), &of("blog")), None, "nobody's manifest");
    }

    #[test]
    fn a_stream_keeps_the_item_that_the_project_wrote() {
        let owned = |slot: &str, item: Option<&str>| {
            let mut object =
                json!({"metadata": {"labels": {PROJECT: "shop", ENVIRONMENT: "ai", SLOT: slot}}});
            if let Some(item) = item {
                add(&mut object, &[(ITEM, item.to_owned())]);
            }
            object
        };
        let live = owned("1", Some("service.web"));
        assert_eq!(to_keep(&owned("1", None), &live, None), [(ITEM, "service.web".to_owned())]);
        assert_eq!(to_keep(&owned("1", Some("x")), &live, None), []);
        assert_eq!(to_keep(&owned("2", None), &live, None), []);
    }

    #[test]
    fn a_manifest_of_nobody_leaves_whose_an_object_is() {
        let labels = [(PROJECT, "shop"), (ENVIRONMENT, "ai"), (SLOT, "1"), (ITEM, "service.web")];
        let labels = labels.map(|(key, value)| (key, value.to_owned()));
        let mut live = json!({"metadata": {"labels": {"app": "web"}}});
        assert_eq!(to_keep(&json!({}), &live, None), []);
        add(&mut live, &labels);
        assert_eq!(to_keep(&json!({}), &live, None), labels);
    }

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn shop(slot: Option<u32>) -> Owner {
        Owner { project: "shop".into(), environment: "ai".into(), slot }
    }

    fn identity(kind: &str, namespace: Option<&str>, name: &str) -> Identity {
        Identity {
            group: "".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[test]
    fn labels_go_on_the_objects_own_metadata_only() {
        let template = json!({"metadata": {"labels": {"app": "web"}}});
        let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template});
        let mut object = json!({"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": spec});
        shop(Some(3)).put_on(&mut object, Share::Own, Some("service.web"));
        assert_eq!(
            object["metadata"]["labels"],
            json!({"app": "web", PROJECT: "shop", ENVIRONMENT: "ai", SLOT: "3", ITEM: "service.web"})
        );
        assert_eq!(object["spec"], spec);
    }

    #[test]
    fn labels_that_are_missing_are_made() {
        for mut object in [json!({"metadata": {"labels": null}}), json!({"metadata": {}})] {
            shop(None).put_on(&mut object, Share::Project, Some("infra.db"));
            assert_eq!(object, json!({"metadata": {"labels": {PROJECT: "shop"}}}));
        }
        let mut odd = json!({"metadata": {"labels": []}});
        shop(None).put_on(&mut odd, Share::Own, None);
        assert_eq!(odd, json!({"metadata": {"labels": []}}));
    }

    #[test]
    fn what_other_slots_mean_too_is_shared() {
        let role = identity("ClusterRole", None, "reader");
        let own_role = identity("ClusterRole", None, "reader-3");
        let foreign = identity("ConfigMap", Some("kube-system"), "shop-3");
        let inside = identity("ConfigMap", Some("shop-ai-3"), "settings");
        let elsewhere = BTreeSet::from([role.clone(), identity("ClusterRole", None, "reader-4")]);
        let share = |identity, elsewhere| Share::of(identity, "shop-ai-3", elsewhere);
        assert_eq!(share(&role, Some(&elsewhere)), Share::Project);
        assert_eq!(share(&own_role, Some(&elsewhere)), Share::Own);
        assert_eq!(share(&foreign, Some(&elsewhere)), Share::Own);
        assert_eq!(share(&inside, Some(&elsewhere)), Share::Own);
        assert_eq!(share(&foreign, None), Share::Project);
        assert_eq!(share(&inside, None), Share::Own);
        let namespace = identity("Namespace", None, "shop-ai-3");
        assert_eq!(share(&namespace, Some(&elsewhere)), Share::Own);
        assert_eq!(share(&namespace, None), Share::Own, "from a pipe it is as much its own");
        let meant_by_all = BTreeSet::from([namespace.clone()]);
        assert_eq!(share(&namespace, Some(&meant_by_all)), Share::Project);
        assert_eq!(share(&identity("Namespace", None, "shop-tools"), None), Share::Project);
    }

    #[test]
    fn without_a_slot_the_selector_leaves_slots_out() {
        let own = "kubectl-codex.dev/project=shop,kubectl-codex.dev/environment=ai";
        assert_eq!(shop(Some(3)).selector(), format!("{own},kubectl-codex.dev/slot=3"));
        assert_eq!(shop(None).selector(), format!("{own},!kubectl-codex.dev/slot"));
        assert_eq!(
            shop(Some(3)).shared_selector(),
            "kubectl-codex.dev/project=shop,!kubectl-codex.dev/environment,!kubectl-codex.dev/slot"
        );
    }

    #[test]
    fn an_object_is_selected_by_the_labels_it_was_given() {
        let mut object = json!({"metadata": {}});
        shop(Some(3)).put_on(&mut object, Share::Own, Some("infra.db"));
        assert_eq!(item_of(&object), Some("infra.db"));
        assert!(shop(Some(3)).selects(&object));
        assert!(!shop(Some(4)).selects(&object));
        assert!(!shop(None).selects(&object));
        let mut shared = json!({"metadata": {}});
        shop(Some(3)).put_on(&mut shared, Share::Project, None);
        assert!(!shop(Some(3)).selects(&shared));
    }

    #[test]
    fn names_that_are_legal_stay() {
        for name in ["shop", "Shop_1.x", "service.web", &"a".repeat(63)] {
            assert_eq!(label_value(name), name);
        }
    }

    #[test]
    fn other_names_look_alike() {
        assert_eq!(label_value("my shop!"), format!("my-shop-{}", &label_value("my shop!")[8..]));
        assert_eq!(label_value("лавка").len(), 8);
        assert_ne!(label_value("my shop"), label_value("my-shop"));
        assert_ne!(label_value(&"a".repeat(64)), label_value(&"a".repeat(65)));
    }

    proptest! {
        #[test]
        fn every_name_gives_a_legal_value(name in ".{1,90}") {
            let value = label_value(&name);
            let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            prop_assert!(value.len() <= 63 && value.chars().all(inner), "{}", value);
            prop_assert!(value.starts_with(|c: char| c.is_ascii_alphanumeric()));
            prop_assert!(value.ends_with(|c: char| c.is_ascii_alphanumeric()));
            prop_assert_eq!(label_value(&name), value);
        }
    }
}
