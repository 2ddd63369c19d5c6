//! Fields: of structs, of maps, through pointers; and methods.

use std::ops::Range;

use super::Executor;
use super::expression::Flow;
use crate::error::{Error, ErrorKind};
use crate::methods::{self, Method};
use crate::parse::{Many, NodeId};
use crate::value::{Data, Kind, MethodSet, Type, Value};

/// What a name stands for in a value.
enum Found<'v> {
    /// A value in a place of type `any` or of its own type.
    Place(&'v Value, bool),
    /// A method of the receiver.
    Method(&'static Method),
    /// A key that the map doesn't have.
    Missing,
}

impl Executor<'_, '_> {
    /// Follows the names from `start` to the end of `node`. The last one may be
    /// a method, which gets the arguments. Without a receiver they start at dot.
    pub(super) fn fields(
        &mut self,
        receiver: Option<Value>,
        node: NodeId,
        start: u32,
        args: Many,
        last: Option<Value>,
    ) -> Result<Flow, Error> {
        let end = self.tree.node(node).end as usize;
        let has_args = args.len() > 0 || last.is_some();
        let mut names = start as usize + 1..end;
        // Reading through references keeps the values on the way from being
        // cloned; a method call on the way makes a new value to start from.
        let mut owned = receiver;
        loop {
            let from = owned.as_ref().unwrap_or(&self.dot);
            match self.follow(from, &mut names, has_args)? {
                Walk::Value(value) => return Ok(Flow::Value(value)),
                Walk::Missing(name) => {
                    self.missed = Some((node, name));
                    return Ok(Flow::Value(Value::missing()));
                }
                Walk::Method(method, receiver, true) => {
                    return self.call_method(method, receiver, node, args, last);
                }
                Walk::Method(method, receiver, false) => {
                    match self.call_method(method, receiver, node, Many::default(), None)? {
                        Flow::Value(value) => owned = Some(value),
                        flow @ Flow::Enter(_) => return Ok(flow),
                    }
                }
            }
        }
    }

    /// Follows `names` up to the end or to a method, and removes what it has
    /// followed.
    fn follow(&self, from: &Value, names: &mut Range<usize>, has_args: bool) -> Result<Walk, Error> {
        let mut value = from;
        let mut boxed = from.is_boxed();
        loop {
            let rest = &self.tree.text[names.clone()];
            let len = memchr::memchr(b'.', rest).unwrap_or(rest.len());
            let (name, is_last) = (&rest[..len], len == rest.len());
            let span = names.start..names.start + len;
            names.start = (span.end + 1).min(names.end);
            match self.find(value, boxed, name, has_args && is_last)? {
                Found::Place(found, in_any) => {
                    value = found;
                    boxed = in_any;
                    if is_last {
                        let place = if boxed { &Type::ANY } else { value.ty() };
                        return Ok(Walk::Value(value.clone().placed(place)));
                    }
                }
                Found::Method(method) => return Ok(Walk::Method(method, value.clone(), is_last)),
                // Fields of nothing are nothing.
                Found::Missing => return Ok(Walk::Missing(span)),
            }
        }
    }

    fn find<'v>(
        &self,
        receiver: &'v Value,
        boxed: bool,
        name: &[u8],
        has_args: bool,
    ) -> Result<Found<'v>, Error> {
        if receiver.is_missing() {
            return Ok(Found::Missing);
        }
        if receiver.is_nil_any() {
            return Err(self.nil_pointer(receiver, boxed, name));
        }
        let methods = receiver.ty().methods();
        if methods != MethodSet::None
            && let Some(method) = methods::find(methods, name)
        {
            return Ok(Found::Method(method));
        }
        let (target, is_nil) = receiver.indirect();
        match target.data() {
            Data::Struct(values) => {
                let fields = target.ty().fields();
                if let Some(index) = fields.iter().position(|field| field.name.as_bytes() == name) {
                    let field = &fields[index];
                    if !field.is_exported() {
                        return self.unexported(name, receiver, boxed);
                    }
                    if has_args {
                        let name = String::from_utf8_lossy(name);
                        return self.other(format!("{name} has arguments but cannot be invoked as function"));
                    }
                    if let Some(value) = values.0.get(index) {
                        return Ok(Found::Place(value, field.ty.is_any()));
                    }
                }
            }
            Data::Time(_) if target.ty().fields().iter().any(|field| field.name.as_bytes() == name) => {
                return self.unexported(name, receiver, boxed);
            }
            Data::Map(_) | Data::Nil if target.ty().key().is_some_and(takes_text) => {
                if has_args {
                    let name = String::from_utf8_lossy(name);
                    return self.other(format!("{name} is not a method but has arguments"));
                }
                let Data::Map(map) = target.data() else {
                    return Ok(Found::Missing);
                };
                let in_any = target.element_type().is_any();
                return Ok(map.get_text(name).map_or(Found::Missing, |value| Found::Place(value, in_any)));
            }
            Data::Nil if is_nil => {
                let fields = target.element_type().fields();
                let is_struct = target.element_type().kind() == Kind::Struct;
                if !is_struct || fields.iter().any(|field| field.name.as_bytes() == name) {
                    return Err(self.nil_pointer(receiver, boxed, name));
                }
            }
            _ => {}
        }
        Err(self.unknown_field(receiver, boxed, target, name))
    }

    fn unexported<T>(&self, name: &[u8], receiver: &Value, boxed: bool) -> Result<T, Error> {
        let (name, ty) = (String::from_utf8_lossy(name), type_name(receiver, boxed));
        self.other(format!("{name} is an unexported field of struct type {ty}"))
    }

    fn nil_pointer(&self, receiver: &Value, boxed: bool, name: &[u8]) -> Error {
        let type_name = type_name(receiver, boxed);
        let field = String::from_utf8_lossy(name).into_owned();
        let message = format!("nil pointer evaluating {type_name}.{field}");
        self.error(ErrorKind::NilPointer { type_name, field }, message)
    }

    fn unknown_field(&self, receiver: &Value, boxed: bool, target: &Value, name: &[u8]) -> Error {
        let name = String::from_utf8_lossy(name).into_owned();
        let type_name = type_name(receiver, boxed);
        let message = format!("can't evaluate field {name} in type {type_name}");
        let holder = match target.kind() {
            Kind::Pointer => target.element_type(),
            _ => target.ty(),
        };
        let fields = holder.fields().iter().filter(|field| field.is_exported());
        let known = fields
            .map(|field| field.name.to_string())
            .chain(methods::names(receiver.ty().methods()).map(str::to_owned))
            .collect();
        self.error(ErrorKind::UnknownField { name, type_name, known }, message)
    }
}

/// Where following names led.
enum Walk {
    Value(Value),
    /// The name that was missing.
    Missing(Range<usize>),
    /// The method, its receiver, and whether it was the last name.
    Method(&'static Method, Value, bool),
}

fn takes_text(key: &Type) -> bool {
    Type::STRING.is_assignable_to(key)
}

fn type_name(value: &Value, boxed: bool) -> String {
    if boxed { Type::ANY.to_string() } else { value.static_type().to_string() }
}
