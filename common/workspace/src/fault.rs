//! Steps that change something outside of this process, and a way to die before any of them.
//!
//! Takes a name from whoever is about to change a file, gives nothing. It stands alone because a test must be
//! able to kill a program at every place where that leaves a trace: each step calls [`step`] first. What
//! ships is built without the feature `faults`, and there the call is nothing.
//!
//! With the feature, two variables of the process count:
//!
//! | variable | what it does |
//! |---|---|
//! | `CODEX_FAULT_STEP=N` | before the Nth step, from 1, the process gets SIGKILL |
//! | `CODEX_FAULT_COUNT=FILE` | `FILE` holds how many steps there were, as a decimal number |

/// Says that the named step comes next.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn step(_name: &'static str) {}

#[cfg(feature = "faults")]
pub use switched_on::step;

#[cfg(feature = "faults")]
mod switched_on {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{LazyLock, Mutex, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    /// What the variables ask for.
    struct Faults {
        fatal: Option<u64>,
        /// Where the count goes; one at a time writes it, so that the largest is the last.
        count_file: Option<Mutex<PathBuf>>,
    }

    static COUNT: AtomicU64 = AtomicU64::new(0);

    #[allow(clippy::disallowed_methods, reason = "a test speaks to a program that it can't hand anything to")]
    static FAULTS: LazyLock<Faults> = LazyLock::new(|| Faults {
        fatal: std::env::var("CODEX_FAULT_STEP").ok().and_then(|number| number.parse().ok()),
        count_file: std::env::var_os("CODEX_FAULT_COUNT").map(|file| Mutex::new(file.into())),
    });

    /// Counts the named step, and dies before it if it is the one.
    pub fn step(_name: &'static str) {
        let number = match &FAULTS.count_file {
            Some(file) => write_count(file),
            None => COUNT.fetch_add(1, Ordering::Relaxed) + 1,
        };
        if FAULTS.fatal == Some(number) {
            // Nothing can stop this signal.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the count is for the test that asked for it")]
    fn write_count(file: &Mutex<PathBuf>) -> u64 {
        let file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        // A test that gets no count fails by itself.
        let _ = std::fs::write(&*file, number.to_string());
        number
    }
}
