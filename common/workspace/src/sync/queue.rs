//! Work that makes more work, done by a few threads.
//!
//! Takes the first tasks and a function that does one and may hand in more, gives what each thread gathered.
//! Separate because walking two trees and counting on every thread to end are different things.

use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The tasks that nobody has taken yet.
struct Queue<T> {
    tasks: Vec<T>,
    /// How many threads do one at the moment, and may hand in more.
    busy: usize,
    is_stopped: bool,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        // Nobody panics while holding it: the functions below don't call out.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task, as soon as there is one; nothing when there will be none.
    fn take(&self) -> Option<T> {
        let mut queue = self.lock();
        loop {
            if queue.is_stopped {
                return None;
            }
            // The latest first: deep rather than wide keeps the list short.
            if let Some(task) = queue.tasks.pop() {
                queue.busy += 1;
                return Some(task);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hand_in(&self, more: &mut Vec<T>) {
        let mut queue = self.lock();
        queue.busy -= 1;
        let (count, is_over) = (more.len(), more.is_empty() && queue.busy == 0);
        queue.tasks.append(more);
        drop(queue);
        if count > 1 || is_over {
            self.changed.notify_all();
        } else if count == 1 {
            self.changed.notify_one();
        }
    }

    fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }
}

/// Does all tasks, and gives what each thread has gathered in its `R`.
///
/// # Errors
/// The first one that a task ended with; others under way are finished, new ones not begun.
pub(super) fn run<T: Send, R: Default + Send, E: Send>(
    threads: NonZero<usize>,
    first: Vec<T>,
    work: impl Fn(T, &mut Vec<T>, &mut R) -> Result<(), E> + Sync,
) -> Result<Vec<R>, E> {
    let shared = Shared {
        queue: Mutex::new(Queue { tasks: first, busy: 0, is_stopped: false }),
        changed: Condvar::new(),
    };
    let thread = || {
        let mut gathered = R::default();
        let mut more = Vec::new();
        while let Some(task) = shared.take() {
            if let Err(error) = work(task, &mut more, &mut gathered) {
                shared.stop();
                return Err(error);
            }
            shared.hand_in(&mut more);
        }
        Ok(gathered)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(thread)).collect();
        let mut results = vec![thread()];
        results.extend(
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
        results.into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: NonZero<usize> = NonZero::new(4).unwrap();

    #[test]
    fn every_task_is_done_once() {
        let work = |task: u32, more: &mut Vec<u32>, sum: &mut u64| {
            if task < 5_000 {
                more.extend([task * 2, task * 2 + 1]);
            }
            *sum += u64::from(task);
            Ok::<_, ()>(())
        };
        let total: u64 = run(THREADS, vec![1], work).unwrap().into_iter().sum();
        assert_eq!(total, (1..10_000).sum::<u64>());
    }

    #[test]
    fn an_error_ends_it() {
        let work = |task: u32, more: &mut Vec<u32>, _: &mut ()| {
            more.push(task + 1);
            if task == 100 { Err(task) } else { Ok(()) }
        };
        assert_eq!(run(THREADS, vec![0, 200], work), Err(100));
    }

    #[test]
    fn no_task_is_no_work() {
        assert_eq!(run(THREADS, Vec::new(), |(): (), _, _: &mut ()| Ok::<_, ()>(())).unwrap().len(), 4);
    }
}
