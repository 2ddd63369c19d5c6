//! Running a plugin: what it prints, within a limit, and what it says, while it says it.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use codex_common::diagnostic::system_reason;
use codex_common::printable;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::{Instant, sleep_until, timeout};

use super::PluginError;
use crate::notices::{SLOW_AFTER, THEN_EVERY};
use crate::process_group::ProcessGroup;

/// The most that a plugin may print, in bytes: a token and a chain of certificates are a hundredth of it.
const MOST_PRINTED: usize = 1 << 20;

/// The most of what a plugin says that is passed on, in bytes.
const MOST_SAID: usize = 64 << 10;

/// The longest line that is passed on whole, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// How long is waited for the rest of a line: a prompt has no line break at its end.
const PAUSE: Duration = Duration::from_millis(200);

/// How long is waited for the rest of the output of a plugin that ended.
const DRAIN: Duration = Duration::from_secs(1);

/// The longest line of a message, in characters.
const LONGEST_QUOTE: usize = 300;

/// Whoever is told what a plugin says, line by line. Each line begins with the plugin's name, so that none looks
/// like a message of ours.
#[derive(Clone)]
pub struct Relay(Arc<dyn Fn(&str) + Send + Sync>);

impl Relay {
    /// Tells it to a function.
    pub fn new(to: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(to))
    }

    /// Tells the same with a program's name in front.
    fn named(&self, program: &Path) -> Self {
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        let to = Arc::clone(&self.0);
        Self::new(move |line| to(&format!("{name}: {line}")))
    }
}

impl Default for Relay {
    /// Tells nobody.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Relay")
    }
}

/// Runs a plugin to its end; gives what it printed. An interactive one has the terminal to itself. Any other is in a
/// process group of its own, so that what it started ends with it.
pub(super) async fn run(
    mut command: Command,
    is_interactive: bool,
    relay: &Relay,
) -> Result<Vec<u8>, PluginError> {
    command.stdout(Stdio::piped()).kill_on_drop(true);
    let relay = relay.named(Path::new(command.as_std().get_program()));
    if is_interactive {
        // A group of its own would be stopped as soon as it read from the terminal.
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    }
    let mut child = command.spawn().map_err(|error| PluginError {
        reason: format!("it can't be started: {}", system_reason(&error)),
        is_missing: error.kind() == ErrorKind::NotFound,
    })?;
    let group = if is_interactive { ProcessGroup::none() } else { ProcessGroup::of(&child) };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut printed, mut last_line) = (Vec::new(), String::new());
    let status = {
        let output = async {
            tokio::try_join!(collect(stdout, &mut printed), pass_on(stderr, &relay, &mut last_line))
        };
        let mut output = pin!(output);
        let mut is_over = false;
        let began = Instant::now();
        let mut next_word = began + SLOW_AFTER;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status,
                () = sleep_until(next_word), if !is_interactive => {
                    (relay.0)(&format!("credentials are waited for ({}s)", began.elapsed().as_secs()));
                    next_word += THEN_EVERY;
                }
                result = &mut output, if !is_over => {
                    result?;
                    is_over = true;
                }
            }
        };
        group.signal(Signal::KILL);
        if !is_over && let Ok(result) = timeout(DRAIN, output).await {
            result?;
        }
        status.map_err(|error| format!("it can't be waited for: {}", system_reason(&error)))?
    };
    if status.success() { Ok(printed) } else { Err(ended(status, &last_line).into()) }
}

/// Reads what is printed, up to the limit.
async fn collect(reader: Option<impl AsyncRead + Unpin>, printed: &mut Vec<u8>) -> Result<(), PluginError> {
    let Some(reader) = reader else { return Ok(()) };
    // What can't be read any more is over.
    let _ = reader.take(MOST_PRINTED as u64 + 1).read_to_end(printed).await;
    if printed.len() > MOST_PRINTED {
        return Err(format!("it printed more than {} MiB", MOST_PRINTED >> 20).into());
    }
    Ok(())
}

/// Passes on what is said, line by line and up to a limit; notes the last line.
async fn pass_on(
    reader: Option<impl AsyncRead + Unpin>,
    relay: &Relay,
    last_line: &mut String,
) -> Result<(), PluginError> {
    let Some(mut reader) = reader else { return Ok(()) };
    let (mut line, mut said) = (Vec::new(), 0);
    let mut chunk = [0; 1024];
    loop {
        let reading = reader.read(&mut chunk);
        let read = if line.is_empty() { Ok(reading.await) } else { timeout(PAUSE, reading).await };
        let Ok(read) = read else {
            tell(&mut line, relay, &mut said, last_line);
            continue;
        };
        // What can't be read any more is over.
        let read = read.unwrap_or(0);
        for byte in &chunk[..read] {
            if matches!(byte, b'\n' | b'\r') || line.len() >= LONGEST_LINE {
                tell(&mut line, relay, &mut said, last_line);
            }
            if !matches!(byte, b'\n' | b'\r') {
                line.push(*byte);
            }
        }
        if read == 0 {
            tell(&mut line, relay, &mut said, last_line);
            return Ok(());
        }
    }
}

/// Tells one line, if there is something in it and the limit isn't reached.
fn tell(line: &mut Vec<u8>, relay: &Relay, said: &mut usize, last_line: &mut String) {
    let text = printable::without_sequences(&String::from_utf8_lossy(line));
    line.clear();
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    text.clone_into(last_line);
    let before = *said;
    *said += text.len();
    if *said <= MOST_SAID {
        (relay.0)(text);
    } else if before <= MOST_SAID {
        (relay.0)("… the credential plugin says more, which isn't shown");
    }
}

/// How a plugin ended, with the last line that it said.
fn ended(status: ExitStatus, last_line: &str) -> String {
    let ended = match status.code() {
        Some(code) => format!("it ended with {code}"),
        None => "it was killed".to_owned(),
    };
    match last_line.trim() {
        "" => ended,
        line => match line.char_indices().nth(LONGEST_QUOTE) {
            Some((at, _)) => format!("{ended}: {}…", &line[..at]),
            None => format!("{ended}: {line}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_is_said() {
        let (printed, said) = say("sleep 0.3; echo token").await;
        assert_eq!(printed.unwrap(), b"token\n");
        assert!(said.contains(&"sh: credentials are waited for (10s)".to_owned()), "{said:?}");
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    async fn say(script: &str) -> (Result<Vec<u8>, String>, Vec<String>) {
        let said: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
        let theirs = Arc::clone(&said);
        let relay = Relay::new(move |line| theirs.lock().unwrap().push(line.to_owned()));
        let printed = run(shell(script), false, &relay).await.map_err(|error| error.reason);
        let said = said.lock().unwrap().clone();
        (printed, said)
    }

    #[tokio::test]
    async fn a_prompt_without_a_line_break_is_passed_on_while_the_plugin_waits() {
        let (told, mut waiting) = tokio::sync::mpsc::unbounded_channel();
        let relay = Relay::new(move |line| told.send(line.to_owned()).unwrap());
        // It only ends when someone has read what it says.
        let folder = crate::fixture::Folder::new();
        let answer = folder.0.join("answer");
        let script = format!(
            "printf 'enter AB-12: ' >&2; until test -e {}; do sleep 0.02; done; echo token",
            answer.display()
        );
        let plugin = run(shell(&script), false, &relay);
        let reader = async {
            let line = waiting.recv().await.unwrap();
            #[allow(clippy::disallowed_methods)]
            std::fs::write(&answer, "").unwrap();
            line
        };
        let (printed, line) = tokio::join!(plugin, reader);
        assert_eq!((printed.unwrap().as_slice(), line.as_str()), (&b"token\n"[..], "sh: enter AB-12:"));
    }

    #[tokio::test]
    async fn what_is_printed_and_said_has_a_limit() {
        // Without one it would never end.
        let (printed, said) = say("exec cat /dev/zero").await;
        assert_eq!(printed.unwrap_err(), "it printed more than 1 MiB");
        assert!(said.is_empty());
        let (printed, said) = say("yes 'a line of some length' | head -n 100000 >&2; exit 3").await;
        assert_eq!(printed.unwrap_err(), "it ended with 3: a line of some length");
        let bytes: usize = said.iter().map(|line| line.strip_prefix("sh: ").unwrap().len()).sum();
        assert!((60 << 10..66 << 10).contains(&bytes), "{bytes}");
        assert_eq!(said.last().unwrap(), "sh: … the credential plugin says more, which isn't shown");
    }

    #[tokio::test]
    async fn what_a_plugin_started_ends_with_it() {
        let is_gone = |id: &str| {
            let id = rustix::process::Pid::from_raw(id.trim().parse().unwrap()).unwrap();
            rustix::process::test_kill_process(id).is_err()
        };
        // The child would hold standard output open for ever.
        let (printed, _) = say("sleep 1000 & echo $!").await;
        let id = String::from_utf8(printed.unwrap()).unwrap();
        for _ in 0..100 {
            if is_gone(&id) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_gone(&id), "it still runs");
        // Whoever doesn't wait ends both.
        let folder = crate::fixture::Folder::new();
        let note = folder.0.join("id");
        let script = format!("sleep 1000 & echo $! > {0}.tmp; mv {0}.tmp {0}; wait", note.display());
        let relay = Relay::default();
        #[allow(clippy::disallowed_methods)]
        let started = async {
            loop {
                if let Ok(id) = std::fs::read_to_string(&note) {
                    break id;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let id = tokio::select! {
            id = started => id,
            _ = run(shell(&script), false, &relay) => panic!("it ended by itself"),
        };
        for _ in 0..100 {
            if is_gone(&id) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_gone(&id), "it still runs");
    }
}
