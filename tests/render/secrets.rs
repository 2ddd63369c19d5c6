//! Stories of secrets: whatever goes wrong, their values aren't shown.

use codex_tests::Scene;

use super::greeting;

const SECRET: &str = "hunter2:hunter2: x";

fn fails_without_showing(scene: Scene, arguments: &[&str], parts: &[&str]) {
    let outcome = scene.render(arguments).any_stdout().unchecked();
    assert_ne!(outcome.exit, 0, "{}", outcome.report("must fail"));
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.report("shows a secret"));
    for part in parts {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
}

#[test]
fn frames_of_rendered_text_hide_them() {
    let scene = greeting("{{ .EnvMap.DB_PASSWORD }}").env("DB_PASSWORD", SECRET);
    fails_without_showing(scene, &["--env", "dev"], &["web.yaml:6:", "***"]);
}

#[test]
fn every_secret_sounding_name_counts() {
    for name in ["DB_PASS", "DB_PWD", "MY_SECRET", "GH_TOKEN", "API_KEY", "GH_PAT", "AUTH_X", "CREDENTIALS"] {
        let scene = greeting(&format!("{{{{ .EnvMap.{name} }}}}")).env(name, SECRET);
        fails_without_showing(scene, &["--env", "dev"], &["***"]);
    }
}

#[test]
fn secrets_of_var_files_and_flags_count_too() {
    let scene = greeting("{{ .UserVars.TOKEN }}");
    let flag = format!("TOKEN={SECRET}");
    fails_without_showing(scene, &["--env", "dev", "--var", &flag], &["***"]);
    let scene = greeting("{{ .Vars.TOKEN }}").file("v.env", format!("TOKEN={SECRET}\n"));
    fails_without_showing(scene, &["--env", "dev", "--var-file", "v.env"], &["***"]);
}

#[test]
fn words_of_templates_hide_them() {
    let scene = greeting("'{{ fail .EnvMap.API_TOKEN }}'").env("API_TOKEN", "hunter2-token");
    fails_without_showing(scene, &["--env", "dev"], &["web.yaml:6:", "***"]);
}

#[test]
fn other_values_are_shown() {
    greeting("{{ .EnvMap.GREETING }}")
        .env("GREETING", "a: b")
        .render(&["--env", "dev"])
        .fails(2, &["greeting: a: b"]);
}

#[test]
fn a_bad_line_of_an_env_file_is_not_shown() {
    let scene = greeting("hello")
        .replace("services.yaml", "project: demo\n", "project: demo\nenvFiles: [.env]\n")
        .file(".env", "A=1\nB=\"hunter2\n");
    fails_without_showing(scene, &["--env", "dev"], &[".env, line 2"]);
}

#[test]
fn a_bad_line_of_a_var_file_is_not_shown() {
    let scene = greeting("hello").file("v.env", "A=1\n\nhunter2\n");
    fails_without_showing(scene, &["--env", "dev", "--var-file", "v.env"], &["v.env, line 3"]);
}

#[test]
fn a_bad_item_of_vars_is_shown() {
    greeting("hello").render(&["--env", "dev", "--vars", "A=1,oops"]).fails(2, &["`oops`", "KEY=VALUE"]);
}

#[test]
fn what_is_rendered_is_not_redacted() {
    greeting("'{{ .EnvMap.DB_PASSWORD }}'")
        .env("DB_PASSWORD", "hunter2")
        .render(&["--env", "dev"])
        .stdout(super::greeted("hunter2"))
        .check();
}
