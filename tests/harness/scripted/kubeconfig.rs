//! Kubeconfigs for the scripted server.
//!
//! Takes how a client is to get in; writes the file, and for an exec plugin the plugin beside
//! it. Separate from the server, which neither knows nor cares what its clients were told.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ScriptedServer;
use crate::certificate::Authority;
use crate::wire::lock;

/// A kubeconfig that is about to be written; with a token unless something else is said.
#[must_use = "call write() for the file"]
pub struct ScriptedKubeconfig<'a> {
    server: &'a ScriptedServer,
    namespace: Option<String>,
    plugin: bool,
    expiry: Option<String>,
    authority: Option<String>,
    proxy: Option<String>,
}

impl<'a> ScriptedKubeconfig<'a> {
    pub(crate) fn new(server: &'a ScriptedServer) -> Self {
        Self {
            server,
            namespace: None,
            plugin: false,
            expiry: None,
            authority: server.authority().map(str::to_owned),
            proxy: None,
        }
    }

    /// The context's namespace.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// A plugin gives the token that is good when it runs. It reads its standard input to the
    /// end and notes what it got: [`stolen_input`].
    pub fn exec_plugin(mut self) -> Self {
        self.plugin = true;
        self
    }

    /// As [`exec_plugin`](Self::exec_plugin), and the credential says that it ends then
    /// (RFC 3339).
    pub fn exec_plugin_until(mut self, expiry: &str) -> Self {
        self.expiry = Some(expiry.into());
        self.exec_plugin()
    }

    /// The file names another certificate authority than the server's.
    pub fn unknown_authority(mut self) -> Self {
        self.authority = Some(Authority::new().pem().into());
        self
    }

    /// The server is reached through this HTTP proxy.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Writes `kubeconfig` into the folder, and gives its path.
    pub fn write(self, folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let user = match self.plugin {
            true => self.write_plugin(folder),
            false => json!({ "token": lock(&self.server.shared.state).token.text() }),
        };
        let mut cluster = json!({ "server": self.server.url() });
        if let Some(pem) = &self.authority {
            cluster["certificate-authority-data"] = STANDARD.encode(pem).into();
        }
        if let Some(proxy) = &self.proxy {
            cluster["proxy-url"] = proxy.as_str().into();
        }
        let mut context = json!({ "cluster": "scripted", "user": "tester" });
        if let Some(namespace) = &self.namespace {
            context["namespace"] = namespace.as_str().into();
        }
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "scripted",
            "clusters": [{ "name": "scripted", "cluster": cluster }],
            "users": [{ "name": "tester", "user": user }],
            "contexts": [{ "name": "scripted", "context": context }],
        });
        let path = folder.join("kubeconfig");
        // JSON is YAML too.
        fs::write(&path, format!("{config:#}\n")).unwrap();
        path
    }

    fn write_plugin(&self, folder: &Path) -> Value {
        let plugin = folder.join("plugin");
        let script = format!(
            "#!/bin/sh\ncd '{}' || exit\ncat >>plugin.input\necho run >>plugin.runs\ncat credential\n",
            folder.display()
        );
        fs::write(&plugin, script).unwrap();
        executable(&plugin);
        let mut state = lock(&self.server.shared.state);
        state.token.file = Some(folder.join("credential"));
        state.token.expiry.clone_from(&self.expiry);
        state.token.write();
        json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh",
            "args": [plugin], "interactiveMode": "IfAvailable",
        } })
    }
}

/// How often the exec plugin of the kubeconfig in that folder has run.
pub fn plugin_runs(folder: &Path) -> usize {
    let runs = fs::read_to_string(folder.join("plugin.runs"));
    runs.map_or(0, |text| text.lines().count())
}

/// What the exec plugin of the kubeconfig in that folder found on its standard input: nothing,
/// if the client did as it should.
pub fn stolen_input(folder: &Path) -> String {
    fs::read_to_string(folder.join("plugin.input")).unwrap_or_default()
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
