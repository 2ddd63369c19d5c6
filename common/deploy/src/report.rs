//! What is printed on stdout: kubectl's lines, names, the plan as data, or diffs.

use std::collections::BTreeMap;

use codex_cluster::apply::Status;
use codex_cluster::diff::{redacted, shown, unified};
use codex_cluster::document::node_of;
use codex_cluster::input::Object;
use codex_cluster::ownership::handover::Handover;
use codex_cluster::plan::{Action, Comparison, Planned};
use codex_common::cli::{self, ExitCode};
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;
use codex_common::secrets::Secrets;
use codex_common::yaml::{self, KeyOrder, Mapping, Node, Value as Yaml};

use crate::request::{DryRun, OutputFormat};

/// `deployment.apps/web`, on one line whatever the manifest calls it.
pub(crate) fn name(planned: &Planned) -> String {
    let name = planned.target.resource.display(&planned.target.object.identity.name);
    printable::line(&name).into_owned()
}

/// The line of an object that was applied; nothing for the others.
pub(crate) fn line(planned: &Planned, status: &Status, format: Option<OutputFormat>) -> Option<String> {
    let Status::Applied(applied) = status else {
        return None;
    };
    match format {
        None => Some(format!("{} {}\n", name(planned), applied.verb.word())),
        Some(OutputFormat::Name) => Some(format!("{}\n", name(planned))),
        Some(OutputFormat::Json | OutputFormat::Yaml) => None,
    }
}

/// The lines of a dry run.
pub(crate) fn dry_run(plan: &[Planned], who: DryRun, format: Option<OutputFormat>) -> String {
    let suffix = match who {
        DryRun::Client => "(dry run)",
        DryRun::Server => "(server dry run)",
    };
    let mut text = String::new();
    for planned in plan {
        let verb = match planned.action {
            Action::Create => "created",
            Action::CreateUnchecked => "created (not checked)",
            Action::Same => "unchanged",
            Action::Change => "configured",
            Action::Conflict(_) => "in conflict",
            Action::Refused(_) => "refused",
            Action::Blocked(_) | Action::Unlisted(_) => "not checked",
        };
        match format {
            Some(OutputFormat::Name) => text.push_str(&format!("{}\n", name(planned))),
            _ => text.push_str(&format!("{} {verb} {suffix}\n", name(planned))),
        }
    }
    text
}

/// The plan as data: action and object of each, secrets hidden; with what became of it, if it was applied.
pub(crate) fn data(
    plan: &[Planned],
    statuses: Option<&[Status]>,
    format: OutputFormat,
    secrets: &Secrets,
) -> String {
    let result = |at: usize| {
        statuses.and_then(|statuses| statuses.get(at)).map(|status| match status {
            Status::Applied(applied) => applied.verb.word(),
            Status::Failed(_) => "failed",
            Status::NotTried => "not tried",
        })
    };
    let entries = plan.iter().enumerate();
    let entries = entries.map(|(at, planned)| (&planned.target.object, planned.action.word(), result(at)));
    written(entries, format, secrets)
}

/// What would be sent, without asking the cluster: kubectl's lines or names.
pub(crate) fn client_lines(objects: &[Object], format: Option<OutputFormat>) -> String {
    let suffix = if format == Some(OutputFormat::Name) { "" } else { " created (dry run)" };
    let line = |object: &Object| {
        let name = object.identity.to_string();
        format!("{}{suffix}\n", printable::line(&name))
    };
    objects.iter().map(line).collect()
}

/// The same as data, as that of a plan.
pub(crate) fn client_data(objects: &[Object], format: OutputFormat, secrets: &Secrets) -> String {
    written(objects.iter().map(|object| (object, "create", None)), format, secrets)
}

/// Objects with what happens to them and what became of it, as data.
fn written<'a>(
    entries: impl Iterator<Item = (&'a Object, &'a str, Option<&'a str>)>,
    format: OutputFormat,
    secrets: &Secrets,
) -> String {
    let entry = |(object, action, result): (&Object, &str, Option<&str>)| {
        let identity = &object.identity;
        let text = |text: &str| Node::from(secrets.masked(text).as_str());
        let mut fields = Mapping::from_iter([
            ("name", text(&identity.name)),
            ("namespace", identity.namespace.as_deref().map_or_else(|| Node::new(Yaml::Null), text)),
            ("kind", text(&identity.kind)),
            ("apiVersion", text(object.api_version())),
            ("action", text(action)),
            ("source", text(&format!("{}:{}", object.origin.file, object.origin.line))),
        ]);
        if let Some(result) = result {
            fields.insert("result", text(result));
        }
        fields.insert("object", node_of(&redacted(&object.value, secrets)));
        Node::from(fields)
    };
    let entries: Vec<Node> = entries.map(entry).collect();
    let list = Node::from(Mapping::from_iter([("objects", Node::from(entries))]));
    let mut text = String::new();
    match format {
        OutputFormat::Yaml => yaml::write(&list, KeyOrder::Kept, &mut text),
        // Objects came from JSON or from checked YAML: there is nothing in them that JSON can't hold.
        OutputFormat::Json | OutputFormat::Name => {
            if yaml::write_json(&list, KeyOrder::Kept, 2, &mut text).is_ok() {
                text.push('\n');
            }
        }
    }
    text
}

/// Whose fields become ours, in words.
pub(crate) fn handover(handover: &Handover) -> Vec<String> {
    let taken = handover.is_taken_over.then(|| "taken over from kubectl apply".to_owned());
    let shared = handover.shared_with.iter().map(|manager| format!("shares fields with {manager}"));
    taken.into_iter().chain(shared).collect()
}

/// The unified diff of a planned object, with these secrets hidden; nothing where it stays as it is. Where nothing
/// but the owners of its fields change, a line says so.
pub(crate) fn diff(planned: &Planned, comparison: &Comparison, secrets: Option<&Secrets>) -> String {
    if !planned.action.is_difference() {
        return String::new();
    }
    let after = comparison.after.as_ref().unwrap_or(&planned.target.object.value);
    let both = shown(comparison.before.as_ref(), Some(after), secrets);
    let written = |object: Option<&serde_json::Value>| {
        let mut text = String::new();
        if let Some(object) = object {
            yaml::write(&node_of(object), KeyOrder::Sorted, &mut text);
        }
        text
    };
    let place = match planned.target.namespace() {
        Some(namespace) => format!("{namespace}/{}", name(planned)),
        None => name(planned),
    };
    let place = secrets.map_or_else(|| place.clone(), |secrets| secrets.masked(&place));
    let (before, after) = (written(both.before.as_ref()), written(both.after.as_ref()));
    let diff = unified((&format!("live {place}"), &before), (&format!("planned {place}"), &after));
    if diff.is_empty() {
        let owners = handover(&planned.handover);
        let why = if owners.is_empty() { "owned by kubectl-codex too".to_owned() } else { owners.join(", ") };
        return printable::lines(&format!("{place}: nothing differs; {why}\n")).into_owned();
    }
    printable::lines(&diff).into_owned()
}

/// Prints a document on stdout whose secrets are hidden already.
pub(crate) fn print(text: &str) -> Result<ExitCode, Diagnostic> {
    cli::write_stdout(text.as_bytes())
}

/// `3 to create, 1 to change, 12 unchanged`, of the words of all actions.
pub(crate) fn summary<'a>(actions: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for action in actions {
        *counts.entry(action).or_default() += 1;
    }
    let words = [
        ("create", "to create"),
        ("change", "to change"),
        ("conflict", "in conflict"),
        ("refused", "refused"),
        ("unknown", "not checked"),
        ("same", "unchanged"),
    ];
    let parts =
        words.iter().filter_map(|(key, words)| counts.get(key).map(|count| format!("{count} {words}")));
    parts.collect::<Vec<_>>().join(", ")
}
