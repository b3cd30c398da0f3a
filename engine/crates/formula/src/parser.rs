//! The parser: operator precedence with an explicit stack (Dijkstra's shunting yard), so that depth costs heap, not stack.
//!
//! Unary operators bind tightest, then conjunction, disjunction, implication, equivalence. Implication associates to the
//! right, the others to the left. Invariant between tokens: `operands` holds the nodes of the complete operands to the
//! left, and `waiting` the operators and parentheses that still wait for their last argument.

use crate::arena::{Builder, Connective, Formula, Modality, Node, NodeId};
use crate::error::{Limit, ParseError, describe_text};
use crate::lexer::{Token, token};

/// Which texts are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// The project's syntax: ASCII, Unicode, LaTeX and words, freely mixed.
    #[default]
    Pxl,
    /// The syntax of modal provers' benchmark files: `begin` formula `end`.
    InToHyLo,
}

/// What a formula's text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of the text in bytes.
    pub max_bytes: usize,
    /// The nesting of connectives.
    pub max_depth: usize,
    /// The number of distinct atoms.
    pub max_atoms: usize,
    /// The nodes of the formula's tree.
    pub max_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 1_048_576, max_depth: 10_000, max_atoms: 20_000, max_nodes: 400_000 }
    }
}

impl Formula {
    /// Parses one formula.
    ///
    /// # Errors
    /// When the text is not a formula, or passes a limit.
    pub fn parse(text: &str, syntax: Syntax, limits: &Limits) -> Result<Self, Box<ParseError>> {
        if text.len() > limits.max_bytes {
            let offset = (0..=limits.max_bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            return Err(ParseError::limit(text, offset, Limit::MaxBytes, limits.max_bytes));
        }
        Parser {
            text,
            syntax,
            limits,
            builder: Builder::default(),
            operands: Vec::new(),
            waiting: Vec::new(),
            open: 0,
            emitted: 0,
        }
        .formula()
    }
}

pub(crate) fn precedence(connective: Connective) -> u8 {
    match connective {
        Connective::Iff => 1,
        Connective::Imp => 2,
        Connective::Or => 3,
        Connective::And => 4,
    }
}

#[derive(Clone, Copy, Debug)]
enum Waiting {
    Open,
    Not,
    Modal(Modality),
    Binary(Connective),
}

struct Parser<'t> {
    text: &'t str,
    syntax: Syntax,
    limits: &'t Limits,
    builder: Builder,
    operands: Vec<NodeId>,
    waiting: Vec<(Waiting, usize)>,
    /// The parentheses among `waiting`.
    open: usize,
    emitted: usize,
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug)]
enum Place {
    Begin,
    Operand,
    Operator,
}

const OPERAND: [&str; 7] = ["an atom", "`(`", "`~`", "`[]`", "`<>`", "`true`", "`false`"];
const OPERATOR: [&str; 4] = ["`/\\`", "`\\/`", "`->`", "`<->`"];

impl Parser<'_> {
    fn formula(mut self) -> Result<Formula, Box<ParseError>> {
        let mut at = self.start()?;
        loop {
            at = self.operand(at)?;
            match self.operator(at)? {
                Some(next) => at = next,
                None => break,
            }
        }
        let root = self.operands.pop().expect("a text that parses leaves exactly its formula");
        Ok(self.builder.finish(root))
    }

    fn start(&self) -> Result<usize, Box<ParseError>> {
        if self.syntax == Syntax::Pxl {
            return Ok(0);
        }
        match self.next(0, Place::Begin)? {
            (Token::Begin, _, end) => Ok(end),
            (_, start, end) => Err(self.error(start, end, Place::Begin)),
        }
    }

    /// The next token with its start and end.
    fn next(&self, at: usize, place: Place) -> Result<(Token<'_>, usize, usize), Box<ParseError>> {
        let rest = self.text[at..].trim_start();
        let start = self.text.len() - rest.len();
        match token(rest, self.syntax) {
            Ok((token, length)) => Ok((token, start, start + length)),
            Err(bad) if bad.expected.is_empty() => {
                Err(ParseError::syntax(self.text, start, bad.found, &self.expected(place), ""))
            }
            Err(bad) => Err(ParseError::syntax(self.text, start, bad.found, bad.expected, "")),
        }
    }

    fn expected(&self, place: Place) -> Vec<&'static str> {
        match place {
            Place::Begin => vec!["`begin`"],
            Place::Operand => OPERAND.to_vec(),
            Place::Operator => {
                let mut expected = OPERATOR.to_vec();
                expected.push(match (self.open > 0, self.syntax) {
                    (true, _) => "`)`",
                    (false, Syntax::Pxl) => "the end of the text",
                    (false, Syntax::InToHyLo) => "`end`",
                });
                expected
            }
        }
    }

    fn error(&self, start: usize, end: usize, place: Place) -> Box<ParseError> {
        let expected = self.expected(place);
        if start < end {
            return ParseError::syntax(self.text, start, describe_text(&self.text[start..end]), &expected, "");
        }
        let open = self.waiting.iter().rev().find(|(waiting, _)| matches!(waiting, Waiting::Open));
        let note = open.map_or(String::new(), |&(_, offset)| {
            let before = &self.text[..offset];
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line = before.matches('\n').count() + 1;
            let column = before[line_start..].chars().count() + 1;
            format!(" (the `(` at line {line}, column {column} is not closed)")
        });
        ParseError::syntax(self.text, start, "the end of the text".to_owned(), &expected, &note)
    }

    /// Reads prefix operators and one atom, constant or opening parenthesis after another, up to a complete operand.
    fn operand(&mut self, mut at: usize) -> Result<usize, Box<ParseError>> {
        loop {
            let (token, start, end) = self.next(at, Place::Operand)?;
            let wait = match token {
                Token::Atom(name) => {
                    let name = name.into_owned();
                    let node = self.builder.atom(&name);
                    if self.builder.distinct_atoms() > self.limits.max_atoms {
                        return Err(ParseError::limit(self.text, start, Limit::MaxAtoms, self.limits.max_atoms));
                    }
                    return self.emit(node, start).map(|()| end);
                }
                Token::Top => return self.leaf(Node::Top, start).map(|()| end),
                Token::Bot => return self.leaf(Node::Bot, start).map(|()| end),
                Token::Not => Waiting::Not,
                Token::Modal(modality) => Waiting::Modal(modality),
                Token::Open => {
                    self.open += 1;
                    Waiting::Open
                }
                _ => return Err(self.error(start, end, Place::Operand)),
            };
            self.waiting.push((wait, start));
            at = end;
        }
    }

    /// Reads closing parentheses up to a binary operator; `None` at the end of the formula.
    fn operator(&mut self, mut at: usize) -> Result<Option<usize>, Box<ParseError>> {
        loop {
            let (token, start, end) = self.next(at, Place::Operator)?;
            match token {
                Token::Binary(connective) => {
                    self.reduce(precedence(connective) + u8::from(connective == Connective::Imp))?;
                    self.waiting.push((Waiting::Binary(connective), start));
                    return Ok(Some(end));
                }
                Token::Close => {
                    self.reduce(0)?;
                    if self.waiting.pop().is_none() {
                        return Err(self.error(start, end, Place::Operator));
                    }
                    self.open -= 1;
                    at = end;
                }
                Token::EndOfText | Token::End => {
                    let ends = match self.syntax {
                        Syntax::Pxl => token == Token::EndOfText,
                        Syntax::InToHyLo => token == Token::End && self.text[end..].trim_start().is_empty(),
                    };
                    if self.open > 0 || !ends {
                        return Err(self.error(start, end, Place::Operator));
                    }
                    self.reduce(0)?;
                    return Ok(None);
                }
                _ => return Err(self.error(start, end, Place::Operator)),
            }
        }
    }

    /// Completes the waiting operators that bind at least as tightly as `level`, back to a parenthesis.
    fn reduce(&mut self, level: u8) -> Result<(), Box<ParseError>> {
        while let Some(&(waiting, offset)) = self.waiting.last() {
            let node = match waiting {
                Waiting::Open => break,
                Waiting::Binary(connective) if precedence(connective) < level => break,
                Waiting::Binary(connective) => {
                    let right = self.argument();
                    Node::Binary(connective, self.argument(), right)
                }
                Waiting::Not => Node::Not(self.argument()),
                Waiting::Modal(modality) => Node::Modal(modality, self.argument()),
            };
            self.waiting.pop();
            self.leaf(node, offset)?;
        }
        Ok(())
    }

    fn argument(&mut self) -> NodeId {
        self.operands.pop().expect("an operator is completed only after its operands")
    }

    fn leaf(&mut self, node: Node, offset: usize) -> Result<(), Box<ParseError>> {
        let node = self.builder.add(node);
        self.emit(node, offset)
    }

    fn emit(&mut self, node: NodeId, offset: usize) -> Result<(), Box<ParseError>> {
        self.emitted += 1;
        if self.emitted > self.limits.max_nodes {
            return Err(ParseError::limit(self.text, offset, Limit::MaxNodes, self.limits.max_nodes));
        }
        if self.builder.measure(node).depth as usize > self.limits.max_depth {
            return Err(ParseError::limit(self.text, offset, Limit::MaxDepth, self.limits.max_depth));
        }
        self.operands.push(node);
        Ok(())
    }
}
