//! The tree of a parsed template.
//!
//! All nodes lie in one vector and refer to each other by index: building,
//! walking and dropping a tree never recurses, however deep it is.

use std::ops::Range;
use std::sync::Arc;

use super::number::Number;
use crate::function::Function;
use crate::value::Value;

pub(crate) type NodeId = u32;

/// A run of [`Tree::links`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Many {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Many {
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// A node: Go's position of it, the bytes it stands for, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// What errors are reported at.
    pub(crate) pos: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: NodeKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum NodeKind {
    Text,
    Action {
        pipe: NodeId,
    },
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `name` is an index of [`Tree::template_names`].
    Template {
        name: u32,
        pipe: Option<NodeId>,
    },
    Break,
    Continue,
    /// `decls` are variable nodes.
    Pipe {
        assigns: bool,
        decls: Many,
        cmds: Many,
    },
    Command {
        args: Many,
    },
    Dot,
    Nil,
    Bool(bool),
    /// Index of [`Tree::numbers`].
    Number(u32),
    /// Index of [`Tree::strings`]; the literal is the node's span.
    String(u32),
    /// `.a.b`: the node's span.
    Field,
    /// `$x.a.b`: `symbol` stands for `$x`, the fields start at `fields`.
    Variable {
        symbol: u32,
        fields: u32,
    },
    /// Index of [`Tree::functions`].
    Identifier(u32),
    /// `(…).a.b`: the fields start at `fields`.
    Chain {
        base: NodeId,
        fields: u32,
    },
}

/// A control structure: `else_list` is `None` where there is no `{{else}}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: NodeId,
    pub(crate) list: Many,
    pub(crate) else_list: Option<Many>,
}

/// A named body: the template itself or a `{{define}}`.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) list: Many,
}

#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) text: Arc<[u8]>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: Vec<NodeId>,
    pub(crate) numbers: Vec<Number>,
    pub(crate) strings: Vec<Value>,
    pub(crate) functions: Vec<Arc<Function>>,
    /// Where the variables' names stand, with their `$`; the first is `$`.
    pub(crate) variables: Vec<Range<usize>>,
    pub(crate) template_names: Vec<String>,
    pub(crate) definitions: Vec<Definition>,
    /// The definition that executing starts with.
    pub(crate) main: u32,
    /// For each of `template_names`, the definition of that name.
    pub(crate) targets: Vec<Option<u32>>,
}

impl Tree {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn many(&self, many: Many) -> &[NodeId] {
        &self.links[many.start as usize..many.end as usize]
    }

    /// The bytes a node was parsed from.
    pub(crate) fn span(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    /// The bytes of a node as they stand in the text.
    pub(crate) fn slice(&self, id: NodeId) -> &[u8] {
        &self.text[self.span(id)]
    }

    /// The names of a dotted chain that starts at `start` (at its first dot)
    /// and ends with the node.
    pub(crate) fn field_names(&self, start: u32, node: &Node) -> &[u8] {
        &self.text[(start as usize).min(node.end as usize)..node.end as usize]
    }

    pub(crate) fn variable_name(&self, symbol: u32) -> &[u8] {
        match symbol {
            0 => b"$",
            _ => &self.text[self.variables[symbol as usize].clone()],
        }
    }
}
