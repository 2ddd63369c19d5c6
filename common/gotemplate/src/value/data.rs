//! What values hold: scalars in place, everything that can be large behind a
//! shared pointer.
//!
//! Separate because this is where memory is managed: dropping a value that is
//! nested a hundred thousand levels deep must not use the native stack.

use std::sync::Arc;

use super::{Type, Value};
use crate::function::Function;
use crate::time::{Location, Time};

#[derive(Clone)]
pub(crate) enum Data {
    /// Nothing; the type tells which kind of nothing.
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(Arc<(f64, f64)>),
    Text(Arc<[u8]>),
    List(List),
    Map(Arc<MapData>),
    /// The fields in the order of the struct type.
    Struct(Arc<Items>),
    /// One item: what the pointer points to.
    Pointer(Arc<Items>),
    Time(Arc<Time>),
    Location(Arc<Location>),
    Func(Arc<Function>),
}

/// A slice: a window of a shared array.
#[derive(Clone)]
pub(crate) struct List {
    array: Arc<Items>,
    start: usize,
    len: usize,
    /// How far the window may be extended, counted from `start`.
    capacity: usize,
}

impl List {
    pub(crate) fn new(items: Vec<Value>) -> List {
        let len = items.len();
        List { array: Arc::new(Items(items)), start: 0, len, capacity: len }
    }

    pub(crate) fn items(&self) -> &[Value] {
        &self.array.0[self.start..self.start + self.len]
    }

    /// The whole array, which other slices may share: where it is, how many hold it, and what is in it.
    pub(crate) fn shared(&self) -> (*const (), usize, &[Value]) {
        (Arc::as_ptr(&self.array).cast(), Arc::strong_count(&self.array), &self.array.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Go's `list[low:high:max]`; `None` when the bounds are out of order or
    /// beyond the capacity.
    pub(crate) fn window(&self, low: usize, high: usize, max: usize) -> Option<List> {
        (low <= high && high <= max && max <= self.capacity).then(|| List {
            array: Arc::clone(&self.array),
            start: self.start + low,
            len: high - low,
            capacity: max - low,
        })
    }
}

/// A map: keys in Go's printing order, each with the value of the same index.
pub(crate) struct MapData {
    keys: Vec<Value>,
    values: Items,
}

impl MapData {
    /// `keys` must be sorted and distinct.
    pub(crate) fn new(keys: Vec<Value>, values: Vec<Value>) -> MapData {
        debug_assert_eq!(keys.len(), values.len());
        MapData { keys, values: Items(values) }
    }

    pub(crate) fn keys(&self) -> &[Value] {
        &self.keys
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values.0
    }

    pub(crate) fn get(&self, key: &Value) -> Option<&Value> {
        let index = self.keys.binary_search_by(|probe| probe.key_order(key)).ok()?;
        self.values.0.get(index)
    }

    pub(crate) fn get_text(&self, key: &[u8]) -> Option<&Value> {
        let index = self
            .keys
            .binary_search_by(|probe| match &probe.data {
                Data::Text(text) => text.as_ref().cmp(key),
                _ => std::cmp::Ordering::Less,
            })
            .ok()?;
        self.values.0.get(index)
    }
}

/// Values that a container owns.
pub(crate) struct Items(pub(crate) Vec<Value>);

impl Drop for Items {
    /// Takes nested containers apart with a list of its own instead of by
    /// recursion, so that the depth of a value is bounded by memory only.
    fn drop(&mut self) {
        let mut pending: Vec<Value> = Vec::new();
        take_containers(&mut self.0, &mut pending);
        while let Some(value) = pending.pop() {
            match value.data {
                Data::List(List { array: items, .. }) | Data::Struct(items) | Data::Pointer(items) => {
                    if let Some(mut items) = Arc::into_inner(items) {
                        take_containers(&mut items.0, &mut pending);
                    }
                }
                Data::Map(map) => {
                    if let Some(mut map) = Arc::into_inner(map) {
                        take_containers(&mut map.values.0, &mut pending);
                    }
                }
                _ => {}
            }
        }
    }
}

fn take_containers(items: &mut [Value], pending: &mut Vec<Value>) {
    for item in items {
        if matches!(item.data, Data::List(_) | Data::Struct(_) | Data::Pointer(_) | Data::Map(_)) {
            let ty = Type::INVALID;
            pending.push(std::mem::replace(item, Value::new(ty, Data::Nil)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reaches_as_far_as_the_capacity() {
        let list = List::new((0..4).map(Value::from).collect());
        let part = list.window(1, 2, 3).expect("in bounds");
        assert_eq!((part.len(), part.capacity()), (1, 2));
        assert!(part.window(0, 2, 2).is_some());
        assert!(part.window(0, 3, 3).is_none());
    }

    #[test]
    fn dropping_a_deep_value_needs_no_native_stack() {
        let deep = std::thread::Builder::new().stack_size(64 * 1024).spawn(|| {
            let mut value = Value::from(1);
            for _ in 0..200_000 {
                value = Value::map([("a", Value::list([value]))]);
            }
            drop(value);
        });
        deep.expect("spawn").join().expect("no overflow");
    }
}
