//! Credential plugins: programs that print an ExecCredential (`users[].user.exec` of a kubeconfig).
//!
//! Takes the plugin's settings, gives what it printed. Run here because the library would start it three times for
//! one client, and each start of some takes seconds. It takes as long as the plugin does, a person's even; who doesn't
//! wait for the end kills it.

use std::io::ErrorKind;
use std::process::{Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codex_common::diagnostic::system_reason;
use codex_common::yaml::{self, Dialect, Section};
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::document::value_of;
use crate::transport::ended;

/// Why a plugin gave no credentials. What it printed on standard output is never in it: tokens stand there.
#[derive(Debug)]
pub(super) struct PluginError {
    /// What went wrong.
    pub(super) reason: String,
    /// Whether there is no such program.
    pub(super) is_missing: bool,
}

impl From<&str> for PluginError {
    fn from(reason: &str) -> Self {
        Self { reason: reason.to_owned(), is_missing: false }
    }
}

/// The user with the credentials of its plugin instead of the plugin; others as they are.
pub(super) async fn resolved(user: &AuthInfo) -> Result<AuthInfo, PluginError> {
    let mut user = user.clone();
    let Some(exec) = user.exec.take() else {
        return Ok(user);
    };
    let status = status(&exec).await?;
    let text = |key: &str| status[key].as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("token") {
        user.token = Some(token.to_owned().into());
    }
    if let (Some(certificate), Some(key)) = (text("clientCertificateData"), text("clientKeyData")) {
        user.client_certificate_data = Some(STANDARD.encode(certificate));
        user.client_key_data = Some(STANDARD.encode(key).into());
    }
    Ok(user)
}

/// Runs the plugin; gives its credential's `status`.
async fn status(exec: &ExecConfig) -> Result<Value, PluginError> {
    let output = output(exec).await?;
    if !output.status.success() {
        return Err(ended(&output).as_str().into());
    }
    let is_none = PluginError::from("it printed no ExecCredential");
    let text = String::from_utf8(output.stdout).unwrap_or_default();
    // JSON is YAML, and some print the latter.
    let Ok(Some(node)) = yaml::read(&Section::whole(&text), Dialect::Kubectl) else {
        return Err(is_none);
    };
    let mut credential = value_of(&node);
    if credential["kind"] != "ExecCredential" {
        return Err(is_none);
    }
    if let Some(wanted) = &exec.api_version
        && credential["apiVersion"] != wanted.as_str()
    {
        return Err("its ExecCredential has another apiVersion than the kubeconfig asks for".into());
    }
    match credential["status"].take() {
        status @ Value::Object(_) => Ok(status),
        _ => Err("its ExecCredential has no status".into()),
    }
}

async fn output(exec: &ExecConfig) -> Result<Output, PluginError> {
    let mut command = Command::new(exec.command.as_ref().ok_or("the kubeconfig names no command")?);
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let is_interactive = exec.interactive_mode != Some(ExecInteractiveMode::Never);
    let mut spec = json!({"interactive": is_interactive});
    if let Some(cluster) = exec.cluster.as_ref().filter(|_| exec.provide_cluster_info) {
        spec["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
    }
    let information = json!({"apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec});
    command.env("KUBERNETES_EXEC_INFO", information.to_string());
    if is_interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null());
    }
    command.kill_on_drop(true).output().await.map_err(|error| PluginError {
        reason: format!("it can't be started: {}", system_reason(&error)),
        is_missing: error.kind() == ErrorKind::NotFound,
    })
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
        let user = serde_json::to_value(resolved(&user(&printed)).await.unwrap()).unwrap();
        assert_eq!(user, json!({"token": "t", "client-certificate-data": "Yw==", "client-key-data": "aw=="}));
    }

    #[tokio::test]
    async fn the_plugin_is_told_what_is_asked_of_it() {
        let printed = format!("{V1}status: {{token: 'INFO'}}\n");
        let user = serde_json::to_value(resolved(&user(&printed)).await.unwrap()).unwrap();
        let told: Value = serde_json::from_str(user["token"].as_str().unwrap()).unwrap();
        let expected = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                              "spec": {"interactive": false}});
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn anything_else_is_no_credential_and_is_not_shown() {
        let reason = async |printed: &str| resolved(&user(printed)).await.unwrap_err().reason;
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
