//! What the plan knows that can't be applied: said before anything is sent.

use codex_cluster::apply::Fault;
use codex_cluster::plan::{Action, Planned};
use codex_common::diagnostic::Diagnostic;

use super::{Session, send};
use crate::explain;

impl Session<'_> {
    /// What the plan knows that can't be applied, whatever else is.
    pub(super) fn refusals(&self, plan: &[Planned]) -> Vec<Diagnostic> {
        let refused = plan.iter().filter_map(|planned| Some((planned, Fault::known(&planned.action)?)));
        let messages = refused.map(|(planned, fault)| {
            let message = explain::fault(self.cluster, self.manifests, &planned.target, &fault);
            explain::with_foreign_ports(message, planned)
        });
        send::equal_once(messages)
    }

    /// What the server couldn't be asked about, but for what the rest of the same apply may mend: the plan says of that
    /// that it isn't checked.
    pub(super) fn unknown(&self, plan: &[Planned]) -> Vec<Diagnostic> {
        let unknown = plan.iter().filter_map(|planned| match &planned.action {
            Action::Blocked(meaning) | Action::Unlisted(meaning) if !planned.may_be_mended => {
                Some(explain::meaning(self.manifests, &planned.target, meaning))
            }
            _ => None,
        });
        send::equal_once(unknown)
    }

    /// Half an apply is worse than none: what is known to be refused is said before anything is sent.
    pub(super) fn stop_at_refusals(&self, plan: &[Planned]) -> Result<(), Diagnostic> {
        let refused = plan.iter().filter(|planned| planned.action.is_hopeless()).count();
        if refused == 0 || self.request.keep_going {
            return Ok(());
        }
        self.refusals(plan).iter().for_each(|message| self.console.say(message));
        self.unserved.iter().for_each(|(_, message)| self.console.say(message));
        let count = plan.len() + self.unserved.len();
        let (refused, rest) = (refused + self.unserved.len(), plan.len() - refused);
        let message = match count {
            1 => "nothing was applied".to_owned(),
            _ => format!("nothing was applied: {refused} of {count} objects can't be"),
        };
        let hint = (rest > 0).then(|| "`--keep-going` applies the others".to_owned());
        Err(Diagnostic::machine(message).hint(hint))
    }
}
