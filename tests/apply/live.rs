//! `--wait` on a terminal: who is waited for, drawn anew in place.

use codex_tests::{ClusterScene, Terminal};
use nix::sys::signal::Signal;

use super::{map, web};

/// A scene whose programs find a terminal that can move its cursor.
fn scene() -> Option<ClusterScene> {
    let scene = ClusterScene::own()?.with(|scene| scene.env("TERM", "xterm-256color"));
    Some(scene.with_namespace())
}

fn apply(scene: &ClusterScene, size: (u16, u16), manifests: &str, flags: &[&str]) -> Terminal {
    let flags = [&["-n", scene.name(), "-f", "-", "--wait"], flags].concat();
    scene.scene().on_terminal(size, "kubectl-codex-apply", &flags, manifests)
}

/// A Deployment whose pods do as the label says.
fn deployment(name: &str, behaviour: &str) -> String {
    let labels = format!("labels: {{app: {name}, kubectl-codex.test/behaviour: {behaviour}}}\n    spec");
    let text = web("nginx").replace("name: web\nspec", &format!("name: {name}\nspec"));
    text.replace("matchLabels: {app: web}", &format!("matchLabels: {{app: {name}}}"))
        .replace("labels: {app: web}\n    spec", &labels)
        + "---\n"
}

#[test]
fn who_is_awaited_stands_at_the_bottom_until_ready() {
    let Some(scene) = scene() else {
        return;
    };
    let manifests = map("settings", "1") + &deployment("slow", "slow-ready") + &deployment("never", "hang");
    let terminal = apply(&scene, (24, 80), &manifests, &["--wait-timeout", "8s"]);
    let both = terminal.wait_until("both are waited for", |screen| screen.contains("waiting for 2 of 3"));
    assert_eq!(both.matches("deployment.apps/slow ").count(), 2, "created, and waited for:\n{both}");
    let one = terminal.wait_until("one is ready", |screen| screen.contains("waiting for 1 of 3"));
    let lines: Vec<&str> = one.lines().collect();
    let [.., ready, head, never] = &lines[..] else { panic!("{one}") };
    assert!(ready.starts_with("info: deployment.apps/slow ready ("), "{one}");
    assert!(head.starts_with("waiting for 1 of 3 objects ("), "{one}");
    assert!(never.starts_with("  deployment.apps/never  0 of 1 ") && never.ends_with("s)"), "{one}");
    let (exit, all) = terminal.end();
    assert_eq!(exit, 4, "{all}");
    assert!(all.contains("deployment.apps/never is not ready after 8s"), "{all}");
    for gone in ["waiting for", "  deployment.apps/", "settings ready"] {
        assert!(!all.contains(gone), "{gone}:\n{all}");
    }
    assert_eq!(all.matches("deployment.apps/slow ready").count(), 1, "{all}");
}

#[test]
fn what_has_no_room_is_summed_up_and_nothing_stays_after_an_interrupt() {
    let Some(scene) = scene() else {
        return;
    };
    let names = ["a", "b", "c", "d", "e", "f"];
    let manifests: String = names.iter().map(|name| deployment(name, "hang")).collect();
    let terminal = apply(&scene, (7, 40), &manifests, &[]);
    let full = terminal.wait_until("all are waited for", |screen| {
        screen.contains("waiting for 6 of 6") && screen.contains("0 of 1")
    });
    let lines: Vec<&str> = full.lines().collect();
    assert_eq!(lines.len(), 6, "the cursor has the last line:\n{full}");
    assert!(lines[0].starts_with("waiting for 6 of 6 objects"), "{full}");
    assert!(lines[1..5].iter().all(|line| line.starts_with("  deployment.apps/")), "{full}");
    assert!(lines[1].contains('…') && lines[1].ends_with("s)"), "cut, not wrapped:\n{full}");
    assert_eq!(lines[5], "  … and 2 more", "{full}");
    terminal.resize(10, 30);
    terminal.wait_until("there is room for all", |screen| {
        screen.matches("  deployment.app…  ").count() == 6 && !screen.contains("more")
    });
    terminal.signal(Signal::SIGINT);
    let (exit, all) = terminal.end();
    assert_eq!(exit, 130, "{all}");
    assert!(all.contains("stopped while waiting"), "{all}");
    assert!(!all.contains("waiting for 6"), "{all}");
}

#[test]
fn a_log_gets_lines_and_a_quiet_terminal_none() {
    let Some(scene) = scene() else {
        return;
    };
    let manifests = map("settings", "1") + &deployment("web", "slow-ready");
    let scene = scene.with(|scene| scene.env("CI", "true"));
    let (exit, all) = apply(&scene, (24, 80), &manifests, &[]).end();
    assert_eq!(exit, 0, "{all}");
    assert!(all.contains("info: deployment.apps/web waiting: "), "{all}");
    assert!(all.contains("info: deployment.apps/web ready ("), "{all}");
    assert!(!all.contains("info: configmap/settings"), "ready at the first look:\n{all}");
    let scene = scene.with(|scene| scene.env("CI", "false"));
    scene.kubectl(&["delete", "deployment/web"]);
    let (exit, all) = apply(&scene, (24, 80), &manifests, &["--log-level", "error"]).end();
    assert_eq!((exit, all.trim()), (0, "configmap/settings unchanged\ndeployment.apps/web created"));
}
