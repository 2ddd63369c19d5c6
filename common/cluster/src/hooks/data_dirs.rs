//! `codex.ensure-data-dirs` (H4, B33): the environment's data directories, writable for the containers' users.

use std::path::{Path, PathBuf};

use codex_common::stack::model::DataPaths;

use super::HookContext;
use super::beneath::Root;
use super::error::Fault;

/// Makes the root, and below it the environment's folder and every data directory.
pub(super) fn run(context: &HookContext<'_>) -> Result<(), Fault> {
    let paths = &context.project.stack.data_paths;
    let targets = targets(paths);
    if paths.root.trim().is_empty() {
        if targets.is_empty() {
            context.listener.debug("services.yaml names no data directories");
            return Ok(());
        }
        return Err(Fault::failed("dataPaths.root is not set")
            .hint("data directories are made below dataPaths.root only"));
    }
    let absolute = |path: &str| context.project.root.join(path);
    let failed = |error: super::beneath::BeneathError| Fault::failed(error.to_string());
    let root = Root::at(&absolute(paths.root.trim())).map_err(failed)?;
    for target in targets {
        let target = absolute(&target);
        // The root itself stays as it is: other environments' data lie in it.
        if !root.is(&target) {
            root.open_to_all(&target).map_err(failed)?;
            context.listener.debug(&format!("{} is there", target.display()));
        }
    }
    Ok(())
}

/// The environment's folder and the data directories (F34): `paths`, else `dirs` below `envDir` or the root.
fn targets(paths: &DataPaths) -> Vec<String> {
    let folder =
        [&paths.env_dir, &paths.root].map(|text| text.trim()).into_iter().find(|text| !text.is_empty());
    let own = Some(paths.env_dir.trim().to_owned());
    let given = |list: &[String]| {
        list.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let listed = match (given(&paths.paths), folder) {
        (paths, _) if !paths.is_empty() => paths,
        (_, None) => given(&paths.dirs),
        (_, Some(folder)) => given(&paths.dirs).iter().map(|name| joined(folder, name)).collect(),
    };
    let mut targets: Vec<String> = Vec::new();
    for target in own.into_iter().chain(listed).filter(|target| !target.is_empty()) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

/// A folder and a name in it; a leading slash of the name means nothing, as with Go's `filepath.Join`.
fn joined(folder: &str, name: &str) -> String {
    let path: PathBuf = Path::new(folder).join(name.trim_start_matches('/'));
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(root: &str, env_dir: &str, dirs: &[&str], paths: &[&str]) -> Vec<String> {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        targets(&DataPaths {
            root: root.into(),
            env_dir: env_dir.into(),
            dirs: list(dirs),
            paths: list(paths),
        })
    }

    #[test]
    fn directories_lie_in_the_environments_folder() {
        assert_eq!(of("/d", "/d/ai", &["pg", "/redis", "pg"], &[]), ["/d/ai", "/d/ai/pg", "/d/ai/redis"]);
        assert_eq!(of("/d", "", &["pg"], &[]), ["/d/pg"]);
        assert_eq!(of("/d", "/d/ai", &[], &[]), ["/d/ai"]);
        assert!(of("", "", &[], &[]).is_empty());
        assert!(of("/d", "", &[], &[]).is_empty());
    }

    #[test]
    fn paths_stand_for_themselves() {
        assert_eq!(of("/d", "/d/ai", &["pg"], &["/d/x", " "]), ["/d/ai", "/d/x"]);
    }
}
