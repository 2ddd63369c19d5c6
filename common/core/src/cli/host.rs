//! The process around a command: its variables, folder and clock, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the pure stages may know of the process.
#[derive(Debug, Clone)]
pub struct Host {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
    program: String,
    now: (i64, u32),
}

impl Host {
    /// Reads the environment, the working directory and the clock.
    ///
    /// `SOURCE_DATE_EPOCH` (seconds since 1970) stands in for the clock, as reproducible builds want it.
    #[allow(clippy::disallowed_methods, reason = "the one place where the process is asked")]
    pub fn of_process() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        let fixed = variables.get("SOURCE_DATE_EPOCH").and_then(|text| text.trim().parse().ok());
        let now = fixed.map(|seconds| (seconds, 0)).or_else(clock).unwrap_or_default();
        let folder = std::env::current_dir().unwrap_or_default();
        Self { variables, folder, program: super::program::file_name(), now }
    }

    /// A variable of the environment; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The whole environment.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The working directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file name that this program was started by.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Whether a person sits at standard input.
    pub fn stdin_is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&std::io::stdin())
    }

    /// Whether a person looks at standard output.
    pub fn stdout_is_terminal(&self) -> bool {
        std::io::IsTerminal::is_terminal(&std::io::stdout())
    }

    /// The time of this run: seconds since 1970 and nanoseconds, UTC.
    pub fn now(&self) -> (i64, u32) {
        self.now
    }
}

/// The clock, seconds since 1970 and nanoseconds; `None` if it shows an earlier time, as that of a machine whose
/// battery is empty may.
#[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn clock() -> Option<(i64, u32)> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()))
}
