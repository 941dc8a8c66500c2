//! Text as HTML.

use std::fmt::Write;

/// A page in the making.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup as it stands.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, whatever stands in it.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\n' | '\t' => self.0.push(character),
                // HTML has no such characters (and XML cannot hold them).
                '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.0.push(char::REPLACEMENT_CHARACTER);
                }
                other => self.0.push(other),
            }
        }
        self
    }

    /// An element that holds text only. `attributes` is markup: ` class="x"`.
    pub(super) fn element(&mut self, name: &str, attributes: &str, text: &str) -> &mut Self {
        let _ = write!(self.0, "<{name}{attributes}>");
        self.text(text);
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// A row of a table, in cells of text.
    pub(super) fn row(&mut self, cell: &str, cells: &[&str]) -> &mut Self {
        self.raw("<tr>");
        for text in cells {
            self.element(cell, "", text);
        }
        self.raw("</tr>\n")
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}
