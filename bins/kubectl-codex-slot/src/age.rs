//! Durations as people say them: short enough for a table's cell, and as they type them.

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

/// A duration as people type it: Go's, with days (`1d12h`) and weeks (`2w`) before the rest.
///
/// # Errors
/// What is wrong with it, for clap to say.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a duration such as 12h, 3d or 2w".to_owned();
    let (mut rest, mut whole) = (text.trim(), Duration::ZERO);
    for (unit, seconds) in [('w', 7 * DAY), ('d', DAY)] {
        if let Some((number, after)) = rest.split_once(unit) {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let number: f64 = number.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
            let seconds = f64::from(i32::try_from(seconds).unwrap_or(i32::MAX));
            let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
            whole = whole.checked_add(part).ok_or_else(wrong)?;
            rest = after;
        }
    }
    if rest.is_empty() && rest.len() < text.trim().len() {
        return Ok(whole);
    }
    let rest = codex_deploy::arguments::duration(rest).map_err(|_| wrong())?;
    whole.checked_add(rest).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weeks_are_typed_too() {
        let hours = |hours: u64| Ok(Duration::from_secs(hours * 3_600));
        for (text, expected) in [
            ("1d", hours(24)),
            ("2w", hours(14 * 24)),
            ("1w2d3h", hours(9 * 24 + 3)),
            ("1.5d", hours(36)),
            ("72h", hours(72)),
            ("1d30m", Ok(Duration::from_secs(24 * 3_600 + 1_800))),
            ("0", hours(0)),
            ("0d", hours(0)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for wrong in ["", "d", "1", "1dd", "-1d", "1h1d", "1d2w", "1e3d", "x", "99999999999999999999w"] {
            assert!(parse(wrong).is_err(), "{wrong}: {:?}", parse(wrong));
        }
    }

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
