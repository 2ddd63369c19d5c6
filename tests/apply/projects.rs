//! Two projects that mean one object: who has it keeps it, unless it is taken by force, which is said.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, value};

fn of(project: &str, manifests: &str) -> String {
    format!(
        "# kubectl-codex: {{\"project\":\"{project}\",\"env\":\"dev\",\"slot\":0,\"namespace\":\"NAME\"}}\n{manifests}"
    )
}

const LABEL: &str = "/metadata/labels/kubectl-codex.dev~1project";

#[test]
fn what_another_project_has_is_in_conflict_until_it_is_taken() {
    let scene = ClusterScene::new().with_namespace();
    let shared = |number: &str| map("settings", number);
    done(scene.apply_text(&of("blog", &shared("1")), &[]));
    let ours = of("shop", &(shared("2") + &map("own", "1")));
    let parts = ["configmap/settings", "belongs to project `blog`", "standard input:", "--force-conflicts"];
    let outcome = fails(scene.apply_text(&ours, &[]), 1, &parts);
    assert_eq!(outcome.stdout, "", "{}", outcome.report("nothing is sent"));
    let outcome = fails(scene.apply_text(&ours, &["--dry-run=server"]), 1, &parts);
    let line = "configmap/settings in conflict (server dry run)\n";
    assert!(outcome.stdout.contains(line), "{}", outcome.report(line));
    fails(scene.apply_text(&ours, &["--keep-going", "--recreate", "--prune-all"]), 1, &parts);
    assert!(scene.finds("configmap/own"));
    assert_eq!(value(&scene, "configmap/settings", LABEL), "blog");
    // It is still blog's when shop no longer has it.
    done(scene.apply_text(&of("shop", &map("own", "1")), &["--prune-all"]));
    assert_eq!(value(&scene, "configmap/settings", "/data/a"), "1");

    for flags in [&["--force-conflicts", "--dry-run=server"][..], &["--force-conflicts"]] {
        let outcome = done(scene.apply_text(&ours, flags));
        let said = "configmap/settings is taken from project `blog`";
        assert!(outcome.stderr.contains(said), "{}", outcome.report(said));
    }
    assert_eq!(value(&scene, "configmap/settings", LABEL), "shop");
    fails(scene.apply_text(&of("blog", &shared("1")), &[]), 1, &["belongs to project `shop`"]);
    done(scene.apply_text(&of("blog", &map("rest", "1")), &["--prune-all"]));
    done_with(scene.apply_text(&ours, &[]), &["configmap/settings unchanged", "configmap/own unchanged"]);
}
