//! Bytes between two connections, both ways at once.
//!
//! Takes two ends; gives back when one of them is over. Separate because the fault proxy needs
//! it for watches and exec sessions, and the CONNECT proxy for everything.

use std::io;
use std::thread;

use crate::wire::Wire;

/// Relays until either end is over, then ends both.
pub(crate) fn relay(left: &Wire, right: &Wire) {
    thread::scope(|scope| {
        scope.spawn(|| copy(left, right));
        copy(right, left);
    });
}

fn copy(from: &Wire, to: &Wire) {
    let mut buffer = [0; 16_384];
    let mut step = || -> io::Result<bool> {
        let count = from.read(&mut buffer)?;
        to.send(&buffer[..count])?;
        Ok(count > 0)
    };
    while matches!(step(), Ok(true)) {}
    from.close();
    to.close();
}
