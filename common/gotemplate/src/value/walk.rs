//! Looking into structs and pointers, for hosts that turn values into
//! something else.

use super::{Data, Value};

impl Value {
    /// Names and values of a struct's fields, in order; empty for everything
    /// else, `time.Time` included.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let values = match &self.data {
            Data::Struct(fields) => &fields.0[..],
            _ => &[],
        };
        self.ty.fields().iter().map(|field| &*field.name).zip(values)
    }

    /// What a pointer points to; `None` for nil and for everything else.
    #[must_use]
    pub fn target(&self) -> Option<&Value> {
        match &self.data {
            Data::Pointer(target) => target.0.first(),
            _ => None,
        }
    }
}
