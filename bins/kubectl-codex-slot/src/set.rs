//! `set`: links a slot to an issue or a pull request.

mod arguments;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Links;

pub(crate) use arguments::SetArgs;

use crate::arguments::ProjectRequest;
use crate::report::{Outlet, ReportFormat};
use crate::scene::Scene;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// The slot.
    pub(crate) slot: u32,
    /// What it is linked to from now on; what isn't named stays as it is.
    pub(crate) links: Links,
    pub(crate) output: ReportFormat,
}

/// Links the slot, and says to what.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let outlet = Outlet::open(request.output, scene.project.mode, host)?;
    let _ = (scene, outlet, request.slot, request.links);
    Err(Diagnostic::machine("the records of slots aren't read yet"))
}
