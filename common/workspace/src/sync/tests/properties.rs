//! Any two trees: after a sync the target is what a simple model says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Patterns of every case: one for names, one for folders alone.
const PATTERNS: [&str; 2] = ["*.log", "build/"];

/// Names that often meet, on both sides and with the patterns.
const NAMES: [&[u8]; 6] = [b"a", b"b", b"c.log", b"build", b"d e", b"\xff\n"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Folder,
    Link(u8),
    /// A content, whose number also says when it was written, and whether it can be run.
    File(u8, bool),
}

type Tree = BTreeMap<PathBuf, Node>;

fn trees() -> impl Strategy<Value = Tree> {
    let node = prop_oneof![
        2 => Just(Node::Folder),
        1 => (0..3_u8).prop_map(Node::Link),
        5 => (0..6_u8, any::<bool>()).prop_map(|(content, can_run)| Node::File(content, can_run)),
    ];
    let path = prop::collection::vec(0..NAMES.len(), 1..4);
    prop::collection::vec((path, node), 0..25).prop_map(|entries| {
        let mut tree = Tree::new();
        for (names, node) in entries {
            let path: PathBuf = names.iter().map(|at| OsStr::from_bytes(NAMES[*at])).collect();
            let above: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_owned).collect();
            let is_free = |path: &&PathBuf| tree.get(*path).is_none_or(|node| *node == Node::Folder);
            if tree.contains_key(&path) || !above.iter().all(|path| is_free(&path)) {
                continue;
            }
            for path in above.into_iter().filter(|path| !path.as_os_str().is_empty()) {
                tree.insert(path, Node::Folder);
            }
            tree.insert(path, node);
        }
        tree
    })
}

/// Whether a path of this tree is left alone, by its own name or by a folder's that it lies in.
fn is_left_alone(tree: &Tree, path: &Path) -> bool {
    path.ancestors().filter(|path| !path.as_os_str().is_empty()).any(|path| {
        let is_folder = tree.get(path) == Some(&Node::Folder);
        path.as_os_str().as_bytes().ends_with(b".log") || (is_folder && path.ends_with("build"))
    })
}

/// What the target is to be; nothing if something that stays is in the way.
fn model(source: &Tree, target: &Tree) -> Option<Tree> {
    let mut wanted: Tree = source
        .iter()
        .filter(|(path, _)| !is_left_alone(source, path))
        .map(|(path, node)| (path.clone(), node.clone()))
        .collect();
    let stays = target.iter().filter(|(path, _)| is_left_alone(target, path));
    for (path, node) in stays {
        for above in path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()) {
            if *wanted.entry(above.to_owned()).or_insert(Node::Folder) != Node::Folder {
                return None;
            }
        }
        if wanted.insert(path.clone(), node.clone()).is_some() {
            return None;
        }
    }
    Some(wanted)
}

fn content(number: u8) -> Vec<u8> {
    vec![b'0' + number; usize::from(number % 3)]
}

fn time_of(number: u8) -> (i64, i64) {
    (1_000_000_000 + i64::from(number), i64::from(number))
}

fn make(root: &Path, tree: &Tree) {
    for (path, node) in tree {
        let path = root.join(path);
        match node {
            Node::Folder => fs::create_dir_all(&path).unwrap(),
            Node::Link(number) => symlink(format!("../{number}"), &path).unwrap(),
            Node::File(number, can_run) => {
                fs::write(&path, content(*number)).unwrap();
                set_modified(&path, time(1_000_000_000 + u64::from(*number), u32::from(*number)));
                set_mode(&path, if *can_run { 0o755 } else { 0o644 });
            }
        }
    }
}

fn found(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().to_owned();
            let node = if about.is_dir() {
                folders.push(path);
                Node::Folder
            } else if about.is_symlink() {
                let text = fs::read_link(&path).unwrap();
                Node::Link(text.to_str().unwrap().trim_start_matches("../").parse().unwrap())
            } else {
                let text = fs::read(&path).unwrap();
                let number = (0..6)
                    .find(|number| content(*number) == text && modified(&path) == time_of(*number))
                    .unwrap_or_else(|| panic!("{}: {text:?} {:?}", path.display(), modified(&path)));
                Node::File(number, about.mode() & 0o111 != 0)
            };
            tree.insert(name, node);
        }
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_target_becomes_what_the_model_says(first in trees(), source in trees(), target in trees()) {
        let scene = Scene::new();
        PATTERNS.iter().for_each(|pattern| scene.exclude(pattern));
        scene.folder.folder("base/target");
        make(&scene.target(""), &target);

        for (round, source) in [first, source].iter().enumerate() {
            fs::remove_dir_all(scene.source("")).unwrap();
            scene.folder.folder("source");
            make(&scene.source(""), source);
            let before = found(&scene.target(""));
            match model(source, &before) {
                None => {
                    let blocked = matches!(scene.try_sync(), Err(SyncError::Blocked(_)));
                    prop_assert!(blocked, "round {round}: {before:?}");
                    prop_assert_eq!(found(&scene.target("")), before);
                }
                Some(wanted) => {
                    scene.sync();
                    prop_assert_eq!(found(&scene.target("")), wanted);
                    for (path, _) in source.iter().filter(|(path, _)| !is_left_alone(source, path)) {
                        prop_assert_eq!(modified(&scene.target(path)), modified(&scene.source(path)), "{:?}", path);
                    }
                    let again = scene.sync();
                    prop_assert!(!again.is_changed && again.copied == 0, "{:?}", again);
                }
            }
        }
    }
}
