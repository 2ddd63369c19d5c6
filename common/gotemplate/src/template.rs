//! A parsed template: what hosts hold on to.

use std::ops::Range;
use std::sync::Arc;

use crate::error::Error;
use crate::exec;
use crate::function::Functions;
use crate::options::Options;
use crate::parse::{self, NodeKind, Tree};
use crate::source_map::SourceMap;
use crate::value::Value;

/// A parsed template. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Template {
    name: Arc<str>,
    tree: Arc<Tree>,
}

/// A call of a function in a template, for tools that look for habits to warn
/// about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name of the function.
    pub function: String,
    /// Where the call stands in the template's text.
    pub span: Range<usize>,
    /// How many arguments follow the name.
    pub arguments: usize,
    /// Whether a value is piped into the call as its last argument.
    pub piped: bool,
}

impl Template {
    /// Parses `text`. `name` shows up in errors, and `{{template}}` can call the
    /// template by it.
    ///
    /// # Errors
    /// When the text is no template or calls a function that isn't in
    /// `functions`.
    pub fn parse(name: &str, text: impl AsRef<[u8]>, functions: &Functions) -> Result<Template, Error> {
        let tree = parse::parse(name, text.as_ref(), functions)?;
        Ok(Template { name: Arc::from(name), tree: Arc::new(tree) })
    }

    /// Name of the template.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the templates defined in the text, the template's own included.
    pub fn definitions(&self) -> impl Iterator<Item = &str> {
        self.tree.definitions.iter().map(|definition| definition.name.as_str())
    }

    /// The output for the data `dot`.
    ///
    /// # Errors
    /// When the execution fails or goes beyond the limits.
    pub fn execute(&self, dot: &Value, options: &Options) -> Result<Vec<u8>, Error> {
        exec::execute(&self.name, &self.tree, dot, options, None)
    }

    /// Like [`Template::execute`], with a map from the output to the template.
    ///
    /// ```
    /// use gotemplate::{Functions, Options, Origin, Template, Value};
    ///
    /// let template = Template::parse("t", "a: {{.}}!", &Functions::new())?;
    /// let (out, map) = template.execute_mapped(&Value::from("value"), &Options::default())?;
    /// assert_eq!(out, b"a: value!");
    /// assert_eq!(map.lookup(5), Some(Origin { template_offset: 3, exact: false }));
    /// assert_eq!(map.lookup(8), Some(Origin { template_offset: 8, exact: true }));
    /// # Ok::<(), gotemplate::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Template::execute`].
    pub fn execute_mapped(&self, dot: &Value, options: &Options) -> Result<(Vec<u8>, SourceMap), Error> {
        let mut map = SourceMap::default();
        let output = exec::execute(&self.name, &self.tree, dot, options, Some(&mut map))?;
        Ok((output, map))
    }

    /// All calls of functions, in the order in which they are parsed.
    ///
    /// ```
    /// use gotemplate::{Functions, Template};
    ///
    /// let template = Template::parse("t", "{{.name | printf \"%q\"}}", &Functions::new())?;
    /// let calls: Vec<_> = template.calls().collect();
    /// assert_eq!((calls[0].function.as_str(), calls[0].arguments, calls[0].piped), ("printf", 1, true));
    /// # Ok::<(), gotemplate::Error>(())
    /// ```
    pub fn calls(&self) -> impl Iterator<Item = Call> {
        self.tree.nodes.iter().flat_map(|node| self.calls_of(node.kind))
    }

    /// The calls that a pipeline makes itself: those at the start of a command,
    /// and bare names among the arguments.
    fn calls_of(&self, kind: NodeKind) -> Vec<Call> {
        let tree = &*self.tree;
        let name_of = |id| match tree.node(id).kind {
            NodeKind::Identifier(function) => Some(tree.functions[function as usize].name().to_owned()),
            _ => None,
        };
        let mut calls = Vec::new();
        let mut add = |id, span_of, arguments, piped| {
            if let Some(function) = name_of(id) {
                calls.push(Call { function, span: tree.span(span_of), arguments, piped });
            }
        };
        match kind {
            NodeKind::Pipe { cmds, .. } => {
                for (stage, command) in tree.many(cmds).iter().enumerate() {
                    let NodeKind::Command { args } = tree.node(*command).kind else {
                        continue;
                    };
                    for (position, arg) in tree.many(args).iter().enumerate() {
                        match position {
                            0 => add(*arg, *command, args.len() - 1, stage > 0),
                            _ => add(*arg, *arg, 0, false),
                        }
                    }
                }
            }
            NodeKind::Chain { base, .. } => add(base, base, 0, false),
            _ => {}
        }
        calls
    }
}
