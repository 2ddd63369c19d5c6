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
use std::sync::{Mutex, PoisonError};

use gotemplate::{ErrorKind, Functions, Limits, Missing, Options, Template, Value};

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::yaml::Position;

pub use context::Context;
pub use lint::{Trap, traps};
pub use report::TemplateError;

/// How much one template may use: ten million steps, 64 MiB for what it prints and 64 MiB for its values.
const LIMITS: Limits = Limits { steps: 10_000_000, bytes: 64 << 20, memory: 64 << 20 };

/// How much a template may use while others do the same on other threads.
const LIMITS_BESIDE_OTHERS: Limits = Limits { bytes: 4 << 20, memory: 4 << 20, ..LIMITS };

/// Held while a template uses more than that, so that not all threads do at once. Rendering gives the same text
/// each time, so it is begun anew then.
static ALONE: Mutex<()> = Mutex::new(());

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
        let bytes = self.execute(&template).map_err(fail)?;
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

    fn execute(&self, template: &Template) -> Result<Vec<u8>, gotemplate::Error> {
        let beside_others = Options { limits: LIMITS_BESIDE_OTHERS, ..self.options };
        match template.execute(&self.dot, &beside_others) {
            Err(error) if matches!(error.kind(), ErrorKind::ByteLimit | ErrorKind::MemoryLimit) => {
                let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
                template.execute(&self.dot, &self.options)
            }
            outcome => outcome,
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Arguments of every kind, at the edges of what they can be.
    const ARGUMENTS: [&str; 36] = [
        "0",
        "1",
        "-1",
        "12",
        "1000001",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "-1e300",
        "1i",
        "'x'",
        "true",
        "nil",
        ".Gone",
        ".EnvMap.GONE",
        "\"\"",
        "\"é\"",
        "\"ab\\ncd\\n\"",
        "\"\\xff\\xfe\"",
        "\"-9223372036854775808\"",
        "\"1e400\"",
        "\"%[3]*.[2]*[1]f%!%x%#v\"",
        "\"[a, {b: c}]\"",
        "\"{a: &a [*a]}\"",
        "(list)",
        "(list 1 \"a\" nil)",
        "(list (list 1) (dict \"a\" 1))",
        "(dict \"a\" 1 2)",
        "(fromYaml \"[1, {a: 0x10, 1.5: ~}]\")",
        "(b64dec \"/w==\")",
        "(slice (list 1 2 3) 1 2)",
        ".Now",
        ".Storage",
        ".Codex",
        ".EnvMap",
        ".",
    ];

    fn engine() -> Engine {
        Engine::new(&Context::default(), Missing::Print)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
        #[test]
        fn no_function_panics_whatever_it_is_given(
            function in select(engine().functions.names().map(str::to_owned).collect::<Vec<_>>()),
            arguments in prop::collection::vec(select(&ARGUMENTS[..]), 0..4),
            next in select(vec!["toJson", "toYaml", "quote", "print", "len", "html", "int"]),
        ) {
            let text = format!("{{{{ {function} {} | {next} }}}}", arguments.join(" "));
            let _ = engine().render(&Source::new("t", text));
        }
    }

    #[test]
    fn what_many_may_not_use_at_once_one_may() {
        let text =
            |template: &str| engine().render(&Source::new("t", template)).map(|rendered| rendered.text.len());
        assert_eq!(text("{{ range until 900 }}{{ printf \"%9999d\" 1 }}\n{{ end }}").ok(), Some(9_000_000));
        assert_eq!(
            text("{{ $l := list }}{{ range until 9000 }}{{ $l = list $l (until 100) }}{{ end }}").ok(),
            Some(0)
        );
    }
}
