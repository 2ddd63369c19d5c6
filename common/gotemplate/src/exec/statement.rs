//! Statements: text, actions, conditions, loops, calls of templates.

use super::Executor;
use crate::error::{Error, ErrorKind};
use crate::fmt;
use crate::parse::{Branch, Many, NodeId, NodeKind};
use crate::value::{Data, Kind, Value};

/// How deeply `{{template}}` calls may be nested, as in Go.
const MAX_DEPTH: usize = 100_000;

/// What a frame takes, the state of a loop included.
pub(super) const FRAME_SIZE: usize = size_of::<Frame>() + size_of::<Loop>();

/// A list of statements under way.
pub(super) struct Frame {
    /// The next statement and the end, in the tree's links.
    next: u32,
    end: u32,
    /// How many variables there were before.
    variables: usize,
    pub(super) kind: FrameKind,
}

pub(super) enum FrameKind {
    /// The statements of `if`, or a whole template.
    Plain,
    /// The statements of `with`: the dot outside.
    With(Value),
    Loop(Box<Loop>),
    /// The `else` of a loop: `break` ends here too.
    LoopElse,
    /// A template that was called: what is outside of it.
    Call {
        dot: Value,
        definition: u32,
        variables_base: usize,
    },
}

/// A loop under way.
pub(super) struct Loop {
    over: Value,
    /// For integers, how many rounds there are.
    rounds: u64,
    round: u64,
    decls: Many,
    assigns: bool,
    list: Many,
    /// The dot outside.
    dot: Value,
    /// How many variables there are before the body's own.
    variables: usize,
}

impl Executor<'_, '_> {
    pub(super) fn run(&mut self) -> Result<(), Error> {
        let main = self.tree.definitions[self.definition as usize].list;
        self.enter(main, FrameKind::Plain)?;
        while let Some(frame) = self.frames.last_mut() {
            if frame.next == frame.end {
                self.leave()?;
                continue;
            }
            let id = self.tree.links[frame.next as usize];
            frame.next += 1;
            self.statement(id)?;
        }
        Ok(())
    }

    fn enter(&mut self, list: Many, kind: FrameKind) -> Result<(), Error> {
        if self.frames.len() == self.frames.capacity() {
            self.hold(self.frames.len() * FRAME_SIZE)?;
        }
        let variables = self.variables.len();
        self.frames.push(Frame { next: list.start, end: list.end, variables, kind });
        Ok(())
    }

    fn statement(&mut self, id: NodeId) -> Result<(), Error> {
        self.at = id;
        self.step(1)?;
        match self.tree.node(id).kind {
            NodeKind::Text => self.write_text(id),
            NodeKind::Action { pipe } => {
                self.missed = None;
                let value = self.pipeline(pipe)?;
                if matches!(self.tree.node(pipe).kind, NodeKind::Pipe { decls, .. } if decls.len() == 0) {
                    self.at = id;
                    self.write_value(&value, id, pipe)?;
                }
                Ok(())
            }
            NodeKind::If(branch) => self.condition(branch, false),
            NodeKind::With(branch) => self.condition(branch, true),
            NodeKind::Range(branch) => self.range(branch),
            NodeKind::Template { name, pipe } => self.template(name, pipe),
            NodeKind::Break => self.break_loop(),
            NodeKind::Continue => self.continue_loop(),
            _ => Ok(()),
        }
    }

    fn condition(&mut self, branch: Branch, sets_dot: bool) -> Result<(), Error> {
        let variables = self.variables.len();
        let value = self.pipeline(branch.pipe)?;
        let is_true = value.is_true();
        let list = if is_true { Some(branch.list) } else { branch.else_list };
        let Some(list) = list else {
            self.variables.truncate(variables);
            return Ok(());
        };
        let kind = match sets_dot && is_true {
            true => FrameKind::With(std::mem::replace(&mut self.dot, value)),
            false => FrameKind::Plain,
        };
        self.enter(list, kind)?;
        self.set_frame_variables(variables);
        Ok(())
    }

    /// Makes the frame just entered end the variables from `count` on.
    fn set_frame_variables(&mut self, count: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.variables = count;
        }
    }

    fn range(&mut self, branch: Branch) -> Result<(), Error> {
        let outside = self.variables.len();
        let value = self.pipeline(branch.pipe)?;
        let value = value.indirect().0.clone();
        let NodeKind::Pipe { decls, assigns, .. } = self.tree.node(branch.pipe).kind else {
            return Ok(());
        };
        let rounds = match value.data() {
            Data::List(list) => list.len() as u64,
            Data::Map(map) => map.keys().len() as u64,
            Data::Nil if matches!(value.kind(), Kind::Slice | Kind::Map | Kind::Invalid) => 0,
            Data::Int(_) | Data::Uint(_) if decls.len() > 1 => {
                let shown = fmt::with_verb(&value, 'v');
                return self.other(format!("can't use {shown} to iterate over more than one variable"));
            }
            Data::Int(count) => u64::try_from(*count).unwrap_or(0),
            Data::Uint(count) => *count,
            Data::Location(location) => {
                let shown = fmt::location_struct(location);
                return self.other(format!("range can't iterate over {shown}"));
            }
            _ => {
                let shown = fmt::with_verb(&value, 'v');
                return self.other(format!("range can't iterate over {shown}"));
            }
        };
        if rounds == 0 {
            match branch.else_list {
                Some(list) => {
                    self.enter(list, FrameKind::LoopElse)?;
                    self.set_frame_variables(outside);
                }
                None => self.variables.truncate(outside),
            }
            return Ok(());
        }
        let state = Loop {
            over: value,
            rounds,
            round: 0,
            decls,
            assigns,
            list: branch.list,
            dot: self.dot.clone(),
            variables: self.variables.len(),
        };
        self.enter(Many::default(), FrameKind::Loop(Box::new(state)))?;
        self.set_frame_variables(outside);
        Ok(())
    }

    /// What happens at the end of a list of statements.
    fn leave(&mut self) -> Result<(), Error> {
        if matches!(self.frames.last(), Some(Frame { kind: FrameKind::Loop(_), .. })) {
            return self.next_round();
        }
        self.pop_frame();
        Ok(())
    }

    /// Ends the last frame and restores what is outside.
    fn pop_frame(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        self.variables.truncate(frame.variables);
        match frame.kind {
            FrameKind::Plain | FrameKind::LoopElse => {}
            FrameKind::With(dot) => self.dot = dot,
            FrameKind::Loop(state) => self.dot = state.dot,
            FrameKind::Call { dot, definition, variables_base } => {
                self.dot = dot;
                self.definition = definition;
                self.variables_base = variables_base;
                self.depth -= 1;
            }
        }
    }

    /// Starts the next round of the loop that is the last frame, or ends it.
    fn next_round(&mut self) -> Result<(), Error> {
        self.step(1)?;
        let Some(Frame { kind: FrameKind::Loop(state), next, end, .. }) = self.frames.last_mut() else {
            return Ok(());
        };
        if state.round == state.rounds {
            self.pop_frame();
            return Ok(());
        }
        (*next, *end) = (state.list.start, state.list.end);
        self.variables.truncate(state.variables);
        let (index, element) = state.element();
        state.round += 1;
        let (decls, assigns) = (state.decls, state.assigns);
        self.dot = element.clone();
        let count = decls.len();
        if assigns {
            let decls = self.tree.many(decls);
            if let [first, .., second] = decls {
                self.assign(*first, index)?;
                self.assign(*second, element)?;
            } else if let [only] = decls {
                self.assign(*only, element)?;
            }
            return Ok(());
        }
        // The pipeline declared them, last.
        let top = self.variables.len();
        if count > 1 {
            self.variables[top - 2].1 = index;
        }
        if count > 0 {
            self.variables[top - 1].1 = element;
        }
        Ok(())
    }

    fn break_loop(&mut self) -> Result<(), Error> {
        while let Some(frame) = self.frames.last() {
            let is_loop = matches!(frame.kind, FrameKind::Loop(_) | FrameKind::LoopElse);
            self.pop_frame();
            if is_loop {
                break;
            }
        }
        Ok(())
    }

    fn continue_loop(&mut self) -> Result<(), Error> {
        while let Some(frame) = self.frames.last_mut() {
            if matches!(frame.kind, FrameKind::Loop(_)) {
                frame.next = frame.end;
                break;
            }
            self.pop_frame();
        }
        Ok(())
    }

    fn template(&mut self, name: u32, pipe: Option<NodeId>) -> Result<(), Error> {
        let Some(target) = self.tree.targets[name as usize] else {
            let name = self.tree.template_names[name as usize].clone();
            let message = format!("template {} not defined", quote(&name));
            let known = self.tree.definitions.iter().map(|known| known.name.clone()).collect();
            return Err(self.error(ErrorKind::UndefinedTemplate { name, known }, message));
        };
        if self.depth == MAX_DEPTH {
            let message = format!("exceeded maximum template depth ({MAX_DEPTH})");
            return Err(self.error(ErrorKind::Depth, message));
        }
        let dot = match pipe {
            Some(pipe) => self.pipeline(pipe)?,
            None => Value::missing(),
        };
        let kind = FrameKind::Call {
            dot: std::mem::replace(&mut self.dot, dot.clone()),
            definition: self.definition,
            variables_base: self.variables_base,
        };
        self.depth += 1;
        self.definition = target;
        self.enter(self.tree.definitions[target as usize].list, kind)?;
        self.variables_base = self.variables.len();
        self.declare(0, dot)
    }
}

impl Loop {
    /// What the loop keeps alive.
    pub(super) fn values(&self) -> [&Value; 2] {
        [&self.over, &self.dot]
    }

    /// Index and element of the round that starts.
    fn element(&self) -> (Value, Value) {
        let round = usize::try_from(self.round).unwrap_or(usize::MAX);
        let place = self.over.element_type();
        match self.over.data() {
            Data::List(list) => {
                // Slices hold fewer than 2^63 items.
                let index = Value::from(i64::try_from(self.round).unwrap_or(i64::MAX));
                (index, list.items().get(round).cloned().unwrap_or_default().placed(place))
            }
            Data::Map(map) => {
                let key = map.keys().get(round).cloned().unwrap_or_default();
                (key, map.values().get(round).cloned().unwrap_or_default().placed(place))
            }
            Data::Uint(_) => (Value::missing(), Value::new(self.over.ty().clone(), Data::Uint(self.round))),
            _ => {
                let number = i64::try_from(self.round).unwrap_or(i64::MAX);
                (Value::missing(), Value::new(self.over.ty().clone(), Data::Int(number)))
            }
        }
    }
}

fn quote(name: &str) -> String {
    String::from_utf8_lossy(&crate::strconv::quote(name.as_bytes())).into_owned()
}
