//! Text from outside, fit for a terminal.
//!
//! Servers, manifests, logs and programs choose what messages quote. Characters that a terminal acts on could erase
//! or forge lines, and those that change the direction of text could show another text than is there. Each becomes
//! `�`; colours are left out. What is data (`render`'s output, `-o json`) never comes here.

use std::borrow::Cow;

/// A text of several lines: line breaks and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    cleaned(text, |letter| letter == '\n' || letter == '\t')
}

/// A text that has to stay one line: line breaks and tabs become blanks.
pub fn line(text: &str) -> Cow<'_, str> {
    let text = lines(text);
    if text.contains(['\n', '\t']) { Cow::Owned(text.replace(['\n', '\t'], " ")) } else { text }
}

/// A letter as it is shown, one for one, so that columns stay what they are. Tabs stay.
pub fn letter(letter: char) -> char {
    if letter != '\t' && is_harmful(letter) { char::REPLACEMENT_CHARACTER } else { letter }
}

/// Lines under the first are indented, so that none of them looks like a message of its own.
pub fn indented(text: &str) -> String {
    text.trim_end_matches('\n').replace('\n', "\n  ")
}

/// A line without escape sequences and control characters, for programs that print to what they take for a terminal:
/// what they said is left, what they meant to do is not.
pub fn without_sequences(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            match chars.next() {
                // A control sequence ends with a letter or one of a few signs.
                Some('[') => while chars.next().is_some_and(|char| !matches!(char, '@'..='~')) {},
                // A command ends with BEL or ESC `\`.
                Some(']' | 'P' | '_' | '^' | 'X') => {
                    while let Some(char) = chars.next() {
                        if char == '\u{7}' || (char == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                _ => {}
            }
        } else if char == '\t' || !char.is_control() {
            plain.push(char);
        }
    }
    plain
}

fn cleaned(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_clean = |letter: char| stays(letter) || !is_harmful(letter);
    if text.chars().all(is_clean) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\u{1b}' => color_length(rest),
            // The line break of others.
            '\r' if rest[1..].starts_with('\n') => 1,
            _ => 0,
        };
        if length > 0 {
            rest = &rest[length..];
            continue;
        }
        clean.push(if is_clean(letter) { letter } else { char::REPLACEMENT_CHARACTER });
        rest = &rest[letter.len_utf8()..];
    }
    Cow::Owned(clean)
}

/// Control characters, and what changes the direction of text or breaks lines in the eyes of some.
fn is_harmful(letter: char) -> bool {
    let is_direction = matches!(letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter.is_control() || is_direction || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// The length of the sequence for colours that a text begins with, 0 if it is none.
fn color_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let end = parameters.find(|letter: char| !letter.is_ascii_digit() && letter != ';' && letter != ':');
    match end {
        Some(end) if parameters[end..].starts_with('m') => end + 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_replaced() {
        assert_eq!(lines("a\u{1b}[2Jb\rc\nd\te"), "a\u{fffd}[2Jb\u{fffd}c\nd\te");
        assert_eq!(lines("\u{7}\u{8}\u{7f}\u{85}\u{9b}31m"), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}31m");
        assert_eq!(lines("a\u{202e}b\u{2066}c\u{200f}d\u{2028}e"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(letter('\u{9b}'), '\u{fffd}');
    }

    #[test]
    fn words_of_every_language_stay() {
        for text in ["", "plain", "ключ 鍵 🔑 \u{1f469}\u{200d}\u{1f4bb}", "a\tb\nc"] {
            assert!(matches!(lines(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn colours_are_left_out_and_lines_end_alike() {
        assert_eq!(lines("\u{1b}[1;31mred\u{1b}[0m\u{1b}[m\r\nnext"), "red\nnext");
        assert_eq!(lines("\u{1b}[1;31"), "\u{fffd}[1;31");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(line("a\nerror: b\r\n\tc"), "a error: b  c");
        assert_eq!(indented("a\nerror: b\n"), "a\n  error: b");
    }

    #[test]
    fn escape_sequences_are_left_out() {
        let said =
            "\u{1b}[1;31mopen\u{1b}[0m \u{1b}]8;;http://x\u{7}here\u{1b}]8;;\u{1b}\\\u{8}\t\u{9b}now\u{1b}";
        assert_eq!(without_sequences(said), "open here\tnow");
        assert_eq!(without_sequences("\u{1b}["), "");
    }
}
