//! Output: literal text and the values of actions.

use super::Executor;
use crate::error::{Error, ErrorKind};
use crate::fmt;
use crate::options::Missing;
use crate::parse::NodeId;
use crate::value::{Data, Kind, Value};

impl Executor<'_, '_> {
    pub(super) fn write_text(&mut self, node: NodeId) -> Result<(), Error> {
        let span = self.tree.span(node);
        if let Some(map) = &mut self.map {
            map.push(self.out.len(), span.start, true);
        }
        self.out.extend_from_slice(&self.tree.text[span]);
        self.check_length()
    }

    /// Writes the value of action `node`, whose pipeline is `pipe`.
    pub(super) fn write_value(&mut self, value: &Value, node: NodeId, pipe: NodeId) -> Result<(), Error> {
        if let Some(map) = &mut self.map {
            map.push(self.out.len(), self.tree.span(node).start, false);
        }
        let value = if value.kind() == Kind::Pointer { value.indirect().0 } else { value };
        match value.data() {
            Data::Text(text) => self.out.extend_from_slice(text),
            _ if value.is_missing() || value.is_nil_any() => {
                if self.options.missing == Missing::Error {
                    return Err(self.missing_value(pipe));
                }
                self.out.extend_from_slice(b"<no value>");
            }
            _ if value.kind() == Kind::Func => {
                let source = self.tree.source(node);
                return self.other(format!("can't print {source} of type {}", value.ty()));
            }
            _ => {
                if fmt::append_value(&mut self.out, value, self.options.limits.bytes).is_err() {
                    return Err(self.too_long());
                }
            }
        }
        self.check_length()
    }

    fn check_length(&self) -> Result<(), Error> {
        if self.out.len() > self.options.limits.bytes { Err(self.too_long()) } else { Ok(()) }
    }

    /// The error that the value of `expression` is missing where it would be
    /// printed.
    pub(super) fn missing_value(&mut self, expression: NodeId) -> Error {
        self.at = expression;
        let mut key = None;
        if let Some((node, name)) = self.missed.take() {
            self.at = node;
            key = Some(String::from_utf8_lossy(&self.tree.text[name]).into_owned());
        }
        let expression = self.tree.source(expression);
        let message = match &key {
            Some(key) => format!("no value for key {key:?}"),
            None => "no value".to_owned(),
        };
        self.error(ErrorKind::MissingValue { expression, key }, message)
    }
}
