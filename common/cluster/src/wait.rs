//! Waiting until what was planned is ready: `--wait`.
//!
//! ```text
//! targets ──board──▶ needed sources ──source──▶ news ──board──▶ ready, failed or late
//!                                 (entry, relatives)    (evidence)
//! ```
//!
//! Takes targets, unchanged ones too; gives what became of each (`apply.md`, "Waiting"). One LIST and one watch
//! per kind and namespace tell all; time enters only where a rule has it in it. An object that was ready once
//! counts as ready. The first that fails ends the wait, a moment later, so that what fails together is told
//! together. Nothing is printed here: a [`Report`] decides how a wait looks.

mod board;
mod entry;
mod evidence;
mod relatives;
mod served;

use std::time::Duration;

use codex_common::stack::model::ReadyRule;
use futures::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::discovery::Kinds;
use crate::interrupt::Interrupt;
use crate::place::Target;
use crate::readiness::Readiness;
use crate::readiness::pods::{Limits, Stuck};

use board::Board;
pub use evidence::Evidence;

/// How often it is told who is still waited for, though nothing changes.
const PULSE: Duration = Duration::from_secs(1);

/// How long others may still fail after the first did.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How long the first look at everything may take, however short the time-out.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// How many objects are asked about when waiting failed; a page of reasons is enough.
const ASKED_ABOUT: usize = 20;

/// How many of them at once.
const ASKED_AT_ONCE: usize = 4;

/// How much news may queue up before sources have to wait.
const QUEUE: usize = 256;

/// How is waited.
#[derive(Debug, Clone, Copy)]
pub struct WaitOptions<'a> {
    /// How long, for everything together.
    pub timeout: Duration,
    /// How long pods may be in trouble: `--fail-after`.
    pub limits: Limits,
    /// Whether Services of type LoadBalancer are awaited until they have an address.
    pub await_load_balancer: bool,
    /// The project's own rules of when a kind is ready.
    pub rules: &'a [ReadyRule],
}

/// What became of a wait. Targets are named by their place in the list that was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaitOutcome {
    /// What is ready.
    pub ready: Vec<Ready>,
    /// What won't be ready by itself.
    pub failed: Vec<Failed>,
    /// What wasn't ready when waiting ended.
    pub late: Vec<Late>,
    /// Whether the user ended it.
    pub interrupted: bool,
}

impl WaitOutcome {
    /// Whether everything is ready.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.late.is_empty()
    }
}

/// A target that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Which one.
    pub target: usize,
    /// What one should know nevertheless.
    pub note: Option<String>,
}

/// A target that won't be ready by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which one.
    pub target: usize,
    /// Why.
    pub reason: String,
    /// The pods for which waiting is in vain, if that is why.
    pub stuck: Vec<Stuck>,
    /// What else tells why.
    pub evidence: Evidence,
}

/// A target that wasn't ready in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Which one.
    pub target: usize,
    /// What it waits for.
    pub reason: String,
    /// How long it has waited for just that.
    pub waited: Duration,
    /// What may tell why; empty if the user or a failure elsewhere ended the wait.
    pub evidence: Evidence,
}

/// A target that is still waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// Which one.
    pub target: usize,
    /// What it waits for.
    pub reason: &'a str,
    /// How long it has waited for just that.
    pub waited: Duration,
}

/// Whoever is told how a wait goes on.
pub trait Report {
    /// The state of a target changed, so long after the wait began. What it says may come from the cluster.
    fn changed(&mut self, target: usize, readiness: &Readiness, elapsed: Duration);
    /// These are still waited for; comes after changes, and each second.
    fn standing(&mut self, waiting: &[Waiting<'_>], elapsed: Duration);
    /// The server can't be asked at the moment; it will be asked again. The same words come once until it answers.
    fn disturbed(&mut self, message: &str);
}

/// Waits until all targets are ready, one has failed, the time is over, or the user has had enough.
///
/// Targets must have been applied: what isn't there counts as deleted. Failures of the API are waited out.
/// `kinds` tells where pods and their like are served; without them waiting doesn't fail early.
pub async fn wait(
    api: &Api,
    kinds: &Kinds,
    targets: &[Target],
    options: WaitOptions<'_>,
    interrupt: &Interrupt,
    report: &mut dyn Report,
) -> WaitOutcome {
    let begun = Instant::now();
    let mut board = Board::new(kinds, targets, options);
    let (outlet, mut inlet) = mpsc::channel(QUEUE);
    // Dropped at the end, it ends all watches.
    let mut feeds = JoinSet::new();
    let mut lookups = JoinSet::new();
    let mut lookup_pause = served::SHORTEST_PAUSE;
    let mut news = Vec::new();
    let mut pulse = PULSE;
    let mut end = options.timeout;
    let mut interrupted = false;
    loop {
        for (number, source) in board.new_sources() {
            feeds.spawn(source.follow(api.clone(), number, outlet.clone()));
        }
        if board.awaits_discovery() && lookups.is_empty() {
            lookups.spawn(served::look_up(api.clone(), lookup_pause));
            lookup_pause = served::next_pause(lookup_pause);
        }
        let now = begun.elapsed();
        let changes = board.changes();
        for at in &changes {
            report.changed(*at, board.state(*at).0, now);
        }
        if !changes.is_empty() || now >= pulse {
            // On the second, so that times that are shown don't skip one.
            pulse = Duration::from_secs(now.as_secs()) + PULSE;
            report.standing(&still_waiting(&board, now), now);
        }
        if board.has_failed() && end > now + AFTERMATH {
            end = now + AFTERMATH;
        }
        let last_look = if board.is_seen() { end } else { end.max(FIRST_LOOK) };
        if board.is_done() || now >= last_look {
            break;
        }
        let wake = board.next_look().into_iter().chain([last_look, pulse]).min().unwrap_or(last_look);
        tokio::select! {
            _ = inlet.recv_many(&mut news, QUEUE) => {
                let now = begun.elapsed();
                for (number, news) in news.drain(..) {
                    if let Some(message) = board.take(number, news, now) {
                        report.disturbed(&message);
                    }
                }
            }
            Some(Ok(found)) = lookups.join_next() => match found {
                served::Lookup::Served(kinds) => board.discovered(Some(&kinds), begun.elapsed()),
                served::Lookup::NotAllowed => board.discovered(None, begun.elapsed()),
                served::Lookup::Unanswered => {}
            },
            // The next pulse is never far, so this can't overflow.
            () = sleep_until(begun + wake) => board.tick(begun.elapsed()),
            () = interrupt.raised() => {
                interrupted = true;
                break;
            }
        }
    }
    outcome(api, &board, targets.len(), begun.elapsed(), interrupted).await
}

fn still_waiting<'a>(board: &'a Board<'_>, now: Duration) -> Vec<Waiting<'a>> {
    let waiting = board.waiting().filter_map(|target| match board.state(target) {
        (Readiness::Waiting { reason }, since) => {
            Some(Waiting { target, reason, waited: now.saturating_sub(since) })
        }
        _ => None,
    });
    waiting.collect()
}

/// Sums up, and asks the server why what failed did.
async fn outcome(
    api: &Api,
    board: &Board<'_>,
    targets: usize,
    now: Duration,
    interrupted: bool,
) -> WaitOutcome {
    let mut outcome = WaitOutcome { interrupted, ..WaitOutcome::default() };
    let has_timed_out = !interrupted && !board.has_failed();
    let mut asked = Vec::new();
    for target in 0..targets {
        let (readiness, since) = board.state(target);
        match readiness {
            Readiness::Ready { note } => {
                outcome.ready.push(Ready { target, note: note.clone() });
                continue;
            }
            Readiness::Waiting { reason } => {
                let (reason, waited) = (reason.clone(), now.saturating_sub(since));
                outcome.late.push(Late { target, reason, waited, evidence: Evidence::default() });
                if !has_timed_out {
                    continue;
                }
            }
            Readiness::Failed { reason } => {
                let (reason, stuck) = (reason.clone(), board.stuck(target, &[]));
                outcome.failed.push(Failed { target, reason, stuck, evidence: Evidence::default() });
                if interrupted {
                    continue;
                }
            }
        }
        if let Some(question) = board.question(target).filter(|_| asked.len() < ASKED_ABOUT) {
            asked.push((target, question));
        }
    }
    let answers =
        asked.iter().map(async |(target, question)| (*target, evidence::gather(api, question).await));
    let answers: Vec<_> = stream::iter(answers).buffer_unordered(ASKED_AT_ONCE).collect().await;
    for (target, (evidence, events)) in answers {
        if let Some(failed) = outcome.failed.iter_mut().find(|failed| failed.target == target) {
            failed.stuck = board.stuck(target, &events);
            failed.evidence = evidence;
        } else if let Some(late) = outcome.late.iter_mut().find(|late| late.target == target) {
            late.evidence = evidence;
        }
    }
    outcome
}
