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

/// A stretch of the output. There may be millions, so it is packed: neither text is as long as 2 GiB.
#[derive(Clone, Copy, Debug)]
struct Segment {
    output_start: u32,
    /// The offset in the template; the highest bit tells whether it is exact.
    origin: u32,
}

const EXACT: u32 = 1 << 31;

impl SourceMap {
    /// Where output byte `offset` comes from; an offset past the end is taken
    /// for the last one. `None` if there is no output.
    #[must_use]
    pub fn lookup(&self, offset: usize) -> Option<Origin> {
        let after = self.segments.partition_point(|segment| segment.output_start as usize <= offset);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let exact = segment.origin & EXACT != 0;
        let template_offset = (segment.origin & !EXACT) as usize;
        let within = if exact { offset - segment.output_start as usize } else { 0 };
        Some(Origin { template_offset: template_offset + within, exact })
    }

    /// Notes that the output from `output_start` on comes from `template_offset`.
    pub(crate) fn push(&mut self, output_start: usize, template_offset: usize, exact: bool) {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX).min(!EXACT);
        let origin = narrow(template_offset) | if exact { EXACT } else { 0 };
        let segment = Segment { output_start: narrow(output_start), origin };
        match self.segments.last_mut() {
            // The last segment turned out to have no output.
            Some(last) if last.output_start == segment.output_start => *last = segment,
            _ => self.segments.push(segment),
        }
    }
}
