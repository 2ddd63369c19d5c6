//! Where the forms of all secrets stand in a text.
//!
//! One look at each place of the text, whatever the number of secrets: their first bytes say whether any can begin
//! there. Diffs may have many megabytes.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::forms::Form;

/// The bytes by which forms are found; no form has fewer.
const KEY: usize = 4;

/// What stands where a text was shortened.
const ELLIPSES: [&str; 2] = ["…", "..."];

/// The forms of all secrets, ready to be looked for.
#[derive(Debug)]
pub(super) struct Matcher {
    /// By their first bytes, the longest first.
    forms: HashMap<[u8; KEY], Vec<Form>>,
    /// For each byte, whether a form begins with it.
    begins: [bool; 256],
}

impl Matcher {
    /// A matcher of these forms.
    pub(super) fn new(all: BTreeSet<Form>) -> Self {
        let mut forms: HashMap<[u8; KEY], Vec<Form>> = HashMap::new();
        let mut begins = [false; 256];
        for form in all {
            if let Some(key) = form.text.as_bytes().first_chunk::<KEY>() {
                begins[usize::from(key[0])] = true;
                forms.entry(*key).or_default().push(form);
            }
        }
        for alike in forms.values_mut() {
            alike.sort_by_key(|form| std::cmp::Reverse((form.text.len(), form.shares)));
        }
        Self { forms, begins }
    }

    /// The stretches of a text that hold a secret, by their beginning; they may overlap.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.forms.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        let is_shortened = ELLIPSES.iter().any(|end| text.contains(end));
        for (at, key) in bytes.windows(KEY).enumerate() {
            if !self.begins[usize::from(key[0])] {
                continue;
            }
            let candidates = <[u8; KEY]>::try_from(key).ok().and_then(|key| self.forms.get(&key));
            for form in candidates.into_iter().flatten() {
                if bytes[at..].starts_with(form.text.as_bytes()) {
                    found.push(widened(bytes, at..at + form.text.len(), form.shares));
                    break;
                }
                if !is_shortened {
                    continue;
                }
                // The beginning of a secret, where a text was shortened.
                let length = common_length(&text[at..], &form.text);
                if length >= KEY && ELLIPSES.iter().any(|end| text[at + length..].starts_with(end)) {
                    found.push(at..at + length);
                    break;
                }
            }
        }
        found
    }
}

/// A match with the characters beside it that hold bits of the value, and the padding.
fn widened(bytes: &[u8], Range { start, end }: Range<usize>, shares: [bool; 2]) -> Range<usize> {
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let start = if shares[0] && start > 0 && is_code(&bytes[start - 1]) { start - 1 } else { start };
    if !shares[1] {
        return start..end;
    }
    let end = if bytes.get(end).is_some_and(is_code) { end + 1 } else { end };
    let padding = bytes[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    start..end + padding
}

/// How many bytes two texts have in common at their beginning, whole characters only.
fn common_length(left: &str, right: &str) -> usize {
    left.chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right)
        .map(|(left, _)| left.len_utf8())
        .sum()
}
