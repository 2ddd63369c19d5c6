//! A git `config` without credentials (B15).
//!
//! Takes the file's text, gives the same text without what must not reach an agent, and the names of what is
//! missing. Pure. All else stays byte for byte as it was.
//!
//! | what | what becomes of it |
//! |---|---|
//! | `http.extraHeader`, `http.<url>.extraHeader`, `http.….cookieFile` | left out: checkouts in CI keep the token there |
//! | `credential.*` | left out: helpers may be scripts with a password, or name its file |
//! | `include.path`, `includeIf.….path` | left out: they name files of this machine, in CI some with credentials |
//! | a section for a URL with user information (`url.https://token@host/.insteadOf`) | left out |
//! | `….smtpPass`, `imap.pass` | left out |
//! | a URL with user information anywhere else (`remote.….url`, `pushUrl`, `lfs.url`, `http.proxy`, a comment) | stays, without it |
//!
//! User information is all that stands before the `@` of a URL, since tokens are given as user names too.
//! With SSH the user name is part of the address, so only a password goes.

mod scan;

use std::fmt::Write as _;

use scan::{Item, Scanner, Section};

/// A cleaned config.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cleaned {
    /// What may be copied.
    pub(crate) text: Vec<u8>,
    /// The names of what is left out or changed, in the order of the file, without values.
    pub(crate) omitted: Vec<String>,
}

/// Where the config's repository lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In its work tree.
    InPlace,
    /// Elsewhere: `core.bare` and `core.worktree` mean that place, and nothing in a copy.
    Linked,
}

/// Cleans a config.
///
/// # Errors
/// The number of the line, from 1, that git couldn't read either.
pub(crate) fn clean(text: &[u8], origin: Origin) -> Result<Cleaned, usize> {
    let mut cleaned = Cleaned::default();
    let mut section = Section::default();
    let mut scanner = Scanner::new(text);
    while let Some(item) = scanner.next_item()? {
        match item {
            Item::Blank(raw) => cleaned.text.extend_from_slice(raw),
            Item::Comment(raw) => cleaned.comment(raw),
            Item::Header(raw, found) => {
                section = found;
                // The header names the token, too.
                if !is_secret(&section) {
                    cleaned.text.extend_from_slice(raw);
                }
            }
            Item::Variable { raw, name, value } => {
                cleaned.variable(&section, raw, &name, value.as_deref(), origin);
            }
        }
    }
    Ok(cleaned)
}

/// The last value of a variable without a subsection, as git would see it in this file alone.
pub(crate) fn value(text: &[u8], section: &str, name: &str) -> Option<String> {
    let mut scanner = Scanner::new(text);
    let mut here = Section::default();
    let mut last = None;
    while let Ok(Some(item)) = scanner.next_item() {
        match item {
            Item::Header(_, found) => here = found,
            Item::Variable { name: found, value, .. }
                if here.name == section && here.subsection.is_none() && found == name =>
            {
                // A variable without a value is a yes.
                last = Some(value.unwrap_or_else(|| "true".to_owned()));
            }
            _ => {}
        }
    }
    last
}

impl Cleaned {
    fn comment(&mut self, raw: &[u8]) {
        let text = String::from_utf8_lossy(raw);
        let safe = without_users(&text);
        if safe == text {
            self.text.extend_from_slice(raw);
        } else {
            self.text.extend_from_slice(safe.as_bytes());
            self.note("credentials in a comment".to_owned());
        }
    }

    fn variable(&mut self, section: &Section, raw: &[u8], name: &str, value: Option<&str>, origin: Origin) {
        let is_of_place = origin == Origin::Linked && is_of_place(section, name);
        if is_of_place || is_left_out(section, name) {
            self.end_line();
            if !is_of_place {
                self.note(key(section, name));
            }
            return;
        }
        let safe = value.map(|value| {
            let has_proxy = name == "proxy" && matches!(section.name.as_str(), "http" | "remote");
            if has_proxy { without_proxy_user(value) } else { without_users(value) }
        });
        match (value, safe) {
            (Some(value), Some(safe)) if safe != value => {
                let mut line = String::new();
                // Writing to a string can't fail.
                let _ = writeln!(line, "{name} = {}", quoted(&safe));
                self.text.extend_from_slice(line.as_bytes());
                self.note(format!("credentials in {}", key(section, name)));
            }
            _ => self.text.extend_from_slice(raw),
        }
    }

    /// Ends a line of which something was left out, and with it an indentation before nothing.
    fn end_line(&mut self) {
        let start = self.text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if self.text[start..].trim_ascii().is_empty() {
            self.text.truncate(start);
        } else {
            self.text.push(b'\n');
        }
    }

    fn note(&mut self, what: String) {
        if !self.omitted.contains(&what) {
            self.omitted.push(what);
        }
    }
}

fn key(section: &Section, name: &str) -> String {
    match &section.subsection {
        Some(subsection) => format!("{}.{}.{name}", section.name, without_users(subsection)),
        None => format!("{}.{name}", section.name),
    }
}

fn is_left_out(section: &Section, name: &str) -> bool {
    let of_section = match section.name.as_str() {
        "credential" | "include" | "includeif" => true,
        "http" => matches!(name, "extraheader" | "cookiefile"),
        "imap" => name == "pass",
        _ => false,
    };
    of_section || name == "smtppass" || is_secret(section)
}

fn is_of_place(section: &Section, name: &str) -> bool {
    section.name == "core" && matches!(name, "bare" | "worktree")
}

fn is_secret(section: &Section) -> bool {
    section.subsection.as_deref().is_some_and(|text| without_users(text) != text)
}

/// The text without the user information of the URLs in it.
fn without_users(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        safe += before;
        let scheme = before[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
        let scheme = scheme.into_iter().next().unwrap_or_default().to_ascii_lowercase();
        let end = behind.find(|c: char| "/?#\"'`".contains(c) || c.is_whitespace() || c.is_control());
        let (authority, after) = behind.split_at(end.unwrap_or(behind.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) if scheme.split(['+', '-']).any(|part| part == "ssh") => {
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                safe += user;
                safe.push('@');
                safe += host;
            }
            Some((_, host)) => safe += host,
            None => safe += authority,
        }
        rest = after;
    }
    safe += rest;
    safe
}

/// A proxy's address may have no scheme.
fn without_proxy_user(text: &str) -> String {
    if text.contains("://") {
        return without_users(text);
    }
    text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
}

/// A value that git reads back as it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
