//! Prefix printers: the Coq term and the JSON syntax tree.

use crate::arena::{Connective, Formula, Modality, Node, NodeId};
use crate::wrap::Wrapped;

enum Piece {
    Text(&'static str),
    Space,
    Sub(NodeId),
}

impl Node {
    /// The Coq constructor of the node's outermost symbol.
    #[must_use]
    pub fn constructor(self) -> &'static str {
        match self {
            Self::Atom(_) => "Atom",
            Self::Bot => "Bot",
            Self::Top => "Top",
            Self::Not(_) => "Not",
            Self::Binary(Connective::And, ..) => "And",
            Self::Binary(Connective::Or, ..) => "Or",
            Self::Binary(Connective::Imp, ..) => "Imp",
            Self::Binary(Connective::Iff, ..) => "Iff",
            Self::Modal(Modality::Box, _) => "Box",
            Self::Modal(Modality::Dia, _) => "Dia",
        }
    }

    /// The name of the node's outermost symbol in JSON.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            Self::Atom(_) => "atom",
            Self::Bot => "bottom",
            Self::Top => "top",
            Self::Not(_) => "not",
            Self::Binary(Connective::And, ..) => "and",
            Self::Binary(Connective::Or, ..) => "or",
            Self::Binary(Connective::Imp, ..) => "imp",
            Self::Binary(Connective::Iff, ..) => "iff",
            Self::Modal(Modality::Box, _) => "box",
            Self::Modal(Modality::Dia, _) => "dia",
        }
    }
}

impl Formula {
    /// The formula as a Coq term of type `formula`.
    #[must_use]
    pub fn coq(&self) -> String {
        let mut term = Wrapped::default();
        let mut pending = vec![Piece::Sub(self.root())];
        while let Some(piece) = pending.pop() {
            match piece {
                Piece::Text(text) => term.push(text),
                Piece::Space => term.space(),
                Piece::Sub(id) => {
                    let node = self.nodes()[id as usize];
                    let constant = matches!(node, Node::Bot | Node::Top);
                    if id != self.root() && !constant {
                        term.push("(");
                        pending.push(Piece::Text(")"));
                    }
                    term.push(node.constructor());
                    if let Node::Atom(atom) = node {
                        term.space();
                        term.push(&format!("\"{}\"", self.atoms()[atom as usize]));
                    }
                    for child in node.children().into_iter().rev().flatten() {
                        pending.extend([Piece::Sub(child), Piece::Space]);
                    }
                }
            }
        }
        term.finish()
    }

    /// The syntax tree as JSON: `{"op":"imp","args":[...]}`, an atom as `{"op":"atom","name":"A"}`.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = String::new();
        let mut pending = vec![Piece::Sub(self.root())];
        while let Some(piece) = pending.pop() {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Space => text.push(','),
                Piece::Sub(id) => {
                    let node = self.nodes()[id as usize];
                    text.extend(["{\"op\":\"", node.operation(), "\""]);
                    pending.push(Piece::Text("}"));
                    match node.children() {
                        [Some(a), None] => pending.extend([Piece::Text("]"), Piece::Sub(a)]),
                        [Some(a), Some(b)] => {
                            pending.extend([Piece::Text("]"), Piece::Sub(b), Piece::Space, Piece::Sub(a)]);
                        }
                        _ => {
                            if let Node::Atom(atom) = node {
                                // A name holds no character that JSON would have escaped.
                                text.extend([",\"name\":\"", &*self.atoms()[atom as usize], "\""]);
                            }
                            continue;
                        }
                    }
                    text.push_str(",\"args\":[");
                }
            }
        }
        text
    }
}
