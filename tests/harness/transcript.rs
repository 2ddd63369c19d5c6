//! A page of documentation as a session at a shell: its commands are run, and what they print is
//! compared with what the page shows.
//!
//! Takes Markdown, gives the commands of its `console` blocks and, once they have run, the first
//! difference between page and program. Separate from the stories that run pages, so that the rules of
//! comparing can be tested without a shell.
//!
//! A page is one session: what a command changes is there for the next, in the next block too. `…` on a
//! line of its own stands for any lines, `…` within a line for any text. Times, ports of this machine and
//! the random ends of pods' names differ from run to run and count as equal; so do runs of blanks, since
//! tables are as wide as what they hold. `<!-- setup: COMMAND -->` runs a command that the page doesn't
//! show. Blocks that are only to be read, or need what a test can't have, are `sh` or `text` blocks.

use std::fmt::Write as _;

/// What separates the outputs of a session's commands: no program prints it.
const SEPARATOR: char = '\u{1e}';

/// A command of a page and what the page shows of its output.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the page, from 1.
    pub line: usize,
    /// What is typed.
    pub command: String,
    /// The lines that the page shows; `None` for a command that the page doesn't show.
    pub shown: Option<Vec<String>>,
}

/// The commands of a page, in their order.
///
/// # Panics
///
/// When a block shows output before any command.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut block, mut begins) = (None, false);
    for (number, line) in page.lines().enumerate() {
        let text = line.trim_start();
        match block {
            None if text.starts_with("```") => {
                block = Some((line.len() - text.len(), text == "```console"));
                begins = true;
            }
            None => steps.extend(setup(text).map(|command| Step { line: number + 1, command, shown: None })),
            Some(_) if text == "```" => block = None,
            Some((_, false)) => {}
            Some((indent, true)) => {
                let text = line.get(indent..).unwrap_or_default();
                if let Some(command) = text.strip_prefix("$ ") {
                    let command = command.to_owned();
                    steps.push(Step { line: number + 1, command, shown: Some(Vec::new()) });
                    begins = false;
                    continue;
                }
                assert!(!begins, "line {}: a console block begins with a command", number + 1);
                let Some(Step { command, shown: Some(shown), .. }) = steps.last_mut() else { continue };
                if shown.is_empty() && command.ends_with('\\') {
                    let _ = write!(command, "\n{text}");
                } else {
                    shown.push(text.to_owned());
                }
            }
        }
    }
    steps
}

fn setup(line: &str) -> Option<String> {
    Some(line.strip_prefix("<!-- setup: ")?.strip_suffix(" -->")?.to_owned())
}

/// The script that runs the steps one after the other, each output behind a separator.
pub fn script(steps: &[Step]) -> String {
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        let _ = writeln!(script, "printf '\\036'\n{}", step.command);
    }
    script
}

/// The first difference between what the steps show and what the script printed.
///
/// # Errors
/// The command with its line, what the page shows and what it printed.
pub fn compare(steps: &[Step], printed: &str) -> Result<(), String> {
    let outputs: Vec<&str> = printed.split(SEPARATOR).skip(1).collect();
    for (at, step) in steps.iter().enumerate() {
        let Some(shown) = &step.shown else { continue };
        let Some(output) = outputs.get(at) else {
            return Err(format!("line {}: the session ended before `{}`", step.line, step.command));
        };
        let lines: Vec<&str> = output.lines().collect();
        // An empty line of the page may only be there to set the next command apart.
        let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        while lines.last() != Some(&"") && shown.last() == Some(&"") {
            shown.pop();
        }
        if !are_like(&shown, &lines) {
            return Err(format!(
                "line {}: $ {}\n--- the page shows\n{}\n--- it prints\n{output}---",
                step.line,
                step.command,
                shown.join("\n")
            ));
        }
    }
    Ok(())
}

fn are_like(shown: &[&str], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skipped| are_like(rest, &lines[skipped..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, lines)| is_like(first, line) && are_like(rest, lines))
        }
    }
}

fn is_like(shown: &str, line: &str) -> bool {
    let (shown, line) = (stable(shown), stable(line));
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// A line without what differs from run to run.
fn stable(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(stable_word).collect();
    words.join(" ")
}

fn stable_word(word: &str) -> String {
    if is_duration(word) {
        return "TIME".to_owned();
    }
    if let Some((before, after)) = word.split_once("127.0.0.1:") {
        let after = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        return format!("{before}127.0.0.1:PORT{after}");
    }
    match word.rsplitn(3, '-').collect::<Vec<_>>()[..] {
        [pod, hash, name] if pod.len() == 5 && is_random(pod) && hash.len() > 7 && is_random(hash) => {
            format!("{name}-POD")
        }
        _ => word.to_owned(),
    }
}

/// `4s`, `2m30s`: a number and a unit, again and again.
fn is_duration(word: &str) -> bool {
    let mut was_digit = false;
    for letter in word.chars() {
        let is_digit = letter.is_ascii_digit();
        let is_unit = was_digit && "smhd".contains(letter);
        if !is_digit && !is_unit {
            return false;
        }
        was_digit = is_digit;
    }
    !word.is_empty() && !was_digit
}

/// Made of the letters that Kubernetes takes for random ends of names: no vowels, digits from 2 on but 3.
fn is_random(text: &str) -> bool {
    text.chars().all(|letter| "bcdfghjklmnpqrstvwxz2456789".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A page
<!-- setup: export A=1 -->
```console
$ echo one
one

$ echo two \\
    three
two three
```
```sh
rm -rf /
```
  ```console
  $ list
  NAME     AGE
  …
  web-1    4s
  ```
";

    #[test]
    fn a_page_is_a_session() {
        let found = steps(PAGE);
        let commands: Vec<&str> = found.iter().map(|step| step.command.as_str()).collect();
        assert_eq!(commands, ["export A=1", "echo one", "echo two \\\n    three", "list"]);
        assert_eq!(found[0].shown, None);
        assert_eq!(found[3].shown.as_ref().unwrap().len(), 3);
        assert_eq!(found[3].line, 15);
    }

    fn compared(outputs: [&str; 4]) -> Result<(), String> {
        compare(&steps(PAGE), &outputs.map(|output| format!("{SEPARATOR}{output}")).concat())
    }

    #[test]
    fn the_same_output_is_the_same() {
        compared(["", "one\n", "two three\n", "NAME AGE\nweb-1   12m3s\n"]).unwrap();
        compared(["", "one\n", "two three\n", "NAME AGE\nx 1s\ny 1s\nweb-1 0s\n"]).unwrap();
    }

    #[test]
    fn another_output_is_told_with_its_line() {
        let error = compared(["", "one\n", "two\n", ""]).unwrap_err();
        assert!(error.starts_with("line 7: $ echo two"), "{error}");
        assert!(compared(["", "one\nmore\n", "two three\n", "NAME AGE\nweb-1 4s\n"]).is_err());
        assert!(compared(["", "", "two three\n", "NAME AGE\nweb-1 4s\n"]).is_err());
        assert!(compared(["", "one\n", "two three\n", "NAME AGE\nweb-2 4s\n"]).is_err());
        let unfinished = format!("{SEPARATOR}{SEPARATOR}one\n");
        assert!(compare(&steps(PAGE), &unfinished).unwrap_err().contains("ended before"));
    }

    #[test]
    fn what_differs_from_run_to_run_counts_as_equal() {
        for (shown, line) in [
            ("pod/api-78b7f77d8c-mdxpr 1/1", "pod/api-5c6b7d8f9b-x2x4z   1/1"),
            ("at https://127.0.0.1:28047", "at https://127.0.0.1:1"),
            ("a … c", "a b b c"),
            ("…end", "any end"),
        ] {
            assert!(is_like(shown, line), "{shown} | {line}");
        }
        for (shown, line) in [
            ("pod/api-78b7f77d8c-mdxpr 1/1", "pod/web-5c6b7d8f9b-x2x4z 1/1"),
            ("at https://127.0.0.1:28047/a", "at https://127.0.0.1:1/b"),
            ("a … c", "a b d"),
            ("ready in 4s", "ready in four"),
            ("4 pods", "5 pods"),
        ] {
            assert!(!is_like(shown, line), "{shown} | {line}");
        }
    }
}
