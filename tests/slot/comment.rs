//! `comment`: where a slot's copy of the project is.

use codex_tests::Scene;

#[test]
fn it_says_slot_host_and_links() {
    let outcome = Scene::shop().run("kubectl-codex-slot", &["comment", "--slot", "3"]).any_stdout().check();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines[0], "<!-- kubectl-codex environment: shop/ai/3 -->");
    for line in [
        "- Slot: 3",
        "- Host: https://dev-3.ai.shop.example",
        "- Shop: https://dev-3.ai.shop.example/",
        "- API: https://dev-3.ai.shop.example/api/products",
    ] {
        assert!(lines.contains(&line), "{}", outcome.report(line));
    }
}

#[test]
fn the_language_is_the_flags_the_variables_or_the_projects() {
    let run = |scene: &Scene, arguments: &[&str]| {
        let arguments = [&["comment", "--slot", "3"], arguments].concat();
        scene.run("kubectl-codex-slot", &arguments).any_stdout().stderr_mentions(&[]).check()
    };
    let scene = Scene::shop();
    assert!(run(&scene, &["--lang", "ru"]).stdout.contains("Слот: 3"));
    assert!(run(&scene, &[]).stdout.contains("Slot: 3"));
    let russian = Scene::shop().replace("services.yaml", "promptLang: en", "promptLang: ru");
    assert!(run(&russian, &[]).stdout.contains("Слот: 3"));
    assert!(run(&russian, &["--lang", "en"]).stdout.contains("Slot: 3"));
    let variable = Scene::shop().env("CODEX_PROMPT_LANG", "ru");
    assert!(run(&variable, &[]).stdout.contains("Слот: 3"));
    let unknown = Scene::shop().env("CODEX_PROMPT_LANG", "de");
    let outcome = run(&unknown, &[]);
    assert!(
        outcome.stdout.contains("Slot: 3") && outcome.stderr.contains("`de`"),
        "{}",
        outcome.report("de")
    );
}

#[test]
fn other_environments_have_one_host() {
    let run = Scene::shop().run("kubectl-codex-slot", &["comment", "--slot", "3", "--env", "staging"]);
    run.stdout_mentions(&["- Host: https://staging.shop.example\n"]).check();
}

#[test]
fn without_a_base_domain_there_is_no_host() {
    let scene = Scene::new().file("services.yaml", "project: shop\nenvironments: {ai: {}}\n");
    scene.run("kubectl-codex-slot", &["comment", "--slot", "3"]).fails(2, &["baseDomain.ai"]);
}

#[test]
fn an_issue_or_a_pull_request_names_the_slot_too() {
    let scene = super::project();
    super::ensured(&scene, &["--issue", "7"]);
    super::ensured(&scene, &["--issue", "8", "--pr", "12"]);
    for (arguments, slot) in [(["--issue", "7"], 1), (["--issue", "8"], 2), (["--pr", "12"], 2)] {
        let outcome = super::done(super::slot(&scene, &[&["comment"], &arguments[..]].concat()));
        let first = format!("<!-- kubectl-codex environment: {}/ai/{slot} -->\n", scene.name());
        assert!(outcome.stdout.starts_with(&first), "{}", outcome.report("another slot"));
    }
    let missing = super::slot(&scene, &["comment", "--pr", "7"]);
    super::fails(missing, 1, &["pull request 7 has no slot"]);
}
