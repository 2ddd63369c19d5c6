//! What is said while a server can't be asked: why, once, and again from time to time how long already.

use std::time::Duration;

use tokio::time::Instant;

/// How often it is said how long nothing has been heard.
const REMINDER: Duration = Duration::from_secs(30);

/// A time in which a source couldn't be asked; none at first.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    /// What was said last, after how many reminders.
    said: Option<(String, u64)>,
}

impl Outage {
    /// A request failed. Gives what is worth saying of it: nothing of the first, since what passes at once isn't
    /// worth a word (a new kind, for instance, isn't served everywhere at the same moment).
    pub(super) fn goes_on(&mut self, message: String, now: Instant) -> Option<String> {
        let Some(since) = self.since else {
            self.since = Some(now);
            return None;
        };
        let reminders = now.saturating_duration_since(since).as_secs() / REMINDER.as_secs();
        let news = (message, reminders);
        if self.said.as_ref() == Some(&news) {
            return None;
        }
        let (message, _) = self.said.insert(news);
        let seconds = reminders * REMINDER.as_secs();
        Some(if seconds == 0 { message.clone() } else { format!("{message} (for {seconds}s)") })
    }

    /// A request went well.
    pub(super) fn is_over(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_and_again_each_half_minute() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let mut said = Vec::new();
        for second in 0..70 {
            said.extend(outage.goes_on("too many requests".into(), start + Duration::from_secs(second)));
        }
        let expected = ["too many requests", "too many requests (for 30s)", "too many requests (for 60s)"];
        assert_eq!(said, expected);
    }

    #[test]
    fn another_reason_is_news_and_so_is_another_outage() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        assert_eq!(outage.goes_on("refused".into(), now), None);
        assert_eq!(outage.goes_on("refused".into(), now).as_deref(), Some("refused"));
        assert_eq!(outage.goes_on("too many requests".into(), now).as_deref(), Some("too many requests"));
        outage.is_over();
        assert_eq!(outage.goes_on("refused".into(), now), None);
        assert_eq!(outage.goes_on("refused".into(), now).as_deref(), Some("refused"));
    }
}
