//! Reading arbitrary env and var files: variables or an error with a line of the file.

#![no_main]

use codex_common::stack::variables::{env_file, var_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = env_file::parse(text);
    let _ = var_file::parse(text);
});
