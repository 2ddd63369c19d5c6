//! Which cluster is meant, and what is said when it can't be reached.

use codex_tests::{ClusterScene, ControlPlane, Scene};

use super::{done, done_with, fails, map};

fn settings() -> Scene {
    Scene::new().stdin(map("settings", "1"))
}

const APPLY: [&str; 4] = ["-n", "shop", "-f", "-"];

#[test]
fn a_kubeconfig_that_is_not_there() {
    let arguments = [&APPLY[..], &["--kubeconfig", "missing"]].concat();
    settings().run("kubectl-codex-apply", &arguments).fails(1, &["missing", "--kubeconfig"]);
    settings()
        .env("CODEXCTL_KUBECONFIG", "/nowhere/config")
        .run("kubectl-codex-apply", &APPLY)
        .fails(1, &["/nowhere/config", "CODEXCTL_KUBECONFIG"]);
    settings().run("kubectl-codex-apply", &APPLY).fails(1, &["KUBECONFIG"]);
}

#[test]
fn a_kubeconfig_that_points_nowhere() {
    let kubeconfig = "apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: nobody, user: {token: hunter2}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
";
    let scene = settings().file("kubeconfig", kubeconfig);
    let arguments = [&APPLY[..], &["--kubeconfig", "kubeconfig"]].concat();
    let outcome =
        scene.run("kubectl-codex-apply", &arguments).fails(1, &["nowhere", "https://127.0.0.1:1", "refused"]);
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.report("shows a token"));
    let unknown = [&arguments[..], &["--context", "nowhere-else"]].concat();
    scene.run("kubectl-codex-apply", &unknown).fails(1, &["nowhere-else", "`nowhere`"]);
}

#[test]
fn a_kubeconfig_that_cannot_be_read() {
    let scene = settings().file("kubeconfig", "clusters: [\n");
    let arguments = [&APPLY[..], &["--kubeconfig", "kubeconfig"]].concat();
    scene.run("kubectl-codex-apply", &arguments).fails(1, &["kubeconfig"]);
}

#[test]
fn one_line_names_context_and_server() {
    ClusterScene::tell_in_namespace(|scene| {
        let outcome = done(scene.apply_text(&map("settings", "1"), &[]));
        let line = outcome.stderr.lines().find(|line| line.contains("https://127.0.0.1:"));
        assert!(line.is_some_and(|line| line.contains("test")), "{}", outcome.report("which cluster"));
    });
}

#[test]
fn a_list_of_kubeconfigs_is_merged() {
    let scene = ClusterScene::new().with_namespace();
    let list = format!("/nowhere/first:{}", ControlPlane::shared().kubeconfig().display());
    let scene = scene.with(|scene| scene.env("KUBECONFIG", list));
    done_with(scene.apply_text(&map("settings", "1"), &[]), &["configmap/settings created"]);
}

#[test]
fn the_flag_wins_over_the_variable() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene.with(|scene| scene.env("KUBECONFIG", "/nowhere/config"));
    let kubeconfig = ControlPlane::shared().kubeconfig().to_str().unwrap();
    done_with(
        scene.apply_text(&map("settings", "1"), &["--kubeconfig", kubeconfig]),
        &["configmap/settings created"],
    );
}

#[test]
fn the_streams_environment_chooses_the_cluster() {
    let scene = ClusterScene::new().with_namespace();
    let services = "project: NAME\nnamespace: {patterns: {ai: NAME}}\nenvironments: {ai: {kubeconfig: elsewhere}}\nservices: []\n";
    let scene = scene.file("services.yaml", services);
    fails(scene.apply_text(&super::stream(&map("settings", "1")), &[]), 1, &["elsewhere", "ai"]);
    std::fs::copy(ControlPlane::shared().kubeconfig(), scene.scene().path("elsewhere")).unwrap();
    done(scene.apply_text(&super::stream(&map("settings", "1")), &[]));
    // Of another project: this services.yaml has no say.
    let other = super::stream(&map("others", "1")).replace("\"project\":\"NAME\"", "\"project\":\"other\"");
    std::fs::remove_file(scene.scene().path("elsewhere")).unwrap();
    done(scene.apply_text(&other, &[]));
}

#[test]
fn env_without_a_project_is_an_error() {
    let scene = settings();
    scene.run("kubectl-codex-apply", &["-f", "-", "--env", "ai"]).fails(1, &["services.yaml"]);
}

#[test]
fn server_and_authority_can_be_given_as_flags() {
    let scene = ClusterScene::new().with_namespace();
    let text = std::fs::read_to_string(ControlPlane::shared().kubeconfig()).unwrap();
    let config = scene.kubectl(&[
        "config",
        "view",
        "--raw",
        "--minify",
        "--output=jsonpath={.clusters[0].cluster.server} {.clusters[0].cluster.certificate-authority-data}",
    ]);
    let (server, authority) = config.split_once(' ').unwrap();
    assert!(!authority.is_empty(), "the test cluster's kubeconfig has its authority in it");
    let nowhere = text.replace(server, "https://127.0.0.1:1").replace(authority, "");
    let pem = scene.kubectl(&[
        "config",
        "view",
        "--raw",
        "--minify",
        "--output=go-template={{ index (index .clusters 0).cluster \"certificate-authority-data\" | base64decode }}",
    ]);
    let scene = scene.file("nowhere", &nowhere).file("authority.pem", &pem);
    let flags = ["--kubeconfig", "nowhere", "--server", server, "--certificate-authority", "authority.pem"];
    done_with(scene.apply_text(&map("settings", "1"), &flags), &["configmap/settings created"]);
}
