//! `set`: links a slot to an issue or a pull request.

mod arguments;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

pub(crate) use arguments::SetArgs;

use crate::arguments::{Number, ProjectRequest};
use crate::report::{Outlet, ReportFormat};
use crate::scene::Scene;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// The slot.
    pub(crate) slot: Number,
    /// Its issue from now on; `None` leaves it as it is.
    pub(crate) issue: Option<Number>,
    /// Its pull request from now on; `None` leaves it as it is.
    pub(crate) pr: Option<Number>,
    pub(crate) output: ReportFormat,
}

/// Links the slot, and says to what.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let outlet = Outlet::open(request.output, scene.project.mode, host)?;
    let _ = (scene, outlet, request.slot, request.issue, request.pr);
    Err(Diagnostic::machine("the records of slots aren't read yet"))
}
