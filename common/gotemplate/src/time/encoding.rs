//! A time as text, JSON and binary data, as Go's encoders write it.
//!
//! Takes a time, gives bytes, or an error where the format has no room for it. Separate from
//! `layout`, which never fails.

use std::fmt;

use super::Time;

const RFC3339_NANO: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// A time that the format can't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodingError {
    /// The year has not exactly four digits.
    Year,
    /// The zone is a day or more from UTC.
    ZoneHour,
    /// The zone's offset has no code.
    ZoneOffset,
}

impl fmt::Display for EncodingError {
    /// Go's message, before which the method stands: `Time.MarshalJSON: ` and so on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "year outside of range [0,9999]",
            Self::ZoneHour => "timezone hour outside of range [0,23]",
            Self::ZoneOffset => "unexpected zone offset",
        })
    }
}

impl std::error::Error for EncodingError {}

impl Time {
    /// RFC 3339 with as many digits of the second as needed (`MarshalText`, `AppendText`).
    ///
    /// # Errors
    /// When the year or the zone's hour is out of RFC 3339's range.
    pub fn marshal_text(&self) -> Result<Vec<u8>, EncodingError> {
        if !(0..=9999).contains(&self.year()) {
            return Err(EncodingError::Year);
        }
        // Cut to minutes before, as it is written.
        if (self.location().offset() / 60).unsigned_abs() >= 24 * 60 {
            return Err(EncodingError::ZoneHour);
        }
        Ok(self.format(RFC3339_NANO))
    }

    /// [`Time::marshal_text`] between `"` (`MarshalJSON`).
    ///
    /// # Errors
    /// As [`Time::marshal_text`].
    pub fn marshal_json(&self) -> Result<Vec<u8>, EncodingError> {
        let text = self.marshal_text()?;
        Ok([b"\"", text.as_slice(), b"\""].concat())
    }

    /// Version, seconds since the zero time, nanoseconds, and the zone's offset in minutes,
    /// with seconds if it has some (`MarshalBinary`, `AppendBinary`, `GobEncode`).
    ///
    /// # Errors
    /// When the offset exceeds 16 bits of minutes, or is the one that stands for UTC.
    pub fn marshal_binary(&self) -> Result<Vec<u8>, EncodingError> {
        /// Stands for UTC itself.
        const UTC: i16 = -1;
        let (minutes, seconds) = if self.location().is_utc() {
            (UTC, 0)
        } else {
            let offset = self.location().offset();
            let minutes = i16::try_from(offset / 60).ok();
            let minutes = minutes.filter(|&minutes| minutes != UTC);
            (minutes.ok_or(EncodingError::ZoneOffset)?, offset % 60)
        };
        let mut out = vec![if seconds == 0 { 1 } else { 2 }];
        out.extend_from_slice(&self.since_zero().to_be_bytes());
        // Less than 10^9.
        out.extend_from_slice(&(self.nanosecond() as i32).to_be_bytes());
        out.extend_from_slice(&minutes.to_be_bytes());
        if seconds != 0 {
            // Less than a minute.
            out.extend_from_slice(&(seconds as i8).to_be_bytes());
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Location;
    use super::*;

    #[test]
    fn encodings() {
        let time = Time::new(1_769_776_496, 7, Location::UTC);
        assert_eq!(time.marshal_json().as_deref(), Ok(&b"\"2026-01-30T12:34:56.000000007Z\""[..]));
        assert_eq!(
            time.marshal_binary().as_deref(),
            Ok(&[1, 0, 0, 0, 14, 225, 14, 156, 112, 0, 0, 0, 7, 255, 255][..])
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let time = Time::new(1_769_776_496, 7, Location::UTC);
        let zone = |offset| time.in_location(Location::fixed("x", offset));
        assert_eq!(time.add_date(7974, 0, 0).marshal_text(), Err(EncodingError::Year));
        assert_eq!(zone(86_400).marshal_text(), Err(EncodingError::ZoneHour));
        assert_eq!(zone(-60).marshal_binary(), Err(EncodingError::ZoneOffset));
        assert_eq!(EncodingError::ZoneHour.to_string(), "timezone hour outside of range [0,23]");
    }
}
