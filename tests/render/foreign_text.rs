//! Stories of how the text of `-f` is read: as kubectl reads it.

use codex_tests::Scene;

const AI: [&str; 6] = ["--env", "ai", "-f", "-", "--no-header", "-n"];

fn render(text: &str) -> codex_tests::Expectation {
    let scene = Scene::new().file("services.yaml", "project: tea\nenvironments: {ai: {}}\n").stdin(text);
    scene.render(&[&AI[..], &["tea-house"]].concat())
}

fn account(name: &str) -> String {
    format!("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: tea-house\n")
}

#[test]
fn json_objects_may_follow_each_other() {
    let object = |name: &str| {
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{{\"name\":\"{name}\"}}}}")
    };
    for between in ["\n", "", "  \n\t\r\n"] {
        let text = [object("green"), object("black"), object("white")].join(between);
        render(&text).stdout(["green", "black", "white"].map(account).join("---\n")).check();
    }
    let pretty = object("green").replace(',', ",\n  ").replace('{', "{\n");
    render(&format!("{pretty}{pretty}")).stdout([account("green"), account("green")].join("---\n")).check();
}

#[test]
fn what_is_wrong_in_the_third_object_is_said_where_it_stands() {
    let object =
        "{\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\",\n \"metadata\": {\"name\": \"green\"}}\n";
    render(&format!("{object}{object}{}", object.replace(" \"metadata\"", " metadata")))
        .fails(2, &["cannot read standard input", "standard input:6:2", "a key in double quotes"]);
}

#[test]
fn a_block_text_at_the_end_of_the_file_ends_with_a_line_break() {
    for (style, expected) in [("|", "    steep\n"), ("|-", "steep"), ("|+", "    steep\n")] {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: pot}}\ndata:\n  a: x\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cup}}\ndata:\n  note: {style}\n    steep"
        );
        let ended = render(&format!("{text}\n")).any_stdout().check();
        let open = render(&text).any_stdout().check();
        assert_eq!(open.stdout, ended.stdout, "{}", open.report(style));
        assert!(open.stdout.contains(expected), "{}", open.report(style));
    }
}

#[test]
fn the_projects_own_manifests_end_where_they_end() {
    Scene::new()
        .file(
            "services.yaml",
            "project: tea\nenvironments: {ai: {}}\nservices: [{name: pot, manifests: [{path: pot.yaml}]}]\n",
        )
        .file(
            "pot.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pot}\ndata:\n  note: |\n    steep",
        )
        .render(&["--env", "ai", "-n", "tea-house"])
        .stdout_mentions(&["  note: steep\n"])
        .check();
}

const GRANTS: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBindingList
metadata: {resourceVersion: '12'}
items:
- metadata: {name: pour}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: stir}
";

fn grant(name: &str) -> String {
    account(name).replace("v1", "rbac.authorization.k8s.io/v1").replace("ServiceAccount", "RoleBinding")
}

#[test]
fn a_list_of_one_kind_is_its_items() {
    render(GRANTS).stdout([grant("pour"), grant("stir")].join("---\n")).check();
}

#[test]
fn a_list_of_one_kind_is_its_items_in_the_stack_too() {
    let project = Scene::new()
        .file(
            "services.yaml",
            "project: tea\nenvironments: {ai: {}}\nservices:\n\
             - name: pot\n  manifests: [{path: pot.yaml}]\n  overlays: {ai: {dropKinds: [\u{17F}ecret]}}\n",
        )
        .file(
            "pot.yaml",
            format!("{GRANTS}---\nkind: SecretList\napiVersion: v1\nitems: [{{metadata: {{name: k}}}}]\n"),
        );
    let arguments = ["--env", "ai", "-n", "tea-house", "--no-header"];
    project.render(&arguments).stdout([grant("pour"), grant("stir")].join("---\n")).check();
    let compat = [&arguments[..], &["--compat", "codexctl"]].concat();
    project.render(&compat).stdout_mentions(&["kind: RoleBindingList", "items:\n"]).check();
}
