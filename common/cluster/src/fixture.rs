//! Folders and projects for tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use codex_common::secrets::Secrets;
use codex_common::stack::variables::Map;
use codex_common::stack::{LoadRequest, Mode, Outside, Project, load};

/// A folder of the test's own, removed at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("codex-cluster-{}-{number}", std::process::id()));
        // Only tests set this up: where it fails, they fail.
        std::fs::create_dir_all(&path).unwrap();
        // Only tests set this up: where it fails, they fail.
        Self(path.canonicalize().unwrap())
    }
}

impl Drop for Folder {
    #[allow(clippy::disallowed_methods)]
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A project of the slot 3 in the environment `ai`, from a services.yaml.
#[allow(clippy::disallowed_methods)]
pub(crate) fn project(folder: &Folder, text: &str, process: &[(&str, &str)], mode: Mode) -> Project {
    // Only tests set this up: where it fails, they fail.
    std::fs::write(folder.0.join("services.yaml"), text).unwrap();
    let process: Map = process.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let request = LoadRequest {
        config: "services.yaml",
        folder: &folder.0,
        env: "ai",
        slot: 3,
        namespace: None,
        process: &process,
        var_file: "",
        var_file_text: &std::sync::OnceLock::new(),
        inline: vec![("COLOUR".into(), "green".into())],
        now: (0, 0),
        mode,
        missing: gotemplate::Missing::Error,
        outside: Outside::of(mode, false),
    };
    load(&request, &Secrets::default()).unwrap_or_else(|error| panic!("{error:?}"))
}
