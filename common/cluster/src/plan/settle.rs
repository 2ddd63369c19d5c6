//! The last word on a refused dry run: whether it is one.
//!
//! Takes what was planned for an object and what is known of those around it ([`super::prospect`]); gives the action that
//! holds. Here, too, is the look ahead to what wasn't sent: whoever mends the first refusal hears of all.

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::dry_run::Question;
use super::prospect::{Prospect, Stream, may_be_recreated};
use super::{Action, Comparison, DRY_RUNS_AT_ONCE, PlanOptions, Planned};
use crate::answer::Answer as Meaning;
use crate::api::{Api, NoAnswer};
use crate::ownership::estimate::estimate;

/// Whether an object's last word depends on objects further down, of which it isn't known yet whether they change.
pub(super) fn is_open(stream: &Stream, at: usize, planned: &Planned) -> bool {
    match &planned.action {
        Action::Blocked(meaning) => stream.prospect((at, &planned.target), meaning) == Prospect::Mended,
        // Definitions come before their objects.
        Action::Refused(meaning)
            if !matches!(**meaning, Meaning::Manifest { .. } | Meaning::Immutable { .. }) =>
        {
            stream.prospect((at, &planned.target), meaning) == Prospect::Mended
        }
        _ => false,
    }
}

/// Gives an object that stands `at` this place of the plan its last word.
pub(super) fn settle(
    stream: &Stream,
    at: usize,
    options: PlanOptions,
    (planned, comparison): (&mut Planned, &mut Comparison),
) {
    let target = &planned.target;
    planned.may_be_mended = stream.redefines(target);
    if let Action::Blocked(meaning) | Action::Unlisted(meaning) = &planned.action {
        planned.may_be_mended |= stream.prospect((at, target), meaning) == Prospect::Mended;
    }
    if let Action::Refused(meaning) = &planned.action {
        let prospect = stream.prospect((at, target), meaning);
        let may_be_made_anew = matches!(&**meaning, Meaning::Immutable { others, .. } if others.is_empty())
            && may_be_recreated(&target.object.identity.kind);
        planned.may_be_mended |= prospect == Prospect::Mended;
        match prospect {
            Prospect::Final if options.recreate && may_be_made_anew => planned.action = Action::Recreate,
            Prospect::Final => {}
            _ if comparison.before.is_some() => planned.action = Action::ChangeUnchecked,
            _ => planned.action = Action::CreateUnchecked,
        }
    }
    // The manifest beside the live object would show all the server's defaults as deletions.
    if let (Some(before), None) = (&comparison.before, &comparison.after) {
        comparison.after = estimate(before, &planned.target.object.value);
    }
}

/// What the server would say of objects that a plan didn't ask about and that weren't sent: refusals that nothing mends,
/// with the index of each.
///
/// # Errors
/// The server can't be reached.
pub async fn refusals(api: &Api, plan: &[&Planned]) -> Result<Vec<(usize, Meaning)>, NoAnswer> {
    let mut around = Stream::default();
    plan.iter()
        .enumerate()
        .for_each(|(at, planned)| around.add(at, &planned.target, true, planned.before.as_ref()));
    let new = plan.iter().enumerate().filter(|(_, planned)| planned.action == Action::Create);
    let asked = new.map(|(at, planned)| async move {
        let question = Question { api, target: &planned.target, force: false };
        question.about_new().await.map(|verdict| (at, verdict.action))
    });
    let asked: Vec<(usize, Action)> = stream::iter(asked).buffered(DRY_RUNS_AT_ONCE).try_collect().await?;
    let refused = asked.into_iter().filter_map(|(at, action)| match action {
        Action::Refused(meaning) => Some((at, *meaning)),
        _ => None,
    });
    let is_final =
        |at: usize, meaning: &Meaning| around.prospect((at, &plan[at].target), meaning) == Prospect::Final;
    Ok(refused.filter(|(at, meaning)| is_final(*at, meaning)).collect())
}
