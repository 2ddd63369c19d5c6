//! Reading values: what hosts use inside their functions and what the executor
//! uses everywhere.

use std::cmp::Ordering;

use super::{Data, Kind, Type, Value};

impl Value {
    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The signed integer, if it is one (of any signed type).
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int(i) => Some(i),
            _ => None,
        }
    }

    /// The unsigned integer, if it is one (of any unsigned type).
    #[must_use]
    pub fn as_uint(&self) -> Option<u64> {
        match self.data {
            Data::Uint(u) => Some(u),
            _ => None,
        }
    }

    /// The floating-point number, if it is one.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.data {
            Data::Float(f) => Some(f),
            _ => None,
        }
    }

    /// The bytes of the string, if it is one.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The string, if it is one and valid UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The time, if it is one.
    #[must_use]
    pub fn as_time(&self) -> Option<&crate::time::Time> {
        match &self.data {
            Data::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Elements of a slice; empty for everything else.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match &self.data {
            Data::List(list) => list.items(),
            _ => &[],
        }
    }

    /// Entries of a map in Go's order of keys; empty for everything else.
    pub fn entries(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let (keys, values) = match &self.data {
            Data::Map(map) => (map.keys(), map.values()),
            _ => (&[][..], &[][..]),
        };
        keys.iter().zip(values)
    }

    /// The entry of a map with string keys, or the field of a struct.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.data {
            Data::Map(map) => map.get_text(name.as_bytes()),
            Data::Struct(fields) => {
                let index = self.ty.fields().iter().position(|field| field.name == name)?;
                fields.0.get(index)
            }
            Data::Pointer(target) => target.0.first()?.get(name),
            _ => None,
        }
    }

    /// Number of bytes of a string, elements of a slice, entries of a map;
    /// `None` for everything else. Typed nils have none: `Some(0)`.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match &self.data {
            Data::Text(text) => Some(text.len()),
            Data::List(list) => Some(list.len()),
            Data::Map(map) => Some(map.keys().len()),
            Data::Nil if matches!(self.kind(), Kind::Slice | Kind::Map) => Some(0),
            _ => None,
        }
    }

    /// Whether [`Value::len`] is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Whether Go's `if` takes the value for true: not for false, zero, the
    /// empty string, empty lists and maps, and nothing of any kind.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match &self.data {
            Data::Nil => false,
            Data::Bool(b) => *b,
            Data::Int(i) => *i != 0,
            Data::Uint(u) => *u != 0,
            Data::Float(f) => *f != 0.0,
            Data::Complex(c) => c.0 != 0.0 || c.1 != 0.0,
            Data::Text(text) => !text.is_empty(),
            Data::List(list) => list.len() > 0,
            Data::Map(map) => !map.keys().is_empty(),
            Data::Struct(_) | Data::Pointer(_) | Data::Time(_) | Data::Location(_) | Data::Func(_) => true,
        }
    }

    /// Element `index` of a slice or string, as found there.
    pub(crate) fn element_at(&self, index: usize) -> Option<Value> {
        match &self.data {
            Data::Text(text) => {
                text.get(index).map(|byte| Value::new(Type::UINT8, Data::Uint(u64::from(*byte))))
            }
            Data::List(list) => list.items().get(index).map(|item| item.clone().placed(self.element_type())),
            _ => None,
        }
    }

    /// Element type of a slice, map or pointer.
    pub(crate) fn element_type(&self) -> &Type {
        self.ty.element().unwrap_or(&Type::INVALID)
    }

    /// What a pointer points to; the value itself when it is no pointer, and
    /// whether a nil was met on the way.
    pub(crate) fn indirect(&self) -> (&Value, bool) {
        let mut value = self;
        loop {
            match &value.data {
                Data::Pointer(target) => match target.0.first() {
                    Some(inner) => value = inner,
                    None => return (value, true),
                },
                Data::Nil if matches!(value.kind(), Kind::Pointer | Kind::Interface) => {
                    return (value, true);
                }
                _ => return (value, false),
            }
        }
    }

    /// Order in which Go prints and ranges over the keys of a map.
    pub(crate) fn key_order(&self, other: &Value) -> Ordering {
        match (&self.data, &other.data) {
            (Data::Text(a), Data::Text(b)) => a.cmp(b),
            (Data::Int(a), Data::Int(b)) => a.cmp(b),
            (Data::Uint(a), Data::Uint(b)) => a.cmp(b),
            (Data::Bool(a), Data::Bool(b)) => a.cmp(b),
            // Go puts NaN first; -0 and 0 are one key.
            (Data::Float(a), Data::Float(b)) => {
                a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
            }
            _ => Ordering::Equal,
        }
    }
}
