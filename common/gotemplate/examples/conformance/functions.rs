//! The functions that the cases call besides the built-in ones, declared as any
//! host would.

use std::sync::Arc;

use gotemplate::{FunctionError, Functions, Signature, Type, Value, strings};

use crate::data;

/// Longer texts are refused before they are made.
const LONGEST: i64 = 64 << 20;

/// What Go can address.
const ADDRESS_SPACE: i64 = 1 << 47;

pub(crate) fn all(environment: Arc<Value>) -> Functions {
    let text = |count: usize| Signature::new(vec![Type::STRING; count], Type::STRING);
    let mut functions = Functions::new();
    functions
        .register("default", text(2), |args| {
            let is_blank = strings::trim_space(bytes(args, 0)).is_empty();
            Ok(args[usize::from(is_blank)].clone())
        })
        .register("toLower", text(1), |args| Ok(Value::string(strings::to_lower(bytes(args, 0)))))
        .register("slug", text(1), |args| {
            let mut slug = strings::to_lower(strings::trim_space(bytes(args, 0)));
            for byte in slug.iter_mut().filter(|byte| matches!(byte, b' ' | b'_')) {
                *byte = b'-';
            }
            Ok(Value::string(slug))
        })
        .register("truncSHA", text(1), |args| {
            let text = bytes(args, 0);
            Ok(Value::string(&text[..text.len().min(12)]))
        })
        .register("trimPrefix", text(2), |args| {
            let text = bytes(args, 0);
            Ok(Value::string(text.strip_prefix(bytes(args, 1)).unwrap_or(text)))
        })
        .register("envOr", text(2), move |args| {
            let value = args[0].as_str().and_then(|key| environment.get(key));
            Ok(value.filter(|value| !value.is_empty()).unwrap_or(&args[1]).clone())
        })
        .register("ternary", Signature::new([Type::BOOL, Type::ANY, Type::ANY], Type::ANY), |args| {
            Ok(args[if args[0].is_true() { 1 } else { 2 }].clone())
        })
        .register("now", Signature::new([], Type::TIME), |_| Ok(data::now()))
        .register("join", Signature::new([Type::STRING_SLICE, Type::STRING], Type::STRING), |args| {
            let parts: Vec<&[u8]> = args[0].items().iter().filter_map(Value::as_bytes).collect();
            Ok(Value::string(parts.join(bytes(args, 1))))
        })
        .register("indent", Signature::new([Type::INT, Type::STRING], Type::STRING), indent);
    functions
}

fn bytes(args: &[Value], index: usize) -> &[u8] {
    args[index].as_bytes().unwrap_or_default()
}

/// Puts spaces in front of every line; line breaks at the end are dropped.
fn indent(args: &[Value]) -> Result<Value, FunctionError> {
    let (spaces, text) = (args[0].as_int().unwrap_or(0), bytes(args, 1));
    if text.is_empty() {
        return Ok(Value::from(""));
    }
    let end = text.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let lines: Vec<&[u8]> = text[..end].split(|byte| *byte == b'\n').collect();
    let size = spaces.saturating_mul(i64::try_from(lines.len()).unwrap_or(i64::MAX));
    match spaces {
        ..0 => return Err("strings: negative Repeat count".into()),
        _ if spaces >= ADDRESS_SPACE => {
            return Err("runtime error: makeslice: len out of range".into());
        }
        _ if size > LONGEST => return Err("text is too long".into()),
        _ => {}
    }
    let pad = vec![b' '; usize::try_from(spaces).unwrap_or(0)];
    let indented: Vec<Vec<u8>> = lines.into_iter().map(|line| [&pad, line].concat()).collect();
    Ok(Value::string(indented.join(&b'\n')))
}
