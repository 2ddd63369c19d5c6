//! The variables that templates see, from four sources, the later winning.
//!
//! Takes the process's environment, env files, a var file and `--vars`/`--var`; gives the three maps of the
//! context. An empty value hides an earlier one. The grammars of the two kinds of files are beside this file.

pub mod env_file;
mod error;
pub mod inline;
pub mod var_file;

use std::collections::BTreeMap;

use crate::secrets::Secrets;

/// How much all variables of a file may take, in bytes: twice what the system passes on to a program.
pub const MAX_SIZE: usize = 4 << 20;

/// What the variables of a file take so far.
#[derive(Debug, Default)]
pub(super) struct Size(usize);

impl Size {
    /// Counts a variable.
    pub(super) fn add(&mut self, name: &str, value: &str) -> Result<(), error::Problem> {
        /// What each takes besides its texts.
        const EACH: usize = 64;
        self.0 = self.0.saturating_add(EACH + name.len() + value.len());
        if self.0 > MAX_SIZE { Err(error::Problem::TooLarge) } else { Ok(()) }
    }
}

/// Names and values.
pub type Map = BTreeMap<String, String>;

/// What templates see of variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// `.EnvMap`: everything.
    pub all: Map,
    /// `.Vars`: the var file and what the command line gives.
    pub given: Map,
    /// `.UserVars`: what the command line gives.
    pub inline: Map,
}

impl Variables {
    /// The variables known before `services.yaml` is read, its env files still missing.
    pub fn new(process: &Map, var_file: Vec<(String, String)>, inline: Vec<(String, String)>) -> Self {
        let inline: Map = inline.into_iter().collect();
        let mut given: Map = var_file.into_iter().collect();
        given.extend(inline.clone());
        let mut all = process.clone();
        all.extend(given.clone());
        Self { all, given, inline }
    }

    /// Puts the entries of env files between the process's variables and the given ones.
    #[must_use]
    pub fn with_env_files(&self, process: &Map, entries: Vec<(String, String)>) -> Self {
        let mut all = process.clone();
        all.extend(entries);
        all.extend(self.given.clone());
        Self { all, ..self.clone() }
    }

    /// Tells which values are secret.
    pub fn teach(&self, secrets: &Secrets) {
        for (name, value) in &self.all {
            secrets.learn(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn later_sources_win_and_an_empty_value_hides() {
        let process: Map = pairs(&[("A", "os"), ("B", "os"), ("C", "os"), ("D", "os")]).into_iter().collect();
        let variables = Variables::new(&process, pairs(&[("C", "file")]), pairs(&[("D", "")]));
        let variables =
            variables.with_env_files(&process, pairs(&[("B", "env"), ("C", "env"), ("D", "env")]));
        let seen: Vec<&str> = variables.all.values().map(String::as_str).collect();
        assert_eq!(seen, ["os", "env", "file", ""]);
        assert_eq!(variables.given.len(), 2);
        assert_eq!(variables.inline.len(), 1);
    }
}
