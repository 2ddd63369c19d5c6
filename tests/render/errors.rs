//! Stories of mistakes: the message names the thing, shows the line, and suggests.

use codex_tests::Scene;

use super::greeting;

const DEV: [&str; 2] = ["--env", "dev"];

#[test]
fn an_unknown_function_is_marked_in_its_line() {
    let services =
        "project: demo\n\nbaseDomain:\n  dev: '{{ envor \"BASE_DOMAIN_DEV\" \"dev.example.org\" }}'\n";
    Scene::new()
        .file("services.yaml", services)
        .render(&DEV)
        .exit(2)
        .stderr(
            "error: cannot render services.yaml\n\
             \x20--> services.yaml:4:12\n\
             \x20 |\n\
             4 |   dev: '{{ envor \"BASE_DOMAIN_DEV\" \"dev.example.org\" }}'\n\
             \x20 |            ^^^^^ function `envor` is not defined\n\
             \x20 |\n\
             hint: did you mean `envOr`?\n",
        )
        .check();
}

#[test]
fn an_unknown_field_gets_a_suggestion() {
    greeting("'{{ .Namspace }}'")
        .render(&DEV)
        .fails(2, &["web.yaml:6:", "greeting: '{{ .Namspace }}'", "did you mean `Namespace`"]);
}

#[test]
fn an_unknown_environment_gets_a_suggestion() {
    Scene::shop().render(&["--env", "stagging"]).fails(2, &["stagging", "did you mean `staging`"]);
}

#[test]
fn an_unknown_key_gets_a_suggestion_and_its_dotted_path() {
    greeting("hello")
        .replace("services.yaml", "    manifests:\n", "    manifest:\n")
        .render(&DEV)
        .fails(2, &["services.yaml:5:5", "services[0].manifest", "did you mean `manifests`"]);
}

#[test]
fn keys_that_begin_with_x_are_free() {
    greeting("hello")
        .replace("services.yaml", "project: demo\n", "project: demo\nx-owner: {team: web}\n")
        .render(&DEV)
        .any_stdout()
        .check();
}

#[test]
fn a_key_given_twice_shows_both_places() {
    greeting("hello")
        .replace("services.yaml", "project: demo\n", "project: demo\nproject: other\n")
        .render(&DEV)
        .fails(2, &["services.yaml:2:1", "project", "line 1"]);
}

#[test]
fn a_fault_in_rendered_text_shows_both_texts() {
    greeting("{{ .EnvMap.GREETING }}")
        .env("GREETING", "a: b")
        .render(&DEV)
        .fails(2, &["web.yaml:6:", "greeting: {{ .EnvMap.GREETING }}", "greeting: a: b"]);
}

#[test]
fn bad_yaml_in_services_yaml_shows_its_line() {
    Scene::new()
        .file("services.yaml", "project: demo\nservices:\n  - name: web\n   manifests: []\n")
        .render(&DEV)
        .fails(2, &["services.yaml:4:"]);
}

#[test]
fn a_wrong_type_names_the_field() {
    Scene::new()
        .file("services.yaml", "project: demo\nservices: {web: {}}\n")
        .render(&DEV)
        .fails(2, &["services.yaml:2:", "services", "list"]);
}

#[test]
fn a_missing_project_file_says_where_it_was_looked_for() {
    Scene::new().render(&DEV).fails(1, &["services.yaml"]);
    Scene::new().render(&["--env", "dev", "-c", "deploy/stack.yaml"]).fails(1, &["deploy/stack.yaml"]);
}

#[test]
fn a_missing_manifest_names_the_file_and_who_wants_it() {
    let scene = greeting("hello");
    std::fs::remove_file(scene.path("web.yaml")).unwrap();
    scene.render(&DEV).fails(1, &["web.yaml", "services.yaml:6:15"]);
}

#[test]
fn handlebars_manifests_are_refused() {
    greeting("hello")
        .replace("services.yaml", "web.yaml", "web.yaml.hbs")
        .file("web.yaml.hbs", "kind: ConfigMap\n")
        .render(&DEV)
        .fails(2, &["web.yaml.hbs"]);
}

#[test]
fn values_that_need_each_other_name_the_cycle() {
    Scene::new()
        .file(
            "services.yaml",
            "project: demo\nversions:\n  a: '{{ .Versions.b }}x'\n  b: '{{ .Versions.a }}y'\n",
        )
        .render(&DEV)
        .fails(2, &["versions.a", "versions.b"]);
}

#[test]
fn values_may_need_other_values() {
    greeting("'{{ .Versions.web }}'")
        .replace("services.yaml", "{web: \"1.10\"}", "{web: '{{ .Versions.base }}-1', base: '2'}")
        .render(&DEV)
        .stdout(super::greeted("2-1"))
        .check();
}

#[test]
fn environments_that_inherit_in_a_circle_are_an_error() {
    greeting("hello")
        .replace(
            "services.yaml",
            "project: demo\n",
            "project: demo\nenvironments:\n  dev: {from: ai}\n  ai: {from: dev}\n",
        )
        .render(&DEV)
        .fails(2, &["cycle", "`dev`"]);
}

#[test]
fn an_unknown_parent_environment_gets_a_suggestion() {
    greeting("hello")
        .replace(
            "services.yaml",
            "project: demo\n",
            "project: demo\nenvironments:\n  dev: {from: stagng}\n  staging: {}\n",
        )
        .render(&DEV)
        .fails(2, &["`stagng`", "did you mean `staging`"]);
}

#[test]
fn an_incomplete_host_mount_is_an_error() {
    for (mount, missing) in [
        ("{name: src, mountPath: /app}", "hostPath"),
        ("{name: src, hostPath: /src}", "mountPath"),
        ("{hostPath: /src, mountPath: /app}", "name"),
    ] {
        let overlays = format!("  - name: web\n    overlays: {{dev: {{hostMounts: [{mount}]}}}}\n");
        greeting("hello")
            .replace("services.yaml", "  - name: web\n", &overlays)
            .render(&DEV)
            .fails(2, &["services.yaml:", missing]);
    }
}

#[test]
fn two_host_mounts_of_one_name_are_an_error() {
    let mount = "{name: src, hostPath: /src, mountPath: /app}";
    let overlays = format!("  - name: web\n    overlays: {{dev: {{hostMounts: [{mount}, {mount}]}}}}\n");
    greeting("hello")
        .replace("services.yaml", "  - name: web\n", &overlays)
        .render(&DEV)
        .fails(2, &["services.yaml:", "src"]);
}

#[test]
fn a_message_is_said_once_and_without_usage() {
    let outcome = greeting("'{{ .Namspace }}'").render(&DEV).fails(2, &["error:"]);
    assert_eq!(outcome.stderr.matches("error:").count(), 1, "{}", outcome.stderr);
    assert!(!outcome.stderr.to_lowercase().contains("usage"), "{}", outcome.stderr);
}

#[test]
fn block_templates_work_around_yaml() {
    greeting("hello")
        .replace("services.yaml", "services:\n", "{{ if eq .Env \"dev\" }}\nservices:\n")
        .file("more.yaml", "")
        .replace("services.yaml", "      - path: web.yaml\n", "      - path: web.yaml\n{{ end }}\n")
        .render(&DEV)
        .stdout(super::greeted("hello"))
        .check();
}
