//! The listed slots as text: a table, JSON, names.

use codex_common::table;
use codex_common::yaml::{self, KeyOrder, Mapping, Node, Value};
use codex_slot::record::StateLocation;
use jiff::Timestamp;

use super::ListFormat;
use super::entry::{Entry, Home};
use crate::age::short;

/// The text in a format.
pub(super) fn of(
    entries: &[Entry<'_>],
    format: ListFormat,
    location: &StateLocation,
    now: Timestamp,
) -> String {
    match format {
        ListFormat::Table => rows(entries, false, location, now),
        ListFormat::Wide => rows(entries, true, location, now),
        ListFormat::Json => json(entries, location, now),
        ListFormat::Name => {
            entries.iter().map(|entry| format!("configmap/{}\n", location.name(entry.record.slot))).collect()
        }
    }
}

/// A table; what there is none of is `-`, what can't be known `?`.
fn rows(entries: &[Entry<'_>], is_wide: bool, location: &StateLocation, now: Timestamp) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut heading = vec!["SLOT", "STATE", "ISSUE", "PR", "NAMESPACE", "READY", "AGE", "LAST-USED"];
    if is_wide {
        heading.extend(["ENV", "OWNER", "AGENT", "APPLIED", "RECORD"]);
    }
    let mut rows = vec![heading.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let or_none =
        |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
    let since = |time: Option<Timestamp>| or_none(time.map(|time| short(now.duration_since(time).as_secs())));
    for entry in entries {
        let record = entry.record;
        let links = record.claim.unwrap_or(record.links);
        let number = |number: u64| or_none((number > 0).then(|| number.to_string()));
        let mut row = vec![
            record.slot.to_string(),
            entry.state(now).word().to_owned(),
            number(links.issue),
            number(links.pr),
            record.namespace.clone(),
            entry.pods.map_or_else(|| "?".to_owned(), |pods| pods.to_string()),
            since(record.created_at),
            since(record.last_used),
        ];
        if is_wide {
            let agent = record.agent.as_ref().map(|agent| format!("{}/{}", agent.host, agent.pid));
            let applied = record.applied.as_ref().map(|hash| hash.chars().take(12).collect());
            row.extend([
                record.env.clone(),
                or_none(Some(record.owner.clone())),
                or_none(agent),
                or_none(applied),
                if entry.is_orphaned { "-".to_owned() } else { location.name(record.slot) },
            ]);
        }
        rows.push(row);
    }
    table::draw(&rows)
}

/// An array, an object each; all keys always, null for what there is none of or what can't be known.
fn json(entries: &[Entry<'_>], location: &StateLocation, now: Timestamp) -> String {
    let lines: Vec<String> = entries.iter().map(|entry| object(entry, location, now)).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn object(entry: &Entry<'_>, location: &StateLocation, now: Timestamp) -> String {
    let record = entry.record;
    let null = || Node::new(Value::Null);
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map_or_else(null, Node::from);
    let number = |number: u64| i64::try_from(number).map_or_else(|_| null(), Node::from);
    let time = |time: Option<Timestamp>| text(time.map(|time| time.to_string()).as_deref());
    let links = record.claim.unwrap_or(record.links);
    let agent = record.agent.as_ref().map_or_else(null, |agent| {
        Node::from(Mapping::from_iter([
            ("host", Node::from(agent.host.as_str())),
            ("pid", Node::from(i64::from(agent.pid))),
            ("heartbeat", time(Some(agent.heartbeat))),
        ]))
    });
    let name = (!entry.is_orphaned).then(|| location.name(record.slot));
    let home = match entry.home {
        Home::Present => Node::from(true),
        Home::Terminating => Node::from(true),
        Home::Missing => Node::from(false),
        Home::Unknown => null(),
    };
    let pods = |count: fn(super::entry::Pods) -> u32| {
        entry.pods.map_or_else(null, |pods| Node::from(i64::from(count(pods))))
    };
    let object = Node::from(Mapping::from_iter([
        ("slot", Node::from(i64::from(record.slot))),
        ("namespace", Node::from(record.namespace.as_str())),
        ("env", Node::from(record.env.as_str())),
        ("state", Node::from(entry.state(now).word())),
        ("issue", number(links.issue)),
        ("pr", number(links.pr)),
        ("readyPods", pods(|pods| pods.ready)),
        ("pods", pods(|pods| pods.all)),
        ("namespaceExists", home),
        ("createdAt", time(record.created_at)),
        ("lastUsed", time(record.last_used)),
        ("project", text(record.project.as_deref())),
        ("owner", text(Some(&record.owner))),
        ("agent", agent),
        ("applied", text(record.applied.as_deref())),
        ("record", text(name.as_deref())),
    ]));
    let mut line = String::new();
    match yaml::write_json(&object, KeyOrder::Kept, 0, &mut line) {
        Ok(()) => line,
        // Texts, numbers and truth values: there is nothing in it that JSON can't hold.
        Err(_) => "null".to_owned(),
    }
}
