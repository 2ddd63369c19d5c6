//! The comment's text: a template of the suite, filled in with what services.yaml says.

use codex_cluster::labels::label_value;
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::stack::model::Link;
use handlebars::{Handlebars, no_escape};
use serde_json::{Value, json};

use super::Language;

/// The environment whose slots codexctl gives hosts of their own below the base domain (inventory S14).
const ENV_WITH_SLOT_HOSTS: &str = "ai";

/// The comment.
///
/// # Errors
/// services.yaml gives the environment no base domain.
pub(super) fn of(project: &Project, language: Language) -> Result<String, Diagnostic> {
    let template = match language {
        Language::En => include_str!("../../../../templates/comments/environment.en.hbs"),
        Language::Ru => include_str!("../../../../templates/comments/environment.ru.hbs"),
    };
    let context = &project.context;
    let seen = json!({
        "marker": marker(&context.project, &context.env, context.slot),
        "project": context.project,
        "slot": context.slot,
        "host": host(project)?,
        "links": project.stack.codex.links.iter().filter_map(link).collect::<Vec<_>>(),
    });
    let mut engine = Handlebars::new();
    // The text is Markdown: nothing in it is to be escaped as HTML.
    engine.register_escape_fn(no_escape);
    engine
        .render_template(template, &seen)
        .map_err(|error| Diagnostic::machine("cannot render the comment").note(error.to_string()))
}

/// The hidden line by which the comment is found again (B29): one per project, environment and slot.
pub(super) fn marker(project: &str, env: &str, slot: i64) -> String {
    // Names as labels hold them have no character that could end the line or the HTML comment.
    format!("<!-- kubectl-codex environment: {}/{}/{slot} -->", label_value(project), label_value(env))
}

/// The environment's host name.
fn host(project: &Project) -> Result<String, Diagnostic> {
    let (env, slot) = (&project.context.env, project.context.slot);
    let domain = project.stack.base_domain.get(env).map(|domain| domain.trim()).unwrap_or_default();
    if domain.is_empty() {
        return Err(Diagnostic::input(format!("environment `{env}` has no base domain"))
            .hint(Some(format!("`baseDomain.{env}` of services.yaml gives it one"))));
    }
    Ok(if env == ENV_WITH_SLOT_HOSTS { format!("dev-{slot}.{domain}") } else { domain.to_owned() })
}

/// A link as the template sees it; one without title or path is none (inventory F9).
fn link(link: &Link) -> Option<Value> {
    let (title, path) = (link.title.trim(), link.path.trim());
    let slash = if path.starts_with('/') { "" } else { "/" };
    (!title.is_empty() && !path.is_empty()).then(|| json!({"title": title, "path": format!("{slash}{path}")}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_one_hidden_line_whatever_the_names() {
        assert_eq!(marker("shop", "ai", 3), "<!-- kubectl-codex environment: shop/ai/3 -->");
        let strange = marker("a --> b\n", "ai/1", 3);
        assert_eq!(strange.matches("-->").count(), 1, "{strange}");
        assert!(strange.ends_with("-->") && !strange.contains('\n'), "{strange}");
        assert_ne!(marker("a/b", "c", 1), marker("a", "b/c", 1));
    }

    #[test]
    fn links_need_a_title_and_a_path() {
        let of = |title: &str, path: &str| link(&Link { title: title.into(), path: path.into() });
        assert_eq!(of("API", "api/products"), Some(json!({"title": "API", "path": "/api/products"})));
        assert_eq!(of("API", "/"), Some(json!({"title": "API", "path": "/"})));
        assert_eq!((of("", "/"), of("API", " ")), (None, None));
    }
}
