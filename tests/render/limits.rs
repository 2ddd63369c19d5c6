//! Stories of input that would take a lesser program down: an error, no output, no panic.

use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::thread;

use codex_tests::{Outcome, Scene};

use super::{greeted, greeting};

const DEV: [&str; 2] = ["--env", "dev"];
const MIB: u64 = 1024 * 1024;

/// The run ended in a message: not in a panic, a signal, or half an output.
fn fails(scene: &Scene, arguments: &[&str], parts: &[&str]) -> Outcome {
    let outcome = scene.render(arguments).any_stdout().unchecked();
    let report = outcome.report("must fail with exit code 1 or 2");
    assert!(matches!(outcome.exit, 1 | 2), "{report}");
    assert!(outcome.stdout.is_empty(), "{report}");
    assert!(outcome.stderr.starts_with("error: "), "{report}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "{part}\n{report}");
    }
    outcome
}

fn grow(scene: &Scene, path: &str, size: u64) {
    File::create(scene.path(path)).unwrap().set_len(size).unwrap();
}

#[test]
fn a_billion_laughs() {
    let mut yaml = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        yaml += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "));
    }
    let scene = greeting("hello").file("web.yaml", format!("kind: ConfigMap\n{yaml}"));
    fails(&scene, &DEV, &["web.yaml"]);
    let scene = greeting("hello").file("services.yaml", format!("project: demo\n{yaml}"));
    fails(&scene, &DEV, &["services.yaml"]);
}

#[test]
fn an_anchor_that_holds_itself() {
    let scene = greeting("hello").file("web.yaml", "kind: ConfigMap\na: &a\n  b: *a\n");
    fails(&scene, &DEV, &["web.yaml:3:"]);
}

#[test]
fn a_template_that_never_ends() {
    let scene = greeting("'{{ range 9223372036854775807 }}{{ end }}'");
    fails(&scene, &DEV, &["web.yaml:6:"]);
}

#[test]
fn a_template_that_calls_itself() {
    let scene = greeting("'{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}'");
    fails(&scene, &DEV, &["web.yaml"]);
}

#[test]
fn a_template_that_prints_without_bound() {
    for value in [
        "{{ range 100000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}",
        "{{ range 100 }}{{ printf \"%1000000d\" 1 }}{{ end }}",
        "{{ $x := \"xxxxxxxx\" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}",
    ] {
        fails(&greeting(&format!("'{value}'")), &DEV, &["web.yaml:6:"]);
    }
}

#[test]
fn nesting_without_bound() {
    let depth = 200_000;
    for yaml in [
        format!("kind: ConfigMap\na: {}", "[".repeat(depth)),
        format!("kind: ConfigMap\na: {}", "{a: ".repeat(depth)),
        format!("kind: ConfigMap\na:\n{}x", "- ".repeat(depth)),
        format!("{{{{ {}1 }}}}", "(".repeat(depth)),
        "{{ if true }}".repeat(depth),
    ] {
        fails(&greeting("hello").file("web.yaml", yaml), &DEV, &["web.yaml"]);
    }
}

#[test]
fn a_hundred_megabytes() {
    let scene = greeting("hello");
    grow(&scene, "web.yaml", 100 * MIB);
    fails(&scene, &DEV, &["web.yaml", "64 MiB"]);
    let scene = greeting("hello");
    grow(&scene, "services.yaml", 100 * MIB);
    fails(&scene, &DEV, &["services.yaml", "8 MiB"]);
}

#[test]
fn millions_of_empty_documents() {
    let scene = greeting("hello").file("web.yaml", "---\n".repeat(1_000_002));
    fails(&scene, &DEV, &["web.yaml:1000001:1", "more than 1000000 documents"]);
    fails(&scene, &["--env", "dev", "-f", "web.yaml"], &["more than 1000000 documents"]);
    let scene = greeting("hello").file("web.yaml", "---\n".repeat(1_000_000));
    scene.render(&DEV).stdout("").stderr_mentions(&["nothing is selected"]).check();
}

#[test]
fn devices_without_end() {
    let scene = greeting("hello");
    fails(&scene, &["--env", "dev", "-f", "/dev/zero"], &["/dev/zero", "64 MiB"]);
    fails(&scene, &["--env", "dev", "--var-file", "/dev/zero"], &["/dev/zero", "64 MiB"]);
    fails(&scene, &["--env", "dev", "-c", "/dev/zero"], &["/dev/zero", "8 MiB"]);
}

#[test]
fn standard_input_without_end() {
    let outcome = greeting("hello").shell("kubectl-codex-render --env dev -f - </dev/zero").unchecked();
    assert!(matches!(outcome.exit, 1 | 2), "{}", outcome.report("must fail"));
    assert!(outcome.stderr.contains("64 MiB"), "{}", outcome.report("names the limit"));
    assert_eq!(outcome.stdout, "");
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let scene = greeting("hello");
    let pipe = scene.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = thread::spawn(move || {
        let mut pipe = File::options().write(true).open(pipe).unwrap();
        pipe.write_all(b"A=from a pipe\n").unwrap();
    });
    scene
        .replace("web.yaml", "hello", "'{{ .Vars.A }}'")
        .render(&["--env", "dev", "--var-file", "pipe"])
        .stdout(greeted("from a pipe"))
        .check();
    writer.join().unwrap();
}

/// Makes a pipe that nobody writes to.
fn pipe(scene: &Scene, path: &str) {
    let path = scene.path(path);
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let scene = greeting("hello");
    pipe(&scene, "web.yaml");
    fails(&scene, &DEV, &["web.yaml", "not a regular file"]);
    let scene = greeting("hello");
    pipe(&scene, "services.yaml");
    fails(&scene, &DEV, &["services.yaml", "not a regular file"]);
    let scene = greeting("hello");
    pipe(&scene, "dev.env");
    let services = std::fs::read_to_string(scene.path("services.yaml")).unwrap();
    let scene = scene.file("services.yaml", format!("envFiles: [dev.env]\n{services}"));
    fails(&scene, &DEV, &["dev.env", "not a regular file"]);
}

#[test]
fn input_that_nobody_writes_is_waited_for_until_ten_seconds() {
    let scene = greeting("hello");
    pipe(&scene, "input");
    for flag in ["-f", "--var-file"] {
        let start = std::time::Instant::now();
        fails(
            &scene,
            &["--env", "dev", flag, "input"],
            &["input", "not a regular file", "nothing writes to it in 10s"],
        );
        assert!(start.elapsed() >= std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }
}

#[test]
fn what_a_shell_hands_over_is_read() {
    let scene = greeting("hello").replace("web.yaml", "hello", "'{{ .Vars.A }}'");
    let line = "bash -c 'kubectl-codex-render --env dev --var-file <(sleep 0.2; echo A=from a shell)'";
    scene.shell(line).stdout(greeted("from a shell")).check();
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let scene = scene.file("a.yaml", manifest);
    for line in [
        "bash -c 'kubectl-codex-render --env dev -f <(cat a.yaml)'",
        "cat a.yaml | kubectl-codex-render --env dev -f /dev/stdin",
    ] {
        let outcome = scene.shell(line).any_stdout().check();
        assert!(outcome.stdout.contains("kind: ConfigMap"), "{}", outcome.report(line));
    }
}

#[test]
fn a_folder_instead_of_a_file() {
    let scene = greeting("hello");
    std::fs::remove_file(scene.path("web.yaml")).unwrap();
    std::fs::create_dir(scene.path("web.yaml")).unwrap();
    fails(&scene, &DEV, &["web.yaml", "directory"]);
    fails(&scene, &["--env", "dev", "-c", "."], &["directory"]);
    fails(&scene, &["--env", "dev", "--var-file", "web.yaml"], &["web.yaml", "directory"]);
}

#[test]
fn a_file_that_cannot_be_read() {
    let scene = greeting("hello");
    std::fs::remove_file(scene.path("web.yaml")).unwrap();
    // A link to itself can't be opened, not even by root.
    std::os::unix::fs::symlink("web.yaml", scene.path("web.yaml")).unwrap();
    let outcome = fails(&scene, &DEV, &["web.yaml"]);
    assert_eq!(outcome.exit, 1);
}

#[test]
fn text_that_is_not_utf8() {
    let scene = greeting("hello").file("web.yaml", b"kind: ConfigMap\nname: \xff\xfe\n");
    fails(&scene, &DEV, &["web.yaml", "UTF-8", "line 2"]);
    let scene = greeting("hello").file("services.yaml", b"project: \xffdemo\n");
    fails(&scene, &DEV, &["services.yaml", "UTF-8", "line 1"]);
}

#[test]
fn a_megabyte_on_one_line_is_not_repeated_in_the_message() {
    let filler = "x".repeat(1_000_000);
    for line in [
        format!("a: {{{{ nope }}}} {filler}\n"),
        format!("a: {filler} {{{{ nope }}}}\n"),
        format!("a: {filler} {{{{ nope }}}} {filler}\n"),
    ] {
        let outcome = fails(&greeting("hello").file("web.yaml", line), &DEV, &["`nope`"]);
        assert!(outcome.stderr.len() < 4_000, "{} bytes", outcome.stderr.len());
    }
}
