//! Kubeconfigs with anything in any field: whatever stands there, it is read or refused, and never a panic.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// The fields of a cluster, a user, a plugin and the file itself.
const CLUSTER: &[&str] = &[
    "server",
    "certificate-authority",
    "certificate-authority-data",
    "insecure-skip-tls-verify",
    "tls-server-name",
    "proxy-url",
    "disable-compression",
    "extensions",
];
const USER: &[&str] = &[
    "token",
    "tokenFile",
    "username",
    "password",
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    "auth-provider",
    "exec",
];
const PLUGIN: &[&str] =
    &["apiVersion", "command", "args", "env", "interactiveMode", "installHint", "provideClusterInfo"];

/// Texts that something may stumble over.
fn text() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "",
        " ",
        "\n",
        "a\nb",
        "a\r",
        "\u{0}",
        "\u{7}",
        "é",
        "Система",
        "a:b",
        "@",
        "%",
        "%zz",
        "QUJD",
        "QU JD\nRA==",
        "=",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        "http://",
        "://",
        "http://127.0.0.1:1",
        "https://127.0.0.1:1/a/../b?c#d",
        "https://u:p@127.0.0.1:1",
        "http://127.0.0.1:99999",
        "https://[::1",
        "https://[::1]:1",
        "socks5://127.0.0.1:1",
        "https://127.0.0.1:",
        "127.0.0.1:1",
        "/dev/null",
        "/",
        ".",
        "x509.pem",
        "key.pem",
        "config",
        "client.authentication.k8s.io/v1",
        "Never",
        "Always",
        "IfAvailable",
        "true",
        "oidc",
        "gcp",
        "no-such-program",
    ];
    prop_oneof![
        8 => prop::sample::select(ODD).prop_map(str::to_owned),
        1 => ".{0,8}",
        1 => Just("x".repeat(70_000)),
    ]
}

/// Any JSON, small.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(
                (prop::sample::select(&["name", "value", "id-token", "config", "a b"][..]), inner),
                0..3
            )
            .prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

/// An object with some of these fields.
fn object(names: &'static [&'static str], most: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec((prop::sample::select(names), anything()), 0..=most).prop_map(|fields| {
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
    })
}

/// A kubeconfig that begins well, in which anything is something else.
fn kubeconfig() -> impl Strategy<Value = Value> {
    let plugin = prop::option::of(object(PLUGIN, 4));
    let server = prop_oneof![4 => Just(json!("https://127.0.0.1:1")), 1 => Just(json!("http://127.0.0.1:1")), 1 => anything()];
    let place = prop_oneof![9 => Just(Vec::new()), 1 => prop::sample::subsequence(
        vec!["/clusters", "/users", "/contexts", "/users/0", "/clusters/0", "/contexts/0", "/contexts/0/context", "/current-context", "/clusters/0/name"], 1..3)];
    (object(CLUSTER, 2), server, object(USER, 3), plugin, place, anything()).prop_map(
        |(mut cluster, server, mut user, plugin, places, odd)| {
            if cluster.get("server").is_none() {
                cluster["server"] = server;
            }
            if let Some(mut plugin) = plugin {
                if plugin.get("apiVersion").is_none() {
                    plugin["apiVersion"] = "client.authentication.k8s.io/v1".into();
                }
                user["exec"] = plugin;
            }
            let mut whole = json!({
                "apiVersion": "v1", "kind": "Config", "current-context": "c",
                "clusters": [{"name": "k", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            });
            for place in places {
                if let Some(value) = whole.pointer_mut(place) {
                    *value = odd.clone();
                }
            }
            whole
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_kubeconfig_with_anything_in_it_is_read_or_refused(
        kubeconfig in kubeconfig(),
        name in prop::option::of(text()),
        groups in prop::collection::vec(text(), 0..2),
        server in prop::option::weighted(0.2, text()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let machine = Machine::new()
            .with_file(".kube/config", &kubeconfig.to_string())
            .with_file(".kube/x509.pem", CERTIFICATE)
            .with_file(".kube/key.pem", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
        let request = ConnectRequest {
            impersonate: name.as_deref(),
            impersonate_groups: &groups,
            server: server.as_deref(),
            ..machine.request()
        };
        runtime.block_on(async {
            let Ok(cluster) = connect(&request).await else { return };
            if cluster.server.contains("//127.0.0.1") {
                // Nobody listens there: what matters is that asking is no panic.
                let _ = tokio::time::timeout(Duration::from_secs(5), cluster.api.get("/version")).await;
            }
        });
    }
}
