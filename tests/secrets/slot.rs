//! Every verb of slot, with hooks on the way.

use super::Story;

#[test]
fn no_verb_shows_any() {
    let story = Story::new().with(|scene| {
        scene.with(|scene| {
            scene.replace(
                "services.yaml",
                "hooks: {beforeApply: [], afterApply: []}",
                "hooks: {beforeDestroy: [{run: {{ printf \": '%s'; sleep 0.2; echo \\\"$DB_PASSWORD\\\"\" .EnvMap.API_TOKEN | toJson }}}]}",
            )
        })
    });
    let slot = |code, arguments: &[&str]| story.run(code, "kubectl-codex-slot", arguments);
    slot(0, &["ensure", "--issue", "7", "--env", "ai", "-o", "json"]);
    slot(0, &["ready", "--issue", "7", "--env", "ai", "--apply", "-o", "kv"]);
    slot(0, &["ready", "--issue", "7", "--env", "ai", "--apply"]);
    for format in ["table", "wide", "json", "name"] {
        slot(0, &["list", "--env", "ai", "-o", format]);
    }
    slot(0, &["set", "--slot", "1", "--env", "ai", "--pr", "8"]);
    slot(0, &["comment", "--slot", "1", "--env", "ai"]);
    let namespace = format!("{}-ai-1", story.scene.name());
    story.scan_objects(&namespace);
    story.scan_objects(&format!("{}-state", story.scene.name()));
    story.scanner.files(&story.beside("slots"));
    slot(0, &["gc", "--env", "ai", "--ttl", "24h", "--dry-run"]);
    // An apply that fails on the way to ready.
    let web = super::WEB.replace("replicas: 1", "replicas: {{ .EnvMap.DB_PASSWORD | toJson }}");
    std::fs::write(story.scene.scene().path("web.yaml"), web).unwrap();
    slot(1, &["ready", "--issue", "7", "--env", "ai", "--apply", "--force-apply"]);
    std::fs::write(story.scene.scene().path("web.yaml"), super::WEB).unwrap();
    slot(0, &["cleanup", "--slot", "1", "--env", "ai", "--with-configmap"]);
    slot(0, &["gc", "--env", "ai", "--ttl", "24h"]);
    story.scan_objects(&format!("{}-state", story.scene.name()));
    story.ends_clean();
}
