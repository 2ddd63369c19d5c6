//! Standard output: written once, whole, and quiet when its reader is gone.

use std::io::{ErrorKind, Write};

use crate::diagnostic::{Diagnostic, system_reason};

use super::ExitCode;

/// Writes `bytes` to stdout as they are: manifests and facts, and documents whose values are masked already. A text
/// for people goes through [`super::Console::print`].
///
/// # Errors
/// The output is full or can't be written; a reader that went away is none, it is [`ExitCode::ClosedPipe`].
pub fn write(bytes: &[u8]) -> Result<ExitCode, Diagnostic> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(ExitCode::Done),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::ClosedPipe),
        Err(error) => {
            Err(Diagnostic::machine(format!("cannot write to standard output: {}", system_reason(&error))))
        }
    }
}
