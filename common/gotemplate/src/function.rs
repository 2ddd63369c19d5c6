//! Functions a template may call: their Go signatures and what they do.
//!
//! A signature decides which arguments are errors before the function runs, so
//! the host declares it as Go would spell it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::builtins::Builtin;
use crate::value::{Type, Value};

/// Parameter and result types of a function.
///
/// ```
/// use gotemplate::{Signature, Type};
///
/// // func(format string, args ...any) string
/// let signature = Signature::new([Type::STRING], Type::STRING).variadic(Type::ANY);
/// ```
#[derive(Clone, Debug)]
pub struct Signature {
    /// The variadic parameter, if any, is the last one.
    pub(crate) params: Vec<Type>,
    pub(crate) variadic: bool,
    pub(crate) result: Type,
    pub(crate) missing_as_zero: bool,
}

impl Signature {
    /// A function with these parameters and this result.
    pub fn new(params: impl IntoIterator<Item = Type>, result: Type) -> Signature {
        let params = params.into_iter().collect();
        Signature { params, variadic: false, result, missing_as_zero: false }
    }

    /// Adds a last parameter `...element` that takes any number of arguments.
    /// The function gets them one by one, after the others.
    #[must_use]
    pub fn variadic(mut self, element: Type) -> Signature {
        self.params.push(element);
        self.variadic = true;
        self
    }

    /// Takes a missing map key for an empty string where a parameter is a
    /// string. Go reports `invalid value; expected string` instead.
    #[must_use]
    pub fn missing_as_zero(mut self) -> Signature {
        self.missing_as_zero = true;
        self
    }

    /// Type of parameter `index`; every argument from the variadic one on has
    /// the same type.
    pub(crate) fn param(&self, index: usize) -> &Type {
        let last = self.params.len().saturating_sub(1);
        self.params.get(index.min(last)).unwrap_or(&Type::ANY)
    }

    fn ty(&self) -> Type {
        let mut params = self.params.clone();
        if self.variadic
            && let Some(last) = params.pop()
        {
            params.push(Type::slice(last));
        }
        Type::func(params, self.variadic, self.result.clone())
    }
}

/// Why a function failed; shown after `error calling NAME: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    message: String,
    is_too_large: bool,
}

impl FunctionError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> FunctionError {
        FunctionError { message: message.into(), is_too_large: false }
    }

    /// The error of a [`Function::bounded`] whose result would be larger than
    /// it may: the execution ends with
    /// [`ErrorKind::MemoryLimit`](crate::ErrorKind::MemoryLimit).
    #[must_use]
    pub fn too_large() -> FunctionError {
        FunctionError { message: "the result is too large".to_owned(), is_too_large: true }
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.is_too_large
    }
}

impl From<&str> for FunctionError {
    fn from(message: &str) -> FunctionError {
        FunctionError::new(message)
    }
}

impl From<String> for FunctionError {
    fn from(message: String) -> FunctionError {
        FunctionError::new(message)
    }
}

type Body = dyn Fn(&[Value], usize) -> Result<Value, FunctionError> + Send + Sync;

/// A function with its name and signature.
pub struct Function {
    name: String,
    signature: Signature,
    action: Action,
}

pub(crate) enum Action {
    Builtin(Builtin),
    Host(Box<Body>),
}

impl Function {
    /// A function of the host. `body` gets as many arguments as the signature
    /// asks for, each of its parameter's type; what it returns is taken as a
    /// value of the result type.
    pub fn new(
        name: impl Into<String>,
        signature: Signature,
        body: impl Fn(&[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) -> Function {
        Function::bounded(name, signature, move |args, _| body(args))
    }

    /// A function whose result may be much larger than its arguments. `body`
    /// is also told how many bytes its result may take, and gives
    /// [`FunctionError::too_large`] before it takes more.
    ///
    /// ```
    /// use gotemplate::{ErrorKind, Function, FunctionError, Functions, Options, Signature, Template, Type, Value};
    ///
    /// let signature = Signature::new([Type::INT, Type::STRING], Type::STRING);
    /// let repeat = Function::bounded("repeat", signature, |args, room| {
    ///     let count = args[0].as_int().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    ///     let text = args[1].as_bytes().unwrap_or_default();
    ///     match text.len().checked_mul(count) {
    ///         Some(size) if size <= room => Ok(Value::string(text.repeat(count))),
    ///         _ => Err(FunctionError::too_large()),
    ///     }
    /// });
    /// let mut functions = Functions::new();
    /// functions.add(repeat);
    /// let template = Template::parse("t", "{{repeat 1000000000 \"x\"}}", &functions)?;
    /// let error = template.execute(&Value::nil(), &Options::default()).unwrap_err();
    /// assert_eq!(error.kind(), &ErrorKind::MemoryLimit);
    /// # Ok::<(), gotemplate::Error>(())
    /// ```
    pub fn bounded(
        name: impl Into<String>,
        signature: Signature,
        body: impl Fn(&[Value], usize) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) -> Function {
        Function { name: name.into(), signature, action: Action::Host(Box::new(body)) }
    }

    pub(crate) fn builtin(name: &str, signature: Signature, builtin: Builtin) -> Function {
        Function { name: name.to_owned(), signature, action: Action::Builtin(builtin) }
    }

    /// The name that templates use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(crate) fn action(&self) -> &Action {
        &self.action
    }

    pub(crate) fn ty(&self) -> Type {
        self.signature.ty()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty())
    }
}

/// The functions that templates may call: Go's built-in ones and the host's.
/// Cloning shares them.
///
/// ```
/// use gotemplate::{Functions, Options, Signature, Template, Type, Value};
///
/// let mut functions = Functions::new();
/// functions.register("shout", Signature::new([Type::STRING], Type::STRING), |args| {
///     Ok(Value::from(args[0].as_str().unwrap_or_default().to_uppercase()))
/// });
/// let template = Template::parse("greeting", "{{shout .}}!", &functions)?;
/// let out = template.execute(&Value::from("hello"), &Options::default())?;
/// assert_eq!(out, b"HELLO!");
/// # Ok::<(), gotemplate::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Functions {
    by_name: Arc<HashMap<String, Arc<Function>>>,
}

impl Functions {
    /// Go's built-in functions only.
    #[must_use]
    pub fn new() -> Functions {
        Functions { by_name: Arc::clone(crate::builtins::all()) }
    }

    /// Adds a function, in place of one of the same name.
    pub fn register(
        &mut self,
        name: impl Into<String>,
        signature: Signature,
        body: impl Fn(&[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) -> &mut Functions {
        self.add(Function::new(name, signature, body))
    }

    /// Adds a function, in place of one of the same name.
    pub fn add(&mut self, function: Function) -> &mut Functions {
        Arc::make_mut(&mut self.by_name).insert(function.name.clone(), Arc::new(function));
        self
    }

    /// The function of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name)
    }

    /// All names, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl Default for Functions {
    fn default() -> Functions {
        Functions::new()
    }
}
