//! Whether the user may do what the plan needs.
//!
//! One SelfSubjectRulesReview per namespace answers most of it. What its rules don't show, and everything
//! outside of namespaces, is asked one by one: the review needn't be complete, and it doesn't tell a cluster's
//! rules from a namespace's.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::api::Api;

use super::{Check, Outcome};

/// How many questions are asked at once.
const AT_ONCE: usize = 8;

/// Rights on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource, in the plural.
    pub resource: String,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
    /// What is to be done with it, for instance `patch`.
    pub verbs: Vec<String>,
}

/// One verb of a [`Need`].
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right<'a> {
    need: &'a Need,
    verb: &'a str,
}

/// What is known of a right.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Denied,
    Unknown(String),
}

/// One check per namespace, and one for the cluster.
pub(super) async fn checks(api: &Api, needs: &[Need]) -> Vec<Check> {
    let mut places: BTreeMap<Option<&str>, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        places.entry(need.namespace.as_deref()).or_default().push(need);
    }
    let mut checks = Vec::new();
    for (namespace, needs) in places {
        checks.push(place_check(api, namespace, &needs).await);
    }
    checks
}

async fn place_check(api: &Api, namespace: Option<&str>, needs: &[&Need]) -> Check {
    let rules = match namespace {
        Some(namespace) => rules(api, namespace).await,
        None => Vec::new(),
    };
    let rights: Vec<Right<'_>> =
        needs.iter().flat_map(|need| need.verbs.iter().map(|verb| Right { need, verb })).collect();
    let open = rights.iter().filter(|right| !rules.iter().any(|rule| right.is_given_by(rule)));
    // Made first: what is not yet asked must not borrow from the stream that asks.
    let questions: Vec<_> = open.map(|right| async move { (right, right.ask(api).await) }).collect();
    let answers: Vec<(&Right<'_>, Verdict)> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    report(namespace, rights.len(), &answers)
}

/// The check of a place, from what the rules didn't show.
fn report(namespace: Option<&str>, all: usize, answers: &[(&Right<'_>, Verdict)]) -> Check {
    let name = match namespace {
        Some(namespace) => format!("rights in namespace {namespace}"),
        None => "rights in the cluster".to_owned(),
    };
    let denied: Vec<&Right<'_>> =
        answers.iter().filter(|(_, verdict)| *verdict == Verdict::Denied).map(|(right, _)| *right).collect();
    if !denied.is_empty() {
        return Check::new(name, Outcome::Fail, format!("you may not {}", list(&denied)));
    }
    let unknown = answers.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Unknown(reason) => Some(reason),
        _ => None,
    });
    match unknown {
        Some(reason) => Check::new(name, Outcome::Warn, format!("they can't be told: {reason}")),
        None => Check::new(name, Outcome::Ok, format!("all {all} that are needed")),
    }
}

/// `create, patch deployments.apps; patch secrets`.
fn list(rights: &[&Right<'_>]) -> String {
    let mut by_resource: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for right in rights {
        let Need { group, resource, .. } = right.need;
        let resource = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
        by_resource.entry(resource).or_default().push(right.verb);
    }
    let parts = by_resource.into_iter().map(|(resource, verbs)| format!("{} {resource}", verbs.join(", ")));
    parts.collect::<Vec<_>>().join("; ")
}

/// The rules that the server shows; none if it doesn't.
async fn rules(api: &Api, namespace: &str) -> Vec<Value> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace},
    });
    let answer = api.ask("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review).await;
    let rules = answer
        .ok()
        .filter(crate::api::Answer::is_success)
        .map(|answer| answer.body["status"]["resourceRules"].clone());
    rules.and_then(|rules| rules.as_array().cloned()).unwrap_or_default()
}

impl Right<'_> {
    /// Whether a rule gives it. A rule about named objects gives nothing here: a plan's objects may be new.
    fn is_given_by(&self, rule: &Value) -> bool {
        let has = |key: &str, wanted: &str| {
            let list = rule[key].as_array();
            list.is_some_and(|list| list.iter().any(|item| item == wanted || item == "*"))
        };
        let is_about_all = rule["resourceNames"].as_array().is_none_or(Vec::is_empty);
        is_about_all
            && has("verbs", self.verb)
            && has("apiGroups", &self.need.group)
            && has("resources", &self.need.resource)
    }

    async fn ask(&self, api: &Api) -> Verdict {
        let Need { group, resource, namespace, .. } = self.need;
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "group": group, "resource": resource, "subresource": subresource, "verb": self.verb,
                "namespace": namespace.as_deref().unwrap_or_default(),
            }},
        });
        match api.ask("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await {
            Ok(answer) if answer.is_success() => match answer.body["status"]["allowed"].as_bool() {
                Some(true) => Verdict::Allowed,
                _ => Verdict::Denied,
            },
            Ok(answer) => Verdict::Unknown(answer.message()),
            Err(error) => Verdict::Unknown(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need() -> Need {
        Need {
            group: "apps".into(),
            resource: "deployments".into(),
            namespace: Some("shop".into()),
            verbs: vec!["create".into(), "patch".into()],
        }
    }

    #[test]
    fn a_rule_gives_what_it_names() {
        let need = need();
        let right = Right { need: &need, verb: "patch" };
        let rule = |verbs: Value, groups: Value, resources: Value| json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
        assert!(right.is_given_by(&rule(json!(["get", "patch"]), json!(["apps"]), json!(["deployments"]))));
        assert!(right.is_given_by(&rule(json!(["*"]), json!(["*"]), json!(["*"]))));
        assert!(!right.is_given_by(&rule(json!(["get"]), json!(["apps"]), json!(["deployments"]))));
        assert!(!right.is_given_by(&rule(json!(["*"]), json!([""]), json!(["*"]))));
        assert!(!right.is_given_by(&rule(json!(["*"]), json!(["*"]), json!(["deployments/scale"]))));
        let mut named = rule(json!(["*"]), json!(["*"]), json!(["*"]));
        named["resourceNames"] = json!(["web"]);
        assert!(!right.is_given_by(&named));
        assert!(!right.is_given_by(&Value::Null));
    }

    #[test]
    fn what_is_denied_is_listed_by_resource() {
        let need = need();
        let rights = ["create", "patch"].map(|verb| Right { need: &need, verb });
        let denied: Vec<_> = rights.iter().map(|right| (right, Verdict::Denied)).collect();
        let check = report(Some("shop"), 2, &denied);
        assert_eq!(
            check.to_string(),
            "fail: rights in namespace shop: you may not create, patch deployments.apps"
        );
        let check = report(None, 2, &[(&rights[0], Verdict::Unknown("why".into()))]);
        assert_eq!((check.outcome, check.name.as_str()), (Outcome::Warn, "rights in the cluster"));
        assert_eq!(report(None, 2, &[]).outcome, Outcome::Ok);
    }
}
