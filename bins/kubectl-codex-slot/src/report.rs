//! What a verb reports, in the format that was asked for: one document, written when all is done.
//!
//! Takes the facts in codexctl's order and a line for people; gives a document on stdout, or lines in the
//! file that a workflow reads. Separate from the verbs because the keys are a promise to scripts (inventory
//! S6, S8; B16, B17): all of them, always, in the same order.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use codex_common::cli::{Console, ExitCode, Host, write_stdout};
use codex_common::diagnostic::{Diagnostic, system_reason};
use codex_common::printable;
use codex_common::stack::Mode;
use serde_json::Value;

/// How a verb reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A line for people
    Plain,
    /// A JSON object
    Json,
    /// KEY=VALUE, a line each
    Kv,
    /// The same, added to the file that GITHUB_OUTPUT names
    Github,
}

/// What a verb found or did.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// The facts, in the order they are written.
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// The same as one line for people.
    pub(crate) line: String,
}

/// Where a report goes. Opened before anything is touched, so that nothing is done that can't be reported.
#[derive(Debug)]
pub(crate) enum Outlet {
    /// The line, on stdout.
    Line,
    /// The line, among the messages: what codexctl calls plain.
    Message,
    /// A document, on stdout.
    Json,
    /// Lines, on stdout.
    Kv,
    /// Lines, at the end of a file.
    Github(PathBuf, File),
}

impl Outlet {
    /// Where a report of this format goes.
    ///
    /// # Errors
    /// The format needs a file, which isn't named or can't be written.
    pub(crate) fn open(format: ReportFormat, mode: Mode, host: &Host) -> Result<Self, Diagnostic> {
        Ok(match (format, mode) {
            (ReportFormat::Plain, Mode::Plain) => Self::Line,
            (ReportFormat::Plain, Mode::Codexctl) => Self::Message,
            (ReportFormat::Json, _) => Self::Json,
            (ReportFormat::Kv, _) => Self::Kv,
            (ReportFormat::Github, _) => Self::github(host)?,
        })
    }

    #[allow(clippy::disallowed_methods, reason = "the one place where a workflow's output file is opened")]
    fn github(host: &Host) -> Result<Self, Diagnostic> {
        let Some(name) = host.variable("GITHUB_OUTPUT") else {
            return Err(Diagnostic::input("`-o github` needs GITHUB_OUTPUT, which isn't set")
                .hint(Some("GitHub sets it in the steps of a workflow; elsewhere take `-o kv`".to_owned())));
        };
        let path = host.folder().join(name);
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(|error| {
            let reason = system_reason(&error);
            Diagnostic::machine(format!(
                "cannot write to {}, which GITHUB_OUTPUT names: {reason}",
                path.display()
            ))
        })?;
        Ok(Self::Github(path, file))
    }

    /// Writes the report.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn write(self, report: &Report, console: &Console) -> Result<ExitCode, Diagnostic> {
        match self {
            Self::Line => console.print(&format!("{}\n", printable::line(&report.line))),
            Self::Message => {
                console.info(&report.line);
                Ok(ExitCode::Done)
            }
            Self::Json => write_stdout(json(&report.facts).as_bytes()),
            Self::Kv => write_stdout(lines(&report.facts).as_bytes()),
            Self::Github(path, mut file) => {
                console.info(&report.line);
                // One write: lines of steps that run side by side don't mix.
                file.write_all(lines(&report.facts).as_bytes()).map_err(|error| {
                    Diagnostic::machine(format!(
                        "cannot write to {}: {}",
                        path.display(),
                        system_reason(&error)
                    ))
                })?;
                Ok(ExitCode::Done)
            }
        }
    }
}

/// One object on one line; written by hand because the order of its keys is part of the format.
fn json(facts: &[(&'static str, Value)]) -> String {
    let mut text = String::from("{");
    for (at, (key, value)) in facts.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a String can't fail.
        let _ = write!(text, "{comma}\"{key}\":{value}");
    }
    text + "}\n"
}

fn lines(facts: &[(&'static str, Value)]) -> String {
    let mut text = String::new();
    for (key, value) in facts {
        // Writing to a String can't fail.
        let _ = match value {
            // A value with a line break would forge a line of its own.
            Value::String(value) => writeln!(text, "{key}={}", printable::line(value)),
            value => writeln!(text, "{key}={value}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> Vec<(&'static str, Value)> {
        vec![("slot", json!(3)), ("namespace", json!("shop-ai-3")), ("created", json!(false))]
    }

    #[test]
    fn keys_keep_their_order() {
        assert_eq!(json(&facts()), "{\"slot\":3,\"namespace\":\"shop-ai-3\",\"created\":false}\n");
        assert_eq!(lines(&facts()), "slot=3\nnamespace=shop-ai-3\ncreated=false\n");
    }

    #[test]
    fn texts_are_quoted_in_json_only() {
        let facts = [("env", json!("a \"b\""))];
        assert_eq!(json(&facts), "{\"env\":\"a \\\"b\\\"\"}\n");
        assert_eq!(lines(&facts), "env=a \"b\"\n");
        assert_eq!(lines(&[("env", json!("a\nslot=9"))]), "env=a slot=9\n");
    }
}
