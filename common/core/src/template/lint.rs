//! Calls that mean the opposite of what Helm's users expect.
//!
//! codexctl's `default` and `trimPrefix` take the value first, and a pipe gives its value last:
//! `.x | default "y"` is `"y"` unless that is blank, and `.x` then.

use std::ops::Range;

use gotemplate::Template;

/// A call of a function whose arguments are probably the wrong way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// The bytes of the call in the template.
    pub span: Range<usize>,
    /// The function.
    pub function: String,
}

impl Trap {
    /// What the call does.
    pub fn label(&self) -> &'static str {
        match self.function.as_str() {
            "default" => "the piped value is only the fallback here",
            _ => "the piped value is the prefix here",
        }
    }

    /// What was probably meant.
    pub fn hint(&self) -> &'static str {
        match self.function.as_str() {
            "default" => {
                "unlike Helm's, `default VALUE FALLBACK` takes the value first: write `default .X \"y\"`"
            }
            _ => {
                "unlike Helm's, `trimPrefix VALUE PREFIX` takes the value first: write `trimPrefix .X \"v\"`"
            }
        }
    }
}

/// The traps in a template, in order.
pub fn traps(template: &Template) -> Vec<Trap> {
    let calls = template.calls().filter(|call| call.piped && call.arguments == 1);
    let known = calls.filter(|call| matches!(call.function.as_str(), "default" | "trimPrefix"));
    known.map(|call| Trap { span: call.span, function: call.function }).collect()
}
