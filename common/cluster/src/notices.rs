//! Saying what is waited for when that takes long.
//!
//! Takes a wait with the words for it; gives a line after a moment, and another each half minute. Lines go
//! through a channel, since whoever prints them is above: [`Notices::relay`]. Many who wait at the same time say
//! it once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

/// After how long a wait is worth a word.
pub const FIRST_AFTER: Duration = Duration::from_secs(2);

/// After how long something that may well take its time is worth a word: a response, an object that goes.
pub const SLOW_AFTER: Duration = Duration::from_secs(10);

/// How long after a line the next one comes.
pub const THEN_EVERY: Duration = Duration::from_secs(30);

/// Where lines about long waits go. Clones share it.
#[derive(Debug, Clone)]
pub struct Notices {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    outlet: UnboundedSender<String>,
    /// Taken by whoever prints.
    inlet: Mutex<Option<UnboundedReceiver<String>>>,
    last: Mutex<Option<Instant>>,
    /// When something of a name was said last.
    named: Mutex<BTreeMap<String, Instant>>,
}

impl Default for Notices {
    fn default() -> Self {
        let (outlet, inlet) = unbounded_channel();
        let shared = Shared {
            outlet,
            inlet: Mutex::new(Some(inlet)),
            last: Mutex::new(None),
            named: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Notices {
    /// Sleeps; `words` say for what, where the wait that began at `began` is a long one.
    pub(crate) async fn sleep(&self, began: Instant, pause: Duration, words: impl Fn() -> String) {
        let end = Instant::now() + pause;
        tokio::select! {
            () = sleep_until(end) => {}
            () = self.tell_from(began + FIRST_AFTER, words) => {}
        }
    }

    /// Does something; `words` say what is waited for, if nothing came of it `after` that time.
    pub(crate) async fn during<T>(
        &self,
        after: Duration,
        words: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> T {
        let telling = self.tell_from(Instant::now() + after, words);
        tokio::select! {
            biased;
            done = work => done,
            () = telling => unreachable!("it never ends"),
        }
    }

    /// Tells at a time, then again and again; never ends.
    async fn tell_from(&self, first: Instant, words: impl Fn() -> String) {
        sleep_until(first).await;
        loop {
            self.tell(&words);
            sleep(THEN_EVERY).await;
        }
    }

    /// Says something of that name at once, unless that was done a moment ago.
    pub(crate) fn tell_of(&self, name: &str, words: impl Fn() -> String) {
        let now = Instant::now();
        let mut named = self.shared.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.get(name).is_none_or(|last| now - *last >= THEN_EVERY) {
            named.insert(name.to_owned(), now);
            let _ = self.shared.outlet.send(words());
        }
    }

    fn tell(&self, words: &impl Fn() -> String) {
        let now = Instant::now();
        let mut last = self.shared.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now - last < THEN_EVERY) {
            return;
        }
        *last = Some(now);
        // Where nobody listens nobody wants to know.
        let _ = self.shared.outlet.send(words());
    }

    /// Does something, and hands on what is waited for meanwhile. The first who asks for the lines gets them.
    pub async fn relay<T>(&self, say: impl Fn(&str), work: impl Future<Output = T>) -> T {
        let inlet = self.shared.inlet.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inlet) = inlet else {
            return work.await;
        };
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                // `self` holds the other end: there is always a next one.
                Some(line) = inlet.recv() => say(&line),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What is said while all of these sleep at once, in seconds.
    async fn said(pauses: &[u64]) -> Vec<String> {
        let (notices, lines) = (Notices::default(), RefCell::new(Vec::new()));
        let sleeps = pauses.iter().map(|pause| {
            let words = move || format!("waiting {pause}s");
            notices.sleep(Instant::now(), Duration::from_secs(*pause), words)
        });
        let work = async {
            futures::future::join_all(sleeps).await;
            // What was said last is on its way.
            tokio::task::yield_now().await;
        };
        notices.relay(|line| lines.borrow_mut().push(line.to_owned()), work).await;
        lines.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_is_not_worth_a_word() {
        assert!(said(&[1]).await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_one_is_told_after_a_moment_and_each_half_minute() {
        assert_eq!(said(&[70]).await, ["waiting 70s"; 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_wait_say_it_once() {
        assert_eq!(said(&[20, 20, 20]).await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_a_name_is_said_at_once_and_each_half_minute() {
        let (notices, lines) = (Notices::default(), RefCell::new(Vec::new()));
        let work = async {
            for second in 0..40 {
                for name in ["a", "b"] {
                    notices.tell_of(name, || format!("{name}{second}"));
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        notices.relay(|line| lines.borrow_mut().push(line.to_owned()), work).await;
        assert_eq!(lines.into_inner(), ["a0", "b0", "a30", "b30"]);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_long_is_told_too() {
        let (notices, lines) = (Notices::default(), RefCell::new(Vec::new()));
        let work = sleep(Duration::from_secs(15));
        let told = notices.during(Duration::from_secs(10), || "no answer yet".to_owned(), work);
        notices.relay(|line| lines.borrow_mut().push(line.to_owned()), told).await;
        assert_eq!(lines.into_inner(), ["no answer yet"]);
    }
}
