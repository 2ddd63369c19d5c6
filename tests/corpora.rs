//! The corpora below `corpus/`: what Go's templates and codexctl were seen to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use codex_tests::binary;

/// Cases that the suite may answer differently, each with its reason in `differences.md`.
const MOST_DIFFERENCES: usize = 10;

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a command to its end; its output is what explains a failure.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The case ids of the table in `differences.md`: its rows are `` | `id` | reason | ``.
fn differences() -> Vec<String> {
    let text = fs::read_to_string(package("differences.md")).unwrap();
    let mut ids = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, reason] = cells[..] else {
            panic!("differences.md: not a case and a reason: {line}");
        };
        assert!(reason.len() > 20, "differences.md: no reason for {id}");
        let id = id.trim_matches('`').to_owned();
        let case = package("corpus/render/cases").join(&id);
        assert!(case.is_dir(), "differences.md: there is no case {id}");
        ids.push(id);
    }
    assert!(ids.len() <= MOST_DIFFERENCES, "too many differences: {ids:?}");
    ids
}

fn render_corpus(command: &[String]) -> String {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let mut run_py = Command::new(python);
    run_py.arg(package("corpus/render/run.py"));
    run_py.args(["--strict-errors", "--quiet"]).args(command);
    for id in differences() {
        run_py.args(["--skip", &id]);
    }
    run(&mut run_py)
}

#[test]
fn template_conformance() {
    let conformance = binary("examples/conformance");
    let text = run(Command::new(conformance).arg("--errors").arg(package("corpus/gotemplate/cases.jsonl")));
    assert!(text.contains("3378 passed, 0 failed"), "{text}");
    let (equal, all) = error_texts(&text);
    assert!(equal * 100 >= all * 95, "only {equal} of {all} error texts are Go's own\n{text}");
}

/// Reads `E of F error texts equal` from the conformance program's output.
fn error_texts(output: &str) -> (usize, usize) {
    let line = output
        .lines()
        .find(|line| line.ends_with("error texts equal"))
        .unwrap_or_else(|| panic!("no count of error texts in\n{output}"));
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn render_as_the_plugin() {
    let program = binary("kubectl-codex-render");
    let command = format!("{} --compat codexctl", program.display());
    let text = render_corpus(&["--cmd".into(), command]);
    assert!(text.contains(" 0 fail, 5 skipped"), "{text}");
}

#[test]
fn render_as_codexctl() {
    let program = binary("codexctl").display().to_string();
    let text = render_corpus(&["--full-cmd".into(), program]);
    assert!(text.contains(" 0 fail, 0 skipped"), "{text}");
}
