//! Whole numbers. Texts are read as numbers, as Sprig does it; what can't be one is an error.

use gotemplate::{FunctionError, Type, Value};

use super::{Table, spelled};

/// The longest text that is looked at, in bytes.
const LONGEST: usize = 4 << 10;

type Step = fn(i64, i64) -> Option<i64>;

pub(super) fn declare(table: &mut Table) {
    table.add("int", [Type::ANY], Type::INT, |arguments| whole(&arguments[0]).map(Value::from));
    let chains: [(&str, &str, i64, Step); 2] =
        [("add", "+", 0, i64::checked_add), ("mul", "*", 1, i64::checked_mul)];
    for (name, sign, start, step) in chains {
        table.add_variadic(name, [], Type::INT, move |arguments, _| {
            let sum =
                arguments.iter().try_fold(start, |left, value| apply(sign, step, left, whole(value)?))?;
            Ok(Value::from(sum))
        });
    }
    let pairs: [(&str, &str, Step); 3] =
        [("sub", "-", i64::checked_sub), ("div", "/", i64::checked_div), ("mod", "%", i64::checked_rem)];
    for (name, sign, step) in pairs {
        table.add(name, [Type::ANY, Type::ANY], Type::INT, move |arguments| {
            apply(sign, step, whole(&arguments[0])?, whole(&arguments[1])?).map(Value::from)
        });
    }
}

fn apply(sign: &str, step: Step, left: i64, right: i64) -> Result<i64, FunctionError> {
    step(left, right).ok_or_else(|| FunctionError::new(format!("{left} {sign} {right} is no 64-bit number")))
}

/// The whole number that a value is or spells; nothing is 0, fractions are cut.
fn whole(value: &Value) -> Result<i64, FunctionError> {
    if value.is_nil() {
        return Ok(0);
    }
    if let Some(number) = value.as_int() {
        return Ok(number);
    }
    // Nothing that is a number is longer, however it is spelled.
    let text = spelled(value, LONGEST)
        .map_err(|_| FunctionError::new(format!("a {} of that size is no whole number", value.ty())))?;
    let number = match text.trim() {
        "" | "false" => Some(0),
        "true" => Some(1),
        digits => digits.parse().ok().or_else(|| cut(digits)),
    };
    number.ok_or_else(|| FunctionError::new(format!("`{text}` is no whole number")))
}

/// A number with a fraction or exponent, cut towards zero, if it fits.
fn cut(text: &str) -> Option<i64> {
    let number = text.parse::<f64>().ok()?.trunc();
    // Both bounds are powers of two, so they are exact.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number).then_some(number as i64)
}
