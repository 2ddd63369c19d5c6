//! Go's package `fmt`: values to text.
//!
//! [`printer`] looks at a value's type and decides how it is shown, [`printf`]
//! reads format strings, [`format`] lays out numbers and strings.

mod format;
mod printer;
mod printf;
mod verbs;

use crate::time::Location;
use crate::value::{Kind, Value};
use printer::Printer;

/// The text went beyond the limit it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Appends a value as `print` shows it; an error when `out` gets longer than
/// `limit` bytes.
pub(crate) fn append_value(out: &mut Vec<u8>, value: &Value, limit: usize) -> Result<(), TooLong> {
    Printer::new(out, limit).print_arg(value, 'v')
}

/// Go's `fmt.Sprint`: a space between two values neither of which is a string.
pub(crate) fn append_print(out: &mut Vec<u8>, args: &[Value], limit: usize) -> Result<(), TooLong> {
    let mut printer = Printer::new(out, limit);
    let mut after_string = true;
    for arg in args {
        let is_string = arg.kind() == Kind::String;
        if !is_string && !after_string {
            printer.write(b" ");
        }
        printer.print_arg(arg, 'v')?;
        after_string = is_string;
    }
    Ok(())
}

/// Go's `fmt.Sprintln`: a space between all values, a line break at the end.
pub(crate) fn append_println(out: &mut Vec<u8>, args: &[Value], limit: usize) -> Result<(), TooLong> {
    let mut printer = Printer::new(out, limit);
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            printer.write(b" ");
        }
        printer.print_arg(arg, 'v')?;
    }
    printer.write(b"\n");
    Ok(())
}

/// Go's `fmt.Sprintf`.
pub(crate) fn append_printf(
    out: &mut Vec<u8>,
    format: &[u8],
    args: &[Value],
    limit: usize,
) -> Result<(), TooLong> {
    printf::append(out, format, args, limit)
}

/// A value as a verb shows it, without a limit: for error messages.
pub(crate) fn with_verb(value: &Value, verb: char) -> String {
    let mut out = Vec::new();
    // Messages don't grow beyond reason: what is longer is cut off.
    const LIMIT: usize = 1 << 20;
    if Printer::new(&mut out, LIMIT).print_reflected(value, verb).is_err() {
        out.truncate(LIMIT);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a pointer to `location` points to: a struct that has no methods.
pub(crate) fn location_struct(location: &Location) -> String {
    let mut out = Vec::new();
    // It is far shorter than any limit.
    let _ = Printer::new(&mut out, usize::MAX).print_location(location, 'v');
    String::from_utf8_lossy(&out).trim_start_matches('&').to_owned()
}

/// A value in Go syntax, as `%#v` shows it.
pub(crate) fn go_syntax(value: &Value) -> String {
    let mut out = Vec::new();
    const LIMIT: usize = 1 << 20;
    let mut printer = Printer::new(&mut out, LIMIT);
    printer.flags.sharp_v = true;
    if printer.print_arg(value, 'v').is_err() {
        out.truncate(LIMIT);
    }
    String::from_utf8_lossy(&out).into_owned()
}
