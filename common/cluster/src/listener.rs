//! Whoever is told what happens: stderr in a program, a list in a test.
//!
//! Separate from [`Console`] because hooks also pass on other programs' output, line by line, and because
//! what is said is part of what tests look at.

use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;

/// Takes messages. Whoever implements it hides secrets.
pub trait Listener: Sync {
    /// One line of information.
    fn info(&self, line: &str);
    /// Something that is probably a mistake.
    fn warn(&self, line: &str);
    /// One line for those who look for a fault.
    fn debug(&self, line: &str);
    /// One line of another program's output, as it is.
    fn relay(&self, line: &str);
}

impl Listener for Console {
    fn info(&self, line: &str) {
        Console::info(self, line);
    }

    fn warn(&self, line: &str) {
        self.say(&Diagnostic::warning(line));
    }

    fn debug(&self, line: &str) {
        Console::debug(self, || line.to_owned());
    }

    fn relay(&self, line: &str) {
        Console::relay(self, line);
    }
}
