//! Go types: what a value's static type is, how it is spelled and what may be
//! assigned to it.
//!
//! Separate from the values because types are shared by thousands of values,
//! compared often and declared once by the host.

mod predeclared;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::unicode;
use predeclared::unnamed;

/// The kind of a [`Type`], as Go's `reflect.Kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The names are the documentation.
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    Slice,
    Map,
    Struct,
    Pointer,
    Func,
    Interface,
}

impl Kind {
    /// Whether this is one of Go's signed integer kinds.
    #[must_use]
    pub fn is_signed(self) -> bool {
        (Kind::Int..=Kind::Int64).contains(&self)
    }

    /// Whether this is one of Go's unsigned integer kinds.
    #[must_use]
    pub fn is_unsigned(self) -> bool {
        (Kind::Uint..=Kind::Uintptr).contains(&self)
    }

    /// Whether a value of this kind can be nil.
    pub(crate) fn is_nilable(self) -> bool {
        matches!(self, Kind::Slice | Kind::Map | Kind::Pointer | Kind::Func | Kind::Interface)
    }

    /// Size of an integer or floating-point kind in bits; 64 for the rest.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Kind::Int8 | Kind::Uint8 => 8,
            Kind::Int16 | Kind::Uint16 => 16,
            Kind::Int32 | Kind::Uint32 | Kind::Float32 => 32,
            _ => 64,
        }
    }
}

/// The methods a type has: only the types of Go's package `time` have any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MethodSet {
    None,
    Time,
    Duration,
    Month,
    Weekday,
    Location,
}

/// A named, typed field of a struct.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Cow<'static, str>,
    pub(crate) ty: Type,
}

impl Field {
    /// Go exports the names that start with an upper-case letter.
    pub(crate) fn is_exported(&self) -> bool {
        self.name.chars().next().is_some_and(|first| unicode::is_upper(u32::from(first)))
    }
}

/// What a type is made of.
#[derive(Debug)]
pub(crate) enum Shape {
    Plain,
    Slice(Type),
    Map(Type, Type),
    Struct(Cow<'static, [Field]>),
    Pointer(Type),
    Func { params: Vec<Type>, variadic: bool, result: Type },
}

#[derive(Debug)]
pub(crate) struct TypeInfo {
    /// Qualified name such as `config.Link`; empty for unnamed types.
    name: Cow<'static, str>,
    kind: Kind,
    shape: Shape,
    methods: MethodSet,
}

/// A Go type. Cloning is cheap; equal types compare equal wherever they were
/// made (named types by name, the others by what they are made of).
#[derive(Clone)]
pub struct Type(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static TypeInfo),
    Shared(Arc<TypeInfo>),
}

impl Type {
    /// The slice type `[]element`.
    #[must_use]
    pub fn slice(element: Type) -> Type {
        Type::shared(unnamed(Kind::Slice, Shape::Slice(element)))
    }

    /// The map type `map[key]element`. Keys are strings, numbers or booleans.
    #[must_use]
    pub fn map(key: Type, element: Type) -> Type {
        Type::shared(unnamed(Kind::Map, Shape::Map(key, element)))
    }

    /// The pointer type `*target`.
    #[must_use]
    pub fn pointer(target: Type) -> Type {
        Type::shared(unnamed(Kind::Pointer, Shape::Pointer(target)))
    }

    /// A defined type, as Go's `type Vars map[string]string` in package `env`:
    /// `Type::named("env.Vars", &Type::STRING_MAP)`.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>, underlying: &Type) -> Type {
        let shape = match &underlying.info().shape {
            Shape::Plain => Shape::Plain,
            Shape::Slice(element) => Shape::Slice(element.clone()),
            Shape::Map(key, element) => Shape::Map(key.clone(), element.clone()),
            Shape::Struct(fields) => Shape::Struct(fields.clone()),
            Shape::Pointer(target) => Shape::Pointer(target.clone()),
            Shape::Func { params, variadic, result } => {
                Shape::Func { params: params.clone(), variadic: *variadic, result: result.clone() }
            }
        };
        Type::shared(TypeInfo { name: name.into(), kind: underlying.kind(), shape, methods: MethodSet::None })
    }

    pub(crate) fn structure(name: Cow<'static, str>, fields: Vec<Field>) -> Type {
        Type::shared(TypeInfo {
            name,
            kind: Kind::Struct,
            shape: Shape::Struct(Cow::Owned(fields)),
            methods: MethodSet::None,
        })
    }

    pub(crate) fn func(params: Vec<Type>, variadic: bool, result: Type) -> Type {
        Type::shared(unnamed(Kind::Func, Shape::Func { params, variadic, result }))
    }

    fn shared(info: TypeInfo) -> Type {
        Type(Repr::Shared(Arc::new(info)))
    }

    fn info(&self) -> &TypeInfo {
        match &self.0 {
            Repr::Static(info) => info,
            Repr::Shared(info) => info,
        }
    }

    /// The kind of this type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.info().kind
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.info().shape
    }

    pub(crate) fn methods(&self) -> MethodSet {
        self.info().methods
    }

    pub(crate) fn is_any(&self) -> bool {
        self.kind() == Kind::Interface
    }

    pub(crate) fn is_value(&self) -> bool {
        *self == Type::VALUE
    }

    /// Element type of a slice, map or pointer type.
    #[must_use]
    pub fn element(&self) -> Option<&Type> {
        match self.shape() {
            Shape::Slice(element) | Shape::Map(_, element) | Shape::Pointer(element) => Some(element),
            _ => None,
        }
    }

    /// Key type of a map type.
    #[must_use]
    pub fn key(&self) -> Option<&Type> {
        match self.shape() {
            Shape::Map(key, _) => Some(key),
            _ => None,
        }
    }

    pub(crate) fn fields(&self) -> &[Field] {
        match self.shape() {
            Shape::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// Names and types of a struct's fields, in order; nothing for other types.
    pub fn field_types(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.fields().iter().map(|field| (field.name.as_ref(), &field.ty))
    }

    /// Whether the type has a name of its own, as basic and defined types have.
    fn is_named(&self) -> bool {
        !self.info().name.is_empty() && !self.is_any()
    }

    /// Go's assignability of a value of type `self` to type `target`.
    pub(crate) fn is_assignable_to(&self, target: &Type) -> bool {
        target.is_any()
            || self == target
            || (!(self.is_named() && target.is_named()) && self.same_shape(target))
    }

    fn same_shape(&self, other: &Type) -> bool {
        if self.kind() != other.kind() {
            return false;
        }
        match (self.shape(), other.shape()) {
            (Shape::Plain, Shape::Plain) => true,
            (Shape::Slice(a), Shape::Slice(b)) | (Shape::Pointer(a), Shape::Pointer(b)) => a == b,
            (Shape::Map(ak, ae), Shape::Map(bk, be)) => ak == bk && ae == be,
            (Shape::Struct(a), Shape::Struct(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.name == y.name && x.ty == y.ty)
            }
            (
                Shape::Func { params: ap, variadic: av, result: ar },
                Shape::Func { params: bp, variadic: bv, result: br },
            ) => ap == bp && av == bv && ar == br,
            _ => false,
        }
    }

    /// Whether Go's `==` can compare two values of this type without a panic
    /// that is known beforehand.
    pub(crate) fn is_comparable(&self) -> bool {
        match self.shape() {
            Shape::Slice(_) | Shape::Map(..) | Shape::Func { .. } => false,
            Shape::Struct(fields) => fields.iter().all(|field| field.ty.is_comparable()),
            Shape::Plain | Shape::Pointer(_) => true,
        }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        if std::ptr::eq(self.info(), other.info()) {
            return true;
        }
        let (a, b) = (self.info(), other.info());
        a.kind == b.kind && a.name == b.name && (!a.name.is_empty() || self.same_shape(other))
    }
}

impl Eq for Type {}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes the type as Go's `%T` does, for instance `map[string]interface {}`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info();
        if !info.name.is_empty() {
            return f.write_str(&info.name);
        }
        match &info.shape {
            Shape::Plain => Ok(()),
            Shape::Slice(element) => write!(f, "[]{element}"),
            Shape::Map(key, element) => write!(f, "map[{key}]{element}"),
            Shape::Pointer(target) => write!(f, "*{target}"),
            Shape::Struct(fields) => {
                f.write_str("struct {")?;
                for (i, field) in fields.iter().enumerate() {
                    write!(f, "{} {} {}", if i > 0 { ";" } else { "" }, field.name, field.ty)?;
                }
                f.write_str(if fields.is_empty() { "}" } else { " }" })
            }
            Shape::Func { params, variadic, result } => {
                f.write_str("func(")?;
                for (i, param) in params.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    match param.element() {
                        Some(element) if *variadic && i + 1 == params.len() => write!(f, "...{element}")?,
                        _ => write!(f, "{param}")?,
                    }
                }
                write!(f, ") {result}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_go_spells_them() {
        assert_eq!(Type::ANY_MAP.to_string(), "map[string]interface {}");
        assert_eq!(Type::slice(Type::named("config.Link", &Type::STRING)).to_string(), "[]config.Link");
        assert_eq!(Type::LOCATION.to_string(), "*time.Location");
        let variadic = Type::func(vec![Type::STRING, Type::ANY_SLICE], true, Type::STRING);
        assert_eq!(variadic.to_string(), "func(string, ...interface {}) string");
    }

    #[test]
    fn a_defined_map_is_assignable_to_the_unnamed_one_and_back() {
        let vars = Type::named("env.Vars", &Type::STRING_MAP);
        assert!(vars.is_assignable_to(&Type::STRING_MAP));
        assert!(Type::STRING_MAP.is_assignable_to(&vars));
        let other = Type::named("env.Other", &Type::STRING_MAP);
        assert!(!vars.is_assignable_to(&other));
    }

    #[test]
    fn defined_basic_types_are_not_assignable_to_their_base() {
        assert!(!Type::MONTH.is_assignable_to(&Type::INT));
        assert!(!Type::INT.is_assignable_to(&Type::MONTH));
    }
}
