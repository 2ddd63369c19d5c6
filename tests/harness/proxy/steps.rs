//! One run of a command for each of its calls and each fault.
//!
//! Takes a proxy and a story; arms one point after the other until the command has no more
//! calls. Separate from the proxy, which knows one point only.

use std::process::{Command, Output};
use std::sync::Mutex;

use super::{Fault, FaultProxy};
use crate::wire::lock;

impl FaultProxy {
    /// Steps through every call that a command makes, with each of the faults: `story` is told
    /// to run the command with the fault armed, and then looks at what is left behind. It ends
    /// for each fault with the first number that the command doesn't reach any more. Gives how
    /// many points were tried. [`Fault::Refused`] has one more than there are calls, since nobody
    /// can tell whether the client would have come once more.
    pub fn every_call(&self, faults: &[Fault], mut story: impl FnMut(&Step)) -> usize {
        let mut points = 0;
        for &fault in faults {
            for number in 1.. {
                let step = Step { proxy: self, number, fault, fired: Mutex::new(None) };
                story(&step);
                let fired = lock(&step.fired).take();
                let fired = fired.expect("the story runs the step's command");
                if !fired {
                    break;
                }
                points += 1;
            }
        }
        points
    }
}

/// One point of [`FaultProxy::every_call`].
pub struct Step<'a> {
    proxy: &'a FaultProxy,
    /// The call that goes wrong.
    pub number: usize,
    /// How it does.
    pub fault: Fault,
    fired: Mutex<Option<bool>>,
}

impl Step<'_> {
    /// Runs the command with the fault, and disarms the proxy.
    pub fn run(&self, command: &mut Command) -> Output {
        self.around(|proxy| proxy.run(command))
    }

    /// Does something with the fault armed, and disarms the proxy.
    pub fn around<T>(&self, act: impl FnOnce(&FaultProxy) -> T) -> T {
        self.proxy.arm(self.number, self.fault);
        let result = act(self.proxy);
        *lock(&self.fired) = Some(self.proxy.fired());
        self.proxy.disarm();
        result
    }
}

impl std::fmt::Display for Step<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "{:?} at call {}", self.fault, self.number)
    }
}
