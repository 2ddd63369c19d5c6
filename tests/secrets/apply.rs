//! What apply prints of objects that hold secrets, and of those that are refused.

use serde_json::{Value, json};

use super::{Story, rotated};

#[test]
fn what_is_planned_and_applied_shows_none() {
    let story = Story::new();
    story.run(0, "kubectl-codex-render", &["--env", "dev", "--list"]);
    story.apply(0, &["--dry-run", "client"]);
    let diff = story.apply(0, &["--diff"]).stdout;
    for line in ["+  plain: '***'", "+    password: ***", "+  encoded: '***'", "+  basic: Basic dXNlcj***"] {
        assert!(diff.lines().any(|found| found == line), "{line}:\n{diff}");
    }
    for format in ["json", "yaml", "name"] {
        story.apply(0, &["--dry-run", "server", "-o", format]);
    }
    let applied = story.apply(0, &["-o", "json"]).stdout;
    let plan: Value = serde_json::from_str(&applied).unwrap();
    let map =
        plan["objects"].as_array().unwrap().iter().find(|entry| entry["name"] == "holds-settings").unwrap();
    assert_eq!((&map["action"], &map["result"]), (&json!("create"), &json!("created")));
    let data = &map["object"]["data"];
    assert_eq!((&data["plain"], &data["long"]), (&json!("***"), &json!("***")), "{data}");
    assert_eq!(data["config"], "user: shop\npassword: ***\nport: 5432\n");
    let annotation = map["object"]["metadata"]["annotations"]["example.org/json"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(annotation).unwrap(),
        json!({"token": "***", "password": "***"})
    );
    assert_eq!(
        story.scene.object("configmap/holds-settings")["data"]["config"].as_str().unwrap().lines().count(),
        3
    );
    story.apply(0, &["--wait"]);
    let name = story.scene.name().to_owned();
    story.scan_objects(&name);
    story.ends_clean();
}

#[test]
fn a_diff_shows_neither_the_new_secret_nor_the_one_before_it() {
    let story = Story::new();
    story.apply(0, &[]);
    let story = story.with_secrets(rotated);
    let diff = story.apply(0, &["--diff"]).stdout;
    for lines in [
        "-  plain: '***'\n",
        "+  plain: '*** (changed)'\n",
        "+    password: *** (changed)\n     port: 5432\n",
    ] {
        assert!(diff.contains(lines), "{lines}:\n{diff}");
    }
    story.apply(0, &["--dry-run", "server", "-o", "yaml"]);
    story.apply(0, &["-o", "yaml"]);
    let shown = story.scene.apply(&["--env", "dev", "--diff"]).stderr_mentions(&[]).stdout("").check();
    assert_eq!(shown.exit, 0);
    story.ends_clean();
}

#[test]
fn those_who_ask_for_secrets_see_them() {
    let story = Story::new();
    let arguments = ["--env", "dev", "--diff", "--show-secrets"];
    let outcome = story.scene.apply(&arguments).any_stdout().stderr_mentions(&[]).check();
    assert!(outcome.stdout.contains(&format!("password: {}-a", story.scanner.mark())), "{}", outcome.stdout);
}

#[test]
fn what_is_refused_shows_none() {
    let story = Story::new();
    story.apply(0, &[]);
    // A conflict about fields that hold secrets.
    let of_others = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: holds-settings}\ndata: {plain: other, key: other}\n";
    let owner = ["apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "-f", "-"];
    story.scene.kubectl_with(&owner, of_others);
    story.apply(1, &[]);
    story.apply(1, &["--diff"]);
    story.apply(0, &["--force-conflicts"]);
    // No rights.
    story.apply(1, &["--as", "nobody"]);
    // What the server's own words quote: 422 with an invalid value, 400 with one of another type.
    for (from, to) in [
        ("image: registry.test/app:1", "image: {{ .EnvMap.DB_PASSWORD | toJson }}"),
        (
            "image: registry.test/app:1",
            "image: app\n          ports: [{containerPort: 80, protocol: {{ .EnvMap.UNICODE_SECRET | toJson }}}]",
        ),
        (
            "labels: {app: web}}\n    spec",
            "labels: {app: web, password: {{ .EnvMap.DB_PASSWORD | toJson }}}}\n    spec",
        ),
        ("replicas: 1", "replicas: {{ .EnvMap.DB_PASSWORD | toJson }}"),
        ("name: holds-web}", "name: {{ .EnvMap.UNICODE_SECRET | toJson }}}"),
    ] {
        let text = super::WEB.replace(from, to);
        assert_ne!(text, super::WEB, "{from}");
        std::fs::write(story.scene.scene().path("web.yaml"), &text).unwrap();
        for arguments in [&["--diff"][..], &["--dry-run", "server", "-o", "json"], &[]] {
            let run = story.scene.apply(&[&["--env", "dev"], arguments].concat()).unchecked();
            story.scanner.text(&format!("{to}: {}", run.command), &(run.stdout.clone() + &run.stderr));
            assert_ne!(run.exit, 70, "{}", run.report("a bug"));
        }
    }
    std::fs::write(
        story.scene.scene().path("web.yaml"),
        super::WEB.replace("replicas: 1", "replicas: [{{ .EnvMap.API_TOKEN }}"),
    )
    .unwrap();
    story.apply(2, &[]);
    story.run(2, "kubectl-codex-render", &["--env", "dev"]);
    std::fs::write(story.scene.scene().path("web.yaml"), "{{ fail .EnvMap.DB_PASSWORD }}").unwrap();
    story.run(2, "kubectl-codex-render", &["--env", "dev"]);
    story.ends_clean();
}

#[test]
fn what_is_pruned_shows_none() {
    let story = Story::new();
    story.apply(0, &[]);
    let (map, _) = super::WEB.split_once("---\napiVersion: apps").unwrap();
    std::fs::write(story.scene.scene().path("web.yaml"), map).unwrap();
    story.apply(0, &["--prune", "-o", "json"]);
    assert!(!story.scene.finds("deployment/holds-web"));
    story.ends_clean();
}

#[test]
fn a_stream_is_known_by_the_variables_of_the_process() {
    let story = Story::new();
    let script = "kubectl-codex-render --env dev | kubectl-codex-apply --env dev -f - ";
    for end in ["--diff", "--dry-run server -o json", "-o yaml"] {
        story.scanned(0, story.scene.shell(&format!("{script}{end}")));
    }
    let diff = story.scanned(0, story.scene.shell(&format!("{script}--diff"))).stdout;
    assert_eq!(diff, "");
    story.ends_clean();
}
