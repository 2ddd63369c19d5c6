//! The functions that templates may call besides Go's own.
//!
//! [`codexctl`] has those of codexctl, with its names and its order of arguments (inventory T5); the others
//! are the ones people know from Helm, with Sprig's order of arguments. Every function takes a missing map
//! key for an empty text where it takes a text.

mod codexctl;
mod data;
mod encoding;
mod numbers;
mod text;

use std::sync::LazyLock;

use gotemplate::{FunctionError, Functions, Signature, Type, Value};

use super::Context;

/// The functions that are the same for everyone.
static COMMON: LazyLock<Functions> = LazyLock::new(|| {
    let mut table = Table(Functions::new());
    codexctl::declare(&mut table);
    text::declare(&mut table);
    data::declare(&mut table);
    encoding::declare(&mut table);
    numbers::declare(&mut table);
    table.0
});

/// All functions, those that know of variables and time included.
pub(super) fn functions(context: &Context) -> Functions {
    let mut table = Table(COMMON.clone());
    codexctl::declare_for(&mut table, context);
    table.0
}

/// The functions declared so far.
struct Table(Functions);

impl Table {
    /// Declares a function of fixed parameters.
    fn add<const N: usize>(
        &mut self,
        name: &str,
        parameters: [Type; N],
        result: Type,
        body: impl Fn(&[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) {
        self.0.register(name, Signature::new(parameters, result).missing_as_zero(), body);
    }

    /// Declares a function whose last parameter takes any number of values.
    fn add_variadic<const N: usize>(
        &mut self,
        name: &str,
        parameters: [Type; N],
        result: Type,
        body: impl Fn(&[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) {
        let signature = Signature::new(parameters, result).variadic(Type::ANY).missing_as_zero();
        self.0.register(name, signature, body);
    }

    /// Declares a function from texts to a text.
    fn add_text<const N: usize>(&mut self, name: &str, body: fn([&str; N]) -> String) {
        self.0.register(
            name,
            Signature::new([Type::STRING; N], Type::STRING).missing_as_zero(),
            move |arguments| {
                let texts: Vec<_> = arguments.iter().map(lossy).collect();
                Ok(Value::from(body(std::array::from_fn(|at| &*texts[at]))))
            },
        );
    }
}

/// The text of a value declared as a text; bytes that are no UTF-8 become U+FFFD.
fn lossy(value: &Value) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default())
}

/// The longest text that a function makes of one value: what one template may print.
const LONGEST: usize = 64 << 20;

/// What a function of bytes makes of a text.
fn with_bytes(text: &str, function: impl Fn(&[u8]) -> Vec<u8>) -> String {
    String::from_utf8_lossy(&function(text.as_bytes())).into_owned()
}

/// A value as text: a text as it is, anything else as `%v` prints it.
pub(super) fn spelled(value: &Value) -> String {
    match value.as_bytes() {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => String::from_utf8_lossy(&gotemplate::strings::sprint(value, LONGEST)).into_owned(),
    }
}
