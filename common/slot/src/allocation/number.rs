//! The number of a new slot.
//!
//! The first try is the lowest free number. Who finds it taken by someone else at that moment draws from ever more
//! of the lowest: two hundred calls that all want the lowest would otherwise meet at each number.

use super::Room;
use crate::view::View;

/// The widest choice, as a power of two.
const WIDEST: u32 = 12;

/// A free number; `None` if there is none.
pub(super) fn free(view: &View<'_>, room: Room<'_>) -> Option<u32> {
    let highest = if room.max == 0 { u32::MAX } else { room.max };
    let width = 1_usize << room.collisions.min(WIDEST);
    let is_free = |slot: &u32| !view.is_taken(*slot) && !room.terminating.contains(slot);
    let lowest: Vec<u32> = (1..=highest).filter(is_free).take(width).collect();
    let count = u64::try_from(lowest.len()).unwrap_or(u64::MAX);
    let at = usize::try_from(room.chance.checked_rem(count)?).ok()?;
    lowest.get(at).copied()
}
