//! Lists, maps, and values that must be there.

use gotemplate::{FunctionError, Kind, Type, Value};

use super::{Table, fits, lossy, spelled};

/// The longest list that `until` makes.
const LONGEST: i64 = 1_000_000;

pub(super) fn declare(table: &mut Table) {
    table.add("required", [Type::STRING, Type::ANY], Type::ANY, |arguments| {
        let value = &arguments[1];
        if value.is_nil() || value.as_bytes() == Some(b"") {
            return Err(refusal(&arguments[0]));
        }
        Ok(value.clone())
    });
    table.add("fail", [Type::STRING], Type::STRING, |arguments| Err(refusal(&arguments[0])));
    table.add_variadic("coalesce", [], Type::ANY, |arguments, _| {
        Ok(arguments.iter().find(|value| value.is_true()).cloned().unwrap_or_else(Value::nil))
    });
    table
        .add_variadic("list", [], Type::ANY_SLICE, |arguments, _| Ok(Value::list(arguments.iter().cloned())));
    table.add_variadic("dict", [], Type::ANY_MAP, |arguments, mut room| {
        let mut entries = Vec::with_capacity(arguments.len().div_ceil(2));
        for pair in arguments.chunks(2) {
            let key = spelled(&pair[0], room)?;
            room -= key.len();
            entries.push((key, pair.get(1).cloned().unwrap_or_else(|| Value::from(""))));
        }
        Ok(Value::map(entries))
    });
    table.add("get", [Type::ANY, Type::STRING], Type::ANY, |arguments| {
        let found = map(&arguments[0])?.get(&lossy(&arguments[1]));
        Ok(found.cloned().unwrap_or_else(|| Value::from("")))
    });
    table.add("hasKey", [Type::ANY, Type::STRING], Type::BOOL, |arguments| {
        Ok(Value::from(map(&arguments[0])?.get(&lossy(&arguments[1])).is_some()))
    });
    table.add_variadic("keys", [], Type::ANY_SLICE, |arguments, room| {
        let mut keys = Vec::new();
        for argument in arguments {
            // Sprig's order is that of Go's maps, which is none: sorted by name is what output needs.
            keys.extend(map(argument)?.entries().map(|(key, _)| key.clone()));
            fits(keys.len() * size_of::<Value>(), room)?;
        }
        Ok(Value::list(keys))
    });
    table.add_bounded("until", [Type::INT], Type::slice(Type::INT), |arguments, room| {
        let count = arguments[0].as_int().unwrap_or(0);
        if count > LONGEST {
            return Err(FunctionError::new(format!("cannot count to {count}; {LONGEST} is the most")));
        }
        fits(
            usize::try_from(count.max(-LONGEST).abs())
                .unwrap_or(usize::MAX)
                .saturating_mul(size_of::<Value>()),
            room,
        )?;
        // Counting down for negative numbers is Sprig's.
        let numbers: Vec<i64> =
            if count < 0 { (count.max(-LONGEST) + 1..=0).rev().collect() } else { (0..count).collect() };
        let list = Value::typed_list(&Type::slice(Type::INT), numbers.into_iter().map(Value::from));
        list.map_err(|error| FunctionError::new(error.to_string()))
    });
}

/// The longest message of a template's own, in bytes.
const LONGEST_MESSAGE: usize = 4 << 10;

/// The error that a template asks for.
fn refusal(message: &Value) -> FunctionError {
    let message = message.as_bytes().unwrap_or_default();
    FunctionError::new(String::from_utf8_lossy(&message[..message.len().min(LONGEST_MESSAGE)]))
}

fn map(value: &Value) -> Result<&Value, FunctionError> {
    match value.kind() {
        Kind::Map => Ok(value),
        _ => Err(FunctionError::new(format!("expected a map, not {}", value.ty()))),
    }
}
