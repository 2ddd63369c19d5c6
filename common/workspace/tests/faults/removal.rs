//! A workspace's removal that dies before each of its steps.

use codex_workspace::workspace::{RemovalRequest, Workspace};

use super::*;

/// What the other child does: the removal of a workspace.
pub(super) fn remove(scene: &Path) {
    let request = RemovalRequest {
        project: "shop",
        label: "slot-1-issue-7",
        search_path: &std::env::var_os("PATH").unwrap(),
        now: 1_795_358_700,
        listener: &(),
    };
    Workspace::new(&scene.join("base"), 1).remove(&request).unwrap();
}

/// Tries every point of death of a removal; gives how many there are.
pub(super) fn try_all(folder: &Path) -> u64 {
    let template = folder.join("template");
    fs::create_dir_all(&template).unwrap();
    changed(&template);
    fs::create_dir_all(template.join("base/1")).unwrap();
    fs::rename(template.join("base/target"), template.join("base/1/src")).unwrap();
    Workspace::new(&template.join("base"), 1).claim("issue 7").unwrap();
    let head = git(&template, "base/1/src", &["rev-parse", "HEAD"]);
    let run = |scene: &Path, variables: &[(&str, &str)]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--remove").arg(scene).envs(variables.iter().copied()).status().unwrap()
    };
    let check = |scene: &Path, when: &str| {
        assert!(!scene.join("base/1").exists(), "{when}: the workspace is there");
        assert_eq!(tree(&scene.join("outside")), tree(&template.join("outside")), "{when}");
        let saved = names(&scene.join("base/saved/shop"));
        assert!(!saved.is_empty(), "{when}: the work is lost");
        for name in saved {
            let repository = format!("base/saved/shop/{name}");
            git(scene, &repository, &["fsck", "--strict", "--connectivity-only"]);
            let shows = |path: &str| git(scene, &repository, &["show", &format!("HEAD:{path}")]);
            assert_eq!(shows("file"), "by an agent, not committed", "{when}: {name}");
            assert_eq!(shows("new/file"), "untracked", "{when}: {name}");
            git(scene, &repository, &["merge-base", "--is-ancestor", &head, "HEAD"]);
            git(scene, &repository, &["rev-parse", "--verify", "refs/codex/saved/older"]);
        }
    };
    let whole = copied(&template, &folder.join("whole"));
    let count_file = folder.join("count");
    assert!(run(&whole, &[("CODEX_FAULT_COUNT", count_file.to_str().unwrap())]).success());
    check(&whole, "without a fault");
    let points: u64 = fs::read_to_string(&count_file).unwrap().parse().unwrap();
    each(points, |point| {
        let scene = copied(&template, &folder.join(point.to_string()));
        let status = run(&scene, &[("CODEX_FAULT_STEP", &point.to_string())]);
        assert_eq!(status.signal(), Some(KILLED), "point {point} of {points}: {status}");
        assert!(run(&scene, &[]).success(), "after point {point} of {points}");
        check(&scene, &format!("after point {point} of {points}"));
        fs::remove_dir_all(scene).unwrap();
    });
    points
}
