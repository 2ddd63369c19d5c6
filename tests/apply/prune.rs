//! `--prune`: what an earlier apply made and the manifests no longer contain goes, and nothing else.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, slot_stream, stream, value};

const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
";

fn two() -> String {
    stream(&format!("{}{}", map("a", "1"), map("b", "1")))
}

fn one() -> String {
    stream(&map("a", "1"))
}

#[test]
fn what_is_gone_from_the_manifests_goes_and_is_listed_first() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&two(), &[]));
    done_with(scene.apply_text(&one(), &[]), &["configmap/a unchanged"]);
    assert!(scene.finds("configmap/b"), "not without the flag");
    let outcome = done(scene.apply_text(&one(), &["--prune"]));
    assert!(outcome.stderr.contains("configmap/b"), "{}", outcome.report("the list"));
    assert!(!scene.finds("configmap/b"));
    assert!(scene.finds("configmap/a"));
}

#[test]
fn claims_need_prune_all() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&stream(&format!("{}{CLAIM}", map("a", "1"))), &[]));
    done(scene.apply_text(&one(), &["--prune"]));
    assert!(scene.finds("persistentvolumeclaim/data"));
    done(scene.apply_text(&one(), &["--prune-all"]));
    scene.wait_until("the claim is gone", || !scene.finds("persistentvolumeclaim/data"));
}

#[test]
fn what_others_made_stays_whatever_its_labels() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&two(), &[]));
    let labels = scene.object("configmap/b")["metadata"]["labels"].clone();
    let theirs = format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {{\"name\": \"theirs\", \"labels\": {labels}}}}}"
    );
    scene.kubectl_with(&["create", "-f", "-"], &theirs);
    scene.kubectl_with(&["create", "-f", "-"], &map("unlabelled", "1"));
    done(scene.apply_text(&one(), &["--prune"]));
    assert!(!scene.finds("configmap/b"));
    assert!(scene.finds("configmap/theirs") && scene.finds("configmap/unlabelled"));
}

#[test]
fn another_slots_objects_stay() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&slot_stream(2, &map("second", "1")), &[]));
    done(scene.apply_text(&slot_stream(0, &map("without", "1")), &[]));
    done(scene.apply_text(&two(), &[]));
    done(scene.apply_text(&one(), &["--prune"]));
    assert!(
        scene.finds("configmap/second") && scene.finds("configmap/without") && !scene.finds("configmap/b")
    );
    done(scene.apply_text(&slot_stream(0, &map("other", "1")), &["--prune"]));
    assert!(!scene.finds("configmap/without"));
    assert!(scene.finds("configmap/second") && scene.finds("configmap/a"), "slots' objects stay");
}

#[test]
fn what_the_project_shares_needs_prune_all() {
    let scene = ClusterScene::new().with_namespace();
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME-shared}\nrules: []\n---\n";
    let name = format!("clusterrole/{}-shared", scene.name());
    done(scene.apply_text(&slot_stream(0, &format!("{role}{}", map("a", "1"))), &[]));
    done(scene.apply_text(&slot_stream(0, &map("a", "1")), &["--prune"]));
    assert!(scene.finds(&name));
    done(scene.apply_text(&slot_stream(0, &map("a", "1")), &["--prune-all"]));
    assert!(!scene.finds(&name));
    assert!(scene.finds("configmap/a") && scene.finds(&format!("namespace/{}", scene.name())));
}

#[test]
fn what_a_controller_made_is_its_own_affair() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&two(), &[]));
    let owner = scene.object("configmap/a")["metadata"]["uid"].as_str().unwrap().to_owned();
    let patch = format!(
        "{{\"metadata\":{{\"ownerReferences\":[{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"a\",\"uid\":\"{owner}\",\"controller\":true}}]}}}}"
    );
    scene.kubectl(&["patch", "configmap/b", "--type=merge", "--patch", &patch]);
    done(scene.apply_text(&one(), &["--prune"]));
    assert!(scene.finds("configmap/b"));
}

#[test]
fn a_services_endpoints_stay() {
    let scene = ClusterScene::new().with_namespace();
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n";
    let stream = |rest: &str| stream(&format!("{service}{rest}"));
    done(scene.apply_text(&stream(&map("b", "1")), &[]));
    scene.wait_until("there are endpoints", || scene.finds("endpoints/web"));
    let before = scene.object("endpoints/web")["metadata"]["uid"].clone();
    done(scene.apply_text(&stream(""), &["--prune"]));
    assert!(!scene.finds("configmap/b"));
    assert_eq!(scene.object("endpoints/web")["metadata"]["uid"], before);
}

#[test]
fn without_a_project_there_is_nothing_to_go_by() {
    let scene = ClusterScene::new().with_namespace();
    fails(scene.apply_text(&map("a", "1"), &["--prune"]), 2, &["--prune"]);
    assert!(!scene.finds("configmap/a"), "nothing is applied when the input is wrong");
}

#[test]
fn a_failed_apply_prunes_nothing() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&two(), &[]));
    let broken = stream(&map("a", "1").replace("\ndata:", "\ndota:"));
    fails(scene.apply_text(&broken, &["--prune"]), 1, &["dota"]);
    assert!(scene.finds("configmap/b"));
}

#[test]
fn a_switched_off_service_goes_and_filters_look_at_their_own() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n  - name: api\n    manifests: [{path: api.yaml}]\n")
        .file("web.yaml", &format!("{}{}", map("web", "1"), map("web-more", "1")))
        .file("api.yaml", &format!("{}{}", map("api", "1"), map("api-more", "1")));
    done(scene.apply(&["--env", "dev"]));
    let scene = scene.file("web.yaml", &map("web", "1")).file("api.yaml", &map("api", "1"));
    done(scene.apply(&["--env", "dev", "--only-services", "web", "--prune"]));
    assert!(!scene.finds("configmap/web-more") && scene.finds("configmap/api-more"));
    let scene = scene.with(|scene| {
        scene.replace("services.yaml", "  - name: api\n", "  - name: api\n    when: \"false\"\n")
    });
    done(scene.apply(&["--env", "dev", "--prune"]));
    assert!(!scene.finds("configmap/api") && !scene.finds("configmap/api-more"));
    assert!(scene.finds("configmap/web"));
}

#[test]
fn a_stream_says_which_items_it_is_of() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n  - name: api\n    manifests: [{path: api.yaml}]\n")
        .file("web.yaml", &format!("{}{}", map("web", "1"), map("web-more", "1")))
        .file("api.yaml", &format!("{}{}", map("api", "1"), map("api-more", "1")));
    done(scene.shell("kubectl-codex-render --env dev | kubectl-codex-apply -f -"));
    assert_eq!(value(&scene, "configmap/api", "/metadata/labels/kubectl-codex.dev~1item"), "service.api");
    let scene = scene.file("web.yaml", &map("web", "1")).file("api.yaml", &map("api", "1"));
    let of_web = "kubectl-codex-render --env dev --only-services web | kubectl-codex-apply -f - --prune";
    done(scene.shell(of_web));
    assert!(!scene.finds("configmap/web-more"), "it was web's");
    assert!(scene.finds("configmap/api") && scene.finds("configmap/api-more"), "the stream isn't about api");
    done(scene.shell("kubectl-codex-render --env dev | kubectl-codex-apply -f - --prune"));
    assert!(scene.finds("configmap/api") && !scene.finds("configmap/api-more"));
}

#[test]
fn a_selector_is_of_what_is_pruned_too() {
    let scene = ClusterScene::new().with_namespace();
    let of = |name: &str, tier: &str| {
        map(name, "1").replace("metadata:", &format!("metadata:\n  labels: {{tier: {tier}}}"))
    };
    let all = stream(&(of("a", "web") + &of("b", "web") + &of("c", "db")));
    done(scene.apply_text(&all, &[]));
    done(scene.apply_text(&stream(&of("a", "web")), &["-l", "tier=web", "--prune"]));
    assert!(scene.finds("configmap/a") && !scene.finds("configmap/b"));
    assert!(scene.finds("configmap/c"), "it wasn't selected");
}

/// A project with a namespace for each environment, which no manifest names.
fn two_environments() -> ClusterScene {
    let scene = ClusterScene::new().with_namespace();
    scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME-dev, staging: NAME-staging}}\nenvironments: {dev: {}, staging: {}}\ninfrastructure:\n  - name: settings\n    manifests: [{path: settings.yaml}]\n  - name: more\n    when: '{{ eq .Env \"staging\" }}'\n    manifests: [{path: more.yaml}]\n")
        .file("settings.yaml", &map("settings", "1"))
        .file("more.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME-staff}\nrules: []\n")
}

#[test]
fn the_namespace_that_was_just_applied_into_stays() {
    let scene = two_environments();
    let name = scene.name().to_owned();
    done(scene.apply(&["--env", "dev"]));
    let outcome = done(scene.apply(&["--env", "dev", "--prune-all"]));
    assert_eq!(outcome.stdout, "configmap/settings unchanged\n");
    assert_eq!(scene.object(&format!("namespace/{name}-dev"))["status"]["phase"], "Active");
    // Nor does an apply into another namespace take the environment's own away, nor another environment's.
    done(scene.apply(&["--env", "staging"]));
    done(scene.apply(&["--env", "dev", "-n", &name, "--prune-all"]));
    for namespace in ["dev", "staging"] {
        let namespace = scene.object(&format!("namespace/{name}-{namespace}"));
        assert_eq!(namespace["status"]["phase"], "Active", "{namespace}");
    }
}

#[test]
fn what_another_environment_shares_stays() {
    let scene = two_environments();
    let role = format!("clusterrole/{}-staff", scene.name());
    done(scene.apply(&["--env", "staging"]));
    let outcome = done(scene.apply(&["--env", "dev", "--prune-all"]));
    assert!(scene.finds(&role), "{}", outcome.report("staging's role"));
    assert!(outcome.stderr.contains("environment `staging` has it too"), "{}", outcome.report("said"));
    let scene = scene.with(|scene| scene.replace("services.yaml", "\"staging\" }}", "\"production\" }}"));
    done(scene.apply(&["--env", "dev", "--prune-all"]));
    assert!(!scene.finds(&role), "nobody has it any longer");
}

#[test]
fn a_namespace_in_which_others_live_stays() {
    let scene = ClusterScene::new().with_namespace();
    let name = scene.name().to_owned();
    let extra = |name: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: NAME-{name}}}\n---\n{}", {
            map("ours", "1").replace("metadata:", &format!("metadata:\n  namespace: NAME-{name}"))
        })
    };
    done(scene.apply_text(&stream(&format!("{}{}{}", extra("x"), extra("y"), map("a", "1"))), &[]));
    scene.kubectl(&["-n", &format!("{name}-x"), "create", "configmap", "theirs"]);
    let outcome = done(scene.apply_text(&one(), &["--prune-all"]));
    let said = format!("namespace/{name}-x stays: configmap/");
    assert!(outcome.stderr.contains(&said), "{}", outcome.report("said"));
    assert_eq!(scene.object(&format!("namespace/{name}-x"))["status"]["phase"], "Active");
}

#[test]
fn a_definition_whose_kind_is_in_use_stays() {
    let scene = ClusterScene::new().with_namespace();
    let group = format!("{}.example.org", scene.name());
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: lamps.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: lamps, kind: Lamp}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---
"
    );
    let lamp = format!("apiVersion: {group}/v1\nkind: Lamp\nmetadata: {{name: desk}}\n---\n");
    done(scene.apply_text(&stream(&format!("{definition}{lamp}{}", map("a", "1"))), &[]));
    let outcome = done(scene.apply_text(&stream(&format!("{lamp}{}", map("a", "1"))), &["--prune-all"]));
    assert!(
        outcome.stderr.contains(&format!("lamp.{group}/desk in namespace")),
        "{}",
        outcome.report("said")
    );
    assert!(scene.finds(&format!("lamp.{group}/desk")));
    // With its last object it goes itself.
    done(scene.apply_text(&one(), &["--prune-all"]));
    scene.wait_until("the definition is gone", || {
        !scene.finds(&format!("customresourcedefinition/lamps.{group}"))
    });
}

#[test]
fn what_filters_and_selectors_leave_out_is_still_in_the_manifests() {
    let scene = ClusterScene::new().with_namespace();
    let of = |name: &str, tier: &str| {
        map(name, "1").replace("metadata:", &format!("metadata:\n  labels: {{tier: {tier}}}"))
    };
    done(scene.apply_text(&stream(&(of("a", "web") + &of("b", "web"))), &[]));
    // Its label changes in the manifests, so that the selector no longer selects it there.
    let moved = stream(&(of("a", "web") + &of("b", "db")));
    done(scene.apply_text(&moved, &["-l", "tier=web", "--prune"]));
    assert!(scene.finds("configmap/b"), "it is in the manifests, with another label");

    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n  - name: api\n    manifests: [{path: api.yaml}]\n")
        .file("web.yaml", &format!("{}{}", map("web", "1"), map("moves", "1")))
        .file("api.yaml", &map("api", "1"));
    done(scene.apply(&["--env", "dev"]));
    let scene = scene
        .file("web.yaml", &map("web", "1"))
        .file("api.yaml", &format!("{}{}", map("api", "1"), map("moves", "1")));
    done(scene.apply(&["--env", "dev", "--only-services", "web", "--prune"]));
    assert!(scene.finds("configmap/moves"), "it belongs to another item by now");
}

#[test]
fn claims_that_pods_of_the_manifests_mount_stay() {
    let scene = ClusterScene::new().with_namespace();
    let pod = "apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers: [{name: db, image: postgres}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
";
    done(scene.apply_text(&stream(&format!("{pod}{CLAIM}")), &[]));
    let outcome = done(scene.apply_text(&stream(pod), &["--prune-all"]));
    assert!(outcome.stderr.contains("persistentvolumeclaim/data stays"), "{}", outcome.report("said"));
    assert!(scene.object("persistentvolumeclaim/data")["metadata"]["deletionTimestamp"].is_null());
}

#[test]
fn an_event_is_the_same_in_both_of_its_groups() {
    let scene = ClusterScene::new().with_namespace();
    let event = "apiVersion: v1
kind: Event
metadata: {name: noted}
involvedObject: {kind: ConfigMap, name: a, namespace: NAME}
reason: Noted
type: Normal
---
";
    let both = stream(&format!("{event}{}", map("a", "1")));
    done(scene.apply_text(&both, &[]));
    let outcome = done(scene.apply_text(&both, &["--prune"]));
    assert!(scene.finds("event/noted"), "{}", outcome.report("it is in the manifests"));
}

#[test]
fn what_would_go_is_seen_before_it_goes() {
    let scene = ClusterScene::new().with_namespace();
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {password: hunter2}\n---\n";
    done(scene.apply_text(&stream(&format!("{}{}{secret}", map("a", "1"), map("b", "1"))), &[]));
    for prune in ["--prune", "--prune-all"] {
        done_with(
            scene.apply_text(&one(), &[prune, "--dry-run=server"]),
            &[
                "configmap/a unchanged (server dry run)",
                "configmap/b pruned (server dry run)",
                "secret/keys pruned (server dry run)",
            ],
        );
        let parts = ["plan: 2 to prune, 1 unchanged"];
        let outcome = fails(scene.apply_text(&one(), &[prune, "--diff", "--exit-code"]), 3, &parts);
        for line in [format!("--- live {}/configmap/b\n", scene.name()), "-  a: \"1\"\n".to_owned()] {
            assert!(outcome.stdout.contains(&line), "{}", outcome.report(&line));
        }
        assert!(!outcome.stdout.contains("aHVudGVyMg"), "{}", outcome.report("a secret"));
        let outcome = done(scene.apply_text(&one(), &[prune, "--dry-run=server", "-o", "json"]));
        let plan: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let of = |one: &serde_json::Value| format!("{} {}", one["action"], one["name"]).replace('"', "");
        let mut entries: Vec<String> = plan["objects"].as_array().unwrap().iter().map(of).collect();
        entries.sort_unstable();
        assert_eq!(entries, ["prune b", "prune keys", "same a"]);
    }
    assert!(scene.finds("configmap/b") && scene.finds("secret/keys"));
    let outcome = done(scene.apply_text(&one(), &["--prune", "-o", "json"]));
    let plan: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let results: Vec<_> = plan["objects"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(results, ["unchanged", "pruned", "pruned"]);
    done(scene.apply_text(&one(), &["--prune", "--dry-run=server", "--exit-code"]));
}

#[test]
fn what_stays_because_others_may_use_it_is_mentioned() {
    let scene = ClusterScene::new().with_namespace();
    let other = format!("{}-tools", scene.name());
    scene.kubectl(&["create", "namespace", &other]);
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME-reader}\nrules: []\n---\n";
    let tool = map("tool", "1").replace("metadata:", "metadata:\n  namespace: NAME-tools");
    done(scene.apply_text(&stream(&format!("{role}{tool}{CLAIM}{}", map("a", "1"))), &[]));
    let name = scene.name();
    for flags in [&["--prune", "--dry-run=server"][..], &["--prune"]] {
        let outcome = done(scene.apply_text(&one(), flags));
        let line = outcome.stderr.lines().find(|line| line.contains("no longer in the manifests, but left"));
        let line = line.unwrap_or_else(|| panic!("{}", outcome.report("one line")));
        for part in [
            &format!("clusterrole.rbac.authorization.k8s.io/{name}-reader"),
            "persistentvolumeclaim/data",
            "(`--prune-all` deletes)",
            &format!("configmap/tool in namespace {other}"),
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    done(scene.apply_text(&one(), &["--prune-all"]));
    assert!(!scene.finds(&format!("clusterrole/{name}-reader")));
    scene.kubectl(&["delete", "namespace", &other, "--wait=false"]);
}
