//! The golden folders: what the binaries print, byte for byte.

use std::env;
use std::path::Path;

use codex_tests::golden_cases;

#[test]
fn golden_files_are_unchanged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let cases = golden_cases(&folder);
    assert!(cases.len() >= 20, "only {} cases in {}", cases.len(), folder.display());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        cases.iter().for_each(|case| case.update());
    }
    let differences: Vec<String> = cases.iter().filter_map(|case| case.differences()).collect();
    assert!(
        differences.is_empty(),
        "{}\n{} of {} golden cases differ; `make golden` writes them anew",
        differences.join("\n\n"),
        differences.len(),
        cases.len()
    );
}
