//! Parse errors: where, what was found, what would have been right.

use std::fmt;

/// A limit on what a formula's text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The length of the text.
    MaxBytes,
    /// The nesting of connectives.
    MaxDepth,
    /// The number of distinct atoms.
    MaxAtoms,
    /// The size of the formula's tree.
    MaxNodes,
}

impl Limit {
    /// The limit's name, as in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxBytes => "max_bytes",
            Self::MaxDepth => "max_depth",
            Self::MaxAtoms => "max_atoms",
            Self::MaxNodes => "max_nodes",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::MaxBytes => "the text is longer than the limit",
            Self::MaxDepth => "connectives are nested more deeply than the limit",
            Self::MaxAtoms => "there are more distinct atoms than the limit",
            Self::MaxNodes => "the formula has more nodes than the limit",
        }
    }
}

/// Why a text is not a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The error without its place.
    pub message: String,
    /// Bytes from the start of the text.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// What stands at the place.
    pub found: String,
    /// What could have stood there.
    pub expected: Vec<String>,
    /// The source line, cut around the place when long, and a line with `^` below the place.
    pub caret: String,
    /// The limit that was passed, if that is the error, and its value.
    pub limit: Option<(Limit, usize)>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}\n{}", self.line, self.column, self.message, self.caret)
    }
}

impl std::error::Error for ParseError {}

impl ParseError {
    pub(crate) fn syntax(text: &str, offset: usize, found: String, expected: &[&str], note: &str) -> Box<Self> {
        let message = format!("expected {}; found {found}{note}", one_of(expected));
        let expected = expected.iter().map(ToString::to_string).collect();
        Self::at(text, offset, message, found, expected, None)
    }

    pub(crate) fn limit(text: &str, offset: usize, limit: Limit, maximum: usize) -> Box<Self> {
        let message = format!("{} ({} = {maximum})", limit.describe(), limit.name());
        let found = describe_char(text[offset..].chars().next());
        Self::at(text, offset, message, found, Vec::new(), Some((limit, maximum)))
    }

    fn at(
        text: &str,
        offset: usize,
        message: String,
        found: String,
        expected: Vec<String>,
        limit: Option<(Limit, usize)>,
    ) -> Box<Self> {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let column = text[line_start..offset].chars().count() + 1;
        let source = text[line_start..].split('\n').next().unwrap_or_default();
        Box::new(Self { message, offset, line, column, found, expected, caret: caret(source, column - 1), limit })
    }
}

fn one_of(items: &[&str]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// A character as an error message shows it: control and other invisible characters by their code.
pub(crate) fn describe_char(found: Option<char>) -> String {
    match found {
        None => "the end of the text".to_owned(),
        Some(c) if is_plain(c) => format!("`{c}`"),
        Some(c) => format!("the character U+{:04X}", u32::from(c)),
    }
}

/// A short stretch of text as an error message shows it.
pub(crate) fn describe_text(found: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = found.chars().take(SHOWN).map(visible).collect();
    if found.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

fn is_plain(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && c.escape_debug().len() <= 2
}

fn visible(c: char) -> char {
    if c == '\t' || c == ' ' {
        ' '
    } else if is_plain(c) {
        c
    } else {
        '\u{FFFD}'
    }
}

/// The source line, with at most `CONTEXT` characters on either side of the place, and the caret below it.
fn caret(source: &str, column: usize) -> String {
    const CONTEXT: usize = 40;
    const CUT: &str = "...";
    let first = column.saturating_sub(CONTEXT);
    let shown: Vec<char> = source.trim_end_matches('\r').chars().skip(first).take(column - first + CONTEXT).collect();
    let lead = if first > 0 { CUT } else { "" };
    let more = source.trim_end_matches('\r').chars().nth(first + shown.len()).is_some();
    let tail = if more { CUT } else { "" };
    let line: String = shown.into_iter().map(visible).collect();
    format!("{lead}{line}{tail}\n{}^", " ".repeat(lead.len() + column - first))
}
