//! Plan and run agree: what is known to be refused is all said before anything is sent, and what the rest of the same
//! apply mends is no refusal.

use codex_tests::ClusterScene;
use serde_json::Value;

use super::custom_resources::{DEFINITION, TOY};
use super::{done, done_with, fails, map, value};

fn job(image: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: import}}\nspec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: main, image: \"{image}\"}}]}}}}}}\n---\n"
    )
}

fn service(port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{port: {port}}}]}}\n---\n"
    )
}

#[test]
fn all_that_is_refused_is_said_and_nothing_sent() {
    let scene = ClusterScene::new().with_namespace();
    let all = |number: &str, image: &str, port: &str| map("early", number) + &service(port) + &job(image);
    done(scene.apply_text(&all("1", "one", "80"), &[]));
    let wrong = all("2", "two", "99999");
    let outcome = fails(
        scene.apply_text(&wrong, &[]),
        1,
        &[
            "plan: 1 to change, 2 refused",
            "service/web",
            "spec.ports[0].port",
            "job.batch/import",
            "immutable",
            "nothing was applied: 2 of 3 objects can't be",
            "--keep-going",
        ],
    );
    assert_eq!(outcome.stdout, "");
    assert_eq!(value(&scene, "configmap/early", "/data/a"), "1");

    let outcome = fails(
        scene.apply_text(&wrong, &["--keep-going"]),
        1,
        &["service/web", "job.batch/import", "1 applied, 2 failed, 0 not tried"],
    );
    assert_eq!(outcome.stdout, "configmap/early configured\n");
    assert_eq!(value(&scene, "configmap/early", "/data/a"), "2");
}

#[test]
fn a_new_object_that_is_refused_keeps_back_what_is_there() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("early", "1"), &[]));
    let text = map("early", "2") + &service("99999");
    fails(scene.apply_text(&text, &[]), 1, &["service/web", "nothing was applied: 1 of 2"]);
    assert_eq!(value(&scene, "configmap/early", "/data/a"), "1");
}

#[test]
fn a_first_apply_that_fails_says_all_that_would() {
    let scene = ClusterScene::new().with_namespace();
    let text = map("early", "1") + &service("99999") + &job("a b").replace("Never", "Always");
    fails(
        scene.apply_text(&text, &[]),
        1,
        &["service/web", "job.batch/import", "restartPolicy", "1 applied, 1 failed, 1 not tried"],
    );
}

#[test]
fn keep_going_goes_past_what_fails_on_the_way() {
    let scene = ClusterScene::new().with_namespace();
    let text = map("early", "1") + &service("99999") + &job("one");
    let outcome = fails(
        scene.apply_text(&text, &["--keep-going"]),
        1,
        &["service/web", "2 applied, 1 failed, 0 not tried"],
    );
    assert!(outcome.stdout.contains("job.batch/import created"), "{}", outcome.report("a later wave"));
}

#[test]
fn what_became_of_an_apply_that_failed_is_data_too() {
    let scene = ClusterScene::new().with_namespace();
    let text = map("early", "1") + &service("99999") + &job("one");
    let outcome = fails(scene.apply_text(&text, &["--keep-going", "-o", "json"]), 1, &["service/web"]);
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let of = |one: &Value| format!("{} {}", one["name"], one["result"]).replace('"', "");
    let mut results: Vec<String> = plan["objects"].as_array().unwrap().iter().map(of).collect();
    results.sort_unstable();
    assert_eq!(results, ["early created", "import created", "web failed"]);
}

#[test]
fn recreate_is_part_of_the_plan() {
    let scene = ClusterScene::new().with_namespace();
    let all = |number: &str, image: &str| map("early", number) + &job(image);
    done(scene.apply_text(&all("1", "one"), &[]));
    let next = all("2", "two");
    let dry = ["--recreate", "--dry-run=server"];
    let lines =
        ["configmap/early configured (server dry run)", "job.batch/import recreated (server dry run)"];
    let outcome = done_with(scene.apply_text(&next, &dry), &lines);
    assert!(outcome.stderr.contains("plan: 1 to change, 1 to recreate"), "{}", outcome.report("plan"));
    let outcome = fails(scene.apply_text(&next, &["--recreate", "--diff", "--exit-code"]), 3, &[]);
    for line in
        ["+++ planned NAME/job.batch/import (made anew)", "-        - image: one", "+        - image: two"]
    {
        let line = line.replace("NAME", scene.name());
        assert!(outcome.stdout.contains(&line), "{}", outcome.report(&line));
    }
    let outcome = done(scene.apply_text(&next, &["--recreate", "--dry-run=server", "-o", "json"]));
    let plan: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let actions: Vec<&Value> = plan["objects"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
    assert_eq!(actions, ["change", "recreate"]);
    done_with(
        scene.apply_text(&next, &["--recreate"]),
        &["configmap/early configured", "job.batch/import recreated"],
    );
}

#[test]
fn the_diff_of_what_is_refused_takes_no_default_away() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&job("one"), &[]));
    let outcome = fails(scene.apply_text(&job("two"), &["--diff"]), 1, &["job.batch/import", "immutable"]);
    let is_change =
        |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
    let changes: Vec<&str> = outcome.stdout.lines().filter(is_change).collect();
    assert_eq!(changes, ["-        - image: one", "+        - image: two"], "{}", outcome.report("the diff"));
}

/// A StatefulSet in other spellings than the server's.
const DATABASE: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 0
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: one
          env: [{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]
          resources: {limits: {cpu: 0.1, memory: 1024Mi}}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}
---
";

#[test]
fn the_diff_of_what_cannot_be_applied_shows_what_changes_only() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(DATABASE, &[]));
    let changes = |outcome: &codex_tests::Outcome| -> Vec<String> {
        let lines = outcome.stdout.lines().filter(|line| line.starts_with(['+', '-']));
        let changes = lines.filter(|line| !line.starts_with("+++") && !line.starts_with("---"));
        changes.map(|line| line.replace(' ', "")).collect()
    };
    // Immutable, with and without `--recreate`.
    let larger = DATABASE.replace("storage: 1024Mi", "storage: 2Gi");
    let outcome = fails(scene.apply_text(&larger, &["--diff"]), 1, &["statefulset.apps/db"]);
    assert_eq!(changes(&outcome), ["-storage:1Gi", "+storage:2Gi"], "{}", outcome.report("refused"));
    let outcome = done(scene.apply_text(&larger, &["--diff", "--recreate"]));
    assert_eq!(changes(&outcome), ["-storage:1Gi", "+storage:2Gi"], "{}", outcome.report("made anew"));
    // In conflict.
    scene.kubectl(&["set", "image", "statefulset/db", "db=other"]);
    let outcome = fails(scene.apply_text(DATABASE, &["--diff"]), 1, &["kubectl-set"]);
    assert_eq!(changes(&outcome), ["-image:other", "+image:one"], "{}", outcome.report("in conflict"));
}

const BUDGET: &str = "apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, FIELD: 1}
---
";

#[test]
fn what_is_taken_over_first_is_not_called_refused() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["apply", "-f", "-"], &BUDGET.replace("FIELD", "minAvailable"));
    // Only client-side apply's field stands in the way, and that goes.
    let next = BUDGET.replace("FIELD", "maxUnavailable");
    let outcome = done(scene.apply_text(&next, &["--dry-run=server"]));
    assert_eq!(outcome.stdout, "poddisruptionbudget.policy/web configured (server dry run)\n");
    done_with(scene.apply_text(&next, &[]), &["poddisruptionbudget.policy/web configured"]);
    assert_eq!(value(&scene, "poddisruptionbudget/web", "/spec/minAvailable"), "");
}

#[test]
fn a_field_comes_with_its_own_definition() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&format!("{DEFINITION}{TOY}"), &["--wait"]));
    let with_size = DEFINITION.replace("properties: {colour:", "properties: {size: {type: integer}, colour:");
    let text = format!("{with_size}{}", TOY.replace("colour: red", "colour: red, size: 3"));
    let name = format!("toy.{}.example.org/ball", scene.name());
    let outcome = done(scene.apply_text(&text, &["--dry-run=server"]));
    assert!(
        outcome.stdout.contains(&format!("{name} configured (not checked)")),
        "{}",
        outcome.report("not checked")
    );
    let outcome = done(scene.apply_text(&text, &["--diff"]));
    assert!(outcome.stdout.contains("+  size: 3\n"), "{}", outcome.report("the field"));
    for round in 0..4 {
        let field = format!("size{round}");
        let definition = with_size
            .replace("properties: {size:", &format!("properties: {{{field}: {{type: integer}}, size:"));
        let toys = format!(
            "{}{}",
            TOY.replace("colour: red", &format!("colour: red, {field}: 3")),
            TOY.replace("colour: red", &format!("colour: red, {field}: 3"))
                .replace("ball", &format!("new-{round}"))
        );
        done(scene.apply_text(&format!("{definition}{toys}"), &[]));
        assert_eq!(
            value(&scene, &format!("toys.{}.example.org/ball", scene.name()), &format!("/spec/{field}")),
            "3"
        );
    }
    // Wrong by the new definition, too: it is said after a few tries.
    let wrong = format!("{DEFINITION}{}", TOY.replace("colour: red", "taste: sweet"));
    fails(scene.apply_text(&wrong, &[]), 1, &["/ball", ".spec.taste", "not declared"]);
}

/// A policy of the story's namespace on how many replicas a Deployment may have.
fn policy(most: u32) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: NAME-small}}
spec:
  matchConstraints:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: NAME}}}}
    resourceRules: [{{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}}]
  validations: [{{expression: object.spec.replicas <= {most}, message: too many replicas}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: NAME-small}}
spec: {{policyName: NAME-small, validationActions: [Deny]}}
---
"
    )
}

#[test]
fn a_denial_is_final_unless_the_policy_changes_too() {
    let scene = ClusterScene::new().with_namespace();
    let web = |replicas: &str| super::web("nginx").replace("replicas: 1", &format!("replicas: {replicas}"));
    let all = |most: u32, number: &str, replicas: &str| {
        format!("{}{}{}", policy(most), map("early", number), web(replicas))
    };
    done(scene.apply_text(&all(2, "1", "1"), &[]));
    scene.wait_until("the policy counts", || {
        let denied = scene.apply_text(&web("3"), &["--dry-run=server"]).any_stdout().stderr_mentions(&[]);
        denied.unchecked().stderr.contains("too many replicas")
    });
    let outcome =
        fails(scene.apply_text(&all(2, "2", "3"), &[]), 1, &["too many replicas", "nothing was applied"]);
    assert_eq!(outcome.stdout, "");
    assert_eq!(value(&scene, "configmap/early", "/data/a"), "1");
    // With the policy that allows it in the same stream it isn't known.
    let outcome = done(scene.apply_text(&all(4, "2", "3"), &["--dry-run=server"]));
    let line = "deployment.apps/web configured (not checked) (server dry run)\n";
    assert!(outcome.stdout.contains(line), "{}", outcome.report(line));
    let outcome = done(scene.apply_text(&all(4, "2", "3"), &[]));
    assert!(outcome.stderr.contains("goes ahead, since it changes policy"), "{}", outcome.report("ahead"));
    assert_eq!(value(&scene, "deployment/web", "/spec/replicas"), "3");
    assert_eq!(value(&scene, "configmap/early", "/data/a"), "2");
    let name = scene.name();
    scene.kubectl(&[
        "delete",
        &format!("validatingadmissionpolicybinding/{name}-small"),
        &format!("validatingadmissionpolicy/{name}-small"),
    ]);
}
