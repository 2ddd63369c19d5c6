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

use gotemplate::{Function, FunctionError, Functions, Signature, Type, Value};

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
        self.add_bounded(name, parameters, result, move |arguments, _| body(arguments));
    }

    /// Declares a function of fixed parameters that may make more than it is given: the second argument is how
    /// many bytes its result may take.
    fn add_bounded<const N: usize>(
        &mut self,
        name: &str,
        parameters: [Type; N],
        result: Type,
        body: impl Fn(&[Value], usize) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) {
        let signature = Signature::new(parameters, result).missing_as_zero();
        self.0.add(Function::bounded(name, signature, body));
    }

    /// Declares a function whose last parameter takes any number of values; its second argument is how many
    /// bytes its result may take.
    fn add_variadic<const N: usize>(
        &mut self,
        name: &str,
        parameters: [Type; N],
        result: Type,
        body: impl Fn(&[Value], usize) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) {
        let signature = Signature::new(parameters, result).variadic(Type::ANY).missing_as_zero();
        self.0.add(Function::bounded(name, signature, body));
    }

    /// Declares a function from texts to a text that is about as long as they are at most.
    fn add_text<const N: usize>(&mut self, name: &str, body: fn([&str; N]) -> String) {
        self.add_bounded(name, [Type::STRING; N], Type::STRING, move |arguments, room| {
            let texts: Vec<_> = arguments.iter().map(lossy).collect();
            fits(texts.iter().map(|text| text.len()).sum(), room)?;
            Ok(Value::from(body(std::array::from_fn(|at| &*texts[at]))))
        });
    }
}

/// An error if a result of `size` bytes is larger than it may be.
fn fits(size: usize, room: usize) -> Result<(), FunctionError> {
    if size > room { Err(FunctionError::too_large()) } else { Ok(()) }
}

/// The text of a value declared as a text; bytes that are no UTF-8 become U+FFFD.
fn lossy(value: &Value) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default())
}

/// What a function of bytes makes of a text.
fn with_bytes(text: &str, function: impl Fn(&[u8]) -> Vec<u8>) -> String {
    text_of(function(text.as_bytes()))
}

/// Bytes as text; what is no UTF-8 becomes U+FFFD.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A value as text of at most `room` bytes: a text as it is, anything else as `%v` prints it.
pub(super) fn spelled(value: &Value, room: usize) -> Result<String, FunctionError> {
    let bytes = match value.as_bytes() {
        Some(bytes) => {
            fits(bytes.len(), room)?;
            bytes.to_vec()
        }
        None => {
            let bytes = gotemplate::strings::sprint(value, room.saturating_add(1));
            fits(bytes.len(), room)?;
            bytes
        }
    };
    Ok(text_of(bytes))
}
