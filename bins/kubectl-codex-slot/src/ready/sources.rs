//! The slot's sources: `--source` synced to `<base>/<slot>/src`.
//!
//! Takes the folders as typed, does the sync and says what one should know of it. Without a base there is
//! nothing to sync. A slot in which an agent works is left alone: it would lose what it is about to write (B14).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Record;
use codex_workspace::saved::{SaveError, SavedWork};
use codex_workspace::sync::{Listener, Note, Progress, SyncError, SyncReport, SyncRequest, sync};

use crate::scene::Scene;
use crate::workplace::Workplace;
use crate::{agent, lock};

use super::Request;

/// How often it is said how far copying is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What is synced where.
#[derive(Debug)]
pub(super) struct Sources {
    base: Option<PathBuf>,
    source: PathBuf,
    exclude: Vec<String>,
    search_path: String,
    now: i64,
}

impl Sources {
    /// What the request says; the folder of all workspaces may also come from `CODE_ROOT_BASE`.
    pub(super) fn of(request: &Request, host: &Host) -> Self {
        Self {
            base: lock::base(request.code_root_base.as_deref(), host),
            // Without the `.` that stands for the working directory.
            source: host.folder().join(&request.source).components().collect(),
            exclude: request.exclude.clone(),
            search_path: host.variable("PATH").unwrap_or_default().to_owned(),
            now: host.now().0,
        }
    }

    /// The folder of all workspaces, if there is one.
    pub(super) fn base(&self) -> Option<&Path> {
        self.base.as_deref()
    }

    /// Syncs the sources of a slot; what another issue left in its workspace goes before. `is_new` says that its
    /// first apply isn't done.
    ///
    /// # Errors
    /// Something can't be read or written, or work can't be saved; the next sync completes what was begun.
    pub(super) fn sync(
        &self,
        (record, is_new): (&Record, bool),
        force: bool,
        scene: &Scene<'_>,
        interrupt: &Interrupt,
    ) -> Result<(), Diagnostic> {
        let console = scene.console;
        let Some(base) = &self.base else {
            console.debug(|| {
                "no sources are synced: neither --code-root-base nor CODE_ROOT_BASE is given".to_owned()
            });
            return Ok(());
        };
        let target = base.join(record.slot.to_string()).join("src");
        if let Some(agent) = record.agent.as_ref().filter(|agent| agent::is_alive(agent, self.now) && !force)
        {
            console.say(
                &Diagnostic::warning(format!(
                    "{} is not synced: an agent works in slot {}, started on {} as process {}",
                    target.display(),
                    record.slot,
                    agent.host,
                    agent.pid,
                ))
                .hint(Some("`--force-sync` syncs nevertheless".to_owned())),
            );
            return Ok(());
        }
        let place = (base.as_path(), scene.project_name());
        let workplace = Workplace::of(place, record, (scene.host, console), interrupt);
        workplace.take_over(is_new)?;
        workplace.save_before_sync().map_err(|error| refused(&error))?;
        let teller = Teller { console, interrupt, said: Mutex::new(Instant::now()) };
        let request = SyncRequest {
            source: &self.source,
            target: &target,
            excludes: &self.exclude,
            search_path: OsStr::new(&self.search_path),
            now: self.now,
            listener: &teller,
        };
        // It waits for the disk only, and looks at signals between batches.
        let report = tokio::task::block_in_place(|| sync(&request)).map_err(|error| refused(&error))?;
        workplace.note_sync(&report)?;
        console.info(summary(&report, &self.source, &target));
        Ok(())
    }
}

/// The message about a sync that can't be done.
fn refused(error: &SyncError) -> Diagnostic {
    let message = match error {
        SyncError::Stopped { .. } | SyncError::Save(SaveError::Stopped(_)) => {
            Diagnostic::interrupted(format!("{error}; running it again goes on where it stopped"))
        }
        SyncError::Overlap { .. } | SyncError::Exclusion(_) => Diagnostic::input(error.to_string()),
        _ => Diagnostic::machine(error.to_string()),
    };
    message.hint(match error {
        SyncError::Overlap { .. } => Some(
            "put the workspaces elsewhere with `--code-root-base`, or name their folder in .codexignore"
                .to_owned(),
        ),
        _ => None,
    })
}

fn summary(report: &SyncReport, source: &Path, target: &Path) -> String {
    if !report.is_changed {
        return format!("{} is as {}", target.display(), source.display());
    }
    let (copied, removed) = (report.copied, report.removed);
    format!("synced {} to {}: {copied} copied, {removed} removed", source.display(), target.display())
}

/// Tells of a sync.
struct Teller<'a> {
    console: &'a Console,
    interrupt: &'a Interrupt,
    said: Mutex<Instant>,
}

impl Listener for Teller<'_> {
    fn progress(&self, progress: &Progress) {
        // Whoever finds it locked is told of by the thread that holds it.
        let Ok(mut said) = self.said.try_lock() else { return };
        if said.elapsed() >= PROGRESS_EVERY {
            *said = Instant::now();
            let Progress { files, files_total, bytes, bytes_total } = progress;
            self.console.info(format!(
                "syncing: {files} of {files_total} files, {} of {} MB",
                bytes / 1_000_000,
                bytes_total / 1_000_000
            ));
        }
    }

    fn saved(&self, work: &SavedWork) {
        self.console.say(&Diagnostic::warning(work.to_string()));
    }

    fn note(&self, note: &Note) {
        self.console.info(note.to_string());
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.is_raised()
    }
}
