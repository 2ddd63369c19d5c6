//! Saying what would happen: the plan as lines, data or diffs, and in one line before it is carried out.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use codex_cluster::discovery::Kinds;
use codex_cluster::place::Target;
use codex_cluster::plan::{Action, Planned};
use codex_cluster::sweep::Leftover;
use codex_common::cli::ExitCode;
use codex_common::diagnostic::Diagnostic;

use super::Session;
use crate::request::OutputFormat;
use crate::{explain, report};

impl Session<'_> {
    /// Only says what would happen.
    pub(super) async fn show(
        &self,
        targets: Vec<Target>,
        missing: &BTreeSet<String>,
        kinds: &Kinds,
    ) -> Result<ExitCode, Diagnostic> {
        let secrets = self.console.secrets();
        let hidden = (!self.request.show_secrets).then_some(secrets);
        let is_data = matches!(self.request.output, Some(OutputFormat::Json | OutputFormat::Yaml));
        let shows_diffs = self.request.diff && !is_data;
        let mut code = ExitCode::Done;
        let plan = self.plan(targets, missing, true, |planned, comparison| {
            // Each as it comes: all together would take all the memory.
            if shows_diffs && code == ExitCode::Done {
                code = report::print(&report::diff(planned, comparison, hidden))?;
            }
            Ok(())
        });
        let plan = plan.await?;
        let pruning = self.leftovers(&plan, kinds).await?;
        match self.request.output {
            Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) => {
                code = report::print(&report::data(
                    (&plan, self.manifests),
                    &pruning.going,
                    None,
                    (format, secrets),
                ))?;
            }
            _ if shows_diffs => {
                for leftover in &pruning.going {
                    if code == ExitCode::Done {
                        code = report::print(&report::pruned_diff(leftover, hidden))?;
                    }
                }
            }
            format => code = self.console.print(&report::dry_run(&plan, &pruning.going, format))?,
        }
        self.summarize(&plan, &pruning.going, false);
        for planned in &plan {
            for conflict in &planned.taken {
                let owner = explain::owner_words(conflict);
                self.console.info(format!(
                    "{}: takes `{}` from {owner}",
                    report::name(planned),
                    conflict.field
                ));
            }
            for words in report::handover(&planned.handover) {
                self.console.info(format!("{}: {words}", report::name(planned)));
            }
        }
        self.unserved.iter().for_each(|(_, message)| self.console.say(message));
        let unknown = self.unknown(&plan);
        let problems = self.refusals(&plan).into_iter().chain(unknown).chain(pruning.problem());
        let problems: Vec<Diagnostic> = problems.collect();
        problems.iter().for_each(|message| self.console.say(message));
        let has_failed = !self.unserved.is_empty() || !problems.is_empty();
        let has_differences =
            !pruning.going.is_empty() || plan.iter().any(|planned| planned.action.is_difference());
        Ok(match code {
            ExitCode::Done if has_failed => ExitCode::Failed,
            ExitCode::Done if self.request.exit_code && has_differences => ExitCode::Differences,
            code => code,
        })
    }

    /// Says the plan in one line, and what in it may surprise; `made_namespace` says that this very apply made
    /// the environment's namespace before.
    pub(super) fn summarize(&self, plan: &[Planned], pruned: &[Leftover], made_namespace: bool) {
        let word = |planned: &Planned| match planned.action {
            Action::Same if made_namespace && self.is_own_namespace(&planned.target) => Action::Create.word(),
            _ => planned.action.word(),
        };
        if let Some(words) = self.steps.words() {
            self.console.info(format!("order: {words}"));
        }
        let words = plan.iter().map(word).chain(pruned.iter().map(|_| "prune"));
        self.console.info(format!("plan: {}", report::summary(words)));
        for planned in plan {
            self.warn(planned, &planned.warnings);
            if let Some(project) = &planned.taken_from {
                self.console.info(format!("{} is taken from project `{project}`", report::name(planned)));
            }
            if let Some((before, after)) = planned.reset_replicas {
                let message = format!(
                    "{} goes from {before} replicas to {after}: the manifest no longer says how many",
                    report::name(planned)
                );
                let hint = "write `replicas`, or leave them to an autoscaler";
                self.console.say(&Diagnostic::warning(message).hint(Some(hint.to_owned())));
            }
        }
    }

    /// Says what the server warns of, each text once.
    pub(crate) fn warn(&self, planned: &Planned, warnings: &[String]) {
        for text in warnings {
            let is_new = self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone());
            if is_new {
                self.console.say(&Diagnostic::warning(format!("{}: {text}", report::name(planned))));
            }
        }
    }
}
