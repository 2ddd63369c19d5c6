//! Stories of a machine whose clock is wrong.

use std::fs;
use std::process::Command;

use super::{greeted, greeting};

/// Answers every question for the time with a day in June 1969, as a machine with an empty battery may.
const CLOCK_OF_1969: &str = "#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    (void)clock;
    time->tv_sec = -18000000;
    time->tv_nsec = 250;
    return 0;
}
";

#[test]
fn a_clock_before_1970_counts_as_1970() {
    let scene = greeting("\"{{ now.UTC.Year }}\"").file("clock.c", CLOCK_OF_1969);
    let (source, library) = (scene.path("clock.c"), scene.path("clock.so"));
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    fs::remove_file(source).unwrap();
    scene.env("LD_PRELOAD", library).render(&["--env", "dev"]).stdout(greeted("\"1970\"")).check();
}
