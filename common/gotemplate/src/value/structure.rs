//! Declaring struct types: the host names the fields that templates see.

use std::borrow::Cow;

use super::{Field, Type};

/// Declares a Go struct type with named, ordered, typed fields.
///
/// ```
/// use gotemplate::{StructType, Type, Value};
///
/// let link = StructType::new("config", "Link")
///     .field("Title", Type::STRING)
///     .field("Path", Type::STRING)
///     .build();
/// let value = Value::structure(&link, [("Title", Value::from("docs"))])?;
/// assert_eq!(value.ty().to_string(), "config.Link");
/// assert_eq!(value.get("Path").and_then(|v| v.as_str()), Some(""));
/// # Ok::<(), gotemplate::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StructType {
    name: String,
    fields: Vec<Field>,
}

impl StructType {
    /// A struct called `name` of Go package `package`.
    #[must_use]
    pub fn new(package: &str, name: &str) -> StructType {
        StructType { name: format!("{package}.{name}"), fields: Vec::new() }
    }

    /// Adds a field. As in Go, templates may read only the fields whose names
    /// start with an upper-case letter; the others are still printed.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>, ty: Type) -> StructType {
        self.fields.push(Field { name: name.into(), ty });
        self
    }

    /// The finished type.
    #[must_use]
    pub fn build(self) -> Type {
        Type::structure(Cow::Owned(self.name), self.fields)
    }
}
