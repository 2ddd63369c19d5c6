//! Credential plugins: programs that print an ExecCredential (`users[].user.exec` of a kubeconfig).
//!
//! Takes the plugin's settings, gives what it printed. It takes as long as the plugin does, a person's even; who doesn't
//! wait for the end kills it. What it says on standard error is passed on while it runs: it may tell the user what to
//! do.

mod run;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codex_common::yaml::{self, Dialect, Section};
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::process::Command;

use super::authorization;
use crate::document::value_of;

pub use run::Relay;

/// Why a plugin gave no credentials. What it printed on standard output is never in it: tokens stand there.
#[derive(Debug)]
pub(super) struct PluginError {
    /// What went wrong.
    pub(super) reason: String,
    /// Whether there is no such program.
    pub(super) is_missing: bool,
}

impl<T: Into<String>> From<T> for PluginError {
    fn from(reason: T) -> Self {
        Self { reason: reason.into(), is_missing: false }
    }
}

/// The user with the credentials of its plugin instead of the plugin; others as they are. A plugin isn't asked where
/// the user entry has a token, a name or a certificate of its own, as in client-go.
pub(super) async fn resolved(user: &AuthInfo, relay: &Relay) -> Result<AuthInfo, PluginError> {
    let mut user = user.clone();
    let Some(exec) = user.exec.take().filter(|_| !has_credentials(&user)) else {
        return Ok(user);
    };
    let status = status(&exec, relay).await?;
    let text = |key: &str| status[key].as_str().filter(|text| !text.trim().is_empty());
    let (token, certificate, key) = (text("token"), text("clientCertificateData"), text("clientKeyData"));
    if certificate.is_some() != key.is_some() {
        return Err("its ExecCredential has a client certificate or key without the other".into());
    }
    if token.is_none() && certificate.is_none() {
        return Err("its ExecCredential has neither a token nor a client certificate".into());
    }
    if let Some(token) = token {
        authorization::bearer(token).map_err(|problem| format!("its token {problem}"))?;
        user.token = Some(token.to_owned().into());
    }
    user.client_certificate_data = certificate.map(|certificate| STANDARD.encode(certificate));
    user.client_key_data = key.map(|key| STANDARD.encode(key).into());
    Ok(user)
}

/// Whether the plugin will be asked.
pub(super) fn is_asked(user: &AuthInfo) -> bool {
    user.exec.is_some() && !has_credentials(user)
}

/// Whether the user entry itself says who the user is.
fn has_credentials(user: &AuthInfo) -> bool {
    let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let is_secret_given = |text: &Option<secrecy::SecretString>| {
        text.as_ref().is_some_and(|text| !text.expose_secret().is_empty())
    };
    let has_certificate = is_given(&user.client_certificate) || is_given(&user.client_certificate_data);
    let has_key = is_given(&user.client_key) || is_secret_given(&user.client_key_data);
    is_secret_given(&user.token)
        || is_given(&user.token_file)
        || is_given(&user.username)
        || (has_certificate && has_key)
}

/// Runs the plugin; gives its credential's `status`.
async fn status(exec: &ExecConfig, relay: &Relay) -> Result<Value, PluginError> {
    let is_interactive = exec.interactive_mode != Some(ExecInteractiveMode::Never);
    let printed = run::run(command(exec, is_interactive)?, is_interactive, relay).await?;
    let is_none = || PluginError::from("it printed no ExecCredential");
    let text = String::from_utf8(printed).map_err(|_| is_none())?;
    // JSON is YAML, and some print the latter.
    let Ok(Some(node)) = yaml::read(&Section::whole(&text), Dialect::Kubectl) else {
        return Err(is_none());
    };
    let credential = value_of(&node);
    if credential["kind"] != "ExecCredential" {
        return Err(is_none());
    }
    if let Some(wanted) = &exec.api_version
        && credential["apiVersion"] != wanted.as_str()
    {
        return Err("its ExecCredential has another apiVersion than the kubeconfig asks for".into());
    }
    match &credential["status"] {
        status @ Value::Object(_) => Ok(status.clone()),
        _ => Err("its ExecCredential has no status".into()),
    }
}

fn command(exec: &ExecConfig, is_interactive: bool) -> Result<Command, PluginError> {
    let program = exec.command.as_ref().filter(|command| !command.is_empty());
    let mut command = Command::new(program.ok_or("the kubeconfig names no command")?);
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let mut spec = json!({"interactive": is_interactive});
    if let Some(cluster) = exec.cluster.as_ref().filter(|_| exec.provide_cluster_info) {
        spec["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
    }
    let information = json!({"apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec});
    command.env("KUBERNETES_EXEC_INFO", information.to_string());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user whose plugin prints this.
    fn user(printed: &str) -> AuthInfo {
        let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh",
            "args": ["-c", "printf '%s' \"$TEXT\" | sed \"s|INFO|$KUBERNETES_EXEC_INFO|\""],
            "env": [{"name": "TEXT", "value": printed}],
            "interactiveMode": "Never"});
        serde_json::from_value(json!({"exec": exec})).unwrap()
    }

    const V1: &str = "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\n";

    #[tokio::test]
    async fn tokens_and_certificates_take_the_plugins_place() {
        let printed = format!("{V1}status: {{token: t, clientCertificateData: c, clientKeyData: k}}\n");
        let user = serde_json::to_value(resolved(&user(&printed), &Relay::default()).await.unwrap()).unwrap();
        assert_eq!(user, json!({"token": "t", "client-certificate-data": "Yw==", "client-key-data": "aw=="}));
    }

    #[tokio::test]
    async fn the_plugin_is_told_what_is_asked_of_it() {
        let printed = format!("{V1}status: {{token: 'INFO'}}\n");
        let user = serde_json::to_value(resolved(&user(&printed), &Relay::default()).await.unwrap()).unwrap();
        let told: Value = serde_json::from_str(user["token"].as_str().unwrap()).unwrap();
        let expected = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                              "spec": {"interactive": false}});
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn anything_else_is_no_credential_and_is_not_shown() {
        let reason =
            async |printed: &str| resolved(&user(printed), &Relay::default()).await.unwrap_err().reason;
        for printed in ["", "s3cr3t", "{", "kind: Secret", "- a", "\u{7f}"] {
            assert_eq!(reason(printed).await, "it printed no ExecCredential", "{printed:?}");
        }
        assert_eq!(reason(V1).await, "its ExecCredential has no status");
        let old = V1.replace("/v1", "/v1beta1") + "status: {token: s3cr3t}\n";
        assert_eq!(
            reason(&old).await,
            "its ExecCredential has another apiVersion than the kubeconfig asks for"
        );
    }
}
