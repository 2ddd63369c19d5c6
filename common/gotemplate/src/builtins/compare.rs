//! `eq`, `lt` and their like.

use std::cmp::Ordering;

use crate::fmt;
use crate::function::FunctionError;
use crate::value::{Data, Value};

const BAD_TYPE: &str = "invalid type for comparison";

/// The kinds that values are compared by; the others only know equality.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Uint,
    Float,
    String,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value.data() {
        Data::Bool(_) => Basic::Bool,
        Data::Complex(_) => Basic::Complex,
        Data::Int(_) => Basic::Int,
        Data::Uint(_) => Basic::Uint,
        Data::Float(_) => Basic::Float,
        Data::Text(_) => Basic::String,
        _ => Basic::Other,
    }
}

/// Whether the first of `args` equals any of the others.
pub(super) fn eq(args: &[Value]) -> Result<bool, FunctionError> {
    let Some((first, others)) = args.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Err("missing argument for comparison".into());
    };
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Value, b: &Value) -> Result<bool, FunctionError> {
    let a_nothing = a.is_missing() || a.is_nil_any();
    let b_nothing = b.is_missing() || b.is_nil_any();
    match (a.data(), b.data()) {
        (Data::Int(x), Data::Uint(y)) | (Data::Uint(y), Data::Int(x)) => {
            return Ok(u64::try_from(*x).is_ok_and(|x| x == *y));
        }
        _ if basic(a) != basic(b) => {
            if a_nothing || b_nothing {
                return Ok(false);
            }
            return Err(incompatible(a, b));
        }
        (Data::Bool(x), Data::Bool(y)) => return Ok(x == y),
        (Data::Int(x), Data::Int(y)) => return Ok(x == y),
        (Data::Uint(x), Data::Uint(y)) => return Ok(x == y),
        (Data::Float(x), Data::Float(y)) => return Ok(x == y),
        (Data::Complex(x), Data::Complex(y)) => return Ok(x.0 == y.0 && x.1 == y.1),
        (Data::Text(x), Data::Text(y)) => return Ok(x == y),
        _ => {}
    }
    if a.kind() != b.kind() && !a_nothing && !b_nothing {
        let (x, y) = (fmt::with_verb(a, 's'), fmt::with_verb(b, 'v'));
        return Err(format!("non-comparable types {x}: {}, {}: {y}", a.ty(), b.ty()).into());
    }
    if a.is_nil() || b.is_nil() {
        return Ok(a.is_nil() == b.is_nil());
    }
    if !b.ty().is_comparable() {
        return Err(format!("non-comparable type {}: {}", fmt::with_verb(b, 's'), b.ty()).into());
    }
    identical(a, b)
}

/// Go's `==` of two values in interfaces.
fn identical(a: &Value, b: &Value) -> Result<bool, FunctionError> {
    let mut pairs = vec![(a, b)];
    while let Some((a, b)) = pairs.pop() {
        if a.ty() != b.ty() {
            return Ok(false);
        }
        let same = match (a.data(), b.data()) {
            (Data::Nil, Data::Nil) => true,
            (Data::Bool(x), Data::Bool(y)) => x == y,
            (Data::Int(x), Data::Int(y)) => x == y,
            (Data::Uint(x), Data::Uint(y)) => x == y,
            (Data::Float(x), Data::Float(y)) => x == y,
            (Data::Complex(x), Data::Complex(y)) => x.0 == y.0 && x.1 == y.1,
            (Data::Text(x), Data::Text(y)) => x == y,
            (Data::Time(x), Data::Time(y)) => x == y,
            (Data::Location(x), Data::Location(y)) => x == y,
            (Data::Pointer(x), Data::Pointer(y)) => std::sync::Arc::ptr_eq(x, y),
            (Data::Struct(x), Data::Struct(y)) => {
                // The first difference decides, so the first field comes first.
                pairs.extend(x.0.iter().zip(&y.0).rev());
                true
            }
            _ if !a.ty().is_comparable() => {
                return Err(format!("runtime error: comparing uncomparable type {}", a.ty()).into());
            }
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn incompatible(a: &Value, b: &Value) -> FunctionError {
    format!("incompatible types for comparison: {} and {}", a.ty(), b.ty()).into()
}

/// Whether the first of two values is less than the second.
pub(super) fn lt(args: &[Value]) -> Result<bool, FunctionError> {
    let [a, b] = args else {
        return Err("missing argument for comparison".into());
    };
    if basic(a) == Basic::Other || basic(b) == Basic::Other {
        return Err(BAD_TYPE.into());
    }
    let order = match (a.data(), b.data()) {
        (Data::Int(x), Data::Uint(y)) => u64::try_from(*x).map_or(Ordering::Less, |x| x.cmp(y)),
        (Data::Uint(x), Data::Int(y)) => u64::try_from(*y).map_or(Ordering::Greater, |y| x.cmp(&y)),
        _ if basic(a) != basic(b) => return Err(incompatible(a, b)),
        (Data::Int(x), Data::Int(y)) => x.cmp(y),
        (Data::Uint(x), Data::Uint(y)) => x.cmp(y),
        (Data::Float(x), Data::Float(y)) => return Ok(x < y),
        (Data::Text(x), Data::Text(y)) => x.cmp(y),
        _ => return Err(BAD_TYPE.into()),
    };
    Ok(order.is_lt())
}

/// Whether the first of two values is less than the second or equal.
pub(super) fn le(args: &[Value]) -> Result<bool, FunctionError> {
    Ok(lt(args)? || eq(args)?)
}
