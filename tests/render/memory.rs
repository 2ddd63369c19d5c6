//! Stories of templates and files made to take all memory: an error at their place, with little taken.

use std::path::PathBuf;
use std::time::Duration;

use codex_tests::{Outcome, Scene};

use super::greeting;

/// The most that a run may take, in KiB.
const MOST: u64 = 300 << 10;

/// Runs a program with 1 GiB of addresses, so that what asks for more is aborted, and writes what it took to `peak`.
const MEASURE: &str = r"
import resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
code = subprocess.run(sys.argv[1:]).returncode
with open('peak', 'w') as file:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)
sys.exit(code if code >= 0 else 128 - code)
";

/// Renders under a bound of memory; the outcome and the KiB that it took.
fn render_within(scene: Scene, arguments: &[&str]) -> (Outcome, u64) {
    let python = std::env::var_os("PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let render = codex_tests::binary("kubectl-codex-render");
    let command = ["-c", MEASURE, render.to_str().unwrap()];
    // An unoptimized build on a busy machine takes ten times as long as what users have.
    let scene = scene.time_limit(Duration::from_secs(240));
    let outcome = scene.run_program(&python, &[&command, arguments].concat()).any_stdout().unchecked();
    let peak = std::fs::read_to_string(scene.path("peak")).unwrap();
    (outcome, peak.trim().parse().unwrap())
}

/// The run ends in a message that names all of `parts`, with exit code 2, nothing printed and little taken.
fn is_refused(scene: Scene, parts: &[&str]) {
    let (outcome, peak) = render_within(scene, &["--env", "dev"]);
    let report = outcome.report(&format!("must be refused ({} MiB)", peak >> 10));
    assert_eq!(outcome.exit, 2, "{report}");
    assert!(outcome.stdout.is_empty() && outcome.stderr.starts_with("error: "), "{report}");
    assert!(outcome.stderr.len() < 20_000, "{} bytes of message", outcome.stderr.len());
    for part in parts {
        assert!(outcome.stderr.contains(part), "{part}\n{report}");
    }
    assert!(peak < MOST, "{report}");
}

/// A template that doubles a list 40 times: 2^40 values, of which it holds 41.
const DOUBLED: &str = "{{ $x := list 1 2 }}{{ range until 40 }}{{ $x = list $x $x }}{{ end }}";
/// The same with maps.
const DOUBLED_MAP: &str =
    "{{ $x := dict \"a\" 1 }}{{ range until 40 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}";
/// 16 MiB of the letter, or whatever stands for it.
const TEXT: &str = "{{ $t := \"@\" }}{{ range until 24 }}{{ $t = print $t $t }}{{ end }}";

fn texts_of(character: &str) -> String {
    TEXT.replace('@', character)
}

#[test]
fn a_value_that_holds_itself_twice_over_and_over() {
    for use_of_it in [
        "toJson $x",
        "toYaml $x",
        "print $x",
        "printf \"%-1000000v\" $x",
        "$x",
        "quote $x",
        "int $x",
        "add $x 1",
        "eq $x $x",
    ] {
        is_refused(greeting(&format!("'{DOUBLED}{{{{ {use_of_it} }}}}'")), &["web.yaml:6:"]);
    }
    for use_of_it in
        ["toJson $x", "toYaml $x", "print $x", "index $x \"a\" | toJson", "keys $x $x | print $x"]
    {
        is_refused(greeting(&format!("'{DOUBLED_MAP}{{{{ {use_of_it} }}}}'")), &["web.yaml:6:"]);
    }
}

#[test]
fn lists_and_maps_that_are_kept() {
    for value in [
        "{{ $k := list }}{{ range until 1000 }}{{ $k = list $k (until 1000000) }}{{ end }}",
        "{{ $k := list }}{{ range until 1000 }}{{ $k = list $k (until -100000) }}{{ end }}",
        "{{ $k := dict }}{{ range until 1000 }}{{ $k = dict \"k\" $k \"v\" (until 100000) }}{{ end }}",
        "{{ $k := list }}{{ range 10000000 }}{{ $k = list $k . }}{{ end }}",
        "{{ $y := print \"[\" (until 300000 | toJson) \"]\" }}{{ $k := list }}\
         {{ range until 100 }}{{ $k = list $k (fromYaml $y) }}{{ end }}",
        "{{ define \"f\" }}{{ $l := until 10000 }}{{ template \"f\" $l }}{{ end }}{{ template \"f\" }}",
        "{{ define \"f\" }}{{ range until 10000 }}{{ template \"f\" }}{{ end }}{{ end }}{{ template \"f\" }}",
        "{{ define \"f\" }}{{ with until 10000 }}{{ template \"f\" }}{{ end }}{{ end }}{{ template \"f\" }}",
    ] {
        is_refused(greeting(&format!("'{value}'")), &["web.yaml:6:"]);
    }
}

#[test]
fn texts_that_grow() {
    for (character, use_of_it) in [
        ("x", "{{ range until 10 }}{{ $t = print $t $t }}{{ end }}"),
        ("x", "{{ $k := list }}{{ range until 100 }}{{ $k = list $k (print $t .) }}{{ end }}"),
        ("x", "{{ range until 10 }}{{ $t = printf \"%s%s\" $t $t }}{{ end }}"),
        ("x", "{{ range until 10 }}{{ $t = replace \"x\" \"xxxxxxxx\" $t }}{{ end }}"),
        ("x", "{{ replace \"\" $t \"abcdefgh\" }}"),
        ("x", "{{ replace \"x\" $t $t }}"),
        ("x", "{{ range until 20 }}{{ $t = b64enc $t }}{{ end }}"),
        ("x", "{{ range until 20 }}{{ $t = quote $t $t }}{{ end }}"),
        ("\\\"", "{{ range until 20 }}{{ $t = quote $t }}{{ end }}"),
        ("\\x01", "{{ quote $t | quote | quote }}"),
        ("\\x01", "{{ printf \"%q\" $t | printf \"%q\" | printf \"%q\" }}"),
        ("\\n", "{{ indent 1000 (print $t \"x\") }}"),
        ("\\n", "{{ nindent 1000 (print $t \"x\") }}"),
        ("<", "{{ $t = html $t }}{{ html $t }}"),
        ("<", "{{ $t = js $t }}{{ js $t }}"),
        ("<", "{{ $t = urlquery $t }}{{ urlquery $t | urlquery }}"),
        ("x", "{{ $t = printf \"% x\" $t }}{{ printf \"%# x\" $t }}"),
        ("\\x01", "{{ toJson (list $t $t) }}"),
        ("\\xff", "{{ range until 9 }}{{ $t = upper (print $t $t) }}{{ end }}"),
        ("ⱥ", "{{ range until 9 }}{{ $t = upper (print $t $t) }}{{ end }}"),
        ("x", "{{ join .Codex.ExtraTools $t }}"),
        ("2006", "{{ .Now.Format $t | len }}{{ .Now.Format (print $t $t $t) }}"),
        ("x", "{{ .Now.AppendFormat .Now.MarshalText $t }}"),
        ("x", "{{ range until 10 }}{{ $t }}{{ end }}"),
        ("[a],", "{{ fromYaml (print \"[\" $t \"]\") | len }}"),
        ("- a\\n", "{{ fromYaml $t | len }}"),
        ("a", "{{ fail $t | len }}"),
    ] {
        let scene = greeting(&format!("|\n    {}{use_of_it}", texts_of(character)));
        let scene = scene.replace(
            "services.yaml",
            "services:",
            "codex:\n  extraTools: [a, b, c, d, e, f, g, h]\nservices:",
        );
        is_refused(scene, &["web.yaml:7:"]);
    }
}

#[test]
fn numbers_of_an_absurd_size() {
    for value in [
        "{{ range until 100 }}{{ printf \"%1000000d\" 1 }}{{ end }}",
        "{{ printf \"%1000000d%1000000d%1000000d\" 1 2 3 | b64enc | b64enc | b64enc | b64enc | b64enc | b64enc \
         | b64enc | b64enc | b64enc | b64enc | b64enc | b64enc }}",
        "{{ printf \"%.1000000f\" 1.0 | replace \"0\" \"00000000000000000000000000000000000000000000000000\
         000000000000000000000000000000000000\" }}",
        "{{ until 1000001 }}",
        "{{ indent 1000000000 \"x\" }}",
        "{{ printf \"%[1]*[2]d\" 1000000 (until 1000) }}",
    ] {
        is_refused(greeting(&format!("'{value}'")), &["web.yaml:6:"]);
    }
}

#[test]
fn a_template_that_does_nothing_but_call() {
    for value in [
        "{{ define \"f\" }}{{ if true }}{{ if true }}{{ template \"f\" }}{{ end }}{{ end }}{{ end }}{{ template \"f\" }}",
        "{{ define \"f\" }}{{ $a := 1 }}{{ $b := 2 }}{{ $c := 3 }}{{ template \"f\" }}{{ end }}{{ template \"f\" }}",
    ] {
        is_refused(greeting(&format!("'{value}'")), &["web.yaml:6:"]);
    }
    // A thousand loops in each other, and that again inside.
    let nested =
        format!("{}{{{{ template \"f\" }}}}{}", "{{ range 2 }}".repeat(1_000), "{{ end }}".repeat(1_000));
    let scene = greeting(&format!("'{{{{ define \"f\" }}}}{nested}{{{{ end }}}}{{{{ template \"f\" }}}}'"));
    is_refused(scene, &["web.yaml:6:"]);
}

#[test]
fn a_template_of_millions_of_parts() {
    is_refused(greeting("hello").file("web.yaml", "{{1}}".repeat(1_000_000)), &["web.yaml:1:", "too large"]);
    let list = format!("a: '{{{{ list {}}}}}'\n", "\"x\" ".repeat(2_000_000));
    is_refused(greeting("hello").file("web.yaml", list), &["web.yaml:1:", "too large"]);
}

#[test]
fn every_field_that_is_a_template() {
    let attack = format!("{DOUBLED}{{{{ toJson $x }}}}");
    let field = |field: &str| {
        greeting("hello").replace(
            "services.yaml",
            "services:",
            &format!("{}\nservices:", field.replace('@', &attack)),
        )
    };
    is_refused(field("namespace: {patterns: {dev: '@'}}"), &["namespace.patterns.dev:1:"]);
    is_refused(field("baseDomain: {dev: '@'}"), &["services.yaml:3:"]);
    is_refused(field("x-note: '@'"), &["services.yaml:3:"]);
    is_refused(field("envFiles: ['@']"), &["services.yaml:3:"]);
    // Again in each of the rounds until the values are settled.
    let rounds =
        "versions: {a: 'x{{ .Versions.b }}', b: '{{ .Versions.a }}{{ .Versions.a }}{{ .Versions.a }}'}";
    is_refused(field(rounds), &["versions"]);
}

#[test]
fn many_manifests_at_the_same_time() {
    let manifests = |text: &str| {
        let items: String = (0..60).map(|n| format!("      - path: m{n}.yaml\n")).collect();
        let scene = greeting("hello").replace("services.yaml", "      - path: web.yaml\n", &items);
        (0..60).fold(scene, |scene, n| scene.file(&format!("m{n}.yaml"), text))
    };
    let keeps = "a: '{{ $k := list }}{{ range until 1000 }}{{ $k = list $k (until 100000) }}{{ end }}'\n";
    is_refused(manifests(keeps), &["m0.yaml:1:"]);
    // Each alone is allowed.
    let prints = "kind: ConfigMap\ndata:\n{{ range until 20000 }}  k{{ . }}: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
                  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n{{ end }}";
    is_refused(manifests(prints), &["64 MiB", "services.yaml:"]);
    let nodes = "kind: ConfigMap\ndata:\n  a: [{{ range until 100000 }}1,{{ end }}]\n";
    is_refused(manifests(nodes), &["more keys, items and values"]);
}

#[test]
fn yaml_that_is_larger_than_its_text() {
    let manifest = |text: &str| greeting("hello").file("web.yaml", format!("kind: ConfigMap\n{text}"));
    // A long text that a thousand aliases repeat.
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(2_000));
    is_refused(manifest(&long), &["web.yaml:2:", "aliases"]);
    is_refused(
        greeting("hello").file("services.yaml", format!("project: demo\n{long}")),
        &["services.yaml:2:", "aliases"],
    );
    let merged: String = (1..40).map(|n| format!("a{n}: &a{n}\n  <<: *a{}\n  k{n}: 1\n", n - 1)).collect();
    let doubled: String = (1..40).map(|n| format!("d{n}: &d{n} [*d{}, *d{}]\n", n - 1, n - 1)).collect();
    is_refused(
        manifest(&format!("a0: &a0 {{k: 1}}\n{merged}d0: &d0 [1]\n{doubled}")),
        &["web.yaml:", "aliases"],
    );
    // Lists without end.
    is_refused(manifest(&format!("a: [{}]\n", "a,".repeat(3_000_000))), &["web.yaml:2:", "can be held"]);
    is_refused(manifest(&format!("a:\n{}", "- a\n".repeat(3_000_000))), &["web.yaml:", "can be held"]);
    is_refused(greeting("[{{ range 3000000 }}[],{{ end }}]"), &["web.yaml:6:", "can be held"]);
    // A mapping nested 9,000 deep has 80 MiB of indentation.
    let deep = format!("a: {}1{}\n", "{a: ".repeat(9_000), "}".repeat(9_000));
    is_refused(manifest(&deep), &["web.yaml:1:", "larger than can be held"]);
    let lines = format!("a: {}\"{}\"{}\n", "{a: ".repeat(4_000), "a\\n".repeat(100_000), "}".repeat(4_000));
    is_refused(manifest(&lines), &["web.yaml:1:", "larger than can be held"]);
}

#[test]
fn variables_that_grow() {
    let doubling: String = (1..64).map(|n| format!("A{n}=${{A{}}}${{A{}}}\n", n - 1, n - 1)).collect();
    for (text, place) in [
        (format!("A0=abcdefgh\n{doubling}"), "line "),
        (format!("A={}\nB={}\n", "x".repeat(1 << 20), "$A".repeat(1 << 20)), "line 2"),
        ("A=\n".repeat(10_000_000), "line "),
    ] {
        let scene = greeting("hello").replace("services.yaml", "services:", "envFiles: [.env]\nservices:");
        is_refused(scene.file(".env", text), &["env file .env", place, "4 MiB"]);
    }
    for text in ["A=\n".repeat(10_000_000), format!("A:\n  b\n{}", "a: *a\n".repeat(10))] {
        let (outcome, peak) =
            render_within(greeting("hello").file("vars", text), &["--env", "dev", "--var-file", "vars"]);
        let report = outcome.report(&format!("must be refused ({} MiB)", peak >> 10));
        assert!(outcome.exit == 2 && peak < MOST && outcome.stderr.contains("var file vars"), "{report}");
    }
}

#[test]
fn what_large_projects_need_is_allowed() {
    for (value, expected) in [
        ("{{ until 1000000 | len }}", "\"1000000\""),
        (
            "{{ $n := 0 }}{{ range until 300000 }}{{ $l := list . . }}{{ $n = add $n 1 }}{{ end }}{{ $n }}",
            "\"300000\"",
        ),
        ("{{ range until 3000 }}{{ $t := printf \"%20000d\" . }}{{ end }}done", "done"),
        ("{{ toJson (until 100000) | len }}", "\"588891\""),
        ("{{ len (fromYaml (toYaml (until 100000))) }}", "\"100000\""),
        ("{{ printf \"%1000000d\" 1 | quote | b64enc | len }}", "\"1333336\""),
    ] {
        let (outcome, peak) = render_within(greeting(&format!("'{value}'")), &["--env", "dev"]);
        let report = outcome.report(&format!("must be rendered ({} MiB)", peak >> 10));
        assert!(outcome.exit == 0 && peak < MOST, "{report}");
        assert!(outcome.stdout.contains(&format!("greeting: {expected}\n")), "{report}");
    }
}
