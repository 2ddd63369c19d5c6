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
    use std::sync::{LazyLock, Mutex, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    /// What the variables ask for, and how many steps there were.
    struct Faults {
        fatal: Option<u64>,
        count_file: Option<PathBuf>,
        count: Mutex<u64>,
    }

    #[allow(clippy::disallowed_methods, reason = "a test speaks to a program that it can't hand anything to")]
    static FAULTS: LazyLock<Faults> = LazyLock::new(|| Faults {
        fatal: std::env::var("CODEX_FAULT_STEP").ok().and_then(|number| number.parse().ok()),
        count_file: std::env::var_os("CODEX_FAULT_COUNT").map(PathBuf::from),
        count: Mutex::new(0),
    });

    /// Counts the named step, and dies before it if it is the one.
    #[allow(clippy::disallowed_methods, reason = "the count is for the test that asked for it")]
    pub fn step(_name: &'static str) {
        let faults = &*FAULTS;
        let mut count = faults.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        if let Some(file) = &faults.count_file {
            // A test that gets no count fails by itself.
            let _ = std::fs::write(file, count.to_string());
        }
        if faults.fatal == Some(*count) {
            // Nothing can stop this signal; the lock keeps other threads from going further meanwhile.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
