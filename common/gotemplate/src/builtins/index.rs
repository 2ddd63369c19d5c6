//! `index`, `slice` and `len`.

use crate::function::FunctionError;
use crate::value::{Data, Kind, Type, Value};

/// `index x 1 "a"` is `x[1]["a"]`.
pub(super) fn index(args: &[Value]) -> Result<Value, FunctionError> {
    let (item, indexes) = args.split_first().ok_or("index of untyped nil")?;
    if item.is_missing() || item.is_nil_any() {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes {
        let (target, is_nil) = item.indirect();
        if is_nil {
            return Err("index of nil pointer".into());
        }
        item = match target.kind() {
            Kind::Slice | Kind::String => {
                let at = position(index, target.len().unwrap_or(0))?;
                target.element_at(at).ok_or_else(|| {
                    let kind = if target.kind() == Kind::String { "string" } else { "slice" };
                    format!("reflect: {kind} index out of range")
                })?
            }
            Kind::Map => {
                let key = convert(index, target.ty().key().unwrap_or(&Type::ANY))?;
                let element = target.element_type();
                let found = match target.data() {
                    Data::Map(map) => map.get(&key).cloned(),
                    _ => None,
                };
                found.map_or_else(|| Value::zero(element), |value| value.placed(element))
            }
            _ => return Err(format!("can't index item of type {}", pointed_type(target)).into()),
        };
    }
    Ok(item)
}

/// `slice x 1 2 3` is `x[1:2:3]`.
pub(super) fn slice(args: &[Value]) -> Result<Value, FunctionError> {
    let (item, indexes) = args.split_first().ok_or("slice of untyped nil")?;
    if item.is_missing() || item.is_nil_any() {
        return Err("slice of untyped nil".into());
    }
    let (item, is_nil) = item.indirect();
    if is_nil {
        return Err("slice of nil pointer".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let length = item.len().unwrap_or(0);
    let capacity = match (item.kind(), item.data()) {
        (Kind::String, _) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        (Kind::String, _) => length,
        (Kind::Slice, Data::List(list)) => list.capacity(),
        (Kind::Slice, _) => 0,
        _ => return Err(format!("can't slice item of type {}", pointed_type(item)).into()),
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` doesn't look into an `any` here.
        if index.is_boxed() {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *bound = position(index, capacity)?;
    }
    let [low, high, max] = bounds;
    if low > high {
        return Err(format!("invalid slice index: {low} > {high}").into());
    }
    if indexes.len() == 3 && high > max {
        return Err(format!("invalid slice index: {high} > {max}").into());
    }
    match item.data() {
        Data::Text(text) => {
            let part = text.get(low..high).ok_or("reflect: slice index out of bounds")?;
            Ok(Value::new(item.ty().clone(), Data::Text(part.into())))
        }
        Data::List(list) => {
            let part = list.window(low, high, max).ok_or("reflect: slice index out of bounds")?;
            Ok(Value::new(item.ty().clone(), Data::List(part)))
        }
        _ => Ok(item.clone()),
    }
}

pub(super) fn len(item: &Value) -> Result<Value, FunctionError> {
    if item.is_missing() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let (target, is_nil) = item.indirect();
    if is_nil {
        return Err("len of nil pointer".into());
    }
    match target.len() {
        Some(len) => Ok(Value::from(i64::try_from(len).unwrap_or(i64::MAX))),
        None => Err(format!("len of type {}", pointed_type(target)).into()),
    }
}

/// The type that messages name: of a location, what the pointer points to.
fn pointed_type(value: &Value) -> &Type {
    match value.kind() {
        Kind::Pointer => value.element_type(),
        _ => value.ty(),
    }
}

/// An index of a slice or string; it may be as large as `capacity`.
fn position(index: &Value, capacity: usize) -> Result<usize, FunctionError> {
    let number = match index.data() {
        Data::Int(number) => *number,
        Data::Uint(number) => number.cast_signed(),
        _ if index.is_missing() || index.is_nil_any() => {
            return Err("cannot index slice/array with nil".into());
        }
        _ => return Err(format!("cannot index slice/array with type {}", index.ty()).into()),
    };
    match usize::try_from(number) {
        Ok(position) if position <= capacity => Ok(position),
        _ => Err(format!("index out of range: {number}").into()),
    }
}

/// A value as type `ty`: the key of a map, or an argument of `call`.
pub(super) fn convert(value: &Value, ty: &Type) -> Result<Value, FunctionError> {
    if value.is_missing() || value.is_nil_any() {
        if ty.kind().is_nilable() {
            return Ok(Value::zero(ty));
        }
        return Err(format!("value is nil; should be of type {ty}").into());
    }
    if ty.is_any() || ty.is_value() {
        return Ok(value.clone());
    }
    if value.ty().is_assignable_to(ty) {
        return Ok(Value::new(ty.clone(), value.data().clone()));
    }
    match (integer(value), is_integer(ty.kind())) {
        (Some(bits), true) => Ok(wrapped(bits, ty)),
        _ => Err(format!("value has type {}; should be {ty}", value.ty()).into()),
    }
}

fn is_integer(kind: Kind) -> bool {
    kind.is_signed() || kind.is_unsigned()
}

fn integer(value: &Value) -> Option<u64> {
    match value.data() {
        Data::Int(number) => Some(number.cast_unsigned()),
        Data::Uint(number) => Some(*number),
        _ => None,
    }
}

/// Go's conversion between integer types, which drops the bits that don't fit.
fn wrapped(bits: u64, ty: &Type) -> Value {
    let unused = 64 - ty.kind().bits();
    let data = match ty.kind().is_signed() {
        true => Data::Int((bits << unused).cast_signed() >> unused),
        false => Data::Uint(bits << unused >> unused),
    };
    Value::new(ty.clone(), data)
}
