//! What values weigh: the bytes of memory that they take.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Data, Value};

/// What an allocation takes besides what it holds: counters and rounding.
const ALLOCATION: usize = 32;

/// Weighs values.
pub(crate) struct Scales {
    /// The shared things that were weighed already; nothing if those aren't weighed at all.
    seen: Option<HashSet<*const ()>>,
    bytes: usize,
}

impl Scales {
    /// Scales on which a thing that several values share weighs once.
    pub(crate) fn new() -> Scales {
        Scales { seen: Some(HashSet::new()), bytes: 0 }
    }

    /// What has been put on so far, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Starts from nothing; what was put on before weighs nothing more.
    pub(crate) fn tare(&mut self) {
        self.bytes = 0;
    }

    /// Puts on what `value` holds.
    pub(crate) fn put(&mut self, value: &Value) {
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            let (address, holders, own) = match value.data() {
                Data::Text(text) => (Arc::as_ptr(text).cast(), Arc::strong_count(text), text.len()),
                Data::List(list) => {
                    let (address, holders, items) = list.shared();
                    (address, holders, size_of_val(items))
                }
                Data::Map(map) => {
                    let own = size_of_val(map.keys()) + size_of_val(map.values());
                    (Arc::as_ptr(map).cast(), Arc::strong_count(map), own)
                }
                Data::Struct(items) | Data::Pointer(items) => {
                    (Arc::as_ptr(items).cast(), Arc::strong_count(items), size_of_val(&items.0[..]))
                }
                // The others are small, and no template makes many at once.
                _ => continue,
            };
            if holders > 1 && !self.is_first(address) {
                continue;
            }
            self.bytes = self.bytes.saturating_add(own + ALLOCATION);
            match value.data() {
                Data::List(list) => pending.extend(list.shared().2.iter().filter(|item| holds(item))),
                Data::Map(map) => {
                    pending.extend(map.keys().iter().chain(map.values()).filter(|item| holds(item)));
                }
                Data::Struct(items) | Data::Pointer(items) => {
                    pending.extend(items.0.iter().filter(|item| holds(item)));
                }
                _ => {}
            }
        }
    }

    /// Whether the shared thing at `address` hasn't been met before.
    fn is_first(&mut self, address: *const ()) -> bool {
        self.seen.as_mut().is_some_and(|seen| seen.insert(address))
    }
}

impl Value {
    /// The bytes of what nobody else holds: of a result, what the call has made.
    pub(crate) fn own_weight(&self) -> usize {
        let mut scales = Scales { seen: None, bytes: 0 };
        scales.put(self);
        scales.bytes
    }
}

/// Whether the value has something that weighs.
fn holds(value: &Value) -> bool {
    matches!(value.data(), Data::Text(_) | Data::List(_) | Data::Map(_) | Data::Struct(_) | Data::Pointer(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_weighs_once() {
        let text = Value::string(vec![b'x'; 1_000]);
        let list = Value::list(vec![text.clone(); 10]);
        let again = list.clone();
        let mut scales = Scales::new();
        scales.put(&list);
        let once = scales.bytes();
        assert!((1_000 + 10 * size_of::<Value>()..2_000).contains(&once), "{once}");
        scales.put(&again);
        scales.put(&text);
        assert_eq!(scales.bytes(), once);
    }

    #[test]
    fn a_result_weighs_what_nobody_else_holds() {
        let text = Value::string(vec![b'x'; 1_000]);
        let list = Value::list([text.clone()]);
        assert!(list.own_weight() < 200, "{}", list.own_weight());
        drop(text);
        assert!(list.own_weight() > 1_000, "{}", list.own_weight());
    }

    #[test]
    fn a_value_that_doubles_forty_times_is_weighed_at_once() {
        let mut value = Value::from(1);
        for _ in 0..40 {
            value = Value::list([value.clone(), value]);
        }
        let mut scales = Scales::new();
        scales.put(&value);
        assert!(scales.bytes() < 10_000, "{}", scales.bytes());
    }
}
