//! The flags that mean the same everywhere, and their twins in the environment.

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Args, Command, ValueEnum};

use super::project::DEFAULT_CONFIG;
use super::{Color, Host, Level};
use crate::render;
use crate::stack::Mode;

/// Which project, environment and slot a command is about.
#[derive(Debug, Clone, Args)]
pub struct StackArgs {
    /// The project's file, here or in a directory above; its folder is the project's root
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub config: String,

    /// The environment, one of those in services.yaml
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// The slot's number, in environments that have slots
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..), default_value_t = 0,
          hide_default_value = true, allow_negative_numbers = true)]
    pub slot: i64,

    /// The namespace, instead of the one services.yaml gives
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "a comment would be shown in the help")]
    pub reach: Reach,
}

/// Which files a project may name.
#[derive(Debug, Clone, Copy, Args)]
pub struct Reach {
    /// Also read files that services.yaml names outside its directory and git work tree
    #[arg(long)]
    pub allow_outside: bool,
}

/// Where variables come from besides the process and services.yaml's envFiles.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Variables")]
pub struct Variables {
    /// Variables as KEY=VALUE,KEY=VALUE; a value can't hold a comma
    #[arg(
        long,
        value_name = "LIST",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub vars: String,

    /// One variable as KEY=VALUE, of any value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub var: Vec<String>,

    /// A file of variables
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub var_file: String,
}

/// Which infrastructure and services take part; the two kinds are filtered independently.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// Only these services (names separated by commas)
    #[arg(long, value_name = "NAMES", default_value = "", hide_default_value = true)]
    pub only_services: String,

    /// All services but these
    #[arg(long, value_name = "NAMES", default_value = "", hide_default_value = true)]
    pub skip_services: String,

    /// Only these infrastructure groups
    #[arg(long, value_name = "NAMES", default_value = "", hide_default_value = true)]
    pub only_infra: String,

    /// All infrastructure groups but these
    #[arg(long, value_name = "NAMES", default_value = "", hide_default_value = true)]
    pub skip_infra: String,
}

impl Filters {
    /// The filters, and whether there is one.
    pub fn checked(&self) -> (render::Filters, bool) {
        let filters = render::Filters::new(
            &self.only_infra,
            &self.skip_infra,
            &self.only_services,
            &self.skip_services,
        );
        (filters, self.given().is_some())
    }

    /// The first filter that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--only-services", &self.only_services),
            ("--skip-services", &self.skip_services),
            ("--only-infra", &self.only_infra),
            ("--skip-infra", &self.skip_infra),
        ];
        flags.into_iter().find(|(_, names)| !names.is_empty()).map(|(flag, _)| flag)
    }
}

/// Whose rules a command follows instead of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compat {
    /// The tool that this suite replaces.
    #[value(help = None)]
    Codexctl,
}

impl From<Option<Compat>> for Mode {
    fn from(compat: Option<Compat>) -> Self {
        match compat {
            Some(Compat::Codexctl) => Self::Codexctl,
            None => Self::Plain,
        }
    }
}

/// How a command talks on stderr.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Messages")]
pub struct Messages {
    /// The least grave message that is still printed [default: info]
    #[arg(long, value_enum, value_name = "LEVEL", ignore_case = true)]
    pub log_level: Option<Level>,

    /// When to colour messages
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

impl Messages {
    /// The level: the flag, else codexctl's variable, else `info`.
    pub(super) fn level(&self, host: &Host) -> Level {
        let named = |name: &str| <Level as ValueEnum>::from_str(name, true).unwrap_or(Level::Info);
        self.log_level.or_else(|| host.variable("CODEX_LOG_LEVEL").map(named)).unwrap_or(Level::Info)
    }
}

/// The twin of a flag.
fn variable_of(long: &str) -> String {
    format!("CODEXCTL_{}", long.to_uppercase().replace('-', "_"))
}

/// Gives every flag, those of subcommands too, its twin `CODEXCTL_<FLAG>`; a flag wins, an empty variable counts as unset.
pub(super) fn with_environment_twins(command: Command, host: &Host) -> Command {
    let command = command.mut_subcommands(|verb| with_environment_twins(verb, host));
    command.mut_args(|argument| {
        let Some(long) = argument.get_long() else {
            return argument;
        };
        if matches!(long, "help" | "version") {
            return argument;
        }
        let name = variable_of(long);
        if host.variable(&name).is_none() {
            return argument;
        }
        let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
        let argument = argument.env(name).hide_env(true);
        if is_switch { argument.value_parser(BoolishValueParser::new()) } else { argument }
    })
}

/// The variable that a wrong value came from, if it came from one: the flag itself wasn't typed.
pub(super) fn culprit(error: &clap::Error, typed: &[OsString], host: &Host) -> Option<String> {
    if !matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::ArgumentConflict
    ) {
        return None;
    }
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = argument.split([' ', '=']).next().filter(|flag| flag.starts_with("--"))?;
    let is_flag = |word: &OsString| word.to_str().is_some_and(|word| word.split('=').next() == Some(flag));
    let name = variable_of(&flag[2..]);
    (host.variable(&name).is_some() && !typed.iter().any(is_flag)).then_some(name)
}

/// What the parser says of a wrong command line, as we say things: `hint:` at the beginning of its line, and
/// the variable by name that a wrong value came from.
pub(super) fn in_our_words(text: &str, culprit: Option<&str>) -> String {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let hint = line.trim_start().strip_prefix("tip: ").map(|tip| format!("hint: {tip}"));
        lines.push(hint.unwrap_or_else(|| line.to_owned()));
        if let (0, Some(culprit)) = (at, culprit) {
            lines[0] = format!("{} (the value of {culprit})", lines[0]);
        }
    }
    lines.join("\n") + "\n"
}
