//! How to execute: what missing values do, and how much a template may use.

/// Options of an execution.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a missing value does where it would be printed.
    pub missing: Missing,
    /// How much the execution may use.
    pub limits: Limits,
}

/// What a missing value does where it would be printed: as the value of an
/// action, or as an argument of `print`, `printf` and `println`. In `if`,
/// `with`, `and`, `or`, `index` and so on it always stays what Go makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Go's way: print `<no value>`.
    #[default]
    Print,
    /// End with [`ErrorKind::MissingValue`](crate::ErrorKind::MissingValue).
    Error,
}

/// How much an execution may use; beyond it, it ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes of the template to execute. What functions make counts too, and
    /// text that they read: one step for every 32 bytes.
    pub steps: u64,
    /// Bytes of the output, and of every single text made on the way.
    pub bytes: usize,
    /// Bytes of all values that are held at once, in variables and on the way
    /// to them; what the data brings along doesn't count. Values that nothing
    /// holds any more are looked for when a quarter of this has been made.
    pub memory: usize,
}

impl Default for Limits {
    /// Ten million steps, 64 MiB of output and 64 MiB of values.
    fn default() -> Limits {
        Limits { steps: 10_000_000, bytes: 64 << 20, memory: 64 << 20 }
    }
}
