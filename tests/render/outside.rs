//! Stories of a project that names files of others: by `..`, by an absolute path, by a link.

use std::os::unix::fs::symlink;

use codex_tests::Scene;

use super::{greeted, greeting};

const DEV: [&str; 2] = ["--env", "dev"];

/// A project in a directory of its own below the scene's, beside which other files lie; `path` is its manifest.
fn project_with(path: &str) -> Scene {
    let services = format!("project: demo\nservices:\n  - name: web\n    manifests:\n      - path: {path}\n");
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  greeting: hello\n";
    greeting("hello")
        .file("shop/services.yaml", services)
        .file("shop/web.yaml", manifest)
        .file("others/web.yaml", manifest)
}

fn of_shop(scene: &Scene, more: &[&str]) -> codex_tests::Expectation {
    scene.render(&[&["-c", "shop/services.yaml"], &DEV[..], more].concat())
}

/// The ways out of a project, each with its manifest's path.
fn ways_out() -> Vec<(Scene, String)> {
    let dots = project_with("../others/web.yaml");
    let back = project_with("sub/../../others/web.yaml").file("shop/sub/x", "");
    let absolute = project_with("@");
    let path = absolute.path("others/web.yaml").to_str().unwrap().to_owned();
    let absolute = absolute.replace("shop/services.yaml", "@", &path);
    let link = project_with("linked.yaml");
    symlink("../others/web.yaml", link.path("shop/linked.yaml")).unwrap();
    let directory = project_with("linked/web.yaml");
    symlink("../others", directory.path("shop/linked")).unwrap();
    let chain = project_with("one.yaml");
    symlink("two.yaml", chain.path("shop/one.yaml")).unwrap();
    symlink("../others/web.yaml", chain.path("shop/two.yaml")).unwrap();
    vec![
        (dots, "../others/web.yaml".to_owned()),
        (back, "sub/../../others/web.yaml".to_owned()),
        (absolute, "others/web.yaml".to_owned()),
        (link, "linked.yaml".to_owned()),
        (directory, "linked/web.yaml".to_owned()),
        (chain, "one.yaml".to_owned()),
    ]
}

#[test]
fn a_manifest_outside_is_refused_where_services_yaml_names_it() {
    for (scene, path) in ways_out() {
        of_shop(&scene, &[]).fails(
            2,
            &[
                &path,
                "is outside the project: it is ",
                "others/web.yaml",
                "shop/services.yaml:5:15",
                "a manifest of service `web`",
                "hint: ",
                "--allow-outside",
            ],
        );
    }
}

#[test]
fn a_manifest_outside_is_read_if_that_is_allowed() {
    for (scene, _) in ways_out() {
        of_shop(&scene, &["--allow-outside"]).stdout(greeted("hello")).check();
        let scene = scene.env("CODEXCTL_ALLOW_OUTSIDE", "true");
        of_shop(&scene, &[]).stdout(greeted("hello")).check();
    }
}

#[test]
fn a_git_work_tree_is_one_project() {
    for (scene, _) in ways_out() {
        std::fs::create_dir(scene.path(".git")).unwrap();
        of_shop(&scene, &[]).stdout(greeted("hello")).check();
    }
    // A work tree beside its repository has a file there.
    let scene = project_with("../others/web.yaml").file(".git", "gitdir: elsewhere\n");
    of_shop(&scene, &[]).stdout(greeted("hello")).check();
    // The nearest one counts.
    let scene = project_with("../others/web.yaml").file(".git", "").file("shop/.git", "");
    of_shop(&scene, &[]).fails(2, &["is outside the project"]);
}

#[test]
fn links_that_stay_inside_are_followed() {
    let scene = project_with("deep/linked.yaml").file("shop/deep/x", "");
    symlink("../web.yaml", scene.path("shop/deep/linked.yaml")).unwrap();
    of_shop(&scene, &[]).stdout(greeted("hello")).check();
    // The project itself may be reached through a link.
    symlink("shop", scene.path("alias")).unwrap();
    scene.render(&["-c", "alias/services.yaml", "--env", "dev"]).stdout(greeted("hello")).check();
}

#[test]
fn codexctl_read_everything_and_one_warning_per_file_says_so() {
    for (scene, path) in ways_out() {
        let scene = scene.replace(
            "shop/services.yaml",
            "manifests:\n",
            "manifests:\n      - path: web.yaml\n  - name: again\n    manifests:\n",
        );
        let outcome = of_shop(&scene, &["--compat", "codexctl"]).any_stdout().unchecked();
        let report = outcome.report("must be rendered with a warning");
        assert_eq!(outcome.exit, 0, "{report}");
        assert_eq!(outcome.stderr.matches("warning: ").count(), 1, "{report}");
        assert!(outcome.stderr.contains("is outside the project: it is "), "{report}");
        assert!(outcome.stderr.contains(&path) && outcome.stderr.contains("shop/services.yaml:"), "{report}");
    }
    let twice = project_with("../others/web.yaml\n      - path: ../others/web.yaml");
    let outcome = of_shop(&twice, &["--compat", "codexctl"]).any_stdout().unchecked();
    assert_eq!(outcome.stderr.matches("warning: ").count(), 1, "{}", outcome.report("one warning"));
}

#[test]
fn an_env_file_outside() {
    let scene = project_with("web.yaml").file("others/.env", "GREETING=hello\n");
    let scene = scene.replace("shop/services.yaml", "services:", "envFiles: [../others/.env]\nservices:");
    let scene = scene.replace("shop/web.yaml", "hello", "'{{ .EnvMap.GREETING }}'");
    of_shop(&scene, &[]).fails(
        2,
        &["../others/.env is outside the project: it is ", "shop/services.yaml:2:12", "--allow-outside"],
    );
    of_shop(&scene, &["--allow-outside"]).stdout(greeted("hello")).check();
    let outcome = of_shop(&scene, &["--compat", "codexctl"]).any_stdout().unchecked();
    let report = outcome.report("one warning");
    assert!(outcome.exit == 0 && outcome.stdout.contains("greeting: hello"), "{report}");
    assert_eq!(outcome.stderr.matches("warning: ").count(), 1, "{report}");
    assert!(outcome.stderr.contains("shop/services.yaml:2:12"), "{report}");
}

#[test]
fn what_the_user_types_is_the_users_own() {
    let scene = project_with("web.yaml").file("others/vars", "GREETING=hello\n").replace(
        "shop/web.yaml",
        "hello",
        "'{{ .Vars.GREETING }}'",
    );
    scene
        .shell("cd shop && kubectl-codex-render --env dev --var-file ../others/vars")
        .stdout(greeted("hello"))
        .check();
    scene.shell("cd shop && kubectl-codex-render --env dev -f ../others/web.yaml").any_stdout().check();
    scene
        .shell("cd others && kubectl-codex-render -c ../shop/services.yaml --env dev --var GREETING=hello")
        .stdout(greeted("hello"))
        .check();
}
