//! The parts of a git `config`: headers, variables, and what lies between them.
//!
//! Takes the text, gives one part after the other with its bytes, so that what is to stay can stay as it is.
//! Separate because it knows git's syntax and nothing of what the variables mean. The rules are those of
//! git-config(1), "Syntax".

/// A section's name and subsection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// In small letters.
    pub(super) name: String,
    /// As it is written; in small letters where it is written after a full stop.
    pub(super) subsection: Option<String>,
}

/// One part of a config.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Blanks and line ends.
    Blank(&'a [u8]),
    /// A comment, without its line end.
    Comment(&'a [u8]),
    /// A section begins; the bytes end with the bracket.
    Header(&'a [u8], Section),
    /// A variable.
    Variable {
        /// Its bytes up to the end of its last line.
        raw: &'a [u8],
        /// Its name, in small letters.
        name: String,
        /// Its value without quotes and escapes.
        value: Option<String>,
    },
}

/// Goes through a config.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next part.
    ///
    /// # Errors
    /// The number of a line that can't be read, from 1.
    pub(super) fn next_item(&mut self) -> Result<Option<Item<'a>>, usize> {
        let start = self.at;
        let item = match self.peek() {
            None => return Ok(None),
            Some(byte) if byte.is_ascii_whitespace() => {
                self.skip(|byte| byte.is_ascii_whitespace());
                Some(Item::Blank(&self.text[start..self.at]))
            }
            Some(0xEF) if self.text[start..].starts_with(b"\xEF\xBB\xBF") && start == 0 => {
                self.at += 3;
                Some(Item::Blank(&self.text[..3]))
            }
            Some(b'#' | b';') => {
                self.skip(|byte| byte != b'\n');
                Some(Item::Comment(&self.text[start..self.at]))
            }
            Some(b'[') => self.section().map(|section| Item::Header(&self.text[start..self.at], section)),
            Some(byte) if byte.is_ascii_alphabetic() => self
                .assignment()
                .map(|(name, value)| Item::Variable { raw: &self.text[start..self.at], name, value }),
            Some(_) => None,
        };
        item.map(Some).ok_or_else(|| self.line_of(start))
    }

    fn line_of(&self, at: usize) -> usize {
        self.text[..at].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, mut is_skipped: impl FnMut(u8) -> bool) {
        while self.peek().is_some_and(&mut is_skipped) {
            self.at += 1;
        }
    }

    /// `[name]`, `[name "subsection"]` or `[name.subsection]`.
    fn section(&mut self) -> Option<Section> {
        self.at += 1;
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let name = small(&self.text[start..self.at]);
        let blanks = self.at;
        self.skip(|byte| matches!(byte, b' ' | b'\t'));
        let has_blanks = self.at > blanks;
        match self.next_byte()? {
            b']' if !has_blanks => Some(match name.split_once('.') {
                Some((name, subsection)) => {
                    Section { name: name.to_owned(), subsection: Some(subsection.to_owned()) }
                }
                None => Section { name, subsection: None },
            }),
            b'"' => {
                let mut subsection = Vec::new();
                loop {
                    match self.next_byte()? {
                        b'"' => break,
                        b'\\' => subsection.push(self.next_byte().filter(|byte| *byte != b'\n')?),
                        b'\n' => return None,
                        byte => subsection.push(byte),
                    }
                }
                let subsection = Some(String::from_utf8_lossy(&subsection).into_owned());
                (self.next_byte()? == b']').then_some(Section { name, subsection })
            }
            _ => None,
        }
    }

    fn assignment(&mut self) -> Option<(String, Option<String>)> {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let name = small(&self.text[start..self.at]);
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        match self.next_byte() {
            None | Some(b'\n') => Some((name, None)),
            Some(b'#' | b';') => {
                self.rest_of_line();
                Some((name, None))
            }
            Some(b'=') => self.value().map(|value| (name, Some(value))),
            Some(_) => None,
        }
    }

    /// What follows the `=`, up to a line end that isn't escaped.
    fn value(&mut self) -> Option<String> {
        let mut value = Vec::new();
        // Blanks at the end don't count, and the end isn't known yet.
        let mut blanks = Vec::new();
        let mut is_quoted = false;
        while let Some(byte) = self.next_byte() {
            match byte {
                b'\n' if is_quoted => return None,
                b'\n' => break,
                b'#' | b';' if !is_quoted => {
                    self.rest_of_line();
                    break;
                }
                b'"' => {
                    value.append(&mut blanks);
                    is_quoted = !is_quoted;
                }
                b'\\' => {
                    value.append(&mut blanks);
                    if let Some(letter) = self.escape()? {
                        value.push(letter);
                    }
                }
                b' ' | b'\t' | b'\r' if !is_quoted => {
                    if !value.is_empty() {
                        blanks.push(byte);
                    }
                }
                other => {
                    value.append(&mut blanks);
                    value.push(other);
                }
            }
        }
        (!is_quoted).then(|| String::from_utf8_lossy(&value).into_owned())
    }

    /// What an escape stands for: nothing for a line that goes on.
    fn escape(&mut self) -> Option<Option<u8>> {
        match self.next_byte()? {
            b'\n' => Some(None),
            b'\r' if self.peek() == Some(b'\n') => {
                self.at += 1;
                Some(None)
            }
            b'n' => Some(Some(b'\n')),
            b't' => Some(Some(b'\t')),
            b'b' => Some(Some(8)),
            byte @ (b'"' | b'\\') => Some(Some(byte)),
            _ => None,
        }
    }

    fn rest_of_line(&mut self) {
        self.skip(|byte| byte != b'\n');
        self.at = (self.at + 1).min(self.text.len());
    }
}

fn small(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_ascii_lowercase()
}
