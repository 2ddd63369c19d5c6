//! A place in an object, and where it is in a manifest.
//!
//! Takes the field paths that the API server writes (two notations, below), gives the keys and indexes that
//! lead there in a given object. It stands alone because conflicts, invalid fields and checked input all
//! point into manifests, and only the caller can turn such a pointer into a line.
//!
//! | written by | for instance |
//! |---|---|
//! | server-side apply | `.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]` |
//! | validation | `spec.template.spec.containers[0].resources.limits[cpu]` |

use std::fmt;

use serde_json::Value;

/// One step down into an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// To the value of this key of a map.
    Key(String),
    /// To this item of a list, from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The steps from an object to a value in it; empty for the object itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The path one step further down.
    #[must_use]
    pub fn with(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }

    /// The path to a chain of keys.
    pub fn of_keys(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::from(*key)).collect())
    }

    /// This path, continued by another that begins where it ends.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// The value that the path leads to.
    pub fn find<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(object, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }
}

impl fmt::Display for Path {
    /// `spec.containers[0].image`; keys that hold more than a word's characters stand in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !is_word(key) => write!(f, "[{key}]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

/// Where a field path leads in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The steps to the deepest place that the manifest has.
    pub path: Path,
    /// Whether that is the field itself, not only something above it.
    pub complete: bool,
}

/// Follows a field path as the API server writes it as far as the manifest goes.
///
/// Neither notation escapes dots in keys (`.metadata.labels.app.kubernetes.io/name`), so the manifest's own
/// keys decide where one ends; of several readings the one that leads furthest is taken.
pub fn locate(field: &str, manifest: &Value) -> Located {
    let mut steps = Vec::new();
    let rest = follow(field, manifest, &mut steps);
    Located { path: Path(steps), complete: rest.is_empty() }
}

/// Pushes the steps of the best reading of `text` and gives what is left of it.
///
/// Recursion is bounded by the manifest's depth, see [`crate::input::MAX_DEPTH`].
fn follow<'t>(text: &'t str, value: &Value, steps: &mut Vec<Step>) -> &'t str {
    let mut best: (&'t str, Vec<Step>) = (text, Vec::new());
    for (step, child, rest) in openings(text, value) {
        let mut below = vec![step];
        let rest = follow(rest, child, &mut below);
        if rest.len() < best.0.len() {
            best = (rest, below);
        }
        if rest.is_empty() {
            break;
        }
    }
    steps.append(&mut best.1);
    best.0
}

/// Every first step that `text` can mean in `value`, the longest key first.
fn openings<'t, 'v>(text: &'t str, value: &'v Value) -> Vec<(Step, &'v Value, &'t str)> {
    if text.is_empty() {
        return Vec::new();
    }
    match value {
        Value::Object(map) => {
            let mut found: Vec<_> = map
                .iter()
                .filter_map(|(key, child)| Some((Step::Key(key.clone()), child, after_key(text, key)?)))
                .collect();
            found.sort_by_key(|(_, _, rest)| rest.len());
            found
        }
        Value::Array(items) => {
            let Some((selector, rest)) = bracketed(text) else {
                return Vec::new();
            };
            let index = match selector.parse::<usize>() {
                Ok(index) => Some(index),
                Err(_) => Selector::parse(selector).and_then(|selector| selector.position(items)),
            };
            let found = index.and_then(|index| Some((Step::Index(index), items.get(index)?, rest)));
            found.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What follows `key` in `text`, where `text` begins with it in either notation.
fn after_key<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    if key.is_empty() {
        return None;
    }
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_prefix(key)?.strip_prefix(']'));
    let dotted = || text.strip_prefix('.').unwrap_or(text).strip_prefix(key);
    let rest = bracketed.or_else(dotted)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// What stands in the brackets at the beginning of `text`, and what follows them. Brackets within quoted
/// texts don't count.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// How server-side apply names a list's item.
enum Selector {
    /// By the values of its key fields: `[name="web"]`.
    Fields(Vec<(String, Value)>),
    /// By its own value: `[="web"]`.
    Item(Value),
}

impl Selector {
    fn parse(text: &str) -> Option<Self> {
        if let Some(value) = text.strip_prefix('=') {
            return Some(Self::Item(serde_json::from_str(value).ok()?));
        }
        let mut fields = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (name, value) = rest.split_once('=')?;
            let mut values = serde_json::Deserializer::from_str(value).into_iter::<Value>();
            fields.push((name.to_owned(), values.next()?.ok()?));
            rest = &value[values.byte_offset()..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        Some(Self::Fields(fields))
    }

    /// The first item that is meant. A manifest may leave out a key field that has a default (`protocol`);
    /// an item that names all of them goes before one that doesn't.
    fn position(&self, items: &[Value]) -> Option<usize> {
        match self {
            Self::Item(value) => items.iter().position(|item| item == value),
            Self::Fields(fields) => {
                let all = |item: &Value| fields.iter().all(|(name, value)| item.get(name) == Some(value));
                let agrees = |item: &Value| {
                    fields.iter().any(|(name, _)| item.get(name).is_some())
                        && fields
                            .iter()
                            .all(|(name, value)| item.get(name).is_none_or(|present| present == value))
                };
                items.iter().position(all).or_else(|| items.iter().position(agrees))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn web() -> Value {
        json!({
            "metadata": {
                "labels": {"app": "web", "app.kubernetes.io/name": "web", "a": {"b": 1}, "a.b": 2},
                "finalizers": ["one", "two"]
            },
            "spec": {"template": {"spec": {"containers": [
                {"name": "side"},
                {"name": "web", "env": [{"name": "A"}, {"name": "x]\"y", "value": "1"}],
                 "ports": [{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}],
                 "resources": {"limits": {"cpu": "1"}}}
            ]}}}
        })
    }

    fn located(field: &str) -> (String, bool) {
        let located = locate(field, &web());
        (located.path.to_string(), located.complete)
    }

    #[test]
    fn paths_of_server_side_apply_lead_to_the_item() {
        let containers = "spec.template.spec.containers";
        for (field, place) in [
            (".spec.template.spec.containers[name=\"web\"].env[name=\"A\"]", "[1].env[0]"),
            (".spec.template.spec.containers[name=\"web\"].env[name=\"x]\\\"y\"].value", "[1].env[1].value"),
            (
                ".spec.template.spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"]",
                "[1].ports[0]",
            ),
            (
                ".spec.template.spec.containers[name=\"web\"].ports[containerPort=81,protocol=\"UDP\"].protocol",
                "[1].ports[1].protocol",
            ),
        ] {
            assert_eq!(located(field), (format!("{containers}{place}"), true), "{field}");
        }
        assert_eq!(located(".metadata.finalizers[=\"two\"]"), ("metadata.finalizers[1]".into(), true));
    }

    #[test]
    fn paths_of_validation_lead_to_the_item() {
        assert_eq!(
            located("spec.template.spec.containers[1].resources.limits[cpu]"),
            ("spec.template.spec.containers[1].resources.limits.cpu".into(), true)
        );
        assert_eq!(
            located("spec.template.spec.containers[7]"),
            ("spec.template.spec.containers".into(), false)
        );
    }

    #[test]
    fn the_manifest_decides_where_a_key_with_dots_ends() {
        for field in [".metadata.labels.app.kubernetes.io/name", "metadata.labels[app.kubernetes.io/name]"] {
            assert_eq!(located(field), ("metadata.labels[app.kubernetes.io/name]".into(), true), "{field}");
        }
        assert_eq!(located(".metadata.labels.a.b"), ("metadata.labels[a.b]".into(), true));
    }

    #[test]
    fn what_the_manifest_lacks_is_found_as_far_as_it_goes() {
        assert_eq!(
            located("spec.template.spec.containers[0].image"),
            ("spec.template.spec.containers[0]".into(), false)
        );
        assert_eq!(located("status"), (String::new(), false));
        assert_eq!(located(""), (String::new(), true));
    }

    #[test]
    fn a_path_finds_what_it_names() {
        let path = locate(".spec.template.spec.containers[name=\"web\"].name", &web()).path;
        assert_eq!(path.find(&web()), Some(&json!("web")));
    }

    proptest! {
        #[test]
        fn any_text_is_followed_to_a_place_that_exists(field in "[a-z.\\[\\]=\",0-9\\\\]{0,40}") {
            let web = web();
            prop_assert!(locate(&field, &web).path.find(&web).is_some());
        }

        #[test]
        fn any_prefix_of_a_true_path_exists(cut in 0usize..70) {
            let field = ".spec.template.spec.containers[name=\"web\"].env[name=\"A\"]";
            let located = locate(&field[..cut.min(field.len())], &web());
            prop_assert!(located.path.find(&web()).is_some());
        }
    }
}
