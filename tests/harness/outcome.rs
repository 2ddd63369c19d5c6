//! What a program did, and what a story expects of it.

use std::fmt::Write;

/// The three results of a run, and what is needed to understand a failure.
#[derive(Clone)]
pub struct Outcome {
    /// The command line, as one could type it.
    pub command: String,
    /// The project's files.
    pub listing: String,
    /// Standard output, the scene's folder cut from paths.
    pub stdout: String,
    /// Standard error, the scene's folder cut from paths.
    pub stderr: String,
    /// The exit code; 128 and more for a program that a signal killed.
    pub exit: i32,
}

/// How one of the streams is compared.
enum Text {
    Exactly(String),
    Mentions(Vec<String>),
    Anything,
}

/// What is expected of an [`Outcome`]; nothing is compared before [`check`](Self::check).
#[must_use = "call check() to compare"]
pub struct Expectation {
    outcome: Outcome,
    stdout: Text,
    stderr: Text,
    exit: i32,
}

impl Expectation {
    pub(crate) fn of(outcome: Outcome) -> Self {
        Self { outcome, stdout: Text::Exactly(String::new()), stderr: Text::Exactly(String::new()), exit: 0 }
    }

    /// Standard output is exactly this.
    pub fn stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = Text::Exactly(text.into());
        self
    }

    /// Standard output holds each of these.
    pub fn stdout_mentions(mut self, parts: &[&str]) -> Self {
        self.stdout = mentions(parts);
        self
    }

    /// Standard output is looked at elsewhere.
    pub fn any_stdout(mut self) -> Self {
        self.stdout = Text::Anything;
        self
    }

    /// Standard error is exactly this.
    pub fn stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = Text::Exactly(text.into());
        self
    }

    /// Standard error holds each of these.
    pub fn stderr_mentions(mut self, parts: &[&str]) -> Self {
        self.stderr = mentions(parts);
        self
    }

    /// The exit code is this.
    pub fn exit(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    /// Fails with `code`, prints nothing on standard output, and the message holds each part.
    pub fn fails(self, code: i32, parts: &[&str]) -> Outcome {
        let outcome = self.exit(code).stderr_mentions(parts).check();
        assert!(!outcome.stderr.is_empty(), "{}: no message", outcome.command);
        outcome
    }

    /// Compares all three and hands them out for further questions.
    ///
    /// # Panics
    ///
    /// When one of them differs: with the command, the files, and all three.
    pub fn check(self) -> Outcome {
        let mut faults = String::new();
        compare("stdout", &self.stdout, &self.outcome.stdout, &mut faults);
        compare("stderr", &self.stderr, &self.outcome.stderr, &mut faults);
        if self.exit != self.outcome.exit {
            let _ = writeln!(faults, "exit code {}, expected {}", self.outcome.exit, self.exit);
        }
        assert!(faults.is_empty(), "{}", self.outcome.report(&faults));
        self.outcome
    }

    /// The outcome without any comparison.
    pub fn unchecked(self) -> Outcome {
        self.outcome
    }
}

impl Outcome {
    /// Everything there is to know about the run, under a heading.
    pub fn report(&self, heading: &str) -> String {
        format!(
            "{heading}\n$ {}\nexit code {}\n--- files\n{}--- stdout\n{}--- stderr\n{}---",
            self.command, self.exit, self.listing, self.stdout, self.stderr
        )
    }
}

fn mentions(parts: &[&str]) -> Text {
    Text::Mentions(parts.iter().map(ToString::to_string).collect())
}

fn compare(stream: &str, expected: &Text, found: &str, faults: &mut String) {
    match expected {
        Text::Anything => {}
        Text::Exactly(text) if text == found => {}
        Text::Exactly(text) => {
            let _ = writeln!(faults, "{stream} differs{}", first_difference(text, found));
        }
        Text::Mentions(parts) => {
            for part in parts.iter().filter(|part| !found.contains(*part)) {
                let _ = writeln!(faults, "{stream} doesn't mention {part:?}");
            }
        }
    }
}

/// The first line in which two texts differ.
pub(crate) fn first_difference(expected: &str, found: &str) -> String {
    let (mut left, mut right) = (expected.split('\n'), found.split('\n'));
    for number in 1.. {
        match (left.next(), right.next()) {
            (a, b) if a == b && a.is_some() => {}
            (None, None) => break,
            (a, b) => {
                let show = |line: Option<&str>| line.map_or("no such line".into(), |l| format!("{l:?}"));
                return format!(" in line {number}:\n  expected {}\n  found    {}", show(a), show(b));
            }
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(stdout: &str, stderr: &str, exit: i32) -> Expectation {
        Expectation::of(Outcome {
            command: "program --flag".into(),
            listing: "  services.yaml (3 bytes)\n".into(),
            stdout: stdout.into(),
            stderr: stderr.into(),
            exit,
        })
    }

    #[test]
    fn silence_and_zero_are_the_default() {
        outcome("", "", 0).check();
    }

    #[test]
    #[should_panic(expected = "exit code 2, expected 0")]
    fn an_unexpected_exit_code_fails() {
        outcome("", "", 2).check();
    }

    #[test]
    #[should_panic(expected = "stderr differs in line 1")]
    fn unexpected_words_on_stderr_fail() {
        outcome("", "warning: x\n", 0).check();
    }

    #[test]
    #[should_panic(expected = "found    \"b\"")]
    fn the_differing_line_is_shown() {
        outcome("a\nb\n", "", 0).stdout("a\nc\n").check();
    }

    #[test]
    #[should_panic(expected = "doesn't mention \"namespace\"")]
    fn a_missing_word_fails() {
        outcome("", "error: y\n", 1).exit(1).stderr_mentions(&["error", "namespace"]).check();
    }

    #[test]
    #[should_panic(expected = "stdout differs")]
    fn output_beside_an_error_fails() {
        outcome("kind: Pod\n", "error: y\n", 2).fails(2, &["error"]);
    }

    #[test]
    #[should_panic(expected = "services.yaml (3 bytes)")]
    fn a_failure_lists_the_files() {
        outcome("", "", 1).check();
    }
}
