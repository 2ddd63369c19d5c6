//! A slot as something that is deployed: whose its objects are, and what a deploy of it is asked to do.
//!
//! Separate from the scene itself because the verbs that only look records up need none of it.

use std::time::Duration;

use codex_cluster::hooks::Purpose;
use codex_cluster::labels::Owner;
use codex_common::diagnostic::Diagnostic;
use codex_common::render::Filters;
use codex_common::stack::Project;
use codex_deploy::arguments::{WEBHOOK_TIMEOUT, WaitArgs};
use codex_deploy::request::{Lines, Request};

use crate::arguments::StackRequest;

use super::{Scene, load_any};

/// How often a request that may succeed later is sent again, and the pause before the first time: apply's.
const RETRIES: u32 = 3;
const BACKOFF: Duration = Duration::from_secs(5);

impl Scene<'_> {
    /// The project's name.
    pub(crate) fn project_name(&self) -> &str {
        &self.project.context.project
    }

    /// Whose the objects of a slot are.
    pub(crate) fn owner(&self, slot: u32) -> Owner {
        Owner {
            project: self.project_name().to_owned(),
            environment: self.env().to_owned(),
            slot: Some(slot),
        }
    }

    /// The project as a slot of another environment sees it, or the environment itself for slot 0.
    ///
    /// # Errors
    /// services.yaml is wrong for that environment.
    pub(crate) fn project_in(&self, env: &str, slot: u32) -> Result<Project, Diagnostic> {
        let request = StackRequest { env: env.to_owned(), ..self.request.stack.clone() };
        load_any(&request, slot, self.host, self.console)
    }

    /// A deploy of a slot as `ready` does it: like codexctl, what others own is taken and said (`apply.md`,
    /// "Conflicts and errors"), load balancers aren't awaited, and standard output stays the verb's own.
    pub(crate) fn deploy_request(&self, slot: u32) -> Request {
        let stack = &self.request.stack;
        Request {
            source: stack.source.clone(),
            env: Some(stack.env.clone()),
            slot: slot.into(),
            namespace: None,
            purpose: Purpose::Apply,
            filters: Filters::default(),
            is_filtered: false,
            files: Vec::new(),
            recursive: false,
            selector: Vec::new(),
            diff: false,
            exit_code: false,
            dry_run: None,
            show_secrets: false,
            force: true,
            recreate: false,
            keep_going: false,
            prune: false,
            prune_all: false,
            preflight: false,
            retries: RETRIES,
            backoff: BACKOFF,
            webhook_timeout: WEBHOOK_TIMEOUT,
            output: None,
            lines: Lines::Said,
            waiting: WaitArgs {
                wait: false,
                wait_timeout: None,
                fail_after: None,
                wait_retries: 0,
                wait_backoff: BACKOFF,
                wait_soft_fail: false,
            },
            await_load_balancer: false,
            cluster: self.request.cluster.clone(),
        }
    }
}
