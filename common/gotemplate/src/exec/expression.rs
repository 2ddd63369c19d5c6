//! Pipelines: one command after the other, each with the value of the one
//! before as its last argument.

use super::Executor;
use super::call::Call;
use crate::error::{Error, ErrorKind};
use crate::parse::{Many, NodeId, NodeKind};
use crate::value::Value;

/// An expression that waits for the value of a part of it.
pub(super) enum Pending {
    /// A pipeline, and which command comes next.
    Pipe { pipe: NodeId, next: u32 },
    /// A call that waits for an argument.
    Call(Call),
    /// `(…).a.b` that waits for what is in the parentheses.
    Chain { node: NodeId, fields: u32, args: Many, last: Option<Value> },
}

/// What evaluating a part leads to.
pub(super) enum Flow {
    Value(Value),
    /// A pipeline in parentheses comes first.
    Enter(NodeId),
}

/// How many variables are passed over in one step.
const VARIABLES_PER_STEP: usize = 64;

impl Executor<'_, '_> {
    /// The value of a pipeline; its variables are declared or assigned.
    pub(super) fn pipeline(&mut self, pipe: NodeId) -> Result<Value, Error> {
        let mut flow = Flow::Enter(pipe);
        loop {
            flow = match flow {
                Flow::Enter(pipe) => self.enter_pipe(pipe)?,
                Flow::Value(value) => match self.pending.pop() {
                    None => return Ok(value),
                    Some(Pending::Pipe { pipe, next }) => {
                        self.next_command(pipe, next, Some(value.unboxed()))?
                    }
                    Some(Pending::Call(call)) => self.resume(call, value)?,
                    Some(Pending::Chain { node, fields, args, last }) => {
                        self.fields(Some(value), node, fields, args, last)?
                    }
                },
            }
        }
    }

    /// Starts a pipeline.
    fn enter_pipe(&mut self, pipe: NodeId) -> Result<Flow, Error> {
        self.at = pipe;
        let command = match self.tree.node(pipe).kind {
            NodeKind::Pipe { decls, cmds, .. } if decls.len() == 0 => self.tree.many(cmds),
            _ => &[],
        };
        let [command] = command else {
            return self.next_command(pipe, 0, None);
        };
        // The usual one: a single command that has its value at once needs no
        // place among what is pending.
        let depth = self.pending.len();
        match self.command(*command, None)? {
            Flow::Value(value) if self.pending.len() == depth => Ok(Flow::Value(value.unboxed())),
            flow => {
                self.pending.insert(depth, Pending::Pipe { pipe, next: 1 });
                Ok(flow)
            }
        }
    }

    /// Evaluates command `next` of a pipeline, or ends it after the last one.
    fn next_command(&mut self, pipe: NodeId, next: u32, value: Option<Value>) -> Result<Flow, Error> {
        let NodeKind::Pipe { assigns, decls, cmds } = self.tree.node(pipe).kind else {
            return Ok(Flow::Value(value.unwrap_or_default()));
        };
        let Some(command) = self.tree.many(cmds).get(next as usize) else {
            let value = value.unwrap_or_default();
            for decl in self.tree.many(decls) {
                if assigns {
                    self.assign(*decl, value.clone())?;
                } else if let NodeKind::Variable { symbol, .. } = self.tree.node(*decl).kind {
                    self.declare(symbol, value.clone())?;
                }
            }
            return Ok(Flow::Value(value));
        };
        self.pending.push(Pending::Pipe { pipe, next: next + 1 });
        self.command(*command, value)
    }

    fn command(&mut self, command: NodeId, last: Option<Value>) -> Result<Flow, Error> {
        self.step(1)?;
        let NodeKind::Command { args } = self.tree.node(command).kind else {
            return Ok(Flow::Value(Value::missing()));
        };
        let word = self.tree.links[args.start as usize];
        let rest = Many { start: args.start + 1, end: args.end };
        let kind = self.tree.node(word).kind;
        if let NodeKind::Pipe { .. } = kind {
            self.takes_no_arguments(word, rest, last.is_some())?;
            return Ok(Flow::Enter(word));
        }
        self.at = word;
        match kind {
            NodeKind::Field | NodeKind::Variable { .. } | NodeKind::Chain { .. } => {
                self.operand(word, rest, last)
            }
            NodeKind::Identifier(function) => self.call_function(function, command, rest, last),
            _ => {
                self.takes_no_arguments(word, rest, last.is_some())?;
                match kind {
                    NodeKind::Nil => self.other("nil is not a command"),
                    _ => Ok(Flow::Value(self.literal(word)?)),
                }
            }
        }
    }

    /// A field, variable or chain, with the arguments that follow it.
    pub(super) fn operand(&mut self, node: NodeId, args: Many, last: Option<Value>) -> Result<Flow, Error> {
        self.at = node;
        match self.tree.node(node).kind {
            NodeKind::Field => self.fields(None, node, self.tree.node(node).start, args, last),
            NodeKind::Variable { symbol, fields } => {
                let value = self.variable(symbol)?;
                if fields == self.tree.node(node).end {
                    self.takes_no_arguments(node, args, last.is_some())?;
                    return Ok(Flow::Value(value));
                }
                self.fields(Some(value), node, fields, args, last)
            }
            NodeKind::Chain { base, fields } => {
                self.pending.push(Pending::Chain { node, fields, args, last });
                self.at = base;
                match self.tree.node(base).kind {
                    NodeKind::Identifier(function) => {
                        self.call_function(function, base, Many::default(), None)
                    }
                    _ => Ok(Flow::Enter(base)),
                }
            }
            _ => Ok(Flow::Value(Value::missing())),
        }
    }

    fn takes_no_arguments(&self, word: NodeId, rest: Many, piped: bool) -> Result<(), Error> {
        if rest.len() > 0 || piped {
            let source = self.tree.source(word);
            return self.other(format!("can't give argument to non-function {source}"));
        }
        Ok(())
    }

    /// The value of a literal, or dot, where no type is asked for.
    pub(super) fn literal(&mut self, node: NodeId) -> Result<Value, Error> {
        self.at = node;
        match self.tree.node(node).kind {
            NodeKind::Dot => Ok(self.dot.clone()),
            NodeKind::Bool(value) => Ok(Value::from(value)),
            NodeKind::String(index) => Ok(self.tree.strings[index as usize].clone()),
            NodeKind::Number(index) => match &self.tree.numbers[index as usize].ideal {
                Some(value) => Ok(value.clone()),
                None => self.other(format!("{} overflows int", self.tree.source(node))),
            },
            _ => Ok(Value::missing()),
        }
    }

    fn variable(&mut self, symbol: u32) -> Result<Value, Error> {
        let place = self.place_of(symbol)?;
        Ok(self.variables[place].1.clone())
    }

    /// The index of the innermost variable of that symbol. A long way to it counts as steps.
    fn place_of(&mut self, symbol: u32) -> Result<usize, Error> {
        let scope = &self.variables[self.variables_base..];
        let Some(distance) = scope.iter().rev().position(|(known, _)| *known == symbol) else {
            return Err(self.undefined_variable(symbol));
        };
        if distance >= VARIABLES_PER_STEP {
            self.step((distance / VARIABLES_PER_STEP) as u64)?;
        }
        Ok(self.variables.len() - 1 - distance)
    }

    /// Sets the variable of a declaring node.
    pub(super) fn assign(&mut self, decl: NodeId, value: Value) -> Result<(), Error> {
        let NodeKind::Variable { symbol, .. } = self.tree.node(decl).kind else {
            return Ok(());
        };
        let place = self.place_of(symbol)?;
        self.variables[place].1 = value;
        Ok(())
    }

    fn undefined_variable(&self, symbol: u32) -> Error {
        let name = String::from_utf8_lossy(self.tree.variable_name(symbol)).into_owned();
        let message = format!("undefined variable: {name}");
        self.error(ErrorKind::UndefinedVariable { name }, message)
    }
}
