//! What connect promises, tried.

#![allow(clippy::disallowed_methods)]

use super::*;
use crate::fixture::Folder;

mod anything;

/// A machine of the test's own: files, variables, a service account or none.
struct Machine {
    folder: Folder,
    variables: BTreeMap<String, String>,
    service_account: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let folder = Folder::new();
        let home = folder.0.to_string_lossy().into_owned();
        let service_account = folder.0.join("nobody");
        Self { variables: [("HOME".to_owned(), home)].into(), folder, service_account }
    }

    fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.folder.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn in_a_pod(mut self) -> Self {
        self.service_account = self.folder.0.join("account");
        self.with_file("account/token", "pod-token")
            .with_file("account/ca.crt", CERTIFICATE)
            .with_file("account/namespace", "of-the-pod\n")
            .with_variable("KUBERNETES_SERVICE_HOST", "10.0.0.1")
            .with_variable("KUBERNETES_SERVICE_PORT", "443")
    }

    fn request(&self) -> ConnectRequest<'_> {
        ConnectRequest {
            service_account: &self.service_account,
            ..ConnectRequest::new(&self.variables, &self.folder.0)
        }
    }
}

/// Any certificate: it is only read here, nothing is connected to.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUfb8Ra5e6aj1QNwEp0QRMRd7G/ikwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdC1vbmx5MCAXDTI2MTEyMjEzMTEzMFoYDzIxMjYxMDI5
MTMxMTMwWjAUMRIwEAYDVQQDDAl0ZXN0LW9ubHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATki/9gQnl2XFuGLor4ZbVIJsaD59/ti97x+1XYNw3EVoYkXsD+XVvu
ViXb8yk2KTSRGZUUrKFa2H7huSEJSAg8o1MwUTAdBgNVHQ4EFgQUvM5TUD01Xwhc
qaN8Es6Mf9kyMKEwHwYDVR0jBBgwFoAUvM5TUD01XwhcqaN8Es6Mf9kyMKEwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA0pd4O28jSddzpKTruqKsj
bpaR6cw1yvLzACO6xw/1RAIhAM4cYG9pX7LF3+oZ7286iXw2eR9ZQ5CbRknK6bNL
3fjE
-----END CERTIFICATE-----
";

/// A kubeconfig of contexts, each with a server `https://CONTEXT.example`.
fn kubeconfig(contexts: &[&str]) -> String {
    let mut text = format!("apiVersion: v1\nkind: Config\ncurrent-context: {}\n", contexts[0]);
    for (key, body) in [
        ("clusters", "cluster: {server: 'https://NAME.example'}"),
        ("users", "user: {token: s3cr3t-NAME}"),
        ("contexts", "context: {cluster: NAME, user: NAME, namespace: of-NAME}"),
    ] {
        text += &format!("{key}:\n");
        for name in contexts {
            text += &format!("- name: {name}\n  {}\n", body.replace("NAME", name));
        }
    }
    text
}

async fn server(request: &ConnectRequest<'_>) -> String {
    connect(request).await.unwrap().server
}

fn staging(kubeconfig: &'static str, context: &'static str) -> Option<EnvironmentCluster<'static>> {
    Some(EnvironmentCluster { name: "staging", kubeconfig, context })
}

#[tokio::test]
async fn places_are_looked_at_in_order() {
    let machine = Machine::new()
        .with_file("flag", &kubeconfig(&["flag"]))
        .with_file("codexctl", &kubeconfig(&["codexctl"]))
        .with_file("staging", &kubeconfig(&["staging"]))
        .with_file("variable", &kubeconfig(&["variable", "other"]))
        .with_file(".kube/config", &kubeconfig(&["home"]));
    assert_eq!(server(&machine.request()).await, "https://home.example");
    let machine = machine.with_variable("KUBECONFIG", "nowhere:variable:flag");
    assert_eq!(server(&machine.request()).await, "https://variable.example");
    let request = ConnectRequest { context: Some("flag"), ..machine.request() };
    assert_eq!(server(&request).await, "https://flag.example");
    let environment = staging("~/staging", "");
    let request = ConnectRequest { environment, ..machine.request() };
    assert_eq!(server(&request).await, "https://staging.example");
    let environment = staging("", "other");
    assert_eq!(server(&ConnectRequest { environment, ..machine.request() }).await, "https://other.example");
    // A list, as `envOr "KUBECONFIG"` in services.yaml gives one.
    let environment = staging("nowhere:variable", "other");
    assert_eq!(server(&ConnectRequest { environment, ..machine.request() }).await, "https://other.example");
    let machine = machine.with_variable("CODEXCTL_KUBECONFIG", "codexctl");
    let request = ConnectRequest { environment: staging("~/staging", ""), ..machine.request() };
    assert_eq!(server(&request).await, "https://codexctl.example");
    let request = ConnectRequest { kubeconfig: Some("flag"), ..request };
    let cluster = connect(&request).await.unwrap();
    assert_eq!((cluster.context.as_str(), cluster.namespace.as_deref()), ("flag", Some("of-flag")));
}

#[tokio::test]
async fn a_kubeconfig_that_someone_names_must_be_there() {
    let machine = Machine::new().with_file(".kube/config", &kubeconfig(&["home"])).in_a_pod();
    let request = ConnectRequest { kubeconfig: Some("gone"), ..machine.request() };
    let error = connect(&request).await.unwrap_err().to_string();
    assert!(error.ends_with("/gone (`--kubeconfig`)"), "{error}");
    let machine = machine.with_variable("CODEXCTL_KUBECONFIG", "~/gone");
    let error = connect(&machine.request()).await.unwrap_err().to_string();
    assert!(error.ends_with("/gone (CODEXCTL_KUBECONFIG)"), "{error}");
    // The variable is the flag's twin, and may come as the flag.
    let request = ConnectRequest { kubeconfig: Some("~/gone"), ..machine.request() };
    let error = connect(&request).await.unwrap_err().to_string();
    assert!(error.ends_with("/gone (CODEXCTL_KUBECONFIG)"), "{error}");
}

#[tokio::test]
async fn an_environments_missing_kubeconfig_leads_to_the_service_account() {
    let pod = Machine::new().in_a_pod();
    let request = ConnectRequest { environment: staging("/gone", "their-context"), ..pod.request() };
    let cluster = connect(&request).await.unwrap();
    assert_eq!(cluster.server, "https://10.0.0.1:443");
    assert_eq!(cluster.namespace.as_deref(), Some("of-the-pod"));
    assert_eq!(
        cluster.notes,
        ["/gone (environments.staging) does not exist: using the pod's service account"]
    );
    let machine = Machine::new().with_file(".kube/config", &kubeconfig(&["home"]));
    let request = ConnectRequest { environment: staging("/gone", ""), ..machine.request() };
    let error = connect(&request).await.unwrap_err().to_string();
    assert_eq!(error, "there is no kubeconfig at /gone (environments.staging)");
}

#[tokio::test]
async fn a_kubeconfig_of_nothing_is_none() {
    let machine = Machine::new()
        .with_file(".kube/config", &kubeconfig(&["home"]))
        .with_variable("KUBECONFIG", "/dev/null");
    let error = connect(&machine.request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no cluster is configured: /dev/null (KUBECONFIG) names no cluster, this is no pod with a service account"
    );
    assert!(error.hint().is_some());
    let request = ConnectRequest { server: Some("http://127.0.0.1:8080"), ..machine.request() };
    assert_eq!(server(&request).await, "http://127.0.0.1:8080");
    let machine = machine.in_a_pod();
    assert_eq!(connect(&machine.request()).await.unwrap().context, "in-cluster");
}

#[tokio::test]
async fn unknown_contexts_are_compared_with_the_known() {
    let machine = Machine::new().with_file(".kube/config", &kubeconfig(&["production", "staging"]));
    let request = ConnectRequest { context: Some("stagnig"), ..machine.request() };
    let error = connect(&request).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no context `stagnig` (`--context`)");
    assert_eq!(error.hint().as_deref(), Some("did you mean `staging`?"));
    let request = ConnectRequest { environment: staging("", "x"), ..machine.request() };
    let error = connect(&request).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no context `x` (environments.staging)");
    assert_eq!(error.hint().as_deref(), Some("there is `production`, `staging`"));
    let machine = machine.with_variable("CODEXCTL_KUBE_CONTEXT", "staging");
    let request = ConnectRequest { environment: staging("", "x"), ..machine.request() };
    assert_eq!(server(&request).await, "https://staging.example");
}

#[tokio::test]
async fn flags_change_the_context() {
    let text =
        kubeconfig(&["a"]).replace("server:", "tls-server-name: x, certificate-authority: gone.crt, server:");
    let machine = Machine::new().with_file(".kube/config", &text).with_file("ca", CERTIFICATE);
    let error = connect(&machine.request()).await.unwrap_err().to_string();
    assert!(error.contains("gone.crt: no such file"), "{error}");
    let request = ConnectRequest { insecure_skip_tls_verify: true, ..machine.request() };
    let cluster = connect(&request).await.unwrap();
    assert_eq!(cluster.selection.cluster.tls_server_name.as_deref(), Some("x"));
    let groups = ["g".to_owned()];
    let request = ConnectRequest {
        server: Some("b.example:6443"),
        impersonate: Some("jane"),
        impersonate_groups: &groups,
        ..request
    };
    let cluster = connect(&request).await.unwrap();
    assert_eq!(cluster.server, "https://b.example:6443");
    assert_eq!(cluster.selection.cluster.tls_server_name, None);
    let written = serde_json::to_value(cluster.selection.kubeconfig()).unwrap();
    assert_eq!(written["users"][0]["user"]["as"], "jane");
    assert_eq!(written["users"][0]["user"]["as-groups"][0], "g");
    assert_eq!(written["current-context"], "a");
    let request = ConnectRequest { impersonate_groups: &groups, ..machine.request() };
    let error = connect(&request).await.unwrap_err().to_string();
    assert_eq!(error, "`--as-group g`: a group needs a user: `--as NAME`");
    let request =
        ConnectRequest { server: Some("ftp://x"), insecure_skip_tls_verify: true, ..machine.request() };
    let error = connect(&request).await.unwrap_err().to_string();
    assert_eq!(error, "context `a`: `ftp://x` is no address of a server");
}

#[tokio::test]
async fn a_plugin_that_fails_is_quoted_by_its_last_line() {
    let with_plugin = |plugin: &str| {
        let exec = format!("user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, {plugin}}}}}");
        Machine::new()
            .with_file(".kube/config", &kubeconfig(&["a"]).replace("user: {token: s3cr3t-a}", &exec))
    };
    let machine = with_plugin("command: no-such-login, installHint: \"get it\\n  at example.org\"");
    let error = connect(&machine.request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the credential plugin `no-such-login` of context `a` failed: it can't be started: no such file or directory"
    );
    assert_eq!(error.hint().as_deref(), Some("get it at example.org"));
    // It would wait for ever if it got our standard input.
    let machine =
        with_plugin("command: sh, args: [-c, 'cat; echo s3cr3t; echo first >&2; echo last >&2; exit 3']");
    let error = connect(&machine.request()).await.unwrap_err();
    assert_eq!(error.to_string(), "the credential plugin `sh` of context `a` failed: it ended with 3: last");
    let machine = with_plugin("command: echo, args: [s3cr3t]");
    let error = connect(&machine.request()).await.unwrap_err().to_string();
    assert_eq!(error, "the credential plugin `echo` of context `a` failed: it printed no ExecCredential");
    let credential =
        r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}"#;
    let machine = with_plugin("command: ./login")
        .with_file(".kube/login", &format!("#!/bin/sh\necho '{credential}'\n"));
    let login = machine.folder.0.join(".kube/login");
    std::fs::set_permissions(&login, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    connect(&machine.request()).await.unwrap();
}

#[tokio::test]
async fn who_does_not_answer_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let text = kubeconfig(&["a"]).replace("https://a.example", &format!("https://{address}"));
    let machine = Machine::new().with_file(".kube/config", &text);
    let cluster = connect(&machine.request()).await.unwrap();
    let no_answer = cluster.api.get("/version").await.unwrap_err();
    let error = cluster.unreachable(no_answer);
    assert_eq!(
        error.to_string(),
        format!("cannot reach the cluster at https://{address} (context `a`): connection refused")
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("running")));
    let proxy = format!("proxy-url: 'http://user:s3cr3t@{address}', server: 'https://192.0.2.1");
    let text = text.replace(&format!("server: 'https://{address}"), &proxy);
    let machine = Machine::new().with_file(".kube/config", &text);
    let cluster = connect(&machine.request()).await.unwrap();
    let no_answer = cluster.api.get("/version").await.unwrap_err();
    let error = cluster.unreachable(no_answer).to_string();
    assert!(error.contains(&format!("through the proxy http://{address}: ")), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn credentials_for_hooks_are_private_and_go() {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new().with_file(".kube/config", &kubeconfig(&["a", "b"]));
    let runtime = machine.folder.0.join("run");
    std::fs::create_dir(&runtime).unwrap();
    let place = runtime.to_string_lossy().into_owned();
    let machine = machine.with_variable("XDG_RUNTIME_DIR", &place);
    // One of a process that was killed, and one of another program.
    std::fs::create_dir(runtime.join("kubectl-codex-2147483647-0")).unwrap();
    std::fs::create_dir(runtime.join("kubectl-codex-other")).unwrap();
    let request = ConnectRequest { context: Some("b"), ..machine.request() };
    let cluster = connect(&request).await.unwrap();
    let first = Credentials::write(&cluster, &machine.variables).unwrap();
    let second = Credentials::write(&cluster, &machine.variables).unwrap();
    assert_ne!(first.path(), second.path());
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(first.path()), mode(first.path().parent().unwrap())), (0o600, 0o700));
    let again = Machine::new();
    let path = first.path().to_string_lossy().into_owned();
    let request = ConnectRequest { kubeconfig: Some(&path), ..again.request() };
    let read = connect(&request).await.unwrap();
    assert_eq!((read.context.as_str(), read.server.as_str()), ("b", "https://b.example"));
    assert!(!format!("{cluster:?}").contains("s3cr3t"));
    drop((first, second));
    let left: Vec<_> = std::fs::read_dir(&runtime).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["kubectl-codex-other"]);
    // Where a panic ends the process nothing is dropped: its hook has to do it.
    let held = Credentials::write(&cluster, &machine.variables).unwrap();
    assert!(std::panic::catch_unwind(|| panic!("on purpose")).is_err());
    assert!(held.path().metadata().is_err());
}
