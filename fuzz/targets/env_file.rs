//! Reading arbitrary env and var files: variables or an error with a line of the file.

#![no_main]

use codex_common::stack::variables::env_file;
use codex_common::stack::variables::var_file::{self, Grammar};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = env_file::parse(text);
    for grammar in [Grammar::Plain, Grammar::Compat] {
        let _ = var_file::parse(text, grammar);
    }
});
