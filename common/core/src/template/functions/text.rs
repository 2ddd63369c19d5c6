//! Texts: quoting, case, indentation, search.

use gotemplate::{FunctionError, Type, Value, strings};

use super::{Table, lossy, spelled, with_bytes};

/// The widest indentation; wider is a slip, not a layout.
const WIDEST: i64 = 1_000;

pub(super) fn declare(table: &mut Table) {
    table.add_variadic("quote", [], Type::STRING, |arguments| {
        Ok(joined(arguments, |text| with_bytes(text, strings::quote)))
    });
    table.add_variadic("squote", [], Type::STRING, |arguments| {
        Ok(joined(arguments, |text| format!("'{text}'")))
    });
    table.add("toString", [Type::ANY], Type::STRING, |arguments| Ok(Value::from(spelled(&arguments[0]))));
    table.add_text("trim", |[text]| with_bytes(text, |bytes| strings::trim_space(bytes).to_vec()));
    table.add_text("upper", |[text]| with_bytes(text, strings::to_upper));
    table.add_text("lower", |[text]| with_bytes(text, strings::to_lower));
    table.add_text("title", |[text]| with_bytes(text, strings::title));
    table.add_text("replace", |[old, new, text]| text.replace(old, new));
    table.add("nindent", [Type::INT, Type::STRING], Type::STRING, |arguments| {
        let text = indent(arguments[0].as_int().unwrap_or(0), &lossy(&arguments[1]))?;
        Ok(Value::from(format!("\n{text}")))
    });
    table.add("contains", [Type::STRING, Type::STRING], Type::BOOL, |arguments| {
        Ok(Value::from(lossy(&arguments[1]).contains(&*lossy(&arguments[0]))))
    });
    table.add("hasPrefix", [Type::STRING, Type::STRING], Type::BOOL, |arguments| {
        Ok(Value::from(lossy(&arguments[1]).starts_with(&*lossy(&arguments[0]))))
    });
    table.add("hasSuffix", [Type::STRING, Type::STRING], Type::BOOL, |arguments| {
        Ok(Value::from(lossy(&arguments[1]).ends_with(&*lossy(&arguments[0]))))
    });
}

/// Every line of `text` behind `spaces` spaces; line breaks at its end are dropped, an empty text stays.
///
/// # Errors
/// `spaces` is negative or absurdly large.
pub(super) fn indent(spaces: i64, text: &str) -> Result<String, FunctionError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    if spaces < 0 {
        return Err(FunctionError::new("strings: negative Repeat count"));
    }
    let width = usize::try_from(spaces.min(WIDEST)).unwrap_or_default();
    if spaces > WIDEST {
        return Err(FunctionError::new(format!("cannot indent by {spaces} spaces; {WIDEST} is the most")));
    }
    let margin = " ".repeat(width);
    let lines: Vec<String> =
        text.trim_end_matches('\n').split('\n').map(|line| format!("{margin}{line}")).collect();
    Ok(lines.join("\n"))
}

/// The values that are something, each in its quotes, blanks between. Nothing at all is an empty text: Sprig
/// gives no quotes then, which turns `x: {{ .Map.missing | quote }}` into a null.
fn joined(values: &[Value], quoted: impl Fn(&str) -> String) -> Value {
    let texts = values.iter().filter(|value| !value.is_nil());
    let texts: Vec<String> = texts.map(|value| quoted(&spelled(value))).collect();
    if texts.is_empty() {
        return Value::from(quoted(""));
    }
    Value::from(texts.join(" "))
}
