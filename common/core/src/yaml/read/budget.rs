//! The limit on what aliases may add to a document.

use super::error::{Problem, ReadError};
use super::event::{Event, Kind};

/// yaml.v3's measure against documents whose aliases multiply: the share of
/// nodes that come from aliases may be high in small documents only.
pub(super) struct Budget {
    most: usize,
    nodes: usize,
    from_aliases: usize,
    /// Bytes of the texts that aliases repeat. yaml.v3 shares them, so it has no measure for that.
    bytes_from_aliases: usize,
}

/// The most that aliases may repeat, in bytes.
const MAX_REPEATED: usize = 16 << 20;

impl Budget {
    /// A budget of `most` nodes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, nodes: 0, from_aliases: 0, bytes_from_aliases: 0 }
    }

    /// The nodes that were counted.
    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// Counts the node that an event begins; an error if there are too many.
    pub(super) fn count(&mut self, event: &Event<'_>, in_alias: bool) -> Result<(), ReadError> {
        if matches!(event.kind, Kind::End) {
            return Ok(());
        }
        self.nodes += 1;
        if self.nodes > self.most {
            return Err(ReadError::new(event.position, Problem::TooManyNodes));
        }
        if !in_alias {
            return Ok(());
        }
        self.from_aliases += 1;
        if let Kind::Plain(text) | Kind::Text(text) = &event.kind {
            self.bytes_from_aliases += text.len();
            if self.bytes_from_aliases > MAX_REPEATED {
                return Err(ReadError::new(event.position, Problem::ExcessiveAliases));
            }
        }
        if self.from_aliases <= 100 || self.nodes <= 1000 {
            return Ok(());
        }
        // 99 % up to 400,000 nodes, then falling evenly to 10 % at 4,000,000.
        let beyond = (self.nodes as f64 - 400_000.0) / 3_600_000.0;
        let allowed = 0.99 - 0.89 * beyond.clamp(0.0, 1.0);
        if self.from_aliases as f64 / self.nodes as f64 > allowed {
            return Err(ReadError::new(event.position, Problem::ExcessiveAliases));
        }
        Ok(())
    }
}
