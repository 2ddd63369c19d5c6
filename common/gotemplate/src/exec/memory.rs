//! Memory: what an execution holds, counted where it is made.
//!
//! Counting what is made is cheap, counting what is let go would have to happen in every drop. So what was
//! made counts as held until a quarter of the limit has come together; then everything that is still held is
//! weighed, each shared thing once.

use super::expression::Pending;
use super::statement::{FRAME_SIZE, FrameKind};
use super::{Executor, VARIABLE_SIZE};
use crate::error::{Error, ErrorKind};
use crate::value::{Scales, Value};

/// What is held, as far as it is known.
pub(super) struct Memory {
    limit: usize,
    /// What was held when it was weighed last, and all that was made since.
    counted: usize,
    /// From where on it is weighed again.
    weigh_at: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Memory {
        Memory { limit, counted: 0, weigh_at: limit }
    }

    /// The most that can be made without letting anything go.
    pub(super) fn room(&self) -> usize {
        (self.limit + self.limit / 4).saturating_sub(self.counted).min(self.limit)
    }
}

impl Executor<'_, '_> {
    /// Counts `bytes` that were made.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Error> {
        self.memory.counted = self.memory.counted.saturating_add(bytes);
        if self.memory.counted <= self.memory.weigh_at {
            return Ok(());
        }
        let held = self.weigh().saturating_add(bytes);
        if held > self.memory.limit {
            return Err(self.too_much_held());
        }
        self.memory.counted = held;
        self.memory.weigh_at = held + self.memory.limit / 4;
        Ok(())
    }

    pub(super) fn too_much_held(&self) -> Error {
        let message = format!("values take too much memory (limit {} bytes)", self.options.limits.memory);
        self.error(ErrorKind::MemoryLimit, message)
    }

    /// The bytes of everything that is held, but for the data.
    fn weigh(&self) -> usize {
        let mut scales = Scales::new();
        scales.put(&self.given);
        scales.tare();
        let mut put = |value: &Value| scales.put(value);
        put(&self.dot);
        self.variables.iter().for_each(|(_, value)| put(value));
        self.values.iter().for_each(&mut put);
        for frame in &self.frames {
            match &frame.kind {
                FrameKind::With(dot) | FrameKind::Call { dot, .. } => put(dot),
                FrameKind::Loop(state) => state.values().into_iter().for_each(&mut put),
                FrameKind::Plain | FrameKind::LoopElse => {}
            }
        }
        for pending in &self.pending {
            match pending {
                Pending::Call(call) => call.value().into_iter().for_each(&mut put),
                Pending::Chain { last, .. } => last.iter().for_each(&mut put),
                Pending::Pipe { .. } => {}
            }
        }
        scales.bytes() + self.frames.capacity() * FRAME_SIZE + self.variables.capacity() * VARIABLE_SIZE
    }
}
