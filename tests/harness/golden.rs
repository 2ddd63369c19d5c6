//! Golden folders: a case is a command and, byte for byte, what it must print.
//!
//! ```text
//! golden/<case>/cmd       NAME=value … program argument …    (one line, words split at blanks;
//!                         `< FILE` at the end gives a file of the case as standard input)
//! golden/<case>/project/  the project; without it, a copy of examples/shop
//! golden/<case>/stdout    absent: nothing is printed
//! golden/<case>/stderr    absent: nothing is printed
//! golden/<case>/exit      absent: 0
//! ```
//!
//! `make golden` writes the last three anew. The diff is to be read against the
//! specification before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::outcome::{Outcome, first_difference};
use crate::scene::Scene;

/// One folder below `golden/`.
pub struct GoldenCase {
    folder: PathBuf,
}

/// All cases of the folder, by name.
pub fn golden_cases(folder: &Path) -> Vec<GoldenCase> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let case = |folder| GoldenCase { folder };
    folders.into_iter().map(case).collect()
}

impl GoldenCase {
    /// The case's name.
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into()
    }

    /// Runs the case and says what differs from its files.
    pub fn differences(&self) -> Option<String> {
        let outcome = self.run();
        let mut faults = String::new();
        for (name, found) in files(&outcome) {
            let expected = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            if expected != found {
                faults += &format!("{name}{}\n", first_difference(&expected, &found));
            }
        }
        for stray in self.stray_files() {
            faults += &format!("{stray} belongs to no part of a case\n");
        }
        let heading = format!("golden/{}: {faults}", self.name());
        (!faults.is_empty()).then(|| outcome.report(&heading))
    }

    /// Runs the case and makes its files say what came out.
    pub fn update(&self) {
        for (name, found) in files(&self.run()) {
            let path = self.folder.join(name);
            if found.is_empty() {
                let _ = fs::remove_file(path);
            } else {
                fs::write(path, found).unwrap();
            }
        }
    }

    fn run(&self) -> Outcome {
        let project = self.folder.join("project");
        let mut scene = if project.is_dir() { Scene::new().copy(&project) } else { Scene::shop() };
        let command = fs::read_to_string(self.folder.join("cmd")).unwrap();
        let (command, input) = match command.split_once(" < ") {
            Some((command, file)) => (command.to_owned(), Some(file.trim().to_owned())),
            None => (command, None),
        };
        if let Some(file) = input {
            scene = scene.stdin(fs::read(self.folder.join(file)).unwrap());
        }
        let mut words = command.split_whitespace().peekable();
        while let Some((name, value)) = words.peek().and_then(|word| variable(word)) {
            scene = scene.env(name, value);
            words.next();
        }
        let program = words.next().expect("cmd names a program");
        let arguments: Vec<&str> = words.collect();
        scene.run(program, &arguments).unchecked()
    }

    fn stray_files(&self) -> Vec<String> {
        let command = fs::read_to_string(self.folder.join("cmd")).unwrap_or_default();
        fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| !["cmd", "project", "stdout", "stderr", "exit"].contains(&name.as_str()))
            .filter(|name| !command.trim_end().ends_with(&format!("< {name}")))
            .collect()
    }
}

fn files(outcome: &Outcome) -> [(&'static str, String); 3] {
    let exit = match outcome.exit {
        0 => String::new(),
        code => format!("{code}\n"),
    };
    [("stdout", outcome.stdout.clone()), ("stderr", outcome.stderr.clone()), ("exit", exit)]
}

fn variable(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.chars().all(is_name).then_some((name, value))
}
