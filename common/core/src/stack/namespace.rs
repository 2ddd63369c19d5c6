//! Which namespace an environment has (inventory F16, T9).

use crate::template::{Context, Engine, TemplateError};

use super::variables::Map;

/// A pattern in which nothing but project, environment and slot stands for something else.
///
/// Such a pattern gives the namespace of any slot without loading the project for it: of five hundred slots, in
/// no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimplePattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Project,
    Env,
    Slot,
}

impl SimplePattern {
    /// The raw pattern, if it is that simple; without a pattern the default of the environment's name.
    pub(super) fn of(raw: Option<&str>, env: &str) -> Option<Self> {
        let raw = raw.filter(|raw| !raw.trim().is_empty());
        let default = match env {
            "ai" => "{{ .Project }}-dev-{{ .Slot }}",
            "ai-repair" => "{{ .Project }}-ai-repair-{{ .Slot }}",
            _ => return Self::read(raw?),
        };
        Self::read(raw.unwrap_or(default))
    }

    fn read(raw: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = raw;
        while let Some((text, action)) = rest.split_once("{{") {
            let (action, after) = action.split_once("}}")?;
            parts.push(Part::Text(text.to_owned()));
            parts.push(match action.trim() {
                ".Project" => Part::Project,
                ".Env" => Part::Env,
                ".Slot" => Part::Slot,
                _ => return None,
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Some(Self(parts))
    }

    /// The namespace of a slot.
    pub(super) fn namespace(&self, project: &str, env: &str, slot: i64) -> String {
        let slot = slot.to_string();
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Project => project.to_owned(),
            Part::Env => env.to_owned(),
            Part::Slot => slot.clone(),
        };
        self.0.iter().map(part).collect::<String>().trim().to_owned()
    }
}

/// The namespace: the given one, else the pattern's, else the default of the environment's name.
///
/// `context` is the one that the pattern is rendered with; its own namespace is empty. Empty when nothing
/// gives one: in `ai` and `ai-repair` without a slot, or without a project's name.
///
/// # Errors
/// The pattern can't be rendered.
pub(super) fn resolve(
    given: Option<&str>,
    patterns: &Map,
    context: &Context,
    engine: &Engine,
) -> Result<String, TemplateError> {
    if let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) {
        return Ok(given.to_owned());
    }
    let from_pattern = pattern(patterns, context, engine)?;
    Ok(from_pattern.unwrap_or_else(|| default(context)))
}

/// What the pattern of the environment gives, if there is one and it gives something.
///
/// # Errors
/// The pattern can't be rendered.
pub(super) fn pattern(
    patterns: &Map,
    context: &Context,
    engine: &Engine,
) -> Result<Option<String>, TemplateError> {
    let Some(pattern) = patterns.get(&context.env) else {
        return Ok(None);
    };
    let text = engine.render_field(&format!("namespace.patterns.{}", context.env), pattern)?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn default(context: &Context) -> String {
    let (project, slot) = (&context.project, context.slot);
    if project.is_empty() {
        return String::new();
    }
    match context.env.as_str() {
        "ai" if slot > 0 => format!("{project}-dev-{slot}"),
        "ai-repair" if slot > 0 => format!("{project}-ai-repair-{slot}"),
        "ai" | "ai-repair" | "" => String::new(),
        env => format!("{project}-{env}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(raw: Option<&str>, env: &str) -> Option<String> {
        SimplePattern::of(raw, env).map(|pattern| pattern.namespace("shop", env, 7))
    }

    #[test]
    fn simple_patterns_are_filled_in() {
        assert_eq!(namespace(Some("{{ .Project }}-x-{{.Slot}} "), "ai").as_deref(), Some("shop-x-7"));
        assert_eq!(namespace(Some("fixed"), "ai").as_deref(), Some("fixed"));
        assert_eq!(namespace(Some("{{ .Env }}{{ .Slot }}"), "preview").as_deref(), Some("preview7"));
        assert_eq!(namespace(None, "ai").as_deref(), Some("shop-dev-7"));
        assert_eq!(namespace(Some(" "), "ai").as_deref(), Some("shop-dev-7"));
        assert_eq!(namespace(None, "ai-repair").as_deref(), Some("shop-ai-repair-7"));
    }

    #[test]
    fn all_else_is_left_to_the_engine() {
        for raw in ["{{- .Slot }}", "{{ printf `%d` .Slot }}", "{{ .BaseDomain.ai }}", "{{ .Slot", "{{}}"] {
            assert_eq!(namespace(Some(raw), "ai"), None, "{raw}");
        }
        assert_eq!(namespace(None, "dev"), None);
    }
}
