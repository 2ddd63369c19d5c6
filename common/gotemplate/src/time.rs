//! Points in time, durations, months and weekdays with what a template can ask of them:
//! the exported methods of Go's `time` package.
//!
//! Takes seconds and zones from the host, gives texts and numbers. Separate from the crate's
//! values, which only wrap these types. There is no clock and no time zone database here:
//! zones are UTC or fixed offsets, and the local zone is UTC.
//!
//! Arithmetic wraps where Go's does; nothing panics.

mod calendar;
mod date;
mod duration;
mod duration_parse;
mod encoding;
mod instant;
mod layout;
mod location;

pub use calendar::{Month, Weekday};
pub use duration::Duration;
pub use duration_parse::{DurationError, parse_duration};
pub use encoding::EncodingError;
pub use instant::Time;
pub use location::Location;

/// Appends `text` between `"` as the `time` package quotes: everything but printable ASCII
/// (and DEL) as `\xFF`.
fn append_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x20..0x80 => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}
