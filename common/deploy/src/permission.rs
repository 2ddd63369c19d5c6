//! Whether a deploy may go on.
//!
//! Separate because a deploy knows nothing of slots: a slot that comes up may be cleaned up from another machine
//! meanwhile, and what is applied then is nobody's.

use std::fmt;
use std::pin::Pin;

use codex_common::diagnostic::Diagnostic;

/// An answer that has to be waited for.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Result<(), Diagnostic>> + 'a>>;

/// Says whether a deploy may go on. It is asked before each step that makes something, and after the last.
pub trait Permission {
    /// Whether it may; the reason why not is the deploy's failure.
    fn check(&self) -> Asked<'_>;
}

impl fmt::Debug for dyn Permission + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permission")
    }
}

/// The permission of a deploy that nothing takes the ground from.
#[derive(Debug)]
pub struct Unconditional;

impl Permission for Unconditional {
    fn check(&self) -> Asked<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}
