//! Go values: a type and what it holds.
//!
//! A template sees the difference between `map[string]any` and
//! `map[string]string`, between `int` and `uint8`, and between three kinds of
//! nothing, so a [`Value`] always carries its [`Type`]. Values are immutable,
//! shared and cheap to clone.

mod access;
mod build;
mod data;
mod structure;
mod types;
mod walk;
mod weight;

pub use build::ValueError;
pub(crate) use data::{Data, Items, List, MapData};
pub use structure::StructType;
pub(crate) use types::{Field, MethodSet, Shape};
pub use types::{Kind, Type};
pub(crate) use weight::Scales;

/// A Go value together with its type.
///
/// ```
/// use gotemplate::{Type, Value};
///
/// let dot = Value::map([
///     ("name", Value::from("shop")),
///     ("replicas", Value::from(3)),
///     ("labels", Value::string_map([("tier", "web")])),
/// ]);
/// assert_eq!(dot.ty(), &Type::ANY_MAP);
/// assert_eq!(dot.get("replicas").and_then(|v| v.as_int()), Some(3));
/// ```
///
/// There are three kinds of nothing, as in Go:
/// - [`Value::missing`]: no value at all, what a missing map key gives;
/// - [`Value::nil`]: an `any` that holds nothing (JSON `null`);
/// - [`Value::zero`] of a slice, map, pointer or function type: a typed nil.
#[derive(Clone)]
pub struct Value {
    ty: Type,
    data: Data,
    /// Whether the value was found in a place of type `any` (`ty` is what is
    /// inside). Go tells such a value from a bare one in a few places.
    boxed: bool,
}

impl Value {
    pub(crate) const fn new(ty: Type, data: Data) -> Value {
        Value { ty, data, boxed: false }
    }

    /// No value at all: what a missing map key gives. Prints as `<no value>`.
    #[must_use]
    pub const fn missing() -> Value {
        Value::new(Type::INVALID, Data::Nil)
    }

    /// An `any` that holds nothing, as JSON's `null`.
    #[must_use]
    pub const fn nil() -> Value {
        Value { ty: Type::ANY, data: Data::Nil, boxed: true }
    }

    /// The type of the value inside: never `any`, unless it holds nothing.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The kind of [`Value::ty`].
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.ty.kind()
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// The type of the place the value was found in.
    pub(crate) fn static_type(&self) -> &Type {
        if self.boxed { &Type::ANY } else { &self.ty }
    }

    pub(crate) fn is_boxed(&self) -> bool {
        self.boxed
    }

    /// The same value as found in a place of type `place`.
    pub(crate) fn placed(mut self, place: &Type) -> Value {
        if place.is_any() {
            if self.is_missing() {
                return Value::nil();
            }
            self.boxed = true;
        } else {
            self.boxed = false;
        }
        self
    }

    /// The value as the result, of type `ty`, of a function.
    pub(crate) fn returned_as(self, ty: &Type) -> Value {
        if ty.is_value() {
            return self;
        }
        if ty.is_any() || self.ty == *ty {
            return self.placed(ty);
        }
        // A host that returns something else than it declared gets what it returned.
        self.clone().convert(ty).unwrap_or(self)
    }

    /// The value inside an `any`; a nil `any` becomes missing, as the end of
    /// every pipeline makes it.
    pub(crate) fn unboxed(mut self) -> Value {
        if self.is_nil_any() {
            return Value::missing();
        }
        self.boxed = false;
        self
    }

    /// Whether this is [`Value::missing`].
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind() == Kind::Invalid
    }

    /// Whether this is [`Value::nil`].
    pub(crate) fn is_nil_any(&self) -> bool {
        self.kind() == Kind::Interface
    }

    /// Whether this is nothing of any kind: missing, nil or a typed nil.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil)
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::missing()
    }
}

/// Shows the value as Go's `%#v` does.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::fmt::go_syntax(self))
    }
}
