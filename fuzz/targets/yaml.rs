//! Splitting, reading and writing arbitrary YAML: what can be read and written reads
//! back as the same.

#![no_main]

use codex_common::yaml::{Dialect, KeyOrder, Section, read, split, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for dialect in [Dialect::Go, Dialect::Kubectl] {
        for section in split(text) {
            let Ok(Some(node)) = read(&section, dialect) else {
                continue;
            };
            let mut written = String::new();
            write(&node, KeyOrder::Kept, &mut written);
            let again = read(&Section::whole(&written), Dialect::Go)
                .unwrap_or_else(|error| panic!("{error}\n{written}"))
                .expect("a document with content");
            let mut twice = String::new();
            write(&again, KeyOrder::Kept, &mut twice);
            assert_eq!(twice, written);
        }
    }
});
