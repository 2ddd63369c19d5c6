//! Hooks: the project's own steps around an apply.

use std::time::{Duration, Instant};

use codex_tests::{ClusterScene, ControlPlane};

use super::{behaving, done, done_with, fails, map, value};

/// A project of two services, `web` and `api`, with a ConfigMap each; its own hooks, and those of `web`.
fn project(hooks: &str, of_web: &str) -> ClusterScene {
    let services = format!(
        "project: NAME
namespace: {{patterns: {{dev: NAME, ai: 'NAME-ai-{{{{ .Slot }}}}'}}}}
environments: {{dev: {{}}, ai: {{}}}}
hooks: {hooks}
services:
  - name: web
    manifests: [{{path: web.yaml}}]
    hooks: {of_web}
  - name: api
    manifests: [{{path: api.yaml}}]
    hooks: {{beforeApply: [{{run: echo api before >>order}}], afterApply: [{{run: echo api after >>order}}]}}
"
    );
    let kubectl = ControlPlane::shared().kubectl().parent().unwrap();
    let path = std::env::join_paths([kubectl, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    ClusterScene::new()
        .with(|scene| scene.env("PATH", path))
        .file("services.yaml", &services)
        .file("web.yaml", &map("web", "1"))
        .file("api.yaml", &map("api", "1"))
}

const DEV: [&str; 2] = ["--env", "dev"];

/// What the hooks wrote, line by line.
fn order(scene: &ClusterScene) -> Vec<String> {
    let text = std::fs::read_to_string(scene.scene().path("order")).unwrap_or_default();
    text.lines().map(|line| line.replace(scene.name(), "NAME")).collect()
}

/// Whether the process whose number a hook left in `child` is gone; the kernel may take a moment.
fn child_is_gone(scene: &ClusterScene) {
    let id = std::fs::read_to_string(scene.scene().path("child")).unwrap();
    let stat = format!("/proc/{}/stat", id.trim());
    scene.wait_until("the child is gone", || {
        std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "))
    });
}

#[test]
fn they_run_around_the_apply_in_order_and_know_where_they_are() {
    let scene = project(
        "{beforeAll: [{run: 'env | grep ^CODEX_ | sort >>order; echo $GREETING >>order'}], afterAll: [{run: echo all after >>order}]}",
        "{beforeApply: [{run: 'kubectl get namespace NAME --output=name >>order; kubectl -n NAME get configmap web --ignore-not-found >>order'}], afterApply: [{run: 'kubectl -n NAME get configmap web --output=name >>order; echo said'}]}",
    );
    let arguments = [&DEV[..], &["--var", "GREETING=hello"]].concat();
    let outcome = done_with(scene.apply(&arguments), &["configmap/web created", "configmap/api created"]);
    assert!(outcome.stderr.lines().any(|line| line == "said"), "{}", outcome.report("hooks speak on stderr"));
    assert_eq!(
        order(&scene),
        [
            "CODEX_ACTION=apply",
            "CODEX_ENV=dev",
            "CODEX_NAMESPACE=NAME",
            "CODEX_PROJECT=NAME",
            "CODEX_SLOT=0",
            "hello",
            "namespace/NAME",
            "api before",
            "configmap/web",
            "api after",
            "all after",
        ]
    );
}

#[test]
fn only_those_of_selected_items_run() {
    let scene = project("{}", "{beforeApply: [{run: echo web before >>order}]}");
    done(scene.apply(&[&DEV[..], &["--only-services", "web"]].concat()));
    assert_eq!(order(&scene), ["web before"]);
    let scene = scene.with(|scene| {
        scene.replace("services.yaml", "  - name: api\n", "  - name: api\n    when: \"false\"\n")
    });
    done(scene.apply(&DEV));
    assert_eq!(order(&scene), ["web before", "web before"]);
}

#[test]
fn a_stream_and_a_dry_run_run_none() {
    let scene = project("{beforeAll: [{run: echo ran >>order}]}", "{}").with_namespace();
    done(scene.apply(&[&DEV[..], &["--dry-run", "server"]].concat()));
    done(scene.apply(&[&DEV[..], &["--dry-run", "client"]].concat()));
    done(scene.shell("kubectl-codex-render --env dev | kubectl-codex-apply -f - --env dev"));
    assert_eq!(order(&scene), [] as [&str; 0]);
}

#[test]
fn one_that_fails_stops_the_apply_unless_it_may_fail() {
    let scene = project("{}", "{beforeApply: [{name: migrate, run: exit 3}]}");
    let outcome = fails(scene.apply(&DEV), 1, &["migrate", "service.web.beforeApply", "it ended with 3"]);
    assert_eq!(outcome.stdout, "");
    assert!(!scene.finds("configmap/web") && order(&scene).is_empty());
    let scene = scene
        .with(|scene| scene.replace("services.yaml", "run: exit 3", "run: exit 3, continueOnError: true"));
    let outcome = done(scene.apply(&DEV));
    assert!(outcome.stderr.contains("warning: "), "{}", outcome.report("a warning"));
    assert!(scene.finds("configmap/web"));
}

#[test]
fn when_decides() {
    let scene = project(
        "{beforeAll: [{run: echo no >>order, when: '{{ eq .Env \"ai\" }}'}, {run: echo no >>order, when: ''}, {run: echo yes >>order, when: '{{ eq .Env \"dev\" }}'}]}",
        "{}",
    );
    done(scene.apply(&[&DEV[..], &["--only-services", "web"]].concat()));
    assert_eq!(order(&scene), ["yes"]);
}

#[test]
fn one_that_takes_too_long_is_killed_with_its_children() {
    let script = "'sleep 600 & echo $! >child; wait'";
    let scene = project(&format!("{{beforeAll: [{{name: slow, run: {script}, timeout: 1s}}]}}"), "{}");
    let start = Instant::now();
    fails(scene.apply(&DEV), 1, &["slow", "it was not done within 1s"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    child_is_gone(&scene);
    assert!(!scene.finds("configmap/web"));
}

#[test]
fn an_interrupt_ends_one_with_its_children() {
    let script = "'sleep 600 & echo $! >child.new; mv child.new child; wait'";
    let scene = project(&format!("{{beforeAll: [{{name: slow, run: {script}}}]}}"), "{}");
    let child = scene.scene().start(&codex_tests::binary("kubectl-codex-apply"), &DEV);
    scene.wait_until("the hook runs", || scene.scene().path("child").exists());
    let id = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(message.contains("hook `slow` failed: it was interrupted; nothing is applied"), "{message}");
    assert!(output.stdout.is_empty());
    child_is_gone(&scene);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    for (step, part) in [
        ("{use: kubectl.wiat}", "kubectl.wait"),
        ("{use: sleep, with: {durations: 1s}}", "durations"),
        ("{use: sleep, run: true}", "both"),
        ("{run: true, timeout: soon}", "timeout"),
    ] {
        let scene = project(&format!("{{beforeAll: [{{run: echo ran >>order}}], afterAll: [{step}]}}"), "{}");
        let outcome = fails(scene.apply(&DEV), 2, &["hooks.afterAll", part]);
        assert_eq!(outcome.stdout, "", "{}", outcome.report(step));
        assert!(order(&scene).is_empty() && !scene.finds("configmap/web"), "{step}");
    }
}

#[test]
fn kubectl_wait_waits_for_the_condition() {
    let scene = project(
        "{}",
        "{afterApply: [{use: kubectl.wait, with: {kind: deploy, name: web, timeout: 40s}}, {run: 'kubectl -n NAME get deployment web --output=jsonpath={.status.availableReplicas} >>order'}]}",
    );
    let scene = scene.file("web.yaml", &behaving("slow-ready"));
    if ControlPlane::own().is_none() {
        return;
    }
    done(scene.apply(&[&DEV[..], &["--only-services", "web"]].concat()));
    assert_eq!(order(&scene), ["1"]);
    let scene = scene.with(|scene| scene.replace("services.yaml", "name: web, timeout: 40s", "name: wep"));
    fails(scene.apply(&DEV), 1, &["there is no deployment.apps/wep"]);
}

#[test]
fn the_agents_secrets_come_from_the_variables() {
    let scene = project("{beforeAll: [{use: codex.ensure-codex-secrets}]}", "{}")
        .with(|scene| scene.env("OPENAI_API_KEY", "sk-hunter2").env("CODEXCTL_GH_PAT", "ghp-hunter2"));
    let outcome = done(scene.apply(&DEV));
    assert_eq!(value(&scene, "secret/openai-secret", "/data/OPENAI_API_KEY"), "c2staHVudGVyMg==");
    assert_eq!(value(&scene, "secret/github-secret", "/data/CODEX_GH_PAT"), "Z2hwLWh1bnRlcjI=");
    assert!(!scene.finds("secret/context7-secret"), "its variable isn't set");
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.report("shows a secret"));
}

#[test]
fn data_directories_are_made() {
    let scene = project("{beforeAll: [{use: codex.ensure-data-dirs}]}", "{}").with(|scene| {
        scene.replace(
            "services.yaml",
            "hooks: {beforeAll",
            "dataPaths: {root: data, envDir: 'data/{{ .Env }}', dirs: [pg, redis]}\nhooks: {beforeAll",
        )
    });
    done(scene.apply(&DEV));
    for folder in ["data/dev/pg", "data/dev/redis"] {
        assert!(scene.scene().path(folder).is_dir(), "{folder}");
    }
}

/// A project whose slots keep their certificate `NAME-dev-1-tls` in staging.
fn with_certificates() -> ClusterScene {
    project("{}", "{beforeApply: [{use: codex.reuse-dev-tls-secret, with: {timeout: 1s}}]}")
}

const AI: [&str; 4] = ["--env", "ai", "--slot", "1"];

#[test]
fn a_kept_certificate_is_reused() {
    let scene = with_certificates().with_namespace();
    let staging = format!("patterns: {{staging: {}, dev", scene.name());
    let scene = scene.with(|scene| {
        scene.replace("services.yaml", "patterns: {dev", &staging).replace(
            "services.yaml",
            "{dev: {}, ",
            "{staging: {}, dev: {}, ",
        )
    });
    scene.kubectl(&["create", "namespace", &format!("{}-ai-1", scene.name())]);
    let certificate = "apiVersion: v1\nkind: Secret\nmetadata: {name: NAME-dev-1-tls}\ntype: kubernetes.io/tls\ndata: {tls.crt: YQ==, tls.key: Yg==}\n";
    scene.kubectl_with(&["create", "-f", "-"], certificate);
    done(scene.apply(&AI));
    let namespace = format!("{}-ai-1", scene.name());
    let secret = format!("secret/{}-dev-1-tls", scene.name());
    let found = scene.kubectl(&["--namespace", &namespace, "get", &secret, "--output=jsonpath={.data}"]);
    assert_eq!(found, r#"{"tls.crt":"YQ==","tls.key":"Yg=="}"#);
}

#[test]
fn without_staging_no_certificate_is_reused_and_it_is_said() {
    let scene = with_certificates();
    let outcome = done(scene.apply(&AI));
    let line = outcome.stderr.lines().find(|line| line.contains("the staging namespace is not known"));
    assert!(line.is_some_and(|line| line.contains("`staging`")), "{}", outcome.report("why"));
    let outcome = done(scene.apply(&DEV));
    assert!(outcome.stderr.contains("staging"), "{}", outcome.report("for every environment"));
}

#[test]
fn preflight_and_sleep_are_built_in() {
    let scene = project("{beforeAll: [{use: preflight}, {use: sleep, with: {duration: 10ms}}]}", "{}");
    let outcome = done(scene.apply(&DEV));
    assert!(outcome.stderr.contains("ok: cluster"), "{}", outcome.report("the checks"));
}
