//! Which directories `dataPaths` means (inventory F34).
//!
//! Takes the four fields, gives paths as they are written. Pure.

use std::path::Path;

use codex_common::stack::model::DataPaths;

/// What is made: the environment's folder and its directories.
pub(super) fn made(paths: &DataPaths) -> Vec<String> {
    distinct(own_folder(paths).into_iter().chain(listed(paths)))
}

/// What is emptied and deleted: `paths`, else `dirs` below `envDir` or the root, else `envDir` itself. Never the
/// root: a stack that names nothing else has no directories of its own.
pub(super) fn data(paths: &DataPaths) -> Vec<String> {
    let listed = distinct(listed(paths).into_iter());
    let root = paths.root.trim();
    if listed.is_empty() { own_folder(paths).into_iter().filter(|own| own != root).collect() } else { listed }
}

fn own_folder(paths: &DataPaths) -> Option<String> {
    Some(paths.env_dir.trim().to_owned()).filter(|own| !own.is_empty())
}

fn listed(paths: &DataPaths) -> Vec<String> {
    let given = |list: &[String]| {
        list.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let folder =
        [&paths.env_dir, &paths.root].map(|text| text.trim()).into_iter().find(|text| !text.is_empty());
    match (given(&paths.paths), folder) {
        (paths, _) if !paths.is_empty() => paths,
        (_, None) => given(&paths.dirs),
        (_, Some(folder)) => given(&paths.dirs).iter().map(|name| joined(folder, name)).collect(),
    }
}

fn distinct(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for target in all {
        if !distinct.contains(&target) {
            distinct.push(target);
        }
    }
    distinct
}

/// A folder and a name in it; a leading slash of the name means nothing, as with Go's `filepath.Join`.
fn joined(folder: &str, name: &str) -> String {
    let path = Path::new(folder).join(name.trim_start_matches('/'));
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(root: &str, env_dir: &str, dirs: &[&str], paths: &[&str]) -> DataPaths {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        DataPaths { root: root.into(), env_dir: env_dir.into(), dirs: list(dirs), paths: list(paths) }
    }

    #[test]
    fn directories_lie_in_the_environments_folder() {
        let of = |root: &str, env_dir: &str, dirs: &[&str]| made(&paths(root, env_dir, dirs, &[]));
        assert_eq!(of("/d", "/d/ai", &["pg", "/redis", "pg"]), ["/d/ai", "/d/ai/pg", "/d/ai/redis"]);
        assert_eq!(of("/d", "", &["pg"]), ["/d/pg"]);
        assert_eq!(of("/d", "/d/ai", &[]), ["/d/ai"]);
        assert!(of("", "", &[]).is_empty());
        assert!(of("/d", "", &[]).is_empty());
    }

    #[test]
    fn paths_stand_for_themselves() {
        assert_eq!(made(&paths("/d", "/d/ai", &["pg"], &["/d/x", " "])), ["/d/ai", "/d/x"]);
    }

    #[test]
    fn data_lie_in_the_directories_or_in_the_folder_and_never_in_the_root() {
        let of =
            |root: &str, env_dir: &str, dirs: &[&str], list: &[&str]| data(&paths(root, env_dir, dirs, list));
        assert_eq!(of("/d", "/d/ai", &["pg", "/redis"], &[]), ["/d/ai/pg", "/d/ai/redis"]);
        assert_eq!(of("/d", "/d/ai", &["pg"], &["/d/x"]), ["/d/x"]);
        assert_eq!(of("/d", "/d/ai", &[], &[]), ["/d/ai"]);
        assert!(of("/d", "/d", &[], &[]).is_empty());
        assert!(of("/d", "", &[], &[]).is_empty());
    }
}
