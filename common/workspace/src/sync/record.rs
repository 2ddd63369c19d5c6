//! What the last sync brought.
//!
//! Takes and gives the content of a small file in the target's repository. Separate because it answers what git
//! can't: whether uncommitted changes in the target are anyone's work, or came from a source that had them
//! itself. Whoever forges it harms only their own work.

use std::fmt::Write as _;

use crate::git::refs::Id;

/// The first line, with the version of what follows.
const HEAD: &str = "codex-sync 1";

/// What a source held when it was copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    /// Its files as one number.
    pub(crate) print: u64,
    /// The commits that its refs pointed to.
    pub(crate) tips: Vec<Id>,
}

impl Record {
    /// Reads a record; one that can't be read is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines = text.lines();
        if lines.next()? != HEAD {
            return None;
        }
        let print = u64::from_str_radix(lines.next()?, 16).ok()?;
        let is_id = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self { print, tips: lines.filter(is_id).map(str::to_owned).collect() })
    }

    /// The file's content.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{HEAD}\n{:016x}\n", self.print);
        for tip in &self.tips {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{tip}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let record = Record { print: 0xab, tips: vec!["a1".repeat(20)] };
        assert_eq!(Record::parse(record.text().as_bytes()), Some(record));
        for text in ["", "codex-sync 2\n1\n", "codex-sync 1\nx\n"] {
            assert_eq!(Record::parse(text.as_bytes()), None);
        }
    }
}
