//! Handing a command over to the program that does it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;
use codex_common::cli::{Color, Host, Messages, installed};
use codex_common::diagnostic::Diagnostic;
use codex_common::suggestion::did_you_mean;

use crate::arguments::Persistent;

/// codexctl's commands that the suite has or will have.
const COMMANDS: [&str; 9] =
    ["render", "manage-env", "apply", "ci", "images", "prompt", "plan", "pr", "doctor"];

/// A command of codexctl and the program that does it now.
pub(crate) struct Handover {
    typed: &'static str,
    program: &'static str,
    /// The verb of a program that has several, and what codexctl's command implies.
    implied: &'static [&'static str],
}

/// `codexctl render`.
pub(crate) const RENDER: Handover =
    Handover { typed: "codexctl render", program: "kubectl-codex-render", implied: &["--compat=codexctl"] };

/// `codexctl apply`.
pub(crate) const APPLY: Handover =
    Handover { typed: "codexctl apply", program: "kubectl-codex-apply", implied: &["--compat=codexctl"] };

/// `codexctl ci apply`: its defaults are three tries of waiting, and ten minutes for one request.
pub(crate) const CI_APPLY: Handover = Handover {
    typed: "codexctl ci apply",
    program: "kubectl-codex-apply",
    implied: &["--compat=codexctl", "--wait-retries=3", "--request-timeout=10m"],
};

const SLOT: &str = "kubectl-codex-slot";

/// `codexctl ci ensure-slot`.
pub(crate) const ENSURE_SLOT: Handover =
    Handover { typed: "codexctl ci ensure-slot", program: SLOT, implied: &["ensure", "--compat=codexctl"] };

/// `codexctl ci ensure-ready`.
pub(crate) const ENSURE_READY: Handover =
    Handover { typed: "codexctl ci ensure-ready", program: SLOT, implied: &["ready", "--compat=codexctl"] };

/// `codexctl manage-env set`.
pub(crate) const SET: Handover =
    Handover { typed: "codexctl manage-env set", program: SLOT, implied: &["set", "--compat=codexctl"] };

/// `codexctl manage-env comment`.
pub(crate) const COMMENT: Handover = Handover {
    typed: "codexctl manage-env comment",
    program: SLOT,
    implied: &["comment", "--compat=codexctl"],
};

/// `codexctl manage-env cleanup`.
pub(crate) const CLEANUP: Handover = Handover {
    typed: "codexctl manage-env cleanup",
    program: SLOT,
    implied: &["cleanup", "--compat=codexctl"],
};

impl Handover {
    /// Becomes the program; comes back only if that can't be started.
    pub(crate) fn take(
        &self,
        persistent: &Persistent,
        messages: &Messages,
        arguments: Vec<OsString>,
        host: &Host,
    ) -> Diagnostic {
        let mut words: Vec<OsString> = self.implied.iter().map(Into::into).collect();
        words.push(format!("--config={}", persistent.config).into());
        for (flag, value) in [("--env", &persistent.env), ("--namespace", &persistent.namespace)] {
            if let Some(value) = value {
                words.push(format!("{flag}={value}").into());
            }
        }
        if let Some(level) = messages.log_level.and_then(|level| level.to_possible_value()) {
            words.push(format!("--log-level={}", level.get_name()).into());
        }
        if messages.color != Color::Auto {
            let color = messages.color.to_possible_value().map(|value| value.get_name().to_owned());
            words.push(format!("--color={}", color.unwrap_or_default()).into());
        }
        words.extend(arguments.into_iter().filter_map(as_switch));
        let names = [self.program];
        let path = installed::beside(&names).or_else(|| installed::on_path(host, &names));
        let path = path.unwrap_or_else(|| PathBuf::from(self.program));
        installed::become_program(&path, self.typed, words)
            .hint(Some(format!("install {} beside codexctl or on the PATH", self.program)))
    }
}

/// The switches of codexctl's commands, which took `--wait=true` and `--wait=false` too.
const SWITCHES: [&str; 8] = [
    "--all",
    "--apply",
    "--force-apply",
    "--preflight",
    "--prepare-images",
    "--wait",
    "--wait-soft-fail",
    "--with-configmap",
];

/// An argument as the programs of the suite take it: a switch is there or not.
fn as_switch(argument: OsString) -> Option<OsString> {
    let Some((flag, value)) = argument.to_str().and_then(|text| text.split_once('=')) else {
        return Some(argument);
    };
    if !SWITCHES.contains(&flag) {
        return Some(argument);
    }
    // The spellings of Go's strconv.ParseBool.
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(flag.into()),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => None,
        _ => Some(argument),
    }
}

/// The message about a command that isn't there; `before` is what was typed before it.
pub(crate) fn unknown(before: &str, words: &[OsString]) -> Diagnostic {
    let word = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    if !before.is_empty() || COMMANDS.contains(&&*word) {
        return Diagnostic::machine(format!("`codexctl {before}{word}` is not part of this release")).hint(
            Some(
                "this release has `render`, `apply`, `manage-env` and, of `ci`, `apply`, `ensure-slot` and \
                 `ensure-ready`; the CHANGELOG says what comes when"
                    .to_owned(),
            ),
        );
    }
    Diagnostic::input(format!("unknown command `{word}`")).hint(did_you_mean(&word, COMMANDS))
}

#[cfg(test)]
mod tests {
    use super::as_switch;

    #[test]
    fn switches_may_have_gos_truth_values() {
        let taken = |argument: &str| as_switch(argument.into()).map(|taken| taken.into_string().unwrap());
        assert_eq!(taken("--wait=true").as_deref(), Some("--wait"));
        assert_eq!(taken("--wait=F"), None);
        assert_eq!(taken("--wait").as_deref(), Some("--wait"));
        assert_eq!(taken("--wait=maybe").as_deref(), Some("--wait=maybe"));
        assert_eq!(taken("--vars=A=true").as_deref(), Some("--vars=A=true"));
    }
}
