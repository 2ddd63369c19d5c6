//! Lists, maps, and values that must be there.

use gotemplate::{FunctionError, Kind, Type, Value};

use super::{Table, lossy, spelled};

/// The longest list that `until` makes.
const LONGEST: i64 = 1_000_000;

pub(super) fn declare(table: &mut Table) {
    table.add("required", [Type::STRING, Type::ANY], Type::ANY, |arguments| {
        let value = &arguments[1];
        if value.is_nil() || value.as_bytes() == Some(b"") {
            return Err(FunctionError::new(lossy(&arguments[0])));
        }
        Ok(value.clone())
    });
    table
        .add("fail", [Type::STRING], Type::STRING, |arguments| Err(FunctionError::new(lossy(&arguments[0]))));
    table.add_variadic("coalesce", [], Type::ANY, |arguments| {
        Ok(arguments.iter().find(|value| value.is_true()).cloned().unwrap_or_else(Value::nil))
    });
    table.add_variadic("list", [], Type::ANY_SLICE, |arguments| Ok(Value::list(arguments.iter().cloned())));
    table.add_variadic("dict", [], Type::ANY_MAP, |arguments| {
        let value = |pair: &[Value]| pair.get(1).cloned().unwrap_or_else(|| Value::from(""));
        Ok(Value::map(arguments.chunks(2).map(|pair| (spelled(&pair[0]), value(pair)))))
    });
    table.add("get", [Type::ANY, Type::STRING], Type::ANY, |arguments| {
        let found = map(&arguments[0])?.get(&lossy(&arguments[1]));
        Ok(found.cloned().unwrap_or_else(|| Value::from("")))
    });
    table.add("hasKey", [Type::ANY, Type::STRING], Type::BOOL, |arguments| {
        Ok(Value::from(map(&arguments[0])?.get(&lossy(&arguments[1])).is_some()))
    });
    table.add_variadic("keys", [], Type::ANY_SLICE, |arguments| {
        let mut keys = Vec::new();
        for argument in arguments {
            // Sprig's order is that of Go's maps, which is none: sorted by name is what output needs.
            keys.extend(map(argument)?.entries().map(|(key, _)| key.clone()));
        }
        Ok(Value::list(keys))
    });
    table.add("until", [Type::INT], Type::slice(Type::INT), |arguments| {
        let count = arguments[0].as_int().unwrap_or(0);
        if count > LONGEST {
            return Err(FunctionError::new(format!("cannot count to {count}; {LONGEST} is the most")));
        }
        // Counting down for negative numbers is Sprig's.
        let numbers: Vec<i64> =
            if count < 0 { (count.max(-LONGEST) + 1..=0).rev().collect() } else { (0..count).collect() };
        let list = Value::typed_list(&Type::slice(Type::INT), numbers.into_iter().map(Value::from));
        list.map_err(|error| FunctionError::new(error.to_string()))
    });
}

fn map(value: &Value) -> Result<&Value, FunctionError> {
    match value.kind() {
        Kind::Map => Ok(value),
        _ => Err(FunctionError::new(format!("expected a map, not {}", value.ty()))),
    }
}
