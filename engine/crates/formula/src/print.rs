//! Infix printers: as few parentheses as the parser needs, so that parsing the text gives the same formula.

use crate::arena::{Connective, Formula, Modality, Node, NodeId};
use crate::parser::precedence;
use std::borrow::Cow;

struct Style {
    not: &'static str,
    modal: [&'static str; 2],
    binary: [&'static str; 4],
    top: &'static str,
    bot: &'static str,
    /// Whether a modal operator's argument always stands in parentheses.
    call: bool,
    name: fn(&str) -> Cow<'_, str>,
}

const ASCII: Style = Style {
    not: "~",
    modal: ["[]", "<>"],
    binary: [" /\\ ", " \\/ ", " -> ", " <-> "],
    top: "true",
    bot: "false",
    call: false,
    name: plain_name,
};

const MANUAL: Style = Style { modal: ["BOX", "DIA"], top: "TRUE", bot: "FALSE", call: true, ..ASCII };

const UNICODE: Style = Style {
    not: "¬",
    modal: ["□", "◇"],
    binary: [" ∧ ", " ∨ ", " → ", " ↔ "],
    top: "⊤",
    bot: "⊥",
    call: false,
    name: plain_name,
};

const LATEX: Style = Style {
    not: "\\neg ",
    modal: ["\\Box ", "\\Diamond "],
    binary: [" \\land ", " \\lor ", " \\to ", " \\leftrightarrow "],
    top: "\\top",
    bot: "\\bot",
    call: false,
    name: latex_name,
};

fn plain_name(name: &str) -> Cow<'_, str> {
    Cow::Borrowed(name)
}

/// One letter with digits or primes stands as it is; LaTeX would set any other name as a product or with subscripts.
fn latex_name(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_digit() || c == '\'';
    if name != "_" && name.chars().skip(1).all(plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\\mathit{{{}}}", name.replace('_', "\\_")))
    }
}

enum Piece {
    Text(&'static str),
    /// A subformula, in parentheses when it binds less tightly than the level.
    Sub(NodeId, u8),
}

const TIGHTEST: u8 = 5;

impl Formula {
    /// The formula in ASCII, such as `[](A -> A)`.
    #[must_use]
    pub fn ascii(&self) -> String {
        self.print(&ASCII)
    }

    /// The formula in Unicode, such as `□(A → A)`.
    #[must_use]
    pub fn unicode(&self) -> String {
        self.print(&UNICODE)
    }

    /// The formula as LaTeX for mathematics mode, such as `\Box (A \to A)`.
    #[must_use]
    pub fn latex(&self) -> String {
        self.print(&LATEX)
    }

    /// The formula in the operations manual's style, such as `BOX(A -> A)`.
    #[must_use]
    pub fn manual(&self) -> String {
        self.print(&MANUAL)
    }

    fn print(&self, style: &Style) -> String {
        let mut text = String::new();
        let mut pending = vec![Piece::Sub(self.root(), 0)];
        while let Some(piece) = pending.pop() {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Sub(node, level) => {
                    self.print_node(self.nodes()[node as usize], level, style, &mut text, &mut pending);
                }
            }
        }
        text
    }

    /// Writes what comes first of a node and leaves the rest pending.
    fn print_node(&self, node: Node, level: u8, style: &Style, text: &mut String, pending: &mut Vec<Piece>) {
        match node {
            Node::Atom(atom) => text.push_str(&(style.name)(&self.atoms()[atom as usize])),
            Node::Top => text.push_str(style.top),
            Node::Bot => text.push_str(style.bot),
            Node::Not(a) => {
                text.push_str(style.not);
                pending.push(Piece::Sub(a, TIGHTEST));
            }
            Node::Modal(modality, a) => {
                text.push_str(style.modal[usize::from(modality == Modality::Dia)]);
                if style.call {
                    text.push('(');
                    pending.extend([Piece::Text(")"), Piece::Sub(a, 0)]);
                } else {
                    pending.push(Piece::Sub(a, TIGHTEST));
                }
            }
            Node::Binary(connective, a, b) => {
                let own = precedence(connective);
                if own < level {
                    text.push('(');
                    pending.push(Piece::Text(")"));
                }
                let (left, right) = if connective == Connective::Imp { (own + 1, own) } else { (own, own + 1) };
                let operator = style.binary[connective as usize];
                pending.extend([Piece::Sub(b, right), Piece::Text(operator), Piece::Sub(a, left)]);
            }
        }
    }
}
