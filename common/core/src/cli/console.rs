//! What is said on stderr: messages by level, with colour where a person looks, without secrets; and what is printed
//! on stdout for people.
//!
//! Every text passes the one redactor here, [`Secrets`], and loses what a terminal would act on ([`printable`]).

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;

use crate::diagnostic::{Diagnostic, Severity};
use crate::printable;
use crate::secrets::Secrets;

use super::{ExitCode, Host, Messages, command_line, frame, stdout};

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

/// Lines that are kept until they are said together.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<Mutex<String>>);

impl Footer for Kept {
    fn write_above(&mut self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }
}

/// The writer of messages. Clones share it.
#[derive(Debug, Clone)]
pub struct Console {
    level: Level,
    colored: bool,
    live: bool,
    secrets: Arc<Secrets>,
    footer: Arc<Mutex<Option<Box<dyn Footer>>>>,
    /// What needs no second time.
    said: Arc<Mutex<Vec<Diagnostic>>>,
}

impl Console {
    /// A console for this run; it knows the secrets of the process's environment from the start.
    pub(super) fn new(messages: &Messages, host: &Host) -> Self {
        let level = messages.level(host);
        Self {
            level,
            colored: is_colored(messages.color, host),
            live: level <= Level::Info && is_live(host),
            secrets: Arc::new(process_secrets(host)),
            footer: Arc::default(),
            said: Arc::default(),
        }
    }

    /// A console that keeps what is said, and what it has kept: for work beside other work, whose lines are to
    /// stay together. [`Console::release`] says them.
    pub fn keeping(&self) -> (Self, Kept) {
        let kept = Kept::default();
        let console = Self {
            level: self.level,
            colored: self.colored,
            live: false,
            secrets: Arc::clone(&self.secrets),
            said: Arc::clone(&self.said),
            footer: Arc::new(Mutex::new(Some(Box::new(kept.clone())))),
        };
        (console, kept)
    }

    /// Says what was kept, all of it at once.
    pub fn release(&self, kept: &Kept) {
        let text = std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner));
        if !text.is_empty() {
            self.write(&text);
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
            self.write(&frame::render(message, &self.secrets, self.colored));
        }
    }

    /// Prints a text on stdout.
    ///
    /// # Errors
    /// The output is full or can't be written.
    pub fn print(&self, text: &str) -> Result<ExitCode, Diagnostic> {
        stdout::write(self.shown(text).as_bytes())
    }

    /// A text as people may see it.
    pub fn shown(&self, text: &str) -> String {
        self.secrets.masked(&printable::lines(text))
    }

    /// Says a message unless it has been said before: a file may be read for one thing and for another.
    pub fn say_once(&self, message: &Diagnostic) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.iter().any(|known| known.title == message.title) {
            said.push(message.clone());
            self.say(message);
        }
    }

    /// Says one line of information.
    pub fn info(&self, line: impl AsRef<str>) {
        self.line(Level::Info, "info", line.as_ref());
    }

    /// Passes on a line of another program's output.
    pub fn relay(&self, line: &str) {
        self.write(&(printable::indented(&self.shown(line)) + "\n"));
    }

    /// Says one line for those who look for a fault.
    pub fn debug(&self, line: impl FnOnce() -> String) {
        if self.level <= Level::Debug {
            self.line(Level::Debug, "debug", &line());
        }
    }

    fn line(&self, level: Level, name: &str, line: &str) {
        if level >= self.level {
            self.write(&format!("{name}: {}\n", printable::indented(&self.shown(line))));
        }
    }

    /// Writes to stderr; when stderr is closed there is nobody left to tell.
    fn write(&self, text: &str) {
        match &mut *self.footer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(footer) => footer.write_above(text),
            None => drop(std::io::stderr().lock().write_all(text.as_bytes())),
        }
    }
}

/// The secrets of the process: in its environment, and in the addresses that its arguments and variables name.
pub(super) fn process_secrets(host: &Host) -> Secrets {
    let secrets = Secrets::default();
    for (name, value) in host.variables() {
        secrets.learn(name, value);
        if name.starts_with("CODEXCTL_") || name.to_ascii_uppercase().ends_with("_PROXY") {
            secrets.learn_url(value);
        }
    }
    for argument in command_line().skip(1) {
        let argument = argument.to_string_lossy();
        // `--server=URL` is one argument.
        secrets.learn_url(
            argument
                .split_once('=')
                .filter(|(flag, _)| flag.starts_with("--"))
                .map_or(&argument, |(_, value)| value),
        );
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
