//! Compares this crate with Go's answers.
//!
//! ```text
//! conformance FILE.jsonl [--errors]
//! ```
//!
//! Each line is a case: a template, data, and what Go made of them. Prints the
//! ids of the cases that differ and, last, `N passed, M failed`. Output counts
//! byte for byte, errors by phase; with `--errors` their text is compared too
//! and counted apart. Exits with 1 when a case failed.

// A program of its own: it reads its own command line and its own file.
#![allow(clippy::disallowed_methods)]

mod data;
mod functions;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use base64::Engine as _;
use gotemplate::{Options, Phase, Template, Value};
use serde::Deserialize as _;
use serde_json::Value as Json;

/// Reading and dropping JSON nested ten thousand levels deep recurses.
const READER_STACK: usize = 512 << 20;

/// Templates must do with little, whatever they nest.
const TEMPLATE_STACK: usize = 256 << 10;

fn main() -> ExitCode {
    let reader = std::thread::Builder::new().stack_size(READER_STACK).spawn(run);
    match reader.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => ExitCode::from(1),
        Ok(Ok(Err(error))) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(2),
    }
}

/// Whether all cases passed.
fn run() -> Result<bool, String> {
    let mut compare_errors = false;
    let mut path = None;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--errors" => compare_errors = true,
            _ => path = Some(arg),
        }
    }
    let path = path.ok_or("usage: conformance FILE.jsonl [--errors]")?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let (mut passed, mut failed, mut errors, mut equal_errors) = (0, 0, 0, 0);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let case = parse(line).map_err(|error| format!("{path}:{}: {error}", number + 1))?;
        let id = case["id"].as_str().unwrap_or("?").to_owned();
        let outcome = render(&case).map_err(|error| format!("{id}: {error}"))?;
        let is_right = match (&outcome, case["error"] == true) {
            (Outcome::Output(output), false) => *output == expected(&case).map_err(|e| e.to_string())?,
            (Outcome::Error { phase, .. }, true) => case["phase"] == *phase,
            _ => false,
        };
        if is_right {
            passed += 1;
        } else {
            failed += 1;
            println!("{id}: {}", outcome.describe());
        }
        if let (Outcome::Error { text, .. }, true) = (&outcome, case["error"] == true) {
            errors += 1;
            if case["error_text"] == text.as_str() {
                equal_errors += 1;
            } else if compare_errors {
                println!("{id}: error text differs: {text}");
            }
        }
    }
    if compare_errors {
        println!("{equal_errors} of {errors} error texts equal");
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

fn parse(line: &str) -> Result<Json, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    deserializer.disable_recursion_limit();
    Json::deserialize(&mut deserializer)
}

fn expected(case: &Json) -> Result<Vec<u8>, Box<dyn Error>> {
    match case["expect_b64"].as_str() {
        Some(encoded) => Ok(base64::engine::general_purpose::STANDARD.decode(encoded)?),
        None => Ok(case["expect"].as_str().unwrap_or_default().as_bytes().to_vec()),
    }
}

enum Outcome {
    Output(Vec<u8>),
    Error { phase: &'static str, text: String },
}

impl Outcome {
    fn describe(&self) -> String {
        let text = match self {
            Outcome::Output(output) => format!("printed {:?}", String::from_utf8_lossy(output)),
            Outcome::Error { phase, text } => format!("{phase} error {text:?}"),
        };
        text.chars().take(400).collect()
    }
}

fn render(case: &Json) -> Result<Outcome, String> {
    let data = &case["data"];
    let dot = match case["mode"].as_str() {
        Some("stack") => data::context(data)?,
        _ => data::any(data),
    };
    let template = case["template"].as_str().unwrap_or_default().to_owned();
    let environment = data::environment(data);
    let thread = std::thread::Builder::new().stack_size(TEMPLATE_STACK);
    let thread = thread.spawn(move || execute(&template, &dot, environment));
    let joined = thread.map_err(|error| error.to_string())?.join();
    joined.map_err(|_| "the template panicked".to_owned())
}

fn execute(template: &str, dot: &Value, environment: Value) -> Outcome {
    let functions = functions::all(Arc::new(environment));
    let result = Template::parse("tmpl", template, &functions)
        .and_then(|template| template.execute(dot, &Options::default()));
    match result {
        Ok(output) => Outcome::Output(output),
        Err(error) => Outcome::Error {
            phase: if error.phase() == Phase::Parse { "parse" } else { "exec" },
            text: error.to_string(),
        },
    }
}
