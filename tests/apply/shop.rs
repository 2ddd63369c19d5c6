//! The example project, applied as its README says, through the real kubectl.

use std::os::unix::fs::symlink;

use codex_tests::{ClusterScene, FaultProxy, ProxiedCall, binary, repository};

use super::{done, done_with, value};

/// The example as slot 1 of `ai`, in a project that has the story's name.
fn shop() -> Option<ClusterScene> {
    let scene = ClusterScene::own()?;
    let project = format!("project: {}\n", scene.name());
    Some(scene.with(|scene| {
        scene
            .copy(&repository().join("examples/shop"))
            .replace("services.yaml", "project: shop\n", &project)
            // Hooks are run by bash.
            .env("PATH", "/usr/bin:/bin")
    }))
}

const AI: [&str; 4] = ["--env", "ai", "--slot", "1"];

const OBJECTS: [&str; 15] = [
    "configmap/codex",
    "configmap/shop",
    "deployment.apps/api",
    "deployment.apps/codex",
    "deployment.apps/redis",
    "deployment.apps/web",
    "persistentvolumeclaim/redis",
    "rolebinding.rbac.authorization.k8s.io/codex",
    "secret/shop",
    "service/api",
    "service/postgres",
    "service/redis",
    "service/web",
    "serviceaccount/codex",
    "statefulset.apps/postgres",
];

/// One line for each object of the example, and for its namespace.
fn lines(scene: &ClusterScene, verb: &str) -> Vec<String> {
    let namespace = format!("namespace/{}-ai-1", scene.name());
    let objects = OBJECTS.into_iter().chain([namespace.as_str()]);
    objects.map(|object| format!("{object} {verb}")).collect()
}

fn all(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// The shop's objects as they are meant, and ready.
fn assert_is_up(scene: &ClusterScene) {
    let namespace = format!("{}-ai-1", scene.name());
    let get = |object: &str, path: &str| {
        let path = format!("--output=jsonpath={path}");
        scene.kubectl(&["--namespace", &namespace, "get", object, &path])
    };
    for deployment in ["api", "codex", "redis", "web"] {
        let ready = get(&format!("deployment/{deployment}"), "{.status.readyReplicas}");
        assert_eq!(ready, "1", "{deployment}");
    }
    assert_eq!(get("statefulset/postgres", "{.status.readyReplicas}"), "1");
    assert_eq!(get("persistentvolumeclaim/redis", "{.status.phase}"), "Bound");
    assert_eq!(get("configmap/shop", "{.data.SHOP_TITLE}"), "Corner Shop");
    assert_eq!(get("secret/shop", "{.data.POSTGRES_USER}"), "c2hvcA==");
    let image = get("deployment/web", "{.spec.template.spec.containers[0].image}");
    assert_eq!(image, "localhost:32000/shop/web:staging-0.2.0");
    let mount = get("deployment/web", "{.spec.template.spec.containers[0].volumeMounts[0].mountPath}");
    assert_eq!(mount, "/usr/share/nginx/html");
}

#[test]
fn a_slot_goes_up_through_a_pipe_and_the_second_run_changes_nothing() {
    let Some(scene) = shop() else { return };
    let pipe = "kubectl-codex-render --env ai --slot 1 | kubectl-codex-apply -f - --wait";
    done_with(scene.shell(pipe), &all(&lines(&scene, "created")));
    assert_is_up(&scene);

    let proxy = FaultProxy::start(codex_tests::ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&scene.scene().project());
    let again = format!("{pipe} --kubeconfig {}", kubeconfig.display());
    done_with(scene.shell(&again), &all(&lines(&scene, "unchanged")));
    let calls = proxy.calls();
    assert!(calls.len() > 5, "{calls:?}");
    // A StatefulSet with claim templates is asked about: the server writes their `status` into them.
    let writes = |call: &&ProxiedCall| call.method != "GET" && !call.target.contains("dryRun=All");
    assert_eq!(calls.iter().find(writes), None, "it writes");

    scene.shell("kubectl-codex-render --env ai --slot 1 | kubectl diff -f -").check();
}

#[test]
fn kubectl_finds_both_spellings_of_the_plugins() {
    let Some(scene) = shop() else { return };
    let folder = scene.scene().path("plugins");
    std::fs::create_dir(&folder).unwrap();
    for name in ["kubectl-codex-render", "kubectl-codex-apply"] {
        symlink(binary(name), folder.join(name)).unwrap();
        let other = name.replace("codex-", "codex_");
        symlink(binary(name), folder.join(other)).unwrap();
    }
    let scene = scene.with(|scene| scene.programs(&folder));
    let only = "--env ai --slot 1 --only-infra config --only-services codex --skip-services codex";
    scene.kubectl(&["create", "namespace", &format!("{}-ai-1", scene.name())]);
    for (spelling, verb) in [("codex-", "created"), ("codex ", "unchanged")] {
        let pipe = format!("kubectl {spelling}render {only} | kubectl {spelling}apply -f -");
        let lines = ["configmap/shop", "secret/shop"].map(|object| format!("{object} {verb}"));
        done_with(scene.shell(&pipe), &all(&lines));
    }
}

#[test]
fn a_slot_goes_up_by_itself_with_its_hooks() {
    let Some(scene) = shop() else { return };
    let arguments = [&AI[..], &["--wait"]].concat();
    let outcome = done_with(scene.apply(&arguments), &all(&lines(&scene, "created")));
    let hook = format!("shop goes to {}-ai-1", scene.name());
    assert!(outcome.stderr.contains(&hook), "{}", outcome.report("no hook ran"));
    assert!(scene.scene().path(".data/ai-1/uploads").is_dir());
    assert_is_up(&scene);
    done_with(scene.apply(&arguments), &all(&lines(&scene, "unchanged")));
}

#[test]
fn a_pipe_after_apply_by_itself_changes_nothing() {
    let Some(scene) = shop() else { return };
    done(scene.apply(&AI));
    let pipe = "kubectl-codex-render --env ai --slot 1 | kubectl-codex-apply -f -";
    done_with(scene.shell(pipe), &all(&lines(&scene, "unchanged")));
}

#[test]
fn a_changed_version_changes_one_object() {
    let Some(scene) = shop() else { return };
    done(scene.apply(&AI));
    let scene = scene.with(|scene| scene.replace("services.yaml", "web: \"0.2.0\"", "web: \"0.2.1\""));
    let mut expected = lines(&scene, "unchanged");
    for line in &mut expected {
        if line.starts_with("deployment.apps/web") {
            *line = "deployment.apps/web configured".into();
        }
    }
    done_with(scene.apply(&AI), &all(&expected));
}

#[test]
fn what_kubectl_apply_made_is_taken_over_without_a_conflict() {
    let Some(scene) = shop() else { return };
    let namespace = format!("{}-ai-1", scene.name());
    done(scene.shell(
        "kubectl create namespace NAME-ai-1 && kubectl-codex-render --env ai --slot 1 | kubectl apply -f -",
    ));
    let scene = scene.with(|scene| {
        scene.replace("deploy/config.yaml", "  SHOP_CURRENCY: {{ .EnvMap.SHOP_CURRENCY }}\n", "")
    });
    done(scene.shell("kubectl-codex-render --env ai --slot 1 | kubectl-codex-apply -f - --wait"));
    assert_is_up(&scene);
    let scene_in = |object: &str| {
        let text = scene.kubectl(&["--namespace", &namespace, "get", object, "--output=json"]);
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let map = scene_in("configmap/shop");
    assert!(map["data"]["SHOP_CURRENCY"].is_null(), "a field dropped from the manifest is gone: {map}");
    assert!(map["metadata"]["annotations"].is_null(), "{map}");
    assert_eq!(
        value(&scene, &format!("namespace/{namespace}"), "/metadata/labels/shop.example~1environment"),
        "ai"
    );
}
