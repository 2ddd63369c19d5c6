//! `list`: who has which slot, and how it is.

mod arguments;
mod entry;
mod labels;
mod look;
mod text;

use std::collections::BTreeMap;

use clap::ValueEnum;
use codex_cluster::connect::Cluster;
use codex_common::cli::{self, Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{Selector, is_selected};
use codex_slot::record::Record;
use codex_slot::slots::Listing;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use arguments::ListArgs;

use crate::arguments::ProjectRequest;
use crate::namespaces;
use crate::orphans;
use crate::records::Records;
use crate::scene::Scene;
use entry::{Entry, Home};
use look::Seen;

/// How slots are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Table,
    /// The table with all columns
    Wide,
    /// A JSON array
    Json,
    /// The records' names, a line each
    Name,
}

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// Only slots of this issue, pull request or number.
    pub(crate) selector: Selector,
    /// A label selector; empty for all.
    pub(crate) labels: String,
    pub(crate) output: ListFormat,
}

/// Prints the slots.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let text = scene.on_cluster(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        text(records, request).await
    })?;
    // JSON is data, and escapes what a terminal would act on.
    match request.output {
        ListFormat::Json => cli::write_stdout(text.as_bytes()),
        ListFormat::Table | ListFormat::Wide | ListFormat::Name => console.print(&text),
    }
}

async fn text(records: Records<'_>, request: &Request) -> Result<String, Diagnostic> {
    let Records { scene, cluster, .. } = records;
    // One that can't be read keeps nobody from seeing the others.
    let listing = records.list().await?;
    let labelled = labels::matching(scene, cluster, &request.labels).await?;
    let are_seen = request.output != ListFormat::Name;
    let all = if are_seen && look::are_many(listing.records.len()) {
        namespaces::list(cluster, "").await?
    } else {
        None
    };
    let orphans = orphans(scene, cluster, (&listing, all.as_deref()), request).await?;
    let mut records: Vec<&Record> = listing.records.iter().collect();
    records.retain(|record| {
        let has_labels = labelled.as_ref().is_none_or(|names| names.contains(&scene.state.name(record.slot)));
        has_labels && is_selected(record, request.selector)
    });
    records.extend(&orphans);
    records.sort_by_key(|record| record.slot);
    if records.is_empty() {
        scene.console.info(format!("no slots in environment `{}`", scene.env()));
    }
    let mut entries = entries(scene, cluster, (&records, all.as_deref()), request.output).await?;
    for entry in &mut entries {
        entry.is_orphaned = orphans.iter().any(|orphan| orphan.slot == entry.record.slot);
    }
    let now = Timestamp::from_second(scene.host.now().0).unwrap_or_default();
    Ok(text::of(&entries, request.output, &scene.state, now))
}

/// The slots that nobody has a record of, where the request may mean them.
async fn orphans(
    scene: &Scene<'_>,
    cluster: &Cluster,
    (listing, all): (&Listing, Option<&[Value]>),
    request: &Request,
) -> Result<Vec<Record>, Diagnostic> {
    // They have neither links nor labels, nor a record that has a name.
    let asks_for_records = !request.selector.links.is_empty() || !request.labels.trim().is_empty();
    if asks_for_records || request.output == ListFormat::Name {
        return Ok(Vec::new());
    }
    let mut found = match all {
        Some(all) => orphans::among(scene, all, &listing.all)?,
        None => orphans::find(scene, cluster, &listing.all).await?,
    };
    found.retain(|record| is_selected(record, request.selector));
    Ok(found)
}

async fn entries<'a>(
    scene: &Scene<'_>,
    cluster: &Cluster,
    (records, all): (&[&'a Record], Option<&[Value]>),
    format: ListFormat,
) -> Result<Vec<Entry<'a>>, Diagnostic> {
    let namespaces: Vec<&str> = records.iter().map(|record| record.namespace.as_str()).collect();
    let seen = match format {
        // Names need no look.
        ListFormat::Name => BTreeMap::new(),
        _ if records.is_empty() => BTreeMap::new(),
        _ => look::look(cluster, scene.console, &namespaces, all).await?,
    };
    let unseen = Seen { home: Home::Unknown, pods: None };
    let entry = |record: &&'a Record| {
        let Seen { home, pods } = seen.get(&record.namespace).copied().unwrap_or(unseen);
        Entry { record, home, pods, is_orphaned: false }
    };
    Ok(records.iter().map(entry).collect())
}
