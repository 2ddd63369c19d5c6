//! Lexing, parsing and executing arbitrary template text: an output or an error, never
//! a panic, and never more than the limits allow.

#![no_main]

use std::sync::LazyLock;

use gotemplate::{Functions, Limits, Missing, Options, Template, Value};
use libfuzzer_sys::fuzz_target;

static DOT: LazyLock<Value> = LazyLock::new(|| {
    Value::map([
        ("name", Value::from("shop")),
        ("slot", Value::from(3_i64)),
        ("ratio", Value::from(1.5)),
        ("on", Value::from(true)),
        ("list", Value::list(["a", "b"])),
        ("map", Value::map([("key", Value::from("value"))])),
    ])
});

const LIMITS: Limits = Limits { steps: 20_000, bytes: 1 << 20, memory: 1 << 20 };

fuzz_target!(|text: &[u8]| {
    let Ok(template) = Template::parse("fuzz", text, &Functions::new()) else {
        return;
    };
    let options = |missing| Options { missing, limits: LIMITS };
    let printed = template.execute(&DOT, &options(Missing::Print));
    if let Ok(output) = &printed {
        assert!(output.len() <= LIMITS.bytes);
    }
    // Where nothing is missing, asking for it changes nothing.
    if let Ok(checked) = template.execute(&DOT, &options(Missing::Error)) {
        assert_eq!(printed.as_deref().ok(), Some(checked.as_slice()));
        let mapped = template.execute_mapped(&DOT, &options(Missing::Error));
        let (output, map) = mapped.expect("the same text and options");
        assert_eq!(output, checked);
        for offset in 0..output.len().min(64) {
            if let Some(origin) = map.lookup(offset) {
                assert!(origin.template_offset <= text.len());
            }
        }
    }
    let _ = template.calls().count();
});
