//! What the documentation shows is what the programs print: each page is run as one session at a shell.

use std::time::Duration;

use codex_tests::{ClusterScene, repository, transcript};

/// Runs a page on the control plane, in a copy of the repository's examples.
///
/// The project `shop` has the story's name there, so that no other story's slots are in the way; what the
/// page shows as `/srv` is a directory of the story's.
fn assert_page_is_true(page: &str) {
    let Some(scene) = ClusterScene::own() else { return };
    let name = scene.name().to_owned();
    let scene = scene.with(|scene| {
        let srv = scene.path("srv");
        scene
            .copy_to(&repository().join("examples/shop"), "examples/shop")
            .replace("examples/shop/services.yaml", "project: shop\n", &format!("project: {name}\n"))
            .replace("examples/shop/services.yaml", "codex-system", &format!("{name}-records"))
            .env("CODE_ROOT_BASE", srv.join("slots"))
            .env("DATA_ROOT", srv.join("data"))
            .time_limit(Duration::from_secs(180))
    });
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let steps = transcript::steps(&text);
    assert!(!steps.is_empty(), "{page} shows no command");
    let srv = scene.scene().path("srv");
    let script = transcript::script(&steps).replace("/srv/", &format!("{}/", srv.display()));
    let script = script.replace("shop-ai-", &format!("{name}-ai-"));
    let outcome = scene.scene().shell(&script).any_stdout().unchecked();
    let printed = outcome.stdout.replace(&name, "shop").replace("/project/srv/", "/srv/");
    let printed = printed.replace("/project/", "~/kubectl-codex/");
    if let Err(difference) = transcript::compare(&steps, &printed) {
        panic!("{page}, {difference}");
    }
}

/// Every page has its test, so that a page that is forgotten here fails too.
macro_rules! pages {
    ($($story:ident: $page:literal,)+) => {
        $(
            #[test]
            fn $story() {
                assert_page_is_true($page);
            }
        )+

        #[test]
        fn every_page_that_shows_commands_is_run() {
            let docs = std::fs::read_dir(repository().join("docs")).unwrap();
            let pages = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
            for page in pages.filter(|page| page.ends_with(".md")).chain(["README.md".to_owned()]) {
                let text = std::fs::read_to_string(repository().join(&page)).unwrap();
                let is_run = [$($page),+].contains(&page.as_str());
                assert_eq!(is_run, !transcript::steps(&text).is_empty(), "{page}");
            }
        }
    };
}

pages! {
    the_readme_is_true: "README.md",
    what_render_does_is_true: "docs/render.md",
    what_apply_does_is_true: "docs/apply.md",
    what_slot_does_is_true: "docs/slot.md",
    what_codexctl_does_is_true: "docs/codexctl.md",
    what_kubectl_codex_does_is_true: "docs/kubectl-codex.md",
}
