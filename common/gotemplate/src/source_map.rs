//! From a place in the output back to the template.

/// Where in the template a byte of the output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Offset in the template's text, in bytes: of the very byte for literal
    /// text, of the `{{` of the action for what an action printed.
    pub template_offset: usize,
    /// Whether the byte was copied from the template's text.
    pub exact: bool,
}

/// Tells for every byte of an output where it comes from.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    output_start: usize,
    origin: Origin,
}

impl SourceMap {
    /// Where output byte `offset` comes from; an offset past the end is taken
    /// for the last one. `None` if there is no output.
    #[must_use]
    pub fn lookup(&self, offset: usize) -> Option<Origin> {
        let after = self.segments.partition_point(|segment| segment.output_start <= offset);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let mut origin = segment.origin;
        if origin.exact {
            origin.template_offset += offset - segment.output_start;
        }
        Some(origin)
    }

    /// Notes that the output from `output_start` on comes from `template_offset`.
    pub(crate) fn push(&mut self, output_start: usize, template_offset: usize, exact: bool) {
        let segment = Segment { output_start, origin: Origin { template_offset, exact } };
        match self.segments.last_mut() {
            // The last segment turned out to have no output.
            Some(last) if last.output_start == output_start => *last = segment,
            _ => self.segments.push(segment),
        }
    }
}
