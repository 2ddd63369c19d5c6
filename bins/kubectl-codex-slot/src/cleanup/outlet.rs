//! Where a slot's lines go.
//!
//! Separate because slots are removed side by side: the lines of each are kept until it is done, so that they stay
//! together. A slot that is removed alone says what it does while it does it.

use std::sync::Mutex;
use std::sync::PoisonError;

use codex_common::cli::{Console, Kept};
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;

/// Where a slot's lines go.
pub(crate) enum Outlet<'a> {
    /// At once.
    Direct(&'a Console),
    /// At once, all of them among the messages: standard output is another verb's.
    Said(&'a Console),
    /// Together, when the slot is done.
    Kept(Box<KeptLines<'a>>),
}

/// Lines until they are said.
pub(crate) struct KeptLines<'a> {
    main: &'a Console,
    console: Console,
    said: Kept,
    lines: Mutex<String>,
}

impl<'a> Outlet<'a> {
    /// The outlet of one of several slots, or of the only one.
    pub(super) fn of(console: &'a Console, is_alone: bool) -> Self {
        if is_alone {
            return Self::Direct(console);
        }
        let (keeping, said) = console.keeping();
        Self::Kept(Box::new(KeptLines { main: console, console: keeping, said, lines: Mutex::default() }))
    }

    /// Where messages go.
    pub(super) fn console(&self) -> &Console {
        match self {
            Self::Direct(console) | Self::Said(console) => console,
            Self::Kept(kept) => &kept.console,
        }
    }

    /// One line of the report: what is gone.
    pub(super) fn line(&self, line: &str) -> Result<(), Diagnostic> {
        match self {
            Self::Direct(console) => console.print(&format!("{}\n", printable::line(line))).map(drop),
            Self::Said(console) => {
                console.info(line);
                Ok(())
            }
            Self::Kept(kept) => {
                let mut lines = kept.lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_str(&printable::line(line));
                lines.push('\n');
                Ok(())
            }
        }
    }

    /// Says what was kept.
    pub(super) fn release(&self) -> Result<(), Diagnostic> {
        let Self::Kept(kept) = self else { return Ok(()) };
        kept.main.release(&kept.said);
        let lines = std::mem::take(&mut *kept.lines.lock().unwrap_or_else(PoisonError::into_inner));
        kept.main.print(&lines).map(drop)
    }
}
