//! Stories of `-f`: namespace, image, mounts and dropped kinds on manifests made elsewhere.

use codex_tests::Scene;

/// As Helm prints a chart: comments, annotations, its own names, texts full of braces.
const CHART: &str = r#"---
# Source: web/templates/config.yaml
kind: ConfigMap
apiVersion: v1
metadata:
  name: release-web
  annotations:
    meta.helm.sh/release-name: release
data:
  dashboard: '{{ .Values.title }} {{ nope }}'
  enabled: yes
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-web
  annotations:
    postrenderer.helm.sh/postrender-filename: web/templates/deployment.yaml
spec:
  template:
    spec:
      containers:
        - name: web
          image: nginx:1.0
        - name: sidecar
          image: envoy:1.0
---
# Source: web/templates/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: release-web
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: release-web
"#;

fn project() -> Scene {
    Scene::new()
        .file(
            "services.yaml",
            "project: demo\n\
             environments: {dev: {}, ai: {}}\n\
             services:\n\
             \x20 - name: web\n\
             \x20   manifests: [{path: not-read.yaml}]\n\
             \x20   image: {repository: registry.example/web, tagTemplate: '{{ .Env }}-1'}\n\
             \x20   overlays:\n\
             \x20     ai:\n\
             \x20       dropKinds: [Ingress]\n\
             \x20       hostMounts: [{name: src, hostPath: '/srv/{{ .Slot }}', mountPath: /app}]\n\
             \x20 - name: off\n\
             \x20   when: 'false'\n",
        )
        .stdin(CHART)
}

const AI: [&str; 6] = ["--env", "ai", "--slot", "3", "-f", "-"];

fn with(arguments: &[&'static str]) -> Vec<&'static str> {
    [&AI[..], arguments].concat()
}

#[test]
fn a_named_service_puts_all_of_its_overlays_on() {
    project()
        .render(&with(&["--service", "web=release-web"]))
        .stdout(
            r#"# kubectl-codex: {"project":"demo","env":"ai","slot":3,"namespace":"demo-dev-3","partial":true}
# kubectl-codex: {"item":"service.web"}
kind: ConfigMap
apiVersion: v1
metadata:
  name: release-web
  annotations:
    meta.helm.sh/release-name: release
  namespace: demo-dev-3
data:
  dashboard: '{{ .Values.title }} {{ nope }}'
  enabled: true
---
# kubectl-codex: {"item":"service.web"}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-web
  annotations:
    postrenderer.helm.sh/postrender-filename: web/templates/deployment.yaml
  namespace: demo-dev-3
spec:
  template:
    spec:
      containers:
        - name: web
          image: registry.example/web:ai-1
          volumeMounts:
            - mountPath: /app
              name: src
        - name: sidecar
          image: envoy:1.0
      volumes:
        - hostPath:
            path: /srv/3
            type: Directory
          name: src
---
# kubectl-codex: {"item":"service.web"}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: release-web
"#,
        )
        .check();
}

#[test]
fn without_a_service_only_deployments_of_its_name_get_image_and_mounts() {
    let chart = CHART.replace("release-web", "web");
    let outcome = project().stdin(chart).render(&AI).any_stdout().check();
    assert!(outcome.stdout.contains("image: registry.example/web:ai-1"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("kind: Ingress"), "no dropKinds without --service");

    let outcome = project().render(&AI).any_stdout().check();
    assert!(outcome.stdout.contains("image: nginx:1.0"), "{}", outcome.stdout);
}

#[test]
fn an_unknown_deployment_lists_those_that_are_there() {
    project().render(&with(&["--service", "web"])).fails(2, &["`web`", "release-web"]);
}

#[test]
fn an_unknown_service_gets_a_suggestion() {
    project().render(&with(&["--service", "wbe"])).fails(2, &["`wbe`", "did you mean `web`"]);
}

#[test]
fn a_service_that_is_off_is_an_error() {
    project().render(&with(&["--service", "off"])).fails(2, &["`off`", "when"]);
}

#[test]
fn a_namespace_that_is_there_stays_and_is_named() {
    project()
        .stdin("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n")
        .render(&AI)
        .stdout_mentions(&["namespace: other\n"])
        .stderr_mentions(&["other", "demo-dev-3"])
        .check();
}

#[test]
fn lists_are_unpacked() {
    let list = "apiVersion: v1\nkind: List\nitems:\n\
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n";
    let outcome = project().stdin(list).render(&AI).any_stdout().check();
    assert!(!outcome.stdout.contains("List"), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("namespace: demo-dev-3\n").count(), 2);
}

#[test]
fn a_document_without_a_kind_is_named_by_number_and_source() {
    let chart = format!("{CHART}---\n# Source: web/templates/broken.yaml\nmetadata: {{name: x}}\n");
    project().stdin(chart).render(&AI).fails(2, &["5", "web/templates/broken.yaml", "kind"]);
}

#[test]
fn several_files_come_in_order() {
    let config = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let outcome = project()
        .file("b.yaml", config("b"))
        .file("a.yaml", config("a"))
        .render(&["--env", "dev", "-f", "b.yaml", "-f", "a.yaml"])
        .any_stdout()
        .check();
    let names: Vec<&str> = outcome.stdout.lines().filter_map(|l| l.trim().strip_prefix("name: ")).collect();
    assert_eq!(names, ["b", "a"]);
}

#[test]
fn nothing_left_prints_nothing() {
    for text in
        ["", "---\n# nothing\n", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\n"]
    {
        let scene = project().stdin(text);
        let outcome = scene.render(&AI).unchecked();
        assert_eq!(outcome.exit, 0, "{}", outcome.report(text));
        assert_eq!(outcome.stdout.is_empty(), !text.contains("kind"), "{}", outcome.report(text));
    }
}

#[test]
fn filters_and_list_make_no_sense_here() {
    for flags in [
        &["--only-services", "web"][..],
        &["--skip-services", "web"],
        &["--only-infra", "x"],
        &["--skip-infra", "x"],
        &["--list"],
    ] {
        project().render(&with(flags)).fails(2, &["-f"]);
    }
}

#[test]
fn service_needs_a_file() {
    project().render(&["--env", "ai", "--service", "web"]).fails(2, &["--service", "--filename"]);
}

#[test]
fn helms_post_renderer_leaves_the_header_out() {
    let scene = Scene::shop().stdin("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n");
    scene
        .shell("cat | kubectl-codex-render --env ai --slot 1 --no-header -f - | cat")
        .stdout("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop-ai-1\n")
        .check();
}
