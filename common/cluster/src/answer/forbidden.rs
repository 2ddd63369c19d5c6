//! The several things that a 403 can be: a missing right, a quota, a namespace on its way out, a policy.

use super::Answer;
use super::conflict::quoted;
use super::status::Status;

/// A right that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// Who asked.
    pub user: String,
    /// What was to be done, for instance `patch`.
    pub verb: String,
    /// To which resource, for instance `deployments`, with its subresource if there is one.
    pub resource: String,
    /// The resource's API group; empty for the core group.
    pub group: String,
    /// In which namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
}

/// What a 403 means.
pub(super) fn classify(status: &Status<'_>) -> Answer {
    if status.causes().any(|cause| cause.reason == "NamespaceTerminating")
        || status.message.contains("because it is being terminated")
    {
        return Answer::NamespaceTerminating { namespace: terminating(status) };
    }
    if let Some(at) = status.message.find("exceeded quota: ") {
        return Answer::QuotaExceeded { message: status.message[at..].to_owned() };
    }
    match missing_right(status.message) {
        Some(forbidden) => Answer::Forbidden(forbidden),
        None => Answer::Denied { message: status.message.to_owned() },
    }
}

/// The namespace of `unable to create new content in namespace NAME because it is being terminated`.
fn terminating(status: &Status<'_>) -> String {
    let words = status.message.split_once(" in namespace ").and_then(|(_, rest)| rest.split_once(' '));
    words.map_or_else(String::new, |(namespace, _)| namespace.to_owned())
}

/// Reads `… is forbidden: User "U" cannot VERB resource "R" in API group "G" in the namespace "N"` (or `at the
/// cluster scope`).
fn missing_right(message: &str) -> Option<Forbidden> {
    let (user, rest) = quoted(after(message, "User ")?)?;
    let (verb, rest) = rest.strip_prefix(" cannot ")?.split_once(' ')?;
    let (resource, rest) = quoted(rest.strip_prefix("resource ")?)?;
    let (group, rest) = quoted(after(rest, "in API group ")?)?;
    let namespace = after(rest, "in the namespace ").and_then(quoted).map(|(namespace, _)| namespace);
    Some(Forbidden { user, verb: verb.to_owned(), resource, group, namespace })
}

fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.find(words).map(|at| &text[at + words.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(message: &str) -> Answer {
        classify(&Status::read(&json!({"reason": "Forbidden", "message": message})))
    }

    #[test]
    fn a_missing_right_is_taken_apart() {
        let forbidden = |group: &str, namespace: Option<&str>| {
            Answer::Forbidden(Forbidden {
                user: "system:serviceaccount:ci:agent".into(),
                verb: "patch".into(),
                resource: "deployments".into(),
                group: group.into(),
                namespace: namespace.map(Into::into),
            })
        };
        let who = "deployments.apps \"web\" is forbidden: User \"system:serviceaccount:ci:agent\" cannot patch resource \"deployments\" in API group";
        assert_eq!(of(&format!("{who} \"apps\" in the namespace \"shop\"")), forbidden("apps", Some("shop")));
        assert_eq!(of(&format!("{who} \"\" at the cluster scope")), forbidden("", None));
        assert_eq!(
            of(&format!(
                "{who} \"apps\" in the namespace \"shop\": RBAC: role.rbac.authorization.k8s.io \"x\" not found"
            )),
            forbidden("apps", Some("shop"))
        );
    }

    #[test]
    fn a_quota_says_what_it_allows() {
        let quota = "exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3";
        assert_eq!(
            of(&format!("pods \"web\" is forbidden: {quota}")),
            Answer::QuotaExceeded { message: quota.into() }
        );
    }

    #[test]
    fn a_namespace_on_its_way_out_is_named() {
        let message = "configmaps \"a\" is forbidden: unable to create new content in namespace shop because it is being terminated";
        assert_eq!(of(message), Answer::NamespaceTerminating { namespace: "shop".into() });
    }

    #[test]
    fn what_admission_refuses_keeps_its_words() {
        for message in [
            "pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\": privileged",
            "roles.rbac.authorization.k8s.io \"x\" is forbidden: user \"a\" is attempting to grant RBAC permissions not currently held",
            "",
        ] {
            assert_eq!(of(message), Answer::Denied { message: message.into() });
        }
    }
}
