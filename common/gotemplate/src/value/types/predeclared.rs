//! The types that need no declaration: Go's own, those of its package `time`, and
//! the commonest unnamed ones.
//!
//! They are statics, so that using them costs no allocation and no counting of
//! references.

use std::borrow::Cow;

use super::{Field, Kind, MethodSet, Repr, Shape, Type, TypeInfo};

const fn plain(name: &'static str, kind: Kind, methods: MethodSet) -> TypeInfo {
    TypeInfo { name: Cow::Borrowed(name), kind, shape: Shape::Plain, methods }
}

const fn field(name: &'static str, ty: Type) -> Field {
    Field { name: Cow::Borrowed(name), ty }
}

pub(super) const fn unnamed(kind: Kind, shape: Shape) -> TypeInfo {
    TypeInfo { name: Cow::Borrowed(""), kind, shape, methods: MethodSet::None }
}

macro_rules! plain_types {
    ($($(#[$doc:meta])* $vis:vis $const:ident = $name:literal, $kind:ident, $methods:ident;)*) => {
        impl Type {
            $($(#[$doc])* $vis const $const: Type = {
                static INFO: TypeInfo = plain($name, Kind::$kind, MethodSet::$methods);
                Type(Repr::Static(&INFO))
            };)*
        }
    };
}

plain_types! {
    /// The type of nothing at all: a missing value has no type.
    pub(crate) INVALID = "invalid", Invalid, None;
    /// Go's `bool`.
    pub BOOL = "bool", Bool, None;
    /// Go's `int`, 64 bits wide.
    pub INT = "int", Int, None;
    /// Go's `int8`.
    pub INT8 = "int8", Int8, None;
    /// Go's `int16`.
    pub INT16 = "int16", Int16, None;
    /// Go's `int32`.
    pub INT32 = "int32", Int32, None;
    /// Go's `int64`.
    pub INT64 = "int64", Int64, None;
    /// Go's `uint`, 64 bits wide.
    pub UINT = "uint", Uint, None;
    /// Go's `uint8`.
    pub UINT8 = "uint8", Uint8, None;
    /// Go's `uint16`.
    pub UINT16 = "uint16", Uint16, None;
    /// Go's `uint32`.
    pub UINT32 = "uint32", Uint32, None;
    /// Go's `uint64`.
    pub UINT64 = "uint64", Uint64, None;
    /// Go's `float32`.
    pub FLOAT32 = "float32", Float32, None;
    /// Go's `float64`.
    pub FLOAT64 = "float64", Float64, None;
    /// Go's `complex128`.
    pub COMPLEX128 = "complex128", Complex128, None;
    /// Go's `string`: bytes, most often UTF-8.
    pub STRING = "string", String, None;
    /// Go's `any` (`interface {}`).
    pub ANY = "interface {}", Interface, None;
    /// Go's `reflect.Value`, as a parameter type: takes everything as it is,
    /// also a missing value. The built-in functions declare most of their
    /// parameters this way.
    pub VALUE = "reflect.Value", Struct, None;
    /// Go's `time.Duration`.
    pub DURATION = "time.Duration", Int64, Duration;
    /// Go's `time.Month`.
    pub MONTH = "time.Month", Int, Month;
    /// Go's `time.Weekday`.
    pub WEEKDAY = "time.Weekday", Int, Weekday;
}

static LOCATION_FIELDS: [Field; 7] = [
    field("name", Type::STRING),
    field("zone", Type::BYTES),
    field("tx", Type::BYTES),
    field("extend", Type::STRING),
    field("cacheStart", Type::INT64),
    field("cacheEnd", Type::INT64),
    field("cacheZone", Type::BYTES),
];
static LOCATION_STRUCT: TypeInfo = TypeInfo {
    name: Cow::Borrowed("time.Location"),
    kind: Kind::Struct,
    shape: Shape::Struct(Cow::Borrowed(&LOCATION_FIELDS)),
    methods: MethodSet::None,
};
static LOCATION: TypeInfo = TypeInfo {
    name: Cow::Borrowed(""),
    kind: Kind::Pointer,
    shape: Shape::Pointer(Type(Repr::Static(&LOCATION_STRUCT))),
    methods: MethodSet::Location,
};
static TIME_FIELDS: [Field; 3] =
    [field("wall", Type::UINT64), field("ext", Type::INT64), field("loc", Type::LOCATION)];
static TIME: TypeInfo = TypeInfo {
    name: Cow::Borrowed("time.Time"),
    kind: Kind::Struct,
    shape: Shape::Struct(Cow::Borrowed(&TIME_FIELDS)),
    methods: MethodSet::Time,
};
static ANY_SLICE: TypeInfo = unnamed(Kind::Slice, Shape::Slice(Type::ANY));
static STRING_SLICE: TypeInfo = unnamed(Kind::Slice, Shape::Slice(Type::STRING));
static BYTES: TypeInfo = unnamed(Kind::Slice, Shape::Slice(Type::UINT8));
static ANY_MAP: TypeInfo = unnamed(Kind::Map, Shape::Map(Type::STRING, Type::ANY));
static STRING_MAP: TypeInfo = unnamed(Kind::Map, Shape::Map(Type::STRING, Type::STRING));

impl Type {
    /// Go's `time.Time`.
    pub const TIME: Type = Type(Repr::Static(&TIME));
    /// Go's `*time.Location`.
    pub const LOCATION: Type = Type(Repr::Static(&LOCATION));
    /// Go's `[]any`.
    pub const ANY_SLICE: Type = Type(Repr::Static(&ANY_SLICE));
    /// Go's `[]string`.
    pub const STRING_SLICE: Type = Type(Repr::Static(&STRING_SLICE));
    /// Go's `[]byte`.
    pub const BYTES: Type = Type(Repr::Static(&BYTES));
    /// Go's `map[string]any`.
    pub const ANY_MAP: Type = Type(Repr::Static(&ANY_MAP));
    /// Go's `map[string]string`.
    pub const STRING_MAP: Type = Type(Repr::Static(&STRING_MAP));
}
