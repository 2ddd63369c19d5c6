//! Whether an object that is no longer in the manifests may be deleted.
//!
//! Takes a live object that was found by its labels. Labels alone are no proof of origin: a Service's are
//! copied to its Endpoints, a pod's owner copies its own (`apply.md`, "Labels and prune"). What [`Kept`] names
//! stays whatever its labels are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::identity::Identity;
use crate::labels::Owner;
use crate::ownership::entry::Entry;

/// What no prune deletes.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The objects of the manifests, also those that filters and selectors leave out of this apply.
    pub objects: BTreeSet<Identity>,
    /// The namespaces of the project's environments, and those that objects of the manifests lie in.
    pub namespaces: BTreeSet<String>,
    /// The claims that pods of the manifests mount: namespace and name.
    pub claims: BTreeSet<(String, String)>,
    /// The objects that other environments' manifests have, and which environment that is.
    pub elsewhere: BTreeMap<Identity, String>,
    /// Whether `namespaces` has those of all environments: else a namespace with this environment's objects may
    /// be in use under another name.
    pub knows_environments: bool,
    /// An environment whose manifests can't be rendered: what is shared may be its.
    pub unknown: Option<String>,
}

/// Whether [`Kept`] has an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// It doesn't.
    Free,
    /// It is part of the manifests.
    Listed,
    /// It isn't, but stays, and why.
    Needed(String),
}

impl Kept {
    /// Whether a live object is kept. `is_shared` says that its labels are the whole project's.
    pub fn keeps(&self, identity: &Identity, is_shared: bool) -> Keeping {
        if self.objects.contains(identity) {
            return Keeping::Listed;
        }
        if identity.is("", "Namespace") && self.namespaces.contains(&identity.name) {
            return Keeping::Listed;
        }
        let namespace = identity.namespace.clone().unwrap_or_default();
        if identity.is("", "PersistentVolumeClaim")
            && self.claims.contains(&(namespace, identity.name.clone()))
        {
            return Keeping::Needed("pods of the manifests mount it".to_owned());
        }
        if !is_shared {
            return Keeping::Free;
        }
        match (self.elsewhere.get(identity), &self.unknown) {
            (Some(environment), _) => Keeping::Needed(format!("environment `{environment}` has it too")),
            (None, Some(environment)) => Keeping::Needed(format!(
                "environment `{environment}` may have it, and its manifests can't be rendered"
            )),
            (None, None) => Keeping::Free,
        }
    }
}

/// Why an object stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Its labels are another's.
    OtherLabels,
    /// We never applied it.
    NotApplied,
    /// A controller keeps it, and would make it again.
    Controlled,
    /// It is on its way out already.
    BeingDeleted,
    /// It goes only with `--prune-all`: others may use it, or data hang on it.
    NeedsAll,
}

/// Whether a prune (or with `all` a `--prune-all`) may delete a live object that the manifests lack.
///
/// # Errors
/// Why it stays.
pub fn may_delete(live: &Value, identity: &Identity, owner: &Owner, all: bool) -> Result<(), Stays> {
    let metadata = &live["metadata"];
    let references = metadata["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
    let protected = identity.namespace.is_none()
        || identity.is("", "Namespace")
        || identity.is("", "PersistentVolumeClaim");
    let shared = all && crate::labels::is_shared(live, owner);
    match () {
        () if !owner.selects(live) && !shared => Err(Stays::OtherLabels),
        () if !Entry::all(live).any(Entry::is_ours) => Err(Stays::NotApplied),
        () if references.iter().any(|owner| owner["controller"] == true) => Err(Stays::Controlled),
        () if !metadata["deletionTimestamp"].is_null() => Err(Stays::BeingDeleted),
        () if protected && !all => Err(Stays::NeedsAll),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Share;
    use serde_json::json;

    fn owner() -> Owner {
        Owner { project: "shop".into(), environment: "ai".into(), slot: Some(3) }
    }

    fn live(share: Share) -> Value {
        let mut live =
            json!({"metadata": {"managedFields": [{"manager": "kubectl-codex", "operation": "Apply"}]}});
        owner().put_on(&mut live, share, None);
        live
    }

    fn identity(kind: &str, namespace: Option<&str>) -> Identity {
        Identity {
            group: "".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: "a".into(),
        }
    }

    fn after(edit: impl Fn(&mut Value)) -> Result<(), Stays> {
        let mut live = live(Share::Own);
        edit(&mut live);
        may_delete(&live, &identity("ConfigMap", Some("shop-ai-3")), &owner(), false)
    }

    #[test]
    fn what_we_applied_for_this_slot_goes() {
        assert_eq!(after(|_| ()), Ok(()));
    }

    #[test]
    fn labels_alone_are_no_proof() {
        assert_eq!(after(|live| live["metadata"]["managedFields"] = json!([])), Err(Stays::NotApplied));
        assert_eq!(
            after(|live| live["metadata"]["managedFields"][0]["operation"] = json!("Update")),
            Err(Stays::NotApplied)
        );
        let controller = json!([{"kind": "ReplicaSet"}, {"kind": "Deployment", "controller": true}]);
        assert_eq!(
            after(|live| live["metadata"]["ownerReferences"] = controller.clone()),
            Err(Stays::Controlled)
        );
        let gone = |live: &mut Value| live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(after(gone), Err(Stays::BeingDeleted));
        assert_eq!(
            after(|live| live["metadata"]["labels"][crate::labels::SLOT] = json!("4")),
            Err(Stays::OtherLabels)
        );
    }

    #[test]
    fn some_kinds_need_prune_all() {
        for identity in [
            identity("Namespace", None),
            identity("PersistentVolumeClaim", Some("shop-ai-3")),
            identity("ClusterRole", None),
        ] {
            assert_eq!(may_delete(&live(Share::Own), &identity, &owner(), false), Err(Stays::NeedsAll));
            assert_eq!(may_delete(&live(Share::Own), &identity, &owner(), true), Ok(()));
        }
    }

    #[test]
    fn what_the_manifests_have_or_need_is_kept() {
        let dev = identity("Namespace", None);
        let claim = identity("PersistentVolumeClaim", Some("shop-dev"));
        let map = identity("ConfigMap", Some("shop-dev"));
        let kept = Kept {
            objects: BTreeSet::from([map.clone()]),
            namespaces: BTreeSet::from(["a".to_owned()]),
            claims: BTreeSet::from([("shop-dev".to_owned(), "a".to_owned())]),
            ..Kept::default()
        };
        assert_eq!(kept.keeps(&map, false), Keeping::Listed);
        assert_eq!(kept.keeps(&dev, false), Keeping::Listed);
        assert!(matches!(kept.keeps(&claim, false), Keeping::Needed(_)));
        for free in [
            identity("ConfigMap", Some("a")),
            identity("PersistentVolumeClaim", Some("other")),
            Identity { name: "b".into(), ..dev },
        ] {
            assert_eq!(kept.keeps(&free, false), Keeping::Free, "{free:?}");
        }
    }

    #[test]
    fn what_other_environments_share_is_kept() {
        let role = identity("ClusterRole", None);
        let elsewhere = BTreeMap::from([(role.clone(), "staging".to_owned())]);
        let kept = Kept { elsewhere, ..Kept::default() };
        assert_eq!(kept.keeps(&role, true), Keeping::Needed("environment `staging` has it too".to_owned()));
        assert_eq!(kept.keeps(&role, false), Keeping::Free, "it is this environment's alone");
        assert_eq!(kept.keeps(&Identity { name: "b".into(), ..role.clone() }, true), Keeping::Free);
        let unknown = Kept { unknown: Some("staging".to_owned()), ..Kept::default() };
        assert!(matches!(unknown.keeps(&role, true), Keeping::Needed(_)));
    }

    #[test]
    fn what_is_shared_goes_with_prune_all_only() {
        let elsewhere = identity("ConfigMap", Some("kube-system"));
        assert_eq!(may_delete(&live(Share::Project), &elsewhere, &owner(), false), Err(Stays::OtherLabels));
        assert_eq!(may_delete(&live(Share::Project), &elsewhere, &owner(), true), Ok(()));
    }
}
