//! The built-in functions: their names, their signatures and what they do.

mod compare;
mod index;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::escape;
use crate::exec::Failure;
use crate::fmt::{self, TooLong};
use crate::function::{Function, FunctionError, Signature};
use crate::unicode;
use crate::value::{Data, Kind, Type, Value};

/// Which built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Or,
    Not,
    Call,
    Html,
    Js,
    UrlQuery,
    Index,
    Slice,
    Len,
    Print,
    Printf,
    Println,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// All built-in functions by name.
pub(crate) fn all() -> &'static Arc<HashMap<String, Arc<Function>>> {
    static ALL: LazyLock<Arc<HashMap<String, Arc<Function>>>> = LazyLock::new(|| {
        let functions = declarations().map(|(name, builtin, signature)| {
            (name.to_owned(), Arc::new(Function::builtin(name, signature, builtin)))
        });
        Arc::new(functions.into_iter().collect())
    });
    &ALL
}

fn declarations() -> [(&'static str, Builtin, Signature); 19] {
    let values = |count, result| Signature::new(vec![Type::VALUE; count], result);
    let some = |count, result| values(count, result).variadic(Type::VALUE);
    let text = || Signature::new([], Type::STRING).variadic(Type::ANY);
    [
        ("and", Builtin::And, some(1, Type::VALUE)),
        ("or", Builtin::Or, some(1, Type::VALUE)),
        ("not", Builtin::Not, values(1, Type::BOOL)),
        ("call", Builtin::Call, some(1, Type::VALUE)),
        ("html", Builtin::Html, text()),
        ("js", Builtin::Js, text()),
        ("urlquery", Builtin::UrlQuery, text()),
        ("index", Builtin::Index, some(1, Type::VALUE)),
        ("slice", Builtin::Slice, some(1, Type::VALUE)),
        ("len", Builtin::Len, values(1, Type::INT)),
        ("print", Builtin::Print, text()),
        ("printf", Builtin::Printf, Signature::new([Type::STRING], Type::STRING).variadic(Type::ANY)),
        ("println", Builtin::Println, text()),
        ("eq", Builtin::Eq, some(1, Type::BOOL)),
        ("ne", Builtin::Ne, values(2, Type::BOOL)),
        ("lt", Builtin::Lt, values(2, Type::BOOL)),
        ("le", Builtin::Le, values(2, Type::BOOL)),
        ("gt", Builtin::Gt, values(2, Type::BOOL)),
        ("ge", Builtin::Ge, values(2, Type::BOOL)),
    ]
}

/// Runs a built-in function other than `call`. Texts longer than `limit` bytes
/// are refused.
pub(crate) fn run(builtin: Builtin, args: &[Value], limit: usize) -> Result<Value, Failure> {
    let first = || args.first().cloned().unwrap_or_default();
    let text = |write: &dyn Fn(&mut Vec<u8>) -> Result<(), TooLong>| {
        let mut out = Vec::new();
        write(&mut out)?;
        Ok::<_, Failure>(Value::string(out))
    };
    match builtin {
        // The last value decides when none before did.
        Builtin::And | Builtin::Or => Ok(args.last().cloned().unwrap_or_default()),
        Builtin::Not => Ok(Value::from(!first().is_true())),
        Builtin::Call => Err(FunctionError::new("call of call").into()),
        Builtin::Html => escaped(args, limit, escape::append_html),
        Builtin::Js => escaped(args, limit, escape::append_js),
        Builtin::UrlQuery => escaped(args, limit, escape::append_url_query),
        Builtin::Index => Ok(index::index(args)?),
        Builtin::Slice => Ok(index::slice(args)?),
        Builtin::Len => Ok(index::len(&first())?),
        Builtin::Print => text(&|out| fmt::append_print(out, args, limit)),
        Builtin::Println => text(&|out| fmt::append_println(out, args, limit)),
        Builtin::Printf => text(&|out| {
            let format = args.first().and_then(Value::as_bytes).unwrap_or_default();
            fmt::append_printf(out, format, args.get(1..).unwrap_or_default(), limit)
        }),
        Builtin::Eq => Ok(Value::from(compare::eq(args)?)),
        Builtin::Ne => Ok(Value::from(!compare::eq(args)?)),
        Builtin::Lt => Ok(Value::from(compare::lt(args)?)),
        Builtin::Le => Ok(Value::from(compare::le(args)?)),
        Builtin::Gt => Ok(Value::from(!compare::le(args)?)),
        Builtin::Ge => Ok(Value::from(!compare::lt(args)?)),
    }
}

/// The text of `args`, as an action prints a single one of them, escaped.
fn escaped(args: &[Value], limit: usize, escape: fn(&mut Vec<u8>, &[u8])) -> Result<Value, Failure> {
    let mut text = Vec::new();
    let text = match args {
        [arg] if arg.as_bytes().is_some() => arg.as_bytes().unwrap_or_default(),
        _ => {
            let shown: Vec<Value> = args.iter().map(printable).collect();
            fmt::append_print(&mut text, &shown, limit)?;
            &text
        }
    };
    let mut out = Vec::new();
    for part in unicode::parts(text, ESCAPED_AT_ONCE) {
        escape(&mut out, part);
        if out.len() > limit {
            return Err(TooLong.into());
        }
    }
    Ok(Value::string(out))
}

/// A text is escaped in parts of so many bytes, so that one that grows beyond the limit ends in time.
const ESCAPED_AT_ONCE: usize = 64 << 10;

/// The value as an action would print it.
fn printable(value: &Value) -> Value {
    if value.is_missing() || value.is_nil_any() {
        return Value::from("<no value>");
    }
    match value.kind() {
        Kind::Pointer => value.indirect().0.clone(),
        _ => value.clone(),
    }
}

/// The function that `call` is to call.
pub(crate) fn callee(name: &str, args: &[Value]) -> Result<Arc<Function>, FunctionError> {
    let Some(value) = args.first().filter(|value| !value.is_missing() && !value.is_nil_any()) else {
        return Err("call of nil".into());
    };
    match value.data() {
        Data::Func(function) => Ok(Arc::clone(function)),
        Data::Nil if value.kind() == Kind::Func => Err("call of nil function".into()),
        _ => Err(format!("non-function {name} of type {}", value.ty()).into()),
    }
}

/// Fits the arguments of `call` to the function's parameters.
pub(crate) fn call_arguments(
    name: &str,
    function: &Function,
    args: &[Value],
) -> Result<Vec<Value>, FunctionError> {
    let signature = function.signature();
    let (given, params) = (args.len(), signature.params.len());
    if signature.variadic && given < params - 1 {
        let want = params - 1;
        return Err(format!("wrong number of args for {name}: got {given} want at least {want}").into());
    }
    if !signature.variadic && given != params {
        return Err(format!("wrong number of args for {name}: got {given} want {params}").into());
    }
    let fit = |(i, arg): (usize, &Value)| {
        index::convert(arg, signature.param(i)).map_err(|error| format!("arg {i}: {error}").into())
    };
    args.iter().enumerate().map(fit).collect()
}
