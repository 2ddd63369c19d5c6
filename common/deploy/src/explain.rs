//! Why an object was not applied, in words, with the manifest's line.

use codex_cluster::FIELD_MANAGER;
use codex_cluster::answer::{Answer as Meaning, Cause, Conflict};
use codex_cluster::apply::Fault;
use codex_cluster::connect::Cluster;
use codex_cluster::path::{Path, locate};
use codex_cluster::place::Target;
use codex_cluster::plan::{Planned, may_be_recreated};
use codex_cluster::refusal;
use codex_common::diagnostic::Diagnostic;
use serde_json::Value;

use crate::scene::Manifests;

/// The message about an object that was not applied.
pub(crate) fn fault(cluster: &Cluster, manifests: &Manifests, target: &Target, fault: &Fault) -> Diagnostic {
    let name = target.resource.display(&target.object.identity.name);
    let title = Diagnostic::machine(format!("cannot apply {name}"));
    match fault {
        Fault::Refused(meaning) => self::meaning(manifests, target, meaning),
        Fault::NoAnswer(no_answer) => {
            title.note(Diagnostic::from(cluster.unreachable(no_answer.clone())).title)
        }
        Fault::NotRecreated => never_recreated(title, &target.object.identity.kind),
        Fault::OtherProject(project) => {
            let label = format!("this object belongs to project `{project}`");
            manifests
                .blame(
                    title,
                    &target.object.origin,
                    &target.object.within.with("metadata").with("name"),
                    &label,
                )
                .hint(Some("`--force-conflicts` takes it from there; or give yours another name".to_owned()))
        }
        Fault::NotEstablished(reason) => title.note(reason.clone()),
    }
}

fn never_recreated(message: Diagnostic, kind: &str) -> Diagnostic {
    message
        .note(format!("a {kind} is never deleted to be made anew"))
        .hint(Some("change the manifest back, or delete the object yourself".to_owned()))
}

/// The message about what the server said of an object.
pub(crate) fn meaning(manifests: &Manifests, target: &Target, meaning: &Meaning) -> Diagnostic {
    let name = target.resource.display(&target.object.identity.name);
    let title = Diagnostic::machine(format!("cannot apply {name}"));
    let at = |message: Diagnostic, path: &Path, label: &str| {
        let path = target.object.within.join(path);
        manifests.blame(message, &target.object.origin, &path, label)
    };
    let whole = |label: &str| at(title.clone(), &Path::default(), label);
    match meaning {
        Meaning::Ownership(conflicts) => conflicts
            .iter()
            .fold(title.clone(), |message, conflict| {
                let place = locate(&conflict.field, &target.object.value);
                at(
                    message,
                    &place.path,
                    &format!("`{}` is owned by {}", conflict.field, owner_words(conflict)),
                )
            })
            .hint(Some("`--force-conflicts` takes the fields; or leave them out of the manifest".to_owned())),
        Meaning::Manifest { causes, message } if causes.is_empty() => whole(message),
        Meaning::Manifest { causes, .. } => with_causes(title, causes, target, &at),
        Meaning::Immutable { fields, others } => {
            let message = with_causes(title, fields, target, &at);
            let message = with_causes(message, others, target, &at);
            let kind = &target.object.identity.kind;
            if !may_be_recreated(kind) {
                return never_recreated(message, kind);
            }
            message.hint(
                others.is_empty().then(|| "`--recreate` deletes the object and makes it anew".to_owned()),
            )
        }
        Meaning::Forbidden(right) => title.note(refusal::forbidden(right)),
        Meaning::Unauthorized => title.note(refusal::UNAUTHORIZED),
        Meaning::KindNotServed { group, version, kind } => {
            let group = if group.is_empty() { "the core group" } else { group };
            whole(&format!("the server has no `{kind}` in {group}/{version}"))
        }
        Meaning::NamespaceMissing { namespace } => whole(&format!("namespace `{namespace}` doesn't exist")),
        Meaning::NamespaceTerminating { namespace } => {
            title.note(format!("namespace `{namespace}` is being deleted"))
        }
        Meaning::WebhookDown { webhook, detail } => {
            title.note(format!("webhook `{webhook}` is not up: {detail}"))
        }
        Meaning::Denied { message }
        | Meaning::NoDryRun { message }
        | Meaning::NotFound { message }
        | Meaning::QuotaExceeded { message } => title.note(message.clone()),
        Meaning::Retry { reason, .. } => title.note(format!("{}, again and again", reason.words())),
        Meaning::LostRace => title.note("others keep changing it"),
        Meaning::AlreadyExists { .. } => title.note("another object of that name is being deleted"),
        Meaning::Expired => title.note("the server's answer was too old"),
        Meaning::Unreachable(_) => title.note("the server can't be reached"),
        Meaning::Other { code, message } => title.note(format!("the server answered {code}: {message}")),
    }
}

fn with_causes(
    message: Diagnostic,
    causes: &[Cause],
    target: &Target,
    at: &impl Fn(Diagnostic, &Path, &str) -> Diagnostic,
) -> Diagnostic {
    causes.iter().fold(message, |message, cause| {
        let place = locate(&cause.field, &target.object.value);
        let field = if cause.field.is_empty() { String::new() } else { format!("`{}`: ", cause.field) };
        let value = place.path.find(&target.object.value).filter(|_| place.complete);
        let unquoted = match value {
            Some(Value::Bool(_)) if cause.clause == EXPECTED_STRING => ", not a boolean: put it in quotes",
            Some(Value::Number(_)) if cause.clause == EXPECTED_STRING => ", not a number: put it in quotes",
            _ => "",
        };
        at(message, &place.path, &format!("{field}{}{unquoted}", cause.clause))
    })
}

/// What server-side apply says of a value such as `y` or `1.10` where a text is meant: YAML reads a boolean or a number.
const EXPECTED_STRING: &str = "expected string";

/// The message about a Service with a line for each port that another manager gave it and the manifest lacks.
///
/// Server-side apply knows ports by number: one whose number somebody changed is another port beside ours, and
/// the server then refuses both for their names, without a word of who owns them.
pub(crate) fn with_foreign_ports(message: Diagnostic, planned: &Planned) -> Diagnostic {
    let object = &planned.target.object;
    let Some(live) = planned.before.as_ref().filter(|_| object.identity.is("", "Service")) else {
        return message;
    };
    let live = live.value();
    let number =
        |port: &Value| Some((port["port"].as_i64()?, port["protocol"].as_str().unwrap_or("TCP").to_owned()));
    let ours: Vec<_> =
        object.value["spec"]["ports"].as_array().into_iter().flatten().filter_map(number).collect();
    let mut message = message;
    for entry in live["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let keys =
            entry["fieldsV1"]["f:spec"]["f:ports"].as_object().into_iter().flat_map(|ports| ports.keys());
        let ports = keys.filter_map(|key| serde_json::from_str::<Value>(key.strip_prefix("k:")?).ok());
        for (port, protocol) in ports.filter_map(|port| number(&port)) {
            if manager != FIELD_MANAGER && !ours.contains(&(port, protocol.clone())) {
                message = message.note(format!(
                    "`{manager}` gave it port {port}/{protocol}, which the manifest doesn't have"
                ));
            }
        }
    }
    message
}

/// `kubectl-set` or `kubectl (scale)`.
pub(crate) fn owner_words(conflict: &Conflict) -> String {
    match &conflict.subresource {
        Some(subresource) => format!("`{}` through {subresource}", conflict.manager),
        None => format!("`{}`", conflict.manager),
    }
}
