//! Whether an agent still works in a slot.
//!
//! An agent says every now and then that it is alive; one that has been silent for long died with its machine.

use codex_slot::record::Agent;
use jiff::{SignedDuration, Timestamp};

/// After how long without a sign of life an agent counts as gone.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);

/// Whether an agent counts as alive at a time, in seconds since 1970.
pub(crate) fn is_alive(agent: &Agent, now: i64) -> bool {
    Timestamp::from_second(now).is_ok_and(|now| now.duration_since(agent.heartbeat) <= SILENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_minutes_of_silence_are_the_end() {
        let agent =
            Agent { host: "runner".into(), pid: 7, heartbeat: Timestamp::from_second(1_000).unwrap() };
        assert!(is_alive(&agent, 1_000) && is_alive(&agent, 1_600));
        assert!(!is_alive(&agent, 1_601));
        assert!(is_alive(&agent, 0), "clocks differ");
    }
}
