//! The table: medians against targets.

use std::time::Duration;

use crate::contest::{Contestant, Lap, Phase};

const MIB: u64 = 1024 * 1024;

/// What `kubectl-codex-apply` may take: this part of the time of the better kubectl.
fn of_kubectl(phase: Phase) -> f64 {
    match phase {
        Phase::New => 0.75,
        Phase::Unchanged => 0.12,
        Phase::Changed => 0.15,
    }
}

/// And of the bare PATCHes where the API server is the limit.
const OF_RAW: f64 = 1.15;

/// Prints one phase's lines; gives how many targets are missed.
pub(crate) fn print_phase(laps: &[Lap], phase: Phase) -> usize {
    let of = |contestant: Contestant| {
        let laps = laps.iter();
        laps.filter(move |lap| lap.contestant == contestant && lap.phase == phase)
    };
    let time = |contestant| median(of(contestant).map(|lap| lap.run.time));
    for contestant in Contestant::ALL {
        let times = || of(contestant).map(|lap| lap.run.time);
        println!(
            "{:<12} {:<28} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}",
            phase.name(),
            contestant.name(),
            milliseconds(time(contestant)),
            milliseconds(times().min().unwrap_or_default()),
            milliseconds(times().max().unwrap_or_default()),
            milliseconds(median(of(contestant).map(|lap| lap.run.work))),
            mebibytes(of(contestant).map(|lap| lap.run.peak).max().unwrap_or_default()),
            median(of(contestant).map(|lap| lap.requests)),
        );
    }
    let ours = time(Contestant::Ours);
    let kubectl = time(Contestant::ClientSide).min(time(Contestant::ServerSide));
    let mut missed = print_ratio("of the better kubectl", ours, kubectl, of_kubectl(phase));
    if phase == Phase::New {
        missed += print_ratio("of the raw PATCHes", ours, time(Contestant::Raw), OF_RAW);
    }
    println!();
    missed
}

/// The columns' names.
pub(crate) fn print_head() {
    println!(
        "{:<12} {:<28} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9}",
        "objects", "applied by", "median", "least", "most", "processor", "peak", "requests"
    );
}

fn print_ratio(what: &str, ours: Duration, theirs: Duration, target: f64) -> usize {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let met = ratio <= target;
    println!("  {ratio:.2} {what}, target {target:.2}{}", mark(met));
    usize::from(!met)
}

/// Prints the memory that many objects take; gives how many targets are missed.
pub(crate) fn print_memory(laps: &[Lap], objects: usize, target: u64) -> usize {
    for lap in laps {
        println!(
            "{objects} {}: {}, {}, {} requests",
            lap.phase.name(),
            milliseconds(lap.run.time),
            mebibytes(lap.run.peak),
            lap.requests
        );
    }
    let peak = laps.iter().map(|lap| lap.run.peak).max().unwrap_or_default();
    let met = peak < target;
    println!("  peak {}, target {}{}\n", mebibytes(peak), mebibytes(target), mark(met));
    usize::from(!met)
}

fn median<T: Ord + Default + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB as f64)
}

fn mark(met: bool) -> &'static str {
    if met { "" } else { "  MISSED" }
}
