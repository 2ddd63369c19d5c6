//! What time it is by the server's clock: the `Date` of its responses, and what passed since.
//!
//! Separate because it is asked for by few and noted with each response.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::HeaderMap;
use http::header::DATE;

/// The time that a response's `Date` header said, seconds since 1970, and when that was.
#[derive(Debug, Default)]
pub(crate) struct ServerTime(Mutex<Option<(i64, Instant)>>);

impl ServerTime {
    /// Notes the time of a response, if it says one.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(seconds_of);
        if let Some(date) = date {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((date, Instant::now()));
        }
    }

    /// The time, in seconds since 1970; `None` if no response said it.
    pub(crate) fn now(&self) -> Option<i64> {
        let (date, at) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let passed = i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX);
        Some(date.saturating_add(passed))
    }
}

/// The time of an HTTP date (`Fri, 02 Jan 2026 15:04:05 GMT`), seconds since 1970.
fn seconds_of(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(date.trim()).ok().map(|time| time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_response_is_the_time() {
        assert_eq!(seconds_of("Fri, 02 Jan 2026 15:04:05 GMT"), Some(1_767_366_245));
        assert_eq!(seconds_of("yesterday"), None);
        let time = ServerTime::default();
        assert_eq!(time.now(), None);
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Fri, 02 Jan 2026 15:04:05 GMT".parse().unwrap());
        time.note(&headers);
        assert!(time.now().is_some_and(|now| (1_767_366_245..1_767_366_250).contains(&now)));
        // A response without one leaves what is known.
        time.note(&HeaderMap::new());
        assert!(time.now().is_some());
    }
}
