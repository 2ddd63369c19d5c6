//! The order of items: what is awaited before what, and that nothing comes after what isn't ready.

use codex_tests::{ClusterScene, Scene};
use serde_json::Value;

use super::{done, done_with, fails, map, value, web};

/// A Job of an image whose pod does as the test cluster's label says; without one it completes.
fn job(name: &str, image: &str, behaviour: Option<&str>) -> String {
    let labels =
        behaviour.map_or("run: once".to_owned(), |one| format!("kubectl-codex.test/behaviour: {one}"));
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    metadata: {{labels: {{{labels}}}}}
    spec: {{restartPolicy: Never, containers: [{{name: main, image: \"{image}\"}}]}}
---
"
    )
}

/// A project with a database, a migration and two services, all of one version.
fn shop(version: &str, migration: Option<&str>) -> ClusterScene {
    with_version(ClusterScene::new().with_namespace(), version, migration)
}

fn with_version(scene: ClusterScene, version: &str, migration: Option<&str>) -> ClusterScene {
    let service = |name: &str| {
        web(&format!("registry.test/{name}:{version}"))
            .replace("name: web", &format!("name: {name}"))
            .replace("app: web", &format!("app: {name}"))
    };
    scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\ninfrastructure:\n  - name: data\n    manifests: [{path: data.yaml}]\n  - name: migrations\n    manifests: [{path: migrations.yaml}]\nservices:\n  - name: api\n    manifests: [{path: api.yaml}]\n  - name: front\n    manifests: [{path: front.yaml}]\n")
        .file("data.yaml", &service("db"))
        .file("migrations.yaml", &job(&format!("migrate-{version}"), &format!("registry.test/api:{version}"), migration))
        .file("api.yaml", &service("api"))
        .file("front.yaml", &service("front"))
}

fn image(scene: &ClusterScene, name: &str) -> String {
    value(scene, &format!("deployment/{name}"), "/spec/template/spec/containers/0/image")
}

#[test]
fn a_new_version_is_never_live_before_its_migration_is_done() {
    ClusterScene::tell_on_own(|_| {
        let scene = shop("1", Some("slow-ready"));
        let outcome = done(scene.apply(&["--env", "dev", "--wait"]));
        for line in [
            "order: infra.data, infra.migrations; then, when the Jobs of infra.migrations are ready: service.api, service.front",
            "the Jobs of infra.migrations are ready",
        ] {
            assert!(outcome.stderr.contains(line), "{}", outcome.report(line));
        }
        let lines: Vec<&str> = outcome.stdout.lines().collect();
        let at = |name: &str| lines.iter().position(|line| line.contains(name)).expect(name);
        assert!(at("job.batch/migrate-1") < at("deployment.apps/api"), "{}", outcome.report("the order"));
        let done_at = value(&scene, "job/migrate-1", "/status/completionTime");
        for name in ["api", "front"] {
            let made_at = value(&scene, &format!("deployment/{name}"), "/metadata/creationTimestamp");
            assert!(!done_at.is_empty() && done_at <= made_at, "{name} at {made_at}, migrated at {done_at}");
        }

        let scene = with_version(scene, "2", Some("fail"));
        let outcome = fails(
            scene.apply(&["--env", "dev", "--wait"]),
            4,
            &[
                "job.batch/migrate-2 won't get ready",
                "not everything was applied: 2 applied, 0 failed, 2 not tried",
                "service.api, service.front would come after the Jobs of infra.migrations",
                "not tried: deployment.apps/api",
            ],
        );
        assert!(!outcome.stdout.contains("deployment.apps/api"), "{}", outcome.report("not sent"));
        for name in ["api", "front"] {
            assert_eq!(image(&scene, name), format!("registry.test/{name}:1"));
            assert_eq!(value(&scene, &format!("deployment/{name}"), "/status/readyReplicas"), "1");
        }
        // Nor with a warning in its place: what comes after it would be live.
        let soft = ["--env", "dev", "--wait", "--wait-soft-fail", "--prune"];
        fails(scene.apply(&soft), 4, &["migrate-2"]);
        assert!(scene.finds("job/migrate-1"), "nothing is pruned before all is applied");

        let scene = with_version(scene, "3", None);
        done(scene.apply(&["--env", "dev", "--wait"]));
        assert_eq!(image(&scene, "api"), "registry.test/api:3");
    });
}

#[test]
fn codexctls_order_is_none() {
    ClusterScene::tell_in_namespace(|scene| {
        let scene = with_version(scene, "1", Some("fail"));
        fails(scene.apply(&["--env", "dev", "--wait", "--compat", "codexctl"]), 4, &["migrate-1"]);
        assert!(scene.finds("deployment/api"));
    });
}

#[test]
fn without_wait_jobs_hold_nobody_up() {
    let scene = shop("1", Some("fail"));
    let outcome = done(scene.apply(&["--env", "dev"]));
    assert!(!outcome.stderr.contains("order:"), "{}", outcome.report("one step"));
    assert!(scene.finds("deployment/api"));
}

/// A project whose services are a ConfigMap each, with more in their entries.
fn project(infrastructure: &str, services: &str) -> String {
    format!(
        "project: NAME\nnamespace: {{patterns: {{dev: NAME}}}}\nenvironments: {{dev: {{}}}}\ninfrastructure:\n{infrastructure}services:\n{services}"
    )
}

fn item(name: &str, more: &str) -> String {
    format!("  - name: {name}\n    manifests: [{{path: {name}.yaml}}]\n{more}")
}

#[test]
fn what_is_awaited_holds_up_what_comes_after_it() {
    let scene = ClusterScene::new().with_namespace();
    let migrate = |behaviour| job("migrate", "registry.test/api:1", behaviour);
    let scene = scene
        .file(
            "services.yaml",
            &project(&item("base", ""), &(item("migrate", "    await: true\n") + &item("front", ""))),
        )
        .file("base.yaml", &map("base", "1"))
        .file("migrate.yaml", &migrate(Some("fail")))
        .file("front.yaml", &map("front", "1"));
    // It is the project's wish, with or without --wait.
    fails(scene.apply(&["--env", "dev"]), 4, &["migrate", "service.front would come after service.migrate"]);
    assert!(scene.finds("configmap/base") && !scene.finds("configmap/front"));
    scene.kubectl(&["delete", "job/migrate"]);
    let scene = scene.file("migrate.yaml", &migrate(None));
    let run = scene.shell("kubectl-codex-render --env dev | kubectl-codex-apply -f -");
    let outcome = done(run);
    assert!(outcome.stderr.contains("service.migrate is ready"), "{}", outcome.report("from a pipe, too"));
    assert!(scene.finds("configmap/front"));
    // Where nothing is left to be sent, nothing is awaited.
    let outcome = done(scene.apply(&["--env", "dev"]));
    assert!(!outcome.stderr.contains("waiting for service.migrate"), "{}", outcome.report("unchanged"));
}

#[test]
fn the_plan_shows_the_order_of_what_depends() {
    let scene = ClusterScene::new().with_namespace();
    let services =
        item("front", "    dependsOn: [api, infra.data]\n") + &item("api", "") + &item("other", "");
    let scene = scene
        .file("services.yaml", &project(&item("data", ""), &services))
        .file("front.yaml", &map("front", "1"))
        .file("api.yaml", &map("api", "1"))
        .file("other.yaml", &map("other", "1"))
        .file("data.yaml", &map("data", "1"));
    let order = "order: infra.data, service.api, service.other; then, when infra.data, service.api are ready: service.front";
    let outcome = done(scene.apply(&["--env", "dev", "--dry-run=server"]));
    assert!(outcome.stderr.contains(order), "{}", outcome.report(order));
    assert!(
        outcome.stdout.ends_with("configmap/front created (server dry run)\n"),
        "{}",
        outcome.report("last")
    );
    let outcome = done(scene.apply(&["--env", "dev", "--dry-run=client"]));
    assert!(outcome.stdout.ends_with("configmap/front created (dry run)\n"), "{}", outcome.report("last"));
    let outcome = done(scene.apply(&["--env", "dev", "-o", "json"]));
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let of = |one: &Value| format!("{} {} {}", one["step"], one["item"], one["result"]).replace('"', "");
    let mut entries: Vec<String> = plan["objects"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(entries.pop().as_deref(), Some("2 service.front created"));
    entries.sort_unstable();
    assert_eq!(entries, ["1 infra.data created", "1 service.api created", "1 service.other created"]);
    // Who is left out holds nobody up.
    let only = ["--env", "dev", "--only-services", "front", "--skip-infra", "data"];
    let outcome = done_with(scene.apply(&only), &["configmap/front unchanged"]);
    assert!(!outcome.stderr.contains("order:"), "{}", outcome.report("one step"));
}

#[test]
fn what_waits_only_for_who_is_left_out_waits_for_nothing() {
    let scene = ClusterScene::new().with_namespace();
    let infrastructure =
        item("base", "") + &item("migrate", "    await: true\n") + &item("last", "    await: true\n");
    let mut scene = scene.file("services.yaml", &project(&infrastructure, &item("front", "")));
    for name in ["base", "migrate", "last", "front"] {
        scene = scene.file(&format!("{name}.yaml"), &map(name, "1"));
    }
    let order = |flags: &[&str]| {
        let outcome = done(scene.apply(&[&["--env", "dev", "--dry-run=server"], flags].concat()));
        outcome.stderr.lines().find_map(|line| Some(line.strip_prefix("info: order: ")?.to_owned()))
    };
    let whole = "infra.base, infra.migrate; then, when infra.migrate is ready: infra.last; then, when infra.last is ready: service.front";
    assert_eq!(order(&[]).as_deref(), Some(whole));
    let without = "infra.base, infra.last; then, when infra.last is ready: service.front";
    assert_eq!(order(&["--skip-infra", "migrate"]).as_deref(), Some(without));
    assert_eq!(order(&["--skip-infra", "migrate,last"]), None);
}

#[test]
fn a_definition_and_a_namespace_come_in_time_for_who_needs_them() {
    let scene = ClusterScene::new().with_namespace();
    let other = format!("{}-late", scene.name());
    let text = map("early", "1").replace("metadata:", "metadata:\n  namespace: NAME-late");
    let scene = scene
        .file("services.yaml", &project(&item("early", "    await: true\n"), &item("late", "")))
        .file("early.yaml", &(text + super::custom_resources::TOY))
        .file(
            "late.yaml",
            &format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: NAME-late}}\n---\n{}{}",
                super::custom_resources::DEFINITION,
                map("late", "1")
            ),
        );
    done(scene.apply(&["--env", "dev"]));
    assert!(scene.finds("configmap/late"));
    scene.kubectl(&["delete", "namespace", &other, "--wait=false"]);
}

#[test]
fn names_and_circles_are_errors_of_services_yaml() {
    let check = |services: &str, parts: &[&str]| {
        let scene = Scene::new().file("services.yaml", format!("project: shop\nservices:\n{services}"));
        let scene = scene.file("a.yaml", map("a", "1")).file("b.yaml", map("b", "1"));
        for (program, flags) in [
            ("kubectl-codex-render", &["--env", "dev"][..]),
            ("kubectl-codex-apply", &["--env", "dev", "--dry-run=client"]),
        ] {
            scene.run(program, flags).fails(2, parts);
        }
    };
    check(
        &(item("a", "    dependsOn: [bb]\n") + &item("b", "")),
        &["services.yaml:5:17", "there is no group or service `bb`", "did you mean `b`?"],
    );
    check(
        &(item("a", "    dependsOn: [b]\n") + &item("b", "    dependsOn:\n      - a\n")),
        &["services.yaml:", "goes in a circle: service.", "service.a"],
    );
}
