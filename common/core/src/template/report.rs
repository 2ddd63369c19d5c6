//! An error of a template in the words of this project, with the place and a hint.

use std::ops::Range;

use gotemplate::{ErrorKind, Functions, Value};

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::suggestion::did_you_mean;

use super::context::keys_at;

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's source.
    pub source: Source,
    /// The bytes of it that are to blame.
    pub span: Range<usize>,
    /// What is wrong there.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

impl TemplateError {
    pub(super) fn new(source: Source, error: gotemplate::Error, functions: &Functions, dot: &Value) -> Self {
        let (message, hint) = explain(&error, functions, dot);
        Self { span: error.span(), source, message, hint }
    }

    pub(super) fn not_text(source: Source, origin: (Range<usize>, bool)) -> Self {
        let message = "this gives bytes that are no UTF-8 text".to_owned();
        Self { span: origin.0, source, message, hint: None }
    }

    /// The message for the user under `title`.
    pub fn diagnostic(self, title: impl Into<String>) -> Diagnostic {
        let place = Place { source: self.source, span: self.span, label: self.message };
        Diagnostic::input(title).at(place).hint(self.hint)
    }
}

/// What is wrong, and a hint.
fn explain(error: &gotemplate::Error, functions: &Functions, dot: &Value) -> (String, Option<String>) {
    match error.kind() {
        ErrorKind::UndefinedFunction { name } => {
            let mut known: Vec<&str> = functions.names().collect();
            known.sort_unstable();
            (format!("function `{name}` is not defined"), did_you_mean(name, known))
        }
        ErrorKind::UndefinedVariable { name } => {
            let hint = "variables of services.yaml's header comments exist in services.yaml only";
            (format!("variable `{name}` is not defined"), Some(hint.to_owned()))
        }
        ErrorKind::UndefinedTemplate { name, known } => (
            format!("template `{name}` is not defined"),
            did_you_mean(name, known.iter().map(String::as_str)),
        ),
        ErrorKind::UnknownField { name, type_name, known } => {
            let message = format!(
                "there is no field `{name}` in {}",
                type_name.rsplit('.').next().unwrap_or(type_name)
            );
            (message, did_you_mean(name, known.iter().map(String::as_str)))
        }
        ErrorKind::MissingValue { expression, key } => missing(expression, key.as_deref(), dot),
        ErrorKind::Syntax if error.message() == "unexpected EOF" => (
            "the text ends inside a block".to_owned(),
            Some("every `if`, `range`, `with`, `define` and `block` needs an `{{ end }}`".to_owned()),
        ),
        ErrorKind::StepLimit => {
            ("this template takes too many steps; does a loop ever end?".to_owned(), None)
        }
        ErrorKind::ByteLimit => ("this template's output is larger than 64 MiB".to_owned(), None),
        ErrorKind::MemoryLimit => {
            ("this template's values take more than 64 MiB; does one hold another twice?".to_owned(), None)
        }
        _ => (shortened(error.message()), None),
    }
}

/// A message of bearable length: some quote a value.
fn shortened(message: &str) -> String {
    /// In bytes.
    const LONGEST: usize = 2_000;
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &message[..end])
}

/// A missing value, with the keys that the map does have to choose the nearest from.
fn missing(expression: &str, key: Option<&str>, dot: &Value) -> (String, Option<String>) {
    let Some(key) = key else {
        return (format!("`{expression}` has no value"), None);
    };
    let path: Vec<&str> = expression.split('.').skip(1).collect();
    let container = path.iter().position(|step| *step == key).unwrap_or(0);
    let known = if expression.starts_with('.') { keys_at(dot, &path[..container]) } else { Vec::new() };
    let hint = did_you_mean(key, known.iter().map(String::as_str))
        .or_else(|| Some("`--missing=print` prints `<no value>` instead".to_owned()));
    (format!("`{expression}` has no value: there is no key `{key}`"), hint)
}
