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
use codex_slot::record::{Listed, Record};
use jiff::Timestamp;

pub(crate) use arguments::ListArgs;

use crate::arguments::ProjectRequest;
use crate::failure;
use crate::provisional::list;
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
    let text = scene.on_cluster(async |cluster, _| text(&scene, &cluster, request).await)?;
    cli::write_stdout(text.as_bytes())
}

async fn text(scene: &Scene<'_>, cluster: &Cluster, request: &Request) -> Result<String, Diagnostic> {
    let listed = list(&cluster.api, &scene.state).await;
    let listed = listed.map_err(|error| failure::of_slot(error, scene, cluster, request.selector))?;
    let labelled = labels::matching(scene, cluster, &request.labels).await?;
    let mut records = own(scene, &listed)?;
    records.retain(|record| {
        let has_labels = labelled.as_ref().is_none_or(|names| names.contains(&scene.state.name(record.slot)));
        has_labels && is_selected(record, request.selector)
    });
    records.sort_by_key(|record| record.slot);
    if records.is_empty() {
        scene.console.info(format!("no slots in environment `{}`", scene.env()));
    }
    let entries = entries(scene, cluster, &records, request.output).await?;
    let now = Timestamp::from_second(scene.host.now().0).unwrap_or_default();
    Ok(text::of(&entries, request.output, &scene.state, now))
}

/// The records of the scene's project and environment. One that can't be read keeps nobody from seeing the others.
fn own<'a>(scene: &Scene<'_>, listed: &'a [Listed]) -> Result<Vec<&'a Record>, Diagnostic> {
    let namespace_of = |slot| scene.namespace_or_failure(slot);
    let scope = scene.scope(&namespace_of);
    let mut records = Vec::new();
    for listed in listed {
        if !scope.has(listed).map_err(failure::of_view)? {
            continue;
        }
        match &listed.record {
            Ok(record) => records.push(record),
            Err(error) => scene.console.say(&Diagnostic::warning(format!("not listed: {error}"))),
        }
    }
    Ok(records)
}

async fn entries<'a>(
    scene: &Scene<'_>,
    cluster: &Cluster,
    records: &[&'a Record],
    format: ListFormat,
) -> Result<Vec<Entry<'a>>, Diagnostic> {
    let namespaces: Vec<&str> = records.iter().map(|record| record.namespace.as_str()).collect();
    let seen = match format {
        // Names need no look.
        ListFormat::Name => BTreeMap::new(),
        _ if records.is_empty() => BTreeMap::new(),
        _ => look::look(cluster, scene.console, &namespaces).await?,
    };
    let unseen = Seen { home: Home::Unknown, pods: None };
    let entry = |record: &&'a Record| {
        let Seen { home, pods } = seen.get(&record.namespace).copied().unwrap_or(unseen);
        Entry { record, home, pods }
    };
    Ok(records.iter().map(entry).collect())
}
