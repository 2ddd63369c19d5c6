//! codexctl's functions, arguments in its order: the value comes first.

use gotemplate::strings::{to_lower, trim_space};
use gotemplate::{Type, Value};

use super::{Context, Table, fits, lossy, with_bytes};

/// How many bytes of a commit's hash `truncSHA` keeps.
const SHORT_SHA: usize = 12;

pub(super) fn declare(table: &mut Table) {
    table.add("default", [Type::STRING, Type::STRING], Type::STRING, |arguments| {
        let blank = trim_space(arguments[0].as_bytes().unwrap_or_default()).is_empty();
        Ok(arguments[usize::from(blank)].clone())
    });
    table.add("ternary", [Type::BOOL, Type::ANY, Type::ANY], Type::ANY, |arguments| {
        let chosen = if arguments[0].as_bool() == Some(true) { 1 } else { 2 };
        Ok(arguments[chosen].clone())
    });
    table.add_bounded("join", [Type::STRING_SLICE, Type::STRING], Type::STRING, |arguments, room| {
        let items: Vec<&[u8]> = arguments[0].items().iter().filter_map(Value::as_bytes).collect();
        let separator = arguments[1].as_bytes().unwrap_or_default();
        fits(
            items.iter().map(|item| item.len() + separator.len()).sum(),
            room.saturating_add(separator.len()),
        )?;
        Ok(Value::string(items.join(separator)))
    });
    table.add_text("toLower", |[text]| with_bytes(text, to_lower));
    table.add_text("slug", |[text]| {
        with_bytes(text, |bytes| trim_space(&to_lower(bytes)).to_vec()).replace([' ', '_'], "-")
    });
    table.add("truncSHA", [Type::STRING], Type::STRING, |arguments| {
        Ok(Value::from(short(&lossy(&arguments[0]))))
    });
    table.add_text("trimPrefix", |[text, prefix]| text.strip_prefix(prefix).unwrap_or(text).to_owned());
    table.add_bounded("indent", [Type::INT, Type::STRING], Type::STRING, |arguments, room| {
        super::text::indent(arguments[0].as_int().unwrap_or(0), &lossy(&arguments[1]), room).map(Value::from)
    });
}

/// The functions that answer from the context.
pub(super) fn declare_for(table: &mut Table, context: &Context) {
    let now = context.time();
    table.add("now", [], Type::TIME, move |_| Ok(Value::from(now.clone())));
    for (name, has_default) in [("envOr", true), ("env", false)] {
        let variables = context.variables.all.clone();
        let look_up = move |arguments: &[Value]| {
            let found = variables.get(&*lossy(&arguments[0])).filter(|value| !value.is_empty());
            let other = || {
                if has_default { arguments[1].clone() } else { Value::from("") }
            };
            Ok(found.map_or_else(other, Value::from))
        };
        if has_default {
            table.add(name, [Type::STRING, Type::STRING], Type::STRING, look_up);
        } else {
            table.add(name, [Type::STRING], Type::STRING, look_up);
        }
    }
}

/// The first bytes of a text, not cutting a character in two.
fn short(text: &str) -> &str {
    let mut end = SHORT_SHA.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
