//! `codex.ensure-data-dirs` (H4, B33): the environment's data directories, writable for the containers' users.
//!
//! What they are and how they are made is [`codex_workspace::data`]; here is what a hook says about it.

use codex_workspace::data::{DataDirectories, DataError};

use super::HookContext;
use super::error::Fault;

/// Makes the root, and below it the environment's folder and every data directory.
pub(super) fn run(context: &HookContext<'_>) -> Result<(), Fault> {
    let project = context.project;
    let directories = DataDirectories::of(&project.stack.data_paths, &project.root).map_err(fault)?;
    let Some(directories) = directories else {
        context.listener.debug("services.yaml names no data directories");
        return Ok(());
    };
    for path in directories.make().map_err(fault)? {
        context.listener.debug(&format!("{} is there", path.display()));
    }
    Ok(())
}

fn fault(error: DataError) -> Fault {
    let fault = Fault::failed(error.to_string());
    match error {
        DataError::NoRoot => fault.hint("data directories are made below dataPaths.root only"),
        DataError::Removal(_) => fault,
    }
}
