//! Tokens of the two syntaxes.
//!
//! Words that are connectives are listed in [`word`]; every other word is an atom. LaTeX commands are the longest run of
//! ASCII letters after a backslash, as in LaTeX itself, so `\/` can never be mistaken for one.

use crate::arena::{Connective, Modality};
use crate::error::{describe_char, describe_text};
use crate::parser::Syntax;
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    Atom(Cow<'t, str>),
    Top,
    Bot,
    Not,
    Modal(Modality),
    Binary(Connective),
    Open,
    Close,
    Begin,
    End,
    EndOfText,
}

/// A stretch of text that is no token.
#[derive(Clone, Debug)]
pub(crate) struct BadToken {
    pub(crate) found: String,
    /// What the text could have continued to, when it is the start of a token.
    pub(crate) expected: &'static [&'static str],
}

/// Whether a text is a name: a letter (of any script) or `_`, then letters, digits, `_` and `'`; and no connective.
#[must_use]
pub fn is_name(text: &str) -> bool {
    name_length(text) == text.len() && !text.is_empty() && word(text).is_none()
}

fn name_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    match chars.next() {
        Some((_, c)) if c.is_alphabetic() || c == '_' => {}
        _ => return 0,
    }
    chars.find(|&(_, c)| !(c.is_alphanumeric() || c == '_' || c == '\'')).map_or(text.len(), |(end, _)| end)
}

fn word(text: &str) -> Option<Token<'static>> {
    Some(match text {
        "and" | "AND" => Token::Binary(Connective::And),
        "or" | "OR" => Token::Binary(Connective::Or),
        "implies" | "IMPLIES" => Token::Binary(Connective::Imp),
        "iff" | "IFF" => Token::Binary(Connective::Iff),
        "not" | "NOT" => Token::Not,
        "true" | "TRUE" => Token::Top,
        "false" | "FALSE" => Token::Bot,
        "box" | "BOX" | "necessarily" => Token::Modal(Modality::Box),
        "dia" | "DIA" | "possibly" => Token::Modal(Modality::Dia),
        _ => return None,
    })
}

fn command(name: &str) -> Option<Token<'static>> {
    Some(match name {
        "Box" | "square" => Token::Modal(Modality::Box),
        "Diamond" | "diamond" | "lozenge" => Token::Modal(Modality::Dia),
        "neg" | "lnot" => Token::Not,
        "land" | "wedge" => Token::Binary(Connective::And),
        "lor" | "vee" => Token::Binary(Connective::Or),
        "to" | "rightarrow" | "Rightarrow" | "longrightarrow" | "Longrightarrow" | "implies" | "supset" => {
            Token::Binary(Connective::Imp)
        }
        "leftrightarrow" | "Leftrightarrow" | "longleftrightarrow" | "Longleftrightarrow" | "iff" | "equiv" => {
            Token::Binary(Connective::Iff)
        }
        "top" => Token::Top,
        "bot" => Token::Bot,
        _ => return None,
    })
}

fn symbol(c: char) -> Option<Token<'static>> {
    Some(match c {
        '(' => Token::Open,
        ')' => Token::Close,
        '~' | '!' | '¬' | '∼' | '￢' => Token::Not,
        '□' | '◻' | '☐' | '⬜' | '▢' => Token::Modal(Modality::Box),
        '◇' | '◊' | '⋄' | '♢' | '⬦' => Token::Modal(Modality::Dia),
        '&' | '∧' | '⋀' => Token::Binary(Connective::And),
        '|' | '∨' | '⋁' => Token::Binary(Connective::Or),
        '→' | '⇒' | '⟶' | '⟹' | '⊃' => Token::Binary(Connective::Imp),
        '↔' | '⇔' | '⟷' | '⟺' | '≡' => Token::Binary(Connective::Iff),
        '⊤' => Token::Top,
        '⊥' => Token::Bot,
        _ => return None,
    })
}

/// Operators of more than one ASCII character; an operator stands before its own prefixes.
const OPERATORS: [(&str, Token<'static>); 8] = [
    ("<->", Token::Binary(Connective::Iff)),
    ("<=>", Token::Binary(Connective::Iff)),
    ("->", Token::Binary(Connective::Imp)),
    ("=>", Token::Binary(Connective::Imp)),
    ("/\\", Token::Binary(Connective::And)),
    ("\\/", Token::Binary(Connective::Or)),
    ("&&", Token::Binary(Connective::And)),
    ("||", Token::Binary(Connective::Or)),
];

/// The token at the start of a text that starts with no blank, and its length.
pub(crate) fn token(text: &str, syntax: Syntax) -> Result<(Token<'_>, usize), BadToken> {
    let Some(first) = text.chars().next() else { return Ok((Token::EndOfText, 0)) };
    let length = name_length(text);
    if length > 0 {
        return Ok((name_token(&text[..length], syntax), length));
    }
    if let Some((operator, token)) = OPERATORS.iter().find(|(operator, _)| text.starts_with(operator)) {
        return Ok((token.clone(), operator.len()));
    }
    if let Some(token) = symbol(first) {
        return Ok((token, first.len_utf8()));
    }
    match first {
        '[' => modality(text, ']', Modality::Box, syntax, &["`[]`"]),
        '<' => modality(text, '>', Modality::Dia, syntax, &["`<>`", "`<->`", "`<=>`"]),
        '\\' => latex(text),
        '-' => Err(starts("`-`", &["`->`"])),
        '=' => Err(starts("`=`", &["`=>`"])),
        '/' => Err(starts("`/`", &["`/\\`"])),
        _ => Err(BadToken { found: describe_char(Some(first)), expected: &[] }),
    }
}

fn starts(found: &str, expected: &'static [&'static str]) -> BadToken {
    BadToken { found: found.to_owned(), expected }
}

fn name_token(name: &str, syntax: Syntax) -> Token<'_> {
    match (syntax, name) {
        (Syntax::InToHyLo, "begin") => Token::Begin,
        (Syntax::InToHyLo, "end") => Token::End,
        (Syntax::InToHyLo, "true") => Token::Top,
        (Syntax::InToHyLo, "false") => Token::Bot,
        (Syntax::InToHyLo, _) => Token::Atom(Cow::Borrowed(name)),
        (Syntax::Pxl, _) => word(name).unwrap_or(Token::Atom(Cow::Borrowed(name))),
    }
}

/// `[]` or `<>`, with blanks between; in `InToHyLo` with a relation between, such as `[r1]`.
fn modality<'t>(
    text: &'t str,
    close: char,
    modality: Modality,
    syntax: Syntax,
    expected: &'static [&'static str],
) -> Result<(Token<'t>, usize), BadToken> {
    let mut inner = text[1..].trim_start_matches([' ', '\t']);
    if syntax == Syntax::InToHyLo
        && let Some(relation) = inner.strip_prefix('r')
    {
        inner = relation.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([' ', '\t']);
    }
    match inner.strip_prefix(close) {
        Some(rest) => Ok((Token::Modal(modality), text.len() - rest.len())),
        None => Err(starts(&describe_text(&text[..1]), expected)),
    }
}

const FONTS: [&str; 3] = ["mathit", "mathrm", "text"];

fn latex(text: &str) -> Result<(Token<'_>, usize), BadToken> {
    let length = 1 + text[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = &text[1..length];
    if let Some(token) = command(name) {
        return Ok((token, length));
    }
    if FONTS.contains(&name) {
        return font(text, length);
    }
    let shown = if length == 1 { text.chars().nth(1).map_or(1, |c| 1 + c.len_utf8()) } else { length };
    Err(BadToken { found: describe_text(&text[..shown]), expected: &[] })
}

/// A name set in a font, such as `\mathit{p\_1}`: how the LaTeX printer spells names of several letters.
fn font(text: &str, length: usize) -> Result<(Token<'_>, usize), BadToken> {
    let bad = || starts(&describe_text(&text[..length]), &["a name in braces, such as `\\mathit{rain}`"]);
    let braced = text[length..].strip_prefix('{').ok_or_else(bad)?;
    let end = braced.find('}').ok_or_else(bad)?;
    let name = braced[..end].replace("\\_", "_");
    if is_name(&name) { Ok((Token::Atom(Cow::Owned(name)), length + end + 2)) } else { Err(bad()) }
}
