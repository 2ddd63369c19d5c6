//! Whether a slot's namespace may be deleted.
//!
//! Takes the namespace as it is, and everything else that is known to live in it; gives a verdict. Pure, and
//! separate because a namespace takes all that is in it along: it has to be the slot's own by its labels or
//! by its name, and nobody else's (`slots.md`, "cleanup, gc").

use codex_cluster::labels::Owner;
use serde_json::Value;

/// Namespaces of Kubernetes itself, which no pattern may reach.
const PROTECTED: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// Somebody who lives in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resident {
    /// Who it is, as it is said: `slot 4`, `environment staging`.
    pub(super) name: String,
    /// The namespace.
    pub(super) namespace: String,
}

/// What becomes of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes with all that is in it.
    Goes,
    /// It stays, and why.
    Stays(String),
}

/// The verdict on the namespace of a slot.
///
/// `by_pattern` says that the name is what a pattern that uses `.Slot` gives for this slot; `state` is where
/// the records are.
pub(super) fn judge(
    namespace: &Value,
    owner: &Owner,
    by_pattern: bool,
    state: &str,
    residents: &[Resident],
) -> Verdict {
    let name = namespace["metadata"]["name"].as_str().unwrap_or_default();
    let stays = |why: String| Verdict::Stays(why);
    if PROTECTED.contains(&name) {
        return stays("it belongs to Kubernetes".to_owned());
    }
    if name == state {
        return stays("the records of slots are in it".to_owned());
    }
    if let Some(resident) = residents.iter().find(|resident| resident.namespace == name) {
        return stays(format!("{} lives in it too", resident.name));
    }
    if owner.selects(namespace) || by_pattern {
        return Verdict::Goes;
    }
    stays("neither its labels nor the pattern of services.yaml make it this slot's".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use codex_cluster::labels::Share;
    use serde_json::json;

    fn owner() -> Owner {
        Owner { project: "shop".into(), environment: "ai".into(), slot: Some(3) }
    }

    fn labelled(name: &str) -> Value {
        let mut namespace = json!({"metadata": {"name": name}});
        owner().put_on(&mut namespace, Share::Own, None);
        namespace
    }

    fn resident(name: &str, namespace: &str) -> Resident {
        Resident { name: name.into(), namespace: namespace.into() }
    }

    fn why(verdict: Verdict) -> String {
        match verdict {
            Verdict::Goes => "it goes".to_owned(),
            Verdict::Stays(why) => why,
        }
    }

    #[test]
    fn labels_or_the_pattern_make_it_the_slots_own() {
        let bare = json!({"metadata": {"name": "shop-ai-3"}});
        assert_eq!(judge(&labelled("anything"), &owner(), false, "codex-system", &[]), Verdict::Goes);
        assert_eq!(judge(&bare, &owner(), true, "codex-system", &[]), Verdict::Goes);
        let verdict = judge(&bare, &owner(), false, "codex-system", &[]);
        assert_eq!(why(verdict), "neither its labels nor the pattern of services.yaml make it this slot's");
    }

    #[test]
    fn the_labels_of_another_slot_make_it_nobodys() {
        let other = Owner { slot: Some(4), ..owner() };
        let verdict = judge(&labelled("shop"), &other, false, "codex-system", &[]);
        assert!(matches!(verdict, Verdict::Stays(_)), "{verdict:?}");
    }

    #[test]
    fn whoever_else_lives_in_it_keeps_it() {
        let residents = [resident("slot 4", "shop-ai-4"), resident("environment `staging`", "shop")];
        assert_eq!(judge(&labelled("shop-ai-3"), &owner(), true, "codex-system", &residents), Verdict::Goes);
        let verdict = judge(&labelled("shop"), &owner(), true, "codex-system", &residents);
        assert_eq!(why(verdict), "environment `staging` lives in it too");
    }

    #[test]
    fn no_pattern_reaches_kubernetes_or_the_records() {
        for name in ["default", "kube-system", "codex-system"] {
            let verdict = judge(&labelled(name), &owner(), true, "codex-system", &[]);
            assert!(matches!(verdict, Verdict::Stays(_)), "{name}: {verdict:?}");
        }
    }
}
