//! A node printed back in normal form, as error messages show it.
//!
//! Works through a list of pieces still to write, so that ten thousand nested
//! parentheses need no native stack.

use super::ast::{Branch, Many, Node, NodeId, NodeKind, Tree};
use crate::strconv;

enum Piece {
    Text(&'static str),
    /// The bytes of the template's text from here to the end of a node.
    Fields(u32, NodeId),
    Node(NodeId),
    /// An argument: pipelines get parentheses there.
    Argument(NodeId),
}

impl Tree {
    /// The source of a node in normal form.
    pub(crate) fn source(&self, id: NodeId) -> String {
        let mut out = Vec::new();
        let mut pieces = vec![Piece::Node(id)];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Fields(start, id) => {
                    out.extend_from_slice(self.field_names(start, self.node(id)));
                }
                Piece::Node(id) => self.write_node(self.node(id), id, &mut out, &mut pieces),
                Piece::Argument(id) => {
                    if matches!(self.node(id).kind, NodeKind::Pipe { .. }) {
                        pieces.extend([Piece::Text(")"), Piece::Node(id), Piece::Text("(")]);
                    } else {
                        pieces.push(Piece::Node(id));
                    }
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Writes a leaf, or puts what a node consists of in front of `pieces`
    /// (last piece first).
    fn write_node(&self, node: &Node, id: NodeId, out: &mut Vec<u8>, pieces: &mut Vec<Piece>) {
        match node.kind {
            NodeKind::Text
            | NodeKind::Number(_)
            | NodeKind::String(_)
            | NodeKind::Bool(_)
            | NodeKind::Field
            | NodeKind::Variable { .. }
            | NodeKind::Identifier(_)
            | NodeKind::Dot
            | NodeKind::Nil => out.extend_from_slice(self.slice(id)),
            NodeKind::Action { pipe } => {
                pieces.extend([Piece::Text("}}"), Piece::Node(pipe), Piece::Text("{{")]);
            }
            NodeKind::If(branch) => self.write_branch("{{if ", branch, pieces),
            NodeKind::With(branch) => self.write_branch("{{with ", branch, pieces),
            NodeKind::Range(branch) => self.write_branch("{{range ", branch, pieces),
            NodeKind::Template { name, pipe } => {
                out.extend_from_slice(b"{{template ");
                strconv::append_quote(out, self.template_names[name as usize].as_bytes());
                pieces.push(Piece::Text("}}"));
                pieces.extend(pipe.map(Piece::Node));
                if pipe.is_some() {
                    pieces.push(Piece::Text(" "));
                }
            }
            NodeKind::Break => out.extend_from_slice(b"{{break}}"),
            NodeKind::Continue => out.extend_from_slice(b"{{continue}}"),
            NodeKind::Pipe { assigns, decls, cmds } => {
                self.write_joined(cmds, " | ", Piece::Node, pieces);
                if decls.len() > 0 {
                    pieces.push(Piece::Text(if assigns { " = " } else { " := " }));
                    self.write_joined(decls, ", ", Piece::Node, pieces);
                }
            }
            NodeKind::Command { args } => self.write_joined(args, " ", Piece::Argument, pieces),
            NodeKind::Chain { base, fields } => {
                pieces.extend([Piece::Fields(fields, id), Piece::Argument(base)]);
            }
        }
    }

    fn write_branch(&self, word: &'static str, branch: Branch, pieces: &mut Vec<Piece>) {
        pieces.push(Piece::Text("{{end}}"));
        if let Some(list) = branch.else_list {
            self.write_joined(list, "", Piece::Node, pieces);
            pieces.push(Piece::Text("{{else}}"));
        }
        self.write_joined(branch.list, "", Piece::Node, pieces);
        pieces.extend([Piece::Text("}}"), Piece::Node(branch.pipe), Piece::Text(word)]);
    }

    fn write_joined(
        &self,
        many: Many,
        separator: &'static str,
        piece: fn(NodeId) -> Piece,
        pieces: &mut Vec<Piece>,
    ) {
        for (i, id) in self.many(many).iter().rev().enumerate() {
            if i > 0 {
                pieces.push(Piece::Text(separator));
            }
            pieces.push(piece(*id));
        }
    }
}
