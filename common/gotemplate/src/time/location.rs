//! Time zones: UTC, the local zone, and fixed offsets.
//!
//! Takes a name and an offset, gives them back. Separate because a location is a value of
//! its own in a template (`*time.Location`).

use std::fmt;
use std::sync::Arc;

/// A time zone without changes (`*time.Location`). Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Location(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
enum Kind {
    #[default]
    Utc,
    Local,
    Fixed {
        name: Arc<str>,
        offset: i32,
    },
}

impl Location {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Kind::Utc);

    /// The local zone: UTC too, so that results depend on no machine, but named `Local`.
    pub const LOCAL: Self = Self(Kind::Local);

    /// A zone of the given name, `offset` seconds east of UTC (`time.FixedZone`).
    pub fn fixed(name: &str, offset: i32) -> Self {
        Self(Kind::Fixed { name: name.into(), offset })
    }

    /// The abbreviation that times in this zone show, for example `UTC` or `CET`.
    pub fn abbreviation(&self) -> &str {
        match &self.0 {
            Kind::Utc | Kind::Local => "UTC",
            Kind::Fixed { name, .. } => name,
        }
    }

    /// Seconds east of UTC.
    pub fn offset(&self) -> i32 {
        match &self.0 {
            Kind::Utc | Kind::Local => 0,
            Kind::Fixed { offset, .. } => *offset,
        }
    }

    /// Whether this is [`Location::UTC`] itself, not another zone without an offset.
    pub fn is_utc(&self) -> bool {
        self.0 == Kind::Utc
    }

    /// Appends the Go expression for it.
    pub(super) fn append_go_string(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Kind::Utc => out.extend_from_slice(b"time.UTC"),
            Kind::Local => out.extend_from_slice(b"time.Local"),
            Kind::Fixed { name, .. } => {
                out.extend_from_slice(b"time.Location(");
                super::append_quoted(out, name.as_bytes());
                out.push(b')');
            }
        }
    }
}

impl fmt::Display for Location {
    /// The location's name (`Location.String`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Utc => f.write_str("UTC"),
            Kind::Local => f.write_str("Local"),
            Kind::Fixed { name, .. } => f.write_str(name),
        }
    }
}
