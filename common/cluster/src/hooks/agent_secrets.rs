//! `codex.ensure-codex-secrets` (H5): the Secrets that the agent's pod reads its tokens from.
//!
//! Their content goes from the variables into the request's body, nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codex_common::stack::Project;
use serde_json::{Value, json};

use super::error::Fault;
use super::{HookContext, request};

/// A Secret of one key, and the variables that may hold its value, the first that isn't empty counting.
struct AgentSecret {
    name: &'static str,
    key: &'static str,
    variables: &'static [&'static str],
}

/// What the agent needs. Of the token for GitHub both generations of names are taken.
const SECRETS: [AgentSecret; 3] = [
    AgentSecret { name: "openai-secret", key: "OPENAI_API_KEY", variables: &["OPENAI_API_KEY"] },
    AgentSecret {
        name: "github-secret",
        key: "CODEX_GH_PAT",
        variables: &["CODEX_GH_PAT", "CODEXCTL_GH_PAT"],
    },
    AgentSecret { name: "context7-secret", key: "CONTEXT7_API_KEY", variables: &["CONTEXT7_API_KEY"] },
];

/// Applies the Secrets whose variables have a value; the others are left as they are.
pub(super) async fn run(context: &HookContext<'_>) -> Result<(), Fault> {
    let namespace = context.namespace()?;
    let mut done = Vec::new();
    for secret in &SECRETS {
        let Some(value) = value(secret, context.project) else {
            continue;
        };
        let object = object(secret, &value);
        request::apply_secret(&context.cluster.api, namespace, secret.name, &object).await?;
        done.push(secret.name);
    }
    if !done.contains(&"github-secret") {
        context.listener.warn("CODEX_GH_PAT is not set: the agent will not be able to use GitHub");
    }
    if !done.is_empty() {
        context.listener.info(&format!("applied {} in namespace {namespace}", done.join(", ")));
    }
    Ok(())
}

fn value(secret: &AgentSecret, project: &Project) -> Option<String> {
    let dot = project.context.dot();
    let variables = dot.get("EnvMap")?;
    let values = secret.variables.iter().filter_map(|name| variables.get(name)?.as_str().map(str::to_owned));
    values.into_iter().find(|value| !value.is_empty())
}

fn object(secret: &AgentSecret, value: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.name},
        "type": "Opaque",
        "data": {(secret.key): STANDARD.encode(value)},
    })
}
