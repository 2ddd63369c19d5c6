//! Arguments: what a node gives where a type is asked for.

use super::Executor;
use super::expression::Flow;
use crate::error::{Error, ErrorKind};
use crate::parse::{Many, NodeId, NodeKind};
use crate::value::{Data, Kind, Type, Value};

/// An argument that was evaluated.
pub(super) enum Argument {
    /// It fits its parameter.
    Ready(Value),
    /// Its value is still to be fitted, or to be found first.
    Open(Flow),
}

impl Executor<'_, '_> {
    /// Evaluates an argument for a parameter of type `ty`.
    pub(super) fn argument(&mut self, node: NodeId, ty: &Type) -> Result<Argument, Error> {
        self.at = node;
        let value = match self.tree.node(node).kind {
            NodeKind::Dot => return Ok(Argument::Open(Flow::Value(self.dot.clone()))),
            NodeKind::Nil if ty.kind().is_nilable() || ty.is_value() => Value::zero(ty),
            NodeKind::Nil => return self.wrong(ty, format!("cannot assign nil to {ty}")),
            NodeKind::Field | NodeKind::Variable { .. } | NodeKind::Chain { .. } => {
                return Ok(Argument::Open(self.operand(node, Many::default(), None)?));
            }
            NodeKind::Identifier(function) => {
                let flow = self.call_function(function, node, Many::default(), None)?;
                return Ok(Argument::Open(flow));
            }
            NodeKind::Pipe { .. } => return Ok(Argument::Open(Flow::Enter(node))),
            _ => self.literal_as(node, ty)?,
        };
        Ok(Argument::Ready(value))
    }

    /// A literal read as a value of type `ty`.
    fn literal_as(&mut self, node: NodeId, ty: &Type) -> Result<Value, Error> {
        if ty.is_any() || ty.is_value() {
            return self.literal(node);
        }
        let kind = self.tree.node(node).kind;
        let number = match kind {
            NodeKind::Number(index) => Some(&self.tree.numbers[index as usize]),
            _ => None,
        };
        let (data, expected) = match ty.kind() {
            Kind::Bool => match kind {
                NodeKind::Bool(value) => (Some(Data::Bool(value)), ""),
                _ => (None, "bool"),
            },
            Kind::String => match kind {
                NodeKind::String(index) => (Some(self.tree.strings[index as usize].data().clone()), ""),
                _ => (None, "string"),
            },
            Kind::Float32 | Kind::Float64 => (number.and_then(|n| n.float).map(Data::Float), "float"),
            Kind::Complex64 | Kind::Complex128 => {
                let complex = number.and_then(|n| n.complex);
                (complex.map(|parts| Data::Complex(std::sync::Arc::new(parts))), "complex")
            }
            kind if kind.is_signed() => (number.and_then(|n| n.int).map(Data::Int), "integer"),
            kind if kind.is_unsigned() => (number.and_then(|n| n.uint).map(Data::Uint), "unsigned integer"),
            _ => {
                let source = self.tree.source(node);
                return self.wrong(ty, format!("can't handle {source} for arg of type {ty}"));
            }
        };
        match data {
            Some(data) => Ok(Value::new(ty.clone(), data)),
            None => {
                let source = self.tree.source(node);
                self.wrong(ty, format!("expected {expected}; found {source}"))
            }
        }
    }

    /// Fits a value to a parameter of type `ty`.
    pub(super) fn fit(&self, value: Value, ty: &Type, missing_as_zero: bool) -> Result<Value, Error> {
        if value.is_missing() {
            if ty.kind().is_nilable() || ty.is_value() {
                return Ok(Value::zero(ty));
            }
            if missing_as_zero && ty.kind() == Kind::String {
                return Ok(Value::zero(ty));
            }
            return self.wrong(ty, format!("invalid value; expected {ty}"));
        }
        if ty.is_value() || ty.is_any() {
            return Ok(value);
        }
        if !value.is_nil_any() && value.ty() == ty {
            return Ok(value.placed(ty));
        }
        if !value.is_nil_any() && value.ty().is_assignable_to(ty) {
            return Ok(Value::new(ty.clone(), value.data().clone()));
        }
        if value.kind() == Kind::Pointer && value.element_type().is_assignable_to(ty) {
            return match value.indirect() {
                (target, false) => Ok(target.clone()),
                _ => self.wrong(ty, format!("dereference of nil pointer of type {ty}")),
            };
        }
        self.wrong(ty, format!("wrong type for value; expected {ty}; got {}", value.ty()))
    }

    fn wrong<T>(&self, expected: &Type, message: String) -> Result<T, Error> {
        Err(self.error(ErrorKind::ArgumentType { expected: expected.to_string() }, message))
    }
}
