//! Which namespace an environment has (inventory F16, T9).

use crate::template::{Context, Engine, TemplateError};

use super::variables::Map;

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
