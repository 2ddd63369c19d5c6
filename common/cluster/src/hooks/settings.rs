//! The settings of a built-in: its block `with`, rendered and read.

use std::collections::BTreeMap;
use std::time::Duration;

use codex_common::stack::{Mode, Project};
use codex_common::yaml::{Node, Position};

use super::error::Fault;

/// The settings of one step.
#[derive(Debug)]
pub(super) struct Settings {
    built_in: &'static str,
    /// Texts with where they stand; settings that are null or empty are not in it.
    entries: BTreeMap<&'static str, (String, Position)>,
}

impl Settings {
    /// Reads `with`; in plain mode other keys than the `known` are errors, as everywhere in the file (B24).
    pub(super) fn of(
        built_in: &'static str,
        known: &'static [&'static str],
        with: &BTreeMap<String, Node>,
        project: &Project,
    ) -> Result<Self, Fault> {
        let mut entries = BTreeMap::new();
        for (key, node) in with {
            let Some(name) = known.iter().find(|name| *name == key) else {
                if project.mode == Mode::Plain && !key.starts_with("x-") {
                    let position = node.position;
                    return Err(Fault::UnknownSetting { built_in, key: key.clone(), known, position });
                }
                continue;
            };
            if node.is_null() {
                continue;
            }
            let Some(text) = node.text() else {
                return Err(Fault::Malformed { key: name, expected: "a text", position: node.position });
            };
            let text = project.engine.render_field(&format!("with.{key}"), &text);
            let text = text.map_err(|error| Fault::Template(Box::new(error)))?.trim().to_owned();
            if !text.is_empty() {
                entries.insert(*name, (text, node.position));
            }
        }
        Ok(Self { built_in, entries })
    }

    /// A setting that may be missing.
    pub(super) fn text(&self, key: &'static str) -> Option<&str> {
        self.entries.get(key).map(|(text, _)| text.as_str())
    }

    /// The name of an object or namespace, fit to stand in a path.
    pub(super) fn name(&self, key: &'static str) -> Result<Option<&str>, Fault> {
        let Some((text, position)) = self.entries.get(key) else {
            return Ok(None);
        };
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        if text.chars().all(is_plain) && !text.chars().all(|letter| letter == '.') {
            return Ok(Some(text));
        }
        Err(Fault::Malformed { key, expected: "a name that Kubernetes allows", position: *position })
    }

    /// A setting that must be there.
    pub(super) fn required(&self, key: &'static str) -> Result<&str, Fault> {
        self.text(key).ok_or(Fault::MissingSetting { built_in: self.built_in, key })
    }

    /// A duration, or the default.
    pub(super) fn duration(&self, key: &'static str, default: Duration) -> Result<Duration, Fault> {
        self.entries.get(key).map_or(Ok(default), |(text, position)| duration(key, text, *position))
    }

    /// A duration that must be there.
    pub(super) fn required_duration(&self, key: &'static str) -> Result<Duration, Fault> {
        self.required(key)?;
        self.duration(key, Duration::ZERO)
    }
}

/// Reads a Go duration that isn't negative.
pub(super) fn duration(key: &'static str, text: &str, position: Position) -> Result<Duration, Fault> {
    let parsed = gotemplate::time::parse_duration(text.trim().as_bytes()).ok();
    let nanos = parsed.and_then(|duration| u64::try_from(duration.0).ok());
    nanos.map(Duration::from_nanos).ok_or(Fault::Malformed {
        key,
        expected: "a duration like `90s` or `10m`",
        position,
    })
}
