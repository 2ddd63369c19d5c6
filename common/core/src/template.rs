//! From a template to its text: the first stage of every file.
//!
//! Takes a source and a context, gives the rendered text and, when something in that text turns out to be
//! wrong later, the way back to the line that the user wrote. Rendering is pure: the same source and
//! context always give the same text, so the way back is found by rendering once more, and only then.

mod context;
mod convert;
mod functions;
mod lint;
mod report;

use std::ops::Range;

use gotemplate::{Functions, Limits, Missing, Options, Template, Value};

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::yaml::Position;

pub use context::Context;
pub use lint::{Trap, traps};
pub use report::TemplateError;

/// How much one template may use: ten million steps and 64 MiB.
const LIMITS: Limits = Limits { steps: 10_000_000, bytes: 64 << 20 };

/// Renders sources with one context.
#[derive(Debug, Clone)]
pub struct Engine {
    functions: Functions,
    dot: Value,
    options: Options,
}

impl Engine {
    /// An engine for `context`; `missing` says what a missing value does where it would be printed.
    pub fn new(context: &Context, missing: Missing) -> Self {
        Self {
            functions: functions::functions(context),
            dot: context.dot(),
            options: Options { missing, limits: LIMITS },
        }
    }

    /// An engine of its own for a thread. Values are counted references: threads that share them keep taking
    /// the counters from each other's caches.
    #[must_use]
    pub fn for_thread(&self, context: &Context) -> Self {
        Self::new(context, self.options.missing)
    }

    /// The same engine after the context changed in other things than variables and time.
    #[must_use]
    pub fn with_context(&self, context: &Context) -> Self {
        Self { dot: context.dot_after(&self.dot), ..self.clone() }
    }

    /// The same engine with another way of missing values.
    #[must_use]
    pub fn with_missing(&self, missing: Missing) -> Self {
        Self { options: Options { missing, limits: LIMITS }, ..self.clone() }
    }

    /// Renders a source.
    ///
    /// # Errors
    /// It isn't a template, fails, goes beyond the limits, or gives bytes that are no UTF-8.
    pub fn render(&self, source: &Source) -> Result<Rendered, TemplateError> {
        let fail = |error| TemplateError::new(source.clone(), error, &self.functions, &self.dot);
        let template = Template::parse(&source.name, &*source.text, &self.functions).map_err(fail)?;
        let bytes = template.execute(&self.dot, &self.options).map_err(fail)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let rendered = Rendered {
                text: String::new(),
                source: source.clone(),
                template: template.clone(),
                engine: self.clone(),
            };
            TemplateError::not_text(source.clone(), rendered.origin(offset))
        })?;
        Ok(Rendered { text, source: source.clone(), template, engine: self.clone() })
    }

    /// Renders a short text that stands in a field of `services.yaml`.
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn render_field(&self, name: &str, text: &str) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        self.render(&Source::new(name, text)).map(|rendered| rendered.text)
    }
}

/// A rendered text that remembers where it came from.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The text.
    pub text: String,
    source: Source,
    template: Template,
    engine: Engine,
}

impl Rendered {
    /// The source that was rendered.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The calls in the template that mean the opposite of what Helm's users expect.
    pub fn traps(&self) -> Vec<Trap> {
        traps(&self.template)
    }

    /// A message about a position of the rendered text, with the user's own line first; the rendered line
    /// follows where it says something else. A position of nothing leaves the message as it is.
    pub fn blame(&self, message: Diagnostic, position: Position, label: &str) -> Diagnostic {
        if position == Position::NONE {
            return message;
        }
        let output = Source::new(format!("{} (rendered)", self.source.name), self.text.as_str());
        let span = output.span_at(position);
        let (origin, exact) = self.origin(span.start);
        let origin = if exact {
            origin.start..(origin.start + span.len()).min(self.source.text.len())
        } else {
            origin
        };
        let same = line_of(&self.source.text, origin.start) == line_of(&self.text, span.start);
        let message =
            message.at(Place { source: self.source.clone(), span: origin, label: label.to_owned() });
        if same {
            return message;
        }
        message.at(Place { source: output, span, label: "in the rendered text".to_owned() })
    }

    /// The stretch of the source that the byte at `offset` of the text came from, and whether it was copied.
    fn origin(&self, offset: usize) -> (Range<usize>, bool) {
        let mapped = self.template.execute_mapped(&self.engine.dot, &self.engine.options);
        // It was rendered before with the same context, so it can't fail; an empty output has no origin.
        let Some(origin) = mapped.ok().and_then(|(_, map)| map.lookup(offset)) else {
            return (0..0, false);
        };
        let start = origin.template_offset;
        let length = if origin.exact { 0 } else { action_length(&self.source.text[start..]) };
        (start..start + length, origin.exact)
    }
}

/// The length of the action that a text begins with.
fn action_length(text: &str) -> usize {
    text.find("}}").map_or(text.len(), |end| end + 2)
}

fn line_of(text: &str, offset: usize) -> &str {
    let offset = offset.min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    text[start..].split('\n').next().unwrap_or("")
}
