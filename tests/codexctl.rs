//! Stories of `codexctl`: existing command lines go on working.

use codex_tests::Scene;

#[test]
fn render_is_the_plugin_in_codexctls_mode() {
    let scene = Scene::shop();
    for arguments in [&["--env", "staging"][..], &["--env", "ai", "--slot", "1"]] {
        let plugin = [&["--compat", "codexctl"], arguments].concat();
        let shim = [&["render"], arguments].concat();
        let expected = scene.render(&plugin).any_stdout().check().stdout;
        assert!(expected.starts_with("apiVersion:"), "{expected}");
        scene.run("codexctl", &shim).stdout(expected).check();
    }
}

#[test]
fn unknown_environments_are_rendered_as_codexctl_does() {
    Scene::shop()
        .run(
            "codexctl",
            &["render", "--env", "preview", "--only-infra", "namespace", "--only-services", "codex"],
        )
        .stdout_mentions(&["name: shop-preview"])
        .check();
}

#[test]
fn global_flags_may_stand_before_the_command() {
    let scene = Scene::shop();
    let after = scene.run("codexctl", &["render", "--env", "staging"]).any_stdout().check();
    let before = scene.run("codexctl", &["--env", "staging", "render"]);
    before.stdout(after.stdout).check();
}

#[test]
fn an_error_is_a_message_and_an_exit_code() {
    Scene::new().run("codexctl", &["render", "--env", "dev"]).fails(1, &["error:", "services.yaml"]);
}

#[test]
fn a_command_of_a_later_version_says_so() {
    Scene::shop()
        .run("codexctl", &["images", "build", "--env", "dev"])
        .fails(1, &["`codexctl images`", "this release"]);
}

#[test]
fn an_unknown_command_gets_a_suggestion() {
    Scene::shop().run("codexctl", &["rendr", "--env", "dev"]).fails(2, &["rendr", "render"]);
}

#[test]
fn version_and_help() {
    let version = env!("CARGO_PKG_VERSION");
    Scene::new().run("codexctl", &["--version"]).stdout_mentions(&["codexctl", version]).check();
    Scene::new().run("codexctl", &["--help"]).stdout_mentions(&["render", "manage-env"]).check();
    Scene::new().run("codexctl", &["render", "--help"]).stdout_mentions(&["--only-services"]).check();
}
