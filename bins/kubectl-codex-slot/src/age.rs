//! Durations as people say them, short enough for a table's cell.

use std::time::Duration;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Seconds as people say them: two units where the first is a small number, one else, as kubectl does it.
///
/// Clocks differ between machines: what lies in the future was just now.
pub(crate) fn short(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let of = |unit: i64| seconds / unit;
    let with = |large: (i64, &str), small: (i64, &str)| {
        let rest = seconds % large.0 / small.0;
        let first = format!("{}{}", of(large.0), large.1);
        if rest == 0 { first } else { format!("{first}{rest}{}", small.1) }
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => with((MINUTE, "m"), (1, "s")),
        600..10_800 => format!("{}m", of(MINUTE)),
        10_800..28_800 => with((HOUR, "h"), (MINUTE, "m")),
        28_800..172_800 => format!("{}h", of(HOUR)),
        172_800..691_200 => with((DAY, "d"), (HOUR, "h")),
        691_200..63_072_000 => format!("{}d", of(DAY)),
        _ => with((YEAR, "y"), (DAY, "d")),
    }
}

/// The same of a duration.
pub(crate) fn of(time: Duration) -> String {
    short(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_the_coarser() {
        let cases = [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (130, "2m10s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR + 61, "3h1m"),
            (8 * HOUR + 100, "8h"),
            (2 * DAY + HOUR, "2d1h"),
            (8 * DAY + HOUR, "8d"),
            (2 * YEAR + 3 * DAY, "2y3d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(short(seconds), text, "{seconds}");
        }
    }
}
