//! What is said to who types something that is nearly right, or in another directory.

use codex_tests::Scene;

use super::{greeted, greeting};

#[test]
fn the_project_is_found_from_a_directory_below() {
    let scene = greeting("hi").file("a/b/c.txt", "");
    scene
        .shell("cd a/b && kubectl-codex-render --env dev")
        .stdout(greeted("hi"))
        .stderr("info: project: ../../services.yaml\n")
        .check();
    scene.render(&["--env", "dev"]).stdout(greeted("hi")).check();
    scene
        .shell("cd a/b && kubectl-codex-render --env dev -c services.yml")
        .fails(1, &["cannot read services.yml"]);
}

#[test]
fn without_a_project_the_flag_is_named() {
    Scene::new()
        .render(&["--env", "dev"])
        .fails(1, &["cannot read services.yaml", "directories above", "`-c FILE`"]);
}

#[test]
fn a_wrong_value_of_a_variable_names_the_variable() {
    let scene = greeting("hi").env("CODEXCTL_SLOT", "abc");
    scene.render(&["--env", "dev"]).fails(2, &["CODEXCTL_SLOT", "--slot"]);
    let typed = scene.render(&["--env", "dev", "--slot", "xyz"]).fails(2, &["--slot"]);
    assert!(!typed.stderr.contains("CODEXCTL_SLOT"), "{}", typed.report("it was typed"));
}

#[test]
fn a_mistyped_flag_gets_a_hint() {
    let outcome =
        greeting("hi").render(&["--env", "dev", "--slots", "1"]).fails(2, &["\nhint: ", "'--slot'"]);
    assert!(!outcome.stderr.contains("tip:"), "{}", outcome.report("the parser's word"));
}

#[test]
fn templates_in_manifests_made_elsewhere_are_not_rendered() {
    greeting("hi")
        .stdin("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: {{ .Namespace }}\n")
        .render(&["--env", "dev", "-f", "-"])
        .fails(2, &["standard input:5:", "`-f` renders no templates", "--only-infra"]);
}

#[test]
fn env_files_that_lose_text_are_pointed_out_without_it() {
    let scene = Scene::new().file("services.yaml", "project: tea\nenvFiles: [.env]\nservices: []\n").file(
        ".env",
        "# secrets\nDB_PASSWORD=sw0rd$FISH!\nTITLE=\"a # b\"\nNOTE=\"one\"#two\nHOST=x\nURL=http://$HOST\n",
    );
    let outcome = scene
        .render(&["--env", "dev"])
        .stderr_mentions(&[
            "warning: env file .env, line 2: ",
            "`DB_PASSWORD`",
            "single quotes",
            "line 4: ",
            "`NOTE`",
        ])
        .check();
    for part in ["sw0rd", "FISH", "two", "line 3", "line 6"] {
        assert!(!outcome.stderr.contains(part), "{}", outcome.report(part));
    }
}

#[test]
fn infrastructure_without_a_namespace_is_pointed_out_on_a_terminal() {
    let scene = Scene::new()
        .file(
            "services.yaml",
            "project: tea\ninfrastructure: [{name: pot, manifests: [{path: pot.yaml}]}]\nservices: []\n",
        )
        .file(
            "pot.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pot}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {name: tea-dev}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cup, namespace: tea-dev}\n",
        );
    scene.render(&["--env", "dev"]).any_stdout().check();
    let terminal = scene.on_terminal((40, 160), "kubectl-codex-render", &["--env", "dev"], "");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("ConfigMap `pot` (pot.yaml:1) has no namespace"), "{screen}");
    assert!(screen.contains("`kubectl codex apply` puts them into `tea-dev`"), "{screen}");
}
