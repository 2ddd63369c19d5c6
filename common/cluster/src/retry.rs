//! When what may work later is tried again: the one policy, as a value.
//!
//! Takes how often something failed and what the server asked for, gives the pause before the next try, or none.
//! Nothing sleeps here. Pauses double, with jitter, so that those who failed together don't come back together;
//! a server's `Retry-After` counts instead, as far as it is reasonable. Tries and time are both bounded.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// The longest `Retry-After` that is obeyed: who asks for more is asked again nevertheless.
pub const LONGEST_ASKED: Duration = Duration::from_secs(30);

/// How often and for how long what may work later is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How many tries follow the first.
    pub retries: u32,
    /// How long is waited before the first of them, about; doubled each time.
    pub backoff: Duration,
    /// The longest such pause.
    pub longest: Duration,
    /// How long after the first failure the last try may begin, whatever the server asks for.
    pub within: Duration,
}

impl Default for Retry {
    /// For all that is safe to repeat: enough for a server that is restarted, or that fails every tenth time.
    fn default() -> Self {
        Self {
            retries: 6,
            backoff: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            within: Duration::from_secs(120),
        }
    }
}

impl Retry {
    /// The first try is the last.
    pub const NEVER: Self =
        Self { retries: 0, backoff: Duration::ZERO, longest: Duration::ZERO, within: Duration::ZERO };

    /// The tries of one piece of work.
    pub fn tries(self) -> Tries {
        Tries { policy: self, failed: 0, began: None }
    }
}

/// The tries of one piece of work so far.
#[derive(Debug, Clone)]
pub struct Tries {
    policy: Retry,
    failed: u32,
    began: Option<Instant>,
}

impl Tries {
    /// Counts a failure: how long is waited before the next try, `None` if there is none. `asked` is how long
    /// the server wants to be left alone.
    pub fn failed(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let left = self.policy.within.checked_sub(now - began)?;
        if self.failed >= self.policy.retries {
            return None;
        }
        let doubled = self.policy.backoff.saturating_mul(2_u32.saturating_pow(self.failed));
        self.failed += 1;
        let own = jittered(doubled.min(self.policy.longest));
        Some(asked.map_or(own, |asked| asked.min(LONGEST_ASKED)).min(left))
    }

    /// How many failures there were.
    pub fn failures(&self) -> u32 {
        self.failed
    }

    /// Forgets all failures: something went well.
    pub fn forget(&mut self) {
        (self.failed, self.began) = (0, None);
    }
}

/// Between half of a pause and all of it.
pub fn jittered(pause: Duration) -> Duration {
    pause / 2 + jitter(pause / 2)
}

/// Any time up to `longest`, so that those who wake together don't ask together.
pub fn jitter(longest: Duration) -> Duration {
    // The standard library's own randomness is enough for this.
    let part = u32::try_from(RandomState::new().hash_one(0) % 1024).unwrap_or_default();
    longest * part / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> Retry {
        Retry { retries: 4, backoff: SECOND, longest: 3 * SECOND, within: 60 * SECOND }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_the_longest_and_come_to_an_end() {
        let mut tries = policy().tries();
        for full in [1, 2, 3, 3] {
            let pause = tries.failed(None).unwrap();
            assert!(pause >= full * SECOND / 2 && pause <= full * SECOND, "{full}: {pause:?}");
        }
        assert_eq!((tries.failed(None), tries.failures()), (None, 4));
        tries.forget();
        assert!(tries.failed(None).is_some(), "after a success all tries are there again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_is_left_alone_as_long_as_it_asks_within_reason() {
        assert_eq!(policy().tries().failed(Some(SECOND / 4)), Some(SECOND / 4));
        assert_eq!(policy().tries().failed(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(policy().tries().failed(Some(99_999_999 * SECOND)), Some(LONGEST_ASKED));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_all_tries_is_bounded() {
        let mut tries = policy().tries();
        let begun = Instant::now();
        while let Some(pause) = tries.failed(Some(99_999_999 * SECOND)) {
            tokio::time::sleep(pause).await;
        }
        assert!(begun.elapsed() <= 60 * SECOND, "{:?}", begun.elapsed());
        tokio::time::sleep(SECOND).await;
        assert_eq!(tries.failed(None), None);
        assert_eq!(Retry::NEVER.tries().failed(None), None);
    }
}
