//! Whether an object that is no longer in the manifests may be deleted.
//!
//! Takes a live object that was found by its labels. Labels alone are no proof of origin: a Service's are
//! copied to its Endpoints, a pod's owner copies its own (`apply.md`, "Labels and prune").

use serde_json::Value;

use crate::identity::Identity;
use crate::labels::Owner;
use crate::ownership::entry::Entry;

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
    fn what_is_shared_goes_with_prune_all_only() {
        let elsewhere = identity("ConfigMap", Some("kube-system"));
        assert_eq!(may_delete(&live(Share::Project), &elsewhere, &owner(), false), Err(Stays::OtherLabels));
        assert_eq!(may_delete(&live(Share::Project), &elsewhere, &owner(), true), Ok(()));
    }
}
