//! The limit on what aliases may add to a document.

use super::error::{Problem, ReadError};
use super::event::{Event, Kind};

/// yaml.v3's measure against documents whose aliases multiply: the share of
/// nodes that come from aliases may be high in small documents only.
#[derive(Default)]
pub(super) struct Budget {
    nodes: u64,
    from_aliases: u64,
}

impl Budget {
    /// Counts the node that an event begins; an error if there are too many.
    pub(super) fn count(&mut self, event: &Event<'_>, in_alias: bool) -> Result<(), ReadError> {
        if matches!(event.kind, Kind::End) {
            return Ok(());
        }
        self.nodes += 1;
        if !in_alias {
            return Ok(());
        }
        self.from_aliases += 1;
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
