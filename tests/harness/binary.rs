//! Where the binaries under test and the repository's files are.
//!
//! Cargo sets `CARGO_BIN_EXE_*` only within a binary's own package, so the binaries are
//! looked up beside the folder `deps` that holds the test executable; `make test` builds
//! them first.

use std::env;
use std::path::{Path, PathBuf};

/// The path of the built binary `name`, from the same profile as the running test.
///
/// # Panics
///
/// When it hasn't been built: the message says how to do that.
pub fn binary(name: &str) -> PathBuf {
    let path = profile_folder().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is missing; run `make build` first", path.display());
    path
}

/// `target/<profile>`: two folders above the test executable `target/<profile>/deps/suite-…`.
fn profile_folder() -> PathBuf {
    let executable = env::current_exe().expect("a running test knows its executable");
    let deps = executable.parent().expect("an executable lies in a folder");
    match deps.file_name() {
        Some(name) if name == "deps" => deps.parent().expect("deps lies in a folder").into(),
        _ => deps.into(),
    }
}

/// The root of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository")
}
