//! What is said on stderr: messages by level, with colour where a person looks, without secrets.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

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

/// Something that keeps the last lines of the terminal for itself while work goes on.
pub trait Footer: fmt::Debug + Send {
    /// Writes whole lines above its own.
    fn write_above(&mut self, text: &str);
}

/// The writer of messages.
#[derive(Debug)]
pub struct Console {
    level: Level,
    colored: bool,
    live: bool,
    secrets: Secrets,
    footer: Mutex<Option<Box<dyn Footer>>>,
}

impl Console {
    /// A console for this run; it knows the secrets of the process's environment from the start.
    pub(super) fn new(messages: &Messages, host: &Host) -> Self {
        let level = messages.level(host);
        Self {
            level,
            colored: is_colored(messages.color, host),
            live: level <= Level::Info && is_live(host),
            secrets: process_secrets(host),
            footer: Mutex::new(None),
        }
    }

    /// Whether colours are wanted.
    pub fn is_colored(&self) -> bool {
        self.colored
    }

    /// Whether a person looks at a terminal whose lines can be drawn anew, and wants information.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Lets everything that is said go above a footer from now on; `None` ends that.
    pub fn set_footer(&self, footer: Option<Box<dyn Footer>>) {
        *self.footer.lock().unwrap_or_else(PoisonError::into_inner) = footer;
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
        match &mut *self.footer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(footer) => footer.write_above(text),
            None => drop(std::io::stderr().lock().write_all(text.as_bytes())),
        }
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

/// Whether stderr is a terminal that moves its cursor where it is told to. A CI's log keeps every line.
fn is_live(host: &Host) -> bool {
    let can_move = host.variable("TERM").is_some_and(|kind| kind != "dumb");
    let is_ci = host.variable("CI").is_some_and(|value| value != "false" && value != "0");
    can_move && !is_ci && std::io::stderr().is_terminal()
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
