//! Making values: `From` for what Rust has, constructors for the rest.

use std::sync::Arc;

use super::{Data, Items, Kind, List, MapData, Type, Value};
use crate::function::Function;
use crate::time::{Duration, Location, Month, Time, Weekday};

/// A value doesn't fit the type it was to have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A value of one type was given where another is needed.
    #[error("cannot use a value of type {found} as {expected}")]
    Mismatch {
        /// The type that was needed.
        expected: Type,
        /// The type that was given.
        found: Type,
    },
    /// A struct type has no field of that name.
    #[error("{ty} has no field {field}")]
    UnknownField {
        /// The struct type.
        ty: Type,
        /// The name that was given.
        field: String,
    },
}

macro_rules! integers {
    ($($rust:ty => $ty:ident, $data:ident as $wide:ty;)*) => {
        $(impl From<$rust> for Value {
            fn from(number: $rust) -> Value {
                Value::new(Type::$ty, Data::$data(<$wide>::from(number)))
            }
        })*
    };
}

integers! {
    i8 => INT8, Int as i64;
    i16 => INT16, Int as i64;
    u8 => UINT8, Uint as u64;
    u16 => UINT16, Uint as u64;
    u32 => UINT32, Uint as u64;
    u64 => UINT64, Uint as u64;
    bool => BOOL, Bool as bool;
    f64 => FLOAT64, Float as f64;
    f32 => FLOAT32, Float as f64;
}

/// Go's `int`, which is what an untyped number is in Go.
impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::from(i64::from(number))
    }
}

/// Go's `int`; see [`Value::convert`] for `int64`.
impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::new(Type::INT, Data::Int(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::string(text.as_bytes())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::string(text.into_bytes())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::string(text.as_bytes())
    }
}

/// `None` is a nil `any`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or_else(Value::nil, Into::into)
    }
}

/// A `[]any`.
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::list(items)
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Value {
        Value::new(Type::TIME, Data::Time(Arc::new(time)))
    }
}

impl From<Duration> for Value {
    fn from(duration: Duration) -> Value {
        Value::new(Type::DURATION, Data::Int(duration.0))
    }
}

impl From<Month> for Value {
    fn from(month: Month) -> Value {
        Value::new(Type::MONTH, Data::Int(month.0))
    }
}

impl From<Weekday> for Value {
    fn from(day: Weekday) -> Value {
        Value::new(Type::WEEKDAY, Data::Int(day.0))
    }
}

impl From<Location> for Value {
    fn from(location: Location) -> Value {
        Value::new(Type::LOCATION, Data::Location(Arc::new(location)))
    }
}

impl Value {
    /// A string of any bytes, as Go's are.
    pub fn string(bytes: impl Into<Arc<[u8]>>) -> Value {
        Value::new(Type::STRING, Data::Text(bytes.into()))
    }

    /// Go's `complex128`.
    #[must_use]
    pub fn complex(real: f64, imaginary: f64) -> Value {
        Value::new(Type::COMPLEX128, Data::Complex(Arc::new((real, imaginary))))
    }

    /// A `map[string]any`. Of equal keys the last one counts.
    pub fn map<K: AsRef<[u8]>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
        let entries = entries.into_iter().map(|(key, value)| (Value::string(key.as_ref()), value.into()));
        map_of(Type::ANY_MAP, entries.collect())
    }

    /// A `map[string]string`. Of equal keys the last one counts.
    pub fn string_map<K, V>(entries: impl IntoIterator<Item = (K, V)>) -> Value
    where
        K: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (Value::string(key.as_ref()), Value::string(value.as_ref())));
        map_of(Type::STRING_MAP, entries.collect())
    }

    /// A `[]any`.
    pub fn list<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Value {
        let items = items.into_iter().map(|item| settle(item.into())).collect();
        Value::new(Type::ANY_SLICE, Data::List(List::new(items)))
    }

    /// A `[]string`.
    pub fn string_list<V: AsRef<[u8]>>(items: impl IntoIterator<Item = V>) -> Value {
        let items = items.into_iter().map(|item| Value::string(item.as_ref())).collect();
        Value::new(Type::STRING_SLICE, Data::List(List::new(items)))
    }

    /// A slice of type `ty`, for instance a `[]config.Link`.
    ///
    /// # Errors
    /// When `ty` is no slice type or an item is not assignable to its element
    /// type.
    pub fn typed_list(ty: &Type, items: impl IntoIterator<Item = Value>) -> Result<Value, ValueError> {
        let element = match (ty.kind(), ty.element()) {
            (Kind::Slice, Some(element)) => element,
            _ => return Err(mismatch(ty, &Type::ANY_SLICE)),
        };
        let items = items.into_iter().map(|item| item.convert(element)).collect::<Result<_, _>>()?;
        Ok(Value::new(ty.clone(), Data::List(List::new(items))))
    }

    /// A map of type `ty`, for instance an `env.Vars`. Of equal keys the last
    /// one counts.
    ///
    /// # Errors
    /// When `ty` is no map type or a key or value is not assignable to its
    /// types.
    pub fn typed_map(
        ty: &Type,
        entries: impl IntoIterator<Item = (Value, Value)>,
    ) -> Result<Value, ValueError> {
        let (Some(key_type), Some(element)) = (ty.key(), ty.element()) else {
            return Err(mismatch(ty, &Type::ANY_MAP));
        };
        let entries = entries
            .into_iter()
            .map(|(key, value)| Ok((key.convert(key_type)?, value.convert(element)?)))
            .collect::<Result<_, _>>()?;
        Ok(map_of(ty.clone(), entries))
    }

    /// A struct of type `ty` with the given fields; the others are zero.
    ///
    /// # Errors
    /// When `ty` is no struct type made by the host, has no such field, or a
    /// value is not assignable to its field's type.
    pub fn structure<'a>(
        ty: &Type,
        fields: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<Value, ValueError> {
        if ty.kind() != Kind::Struct || *ty == Type::TIME {
            return Err(mismatch(ty, &Type::ANY_MAP));
        }
        let mut values: Vec<Value> = ty.fields().iter().map(|field| Value::zero(&field.ty)).collect();
        for (name, value) in fields {
            let index = ty.fields().iter().position(|field| field.name == name);
            let Some(index) = index else {
                return Err(ValueError::UnknownField { ty: ty.clone(), field: name.to_owned() });
            };
            values[index] = value.convert(&ty.fields()[index].ty)?;
        }
        Ok(Value::new(ty.clone(), Data::Struct(Arc::new(Items(values)))))
    }

    /// A slice with room for `capacity` items: templates can slice into the
    /// room and find zero values there, as in what Go's `append` made.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Value {
        let Data::List(list) = &self.data else {
            return self;
        };
        let len = list.len();
        let mut items = list.items().to_vec();
        items.resize(capacity.max(len), settle(Value::zero(self.element_type())));
        let all = List::new(items);
        let list = all.window(0, len, all.len()).unwrap_or(all);
        Value::new(self.ty, Data::List(list))
    }

    /// A pointer to `target`.
    #[must_use]
    pub fn pointer(target: Value) -> Value {
        let ty = Type::pointer(target.ty.clone());
        Value::new(ty, Data::Pointer(Arc::new(Items(vec![target]))))
    }

    /// A function as a value, for templates to `call`.
    #[must_use]
    pub fn function(function: Arc<Function>) -> Value {
        Value::new(function.ty(), Data::Func(function))
    }

    /// Go's zero value of a type: 0, "", false, nil or a struct of these.
    #[must_use]
    pub fn zero(ty: &Type) -> Value {
        let data = match ty.kind() {
            Kind::Invalid => return Value::missing(),
            Kind::Interface => return Value::nil(),
            Kind::Slice | Kind::Map | Kind::Pointer | Kind::Func => Data::Nil,
            Kind::Bool => Data::Bool(false),
            Kind::String => Data::Text(Arc::from(&[][..])),
            Kind::Float32 | Kind::Float64 => Data::Float(0.0),
            Kind::Complex64 | Kind::Complex128 => Data::Complex(Arc::new((0.0, 0.0))),
            Kind::Struct if *ty == Type::TIME => Data::Time(Arc::new(Time::default())),
            Kind::Struct if ty.is_value() => return Value::missing(),
            Kind::Struct => {
                let fields = ty.fields().iter().map(|field| Value::zero(&field.ty)).collect();
                Data::Struct(Arc::new(Items(fields)))
            }
            kind if kind.is_unsigned() => Data::Uint(0),
            _ => Data::Int(0),
        };
        Value::new(ty.clone(), data)
    }

    /// The value as type `ty`: as Go assigns it, and numbers also as Go
    /// converts a constant that fits (`Value::from(3).convert(&Type::INT64)`).
    /// Nothing becomes the zero value of a type that can be nil.
    ///
    /// # Errors
    /// When Go would refuse it.
    pub fn convert(mut self, ty: &Type) -> Result<Value, ValueError> {
        if self.is_missing() || self.is_nil_any() {
            return match ty.kind().is_nilable() {
                true => Ok(Value::zero(ty)),
                false => Err(mismatch(ty, &self.ty)),
            };
        }
        if ty.is_any() {
            return Ok(settle(self));
        }
        if self.ty.is_assignable_to(ty) || same_basic_kind(&self.ty, ty) {
            self.ty = ty.clone();
            self.boxed = false;
            return Ok(self);
        }
        match self.as_number(ty.kind()) {
            Some(data) => Ok(Value::new(ty.clone(), data)),
            None => Err(mismatch(ty, &self.ty)),
        }
    }

    /// The integer as data of integer kind `kind`, if it fits.
    fn as_number(&self, kind: Kind) -> Option<Data> {
        let number = match self.data {
            Data::Int(i) => i128::from(i),
            Data::Uint(u) => i128::from(u),
            _ => return None,
        };
        let bits = kind.bits();
        if kind.is_signed() {
            let limit = 1i128 << (bits - 1);
            let fits = (-limit..limit).contains(&number);
            return fits.then(|| i64::try_from(number).ok().map(Data::Int)).flatten();
        }
        let fits = kind.is_unsigned() && (0..1i128 << bits).contains(&number);
        fits.then(|| u64::try_from(number).ok().map(Data::Uint)).flatten()
    }
}

/// A value as it lies inside a container of `any`.
fn settle(mut value: Value) -> Value {
    if value.is_missing() {
        return Value::nil();
    }
    value.boxed = value.is_nil_any();
    value
}

fn same_basic_kind(a: &Type, b: &Type) -> bool {
    a.kind() == b.kind() && matches!(a.shape(), super::Shape::Plain)
}

fn mismatch(expected: &Type, found: &Type) -> ValueError {
    ValueError::Mismatch { expected: expected.clone(), found: found.clone() }
}

pub(super) fn map_of(ty: Type, mut entries: Vec<(Value, Value)>) -> Value {
    entries.sort_by(|a, b| a.0.key_order(&b.0));
    let mut keys: Vec<Value> = Vec::with_capacity(entries.len());
    let mut values: Vec<Value> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        // The sort is stable: of equal keys, the last one given comes last.
        if keys.last().is_some_and(|last| last.key_order(&key).is_eq()) {
            keys.pop();
            values.pop();
        }
        keys.push(key);
        values.push(settle(value));
    }
    Value::new(ty, Data::Map(Arc::new(MapData::new(keys, values))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_keys_the_last_one_counts() {
        let map = Value::map([("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(map.len(), Some(2));
        assert_eq!(map.get("a").and_then(Value::as_int), Some(3));
    }

    #[test]
    fn a_number_converts_only_when_it_fits() {
        assert_eq!(Value::from(255).convert(&Type::UINT8).map(|v| v.as_uint()), Ok(Some(255)));
        assert!(Value::from(256).convert(&Type::UINT8).is_err());
        assert!(Value::from(-1).convert(&Type::UINT64).is_err());
        assert!(Value::from("x").convert(&Type::INT).is_err());
    }

    #[test]
    fn a_defined_map_takes_the_unnamed_one() {
        let vars = Type::named("env.Vars", &Type::STRING_MAP);
        let value = Value::string_map([("A", "1")]).convert(&vars).expect("assignable");
        assert_eq!(value.ty(), &vars);
    }
}
