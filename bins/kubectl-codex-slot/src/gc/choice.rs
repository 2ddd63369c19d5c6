//! Which slots nobody needs any longer.
//!
//! Takes records, limits and the time, gives those to be removed and why. Pure, so that every rule can be
//! tried without a clock.

use std::time::Duration;

use codex_slot::record::Record;
use jiff::{SignedDuration, Timestamp};

use crate::age::of;

/// A claim younger than this belongs to a call that is under way.
const CLAIMED_LATELY: Duration = Duration::from_secs(600);

/// How long slots may live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// After how long without being used a slot goes.
    pub(super) ttl: Option<Duration>,
    /// After how long a slot goes, used or not.
    pub(super) max_age: Option<Duration>,
}

/// What becomes of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// It goes, and why.
    Goes(String),
    /// Its time is over, but it stays, and why.
    Spared(&'static str),
    /// Its time isn't over.
    Stays,
}

/// What becomes of a slot. `is_at_work` says whether its agent works.
///
/// A record that doesn't say when it was made or used (codexctl's always do) is never too old.
pub(super) fn choose(record: &Record, is_at_work: bool, limits: Limits, now: Timestamp) -> Choice {
    let since = |time: Option<Timestamp>| time.map(|time| age(time, now));
    let age = since(record.created_at);
    let idle = since(record.last_used).or(age);
    let is_over = |time: Option<Duration>, limit: Option<Duration>| {
        time.zip(limit).filter(|(time, limit)| time >= limit).map(|(time, _)| time)
    };
    let reason = match (is_over(idle, limits.ttl), is_over(age, limits.max_age)) {
        (Some(idle), _) => format!("not used for {}", of(idle)),
        (None, Some(age)) => format!("{} old", of(age)),
        (None, None) => return Choice::Stays,
    };
    if is_at_work {
        return Choice::Spared("an agent works in it");
    }
    if record.claim.is_some() && age.is_none_or(|age| age < CLAIMED_LATELY) {
        return Choice::Spared("it is being taken just now");
    }
    Choice::Goes(reason)
}

/// The time since then; nothing for a time yet to come, as clocks differ.
fn age(time: Timestamp, now: Timestamp) -> Duration {
    let since: SignedDuration = now.duration_since(time);
    since.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn now() -> Timestamp {
        "2026-01-10T12:00:00Z".parse().unwrap()
    }

    fn record(made: Duration, used: Option<Duration>) -> Record {
        let ago = |time: Duration| now() - SignedDuration::try_from(time).unwrap();
        let mut record = Record::new(3, "ai", "shop-ai-3", "shop", "manual", ago(made));
        record.last_used = used.map(ago);
        record
    }

    fn chosen(record: &Record, ttl: Option<u32>, max_age: Option<u32>) -> Choice {
        let limits =
            Limits { ttl: ttl.map(|hours| HOUR * hours), max_age: max_age.map(|hours| HOUR * hours) };
        choose(record, false, limits, now())
    }

    #[test]
    fn what_nobody_used_for_long_goes() {
        let used = record(100 * HOUR, Some(30 * HOUR));
        assert_eq!(chosen(&used, Some(24), None), Choice::Goes("not used for 30h".into()));
        assert_eq!(chosen(&used, Some(48), None), Choice::Stays);
        let never = record(50 * HOUR, None);
        assert_eq!(chosen(&never, Some(48), None), Choice::Goes("not used for 2d2h".into()));
    }

    #[test]
    fn what_is_too_old_goes_though_it_is_used() {
        let used = record(100 * HOUR, Some(HOUR));
        assert_eq!(chosen(&used, Some(24), Some(99)), Choice::Goes("4d4h old".into()));
        assert_eq!(chosen(&used, Some(24), Some(101)), Choice::Stays);
    }

    #[test]
    fn an_agent_at_work_keeps_its_slot() {
        let limits = Limits { ttl: Some(HOUR), max_age: Some(HOUR) };
        let choice = choose(&record(100 * HOUR, None), true, limits, now());
        assert_eq!(choice, Choice::Spared("an agent works in it"));
    }

    #[test]
    fn a_claim_of_this_moment_is_left_alone() {
        let claim = codex_slot::record::Links { issue: 7, pr: 0 };
        let young = record(Duration::from_secs(5), None).claimed(claim);
        assert_eq!(chosen(&young, Some(0), None), Choice::Spared("it is being taken just now"));
        let old = record(HOUR, None).claimed(claim);
        assert_eq!(chosen(&old, Some(0), None), Choice::Goes("not used for 60m".into()));
    }

    #[test]
    fn clocks_that_differ_make_nothing_old() {
        let mut record = record(HOUR, None);
        record.created_at = Some(now() + SignedDuration::from_hours(5));
        assert_eq!(chosen(&record, Some(1), Some(1)), Choice::Stays);
        record.created_at = None;
        assert_eq!(chosen(&record, Some(0), Some(0)), Choice::Stays);
    }
}
