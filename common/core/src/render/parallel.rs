//! Independent work on several threads, results in order.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads `count` pieces of work are worth, when each thread should have `least` of them.
pub fn threads_for(count: usize, least: usize) -> usize {
    // Asking for the number of cores reads files, so small work doesn't.
    match count / least.max(1) {
        0 | 1 => 1,
        wanted => std::thread::available_parallelism().map_or(1, usize::from).min(wanted),
    }
}

/// Does `work` for every number below `count` on `threads` threads and gives the results in order, or the
/// error of the lowest number that has one. After an error no later work is begun.
pub(super) fn map<T: Send, E: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    map_with(count, threads, || (), |(), number| work(number))
}

/// As [`map`], with something of its own for each thread.
pub(super) fn map_with<S, T: Send, E: Send>(
    count: usize,
    threads: usize,
    own: impl Fn() -> S + Sync,
    work: impl Fn(&S, usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    if threads <= 1 {
        let own = own();
        return (0..count).map(|number| work(&own, number)).collect();
    }
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(usize::MAX);
    let worker = || {
        let own = own();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count || number > failed.load(Ordering::Relaxed) {
                return done;
            }
            let result = work(&own, number);
            if result.is_err() {
                failed.fetch_min(number, Ordering::Relaxed);
            }
            done.push((number, result));
        }
    };
    let mut results: Vec<(usize, Result<T, E>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for other in others {
            match other.join() {
                Ok(done) => results.extend(done),
                // The panic hook has said it already; this thread ends the same way.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let squares: Result<Vec<usize>, ()> = map(1_000, 4, |number| Ok(number * number));
        assert_eq!(squares, Ok((0..1_000).map(|number| number * number).collect()));
    }

    #[test]
    fn the_lowest_error_is_the_one_that_counts() {
        for _ in 0..50 {
            let result: Result<Vec<()>, usize> =
                map(200, 4, |number| if number % 7 == 3 { Err(number) } else { Ok(()) });
            assert_eq!(result, Err(3));
        }
    }
}
