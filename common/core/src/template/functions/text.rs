//! Texts: quoting, case, indentation, search.

use gotemplate::{FunctionError, Type, Value, strings};

use super::{Table, fits, lossy, spelled, with_bytes};

/// The widest indentation; wider is a slip, not a layout.
const WIDEST: i64 = 1_000;

pub(super) fn declare(table: &mut Table) {
    table.add_variadic("quote", [], Type::STRING, |arguments, room| joined(arguments, '"', room));
    table.add_variadic("squote", [], Type::STRING, |arguments, room| joined(arguments, '\'', room));
    table.add_bounded("toString", [Type::ANY], Type::STRING, |arguments, room| {
        spelled(&arguments[0], room).map(Value::from)
    });
    table.add_text("trim", |[text]| with_bytes(text, |bytes| strings::trim_space(bytes).to_vec()));
    table.add_text("upper", |[text]| with_bytes(text, strings::to_upper));
    table.add_text("lower", |[text]| with_bytes(text, strings::to_lower));
    table.add_text("title", |[text]| with_bytes(text, strings::title));
    table.add_bounded("replace", [Type::STRING; 3], Type::STRING, |arguments, room| {
        let [old, new, text] = [0, 1, 2].map(|at| lossy(&arguments[at]));
        let growth = new.len().saturating_sub(old.len());
        let count = if growth == 0 { 0 } else { text.matches(&*old).count() };
        fits(text.len().saturating_add(count.saturating_mul(growth)), room)?;
        Ok(Value::from(text.replace(&*old, &new)))
    });
    table.add_bounded("nindent", [Type::INT, Type::STRING], Type::STRING, |arguments, room| {
        let text = indent(arguments[0].as_int().unwrap_or(0), &lossy(&arguments[1]), room)?;
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
/// `spaces` is negative or absurdly large, or the result is larger than `room`.
pub(super) fn indent(spaces: i64, text: &str, room: usize) -> Result<String, FunctionError> {
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
    let lines = text.trim_end_matches('\n').split('\n');
    let size = text.len().saturating_add(lines.clone().count().saturating_mul(width));
    fits(size, room)?;
    let mut indented = String::with_capacity(size);
    for (number, line) in lines.enumerate() {
        if number > 0 {
            indented.push('\n');
        }
        indented.push_str(&margin);
        indented.push_str(line);
    }
    Ok(indented)
}

/// The values that are something, each in its quotes, blanks between. Nothing at all is an empty text: Sprig
/// gives no quotes then, which turns `x: {{ .Map.missing | quote }}` into a null.
fn joined(values: &[Value], quote: char, room: usize) -> Result<Value, FunctionError> {
    let mut all = String::new();
    for value in values.iter().filter(|value| !value.is_nil()) {
        if !all.is_empty() {
            all.push(' ');
        }
        let text = spelled(value, room)?;
        all.push(quote);
        for part in parts(&text) {
            match quote {
                '"' => {
                    let escaped = with_bytes(part, strings::quote);
                    all.push_str(&escaped[1..escaped.len() - 1]);
                }
                _ => all.push_str(part),
            }
            fits(all.len(), room)?;
        }
        all.push(quote);
    }
    if all.is_empty() {
        all.extend([quote, quote]);
    }
    Ok(Value::from(all))
}

/// A text in parts: quoting can make ten bytes of one, so it is done bit by bit.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    const LENGTH: usize = 64 << 10;
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = (LENGTH.min(rest.len())..=rest.len()).find(|end| rest.is_char_boundary(*end))?;
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}
