//! What is said on stderr: messages by level, with colour where a person looks, without secrets.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;

use crate::diagnostic::{Diagnostic, Severity};
use crate::secrets::Secrets;

use super::{Host, Messages, frame};

/// The least grave thing that is still said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    /// Everything, with how long the stages took.
    Debug,
    /// What a person may want to know.
    Info,
    /// What is probably a mistake.
    #[value(alias = "warning")]
    Warn,
    /// Only why the command failed.
    Error,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` forces it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The writer of messages.
#[derive(Debug)]
pub struct Console {
    level: Level,
    colored: bool,
    secrets: Secrets,
}

impl Console {
    /// A console for this run; it knows the secrets of the process's environment from the start.
    pub(super) fn new(messages: &Messages, host: &Host) -> Self {
        Self {
            level: messages.level(host),
            colored: is_colored(messages.color, host),
            secrets: process_secrets(host),
        }
    }

    /// The values that this console hides; whoever reads variables adds to them.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Says a message with its places, if its severity is asked for.
    pub fn say(&self, message: &Diagnostic) {
        let level = match message.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warn,
        };
        if level >= self.level {
            self.print(&frame::render(message, &self.secrets, self.colored));
        }
    }

    /// Says one line of information.
    pub fn info(&self, line: impl AsRef<str>) {
        self.line(Level::Info, "info", line.as_ref());
    }

    /// Passes on a line of another program's output.
    pub fn relay(&self, line: &str) {
        self.print(&(self.secrets.masked(line) + "\n"));
    }

    /// Says one line for those who look for a fault.
    pub fn debug(&self, line: impl FnOnce() -> String) {
        if self.level <= Level::Debug {
            self.line(Level::Debug, "debug", &line());
        }
    }

    fn line(&self, level: Level, name: &str, line: &str) {
        if level >= self.level {
            self.print(&format!("{name}: {}\n", self.secrets.masked(line)));
        }
    }

    /// Writes to stderr; when stderr is closed there is nobody left to tell.
    fn print(&self, text: &str) {
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// The secrets in the process's own environment.
pub(super) fn process_secrets(host: &Host) -> Secrets {
    let secrets = Secrets::default();
    for (name, value) in host.variables() {
        secrets.learn(name, value);
    }
    secrets
}

fn is_colored(color: Color, host: &Host) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let forced = host.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            let refused = host.variable("NO_COLOR").is_some() || host.variable("TERM") == Some("dumb");
            !refused && (forced || std::io::stderr().is_terminal())
        }
    }
}
