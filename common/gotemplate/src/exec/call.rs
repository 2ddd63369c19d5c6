//! Calls of functions and methods: arguments from left to right, each checked
//! before the next is evaluated, then the call.

use super::Executor;
use super::argument::Argument;
use super::expression::{Flow, Pending};
use crate::builtins::{self, Builtin};
use crate::error::{Error, ErrorKind};
use crate::function::{Action, FunctionError, Signature};
use crate::methods::Method;
use crate::options::Missing;
use crate::parse::{Many, NodeId, Tree};
use crate::value::{Type, Value};

/// A call that isn't finished.
pub(super) struct Call {
    callee: Callee,
    /// What an error of the function itself is reported at.
    blame: NodeId,
    args: Many,
    /// The next argument.
    next: u32,
    /// Where its values start.
    base: usize,
    /// The value piped into it.
    last: Option<Value>,
}

enum Callee {
    /// Index of the tree's functions.
    Function(u32),
    Method(&'static Method, Value),
}

/// How a call fails: at the function, or because what it makes is too large.
pub(crate) enum Failure {
    Function(FunctionError),
    /// The text is longer than it was allowed to be.
    TooLong,
    /// The result would take too much memory.
    TooLarge,
}

impl From<FunctionError> for Failure {
    fn from(error: FunctionError) -> Failure {
        if error.is_too_large() { Failure::TooLarge } else { Failure::Function(error) }
    }
}

impl From<crate::fmt::TooLong> for Failure {
    fn from(_: crate::fmt::TooLong) -> Failure {
        Failure::TooLong
    }
}

/// Text that is read and whatever is made count as one step for so many bytes.
const BYTES_PER_STEP: usize = 32;

/// How many bytes a method makes of a byte of its arguments at most: a layout's `2` may become `2006`'s.
const METHOD_GROWTH: usize = 4;

impl Call {
    /// The value that is to be the last argument.
    pub(super) fn value(&self) -> Option<&Value> {
        self.last.as_ref()
    }
}

impl<'t> Executor<'t, '_> {
    pub(super) fn call_function(
        &mut self,
        function: u32,
        blame: NodeId,
        args: Many,
        last: Option<Value>,
    ) -> Result<Flow, Error> {
        self.start(Callee::Function(function), blame, args, last)
    }

    pub(super) fn call_method(
        &mut self,
        method: &'static Method,
        receiver: Value,
        blame: NodeId,
        args: Many,
        last: Option<Value>,
    ) -> Result<Flow, Error> {
        self.start(Callee::Method(method, receiver), blame, args, last)
    }

    fn start(
        &mut self,
        callee: Callee,
        blame: NodeId,
        args: Many,
        last: Option<Value>,
    ) -> Result<Flow, Error> {
        let (name, signature) = self.signature(&callee);
        let given = args.len() + usize::from(last.is_some());
        let fixed = signature.params.len() - usize::from(signature.variadic);
        if signature.variadic && given < fixed {
            // Go leaves the piped value out of this count.
            return self.wrong_count(name, format!("want at least {fixed} got {}", args.len()));
        }
        if !signature.variadic && given != fixed {
            return self.wrong_count(name, format!("want {fixed} got {given}"));
        }
        if let Callee::Method(Method { unusable: Some(why), .. }, _) = &callee {
            return self.other(*why);
        }
        let call = Call { callee, blame, args, next: args.start, base: self.values.len(), last };
        self.advance(call)
    }

    fn signature(&self, callee: &Callee) -> (&'t str, &'t Signature) {
        match callee {
            Callee::Function(index) => {
                let tree: &'t Tree = self.tree;
                let function = &tree.functions[*index as usize];
                (function.name(), function.signature())
            }
            Callee::Method(method, _) => (method.name, &method.signature),
        }
    }

    fn wrong_count<T>(&self, name: &str, counts: String) -> Result<T, Error> {
        let message = format!("wrong number of args for {name}: {counts}");
        Err(self.error(ErrorKind::ArgumentCount { name: name.to_owned() }, message))
    }

    /// Goes on with a call whose next argument has the value `value`.
    pub(super) fn resume(&mut self, mut call: Call, value: Value) -> Result<Flow, Error> {
        match self.take(&mut call, value)? {
            Some(result) => Ok(Flow::Value(result)),
            None => self.advance(call),
        }
    }

    /// Fits the value of the next argument; a result if that decides the call.
    fn take(&mut self, call: &mut Call, value: Value) -> Result<Option<Value>, Error> {
        let index = (call.next - call.args.start) as usize;
        self.check_missing(call, self.tree.links[call.next as usize], &value)?;
        let (_, signature) = self.signature(&call.callee);
        let value = self.fit(value, signature.param(index), signature.missing_as_zero)?;
        Ok(self.keep(call, value))
    }

    /// Keeps the value of the next argument; a result if that decides the call,
    /// as it may with `and` and `or`.
    fn keep(&mut self, call: &mut Call, value: Value) -> Option<Value> {
        call.next += 1;
        if self.stops_at(&call.callee) == Some(value.is_true()) {
            self.values.truncate(call.base);
            return Some(value);
        }
        self.values.push(value);
        None
    }

    /// The truth that ends `and` and `or` early.
    fn stops_at(&self, callee: &Callee) -> Option<bool> {
        match callee {
            Callee::Function(index) => match self.tree.functions[*index as usize].action() {
                Action::Builtin(Builtin::And) => Some(false),
                Action::Builtin(Builtin::Or) => Some(true),
                _ => None,
            },
            Callee::Method(..) => None,
        }
    }

    /// Evaluates arguments until one has to wait, or the call is made.
    fn advance(&mut self, mut call: Call) -> Result<Flow, Error> {
        while call.next < call.args.end {
            let node = self.tree.links[call.next as usize];
            let index = (call.next - call.args.start) as usize;
            let ty = self.signature(&call.callee).1.param(index);
            let depth = self.pending.len();
            let decided = match self.argument(node, ty)? {
                Argument::Ready(value) => self.keep(&mut call, value),
                Argument::Open(Flow::Value(value)) if self.pending.len() == depth => {
                    self.take(&mut call, value)?
                }
                Argument::Open(flow) => {
                    // What the argument waits for lies above this call.
                    self.pending.insert(depth, Pending::Call(call));
                    return Ok(flow);
                }
            };
            if let Some(result) = decided {
                return Ok(Flow::Value(result));
            }
        }
        self.finish(call)
    }

    /// Makes the call; its arguments are complete but for the piped value.
    fn finish(&mut self, mut call: Call) -> Result<Flow, Error> {
        if let Some(last) = call.last.take() {
            let index = call.args.len();
            self.check_missing(&call, call.blame, &last)?;
            let (_, signature) = self.signature(&call.callee);
            let last = self.fit(last, signature.param(index), signature.missing_as_zero)?;
            self.values.push(last);
        }
        let values = std::mem::take(&mut self.values);
        let args = &values[call.base..];
        self.charge(args)?;
        let outcome = self.make(&call, args);
        self.values = values;
        let value = match outcome {
            Ok(value) => value,
            Err(failure) => return Err(self.failure(&call, failure)),
        };
        if value.as_bytes().is_some_and(|text| text.len() > self.options.limits.bytes) {
            self.at = call.blame;
            return Err(self.too_long());
        }
        // The arguments still hold what is theirs, so that the rest is what the call has made.
        let made = value.own_weight();
        if made > 0 {
            self.at = call.blame;
            self.step((made / BYTES_PER_STEP) as u64)?;
            self.hold(made)?;
        }
        self.values.truncate(call.base);
        Ok(Flow::Value(value))
    }

    /// Counts the text of values.
    fn charge(&mut self, values: &[Value]) -> Result<(), Error> {
        let bytes: usize = values.iter().filter_map(|value| value.as_bytes()).map(<[u8]>::len).sum();
        match bytes / BYTES_PER_STEP {
            0 => Ok(()),
            steps => self.step(steps as u64),
        }
    }

    fn failure(&mut self, call: &Call, failure: Failure) -> Error {
        self.at = call.blame;
        match failure {
            Failure::TooLong if self.memory.room() < self.options.limits.bytes => self.too_much_held(),
            Failure::TooLong => self.too_long(),
            Failure::TooLarge => self.too_much_held(),
            Failure::Function(error) => {
                let name = self.signature(&call.callee).0.to_owned();
                let message = error.to_string();
                let text = format!("error calling {name}: {message}");
                self.error(ErrorKind::Function { name, message }, text)
            }
        }
    }

    /// The longest text that a function may make now.
    fn longest(&self) -> usize {
        self.options.limits.bytes.min(self.memory.room())
    }

    fn make(&self, call: &Call, args: &[Value]) -> Result<Value, Failure> {
        let function = match &call.callee {
            Callee::Method(method, receiver) => {
                let size = args.iter().filter_map(Value::len).sum::<usize>() * METHOD_GROWTH;
                let unit = if method.signature.result == Type::BYTES { size_of::<Value>() } else { 1 };
                if size.saturating_mul(unit) > self.memory.room() {
                    return Err(Failure::TooLarge);
                }
                return Ok(method.call(receiver, args)?.returned_as(&method.signature.result));
            }
            Callee::Function(index) => &self.tree.functions[*index as usize],
        };
        let builtin = match function.action() {
            Action::Host(body) => {
                return Ok(body(args, self.memory.room())?.returned_as(&function.signature().result));
            }
            Action::Builtin(builtin) => *builtin,
        };
        if let Builtin::Call = builtin {
            return self.call_value(call, args);
        }
        builtins::run(builtin, args, self.longest())
    }

    /// The built-in function `call`: the first argument is the function.
    fn call_value(&self, call: &Call, args: &[Value]) -> Result<Value, Failure> {
        let name = match call.args.len() {
            0 => args.first().map(reflected_text).unwrap_or_default(),
            _ => self.tree.source(self.tree.many(call.args)[0]),
        };
        let function = builtins::callee(&name, args)?;
        let args = builtins::call_arguments(&name, &function, args.get(1..).unwrap_or_default())?;
        match function.action() {
            Action::Host(body) => {
                Ok(body(&args, self.memory.room())?.returned_as(&function.signature().result))
            }
            Action::Builtin(builtin) => builtins::run(*builtin, &args, self.longest()),
        }
    }

    /// Refuses a missing value as an argument of a function that prints, if
    /// that is asked for. `node` is the argument, or the call it is piped into.
    fn check_missing(&mut self, call: &Call, node: NodeId, value: &Value) -> Result<(), Error> {
        let is_nothing = value.is_missing() || value.is_nil_any();
        if self.options.missing == Missing::Print || !is_nothing {
            return Ok(());
        }
        let Callee::Function(index) = call.callee else {
            return Ok(());
        };
        match self.tree.functions[index as usize].action() {
            Action::Builtin(Builtin::Print | Builtin::Printf | Builtin::Println) => {
                Err(self.missing_value(node))
            }
            _ => Ok(()),
        }
    }
}

/// Go's `reflect.Value.String`.
fn reflected_text(value: &Value) -> String {
    match value.as_bytes() {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None if value.is_missing() => "<invalid Value>".to_owned(),
        None => format!("<{} Value>", value.static_type()),
    }
}
