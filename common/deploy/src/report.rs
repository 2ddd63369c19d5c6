//! What is printed on stdout: kubectl's lines, names, the plan as data, or diffs.

use std::collections::BTreeMap;

use codex_cluster::apply::Status;
use codex_cluster::diff::{redacted, shown, unified};
use codex_cluster::document::node_of;
use codex_cluster::identity::Identity;
use codex_cluster::input::Object;
use codex_cluster::ownership::handover::Handover;
use codex_cluster::plan::{Action, Comparison, Planned};
use codex_cluster::sweep::Leftover;
use codex_common::cli::{self, ExitCode};
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;
use codex_common::secrets::Secrets;
use codex_common::yaml::{self, KeyOrder, Mapping, Node, Value as Yaml};

use crate::request::OutputFormat;
use crate::scene::Manifests;

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
pub(crate) fn dry_run(plan: &[Planned], pruned: &[Leftover], format: Option<OutputFormat>) -> String {
    let line = |name: String, verb: &str| match format {
        Some(OutputFormat::Name) => format!("{name}\n"),
        _ => format!("{name} {verb} (server dry run)\n"),
    };
    let mut text = String::new();
    for planned in plan {
        let verb = match planned.action {
            Action::Create => "created",
            Action::CreateUnchecked => "created (not checked)",
            Action::Same | Action::Own => "unchanged",
            Action::Change => "configured",
            Action::ChangeUnchecked => "configured (not checked)",
            Action::Recreate => "recreated",
            Action::Conflict(_) | Action::OtherProject(_) => "in conflict",
            Action::Refused(_) => "refused",
            Action::Blocked(_) | Action::Unlisted(_) => "not checked",
        };
        text.push_str(&line(name(planned), verb));
    }
    text.extend(pruned.iter().map(|leftover| line(leftover_name(leftover), "pruned")));
    text
}

/// `configmap/old`, on one line.
pub(crate) fn leftover_name(leftover: &Leftover) -> String {
    printable::line(&leftover.resource.display(&leftover.identity.name)).into_owned()
}

/// The plan as data: action and object of each, secrets hidden; with what became of it, if it was applied. What is
/// pruned comes last.
pub(crate) fn data(
    (plan, manifests): (&[Planned], &Manifests),
    pruned: &[Leftover],
    statuses: Option<&[Status]>,
    (format, secrets): (OutputFormat, &Secrets),
) -> String {
    let result = |at: usize| {
        statuses.and_then(|statuses| statuses.get(at)).map(|status| match status {
            Status::Applied(applied) => applied.verb.word(),
            Status::Failed(_) => "failed",
            Status::NotTried => "not tried",
        })
    };
    let of_plan = plan.iter().enumerate().map(|(at, planned)| {
        let object = &planned.target.object;
        Entry {
            action: planned.action.word(),
            result: result(at),
            item: manifests.item(&object.origin),
            step: Some(planned.target.step),
            ..Entry::of(object, secrets)
        }
    });
    let of_pruned = pruned.iter().map(|leftover| Entry {
        identity: leftover.identity.clone(),
        api_version: leftover.resource.api_version(),
        source: None,
        item: leftover.item.clone(),
        step: None,
        action: "prune",
        result: statuses.map(|_| "pruned"),
        object: redacted(&leftover.object(), secrets),
    });
    written(of_plan.chain(of_pruned), format, secrets)
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
    written(objects.iter().map(|object| Entry::of(object, secrets)), format, secrets)
}

/// An object with what happens to it and what became of it.
struct Entry {
    identity: Identity,
    api_version: String,
    /// File and line, if it comes from one.
    source: Option<String>,
    /// The item of services.yaml that it comes from, if any.
    item: Option<String>,
    /// The step that it is sent in, from 0.
    step: Option<usize>,
    action: &'static str,
    result: Option<&'static str>,
    object: serde_json::Value,
}

impl Entry {
    /// An object of the manifests, which is made.
    fn of(object: &Object, secrets: &Secrets) -> Self {
        Self {
            identity: object.identity.clone(),
            api_version: object.api_version().to_owned(),
            source: Some(format!("{}:{}", object.origin.file, object.origin.line)),
            item: None,
            step: None,
            action: "create",
            result: None,
            object: redacted(&object.value, secrets),
        }
    }
}

/// Objects with what happens to them and what became of it, as data.
fn written(entries: impl Iterator<Item = Entry>, format: OutputFormat, secrets: &Secrets) -> String {
    let entry = |entry: Entry| {
        let Entry { identity, api_version, source, item, step, action, result, object } = entry;
        let text = |text: &str| Node::from(secrets.masked(text).as_str());
        let mut fields = Mapping::from_iter([
            ("name", text(&identity.name)),
            ("namespace", identity.namespace.as_deref().map_or_else(|| Node::new(Yaml::Null), text)),
            ("kind", text(&identity.kind)),
            ("apiVersion", text(&api_version)),
            ("action", text(action)),
        ]);
        if let Some(source) = source {
            fields.insert("source", text(&source));
        }
        if let Some(item) = item {
            fields.insert("item", text(&item));
        }
        if let Some(step) = step {
            fields.insert("step", Node::from(i64::try_from(step + 1).unwrap_or(i64::MAX)));
        }
        if let Some(result) = result {
            fields.insert("result", text(result));
        }
        fields.insert("object", node_of(&object));
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
    if planned.action == Action::Same {
        return String::new();
    }
    let after = comparison.after.as_ref().unwrap_or(&planned.target.object.value);
    let place = placed(planned.target.namespace(), &name(planned));
    let remark = match planned.action {
        Action::Recreate => " (made anew)",
        Action::ChangeUnchecked | Action::CreateUnchecked | Action::Blocked(_) | Action::Unlisted(_) => {
            " (not checked)"
        }
        _ => "",
    };
    let diff = difference((&place, remark), (comparison.before.as_ref(), Some(after)), secrets);
    if !diff.is_empty() {
        return diff;
    }
    let owners = handover(&planned.handover);
    let why = if owners.is_empty() { "owned by kubectl-codex too".to_owned() } else { owners.join(", ") };
    let place = secrets.map_or_else(|| place.clone(), |secrets| secrets.masked(&place));
    printable::lines(&format!("{place}: nothing differs; {why}\n")).into_owned()
}

/// The unified diff of an object that is pruned: all of it goes.
pub(crate) fn pruned_diff(leftover: &Leftover, secrets: Option<&Secrets>) -> String {
    let place = placed(leftover.identity.namespace.as_deref(), &leftover_name(leftover));
    difference((&place, ""), (Some(&leftover.object()), None), secrets)
}

fn placed(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

fn difference(
    (place, remark): (&str, &str),
    (before, after): (Option<&serde_json::Value>, Option<&serde_json::Value>),
    secrets: Option<&Secrets>,
) -> String {
    let both = shown(before, after, secrets);
    let written = |object: Option<&serde_json::Value>| {
        let mut text = String::new();
        if let Some(object) = object {
            yaml::write(&node_of(object), KeyOrder::Sorted, &mut text);
        }
        text
    };
    let place = secrets.map_or_else(|| place.to_owned(), |secrets| secrets.masked(place));
    let (before, after) = (written(both.before.as_ref()), written(both.after.as_ref()));
    let diff = unified((&format!("live {place}"), &before), (&format!("planned {place}{remark}"), &after));
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
        ("recreate", "to recreate"),
        ("prune", "to prune"),
        ("conflict", "in conflict"),
        ("refused", "refused"),
        ("unknown", "not checked"),
        ("same", "unchanged"),
    ];
    let parts =
        words.iter().filter_map(|(key, words)| counts.get(key).map(|count| format!("{count} {words}")));
    parts.collect::<Vec<_>>().join(", ")
}
