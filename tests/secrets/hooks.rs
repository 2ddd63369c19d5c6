//! Hooks: their scripts hold secrets, which reach them by their variables and by a file without a name.

use super::Story;

/// The story with these hooks before each apply.
fn with_hooks(hooks: &str) -> Story {
    let services = super::SERVICES;
    let (start, _) = services.split_once("  beforeAll:").unwrap();
    let (_, end) = services.split_once("services:\n").unwrap();
    let services = format!("{start}  beforeAll:\n{hooks}services:\n{end}");
    Story::new().with(|scene| scene.file("services.yaml", &services))
}

#[test]
fn scripts_stand_in_no_command_line_however_they_end() {
    for (code, script, settings) in [
        (0, "sleep 0.3; exec sleep 0.3", ""),
        (1, "sleep 0.3; exit 3", ""),
        (0, "sleep 0.3; exit 3", "continueOnError: true"),
        (1, "sleep 0.3; kill -9 $$", ""),
        (1, "sleep 60", "timeout: 1s"),
        (1, "sleep 0.3; if", ""),
    ] {
        let hook = format!(
            "    - name: with {{{{ .EnvMap.API_TOKEN }}}}\n      run: {{{{ printf \": '%s' '%s'; {script}\" .EnvMap.API_TOKEN .EnvMap.UNICODE_SECRET | toJson }}}}\n      {settings}\n"
        );
        let story = with_hooks(&hook);
        let outcome = story.apply(code, &["--only-services", "web"]);
        assert!(outcome.stderr.contains("with ***"), "{}", outcome.report(script));
        story.ends_clean();
    }
}

#[test]
fn a_script_finds_all_as_if_it_were_an_argument() {
    let long =
        ": xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
            .repeat(2000);
    let script = format!(
        "echo \"zero is $0, flags are $-\"\ncat\necho \"input is over\"\necho line $LINENO\nshopt -q login_shell && echo login\nno-such-command\ncat <<END\nhere $((1 + 1))\nEND\necho \"$DB_PASSWORD\" | wc -c\nls -l /proc/self/fd >fds\n{long}exec echo the end"
    );
    let text = serde_json::to_string(&script).unwrap();
    let story = with_hooks(&format!("    - run: {}\n", text.replace("{{", "{{ \"{{\" }}")));
    let outcome = story.apply(0, &[]);
    let length = super::values(story.scanner.mark())[1].1.len() + 1;
    for line in [
        "zero is bash, flags are hBc",
        "input is over",
        "line 4",
        "login",
        "bash: line 6: no-such-command: command not found",
        "here 2",
        &length.to_string(),
        "the end",
    ] {
        assert!(outcome.stderr.lines().any(|found| found == line), "{line}: {}", outcome.report("differs"));
    }
    let fds = std::fs::read_to_string(story.scene.scene().path("fds")).unwrap();
    assert!(fds.contains("0 -> /dev/null") && !fds.contains("memfd"), "{fds}");
    story.ends_clean();
}
