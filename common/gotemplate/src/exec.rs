//! Executes a parsed template.
//!
//! Statements and expressions keep what is under way in lists of their own, so
//! neither recursion of templates nor nesting of any kind uses the native
//! stack. [`statement`] walks the statements, [`expression`] evaluates
//! pipelines, [`argument`] fits values to parameters, [`field`] looks into
//! values, [`call`] runs functions, [`memory`] counts what they make, [`output`]
//! writes.

mod argument;
mod call;
mod expression;
mod field;
mod memory;
mod output;
mod statement;

use std::ops::Range;

use crate::error::{Error, ErrorKind, Facts, Phase, Place};
use crate::options::Options;
use crate::parse::{NodeId, Tree};
use crate::source_map::SourceMap;
use crate::value::Value;
pub(crate) use call::Failure;
use expression::Pending;
use memory::Memory;
use statement::Frame;

/// Executes `tree`, the template `name`, with the data `dot`.
pub(crate) fn execute(
    name: &str,
    tree: &Tree,
    dot: &Value,
    options: &Options,
    map: Option<&mut SourceMap>,
) -> Result<Vec<u8>, Error> {
    let dot = dot.clone().unboxed();
    let mut executor = Executor {
        name,
        tree,
        options,
        out: Vec::with_capacity(tree.text.len()),
        map,
        variables: vec![(0, dot.clone())],
        variables_base: 0,
        given: dot.clone(),
        dot,
        memory: Memory::new(options.limits.memory),
        frames: Vec::new(),
        pending: Vec::new(),
        values: Vec::new(),
        definition: tree.main,
        depth: 0,
        steps: options.limits.steps,
        at: 0,
        missed: None,
    };
    executor.run()?;
    Ok(executor.out)
}

/// What a variable takes.
const VARIABLE_SIZE: usize = size_of::<(u32, Value)>();

struct Executor<'t, 'm> {
    name: &'t str,
    tree: &'t Tree,
    options: &'t Options,
    out: Vec<u8>,
    map: Option<&'m mut SourceMap>,
    /// Symbols and values; those of the template under way start at
    /// `variables_base`, with `$`.
    variables: Vec<(u32, Value)>,
    variables_base: usize,
    /// The data.
    given: Value,
    dot: Value,
    memory: Memory,
    /// Statements under way.
    frames: Vec<Frame>,
    /// Expressions under way, and the arguments they have so far.
    pending: Vec<Pending>,
    values: Vec<Value>,
    /// The definition under way, and how deeply it is called.
    definition: u32,
    depth: usize,
    /// Steps that are left.
    steps: u64,
    /// The node that an error is reported at.
    at: NodeId,
    /// The map key that was looked for last in vain: the node, and where the
    /// key stands.
    missed: Option<(NodeId, Range<usize>)>,
}

impl Executor<'_, '_> {
    /// Counts `count` steps.
    fn step(&mut self, count: u64) -> Result<(), Error> {
        match self.steps.checked_sub(count) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                let message = format!("too many steps (limit {})", self.options.limits.steps);
                Err(self.error(ErrorKind::StepLimit, message))
            }
        }
    }

    /// Declares a variable.
    fn declare(&mut self, symbol: u32, value: Value) -> Result<(), Error> {
        if self.variables.len() == self.variables.capacity() {
            self.hold(self.variables.len() * VARIABLE_SIZE)?;
        }
        self.variables.push((symbol, value));
        Ok(())
    }

    fn too_long(&self) -> Error {
        let message = format!("output is too long (limit {} bytes)", self.options.limits.bytes);
        self.error(ErrorKind::ByteLimit, message)
    }

    fn other<T>(&self, message: impl Into<String>) -> Result<T, Error> {
        Err(self.error(ErrorKind::Other, message))
    }

    /// An error at the current node.
    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        let span = self.tree.span(self.at);
        let position = self.tree.node(self.at).pos as usize;
        Error::new(Facts {
            phase: Phase::Exec,
            template: self.name.to_owned(),
            place: Some(Place::new(&self.tree.text, position, span)),
            executing: self.tree.definitions[self.definition as usize].name.clone(),
            source: self.tree.source(self.at),
            message: message.into(),
            kind,
        })
    }
}
