//! JSON values, as Go's decoder takes them: stricter than YAML's flow style, and one may follow the other.

use std::borrow::Cow;

use crate::yaml::{MAX_DEPTH, MAX_NODES};

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::event::{Event, Kind};
use super::tag::Tag;

/// Reads the value that stands at the cursor, which stays behind it.
pub(super) fn value<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Event<'a>>, ReadError> {
    let mut reader = Reader { cursor, events: Vec::new(), open: Vec::new() };
    loop {
        if reader.events.len() > MAX_NODES {
            return Err(reader.cursor.error(Problem::TooManyNodes));
        }
        if reader.begin()? {
            continue;
        }
        if reader.finish()? {
            return Ok(reader.events);
        }
    }
}

/// Takes white space, line ends included.
pub(super) fn skip_white_space(cursor: &mut Cursor<'_>) {
    loop {
        cursor.eat_blanks();
        if !cursor.eat_break() {
            return;
        }
    }
}

struct Reader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    events: Vec<Event<'a>>,
    /// What closes the lists and mappings that are open.
    open: Vec<char>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads a scalar or the beginning of a collection; whether the first value of the latter comes next.
    fn begin(&mut self) -> Result<bool, ReadError> {
        skip_white_space(self.cursor);
        let (kind, close) = match self.cursor.peek() {
            b'{' | b'[' if self.open.len() >= MAX_DEPTH => return Err(self.cursor.error(Problem::TooDeep)),
            b'{' => (Kind::Mapping, '}'),
            b'[' => (Kind::Sequence, ']'),
            b'"' => {
                self.text()?;
                return Ok(false);
            }
            _ => {
                self.literal()?;
                return Ok(false);
            }
        };
        self.event(kind);
        self.cursor.advance(1);
        skip_white_space(self.cursor);
        self.open.push(close);
        if self.cursor.peek() == close as u8 {
            return Ok(false);
        }
        if close == '}' {
            self.key()?;
        }
        Ok(true)
    }

    /// Reads what follows a value; whether all is read, and not another value comes next.
    fn finish(&mut self) -> Result<bool, ReadError> {
        while let Some(&close) = self.open.last() {
            skip_white_space(self.cursor);
            match self.cursor.peek() {
                b',' => {
                    self.cursor.advance(1);
                    if close == '}' {
                        self.key()?;
                    }
                    return Ok(false);
                }
                byte if byte == close as u8 => {
                    self.event(Kind::End);
                    self.cursor.advance(1);
                    self.open.pop();
                }
                _ => return Err(self.cursor.error(Problem::MissingSeparator { close })),
            }
        }
        Ok(true)
    }

    fn event(&mut self, kind: Kind<'a>) {
        self.events.push(Event { position: self.cursor.position(), tag: Tag::None, kind });
    }

    /// Reads a key with its colon.
    fn key(&mut self) -> Result<(), ReadError> {
        skip_white_space(self.cursor);
        if self.cursor.peek() != b'"' {
            return Err(self.cursor.error(Problem::JsonKey));
        }
        self.text()?;
        skip_white_space(self.cursor);
        if self.cursor.peek() != b':' {
            return Err(self.cursor.error(Problem::MissingColon));
        }
        self.cursor.advance(1);
        Ok(())
    }

    fn text(&mut self) -> Result<(), ReadError> {
        let position = self.cursor.position();
        let kind = Kind::Text(text(self.cursor)?);
        self.events.push(Event { position, tag: Tag::None, kind });
        Ok(())
    }

    /// Reads `null`, a truth value or a number.
    fn literal(&mut self) -> Result<(), ReadError> {
        let position = self.cursor.position();
        let start = self.cursor.pos();
        while matches!(self.cursor.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
            self.cursor.advance(1);
        }
        let word = self.cursor.since(start);
        let problem = match word {
            "" if self.cursor.at_end() => Problem::JsonEnd,
            "" => Problem::Unexpected { character: self.cursor.peek_char() },
            "null" | "true" | "false" => {
                self.events.push(Event { position, tag: Tag::None, kind: Kind::Plain(Cow::Borrowed(word)) });
                return Ok(());
            }
            // Beyond the range there is no number, in Go as here.
            _ if is_number(word) && word.parse().is_ok_and(f64::is_finite) => {
                self.events.push(Event { position, tag: Tag::None, kind: Kind::Plain(Cow::Borrowed(word)) });
                return Ok(());
            }
            _ if is_number(word) => Problem::NotJson { text: word.to_owned() },
            _ => Problem::JsonWord { word: word.to_owned() },
        };
        Err(ReadError::new(position, problem))
    }
}

/// Whether a word is a number as JSON writes it: no `+`, no leading zeros, digits around the point.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (number, exponent) = match word.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (word, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let is_whole = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    is_whole && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

/// Reads the text in quotes that stands at the cursor.
fn text<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, ReadError> {
    let opened = cursor.position();
    cursor.advance(1);
    let mut text = Cow::Borrowed("");
    loop {
        let run = cursor.pos();
        let stops = |&byte: &u8| matches!(byte, b'"' | b'\\') || byte < 0x20;
        let Some(length) = cursor.rest().iter().position(stops) else {
            return Err(ReadError::new(opened, Problem::UnclosedQuote));
        };
        cursor.advance(length);
        // Borrowed as long as there is only one run.
        if text.is_empty() {
            text = Cow::Borrowed(cursor.since(run));
        } else {
            text.to_mut().push_str(cursor.since(run));
        }
        match cursor.peek() {
            b'"' => {
                cursor.advance(1);
                return Ok(text);
            }
            b'\\' => text.to_mut().push(escape(cursor)?),
            byte => {
                let problem = Problem::ControlCharacter { code: byte.into() };
                return Err(cursor.error(problem));
            }
        }
    }
}

/// Reads the escape that stands at the cursor.
fn escape(cursor: &mut Cursor<'_>) -> Result<char, ReadError> {
    let here = cursor.position();
    cursor.advance(1);
    let character = match cursor.peek() {
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        same @ (b'"' | b'\\' | b'/') => char::from(same),
        b'u' => {
            cursor.advance(1);
            return coded(cursor).ok_or(ReadError::new(here, Problem::InvalidEscape));
        }
        _ if cursor.at_end() => return Err(ReadError::new(here, Problem::InvalidEscape)),
        _ => return Err(ReadError::new(here, Problem::UnknownEscape { character: cursor.peek_char() })),
    };
    cursor.advance(1);
    Ok(character)
}

/// Reads the digits after `\u`, and those of a second `\u` that makes a pair with it. Half a pair is the
/// replacement character.
fn coded(cursor: &mut Cursor<'_>) -> Option<char> {
    let code = four_digits(cursor, 0)?;
    cursor.advance(4);
    if (0xD800..0xDC00).contains(&code) && cursor.rest().starts_with(b"\\u") {
        let low = four_digits(cursor, 2)?;
        if (0xDC00..0xE000).contains(&low) {
            cursor.advance(6);
            return char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        }
    }
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn four_digits(cursor: &Cursor<'_>, ahead: usize) -> Option<u32> {
    (ahead..ahead + 4).try_fold(0, |code, at| Some(code << 4 | char::from(cursor.peek_at(at)).to_digit(16)?))
}
