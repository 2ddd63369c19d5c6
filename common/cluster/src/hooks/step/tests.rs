//! What step promises, tried.

use super::super::{HookError, check};
use super::*;
use crate::fixture::{Folder, project};
use codex_common::stack::Mode;

fn with_steps(steps: &str, mode: Mode) -> (Folder, Project) {
    let folder = Folder::new();
    let steps: String = steps.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("project: shop\nbaseDomain: {{ai: ai.example}}\nhooks:\n  beforeAll:\n{steps}");
    let project = project(&folder, &text, &[], mode);
    (folder, project)
}

fn actions(steps: &str) -> Vec<Result<Action, Fault>> {
    let (_folder, project) = with_steps(steps, Mode::Plain);
    let steps = project.stack.hooks.before_all.iter().enumerate();
    steps.map(|(at, step)| Step::of(step, at, &project).action).collect()
}

fn action_of(step: &str) -> Result<Action, Fault> {
    actions(step).remove(0)
}

fn error(steps: &str) -> Option<HookError> {
    let (_folder, project) = with_steps(steps, Mode::Plain);
    check("hooks.beforeAll", &project.stack.hooks.before_all, &project).err()
}

#[test]
fn a_missing_when_is_a_yes_and_an_empty_one_a_no() {
    let is_off = |when: &str| action_of(&format!("- run: a\n  {when}")) == Ok(Action::Off);
    for when in ["", "when: 'true'", "when: true", "when: 'anything'", "when: '{{ eq .Env \"ai\" }}'"] {
        assert!(!is_off(when), "{when}");
    }
    for when in ["when: ''", "when:", "when: false", "when: 'No'", "when: 0", "when: '{{ eq .Env \"x\" }}'"] {
        assert!(is_off(when), "{when}");
    }
}

#[test]
fn scripts_are_rendered() {
    let script = |text: &str| Ok(Action::Script(text.to_owned()));
    assert_eq!(action_of("- {run: 'echo {{ .Slot }}'}"), script("echo 3"));
    // What the file's own rendering leaves is rendered once more, as codexctl does.
    assert_eq!(action_of("- {run: '{{ \"{{ .Env }}\" }}'}"), script("ai"));
}

#[test]
fn built_ins_are_read_with_their_defaults() {
    let Ok(Action::Wait(_)) = action_of("- {use: kubectl.wait, with: {kind: Deployment, name: web}}") else {
        panic!("it waits")
    };
    assert_eq!(
        action_of("- {use: sleep, with: {duration: 1m30s}}"),
        Ok(Action::Sleep(Duration::from_secs(90)))
    );
    assert_eq!(action_of("- {use: codex.ensure-data-dirs}"), Ok(Action::DataDirs));
    assert_eq!(action_of("- {use: codex.ensure-codex-secrets}"), Ok(Action::AgentSecrets));
    assert_eq!(action_of("- {use: preflight}"), Ok(Action::Preflight));
    assert_eq!(action_of("- {name: nothing}"), Ok(Action::Nothing));
    assert!(matches!(action_of("- {use: codex.reuse-dev-tls-secret}"), Ok(Action::TlsSecret(_))));
    assert!(matches!(action_of("- {use: codex.check-dev-host-ports}"), Ok(Action::HostPorts(_))));
}

#[test]
fn what_is_wrong_is_named() {
    let words = |step: &str| action_of(step).map_err(|fault| fault.to_string());
    for (step, expected) in [
        ("- {use: kubectl.wiat}", "there is no built-in `kubectl.wiat`"),
        ("- {use: github.comment}", "`github.comment` comes with a later release"),
        ("- {use: sleep, run: x}", "it has both `run` and `use`"),
        ("- {use: sleep}", "`sleep` needs `with.duration`"),
        ("- {use: sleep, with: {duration: 5}}", "`duration` must be a duration like `90s` or `10m`"),
        ("- {use: sleep, with: {duration: -5s}}", "`duration` must be a duration like `90s` or `10m`"),
        ("- {use: sleep, with: {duration: [1]}}", "`duration` must be a text"),
        ("- {use: sleep, with: {druation: 5s}}", "`sleep` has no setting `druation`"),
        ("- {use: kubectl.wait, with: {kind: Pod}}", "`kubectl.wait` needs `with.name`"),
        (
            "- {use: kubectl.wait, with: {kind: Pod, name: a/b}}",
            "`name` must be a name that Kubernetes allows",
        ),
        ("- {run: x, timeout: soon}", "`timeout` must be a duration like `90s` or `10m`"),
        ("- {run: '{{ \"{{ nope }}\" }}'}", "function `nope` is not defined"),
    ] {
        assert_eq!(words(step), Err(expected.to_owned()), "{step}");
    }
}

#[test]
fn codexctl_does_not_look_at_unknown_settings() {
    let (_folder, project) = with_steps("- {use: sleep, with: {duration: 5s, x: 1}}", Mode::Codexctl);
    let step = Step::of(&project.stack.hooks.before_all[0], 0, &project);
    assert_eq!(step.action, Ok(Action::Sleep(Duration::from_secs(5))));
}

#[test]
fn only_steps_that_count_are_checked() {
    assert_eq!(error("- {use: nope, when: 'no'}\n- {use: nope, continueOnError: true}\n- {run: x}"), None);
    let found = error("- {run: x}\n- {name: second, use: nope}").unwrap();
    assert_eq!(found.to_string(), "hooks.beforeAll: hook `second` failed: there is no built-in `nope`");
}

#[test]
fn messages_show_the_line_and_a_hint() {
    let (_folder, project) = with_steps("- name: wait\n  use: kubectl.wiat", Mode::Plain);
    let error = check("hooks.beforeAll", &project.stack.hooks.before_all, &project).unwrap_err();
    let message = error.diagnostic(&project);
    assert_eq!(message.title, "hooks.beforeAll: hook `wait` failed");
    assert_eq!(message.hint.as_deref(), Some("did you mean `kubectl.wait`?"));
    let place = &message.places[0];
    assert_eq!(&place.source.text[place.span.clone()], "kubectl.wiat");
}

#[test]
fn the_host_is_the_slots_unless_it_is_given() {
    let host = |step: &str| format!("{:?}", action_of(step));
    assert!(host("- {use: codex.check-dev-host-ports}").contains("dev-3.ai.example"));
    assert!(host("- {use: codex.check-dev-host-ports, with: {host: h.example}}").contains("\"h.example\""));
}
