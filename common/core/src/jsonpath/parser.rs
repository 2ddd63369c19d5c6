//! From the text of an expression to its steps.

use super::{Filter, Operand, Operator, Step, SyntaxError};

/// What ends a key that isn't quoted.
const KEY_ENDS: [char; 14] = ['.', '[', ']', '{', '}', '(', ')', ' ', '\t', '\n', '|', ',', '"', '\''];

/// The longest operators first: `<` begins `<=` too.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// The steps of a whole expression, with or without braces and a leading dot.
pub(super) fn steps_of(text: &str) -> Result<Vec<Step>, SyntaxError> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => {
            let end = end_of(rest, '}').ok_or(SyntaxError::Unclosed('{'))?;
            let behind = rest[end + 1..].trim();
            if !behind.is_empty() {
                return Err(SyntaxError::Beside(behind.to_owned()));
            }
            &rest[..end]
        }
        None => text,
    };
    let inner = inner.trim();
    let steps = path(inner.strip_prefix('$').unwrap_or(inner))?;
    if steps.is_empty() { Err(SyntaxError::Empty) } else { Ok(steps) }
}

/// The steps of a path without its `$` or `@`; the first key may stand without its dot.
fn path(text: &str) -> Result<Vec<Step>, SyntaxError> {
    let mut steps = Vec::new();
    let mut rest = text;
    if !rest.is_empty() && !rest.starts_with(['.', '[']) {
        rest = key(rest, &mut steps)?;
    }
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("..") {
            steps.push(Step::Descendants);
            rest = if behind.starts_with('[') { behind } else { key(behind, &mut steps)? };
        } else if let Some(behind) = rest.strip_prefix('.') {
            // `.[0]` is `[0]`, as kubectl reads it.
            rest = if behind.starts_with('[') { behind } else { key(behind, &mut steps)? };
        } else if let Some(behind) = rest.strip_prefix('[') {
            let end = end_of(behind, ']').ok_or(SyntaxError::Unclosed('['))?;
            steps.push(bracket(behind[..end].trim())?);
            rest = &behind[end + 1..];
        } else if rest.trim_start().starts_with(['{', '$', '@']) || rest.starts_with(char::is_whitespace) {
            return Err(SyntaxError::Beside(rest.trim().to_owned()));
        } else {
            return Err(SyntaxError::Unexpected(rest.to_owned()));
        }
    }
    Ok(steps)
}

/// Takes a key that isn't quoted, gives what stands behind it. A backslash takes its special meaning from the
/// letter behind it: `.metadata.labels.app\.kubernetes\.io/name`.
fn key<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, SyntaxError> {
    let mut name = String::new();
    let mut letters = text.char_indices();
    let mut end = text.len();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some((_, escaped)) => name.push(escaped),
                None => return Err(SyntaxError::Unexpected(text[at..].to_owned())),
            },
            _ if KEY_ENDS.contains(&letter) => {
                end = at;
                break;
            }
            _ => name.push(letter),
        }
    }
    if end == 0 {
        return Err(match text.chars().next() {
            None | Some('.') => SyntaxError::MissingKey,
            Some(_) => SyntaxError::Unexpected(text.to_owned()),
        });
    }
    steps.push(if &text[..end] == "*" { Step::Wildcard } else { Step::Field(name) });
    Ok(&text[end..])
}

/// What stands between `[` and `]`.
fn bracket(text: &str) -> Result<Step, SyntaxError> {
    if let Some(filtered) = text.strip_prefix('?') {
        let inner = filtered.trim().strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        return filter(inner.ok_or_else(|| SyntaxError::Bracket(text.to_owned()))?.trim()).map(Step::Filter);
    }
    let mut parts = split(text, ',');
    if parts.len() > 1 {
        return parts.into_iter().map(|part| bracket(part.trim())).collect::<Result<_, _>>().map(Step::Union);
    }
    let part = parts.pop().unwrap_or_default().trim();
    if part == "*" {
        return Ok(Step::Wildcard);
    }
    if let Some(quoted) = unquoted(part) {
        return Ok(Step::Field(quoted));
    }
    place(part).ok_or_else(|| SyntaxError::Bracket(text.to_owned()))
}

/// An index or a slice.
fn place(text: &str) -> Option<Step> {
    let numbers: Vec<&str> = text.split(':').map(str::trim).collect();
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<i64>().ok().map(Some) };
    match numbers[..] {
        [index] => index.parse().ok().map(Step::Index),
        [start, end] => Some(Step::Slice { start: number(start)?, end: number(end)?, step: 1 }),
        [start, end, step] => {
            let step = if step.is_empty() { 1 } else { step.parse().ok().filter(|step| *step > 0)? };
            Some(Step::Slice { start: number(start)?, end: number(end)?, step })
        }
        _ => None,
    }
}

/// What stands between `?(` and `)`.
fn filter(text: &str) -> Result<Filter, SyntaxError> {
    let no_filter = || SyntaxError::Filter(text.to_owned());
    let found = outside_quotes(text).find_map(|at| {
        let (sign, operator) = OPERATORS.into_iter().find(|(sign, _)| text[at..].starts_with(sign))?;
        Some((&text[..at], operator, &text[at + sign.len()..]))
    });
    let side = |side: &str| operand(side.trim()).map_err(|error| error.unwrap_or_else(no_filter));
    let Some((left, operator, right)) = found else {
        let left = side(text)?;
        return match left {
            Operand::Path(_) => Ok(Filter { left, comparison: None }),
            _ => Err(no_filter()),
        };
    };
    Ok(Filter { left: side(left)?, comparison: Some((operator, side(right)?)) })
}

/// One side of a comparison; the error is `None` where only the whole filter can be blamed.
fn operand(text: &str) -> Result<Operand, Option<SyntaxError>> {
    if let Some(inner) = text.strip_prefix(['@', '$']) {
        return path(inner).map(Operand::Path).map_err(|error| match error {
            SyntaxError::Beside(_) | SyntaxError::Unexpected(_) => None,
            error => Some(error),
        });
    }
    if let Some(quoted) = unquoted(text) {
        return Ok(Operand::Text(quoted));
    }
    match text {
        "true" => Ok(Operand::Bool(true)),
        "false" => Ok(Operand::Bool(false)),
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Operand::Number).ok_or(None),
    }
}

/// The text between quotes of either kind; a backslash escapes the letter behind it.
fn unquoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    let inner = text[1..].strip_suffix(quote)?;
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.push(letters.next()?),
            _ if letter == quote => return None,
            _ => plain.push(letter),
        }
    }
    Some(plain)
}

/// Where the bracket that was opened just before `text` closes: neither within quotes nor within other brackets.
fn end_of(text: &str, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for at in outside_quotes(text) {
        match text[at..].chars().next() {
            Some(letter) if depth == 0 && letter == close => return Some(at),
            Some('[' | '(' | '{') => depth += 1,
            Some(']' | ')' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The parts between separators that aren't quoted.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in outside_quotes(text).filter(|at| text[*at..].starts_with(separator)) {
        parts.push(&text[start..at]);
        start = at + separator.len_utf8();
    }
    parts.push(&text[start..]);
    parts
}

/// The places of the letters that are neither quoted nor escaped.
fn outside_quotes(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut quote = None;
    let mut is_escaped = false;
    text.char_indices().filter_map(move |(at, letter)| {
        if std::mem::take(&mut is_escaped) {
            return None;
        }
        match (letter, quote) {
            ('\\', _) => is_escaped = true,
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (_, None) => return Some(at),
            _ => {}
        }
        None
    })
}
