//! Whether a refused dry run is the last word.
//!
//! A plan asks the server about each object as the cluster is now; by the time the object is sent, the rest of the
//! apply may have mended what it was refused for: its definition has the new field, the binding gives the right, the
//! policy is another. Takes what the server said and what else changes with the same apply, gives
//! one of three: it will be refused again, it can't be told, or it is made anew. Pure, so that a table tests it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::answer::Answer as Meaning;
use crate::identity::is_built_in;
use crate::live::LiveObject;
use crate::place::Target;
use crate::waves::Wave;

/// Kinds that are never deleted to be made anew: too much goes with them.
const NEVER_RECREATED: [&str; 4] =
    ["Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition"];

/// Whether an object of this kind may be deleted to be made anew.
pub fn may_be_recreated(kind: &str) -> bool {
    !NEVER_RECREATED.contains(&kind)
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prospect {
    /// The server will say the same again.
    Final,
    /// The server couldn't say: the apply asks again by itself.
    Passing,
    /// Something else of the same apply may mend it.
    Mended,
}

/// What changes with the same apply, as far as it can matter to how another object is judged.
#[derive(Debug, Default)]
pub(super) struct Stream {
    changing: Vec<Changing>,
    /// The objects that bindings of admission policies take their parameters from; `None` stands for any.
    parameters: BTreeSet<Option<String>>,
}

#[derive(Debug)]
struct Changing {
    at: usize,
    step: usize,
    wave: Wave,
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    /// The group and kind that it defines.
    defines: Option<(String, String)>,
    /// The webhooks that it is the configuration of, as it is and as it will be.
    webhooks: BTreeSet<String>,
}

impl Stream {
    /// Takes in an object of the apply; `at` says which, `changes` whether anything about it is to change, and `before`
    /// what is there of it, if that is known.
    pub(super) fn add(&mut self, at: usize, target: &Target, changes: bool, before: Option<&LiveObject>) {
        let identity = &target.object.identity;
        let spec = &target.object.value["spec"];
        if is_policy_binding(&identity.kind) && !spec["paramRef"].is_null() {
            self.parameters.insert(spec["paramRef"]["name"].as_str().map(str::to_owned));
        }
        if !changes {
            return;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_definition = identity.is("apiextensions.k8s.io", "CustomResourceDefinition");
        self.changing.push(Changing {
            at,
            step: target.step,
            wave: Wave::of(&identity.group, &identity.kind),
            group: identity.group.clone(),
            kind: identity.kind.clone(),
            namespace: identity.namespace.clone(),
            name: identity.name.clone(),
            defines: is_definition.then(|| (text(&spec["group"]), text(&spec["names"]["kind"]))),
            webhooks: webhooks(target, before),
        });
    }

    /// An object turned out to stay as it is.
    pub(super) fn stays(&mut self, at: usize) {
        self.changing.retain(|changing| changing.at != at);
    }

    /// Whether the definition of a target's kind is among what changes.
    pub(super) fn redefines(&self, target: &Target) -> bool {
        let identity = &target.object.identity;
        let is_its = |(group, kind): &(String, String)| (group, kind) == (&identity.group, &identity.kind);
        let mut before = self.changing.iter().filter(|changing| changing.step <= target.step);
        before.any(|changing| changing.defines.as_ref().is_some_and(is_its))
    }

    /// What a refusal of the target that stands `at` this place comes to.
    pub(super) fn prospect(&self, (at, target): (usize, &Target), meaning: &Meaning) -> Prospect {
        let mended = |is_mended: bool| if is_mended { Prospect::Mended } else { Prospect::Final };
        let others = || self.changing.iter().filter(|one| one.at != at && one.step <= target.step);
        let named = |message: &str| others().any(|one| message.contains(&format!("\"{}\"", one.name)));
        match meaning {
            Meaning::WebhookDown { webhook, detail } => match self.revives(target, webhook, detail) {
                true => Prospect::Mended,
                false => Prospect::Passing,
            },
            Meaning::Retry { .. }
            | Meaning::LostRace
            | Meaning::NoDryRun { .. }
            | Meaning::AlreadyExists { being_deleted: true } => Prospect::Passing,
            Meaning::Other { code, .. } if *code >= 500 => Prospect::Passing,
            Meaning::Manifest { .. } | Meaning::Immutable { .. } | Meaning::KindNotServed { .. } => {
                mended(self.redefines(target))
            }
            Meaning::Denied { message } => {
                mended(named(message) || others().any(|one| self.decides_admission(one, message, target)))
            }
            Meaning::Forbidden(_) => mended(others().any(|one| one.group == "rbac.authorization.k8s.io")),
            Meaning::QuotaExceeded { .. } => mended(others().any(|one| {
                (one.group.as_str(), one.kind.as_str()) == ("", "ResourceQuota")
                    && one.namespace.as_deref() == target.namespace()
            })),
            Meaning::NotFound { message } => mended(named(message)),
            _ => Prospect::Final,
        }
    }

    /// Whether something of the same apply changes a webhook that isn't up, or what answers for it.
    fn revives(&self, target: &Target, webhook: &str, detail: &str) -> bool {
        let turn = (target.step, Wave::of(&target.object.identity.group, &target.object.identity.kind));
        // Configurations go ahead of what they block.
        let mut here = self.changing.iter().filter(|one| one.step <= target.step);
        let is_reconfigured = here.any(|one| one.webhooks.contains(webhook));
        let is_redefined = || webhook.starts_with("conversion of ") && self.redefines(target);
        let is_served_anew = || {
            let service = service(detail);
            service.is_some_and(|(name, namespace)| {
                let mut before = self.changing.iter().filter(|one| (one.step, one.wave) < turn);
                before.any(|one| one.namespace.as_deref() == Some(namespace) && one.answers_for(name))
            })
        };
        is_reconfigured || is_redefined() || is_served_anew()
    }

    /// Whether the server, or a webhook or policy of the cluster, may look at this object to admit others.
    fn decides_admission(&self, one: &Changing, message: &str, target: &Target) -> bool {
        let is_here = one.namespace.is_none() || one.namespace.as_deref() == target.namespace();
        let comes_before = one.wave <= Wave::of(&target.object.identity.group, &target.object.identity.kind);
        let is_parameter = || {
            message.contains("AdmissionPolicy '")
                && (self.parameters.contains(&None) || self.parameters.contains(&Some(one.name.clone())))
        };
        match (one.group.as_str(), one.kind.as_str()) {
            ("admissionregistration.k8s.io", _) => true,
            ("", "Namespace") => target.namespace() == Some(&one.name),
            ("", "LimitRange" | "ServiceAccount") => is_here,
            ("apiextensions.k8s.io", _) => false,
            ("rbac.authorization.k8s.io", _)
            | ("scheduling.k8s.io", "PriorityClass")
            | ("node.k8s.io", "RuntimeClass") => comes_before,
            _ if is_parameter() => true,
            // Policy engines have kinds of their own for policies and their parameters.
            (group, _) => !is_built_in(group) && group != target.object.identity.group,
        }
    }
}

impl Changing {
    /// Whether it may be what answers for a Service of its namespace.
    fn answers_for(&self, service: &str) -> bool {
        match (self.group.as_str(), self.kind.as_str()) {
            ("", "Service" | "Endpoints") => self.name == service,
            ("discovery.k8s.io", "EndpointSlice") | ("", "Pod" | "ReplicationController" | "Secret") => true,
            (group, _) => group == "apps",
        }
    }
}

/// The webhooks of a configuration that is in the cluster: what isn't there yet blocks nothing.
fn webhooks(target: &Target, before: Option<&LiveObject>) -> BTreeSet<String> {
    let identity = &target.object.identity;
    let is_configuration = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]
        .iter()
        .any(|kind| identity.is("admissionregistration.k8s.io", kind));
    let Some(before) = before.filter(|_| is_configuration) else { return BTreeSet::new() };
    let before = before.value();
    let both = [&before, &target.object.value].into_iter();
    let all = both.flat_map(|object| object["webhooks"].as_array().into_iter().flatten());
    all.filter_map(|webhook| webhook["name"].as_str()).map(str::to_owned).collect()
}

/// The Service that was called in vain, and its namespace: `Post "https://guard.shop.svc:443/check": …`.
fn service(detail: &str) -> Option<(&str, &str)> {
    let (_, url) = detail.split_once("https://")?;
    let host = url.split([':', '/', '"']).next()?;
    host.strip_suffix(".svc")?.split_once('.')
}

fn is_policy_binding(kind: &str) -> bool {
    matches!(kind, "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Cause, Forbidden};
    use crate::discovery::Resource;
    use crate::identity::Identity;
    use crate::input::{Object, Origin};
    use crate::path::Path;
    use serde_json::json;

    fn target(api_version: &str, kind: &str, name: &str, spec: Value) -> Target {
        let value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec});
        let identity = Identity::of(&value).expect("an object");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = Resource {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            plural: format!("{}s", kind.to_lowercase()),
            is_namespaced: true,
            is_deletable: true,
            aliases: Vec::new(),
        };
        let origin = Origin { file: "all.yaml".into(), line: 1 };
        let object = Object { value, identity, origin, within: Path::default() };
        Target { object, resource, is_served: true, step: 0 }
    }

    fn config() -> Target {
        target("v1", "ConfigMap", "settings", Value::Null)
    }

    fn definition() -> Target {
        target(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "pumps.water.example",
            json!({"group": "water.example", "names": {"kind": "Pump"}}),
        )
    }

    fn pump() -> Target {
        target("water.example/v1", "Pump", "main", json!({"rate": 3}))
    }

    fn deployment() -> Target {
        target("apps/v1", "Deployment", "web", Value::Null)
    }

    fn prospect(changing: &[Target], refused: &Target, meaning: &Meaning) -> Prospect {
        let mut stream = Stream::default();
        stream.add(0, refused, true, None);
        changing.iter().enumerate().for_each(|(at, other)| stream.add(at + 1, other, true, None));
        stream.prospect((0, refused), meaning)
    }

    fn wrong(field: &str) -> Meaning {
        let cause = Cause { field: field.into(), clause: "field not declared in schema".into() };
        Meaning::Manifest { causes: vec![cause], message: String::new() }
    }

    fn denied(message: &str) -> Meaning {
        Meaning::Denied { message: message.into() }
    }

    #[test]
    fn what_is_wrong_whatever_else_comes_stays_wrong() {
        let immutable = Meaning::Immutable { fields: Vec::new(), others: Vec::new() };
        for meaning in [wrong(".spec.rate"), immutable, denied("no latest tags")] {
            assert_eq!(prospect(&[config()], &deployment(), &meaning), Prospect::Final, "{meaning:?}");
        }
    }

    #[test]
    fn a_field_may_come_with_its_own_definition() {
        assert_eq!(prospect(&[definition()], &pump(), &wrong(".spec.rate")), Prospect::Mended);
        assert_eq!(prospect(&[definition()], &deployment(), &wrong(".spec.rate")), Prospect::Final);
        let mut unchanged = Stream::default();
        unchanged.add(0, &definition(), true, None);
        assert!(unchanged.redefines(&pump()));
        unchanged.stays(0);
        assert!(!unchanged.redefines(&pump()));
        assert_eq!(unchanged.prospect((1, &pump()), &wrong(".spec.rate")), Prospect::Final);
    }

    #[test]
    fn what_the_server_could_not_say_is_no_refusal() {
        use crate::answer::RetryReason;
        for meaning in [
            Meaning::Retry { after: None, reason: RetryReason::Internal },
            Meaning::WebhookDown { webhook: "a".into(), detail: String::new() },
            Meaning::NoDryRun { message: String::new() },
            Meaning::LostRace,
            Meaning::AlreadyExists { being_deleted: true },
            Meaning::Other { code: 507, message: String::new() },
        ] {
            assert_eq!(prospect(&[], &config(), &meaning), Prospect::Passing, "{meaning:?}");
        }
        let too_large = Meaning::Other { code: 413, message: String::new() };
        assert_eq!(prospect(&[], &config(), &too_large), Prospect::Final);
    }

    #[test]
    fn a_denial_may_be_mended_by_what_admission_looks_at() {
        let denial =
            denied("ValidatingAdmissionPolicy 'small' with binding 'small' denied request: too many");
        let policy =
            target("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "small", Value::Null);
        let binding = |reference: Value| {
            let spec = json!({"policyName": "small", "paramRef": reference});
            target("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "small", spec)
        };
        let mut namespace = target("v1", "Namespace", "shop", Value::Null);
        namespace.object.identity.namespace = None;
        let limits = target("v1", "LimitRange", "limits", Value::Null);
        let account = target("v1", "ServiceAccount", "web", Value::Null);
        let engine = target("policies.example/v1", "ClusterPolicy", "tags", Value::Null);
        for mender in [policy, namespace, limits, account, engine] {
            assert_eq!(
                prospect(std::slice::from_ref(&mender), &deployment(), &denial),
                Prospect::Mended,
                "{}",
                mender.object.identity.kind
            );
        }
        assert_eq!(prospect(&[config()], &deployment(), &denial), Prospect::Final);
        let mut stream = Stream::default();
        stream.add(0, &deployment(), true, None);
        stream.add(1, &config(), true, None);
        stream.add(2, &binding(json!({"name": "other"})), false, None);
        assert_eq!(stream.prospect((0, &deployment()), &denial), Prospect::Final);
        stream.add(3, &binding(json!({"name": "settings"})), false, None);
        assert_eq!(stream.prospect((0, &deployment()), &denial), Prospect::Mended);
    }

    #[test]
    fn rights_quotas_and_what_is_missing_may_come_too() {
        let forbidden = Meaning::Forbidden(Forbidden {
            user: "ci".into(),
            verb: "patch".into(),
            resource: "deployments".into(),
            group: "apps".into(),
            namespace: Some("shop".into()),
        });
        let role = target("rbac.authorization.k8s.io/v1", "Role", "deployer", Value::Null);
        assert_eq!(prospect(std::slice::from_ref(&role), &deployment(), &forbidden), Prospect::Mended);
        assert_eq!(prospect(&[config()], &deployment(), &forbidden), Prospect::Final);
        let quota = Meaning::QuotaExceeded { message: "exceeded quota: small".into() };
        let larger = target("v1", "ResourceQuota", "small", Value::Null);
        assert_eq!(prospect(&[larger], &deployment(), &quota), Prospect::Mended);
        assert_eq!(prospect(std::slice::from_ref(&role), &deployment(), &quota), Prospect::Final);
        let missing =
            Meaning::NotFound { message: "roles.rbac.authorization.k8s.io \"deployer\" not found".into() };
        assert_eq!(prospect(&[role], &deployment(), &missing), Prospect::Mended);
        assert_eq!(prospect(&[config()], &deployment(), &missing), Prospect::Final);
    }

    fn down(webhook: &str, url: &str) -> Meaning {
        let detail = format!("failed to call webhook: Post \"{url}\": connection refused");
        Meaning::WebhookDown { webhook: webhook.into(), detail }
    }

    #[test]
    fn a_webhook_that_is_down_may_be_changed_by_the_same_apply() {
        let configuration = |name: &str| {
            let mut target = target(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "guards",
                Value::Null,
            );
            target.object.value["webhooks"] = json!([{"name": name}]);
            target
        };
        let blocked = down("guard.example.org", "https://127.0.0.1:1/");
        let judged = |wanted: &str, there: Option<&str>, changes: bool| {
            let before = there.map(|name| LiveObject::of(&configuration(name).object.value));
            let mut stream = Stream::default();
            stream.add(0, &config(), true, None);
            stream.add(1, &configuration(wanted), changes, before.as_ref());
            stream.prospect((0, &config()), &blocked)
        };
        let (guard, other) = ("guard.example.org", "other.example.org");
        assert_eq!(judged(guard, Some(guard), true), Prospect::Mended);
        assert_eq!(judged(other, Some(guard), true), Prospect::Mended, "it goes");
        assert_eq!(judged(guard, None, true), Prospect::Passing, "what isn't there blocks nothing");
        assert_eq!(judged(other, Some(other), true), Prospect::Passing);
        assert_eq!(judged(guard, Some(guard), false), Prospect::Passing, "it stays as it is");
    }

    #[test]
    fn what_answers_for_a_webhook_may_come_before_what_it_blocks() {
        let called = down("guard.example.org", "https://guard.shop.svc:443/check?timeout=2s");
        let service = |name: &str| target("v1", "Service", name, Value::Null);
        let last = target("example.org/v1", "Lamp", "desk", Value::Null);
        assert_eq!(prospect(&[service("guard")], &last, &called), Prospect::Mended);
        assert_eq!(prospect(&[service("other")], &last, &called), Prospect::Passing);
        assert_eq!(prospect(&[deployment()], &last, &called), Prospect::Mended);
        assert_eq!(prospect(&[deployment()], &config(), &called), Prospect::Passing, "it comes later");
        let elsewhere = down("guard.example.org", "https://guard.other.svc:443/check");
        assert_eq!(prospect(&[service("guard"), deployment()], &last, &elsewhere), Prospect::Passing);
    }

    #[test]
    fn what_converts_an_object_may_change_with_its_definition() {
        let converts = down("conversion of water.example/v1, Kind=Pump", "https://127.0.0.1:1/");
        assert_eq!(prospect(&[definition()], &pump(), &converts), Prospect::Mended);
        assert_eq!(prospect(&[config()], &pump(), &converts), Prospect::Passing);
    }
}
