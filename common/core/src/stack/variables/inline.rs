//! Variables of the command line: `--vars a=1,b=2` and `--var KEY=VALUE`.

use thiserror::Error;

/// An item of the command line that is no variable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InlineError {
    /// There is no `=` in it. It is shown, it can't be a secret's name and value.
    #[error("invalid variable `{0}`: expected KEY=VALUE")]
    NoEquals(String),
    /// There is nothing before the `=`.
    #[error("invalid variable `={0}`: the name before `=` is empty")]
    NoName(String),
}

/// Reads `--vars`: items between commas, blanks around names and values cut, empty items left out.
///
/// # Errors
/// An item without `=` or without a name.
pub fn parse_list(list: &str) -> Result<Vec<(String, String)>, InlineError> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| {
            let (name, value) = split(item)?;
            Ok((name, value.trim().to_owned()))
        })
        .collect()
}

/// Reads one `--var`; the value is taken as it stands.
///
/// # Errors
/// No `=`, or no name before it.
pub fn parse_one(item: &str) -> Result<(String, String), InlineError> {
    let (name, value) = split(item)?;
    Ok((name, value.to_owned()))
}

fn split(item: &str) -> Result<(String, &str), InlineError> {
    let (name, value) = item.split_once('=').ok_or_else(|| InlineError::NoEquals(item.to_owned()))?;
    let name = name.trim();
    if name.is_empty() {
        return Err(InlineError::NoName(value.to_owned()));
    }
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_no_commas_in_values() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            parse_list(" A = 1 ,,B=two words,C="),
            Ok(vec![pair("A", "1"), pair("B", "two words"), pair("C", "")])
        );
        assert_eq!(parse_list("A=1,2"), Err(InlineError::NoEquals("2".into())));
        assert_eq!(parse_list(" =x"), Err(InlineError::NoName("x".into())));
    }

    #[test]
    fn a_single_variable_takes_any_value() {
        assert_eq!(parse_one("A= 1,b=2 "), Ok(("A".into(), " 1,b=2 ".into())));
        assert_eq!(parse_one("A"), Err(InlineError::NoEquals("A".into())));
    }
}
