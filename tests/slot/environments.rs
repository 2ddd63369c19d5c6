//! Names of environments are data: slots are where the namespace's pattern says so.

use super::{ensure, ensured, fails, project, slot};

#[test]
fn an_environment_of_any_name_may_have_slots() {
    let scene = project();
    let pattern = format!("dev: '{}-{{{{ .Env }}}}-{{{{ .Slot }}}}'", scene.name());
    let fixed = format!("dev: {}-dev", scene.name());
    let scene = scene.with(|scene| scene.replace("services.yaml", &fixed, &pattern));
    let report = ensure(&scene, &["--env", "dev", "--issue", "7"]);
    assert_eq!(report["namespace"], format!("{}-dev-1", scene.name()));
    assert_eq!(report["env"], "dev");
}

#[test]
fn codexctls_environments_have_slots_without_a_pattern() {
    let scene = project();
    let report = ensure(&scene, &["--env", "ai-repair", "--issue", "7"]);
    assert_eq!(report["namespace"], format!("{}-ai-repair-1", scene.name()));
    // Numbers are unique in the state namespace, whatever the environment.
    assert_eq!(ensured(&scene, &["--issue", "7"]), 2);
    assert_eq!(ensured(&scene, &["--env", "ai-repair", "--issue", "7"]), 1);
}

#[test]
fn without_slots_it_is_a_usage_error() {
    let scene = project();
    for verb in ["ensure", "list", "set"] {
        let slot_7: &[&str] = match verb {
            "list" => &[],
            "set" => &["--slot", "7", "--issue", "1"],
            _ => &["--slot", "7"],
        };
        let run = slot(&scene, &[&[verb, "--env", "dev"], slot_7].concat());
        fails(run, 2, &["environment `dev` has no slots", "namespace.patterns.dev"]);
    }
}
