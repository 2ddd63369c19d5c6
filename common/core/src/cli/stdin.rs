//! Standard input, read whole and with a limit.

use std::io::{IsTerminal, Read};

use crate::diagnostic::{Diagnostic, system_reason};

use super::Console;

/// The most that is read from standard input or any file but `services.yaml`: 64 MiB.
pub const MAX_INPUT: u64 = 64 << 20;

/// Reads standard input to its end.
///
/// # Errors
/// It can't be read, or is longer than [`MAX_INPUT`] bytes.
pub fn read() -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(|error| {
        Diagnostic::machine(format!("cannot read standard input: {}", system_reason(&error)))
    })?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Diagnostic::input("standard input is larger than 64 MiB"));
    }
    Ok(bytes)
}

/// Says what is being waited for when a person sits at the other end.
pub fn hint_if_terminal(console: &Console) {
    if std::io::stdin().is_terminal() {
        console.info("reading manifests from the terminal; end with Ctrl-D");
    }
}
