//! One `ready` or `cleanup` per slot and machine.
//!
//! Takes a slot, gives its lock. The lock lies beside the slot's workspace; where there are no workspaces, in
//! the user's folder for state. Between machines the record's `cleaning` keeps order.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::Host;
use codex_common::diagnostic::Diagnostic;
use codex_workspace::lock::{self, Holder, LockError, LockRequest};

use crate::age;
use crate::scene::Scene;

/// What a lock is taken for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locking<'a> {
    /// The verb, for the one who waits.
    pub(crate) purpose: &'a str,
    /// The folder of all workspaces, if there is one.
    pub(crate) base: Option<&'a Path>,
    /// How long is waited for it.
    pub(crate) patience: Duration,
}

/// A lock, as long as it is held.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: lock::Lock,
    /// Whether another command had it first: what was known before may no longer be so.
    pub(crate) was_waited_for: bool,
}

/// The folder of all workspaces: as typed, else the variable `CODE_ROOT_BASE`.
pub(crate) fn base(typed: Option<&str>, host: &Host) -> Option<PathBuf> {
    let base = typed.or_else(|| host.variable("CODE_ROOT_BASE")).map(str::trim);
    base.filter(|base| !base.is_empty()).map(|base| host.folder().join(base))
}

/// Takes the lock of a slot if it is free; `None` if somebody has it.
///
/// # Errors
/// The file can't be locked.
pub(crate) fn try_take(
    scene: &Scene<'_>,
    slot: u32,
    locking: Locking<'_>,
    cluster: &Cluster,
) -> Result<Option<Lock>, Diagnostic> {
    let request = LockRequest {
        path: &path(scene, slot, locking, cluster),
        purpose: locking.purpose,
        limit: Duration::ZERO,
        waiting: &|_| {},
        is_stopped: &|| false,
    };
    match lock::lock(&request) {
        Ok(held) => Ok(Some(Lock { _held: held, was_waited_for: false })),
        Err(LockError::TimedOut { .. } | LockError::Stopped(_)) => Ok(None),
        Err(error @ LockError::Io { .. }) => Err(Diagnostic::machine(error.to_string())),
    }
}

fn path(scene: &Scene<'_>, slot: u32, locking: Locking<'_>, cluster: &Cluster) -> PathBuf {
    match locking.base {
        Some(base) => lock::path(base, slot.into()),
        None => lock::path(&without_workspaces(scene, &cluster.server), slot.into()),
    }
}

/// Takes the lock of a slot; whoever has to wait says so.
///
/// # Errors
/// It isn't free in time, the user stops waiting, or the file can't be locked.
pub(crate) fn take(
    scene: &Scene<'_>,
    slot: u32,
    locking: Locking<'_>,
    (cluster, interrupt): (&Cluster, &Interrupt),
) -> Result<Lock, Diagnostic> {
    let path = path(scene, slot, locking, cluster);
    let was_waited_for = Cell::new(false);
    let waiting = |holder: &Holder| {
        was_waited_for.set(true);
        let patience = age::of(locking.patience);
        scene.console.info(format!("slot {slot} is in use by {holder}; waiting up to {patience}"));
    };
    let request = LockRequest {
        path: &path,
        purpose: locking.purpose,
        limit: locking.patience,
        waiting: &waiting,
        is_stopped: &|| interrupt.is_raised(),
    };
    let held = tokio::task::block_in_place(|| lock::lock(&request)).map_err(|error| match error {
        LockError::TimedOut { holder, limit, .. } => {
            Diagnostic::machine(format!("slot {slot} is still in use by {holder} after {}", age::of(limit)))
                .hint(Some("`--lock-timeout` waits longer".to_owned()))
        }
        LockError::Stopped(_) => Diagnostic::interrupted(format!("stopped while waiting for slot {slot}")),
        LockError::Io { .. } => Diagnostic::machine(error.to_string()),
    })?;
    Ok(Lock { _held: held, was_waited_for: was_waited_for.get() })
}

/// Where locks are if there are no workspaces: one folder for each set of records.
fn without_workspaces(scene: &Scene<'_>, server: &str) -> PathBuf {
    let host = scene.host;
    let state = host.variable("XDG_STATE_HOME").map(PathBuf::from);
    let home = || host.variable("HOME").map(|home| Path::new(home).join(".local/state"));
    let temporary = || PathBuf::from(host.variable("TMPDIR").unwrap_or("/tmp"));
    let folder = state.or_else(home).unwrap_or_else(temporary);
    let records = format!("{server}/{}/{}", scene.state.namespace, scene.state.prefix);
    // A name of its own for each, whatever characters the address has.
    let name: String = records.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    folder.join("kubectl-codex").join("locks").join(name)
}
