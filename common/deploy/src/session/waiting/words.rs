//! The words that every view of a wait has in common.

use std::time::Duration;

use codex_cluster::place::Target;

/// `deployment.apps/web`.
pub(super) fn name(target: &Target) -> String {
    target.resource.display(&target.object.identity.name)
}

/// `1m30s`, `45s`.
pub(super) fn seconds(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, 0) => format!("{}ms", time.as_millis()),
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_short_as_they_can_be() {
        let all = [0, 999, 1000, 59_999, 60_000, 90_000].map(|time| seconds(Duration::from_millis(time)));
        assert_eq!(all, ["0ms", "999ms", "1s", "59s", "1m", "1m30s"]);
    }
}
