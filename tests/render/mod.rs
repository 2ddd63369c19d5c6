//! Stories of `kubectl-codex-render`, one file per thing it does.

mod builds;
mod clock;
mod errors;
mod exit_codes;
mod filters;
mod first_render;
mod foreign_text;
mod limits;
mod list;
mod memory;
mod missing_values;
mod names;
mod nearly_right;
mod output;
mod outside;
mod overlays;
mod secrets;
mod slots;
mod variables;

use codex_tests::Scene;

/// A project of one ConfigMap, `web`, whose `greeting` is `value` as typed in the manifest.
fn greeting(value: &str) -> Scene {
    Scene::new()
        .file(
            "services.yaml",
            "project: demo\nversions: {web: \"1.10\"}\nservices:\n  - name: web\n    manifests:\n      - path: web.yaml\n",
        )
        .file(
            "web.yaml",
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  greeting: {value}\n"),
        )
}

/// What [`greeting`] renders to in `dev`, when the value comes out as `value`.
fn greeted(value: &str) -> String {
    format!("{DEV_HEADER}{}", greeted_without_header(value))
}

fn greeted_without_header(value: &str) -> String {
    format!(
        "apiVersion: v1\ndata:\n  greeting: {value}\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: demo-dev\n"
    )
}

const DEV_HEADER: &str = r#"# kubectl-codex: {"project":"demo","env":"dev","slot":0,"namespace":"demo-dev"}
# kubectl-codex: {"item":"service.web"}
"#;
