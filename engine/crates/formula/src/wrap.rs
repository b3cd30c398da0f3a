//! Long texts with line breaks.

/// Collects words into lines; a space that would pass the width becomes a line break.
///
/// Invariant: `line_start` is where the last line starts, and `space` where its last breakable space stands, if it has one.
#[derive(Debug, Default)]
pub struct Wrapped {
    text: String,
    line_start: usize,
    space: Option<usize>,
}

const WIDTH: usize = 110;

impl Wrapped {
    /// Appends text that must not be broken, such as a string literal.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if self.text.len() - self.line_start > WIDTH
            && let Some(space) = self.space.take()
        {
            self.text.replace_range(space..=space, "\n");
            self.line_start = space + 1;
        }
    }

    /// Appends a space at which the line may be broken.
    pub fn space(&mut self) {
        self.space = Some(self.text.len());
        self.text.push(' ');
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}
